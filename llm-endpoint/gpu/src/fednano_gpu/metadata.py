"""What a server says of its tensors before any request."""

from __future__ import annotations

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
    return Metadata(
        name, tuple(TensorMetadata(*t) for t in inputs), tuple(TensorMetadata(*t) for t in outputs)
    )
