"""Prompts' features that travel once: by the run that they belong to and their content's name, bounded, forgotten in time.

What was not used for longest leaves memory for disk, and the disk for good; so does what nobody used for some hours. Nothing may
depend on an entry being there. A run is named by a secret: without it an entry is neither found nor seen to be there.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_OVERHEAD = 512  # of an entry, beside its values


@dataclass(frozen=True)
class Features:
    """One sample's prompt before any adapter: ``x`` float32 (T, H) and ``modality`` int32 (T), both as little-endian bytes."""

    name: bytes
    x: bytes
    modality: bytes
    hidden: int

    @staticmethod
    def of(x: bytes, modality: bytes, hidden: int) -> Features:
        """Names them: SHA-256 over type, shape and values, as the contract has it."""
        shape = (len(modality) // 4).to_bytes(4, "little") + hidden.to_bytes(4, "little")
        return Features(hashlib.sha256(b"FP32" + shape + x + modality).digest(), x, modality, hidden)

    @property
    def tokens(self) -> int:
        return len(self.modality) // 4

    @property
    def bytes(self) -> int:
        return len(self.x) + len(self.modality) + _OVERHEAD


@dataclass
class _Entry:
    bytes: int
    hidden: int
    modality: int  # bytes of it
    used: float
    features: Features | None  # None: on disk
    file: Path | None = None


@dataclass
class FeatureStore:
    """``memory`` and ``disk`` bytes at most; ``folder`` for files, else the system's for temporary ones."""

    memory: int
    disk: int = 0
    folder: Path | None = None
    keep_seconds: float = 6 * 3600
    clock: Callable[[], float] = time.monotonic
    _near: OrderedDict[tuple[str, bytes], _Entry] = field(default_factory=OrderedDict)  # least recently used first
    _far: OrderedDict[tuple[str, bytes], _Entry] = field(default_factory=OrderedDict)
    _own: Path | None = None
    _next: int = 0
    _counts: dict[str, int] = field(default_factory=lambda: {"found": 0, "missed": 0, "evicted": 0})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, run: str, features: Features) -> bool:
        """Keeps features; False if they take more than the whole store."""
        with self._lock:
            self._sweep()
            key = run, features.name
            if self._touch(key) is not None:
                return True
            if features.bytes > max(self.memory, self.disk):
                return False
            entry = _Entry(features.bytes, features.hidden, len(features.modality), self.clock(), features)
            if entry.bytes > self.memory:
                return self._spill(key, entry)
            self._add(key, entry)
            return True

    def has(self, run: str, name: bytes) -> bool:
        """Whether features are held; marks them as used."""
        with self._lock:
            self._sweep()
            return self._count(self._touch((run, name)) is not None)

    def find(self, run: str, name: bytes) -> Features | None:
        """Features that are held, or None; marks them as used."""
        with self._lock:
            self._sweep()
            key = run, name
            entry = self._touch(key)
            found = None if entry is None else entry.features or self._read(name, entry)
            if entry is not None and entry.features is None and (found is None or entry.bytes <= self.memory):
                self._remove(self._far, key)  # damaged, or near again
                if found is not None:
                    self._add(key, _Entry(entry.bytes, entry.hidden, entry.modality, self.clock(), found))
            self._count(found is not None)
            return found

    def drop(self, run: str) -> None:
        """Forgets a run."""
        with self._lock:
            for entries in (self._near, self._far):
                for key in [key for key in entries if key[0] == run]:
                    self._remove(entries, key)

    def figures(self) -> dict[str, int]:
        """What it holds and has done."""
        with self._lock:
            self._sweep()
            return {
                "features": len(self._near) + len(self._far),
                "features_memory_bytes": _sum(self._near),
                "features_disk_bytes": _sum(self._far),
                **{f"features_{name}": count for name, count in self._counts.items()},
            }

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._near.clear()
            self._far.clear()
            if self._own is not None:
                shutil.rmtree(self._own, ignore_errors=True)
                self._own = None

    def _sweep(self) -> None:
        for entries in (self._near, self._far):
            while entries and self.clock() - next(iter(entries.values())).used >= self.keep_seconds:
                self._remove(entries, next(iter(entries)))

    def _touch(self, key: tuple[str, bytes]) -> _Entry | None:
        for entries in (self._near, self._far):
            if key in entries:
                entries.move_to_end(key)
                entries[key].used = self.clock()
                return entries[key]
        return None

    def _count(self, found: bool) -> bool:
        self._counts["found" if found else "missed"] += 1
        return found

    def _add(self, key: tuple[str, bytes], entry: _Entry) -> None:
        self._near[key] = entry
        while _sum(self._near) > self.memory:
            eldest, gone = self._near.popitem(last=False)
            if not self._spill(eldest, gone):
                self._counts["evicted"] += 1

    def _spill(self, key: tuple[str, bytes], entry: _Entry) -> bool:
        if entry.bytes > self.disk or entry.features is None:
            return False
        while _sum(self._far) + entry.bytes > self.disk:
            self._remove(self._far, next(iter(self._far)))
            self._counts["evicted"] += 1
        try:
            if self._own is None:
                self._own = Path(tempfile.mkdtemp(prefix="fednano-features-", dir=self.folder))
            file = self._own / str(self._next)
            self._next += 1
            file.write_bytes(entry.features.x + entry.features.modality)
        except OSError:
            return False
        self._far[key] = _Entry(entry.bytes, entry.hidden, entry.modality, entry.used, None, file)
        return True

    def _read(self, name: bytes, entry: _Entry) -> Features | None:
        assert entry.file is not None
        try:
            raw = entry.file.read_bytes()
        except OSError:
            return None
        cut = len(raw) - entry.modality
        found = Features.of(raw[:cut], raw[cut:], entry.hidden)
        return found if found.name == name else None

    @staticmethod
    def _remove(entries: OrderedDict[tuple[str, bytes], _Entry], key: tuple[str, bytes]) -> None:
        file = entries.pop(key).file
        if file is not None:
            with contextlib.suppress(OSError):
                file.unlink()


def _sum(entries: OrderedDict[tuple[str, bytes], _Entry]) -> int:
    return sum(entry.bytes for entry in entries.values())
