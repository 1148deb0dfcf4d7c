"""What a server says of its tensors before any request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CONTRACT = "llmgrad/1"


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


def gradient_type(d: str) -> str:
    """G for D: FP16's smallest step would swallow gradients."""
    return "FP32" if d == "FP32" else "BF16"


def metadata(name: str, d: str, h: int) -> Metadata:
    """Names, types and shapes of all tensors for embeddings of type D and width H."""
    inputs = [
        ("ctl", "BYTES", (1,)),
        ("embeds", d, (-1, -1, h)),
        ("mask", "INT32", (-1, -1)),
        ("answers", "INT32", (-1, -1)),
        ("choices", "INT32", (-1, -1, -1)),
        ("ids", "INT32", (-1, -1)),
    ]
    outputs = [
        ("out", "BYTES", (1,)),
        ("emb", d, (-1, -1, h)),
        ("loss", "FP32", (-1,)),
        # (B) of a loss, (B, C) of a score: the protocol has no way to say either.
        ("n_tokens", "INT32", (-1,)),
        ("grad", gradient_type(d), (-1, -1, h)),
        ("loglik", "FP32", (-1, -1)),
        ("tokens", "INT32", (-1, -1)),
    ]
    return Metadata(name, _stated(inputs), _stated(outputs))


def second_version(name: str, d: str, h: int) -> Metadata:
    """The same with the tensors of features and codes too, for who must state all that may come."""
    inputs = [
        ("refs", "INT32", (-1, 8)),
        ("rows", "INT32", (-1,)),
        ("x", "FP32", (-1, h)),
        ("modality", "INT32", (-1,)),
        ("codes", "FP32", (-1, -1, -1)),
        ("up", "FP32", (-1, -1, h)),
        ("up_of", "INT32", (-1, -1)),
    ]
    outputs = [
        ("held", "INT32", (-1,)),
        ("dcodes", "FP32", (-1, -1, -1)),
        ("dup", "FP32", (-1, -1, h)),
        ("dup_sq", "FP32", (-1, -1, h)),
        ("dup_each", "FP32", (-1, -1, -1, h)),
    ]
    first = metadata(name, d, h)
    return Metadata(name, first.inputs + _stated(inputs), first.outputs + _stated(outputs))


def _stated(tensors: Sequence[tuple[str, str, tuple[int, ...]]]) -> tuple[TensorMetadata, ...]:
    return tuple(TensorMetadata(*tensor) for tensor in tensors)
