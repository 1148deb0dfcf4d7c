"""Prompts' features that travel once: by the run that they belong to and their content's name, bounded, forgotten in time.

What was not used for longest leaves memory for disk, and the disk for good; so does what nobody used for some hours. Nothing may
depend on an entry being there. A run is named by a secret: without it an entry is neither found nor seen to be there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FIGURES = {
    "features": "Prompts' features in the store.",
    "features_memory_bytes": "Bytes of features in memory.",
    "features_disk_bytes": "Bytes of features on disk.",
    "features_found": "Features asked for that were there, so far.",
    "features_missed": "Features asked for that were not, so far.",
    "features_evicted": "Features let go for room, so far.",
}

_OVERHEAD = 512  # of an entry, beside its values
_PREFIX = "fednano-features-"
_LOCK = "lock"

_LOG = logging.getLogger("fednano_gpu")
# Of this process: closing any descriptor of a locked file gives up the lock, so these are not even looked at.
_OWN: set[Path] = set()
_OWN_LOCK = threading.Lock()


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


class _Folder:
    """A folder for files that only this user may read. While it is used, a file in it is locked; a killed process has lost
    its lock, so that the next one can tell its folder from others' and remove it. Raises OSError."""

    def __init__(self, parent: Path | None) -> None:
        with _OWN_LOCK:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
            try:
                self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                try:
                    fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.stat(self.path / _LOCK)  # in between another process may have taken it for one that was left
                except OSError:
                    os.close(self._lock)
                    raise
            except OSError:
                shutil.rmtree(self.path, ignore_errors=True)
                raise
            _OWN.add(self.path)
            for other in self.path.parent.glob(_PREFIX + "*"):
                if other not in _OWN:
                    with contextlib.suppress(OSError):  # another process was first, or still uses it
                        _remove_if_left(other)

    def close(self) -> None:
        with _OWN_LOCK:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            _OWN.discard(self.path)


def _remove_if_left(folder: Path) -> None:
    # In a place that everybody may write to, another user's folder could be made to point anywhere.
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        return
    lock = os.open(folder / _LOCK, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for file in folder.iterdir():
            if file.name != _LOCK:
                file.unlink()
        (folder / _LOCK).unlink()  # last, so that what an interrupted removal leaves can still be told
        folder.rmdir()
        _LOG.info("removed %s: features that a killed process left", folder)
    finally:
        os.close(lock)


_Key = tuple[str, bytes]  # run, name


class _Shelf(OrderedDict[_Key, _Entry]):
    """Entries, least recently used first, and their bytes. They come by ``add`` and go by ``take``."""

    bytes = 0

    def add(self, key: _Key, entry: _Entry) -> None:
        self[key] = entry
        self.bytes += entry.bytes

    def take(self, key: _Key) -> _Entry:
        entry = self.pop(key)
        self.bytes -= entry.bytes
        return entry

    @property
    def eldest(self) -> _Key:
        return next(iter(self))


@dataclass
class FeatureStore:
    """``memory`` and ``disk`` bytes at most; ``folder`` for files, else the system's for temporary ones. What killed processes
    left there is removed."""

    memory: int
    disk: int = 0
    folder: Path | None = None
    keep_seconds: float = 6 * 3600
    clock: Callable[[], float] = time.monotonic
    _near: _Shelf = field(default_factory=_Shelf)
    _far: _Shelf = field(default_factory=_Shelf)
    _own: _Folder | None = None
    _next: int = 0
    _counts: dict[str, int] = field(default_factory=lambda: {"found": 0, "missed": 0, "evicted": 0})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.disk > 0:
            try:
                self._own = _Folder(self.folder)
            except OSError as failure:
                _LOG.warning("features will not be written to disk unless this is cured: %s", failure)

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
            for shelf in (self._near, self._far):
                for key in [key for key in shelf if key[0] == run]:
                    self._remove(shelf, key)

    def figures(self) -> dict[str, int]:
        """What it holds and has done: a value for each of ``FIGURES``."""
        with self._lock:
            self._sweep()
            return {
                "features": len(self._near) + len(self._far),
                "features_memory_bytes": self._near.bytes,
                "features_disk_bytes": self._far.bytes,
                **{f"features_{name}": count for name, count in self._counts.items()},
            }

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._near, self._far = _Shelf(), _Shelf()
            if self._own is not None:
                self._own.close()
                self._own = None

    def _sweep(self) -> None:
        for shelf in (self._near, self._far):
            while shelf and self.clock() - shelf[shelf.eldest].used >= self.keep_seconds:
                self._remove(shelf, shelf.eldest)

    def _touch(self, key: _Key) -> _Entry | None:
        for shelf in (self._near, self._far):
            if key in shelf:
                shelf.move_to_end(key)
                shelf[key].used = self.clock()
                return shelf[key]
        return None

    def _count(self, found: bool) -> bool:
        self._counts["found" if found else "missed"] += 1
        return found

    def _add(self, key: _Key, entry: _Entry) -> None:
        self._near.add(key, entry)
        while self._near.bytes > self.memory:
            eldest = self._near.eldest
            if not self._spill(eldest, self._near.take(eldest)):
                self._counts["evicted"] += 1

    def _spill(self, key: _Key, entry: _Entry) -> bool:
        if entry.bytes > self.disk or entry.features is None:
            return False
        while self._far.bytes + entry.bytes > self.disk:
            self._remove(self._far, self._far.eldest)
            self._counts["evicted"] += 1
        try:
            if self._own is None:
                self._own = _Folder(self.folder)
            file = self._own.path / str(self._next)
            self._next += 1
            file.write_bytes(entry.features.x + entry.features.modality)
        except OSError:
            return False
        self._far.add(key, _Entry(entry.bytes, entry.hidden, entry.modality, entry.used, None, file))
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
    def _remove(shelf: _Shelf, key: _Key) -> None:
        file = shelf.take(key).file
        if file is not None:
            with contextlib.suppress(OSError):
                file.unlink()
