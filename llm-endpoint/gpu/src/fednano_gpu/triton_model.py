"""The contract inside NVIDIA Triton's Python backend; Triton has the network, TLS and metrics.

A first process asks auto_complete_config and ends: PyTorch is imported where it is needed, for that one does not.

Triton joins requests only where all their tensors share the first dimension, which the contract's do not. So execute() takes
requests in and returns; a desk like the other server's joins them, and each is answered through its response sender.

Triton shares calls out among a model's instances, and each is a process of its own. Features that one of them holds are not the
others', so there are features and codes, the contract's second version, only where the configuration asks for one instance.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as triton  # there only inside Triton

from fednano_gpu import options as settings
from fednano_gpu.desk import Answer, Desk, Ended, failure_line, refusal
from fednano_gpu.fingerprint import ModelError, read_json
from fednano_gpu.metadata import second_version
from fednano_gpu.metrics import PREFIX
from fednano_gpu.reading import Refusal, Tensor
from fednano_gpu.serve import features, open_contract
from fednano_gpu.store import FIGURES, FeatureStore
from fednano_gpu.usage import UsageError

FAILURES = logging.getLogger("fednano_gpu.failures")

# Triton has fewer codes than gRPC; the reason in the message decides.
_CODES = {
    "INVALID_ARGUMENT": "INVALID_ARG",
    "UNIMPLEMENTED": "UNSUPPORTED",
    "UNAVAILABLE": "UNAVAILABLE",
    "NOT_FOUND": "NOT_FOUND",
}
_WIRE = {"float32": "FP32", "float16": "FP16", "bfloat16": "BF16"}
_CONFIG_TYPES = {"BYTES": "TYPE_STRING"}
_NUMPY = {"FP32": np.float32, "FP16": np.float16, "INT32": np.int32}


class TritonPythonModel:
    """What Triton makes one of and gives every request to."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """States the contract's tensors, with D and H of the model."""
        options = _options()
        stated = second_version("", _WIRE[options.dtype], _hidden(options.model))
        for tensor in stated.inputs:
            config.add_input(_entry(tensor) | {"optional": tensor.name != "ctl"})
        for tensor in stated.outputs:
            config.add_output(_entry(tensor))
        return config

    def initialize(self, arguments: dict[str, str]) -> None:
        """Loads the model; a folder that does not fit ends Triton's load with what to change."""
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        self._options = _options(arguments["model_name"])
        try:
            self._tokens = settings.tokens(self._options)
            self._store = _store(self._options, json.loads(arguments["model_config"]))
            contract = open_contract(self._options, self._store)
        except (ModelError, UsageError) as wrong:
            raise triton.TritonModelException(str(wrong)) from None
        stated = second_version("", _WIRE[self._options.dtype], contract.info()["hidden"])
        self._types = {tensor.name: tensor.datatype for tensor in stated.inputs}
        self._outputs = {tensor.name for tensor in stated.outputs}
        self._gauges = _Gauges(self._store)
        self._desk = Desk(self._options.queue, self._options.queue_bytes, self._options.max_tokens)
        self._desk.open(contract)

    def execute(self, requests: list[Any]) -> None:
        """Takes requests in; each is answered later, or at once if it is wrong."""
        for request in requests:
            self._take(request)
        self._gauges.show()

    def finalize(self) -> None:
        """Triton has waited for what it gave; nothing is left."""
        self._desk.close(self._options.drain)
        if self._store is not None:
            self._store.close()
        self._gauges.close()
        # An interpreter that takes PyTorch apart needs seconds, and on a busy machine more than Triton waits.
        atexit.register(os._exit, 0)

    def _take(self, request: Any) -> None:
        sender = request.get_response_sender()
        ended = Ended()

        def answered(answer: Answer) -> None:
            if isinstance(answer, Refusal):
                ended.reason, ended.message = answer.reason, answer.message
                FAILURES.info(json.dumps(failure_line(ended)))
                code = getattr(triton.TritonError, _CODES.get(answer.grpc_code, "INTERNAL"))
                response = triton.InferenceResponse(error=triton.TritonError(str(answer), code))
            else:
                response = triton.InferenceResponse([_output(tensor) for tensor in answer])
            sender.send(response, flags=triton.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

        try:
            if self._tokens is not None:
                self._tokens.require(json.loads(request.parameters() or "{}").get("authorization"))
            # Copies: Triton takes its memory back when execute() returns.
            inputs = [self._input(tensor) for tensor in request.inputs()]
            ended.request_bytes = size = sum(len(tensor.data) for tensor in inputs)
            self._desk.contract().require_bytes(size)
            wanted = set(request.requested_output_names())
            # To a request that lists none Triton adds all; one that lists all of every operation does not exist.
            self._desk.ask(inputs, [] if wanted == self._outputs else sorted(wanted), size, ended, answered)
        except Exception as failure:
            answered(refusal(failure))

    def _input(self, tensor: Any) -> Tensor:
        datatype = self._types[tensor.name()]
        if datatype == "BYTES":
            text = tensor.as_numpy().flat[0]
            data = len(text).to_bytes(4, "little") + text
        elif datatype == "BF16":  # numpy has no such type
            import torch
            from torch.utils.dlpack import from_dlpack

            data = from_dlpack(tensor.to_dlpack()).contiguous().flatten().view(torch.uint8).numpy().tobytes()
        else:
            data = tensor.as_numpy().tobytes()
        return Tensor(tensor.name(), datatype, tuple(tensor.shape()), data)


def _store(options: Any, config: dict[str, Any]) -> FeatureStore | None:
    groups = config.get("instance_group", [])
    instances = sum(int(group.get("count", 1)) * max(1, len(group.get("gpus", []))) for group in groups)
    store = features(options)
    if store is not None and instances > 1:
        logging.warning(
            "version 1 of the contract alone: features would be held by one of %d instances, and asked of another. "
            "For version 2 set instance_group's count to 1 in config.pbtxt.",
            instances,
        )
        return None
    return store


class _Gauges:
    """What a store holds and has done, among Triton's own figures; nothing where these are off."""

    def __init__(self, store: FeatureStore | None) -> None:
        self._store = store
        self._families: dict[str, Any] = {}  # must outlive what is made of them
        self._gauges: dict[str, Any] = {}
        if store is None:
            return
        try:
            for name, text in FIGURES.items():
                self._families[name] = triton.MetricFamily(PREFIX + name, text, triton.MetricFamily.GAUGE)
                self._gauges[name] = self._families[name].Metric({})
        except triton.TritonModelException:
            self.close()

    def show(self) -> None:
        if self._store is None or not self._gauges:
            return
        try:
            for name, value in self._store.figures().items():
                self._gauges[name].set(value)
        except triton.TritonModelException as failure:  # out of execute() it would end the server
            logging.warning("figures of the store are not shown any more: %s", failure)
            self.close()

    def close(self) -> None:
        self._gauges.clear()
        self._families.clear()


def _output(tensor: Tensor) -> Any:
    if tensor.datatype == "BYTES":
        return triton.Tensor(tensor.name, np.array([tensor.data[4:]], dtype=np.object_))
    if tensor.datatype == "BF16":
        import torch

        values = torch.from_numpy(np.frombuffer(tensor.data, np.int16).reshape(tensor.shape).copy()).view(torch.bfloat16)
        return triton.Tensor.from_dlpack(tensor.name, values)
    return triton.Tensor(tensor.name, np.frombuffer(tensor.data, _NUMPY[tensor.datatype]).reshape(tensor.shape))


def _options(model_name: str = "frozen_llm") -> Any:
    try:
        return settings.read(["--model-name", model_name])
    except UsageError as wrong:
        raise triton.TritonModelException(str(wrong)) from None
    except SystemExit:  # argparse has said what is wrong
        raise triton.TritonModelException("A FEDNANO_… variable is wrong: the log says which.") from None


def _hidden(folder: Path) -> int:
    """H as the folder states it; -1 if it leaves it to the model's kind."""
    try:
        config = read_json(folder, "config.json")
    except ModelError as wrong:
        raise triton.TritonModelException(str(wrong)) from None
    text = config.get("text_config")
    stated = (text if isinstance(text, dict) else config).get("hidden_size")
    return stated if isinstance(stated, int) else -1


def _entry(tensor: Any) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "data_type": _CONFIG_TYPES.get(tensor.datatype, f"TYPE_{tensor.datatype}"),
        "dims": list(tensor.shape),
    }
