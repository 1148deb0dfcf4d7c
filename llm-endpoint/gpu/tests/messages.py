"""Real requests of the contract, as a client in Python would write them."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from fednano_gpu import oip
from serving import MODEL


def request(ctl: dict[str, Any], size: int = 0, tokens: int = 0, hidden: int = 0, dtype: str = "FP32") -> bytes:
    """With prompts of random numbers and answers of one token, unless ``size`` is 0."""
    message = oip.MESSAGES["ModelInferRequest"](model_name=MODEL)
    text = json.dumps(ctl).encode()
    tensors = [("ctl", "BYTES", (1,), struct.pack("<I", len(text)) + text)]
    if size:
        embeds = np.random.default_rng(1).standard_normal((size, tokens, hidden), np.float32)
        tensors += [
            ("embeds", dtype, embeds.shape, _encoded(embeds, dtype)),
            ("mask", "INT32", (size, tokens), np.ones((size, tokens), np.int32).tobytes()),
            ("answers", "INT32", (size, 1), np.full((size, 1), 7, np.int32).tobytes()),
        ]
    for name, datatype, shape, raw in tensors:
        message.inputs.add(name=name, datatype=datatype, shape=shape)
        message.raw_input_contents.append(raw)
    return bytes(message.SerializeToString())


def _encoded(values: Any, dtype: str) -> bytes:
    if dtype == "BF16":  # cut, not rounded: any number will do
        return bytes((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    return bytes(values.astype({"FP32": np.float32, "FP16": np.float16}[dtype]).tobytes())
