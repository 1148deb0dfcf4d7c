"""The contract, llmgrad/1 and llmgrad/2, over named tensors, once, for every server: requests in, answers or refusals out.

A server passes on what the Open Inference Protocol carries and knows nothing of operations, masks or choices::

    contract = Contract(FrozenLlm.load(folder, "bfloat16", "cuda"), Limits(tokens=8192, message_bytes=256 << 20))
    contract.require_model(request.model_name)         # raises Refusal
    outputs = contract.infer(inputs, wanted)           # one request
    answers = contract.infer_many([(inputs, wanted)])  # several, joined into batches; a Refusal in the place of an answer

``read`` and ``answer`` are the two halves of ``infer_many``: a server may check a request when it arrives, answer a wrong
one or ``info`` at once, and queue the rest. All methods may be called from any thread; computing happens one batch at a time.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from fednano_gpu.batching import plan
from fednano_gpu.coded import Coded
from fednano_gpu.frozen_llm import FrozenLlm
from fednano_gpu.metadata import CONTRACT, Metadata, TensorMetadata, gradient_type, metadata
from fednano_gpu.reading import (
    PAD,
    VERSION,
    VERSION_2,
    Expected,
    Refusal,
    Request,
    Tensor,
    printable,
    read,
    require,
)
from fednano_gpu.store import FeatureStore

__all__ = ["CONTRACT", "Contract", "Limits", "Metadata", "Refusal", "Request", "Tensor", "TensorMetadata"]


# Requests are read where they lie, and never written.
warnings.filterwarnings("ignore", message="The given buffer is not writable")

_LOG = logging.getLogger("fednano_gpu")
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")


@dataclass(frozen=True)
class Limits:
    """What one request may hold: tokens, padding counted, and bytes of one message either way."""

    tokens: int
    message_bytes: int


class _Answer:
    """A request on its way: its embeddings on the device, and what batches have answered so far, row by row."""

    def __init__(self, request: Request) -> None:
        size = len(request.lengths)
        self.request = request
        self.refusal: Refusal | None = None
        self.embeds = torch.empty(0)  # (B, T, H)
        self.gradient = torch.empty(0)  # (B, T, H)
        self.losses = [0.0] * size
        self.scores: list[list[float]] = [[]] * size
        self.generated: list[list[int]] = [[]] * size

    def fail(self, refusal: Refusal) -> None:
        self.refusal = self.refusal or refusal


@dataclass(frozen=True)
class _Sample:
    """Row b of a request."""

    answer: _Answer
    b: int

    @property
    def length(self) -> int:
        return self.answer.request.lengths[self.b]

    @property
    def width(self) -> tuple[int, int]:
        request = self.answer.request
        if request.answers:
            return self.length + len(request.answers[self.b]) - 1, 0
        if request.choices:
            return self.length, sum(len(c) - 1 for c in request.choices[self.b])
        return self.length, request.max_new


class Contract:
    """One frozen LLM behind the contract."""

    def __init__(
        self, llm: FrozenLlm, limits: Limits, name: str = "frozen_llm", store: FeatureStore | None = None
    ) -> None:
        """``store`` is where features stay that travel once; without, the contract's first version alone."""
        self.name = name
        self.limits = limits
        self.store = store
        self._llm = llm
        self._gradients = gradient_type(llm.dtype)
        self._expected = Expected(
            llm.fingerprint,
            llm.dtype,
            llm.hidden,
            llm.vocabulary,
            llm.max_positions,
            limits.tokens,
            limits.message_bytes,
            store,
        )
        self._computing = threading.Lock()

    def metadata(self) -> Metadata:
        """Names, types and shapes of all tensors, as ModelMetadata gives them."""
        return metadata(self.name, self._llm.dtype, self._llm.hidden)

    def info(self) -> dict[str, Any]:
        """What ``out`` holds for ``info``."""
        llm = self._llm
        return {
            "v": VERSION,
            "fp": llm.fingerprint,
            "name": llm.name,
            "hidden": llm.hidden,
            "vocabulary": llm.vocabulary,
            "layers": llm.layers,
            "dtype": llm.dtype,
            "limits": {"tokens": self.limits.tokens, "message_bytes": self.limits.message_bytes},
            "probe": {"prompt": llm.probe.prompt, "answer": llm.probe.answer, "loss": llm.probe.loss},
            "versions": [VERSION] if self.store is None else [VERSION, VERSION_2],
        }

    def require_model(self, name: str) -> None:
        """Raises Refusal NO_MODEL if a request is for another model."""
        require(name == self.name, "NO_MODEL", "The model's name", self.name, printable(name))

    def require_bytes(self, size: int) -> None:
        """Raises Refusal TOO_LARGE if a message is larger than the limit."""
        most = self.limits.message_bytes
        require(size <= most, "TOO_LARGE", "A message's bytes must be within the limit", f"at most {most}", size)

    def read(self, inputs: Sequence[Tensor], wanted: Sequence[str]) -> Request:
        """Checks a request in the contract's order, computes nothing; raises Refusal."""
        return read(inputs, wanted, self._expected)

    def infer(self, inputs: Sequence[Tensor], wanted: Sequence[str]) -> list[Tensor]:
        """Answers one request; raises Refusal."""
        (answer,) = self.answer([self.read(inputs, wanted)])
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def infer_many(self, requests: Sequence[tuple[Sequence[Tensor], Sequence[str]]]) -> list[list[Tensor] | Refusal]:
        """Answers several requests, those of the same operation joined into batches by length, bounded by tokens."""
        found: list[Request | Refusal] = []
        for inputs, wanted in requests:
            try:
                found.append(self.read(inputs, wanted))
            except Refusal as e:
                found.append(e)
        answers = iter(self.answer([r for r in found if isinstance(r, Request)]))
        return [r if isinstance(r, Refusal) else next(answers) for r in found]

    def answer(self, requests: Sequence[Request]) -> list[list[Tensor] | Refusal]:
        """Answers requests that were read, joined into batches."""
        answers = [_Answer(request) for request in requests]
        together: dict[tuple[str, int], list[_Sample]] = {}
        for answer in answers:
            if answer.request.embeds is not None:
                self._guarded([answer], partial(self._take, answer))
            key = answer.request.op, answer.request.max_new
            together.setdefault(key, []).extend(_Sample(answer, b) for b in range(len(answer.request.lengths)))
        for samples in together.values():
            sound = [s for s in samples if s.answer.refusal is None]
            for batch in plan([s.width for s in sound], self.limits.tokens):
                self._run([sound[i] for i in batch])
        outputs: list[list[Tensor] | Refusal] = []
        for answer in answers:
            made: list[Tensor] = []
            if answer.refusal is None:
                self._guarded([answer], partial(self._tell, answer, made))
            outputs.append(answer.refusal or made)
        return outputs

    def _guarded(self, askers: Sequence[_Answer], work: Callable[[], None]) -> None:
        """Does work for requests; if it fails for a single one, that is its answer, else each must be tried alone."""
        failure = None
        try:
            work()
        except Exception as e:
            failure = _refusal(e)
        # Behind the handler: the failed call's frames, and the tensors in them, are gone only now.
        if failure is not None:
            if self._llm.device.type == "cuda":
                torch.cuda.empty_cache()
            if len(askers) == 1:
                askers[0].fail(failure)

    def _take(self, answer: _Answer) -> None:
        """Brings a request's embeddings to the device."""
        sent, coded = answer.request.embeds, answer.request.coded
        assert sent is not None
        if coded is None:
            embeds = torch.frombuffer(sent.data, dtype=self._llm.torch_dtype).view(sent.shape).to(self._llm.device)
        else:
            embeds = coded.embeddings(self._llm.torch_dtype, self._llm.device)
        for b in torch.isfinite(embeds).flatten(1).all(dim=1).logical_not().nonzero().flatten().tolist()[:1]:
            raise Refusal("NONFINITE_INPUT", f"Embeddings must be finite: they are not in sample {b}")
        answer.embeds = embeds
        if answer.request.op == "loss_grad":
            dtype = torch.float32 if self._gradients == "FP32" or coded is not None else torch.bfloat16
            answer.gradient = torch.zeros(embeds.shape, dtype=dtype, device=self._llm.device)

    def _run(self, batch: list[_Sample]) -> None:
        batch = [sample for sample in batch if sample.answer.refusal is None]
        askers = list({id(s.answer): s.answer for s in batch}.values())
        done: list[bool] = []
        if batch:
            self._guarded(askers, lambda: done.append(self._compute(batch)))
        if not done and len(askers) > 1:  # a batch that is too large, or one request's fault: neither is the others'
            for asker in askers:
                self._run([s for s in batch if s.answer is asker])

    def _compute(self, batch: list[_Sample]) -> bool:
        lengths = [s.length for s in batch]
        requests = [s.answer.request for s in batch]
        op = requests[0].op
        with self._computing:
            embeds = self._joined(batch, max(lengths))
            if op == "score":
                scores = self._llm.score(embeds, lengths, [s.answer.request.choices[s.b] for s in batch])
                for sample, found in zip(batch, scores, strict=True):
                    _require_finite(sample, all(map(math.isfinite, found)))
                    sample.answer.scores[sample.b] = found
            elif op == "generate":
                tokens = self._llm.generate(embeds, lengths, requests[0].max_new)
                for sample, ids in zip(batch, tokens, strict=True):
                    sample.answer.generated[sample.b] = ids
            else:
                self._losses(batch, embeds, lengths, op == "loss_grad")
        return True

    def _joined(self, batch: list[_Sample], tokens: int) -> torch.Tensor:
        """(B, T, H): the batch's prompts out of their requests."""
        first = batch[0].answer.embeds
        embeds = first.new_zeros(len(batch), tokens, first.shape[2])
        for row, sample in zip(embeds, batch, strict=True):
            row[: sample.length] = sample.answer.embeds[sample.b, : sample.length]
        return embeds

    def _losses(self, batch: list[_Sample], embeds: torch.Tensor, lengths: list[int], with_gradient: bool) -> None:
        answers = [s.answer.request.answers[s.b] for s in batch]
        if with_gradient:
            scales = [s.answer.request.grad_scale for s in batch]
            loss, gradient = self._llm.loss_grad(embeds, lengths, answers, scales)
            sound = torch.isfinite(loss) & torch.isfinite(gradient).flatten(1).all(dim=1)
            for row, sample in zip(gradient, batch, strict=True):
                sample.answer.gradient[sample.b, : sample.length] = row[: sample.length]
        else:
            loss = self._llm.loss(embeds, lengths, answers)
            sound = torch.isfinite(loss)
        for sample, value, finite in zip(batch, loss.tolist(), sound.tolist(), strict=True):
            _require_finite(sample, finite)
            sample.answer.losses[sample.b] = value

    def _tell(self, answer: _Answer, made: list[Tensor]) -> None:
        """Adds the answer's tensors that were asked for."""
        request = answer.request
        version = VERSION if request.coded is None and request.store_call is None else VERSION_2
        out = self.info() if request.op == "info" else {"v": version, "fp": self._llm.fingerprint}
        text = json.dumps(out).encode()
        made.append(Tensor("out", "BYTES", (1,), len(text).to_bytes(4, "little") + text))
        size = len(request.lengths)
        if request.store_call is not None:
            assert self.store is not None
            held = request.store_call.answer(self.store)
            if request.op != "drop":
                made.append(_numbers("held", "INT32", "<i4", held, len(held)))
        elif request.op == "embed":
            made.append(self._rows(request))
        elif request.op == "score":
            most = request.most_choices
            sums = [(row + [0.0] * most)[:most] for row in answer.scores]
            counts = [([len(c) for c in sample] + [0] * most)[:most] for sample in request.choices]
            made.append(_numbers("loglik", "FP32", "<f4", sums, size, most))
            made.append(_numbers("n_tokens", "INT32", "<i4", counts, size, most))
        elif request.op == "generate":
            longest = max(map(len, answer.generated))
            padded = [ids + [PAD] * (longest - len(ids)) for ids in answer.generated]
            made.append(_numbers("tokens", "INT32", "<i4", padded, size, longest))
        elif request.op in ("loss", "loss_grad"):
            made.append(_numbers("loss", "FP32", "<f4", answer.losses, size))
            made.append(_numbers("n_tokens", "INT32", "<i4", [len(a) for a in request.answers], size))
            if request.coded is not None and request.op == "loss_grad":
                made.extend(self._code_gradients(answer, request.coded))
            elif "grad" in request.wanted and request.op == "loss_grad":
                made.append(Tensor("grad", self._gradients, tuple(answer.gradient.shape), _bytes(answer.gradient)))
        made[:] = [t for t in made if t.name == "out" or t.name in request.wanted]

    def _code_gradients(self, answer: _Answer, coded: Coded) -> list[Tensor]:
        with self._computing:
            found = coded.gradients(answer.gradient)
        for name, values in found.items():
            if not bool(torch.isfinite(values).all()):
                raise Refusal("NONFINITE_OUTPUT", f"Gradients must be finite: {name} is not")
        return [Tensor(name, "FP32", tuple(values.shape), _bytes(values)) for name, values in found.items()]

    def _rows(self, request: Request) -> Tensor:
        assert request.ids is not None
        with self._computing:
            rows = self._llm.embed(request.ids.flatten().tolist())
        return Tensor("emb", self._llm.dtype, (*request.ids.shape, self._llm.hidden), _bytes(rows))


