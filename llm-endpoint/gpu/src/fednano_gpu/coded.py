"""The contract's second version: what a request with features and codes says, and the way to embeddings and back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fednano_gpu.store import Features, FeatureStore

if TYPE_CHECKING:
    import torch

    from fednano_gpu.reading import Ints, Tensor

UP_GRADS = ("sum", "squares", "each")
NONE = -1

_MOST_MODALITIES = 128
_RUN = re.compile(r"[\x21-\x7e]{16,128}")


@dataclass(frozen=True)
class StoreCall:
    """What is asked of the store: ``have`` of names, ``put`` of features, or ``drop``."""

    op: str
    run: str
    names: tuple[bytes, ...] = ()
    features: tuple[Features, ...] = ()

    def answer(self, store: FeatureStore) -> list[int]:
        """1 or 0 for each feature named."""
        if self.op == "have":
            return [int(store.has(self.run, name)) for name in self.names]
        if self.op == "put":
            return [int(store.put(self.run, some)) for some in self.features]
        store.drop(self.run)
        return []


@dataclass(frozen=True)
class Coded:
    """Prompts as features (B), codes (B, T, R), matrices W_up (U, R, H), and which of them stands where (B, M)."""

    features: list[Features]
    codes: Tensor
    up: Tensor
    up_of: Ints
    scale: float
    up_grads: str

    def embeddings(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """E = x + s · code · W_up (B, T, H)."""
        import torch

        codes, up = _floats(self.codes, device), _floats(self.up, device)
        size, tokens = codes.shape[:2]
        embeds = torch.zeros(size, tokens, up.shape[2], device=device)
        for b, some in enumerate(self.features):
            x = torch.frombuffer(bytearray(some.x), dtype=torch.float32).view(some.tokens, -1)
            embeds[b, : some.tokens] = x.to(device)
        for u, at in self._under(device):
            embeds[at] += codes[at] @ up[u] * self.scale
        return embeds.to(dtype)

    def gradients(self, gradient: torch.Tensor) -> dict[str, torch.Tensor]:
        """dcodes and W_up's, from G (B, T, H)."""
        import torch

        device, gradient = gradient.device, gradient.float()
        codes, up = _floats(self.codes, device), _floats(self.up, device)
        found = {"dcodes": torch.zeros_like(codes)}
        total, squares = torch.zeros_like(up), torch.zeros_like(up)
        for u, at in self._under(device):
            found["dcodes"][at] = gradient[at] @ up[u].T * self.scale
            if self.up_grads == "sum":
                total[u] = (codes[at] * self.scale).T @ gradient[at]
            elif self.up_grads == "squares":
                for b in at.any(dim=1).nonzero().flatten().tolist():
                    own = (codes[b, at[b]] * self.scale).T @ gradient[b, at[b]]
                    total[u] += own
                    squares[u] += own.square()
        if self.up_grads == "each":
            size, modalities = self.up_of.shape
            each = torch.zeros(size, modalities, *up.shape[1:], device=device)
            for b, some in enumerate(self.features):
                of = np.frombuffer(some.modality, "<i4")
                for m in np.flatnonzero(self.up_of[b] != NONE).tolist():
                    at = torch.from_numpy(np.flatnonzero(of == m)).to(device)
                    each[b, m] = (codes[b, at] * self.scale).T @ gradient[b, at]
            found["dup_each"] = each
        else:
            found["dup"] = total
        if self.up_grads == "squares":
            found["dup_sq"] = squares
        return found

    def _under(self, device: torch.device) -> list[tuple[int, torch.Tensor]]:
        """For each matrix that stands somewhere: where, as (B, T)."""
        import torch

        size, tokens, _ = self.codes.shape
        which = np.full((size, tokens), NONE)
        for b, some in enumerate(self.features):
            of = np.frombuffer(some.modality, "<i4")
            known = of < self.up_of.shape[1]
            which[b, : some.tokens] = np.where(known, self.up_of[b][np.where(known, of, 0)], NONE)
        found = torch.from_numpy(which).to(device)
        return [(u, found == u) for u in np.unique(which[which != NONE]).tolist()]


def _floats(tensor: Tensor, device: torch.device) -> torch.Tensor:
    import torch

    return torch.frombuffer(bytearray(tensor.data), dtype=torch.float32).view(tensor.shape).to(device)


