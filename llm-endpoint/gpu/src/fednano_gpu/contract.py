"""The contract llmgrad/1 over named tensors, once, for every server: requests in, answers or refusals out.

A server passes on what the Open Inference Protocol carries and knows nothing of operations, masks or choices::

    contract = Contract(FrozenLlm.load(folder, "bfloat16", "cuda"), Limits(tokens=8192, message_bytes=256 << 20))
    contract.require_model(request.model_name)         # raises Refusal
    outputs = contract.infer(inputs, wanted)           # one request
    answers = contract.infer_many([(inputs, wanted)])  # several, joined into batches; a Refusal in the place of an answer

``read`` and ``answer`` are the two halves of ``infer_many``: a server may check a request when it arrives, answer a wrong
one or ``info`` at once, and queue the rest. All methods may be called from any thread; computing happens one batch at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fednano_gpu.frozen_llm import FrozenLlm

VERSION = 1
CONTRACT = "llmgrad/1"

GRPC_CODES = {
    "BAD_REQUEST": "INVALID_ARGUMENT",
    "MASK": "INVALID_ARGUMENT",
    "TOKEN_RANGE": "INVALID_ARGUMENT",
    "CHOICE": "INVALID_ARGUMENT",
    "NONFINITE_INPUT": "INVALID_ARGUMENT",
    "UNKNOWN_OP": "UNIMPLEMENTED",
    "VERSION": "FAILED_PRECONDITION",
    "FINGERPRINT": "FAILED_PRECONDITION",
    "TOO_LARGE": "RESOURCE_EXHAUSTED",
    "OOM": "RESOURCE_EXHAUSTED",
    "BUSY": "UNAVAILABLE",
    "NOT_READY": "UNAVAILABLE",
    "NO_MODEL": "NOT_FOUND",
    "AUTH": "UNAUTHENTICATED",
    "NONFINITE_OUTPUT": "INTERNAL",
    "INTERNAL": "INTERNAL",
}


@dataclass(frozen=True)
class Tensor:
    """A tensor of the wire: ``data`` is what raw_input_contents holds, little-endian and row-major."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class TensorMetadata:
    """A tensor as ModelMetadata states it; -1 is a dimension that varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Metadata:
    """What ModelMetadata answers: the model's name and its tensors."""

    name: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


@dataclass(frozen=True)
class Limits:
    """What one request may hold: tokens, padding counted, and bytes of one message either way."""

    tokens: int
    message_bytes: int


class Refusal(Exception):
    """Why a request is not answered. ``str`` is the whole status message: ``LLMGRAD:REASON message``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"LLMGRAD:{reason} {message}")
        self.reason = reason
        self.message = message

    @property
    def grpc_code(self) -> str:
        """Name of the gRPC code, such as INVALID_ARGUMENT."""
        return GRPC_CODES[self.reason]


@dataclass(frozen=True)
class Request:
    """A request that was read and found right; only ``Contract.answer`` looks inside. ``tokens`` counts padding."""

    op: str
    tokens: int


class Contract:
    """One frozen LLM behind the contract."""

    def __init__(self, llm: FrozenLlm, limits: Limits, name: str = "frozen_llm") -> None:
        raise NotImplementedError

    def metadata(self) -> Metadata:
        """Names, types and shapes of all tensors, as ModelMetadata gives them."""
        raise NotImplementedError

    def info(self) -> dict[str, Any]:
        """What ``out`` holds for ``info``."""
        raise NotImplementedError

    def require_model(self, name: str) -> None:
        """Raises Refusal NO_MODEL if a request is for another model."""
        raise NotImplementedError

    def require_bytes(self, size: int) -> None:
        """Raises Refusal TOO_LARGE if a message is larger than the limit."""
        raise NotImplementedError

    def read(self, inputs: Sequence[Tensor], wanted: Sequence[str]) -> Request:
        """Checks a request in the contract's order, computes nothing; raises Refusal."""
        raise NotImplementedError

    def answer(self, requests: Sequence[Request]) -> list[list[Tensor] | Refusal]:
        """Answers requests that were read, joined into batches."""
        raise NotImplementedError

    def infer(self, inputs: Sequence[Tensor], wanted: Sequence[str]) -> list[Tensor]:
        """Answers one request; raises Refusal."""
        raise NotImplementedError

    def infer_many(
        self, requests: Sequence[tuple[Sequence[Tensor], Sequence[str]]]
    ) -> list[list[Tensor] | Refusal]:
        """Answers several requests, those of the same operation joined into batches by length, bounded by the limit's tokens."""
        raise NotImplementedError
