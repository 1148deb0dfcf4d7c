"""Requests of the contract: named tensors in, checked values out, in the order of checks that the contract gives."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fednano_gpu.coded import Coded, Reader, StoreCall
from fednano_gpu.store import FeatureStore

VERSION = 1
VERSION_2 = 2
PAD = -1
OUTPUTS = {
    "info": ("out",),
    "embed": ("out", "emb"),
    "loss": ("out", "loss", "n_tokens"),
    "loss_grad": ("out", "loss", "n_tokens", "grad"),
    "score": ("out", "loglik", "n_tokens"),
    "generate": ("out", "tokens"),
}
OUTPUTS_2 = {
    "have": ("out", "held"),
    "put": ("out", "held"),
    "drop": ("out",),
    "loss2": OUTPUTS["loss"],
    "loss_grad2": ("out", "loss", "n_tokens", "dcodes", "dup", "dup_sq", "dup_each"),
    "score2": OUTPUTS["score"],
    "generate2": OUTPUTS["generate"],
}
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
    "MISS": "NOT_FOUND",
    "AUTH": "UNAUTHENTICATED",
    "NONFINITE_OUTPUT": "INTERNAL",
    "INTERNAL": "INTERNAL",
}

_WIDTHS = {"INT32": 4, "FP32": 4, "FP16": 2, "BF16": 2}
_MOST_INT = 2**31 - 1
_MAX_RANK = 8
_MAX_CONTROL_BYTES = 1 << 16
_FLOAT32_POWERS = range(-126, 128)

Ints = NDArray[np.int32]


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
class Tensor:
    """A tensor of the wire: ``data`` is what raw_input_contents holds, little-endian and row-major."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: bytes

    def ints(self) -> Ints:
        """Values of an INT32 tensor."""
        return np.frombuffer(self.data, "<i4").reshape(self.shape)


@dataclass(frozen=True)
class Expected:
    """What a request is held against."""

    fingerprint: str
    datatype: str  # D
    hidden: int
    vocabulary: int
    max_positions: int
    most_tokens: int
    message_bytes: int = 1 << 30
    store: FeatureStore | None = None  # None: the first version alone


@dataclass(frozen=True)
class Request:
    """A request that was found right, but for NaN among its embeddings. ``tokens`` is what the limit counts."""

    op: str
    wanted: frozenset[str]
    tokens: int = 0
    embeds: Tensor | None = None  # (B, T, H); codes (B, T, R) where ``coded`` says what they stand for
    lengths: list[int] = field(default_factory=list)
    answers: list[list[int]] = field(default_factory=list)
    choices: list[list[list[int]]] = field(default_factory=list)
    most_choices: int = 0  # C
    ids: Ints | None = None  # (B, T)
    grad_scale: float = 1
    max_new: int = 0
    coded: Coded | None = None
    store_call: StoreCall | None = None

    @property
    def asked(self) -> str:
        """The operation by the name that the caller gave it."""
        return self.op + "2" if self.coded is not None else self.op

    @property
    def at_once(self) -> bool:
        """Whether it asks nothing of the model."""
        return self.op == "info" or self.store_call is not None

    def held_bytes(self, size: int) -> int:
        """Bytes that it takes while it waits: those of its message, or of the features that it found, if they are more."""
        found = 0 if self.coded is None else sum(some.bytes for some in self.coded.features)
        return max(size, found)


def require(holds: bool, reason: str, rule: str, expected: object, got: object) -> None:
    """Raises Refusal with a rule, what it expects, and what came: shapes, types and limits, never values."""
    if not holds:
        raise Refusal(reason, f"{rule}: expected {expected}, got {got}")


def printable(text: str) -> str:
    """A foreign text as it may stand in a message: short, one line."""
    clean = re.sub(r"[^\x20-\x7e]", "?", text)
    return clean if len(clean) <= 40 else clean[:40] + "..."


