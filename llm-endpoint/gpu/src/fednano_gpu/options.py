"""What can be set of a server: on the command line or, for containers, in the environment."""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fednano_gpu.tls import Tls
from fednano_gpu.tokens import BearerTokens
from fednano_gpu.usage import UsageError

DESCRIPTION = """\
Serves the frozen language model of a folder, on a GPU, until SIGTERM or Ctrl-C: clients send prompt embeddings and answer ids,
and get losses and gradients with respect to the embeddings. It trains nothing, and keeps prompts' features for a
while at most. The contract is llmgrad/1 and llmgrad/2 over the Open Inference Protocol (docs/endpoint-contract.md); 'fednano
endpoint check URL' says whether this server keeps it.

Requests that wait while a batch is computed are joined into the next one. On SIGTERM no new request is taken, those taken are
answered (--drain at most), and the exit status is 0. Failed requests are logged as one line of JSON each."""

EPILOG = """\
Every option can also be set in the environment: --max-tokens is FEDNANO_MAX_TOKENS. The command line wins.

Examples:
  python -m fednano_gpu serve --model /models/llava-1.5-7b
  python -m fednano_gpu serve --model conf/models/nano-llava --dtype float32 --device cpu
  python -m fednano_gpu serve --model /models/llava-1.5-7b --host 0.0.0.0 --token-file tokens.txt \\
      --tls-certificate server.pem --tls-key server.key
A run uses it with --set 'llm.endpoints=["grpc://HOST:8061"]' (grpcs:// with TLS).

Exit status: 0 ended by a signal, 2 wrong options, port taken, or a bad certificate, key or token file, 3 no sound model."""

_BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST_MESSAGE = 1 << 30


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """The options, with defaults from the environment."""
    options = argparse.ArgumentParser(
        "python -m fednano_gpu serve",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    def add(group: Any, name: str, text: str, default: Any = None, **more: Any) -> None:
        # A text as default is read like one from the command line, and as strictly.
        found = environment.get("FEDNANO_" + name.upper().replace("-", "_"), "")
        group.add_argument(f"--{name}", help=text, default=found or default, **more)

    model = options.add_argument_group("model")
    add(model, "model", "folder in Hugging Face's layout: a LLaVA or a language model", metavar="DIR", type=Path)
    add(model, "dtype", "float32, float16 or bfloat16: computed in, and the wire's type (default bfloat16)", "bfloat16",
        metavar="TYPE", type=_choice("float32", "float16", "bfloat16"))
    add(model, "device", "cuda, cuda:1, cpu, as PyTorch names it (default cuda)", "cuda")
    add(model, "model-name", "the model's name in requests (default frozen_llm)", "frozen_llm", metavar="NAME")
    add(model, "checkpointing", "on: recompute activations on the way back; slower, and needs less memory (default off)",
        "off", metavar="on|off", type=_choice("on", "off"))

    limits = options.add_argument_group("limits")
    add(limits, "max-tokens", "of one request, B*(T+L), and of a joined batch; more: TOO_LARGE (default 8192)", "8192",
        metavar="N", type=_number(16, 1 << 24))
    add(limits, "max-message", "bytes of one message, 1g at most; more: TOO_LARGE (default 256m)", "256m",
        metavar="BYTES", type=_bytes(_MOST_MESSAGE))
    add(limits, "queue", "requests that wait or run; more: BUSY (default 64)", "64", metavar="N", type=_number(1, 100_000))
    add(limits, "queue-bytes", "their bytes; more: BUSY (default 1g)", "1g", metavar="BYTES", type=_bytes(1 << 40))

    features = options.add_argument_group("features", "What clients with llm.wire = 2 send once (docs/endpoint-contract.md).")
    add(features, "features-memory", "bytes in memory; 0: none are kept, version 1 of the contract alone (default 1g)", "1g",
        metavar="BYTES", type=_bytes(1 << 44, 0))
    add(features, "features-disk", "bytes in files, for what memory has no room for; 0: none (default 10g)", "10g",
        metavar="BYTES", type=_bytes(1 << 50, 0))
    add(features, "features-dir", "folder for them (default: the system's for temporary files)", metavar="DIR", type=Path)
    add(features, "features-keep", "seconds that features stay that nobody uses (default 21600)", "21600", metavar="S",
        type=_number(1, 31_536_000))

    network = options.add_argument_group("network")
    add(network, "host", "address to listen on; 0.0.0.0: all (default 127.0.0.1)", "127.0.0.1")
    add(network, "port", "0: any free one, printed at the start (default 8061)", "8061", metavar="N", type=_number(0, 65535))
    add(network, "metrics-host", "address of the metrics, which ask for no token; 0.0.0.0: all (default 127.0.0.1)", "127.0.0.1")
    add(network, "metrics-port", "of Prometheus metrics; 0: any free one, -1: none (default 8062)", "8062", metavar="N",
        type=_number(-1, 65535))
    add(network, "drain", "seconds that requests may still run after SIGTERM (default 30)", "30", metavar="S",
        type=_number(0, 86_400))

    security = options.add_argument_group("security")
    add(security, "token-file", "bearer tokens that are let in, one a line; none: no token needed", metavar="FILE", type=Path)
    add(security, "tls-certificate", "PEM file of the certificate chain", metavar="FILE", type=Path)
    add(security, "tls-key", "PEM file of its private key (PKCS #8)", metavar="FILE", type=Path)
    add(security, "tls-client-ca", "PEM file of the authority that must have signed a client (mutual TLS)", metavar="FILE",
        type=Path)
    return options


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> argparse.Namespace:
    """The options. Raises UsageError; argparse itself leaves with status 2."""
    found = parser(environment).parse_args(arguments)
    if found.model is None:
        raise UsageError("A model is needed: give --model DIR, or set FEDNANO_MODEL, to a folder in Hugging Face's layout.")
    return found


def tls(options: argparse.Namespace) -> Tls | None:
    """Raises UsageError."""
    certificate, key, client_ca = options.tls_certificate, options.tls_key, options.tls_client_ca
    if (certificate is None) != (key is None):
        raise UsageError(
            f"TLS needs both --tls-certificate and --tls-key: found only the {'certificate' if certificate else 'key'}."
        )
    if certificate is None:
        if client_ca is not None:
            raise UsageError(
                "--tls-client-ca asks clients for certificates, which needs TLS: set --tls-certificate and --tls-key too."
            )
        return None
    found = Tls(certificate, key, client_ca)
    found.check()
    return found


def tokens(options: argparse.Namespace) -> BearerTokens | None:
    """Raises UsageError."""
    return None if options.token_file is None else BearerTokens.read(options.token_file)


def address(host: str, port: int) -> str:
    """As it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def warnings(options: argparse.Namespace) -> list[str]:
    """What is open that should not be, if others than this machine can reach it."""
    try:
        if options.host == "localhost" or ipaddress.ip_address(options.host).is_loopback:
            return []
    except ValueError:
        pass  # a name: others may resolve it
    found = []
    if options.token_file is None and options.tls_client_ca is None:
        found.append(f"anyone who reaches {options.host} can use this endpoint. Set --token-file or --tls-client-ca.")
    if options.tls_certificate is None:
        found.append(
            "without TLS prompts, gradients and tokens cross the network in clear. Set --tls-certificate and --tls-key."
        )
    return found


def _choice(*known: str) -> Any:
    def read(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"expected one of {', '.join(known)}, found '{text}'")
        return text

    return read


def _number(least: int, most: int) -> Any:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, found '{text}'")
        return value

    return read


def _bytes(most: int, least: int = 1) -> Any:
    def read(text: str) -> int:
        number, unit = (text[:-1], _BYTES[text[-1].lower()]) if text[-1:].lower() in _BYTES else (text, 1)
        value = int(number) * unit if number.isdecimal() else -1
        if not least <= value <= most:
            few = "1 byte" if least == 1 else f"{least} bytes"
            raise argparse.ArgumentTypeError(f"expected {few} to {most} bytes, such as 4096, 16m or 1g, found '{text}'")
        return value

    return read
