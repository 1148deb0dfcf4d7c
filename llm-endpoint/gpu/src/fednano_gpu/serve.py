"""The command ``serve``: from options to a server that listens, and to its end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fednano_gpu import options as settings
from fednano_gpu.desk import Desk
from fednano_gpu.fingerprint import ModelError
from fednano_gpu.metrics import Metrics
from fednano_gpu.server import Options, Server
from fednano_gpu.store import FeatureStore
from fednano_gpu.usage import UsageError

if TYPE_CHECKING:  # it needs PyTorch, which takes seconds to import
    from fednano_gpu.contract import Contract


def main(arguments: Sequence[str]) -> int:
    """Serves until a signal; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        options = settings.read(arguments)
        store = features(options)
        try:
            asyncio.run(serve(options, lambda: open_contract(options, store), store))
        finally:
            if store is not None:
                store.close()
        # Not the interpreter's own end: what is still loaded or computed must not lose its memory, nor be waited for.
        sys.stdout.flush()
        os._exit(0)
    except UsageError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except ModelError as wrong:
        print(wrong, file=sys.stderr)
        return 3


def open_contract(options: argparse.Namespace, store: FeatureStore | None = None) -> Contract:
    """Loads the model; with a store also the contract's second version is spoken. Raises ModelError or UsageError."""
    import torch

    from fednano_gpu.contract import Contract, Limits
    from fednano_gpu.frozen_llm import FrozenLlm

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(
            f"Device {options.device} needs a GPU that PyTorch {torch.__version__} can use: found none. "
            "Install a driver and a PyTorch for it, or give --device cpu."
        )
    try:
        torch.zeros(1, device=options.device).item()
    except Exception as e:  # PyTorch raises what its parts raise
        raise UsageError(
            f"--device must be one that PyTorch {torch.__version__} has here, such as cuda, cuda:1 or cpu:"
            f" found '{options.device}', which it cannot use."
        ) from e
    llm = FrozenLlm.load(options.model, options.dtype, options.device, checkpointing=options.checkpointing == "on")
    return Contract(llm, Limits(options.max_tokens, options.max_message), options.model_name, store)


def features(options: argparse.Namespace) -> FeatureStore | None:
    """Where features stay that travel once. Raises UsageError."""
    if options.features_dir is not None and not options.features_dir.is_dir():
        raise UsageError(f"--features-dir must be a folder: found none at {options.features_dir}.")
    if options.features_memory == 0:
        return None
    return FeatureStore(options.features_memory, options.features_disk, options.features_dir, options.features_keep)


async def serve(
    options: argparse.Namespace, open_contract: Callable[[], Contract], store: FeatureStore | None = None
) -> None:
    """Serves until SIGTERM or SIGINT. Raises UsageError, and what loading the model raises."""
    serving = Options(
        options.host,
        options.port,
        options.model_name,
        options.max_message,
        options.queue,
        settings.tls(options),
        settings.tokens(options),
    )
    desk = Desk(options.queue, options.queue_bytes, options.max_tokens)
    metrics = Metrics(desk, store)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    # Listens before the model is there: a taken port is told at once, and who asks meanwhile hears NOT_READY.
    server = Server(serving, desk, metrics.ended)
    port = await server.start()
    try:
        metrics_port = None if options.metrics_port < 0 else metrics.serve(options.metrics_host, options.metrics_port)
        loading = loop.run_in_executor(None, open_contract)
        ended = asyncio.ensure_future(asked.wait())
        await asyncio.wait((loading, ended), return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            print("ended while the model was loading", flush=True)
            return
        contract = await loading
        desk.open(contract)
        reached = settings.address(options.metrics_host, metrics_port or 0)
        figures = "off" if metrics_port is None else f"http://{reached}/metrics"
        _describe(options, contract, figures)
        print(f"READY {'grpcs' if serving.tls else 'grpc'}://{settings.address(options.host, port)}", flush=True)
        await ended
        print(f"draining, {options.drain} s at most", flush=True)
        drained = await server.drain(options.drain)
        print("drained" if drained else "drained: some requests were cut off", flush=True)
    finally:
        await server.stop(0)


def _describe(options: argparse.Namespace, contract: Contract, metrics: str) -> None:
    info = contract.info()
    print(f"model        {options.model} as '{options.model_name}'")
    print(f"fingerprint  {info['fp']}")
    print(
        f"shapes       H {info['hidden']}, vocabulary {info['vocabulary']}, layers {info['layers']}, "
        f"computes {info['dtype']} on {options.device}"
    )
    print(
        f"limits       {options.max_tokens} tokens and {options.max_message} bytes a request, "
        f"{options.queue} requests and {options.queue_bytes} bytes held"
    )
    mutual = ", mutual" if options.tls_client_ca else ""
    print(
        f"security     TLS {'on' + mutual if options.tls_certificate else 'off'}, "
        f"bearer token {'needed' if options.token_file else 'not needed'}"
    )
    print(f"metrics      {metrics}", flush=True)
    for warning in settings.warnings(options):
        print(f"warning: {warning}", file=sys.stderr, flush=True)