def read(inputs: Sequence[Tensor], wanted: Sequence[str], expected: Expected) -> Request:
    """Reads a request; raises Refusal."""
    tensors: dict[str, Tensor] = {}
    _add(tensors, [t for t in inputs if t.name == "ctl"])
    control = _control(tensors, VERSION if expected.store is None else VERSION_2)
    op = _text(control, "op")
    outputs = OUTPUTS if control["v"] == VERSION else OUTPUTS_2
    require(op in outputs, "UNKNOWN_OP", "The operation must be one of the contract's", ", ".join(outputs), printable(op))
    if op != "info" or "fp" in control:
        fits = _text(control, "fp") == expected.fingerprint
        require(fits, "FINGERPRINT", "The model's fingerprint", expected.fingerprint, "another")
    # Only now: another version's tensors may be of types that this one does not know.
    _add(tensors, [t for t in inputs if t.name != "ctl"])
    scale = _scale(control)
    for name in ("embeds", "ids", "codes"):
        if name in tensors and len(tensors[name].shape) >= 2:
            _require_tokens(tensors[name].shape[0] * tensors[name].shape[1], expected)
    if "x" in tensors and tensors["x"].shape:
        _require_tokens(tensors["x"].shape[0], expected)
    if control["v"] == VERSION:
        request = _operation(op, tensors, control, scale, expected)
    else:
        request = _second(op, tensors, control, scale, expected)
    for output in wanted:
        require(output in outputs[op], "BAD_REQUEST", f"An output of {op}", ", ".join(outputs[op]), printable(output))
    _require_values(request, expected)
    return Request(**{**request.__dict__, "wanted": frozenset(wanted or outputs[op])})


def _add(tensors: dict[str, Tensor], more: Sequence[Tensor]) -> None:
    for tensor in more:
        who = f"Tensor '{printable(tensor.name)}'"
        rank = len(tensor.shape)
        require(rank <= _MAX_RANK, "BAD_REQUEST", f"{who} must have few dimensions", f"at most {_MAX_RANK}", rank)
        fits = all(0 <= d <= _MOST_INT for d in tensor.shape)
        require(fits, "BAD_REQUEST", f"{who} must have dimensions", "0 to 2^31 - 1", "another")
        elements = math.prod(tensor.shape)
        require(elements <= _MOST_INT, "BAD_REQUEST", f"{who} must hold few elements", "at most 2^31 - 1", "more")
        size = len(tensor.data)
        if tensor.datatype == "BYTES":
            require(elements == 1, "BAD_REQUEST", f"{who} of BYTES must have one element", 1, elements)
            require(size >= 4, "BAD_REQUEST", f"{who} must begin with its length", "4 bytes", size)
            length = int.from_bytes(tensor.data[:4], "little")
            require(length == size - 4, "BAD_REQUEST", f"{who} must be as long as it says", length, size - 4)
        else:
            known = tensor.datatype in _WIDTHS
            rule = f"{who} must have a type of the contract"
            require(known, "BAD_REQUEST", rule, "BYTES, INT32, FP32, FP16 or BF16", printable(tensor.datatype))
            whole = elements * _WIDTHS[tensor.datatype]
            rule = f"{who} of {tensor.datatype} {list(tensor.shape)} must have its bytes"
            require(size == whole, "BAD_REQUEST", rule, whole, size)
        require(tensor.name not in tensors, "BAD_REQUEST", f"{who} must come once", 1, 2)
        tensors[tensor.name] = tensor


def _get(tensors: dict[str, Tensor], name: str, datatype: str, *shape: int) -> Tensor:
    """A tensor that must be there; -1 stands for any dimension."""
    said = f"{datatype} {list(shape)}"
    tensor = tensors.get(name)
    if tensor is None:
        raise Refusal("BAD_REQUEST", f"Tensor '{name}' is needed: expected {said}, got none")
    fits = tensor.datatype == datatype and len(tensor.shape) == len(shape)
    fits = fits and all(want in (-1, found) for want, found in zip(shape, tensor.shape, strict=True))
    require(fits, "BAD_REQUEST", f"Tensor '{name}'", said, f"{tensor.datatype} {list(tensor.shape)}")
    return tensor


