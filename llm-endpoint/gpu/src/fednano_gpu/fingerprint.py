"""A model folder's files: which there are, whether they are sound, and the fingerprint over them.

The fingerprint is the one that the project's own endpoint computes for the same folder and compute dtype.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
_PIECE = 1 << 20
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class ModelError(Exception):
    """A model folder that cannot be served: what was expected, what was found, where, and what to change."""


def read_text(folder: Path, file: str) -> str:
    """Text of a file in the folder, as it is."""
    try:
        return (folder / file).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ModelError(
            f"File {file} expected in model folder {folder.absolute()}: it cannot be read ({e}). A model folder holds"
            " config.json, model.safetensors or its shards, and tokenizer.json. Copy the model again."
        ) from e


def read_json(folder: Path, file: str) -> dict[str, Any]:
    """A JSON object in the folder."""
    try:
        value = json.loads(read_text(folder, file), parse_constant=_no_number)
    except (ValueError, RecursionError) as e:
        raise ModelError(f"{folder / file} must be JSON: {e}. Copy the model again.") from e
    if not isinstance(value, dict):
        raise ModelError(f"{folder / file} must hold a JSON object: found {type(value).__name__}. Copy the model again.")
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def weight_files(folder: Path) -> list[Path]:
    """The folder's weight files, sorted by name; a single file goes before an index. Each can be opened."""
    if (folder / SINGLE).exists() or not (folder / INDEX).exists():
        names = [SINGLE]
    else:
        shards = read_json(folder, INDEX).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise ModelError(f"{folder / INDEX} must hold a weight_map from tensors to files. Copy the model again.")
        for name in shards.values():
            if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9._-]+\.safetensors", name):
                raise ModelError(
                    f"{folder / INDEX} must name .safetensors files in its own folder: found {name!r}."
                    " Copy the model again."
                )
        names = sorted(set(shards.values()))
    files = [folder / name for name in names]
    for file in files:
        _require_sound(folder, file)
    return files


def _require_sound(folder: Path, file: Path) -> None:
    if not file.exists():
        raise ModelError(
            f"Weight file {file.absolute()} expected: found no such file. Copy it into the folder; weights in another"
            " format must be converted to safetensors."
        )
    try:
        with safe_open(file, framework="pt") as opened:
            opened.keys()
    except (SafetensorError, OSError) as e:
        raise ModelError(f"{file.absolute()} must be a whole safetensors file: {e}. Copy the model again.") from e


def fingerprint(folder: Path, dtype: str) -> str:
    """SHA-256 over weights, config, tokenizer, compute dtype, and generation config if there is one, in hexadecimal.

    dtype is FP32, FP16 or BF16.
    """
    digest = hashlib.sha256()
    for file in weight_files(folder):
        digest.update(file.name.encode())
        with file.open("rb") as weights:
            while piece := weights.read(_PIECE):
                digest.update(piece)
    texts = [read_text(folder, "config.json"), "", dtype]
    if (folder / "tokenizer.json").exists():
        texts[1] = read_text(folder, "tokenizer.json")
    if (folder / "generation_config.json").exists():
        texts.append("".join(_compact(read_json(folder, "generation_config.json"))))
    for text in texts:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()


def _compact(value: Any) -> Iterator[str]:
    """JSON as the JVM's endpoint writes what it has read: without spaces, doubles in Java's notation."""
    if isinstance(value, dict):
        yield "{"
        for i, (key, item) in enumerate(value.items()):
            yield ("," if i else "") + _quoted(key) + ":"
            yield from _compact(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for i, item in enumerate(value):
            yield "," if i else ""
            yield from _compact(item)
        yield "]"
    elif isinstance(value, str):
        yield _quoted(value)
    elif isinstance(value, float):
        yield _java_double(value)
    else:
        yield json.dumps(value)


def _quoted(text: str) -> str:
    def escaped(c: str) -> str:
        return _SHORT.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 0x20 else c)

    return '"' + "".join(map(escaped, text)) + '"'


def _java_double(value: float) -> str:
    """Double.toString: plain from 1e-3 to 1e7, else one digit, the others, and an exponent."""
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + rest) - len(digits))  # digits before the decimal point
    digits = digits.rstrip("0")
    if not digits:
        return sign + "0.0"
    if -3 < point <= 7:
        padded = "0" * (1 - point) + digits if point < 1 else digits.ljust(point, "0")
        at = max(point, 1)
        return f"{sign}{padded[:at]}.{padded[at:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"
