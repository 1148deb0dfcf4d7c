"""A frozen causal language model in PyTorch, and nothing else.

Symbols: B samples, T prompt tokens, S tokens of a sequence, H hidden size, L tokens of an answer, C choices, M counted tokens,
V vocabulary. A sequence is a sample's real prompt with the answer's tokens right behind it; padding stands on the right, where
causal attention sees nothing of it, so that no mask is needed and the attention kernels that take none are the ones that run.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import DynamicCache

from fednano_gpu.fingerprint import ModelError
from fednano_gpu.loading import Parts, load_parts

Ids: TypeAlias = Sequence[int]

NAMES = {torch.float32: "FP32", torch.float16: "FP16", torch.bfloat16: "BF16"}
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

_LOG = logging.getLogger("fednano_gpu")
_LOGITS_AT_ONCE = 1 << 27  # elements of (M, V)
# Inside, float16 swallows what is below 6e-8: gradients are scaled up there, and less so if that overflows.
_INNER_SCALES = {torch.float16: (4096.0, 64.0, 1.0)}


@dataclass(frozen=True)
class Probe:
    """A pinned question and answer, and this model's loss on them."""

    prompt: list[int]
    answer: list[int]
    loss: float


@dataclass(frozen=True)
class _Sequences:
    """Embeddings (B, S, H), and for each counted token the row of (B·S) that predicts it."""

    x: Tensor
    rows: Tensor  # (M)
    targets: Tensor  # (M)


