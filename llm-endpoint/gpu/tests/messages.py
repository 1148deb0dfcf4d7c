"""Real requests of the contract, as a client in Python would write them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from fednano_gpu import oip
from fednano_gpu.store import Features
from serving import MODEL


def request(ctl: dict[str, Any], size: int = 0, tokens: int = 0, hidden: int = 0, dtype: str = "FP32") -> bytes:
    """With prompts of random numbers and answers of one token, unless ``size`` is 0."""
    tensors: list[Any] = []
    if size:
        embeds = np.random.default_rng(1).standard_normal((size, tokens, hidden), np.float32)
        tensors += [
            ("embeds", dtype, embeds.shape, _encoded(embeds, dtype)),
            ("mask", "INT32", (size, tokens), np.ones((size, tokens), np.int32).tobytes()),
            ("answers", "INT32", (size, 1), np.full((size, 1), 7, np.int32).tobytes()),
        ]
    return _message(ctl, tensors)


def put(ctl: dict[str, Any], features: Sequence[Features]) -> bytes:
    """Features to keep; ``ctl`` without version and operation."""
    hidden, rows = features[0].hidden, [some.tokens for some in features]
    tensors = [
        ("refs", "INT32", (len(rows), 8), b"".join(some.name for some in features)),
        ("rows", "INT32", (len(rows),), np.array(rows, "<i4").tobytes()),
        ("x", "FP32", (sum(rows), hidden), b"".join(some.x for some in features)),
        ("modality", "INT32", (sum(rows),), b"".join(some.modality for some in features)),
    ]
    return _message(ctl | {"v": 2, "op": "put"}, tensors)


def _message(ctl: dict[str, Any], tensors: Sequence[tuple[str, str, tuple[int, ...], bytes]]) -> bytes:
    message = oip.MESSAGES["ModelInferRequest"](model_name=MODEL)
    text = json.dumps(ctl).encode()
    for name, datatype, shape, raw in [("ctl", "BYTES", (1,), struct.pack("<I", len(text)) + text), *tensors]:
        message.inputs.add(name=name, datatype=datatype, shape=shape)
        message.raw_input_contents.append(raw)
    return bytes(message.SerializeToString())


def _encoded(values: Any, dtype: str) -> bytes:
    if dtype == "BF16":  # cut, not rounded: any number will do
        return bytes((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    return bytes(values.astype({"FP32": np.float32, "FP16": np.float16}[dtype]).tobytes())