class Reader:
    """Reads the tensors of one request; ``get``, ``require`` and ``refusal`` are the first version's own."""

    def __init__(self, tensors: dict[str, Tensor], control: dict[str, Any], get: Any, require: Any) -> None:
        self._tensors, self._control, self._get, self._require = tensors, control, get, require
        run = control.get("run")
        sound = isinstance(run, str) and _RUN.fullmatch(run) is not None
        require(sound, "BAD_REQUEST", "ctl's 'run'", "16 to 128 printable characters", "something else")
        self._run = str(run)

    def store_call(self, op: str, hidden: int) -> StoreCall:
        if op == "drop":
            return StoreCall(op, self._run)
        names = self._names()
        if op == "have":
            return StoreCall(op, self._run, names)
        return StoreCall(op, self._run, names, self._features(names, hidden))

    def _names(self) -> tuple[bytes, ...]:
        refs = self._get(self._tensors, "refs", "INT32", -1, 8)
        self._require(refs.shape[0] > 0, "BAD_REQUEST", "refs must name features", "1 or more", 0)
        return tuple(refs.data[i : i + 32] for i in range(0, len(refs.data), 32))

    def _features(self, names: tuple[bytes, ...], hidden: int) -> tuple[Features, ...]:
        rows = self._get(self._tensors, "rows", "INT32", len(names)).ints().tolist()
        x = self._get(self._tensors, "x", "FP32", -1, hidden)
        every = x.shape[0]
        modality = self._get(self._tensors, "modality", "INT32", every)
        fits = all(n > 0 for n in rows) and sum(rows) == every
        self._require(fits, "BAD_REQUEST", "rows must be 1 or more and add up to N", every, "another sum")
        sound = bool(((modality.ints() >= 0) & (modality.ints() < _MOST_MODALITIES)).all())
        self._require(sound, "BAD_REQUEST", "A token's modality", "0 to 127", "something else")
        found, at = [], 0
        for f, (name, n) in enumerate(zip(names, rows, strict=True)):
            wide = 4 * hidden
            some = Features.of(x.data[at * wide : (at + n) * wide], modality.data[4 * at : 4 * (at + n)], hidden)
            rule = f"The hash of features {f} of {len(names)} must be that of their bytes"
            self._require(some.name == name, "BAD_REQUEST", rule, "the same", "another")
            found.append(some)
            at += n
        return tuple(found)

    def coded(self, op: str, hidden: int, message_bytes: int, store: FeatureStore) -> Coded:
        """Raises Refusal MISS if features are not held, TOO_LARGE if what comes of it would not fit a message."""
        codes = self._get(self._tensors, "codes", "FP32", -1, -1, -1)
        size, tokens, rank = codes.shape
        self._require(min(codes.shape) > 0, "BAD_REQUEST", "codes must hold samples and tokens", "1 or more", list(codes.shape))
        self._fits("The embeddings that codes stand for: their B*T*H*4 bytes", size * tokens * hidden, message_bytes)
        up = self._get(self._tensors, "up", "FP32", -1, rank, hidden)
        self._require(up.shape[0] > 0, "BAD_REQUEST", "up must hold matrices", "1 or more", 0)
        of = self._get(self._tensors, "up_of", "INT32", size, -1)
        fits = 0 < of.shape[1] <= _MOST_MODALITIES
        self._require(fits, "BAD_REQUEST", "up_of's modalities", f"1 to {_MOST_MODALITIES}", of.shape[1])
        sound = bool(((of.ints() >= NONE) & (of.ints() < up.shape[0])).all())
        self._require(sound, "BAD_REQUEST", "up_of", f"-1 to {up.shape[0] - 1}", "something else")
        scale: Any = self._control.get("scale")
        number = type(scale) in (int, float) and abs(scale) < 1e30 and math.isfinite(scale)
        self._require(number, "BAD_REQUEST", "ctl's 'scale' of the adapters", "a number", "something else")
        grads = self._control.get("up_grads", "sum")
        self._require(grads in UP_GRADS, "BAD_REQUEST", "ctl's 'up_grads'", ", ".join(UP_GRADS), "something else")
        if op == "loss_grad2" and grads == "each":
            self._fits("The gradients' bytes", size * of.shape[1] * rank * hidden, message_bytes)
        names = self._names()
        self._require(len(names) == size, "BAD_REQUEST", "refs must name each sample's features", size, len(names))
        found = [store.find(self._run, name) for name in names]
        held = [some for some in found if some is not None]
        self._require(len(held) == size, "MISS", "Features that the call names and are held", size, len(held))
        longest = max(some.tokens for some in held)
        self._require(longest <= tokens, "BAD_REQUEST", "Tokens of a sample", f"at most codes' {tokens}", longest)
        return Coded(held, codes, up, of.ints(), float(scale), grads)

    def _fits(self, what: str, values: int, message_bytes: int) -> None:
        self._require(4 * values <= message_bytes, "TOO_LARGE", what, f"at most {message_bytes}", 4 * values)