class FrozenLlm:
    """A frozen causal language model. Not for several threads at once.

    Samples never see each other. Prompts are (B, T, H) with their real lengths; what stands behind those takes part in nothing.
    """

    def __init__(self, parts: Parts, checkpointing: bool = False, compile: bool | None = None) -> None:
        parts.decoder.eval().requires_grad_(False)
        parts.head.eval().requires_grad_(False)
        self.name = parts.name
        self.fingerprint = parts.fingerprint
        self.end_tokens = parts.end_tokens
        self.image_token = parts.image_token
        self._decoder = parts.decoder
        self._head = parts.head
        self._table = parts.table
        weight = parts.table.weight
        self.torch_dtype = weight.dtype
        self.device = weight.device
        self.dtype = NAMES[weight.dtype]
        self.vocabulary, self.hidden = weight.shape
        layers = next(m for m in parts.decoder.children() if isinstance(m, nn.ModuleList))
        self.layers = len(layers)
        config = parts.decoder.config
        self.max_positions: int = getattr(config, "max_position_embeddings", None) or 1 << 30
        types = set(getattr(config, "layer_types", None) or [])
        if not types <= {"full_attention", "sliding_attention"}:
            raise ModelError(f"layer_types of {self.name} must be full or sliding attention: found {sorted(types)}.")
        self._mixed = len(types) > 1
        window = getattr(config, "sliding_window", None)
        self._window: int | None = None if types == {"full_attention"} else window
        self._cache = "cache" if "cache" in inspect.signature(parts.decoder.forward).parameters else "past_key_values"
        self.compiled: bool = self.device.type == "cuda" if compile is None else compile
        for layer in layers:
            _wrap(layer, checkpointing, self.compiled)
        if self.compiled and not self._warm_up():
            self.compiled = False
            for layer in layers:
                _wrap(layer, checkpointing, compile=False)
        self.probe = self._probe()

    @classmethod
    def load(
        cls,
        folder: Path | str,
        dtype: str = "bfloat16",
        device: str = "cuda",
        checkpointing: bool = False,
        compile: bool | None = None,
    ) -> FrozenLlm:
        """Loads a folder in Hugging Face layout.

        Args:
            folder: of a causal language model, or of a LLaVA model, whose language model is taken
            dtype: bfloat16, float16 or float32
            device: such as cuda, cuda:1 or cpu
            checkpointing: keep only the layers' inputs for the way back: a third slower, a fraction of the memory
            compile: let torch.compile fuse what each layer does between its products: some 1.4 times as fast on a GPU, with a
                fifth less memory. Takes part of a minute while loading. Absent: on a GPU, where it works

        Raises:
            ModelError: the folder is no such model, damaged, or does not run in this dtype
        """
        parts, model = load_parts(Path(folder), DTYPES[dtype], torch.device(device))
        cls(parts, compile=False)._require_agreement(model)
        return cls(parts, checkpointing, compile)

    def embed(self, ids: Ids) -> Tensor:
        """Rows (N, H) of the token-embedding table; zeros for an id of -1."""
        wanted = torch.tensor(ids, dtype=torch.long, device=self.device)
        with torch.inference_mode():
            rows: Tensor = self._table(wanted.clamp(min=0))
            return rows.masked_fill((wanted < 0).unsqueeze(-1), 0)  # a product would give -0, or NaN for a damaged row

    def loss(self, embeds: Tensor, lengths: Sequence[int], answers: Sequence[Ids]) -> Tensor:
        """Mean negative log-likelihood (B) of each answer, float32."""
        with torch.inference_mode():
            sequences = self._sequences(embeds, lengths, answers)
            return -self._means(self._log_likelihoods(self._states(sequences.x), sequences), answers)

    def loss_grad(
        self, embeds: Tensor, lengths: Sequence[int], answers: Sequence[Ids], scales: Sequence[float]
    ) -> tuple[Tensor, Tensor]:
        """Losses (B), and the gradient (B, T, H) of each with respect to its prompt times its scale, zero on padding.

        The gradient is float32 if the model is, else bfloat16.
        """
        loss = gradient = torch.empty(0)
        for inner in _INNER_SCALES.get(self.torch_dtype, (1.0,)):
            loss, gradient = self._loss_grad(embeds, lengths, answers, scales, inner)
            if inner == 1 or bool(torch.isfinite(gradient).all()):
                break
        return loss, gradient

    def _loss_grad(
        self, embeds: Tensor, lengths: Sequence[int], answers: Sequence[Ids], scales: Sequence[float], inner: float
    ) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            sequences = self._sequences(embeds, lengths, answers)
        sequences.x.requires_grad_()
        with torch.enable_grad():  # type: ignore[no-untyped-call]
            loss = -self._means(self._log_likelihoods(self._states(sequences.x), sequences), answers)
            (full,) = torch.autograd.grad(loss.sum() * inner, sequences.x)
        size, tokens, hidden = embeds.shape
        kept = min(tokens, full.shape[1])
        factors = torch.tensor([s / inner for s in scales], dtype=torch.float32, device=self.device)
        factors = factors[:, None, None] * self._real(lengths, kept)[:, :, None]
        out = torch.float32 if self.torch_dtype == torch.float32 else torch.bfloat16
        gradient = torch.zeros(size, tokens, hidden, dtype=out, device=self.device)
        # Not a product alone: what overflowed on padding, times zero, would be NaN.
        gradient[:, :kept] = torch.where(factors > 0, full[:, :kept] * factors, 0.0)
        return loss.detach(), gradient

    def score(self, embeds: Tensor, lengths: Sequence[int], choices: Sequence[Sequence[Ids]]) -> list[list[float]]:
        """Log-likelihood of each choice, summed over its tokens. The prompt runs once, its choices side by side behind it."""
        with torch.inference_mode():
            counts = [sum(len(choice) - 1 for choice in sample) for sample in choices]
            more = max(counts)
            cache = DynamicCache() if more else None
            prompt = self._states(self._padded(embeds, lengths), cache)  # (B, T, H)
            states = prompt
            if cache is not None:
                states = torch.cat([prompt, self._continued(cache, lengths, choices, prompt.shape[1], more)], dim=1)
            rows, targets = _places(lengths, choices, prompt.shape[1], states.shape[1])
            found = self._token_log_likelihoods(
                states.flatten(0, 1)[self._ints(rows)], self._ints(targets)
            ).tolist()
        sums = iter(found)
        return [[sum(next(sums) for _ in choice) for choice in sample] for sample in choices]

    def _continued(
        self, cache: Any, lengths: Sequence[int], choices: Sequence[Sequence[Ids]], tokens: int, more: int
    ) -> Tensor:
        """States (B, more, H) of all choices' inputs, each behind its prompt and blind to the other choices."""
        size = len(choices)
        ids = [[0] * more for _ in range(size)]
        positions = [[0] * more for _ in range(size)]
        owners = [[-1] * more for _ in range(size)]
        for b, sample in enumerate(choices):
            at = 0
            for c, choice in enumerate(sample):
                for j, token in enumerate(choice[:-1]):
                    ids[b][at], positions[b][at], owners[b][at] = token, lengths[b] + j, c
                    at += 1
        place, owner = self._ints(positions), self._ints(owners)
        # (B, more, more): its own choice, backwards; padding sees its like, so that no row is empty.
        own = (owner[:, :, None] == owner[:, None, :]) & (place[:, :, None] >= place[:, None, :])
        mask = self._mask(self._seen(lengths, tokens, place, own), place, tokens, place)
        return self._states(self._table(self._ints(ids)), cache, place, mask)

    def generate(self, embeds: Tensor, lengths: Sequence[int], max_new: int) -> list[list[int]]:
        """The likeliest tokens one after the other, without the end token and never the one that stands for a picture."""
        size = len(lengths)
        generated: list[list[int]] = [[] for _ in range(size)]
        ended = [False] * size
        with torch.inference_mode():
            cache = DynamicCache()
            prompt = self._states(self._padded(embeds, lengths), cache)
            tokens = prompt.shape[1]
            state = prompt[torch.arange(size, device=self.device), self._ints(lengths) - 1]  # (B, H)
            places = self._ints([[]] * size)  # (B, step)
            for step in range(max_new):
                following = self._likeliest(state)
                for b, token in enumerate(following):
                    ended[b] = ended[b] or token in self.end_tokens
                    if not ended[b]:
                        generated[b].append(token)
                if step + 1 == max_new or all(ended):
                    break
                place = self._ints([[length + step] for length in lengths])
                places = torch.cat([places, place], dim=1)
                seen = self._seen(lengths, tokens, place, torch.ones_like(places, dtype=torch.bool)[:, None, :])
                mask = self._mask(seen, place, tokens, places)
                state = self._states(self._table(self._ints(following)[:, None]), cache, place, mask)[:, 0]
        return generated

    def _likeliest(self, states: Tensor) -> list[int]:
        logits = self._head(states).float()
        if 0 <= self.image_token < logits.shape[-1]:
            logits[:, self.image_token] = -torch.inf
        ids: list[int] = logits.argmax(dim=-1).tolist()
        return ids

    def _states(self, x: Tensor, cache: Any = None, positions: Tensor | None = None, mask: Any = None) -> Tensor:
        """Hidden states (B, S, H), final norm applied; without a mask, each token sees itself and what is before it."""
        if mask is None and self._window is not None and x.shape[1] > self._window:
            place = torch.arange(x.shape[1], device=self.device)[None]
            mask = self._mask((place[:, :, None] >= place[:, None, :])[:, None], place, 0, place)
        states: Tensor = self._decoder(
            inputs_embeds=x,
            attention_mask=mask,
            position_ids=positions,
            use_cache=cache is not None,
            **{self._cache: cache},
        ).last_hidden_state
        return states

    def _sequences(self, embeds: Tensor, lengths: Sequence[int], answers: Sequence[Ids]) -> _Sequences:
        size, tokens, _ = embeds.shape
        longest = max(n + len(answer) - 1 for n, answer in zip(lengths, answers, strict=True))
        x = torch.zeros(size, longest, self.hidden, dtype=self.torch_dtype, device=self.device)
        kept = min(longest, tokens)
        x[:, :kept] = self._padded(embeds[:, :kept], lengths)
        samples: list[int] = []
        places: list[int] = []
        rows: list[int] = []
        for b, (n, answer) in enumerate(zip(lengths, answers, strict=True)):
            samples += [b] * (len(answer) - 1)
            places += range(n, n + len(answer) - 1)
            rows += range(b * longest + n - 1, b * longest + n - 1 + len(answer))
        fed = self._ints([token for answer in answers for token in answer[:-1]])
        x[self._ints(samples), self._ints(places)] = self._table(fed)
        return _Sequences(x, self._ints(rows), self._ints([token for answer in answers for token in answer]))

    def _padded(self, embeds: Tensor, lengths: Sequence[int]) -> Tensor:
        """The prompts with zeros on their padding, whatever stood there."""
        embeds = embeds.to(self.device, self.torch_dtype)
        if min(lengths) >= embeds.shape[1]:
            return embeds
        return torch.where(self._real(lengths, embeds.shape[1])[:, :, None], embeds, 0.0)

    def _real(self, lengths: Sequence[int], tokens: int) -> Tensor:
        """(B, T): whether a token is none of padding."""
        return torch.arange(tokens, device=self.device)[None, :] < self._ints(lengths)[:, None]

    def _seen(self, lengths: Sequence[int], tokens: int, place: Tensor, own: Tensor) -> Tensor:
        """(B, 1, Q, T + K): new tokens see their real prompt, and of the tokens behind it what own (B, Q, K) says."""
        prompt = self._real(lengths, tokens)[:, None, :].expand(-1, place.shape[1], -1)
        return torch.cat([prompt, own], dim=2)[:, None]

    def _mask(self, seen: Tensor, queries: Tensor, tokens: int, keys: Tensor) -> Any:
        """What attention takes: seen (B, 1, Q, T + K), and nothing beyond the sliding window, if there is one."""
        if self._window is None:
            return seen
        before = torch.arange(tokens, device=self.device).expand(keys.shape[0], -1)
        distance = queries[:, :, None] - torch.cat([before, keys], dim=1)[:, None, :]
        near = seen & (distance < self._window)[:, None]
        if not self._mixed:
            return near
        return {"full_attention": seen if tokens else None, "sliding_attention": near}

    def _log_likelihoods(self, states: Tensor, sequences: _Sequences) -> Tensor:
        return self._token_log_likelihoods(states.flatten(0, 1)[sequences.rows], sequences.targets)

    def _token_log_likelihoods(self, states: Tensor, targets: Tensor) -> Tensor:
        """(M), of states (M, H); the softmax is taken in float32, over few rows at a time where there are many."""
        piece = max(1, _LOGITS_AT_ONCE // self.vocabulary)
        if len(targets) <= piece:
            return self._piece(states, targets)
        pieces = zip(torch.split(states, piece), torch.split(targets, piece), strict=True)
        return torch.cat([checkpoint(self._piece, s, t, use_reentrant=False) for s, t in pieces])

    def _piece(self, states: Tensor, targets: Tensor) -> Tensor:
        return -nn.functional.cross_entropy(self._head(states).float(), targets, reduction="none")

    def _means(self, log_likelihoods: Tensor, answers: Sequence[Ids]) -> Tensor:
        """Means over each answer's tokens."""
        owner = self._ints([b for b, answer in enumerate(answers) for _ in answer])
        sums = torch.zeros(len(answers), dtype=torch.float32, device=self.device).index_add(0, owner, log_likelihoods)
        return sums / self._ints([len(answer) for answer in answers])

    def _ints(self, values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self.device)

    def _warm_up(self) -> bool:
        """Compiles all that requests will need, before one waits for it; returns whether that works here.

        Compiled code holds for any number of tokens, but tells one sample from several, and losses from gradients.
        """
        prompt, answer = self._spread(8, 3), self._spread(3, 5)
        torch._dynamo.config.recompile_limit = 64  # of all models in this process together
        try:
            for size in (1, 2):
                embeds = self.embed(prompt).expand(size, -1, -1)
                self.loss(embeds, [8] * size, [answer] * size)
                self.loss_grad(embeds, [8] * size, [answer] * size, [1.0] * size)
        except Exception as e:  # whatever a compiler, or the lack of one, raises
            _LOG.warning("torch.compile does not work here, layers run as they are (%s)", type(e).__name__)
            return False
        return True

    def _probe(self) -> Probe:
        """Ids spread over the vocabulary; and what this file relies on is tried on the model itself."""
        prompt, answer = self._spread(8, 3), self._spread(3, 5)
        embeds = self.embed(prompt)[None]
        loss = float(self.loss(embeds, [8], [answer])[0])
        if not abs(loss) < float("inf"):
            raise ModelError(
                f"The weights of {self.name} must give a finite loss on eight tokens: got {loss}. The files are damaged,"
                f" or the model does not run in {self.dtype}: try float32 or bfloat16."
            )
        return Probe(prompt, answer, loss)

    def _require_agreement(self, model: Any) -> None:
        """Tries on the probe what this file relies on, against transformers' own plain way from embeddings to logits.

        A family that scales logits, caps scores or bends attention in a way of its own is found out here.
        """
        n, answer = len(self.probe.prompt), self.probe.answer
        fed = self.embed([*self.probe.prompt, *answer[:-1]])[None]
        config: Any = self._decoder.config
        before = config._attn_implementation
        config._attn_implementation = "eager"
        try:
            with torch.no_grad():
                logits = model(inputs_embeds=fed, use_cache=False).logits[0, n - 1 :].float()
        except Exception as e:
            raise ModelError(f"The language model of {self.name} must run from embeddings: {type(e).__name__}: {e}") from e
        finally:
            config._attn_implementation = before
        expected = float(nn.functional.cross_entropy(logits, self._ints(answer)))
        # Beside a shorter prompt, and with a longer choice before it: padding, masks and positions count.
        embeds = torch.stack([fed[0, :n], fed[0, :n]])
        scores = self.score(embeds, [n - 3, n], [[answer[:2]], [answer + answer, answer]])
        room = (1e-3 if self.torch_dtype == torch.float32 else 0.05) * max(1.0, abs(expected))
        for what, found in (("loss", self.probe.loss), ("score", -scores[1][1] / len(answer))):
            if not abs(found - expected) <= room:
                raise ModelError(
                    f"The language model of {self.name} must be one whose logits are its output layer's and whose attention is"
                    f" plain: its {what} of the probe is {found:.6g} here and {expected:.6g} in transformers. Take a model of"
                    " another family, or a dtype in which it runs."
                )

    def _spread(self, count: int, start: int) -> list[int]:
        ids = ((start + 7919 * i) % self.vocabulary for i in range(count))
        return [0 if i == self.image_token else i for i in ids]


def _places(
    lengths: Sequence[int], choices: Sequence[Sequence[Ids]], tokens: int, width: int
) -> tuple[list[int], list[int]]:
    """Rows of (B·width) that predict the choices' tokens, and those: the first by the prompt's last, the others behind T."""
    rows: list[int] = []
    targets: list[int] = []
    for b, sample in enumerate(choices):
        at = b * width + tokens
        for choice in sample:
            rows.append(b * width + lengths[b] - 1)
            rows += range(at, at + len(choice) - 1)
            at += len(choice) - 1
            targets += choice
    return rows, targets


def _wrap(layer: nn.Module, checkpointing: bool, compile: bool) -> None:
    """Lets a layer be recomputed on the way back, or compiled, where it runs without a cache."""
    layer.__dict__.pop("forward", None)  # of an earlier wrapping
    plain: Callable[..., Any] = layer.forward
    fast = torch.compile(plain, dynamic=True) if compile else plain
    if not checkpointing and not compile:
        return

    def forward(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("past_key_values") is not None or kwargs.get("cache") is not None:
            return plain(*args, **kwargs)
        if checkpointing and torch.is_grad_enabled():
            return checkpoint(fast, *args, use_reentrant=False, **kwargs)
        return fast(*args, **kwargs)

    layer.forward = forward