def _control(tensors: dict[str, Tensor], highest: int) -> dict[str, Any]:
    ctl = _get(tensors, "ctl", "BYTES", 1)
    require(len(ctl.data) <= _MAX_CONTROL_BYTES, "BAD_REQUEST", "ctl must be short", f"{_MAX_CONTROL_BYTES} bytes", "more")
    try:
        text = ctl.data[4:].decode("utf-8", "replace")
        control = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal("BAD_REQUEST", "ctl must be JSON: it cannot be parsed") from None
    if not isinstance(control, dict):
        raise Refusal("BAD_REQUEST", "ctl must be JSON: expected an object, got something else")
    version = control.get("v")
    sound = type(version) is int
    known = range(VERSION, highest + 1)
    said = " or ".join(map(str, known))
    require(sound and version in known, "VERSION", "ctl's version 'v'", said, "another" if sound else "none")
    return control


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a field comes twice")
    return dict(pairs)


def _no_number(name: str) -> float:
    raise ValueError(name)


def _text(control: dict[str, Any], name: str) -> str:
    value = control.get(name)
    if not isinstance(value, str):
        raise Refusal("BAD_REQUEST", f"ctl's '{name}': expected a text, got {'none' if value is None else 'another'}")
    return value


def _scale(control: dict[str, Any]) -> float:
    value = control.get("grad_scale", 1)
    number = type(value) in (int, float) and math.isfinite(value) if not _huge(value) else False
    mantissa, exponent = math.frexp(value) if number else (0.0, 0)
    power = mantissa == 0.5 and exponent - 1 in _FLOAT32_POWERS
    require(power, "BAD_REQUEST", "ctl's 'grad_scale'", "a power of two that float32 has", "something else")
    return float(value)


def _huge(value: Any) -> bool:
    return type(value) is int and abs(value) > 2**128


def _require_tokens(tokens: int, expected: Expected) -> None:
    rule = "A request's B*(T+L) must be within the limit"
    require(tokens <= expected.most_tokens, "TOO_LARGE", rule, f"at most {expected.most_tokens}", tokens)


def _second(op: str, tensors: dict[str, Tensor], control: dict[str, Any], scale: float, expected: Expected) -> Request:
    """A request of the second version; what is asked of the model becomes the first version's with other prompts."""
    assert expected.store is not None
    reader = Reader(tensors, control, _get, require)
    if op in ("have", "put", "drop"):
        return Request(op, frozenset(), store_call=reader.store_call(op, expected.hidden))
    coded = reader.coded(op, expected.hidden, expected.message_bytes, expected.store)
    return _operation(op[:-1], tensors, control, scale, expected, coded)


def _operation(
    op: str,
    tensors: dict[str, Tensor],
    control: dict[str, Any],
    scale: float,
    expected: Expected,
    coded: Coded | None = None,
) -> Request:
    none: frozenset[str] = frozenset()
    if op == "info":
        return Request(op, none)
    if op == "embed":
        ids = _get(tensors, "ids", "INT32", -1, -1).ints()
        return Request(op, none, ids.size, ids=ids)
    if coded is None:
        embeds, lengths = _prompts(tensors, expected)
    else:
        embeds, lengths = coded.codes, [some.tokens for some in coded.features]
    size, width = embeds.shape[:2]
    if op == "score":
        choices, most = _choices(tensors)
        extra = max((sum(len(c) - 1 for c in sample) for sample in choices), default=0)
        # A choice of one token takes no place behind its prompt, but a row of logits all the same.
        tokens = max(size * (width + extra), sum(len(c) for sample in choices for c in sample))
        request = Request(op, none, tokens, embeds, lengths, choices=choices, most_choices=most, coded=coded)
    elif op == "generate":
        max_new = _max_new(control)
        request = Request(op, none, size * (width + max_new), embeds, lengths, max_new=max_new, coded=coded)
    else:
        answers, longest = _answers(tensors)
        tokens = size * (width + longest - 1)
        request = Request(op, none, tokens, embeds, lengths, answers=answers, grad_scale=scale, coded=coded)
    _require_tokens(request.tokens, expected)
    return request


def _max_new(control: dict[str, Any]) -> int:
    value = control.get("max_new")
    if type(value) is not int or not 0 < value <= _MOST_INT:
        raise Refusal("BAD_REQUEST", "ctl's 'max_new' of generate: expected 1 or more, got something else")
    return value