def _numbers(name: str, datatype: str, numpy_type: str, values: Any, *shape: int) -> Tensor:
    return Tensor(name, datatype, shape, np.array(values, dtype=numpy_type).tobytes())


def _bytes(tensor: torch.Tensor) -> bytes:
    raw = tensor.contiguous().flatten().view(torch.uint8)
    if raw.is_cuda:  # by way of memory that the device writes at full speed, and that is used again
        raw = torch.empty(raw.shape, dtype=torch.uint8, pin_memory=True).copy_(raw)
    return raw.numpy().tobytes()


def _require_finite(sample: _Sample, finite: bool) -> None:
    if not finite:
        which = f"they are not for sample {sample.b} of {len(sample.answer.request.lengths)}"
        sample.answer.fail(Refusal("NONFINITE_OUTPUT", f"Loss and gradient must be finite: {which}"))


def _refusal(e: Exception) -> Refusal:
    """What a caller is told of a failure. Foreign messages stay inside: they may hold a caller's values."""
    if isinstance(e, Refusal):
        return e
    text = str(e).lower()
    if isinstance(e, (MemoryError, torch.OutOfMemoryError)) or any(words in text for words in _NO_MEMORY):
        _LOG.warning("A request did not fit the memory")
        return Refusal("OOM", "The request did not fit the server's memory")
    _LOG.error("A request failed: %s\n%s", type(e).__name__, "".join(traceback.format_tb(e.__traceback__)))
    return Refusal("INTERNAL", f"The server failed ({type(e).__name__}); its log says more")