def _prompts(tensors: dict[str, Tensor], expected: Expected) -> tuple[Tensor, list[int]]:
    embeds = _get(tensors, "embeds", expected.datatype, -1, -1, expected.hidden)
    size, tokens = embeds.shape[:2]
    rule = "embeds must hold samples and tokens"
    require(size > 0 and tokens > 0, "BAD_REQUEST", rule, "1 or more", list(embeds.shape))
    mask = _get(tensors, "mask", "INT32", size, tokens).ints()
    lengths = (mask == 1).sum(axis=1)
    for b in np.flatnonzero((mask != (np.arange(tokens)[None, :] < lengths[:, None])).any(axis=1))[:1]:
        raise Refusal("MASK", f"A sample's mask: expected ones, then zeros, got something else in sample {b}")
    for b in np.flatnonzero(lengths == 0)[:1]:
        raise Refusal("MASK", f"A sample's mask: expected at least one 1, got none in sample {b}")
    return embeds, [int(n) for n in lengths]


def _unpadded(rows: list[list[int]], who: str) -> list[list[int]]:
    cut = [row[: row.index(PAD)] if PAD in row else row for row in rows]
    for b, (row, ids) in enumerate(zip(rows, cut, strict=True)):
        sound = row.count(PAD) == len(row) - len(ids)
        require(sound, "BAD_REQUEST", f"Behind the end of {who} only padding may stand", PAD, f"an id in sample {b}")
    return cut


def _answers(tensors: dict[str, Tensor]) -> tuple[list[list[int]], int]:
    tensor = _get(tensors, "answers", "INT32", -1, -1)
    require(tensor.shape[1] > 0, "BAD_REQUEST", "answers must hold tokens", "1 or more", list(tensor.shape))
    return _unpadded(tensor.ints().tolist(), "an answer"), tensor.shape[1]


def _choices(tensors: dict[str, Tensor]) -> tuple[list[list[list[int]]], int]:
    tensor = _get(tensors, "choices", "INT32", -1, -1, -1)
    samples: list[list[list[int]]] = []
    for b, padded in enumerate(tensor.ints().tolist()):
        sample = _unpadded(padded, "a choice")
        while sample and not sample[-1]:
            sample.pop()
        require(all(sample), "CHOICE", f"A choice of sample {b}", "a token or more", "none")
        samples.append(sample)
    return samples, tensor.shape[1]


def _require_values(request: Request, expected: Expected) -> None:
    if request.ids is not None:
        ids = request.ids
        _require_ids(ids[ids != PAD], expected)
    if request.embeds is None:
        return
    size, width = request.embeds.shape[:2]
    extra = request.max_new
    if request.op in ("loss", "loss_grad"):
        require(len(request.answers) == size, "BAD_REQUEST", "Each prompt must have an answer", size, len(request.answers))
        for b, answer in enumerate(request.answers):
            require(len(answer) > 0, "BAD_REQUEST", f"Answer of sample {b} must have a token", "1 or more", 0)
            _require_ids(np.array(answer), expected)
        extra = max(len(answer) for answer in request.answers) - 1
    elif request.op == "score":
        require(len(request.choices) == size, "BAD_REQUEST", "Each prompt must have its choices", size, len(request.choices))
        for b, sample in enumerate(request.choices):
            require(len(sample) > 0, "CHOICE", f"Sample {b} must have a choice", "1 or more", 0)
            _require_ids(np.array([i for choice in sample for i in choice]), expected)
        extra = max(sum(len(c) - 1 for c in sample) for sample in request.choices)
    rule = "Prompt and answer must fit max_position_embeddings"
    fits = width + extra <= expected.max_positions
    require(fits, "BAD_REQUEST", rule, f"at most {expected.max_positions}", width + extra)


def _require_ids(ids: NDArray[Any], expected: Expected) -> None:
    fits = bool(((ids >= 0) & (ids < expected.vocabulary)).all())
    rule = "A token id must be in the vocabulary"
    require(fits, "TOKEN_RANGE", rule, f"0 to {expected.vocabulary - 1}", "one outside")
