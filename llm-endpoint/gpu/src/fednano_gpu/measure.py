"""Measures the frozen LLM on this machine: LLaMA shapes with random weights, no server, no model file.

    PYTHONPATH=llm-endpoint/gpu/src python3 -m fednano_gpu.measure --minutes 6 --out gpu.json

Prints Markdown as it goes and rewrites the JSON after each section. A section that fails says so, and the next one runs.
``--device cpu --size small`` takes seconds and says nothing but that it runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import math
import platform
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from fednano_gpu import attention
from fednano_gpu.contract import Contract, Limits, Refusal, Tensor
from fednano_gpu.frozen_llm import NAMES, FrozenLlm
from fednano_gpu.loading import Parts

ANSWER = 8

Llama: Any = LlamaForCausalLM


@dataclasses.dataclass(frozen=True)
class Size:
    """Shapes of the model, and what is asked of it."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    vocabulary: int
    lengths: tuple[int, ...]
    requests: tuple[int, ...]  # tokens
    main: tuple[int, int]  # (B, S)
    short: tuple[tuple[int, int], ...]  # (B, S) of requests so small that launching kernels may count
    consecutive: int
    square: int  # of the product that is the ceiling
    too_many: tuple[int, int]  # (B, S) that no memory holds

    def flops(self, size: int, length: int) -> float:
        """Of loss_grad: products of the layers forward and back to their inputs, attention's causal half, the answers' logits.

        Attention's way back takes four products to the two of its way forward; what a kernel computes again is not counted.
        """
        linear = 2 * self.layers * (4 * self.hidden**2 + 3 * self.hidden * self.intermediate) * size * length
        attention = 2 * self.layers * self.hidden * size * length**2
        head = 2 * self.hidden * self.vocabulary * size * ANSWER
        return 2.0 * linear + 3.0 * attention + 2.0 * head

    def config(self) -> Any:
        return LlamaConfig(  # type: ignore[no-untyped-call]
            hidden_size=self.hidden,
            intermediate_size=self.intermediate,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.heads,
            vocab_size=self.vocabulary,
            max_position_embeddings=4096,
            tie_word_embeddings=False,
        )


SIZES = {
    "7b": Size(
        4096, 11008, 32, 32, 32000,
        lengths=(128, 256, 512, 1024, 2048),
        requests=(1024, 4096, 8192, 16384),
        main=(16, 512),
        short=((8, 128), (2, 512)),
        consecutive=100,
        square=8192,
        too_many=(64, 2048),
    ),
    "100m": Size(
        768, 2048, 14, 12, 8192,
        lengths=(128, 512),
        requests=(512, 1024),
        main=(2, 512),
        short=((1, 128),),
        consecutive=10,
        square=2048,
        too_many=(0, 0),
    ),
    "small": Size(
        64, 172, 2, 4, 512,
        lengths=(16, 32),
        requests=(32, 64),
        main=(4, 16),
        short=((1, 16),),
        consecutive=5,
        square=256,
        too_many=(0, 0),
    ),
}  # fmt: skip


class LeftOut(Exception):
    """A section that is not for this machine, or for which no time is left."""


class Meter:
    """The clock, the memory, and what was found so far."""

    def __init__(self, device: torch.device, minutes: float, out: Path | None, pace: float = 1) -> None:
        self.device = device
        self.cuda = device.type == "cuda"
        self.began = time.monotonic()
        self.ends = self.began + 60 * minutes
        self.out = out
        self.pace = pace  # below 1: every row takes its part of the time
        self.found: dict[str, Any] = {}

    def left(self) -> float:
        """Seconds until the end."""
        return self.ends - time.monotonic()

    def synchronize(self) -> None:
        if self.cuda:
            torch.cuda.synchronize(self.device)

    def free(self) -> None:
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> float:
        """GB that tensors took at most since ``free``."""
        return torch.cuda.max_memory_allocated(self.device) / 1e9 if self.cuda else 0.0

    def allocated(self) -> float:
        return torch.cuda.memory_allocated(self.device) / 1e9 if self.cuda else 0.0

    def seconds(self, work: Callable[[], Any], most: float, least: int = 3, warm: int = 1) -> dict[str, float]:
        """Median, minimum and maximum seconds of some work, repeated for at most so many seconds."""
        for _ in range(warm):
            work()
        self.synchronize()
        times: list[float] = []
        begun = time.perf_counter()
        while len(times) < least or (time.perf_counter() - begun < most and len(times) < 50):
            start = time.perf_counter()
            work()
            self.synchronize()
            times.append(time.perf_counter() - start)
            if self.left() < 0:
                break
        return {"median": statistics.median(times), "min": min(times), "max": max(times), "runs": len(times)}

    def section(self, name: str, work: Callable[[dict[str, Any]], None], needs: float = 0) -> None:
        """Runs one section; a failure is a finding, and a section without enough time is left out."""
        found: dict[str, Any] = {}
        self.found[name] = found
        start = time.monotonic()
        self.say(f"\n## {name}\n")
        if self.left() < needs:
            found["failed"] = f"left out: it takes some {needs:.0f} s, {self.left():.0f} s are left"
        else:
            try:
                work(found)
            except Exception as e:
                found["failed"] = f"{type(e).__name__}: {str(e).strip()[:400]}"
                if not isinstance(e, LeftOut):
                    traceback.print_exc(file=sys.stdout)
        if "failed" in found:
            self.say(f"failed: {found['failed']}")
        self.free()
        found["section_seconds"] = round(time.monotonic() - start, 1)
        self.write()

    def say(self, text: str) -> None:
        print(text, flush=True)

    def write(self) -> None:
        if self.out is not None:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self.out.write_text(json.dumps(self.found, indent=1) + "\n")


def build(size: Size, dtype: torch.dtype, device: torch.device, seed: int = 1) -> Any:
    """A model with random weights, made on the device in its dtype."""
    torch.manual_seed(seed)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            config = size.config()
            config._attn_implementation = attention.NAME
            return Llama(config)
    finally:
        torch.set_default_dtype(before)


def frozen(model: Any, checkpointing: bool = False, compile: bool | None = None) -> FrozenLlm:
    """The model as the endpoint has it."""
    parts = Parts(
        "random", "0" * 64, model.model, model.lm_head, model.get_input_embeddings(), frozenset({2}), image_token=-1
    )
    return FrozenLlm(parts, checkpointing, compile)


@dataclasses.dataclass(frozen=True)
class Question:
    """A request's values: prompts as embeddings, answers as ids."""

    embeds: torch.Tensor  # (B, T, H)
    lengths: list[int]
    answers: list[list[int]]


def question(llm: FrozenLlm, size: int, length: int, seed: int = 0) -> Question:
    """Prompts of random tokens; prompt and answer inputs take length tokens."""
    generator = torch.Generator().manual_seed(seed)
    prompt = length - ANSWER + 1
    ids = torch.randint(3, llm.vocabulary, (size, prompt), generator=generator)
    answers = torch.randint(3, llm.vocabulary, (size, ANSWER), generator=generator).tolist()
    return Question(llm.embed(ids.flatten().tolist()).view(size, prompt, llm.hidden).clone(), [prompt] * size, answers)


def loss_grad(llm: FrozenLlm, q: Question) -> Callable[[], Any]:
    scales = [1024.0] * len(q.lengths)
    return lambda: llm.loss_grad(q.embeds, q.lengths, q.answers, scales)


def tensor(name: str, values: torch.Tensor) -> Tensor:
    values = values.contiguous()
    kind = {**NAMES, torch.int32: "INT32"}[values.dtype]
    return Tensor(name, kind, tuple(values.shape), values.cpu().view(torch.uint8).numpy().tobytes())


def request(llm: FrozenLlm, q: Question, op: str = "loss_grad") -> tuple[list[Tensor], list[str]]:
    """The question as a server passes it on."""
    control = json.dumps({"v": 1, "op": op, "fp": llm.fingerprint, "grad_scale": 1024}).encode()
    mask = torch.zeros(q.embeds.shape[:2], dtype=torch.int32)
    for row, length in zip(mask, q.lengths, strict=True):
        row[:length] = 1
    answers = torch.tensor(q.answers, dtype=torch.int32)
    ctl = Tensor("ctl", "BYTES", (1,), len(control).to_bytes(4, "little") + control)
    return [ctl, tensor("embeds", q.embeds), tensor("mask", mask), tensor("answers", answers)], []


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """|found - expected| / |expected|."""
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def slope(llm: FrozenLlm, q: Question, directions: int = 8, steps: int = 10, seed: int = 4) -> float:
    """How far the gradient is off the loss's central finite differences, as the project's hand-shake measures it.

    Over several directions and step sizes; the step is the one whose quotient agrees best with that of half of it.
    """
    generator = torch.Generator().manual_seed(seed)
    _, gradient = llm.loss_grad(q.embeds, q.lengths, q.answers, [1024.0] * len(q.lengths))
    gradient = gradient.double().cpu() / 1024
    x = q.embeds.float().cpu()
    real = torch.arange(x.shape[1])[None, :, None] < torch.tensor(q.lengths)[:, None, None]
    measured, predicted = torch.zeros(steps, directions, len(x)), torch.zeros(steps, directions, len(x))
    counts = real.sum(dim=(1, 2)) * x.shape[2]
    rms = ((x * real).square().sum(dim=(1, 2)) / counts).sqrt()
    for k in range(directions):
        way = (torch.randint(0, 2, x.shape, generator=generator) * 2 - 1) * real * rms[:, None, None]
        for step in range(steps):
            forth, back = ((x + sign * 2.0**-step * way).to(q.embeds.dtype) for sign in (1, -1))
            both = torch.cat([forth, back]).to(llm.device)
            losses = llm.loss(both, q.lengths * 2, q.answers * 2).double().cpu()
            measured[step, k] = (losses[: len(x)] - losses[len(x) :]) * 2**step
            predicted[step, k] = ((forth.double() - back.double()) * gradient).sum(dim=(1, 2)) * 2**step
    moved = [float((measured[s] - measured[s + 1]).norm() / measured[s + 1].norm()) for s in range(steps - 1)]
    best = min(range(steps - 1), key=lambda s: moved[s]) + 1
    m, p = measured[best].flatten().double(), predicted[best].flatten().double()
    return max(abs(1 - float(m @ p / (p @ p))), abs(1 - float(m @ p / (m @ m))))


class Measurement:
    """The sections."""

    def __init__(self, meter: Meter, size: Size, dtype: torch.dtype) -> None:
        self.meter = meter
        self.size = size
        self.dtype = dtype
        self.ceiling = math.nan  # FLOP/s

    def machine(self, found: dict[str, Any]) -> None:
        found["torch"] = torch.__version__
        found["transformers"] = transformers.__version__
        found["python"] = platform.python_version()
        found["device"] = torch.cuda.get_device_name(self.meter.device) if self.meter.cuda else platform.processor()
        found["threads"] = torch.get_num_threads()
        self.meter.say(", ".join(f"{name} {value}" for name, value in found.items()))

    def products(self, found: dict[str, Any]) -> None:
        """The ceiling: the largest of a square product and those of the model's own shapes."""
        s, tokens = self.size, self.size.main[0] * self.size.main[1]
        shapes = [
            (s.square, s.square, s.square),
            (tokens, s.hidden, s.hidden),
            (tokens, s.hidden, s.intermediate),
            (tokens, s.intermediate, s.hidden),
        ]
        self.meter.say("| product | TFLOP/s |\n| --- | --- |")
        for m, k, n in shapes:
            a = torch.randn(m, k, device=self.meter.device, dtype=self.dtype)
            b = torch.randn(n, k, device=self.meter.device, dtype=self.dtype)

            def work(a: torch.Tensor = a, b: torch.Tensor = b) -> None:
                for _ in range(10):
                    nn.functional.linear(a, b)

            seconds = self.meter.seconds(work, most=1.5, warm=2)["median"] / 10
            found[f"{m} x {k} x {n}"] = 2.0 * m * k * n / seconds
            self.meter.say(f"| {m} × {k} × {n} | {2e-12 * m * k * n / seconds:.1f} |")
        self.ceiling = max(v for v in found.values() if isinstance(v, float))
        found["ceiling"] = self.ceiling

    def accuracy(self, found: dict[str, Any]) -> None:
        """A small model in half precision against itself in float32, and the hand-shake's own probe."""
        # A CPU is slow in half precision.
        small = SIZES["small"]
        if self.meter.cuda:
            small = dataclasses.replace(small, layers=4, hidden=512, intermediate=1376, heads=8, vocabulary=8192)
        self.meter.say("| dtype | loss, relative | gradient, relative | finite differences |\n| --- | --- | --- | --- |")
        for dtype, compile in ((torch.bfloat16, False), (torch.float16, False), (torch.bfloat16, None)):
            if compile is None and not self.meter.cuda:
                break
            half = build(small, dtype, self.meter.device)
            full = build(small, torch.float32, self.meter.device)
            full.load_state_dict({name: value.float() for name, value in half.state_dict().items()})
            llm, reference = frozen(half, compile=compile), frozen(full, compile=False)
            name = llm.dtype + (", compiled" if llm.compiled else "")
            q = question(llm, 3, 40)
            loss, gradient = llm.loss_grad(q.embeds, q.lengths, q.answers, [1024.0] * 3)
            exact = dataclasses.replace(q, embeds=q.embeds.float())
            expected_loss, expected = reference.loss_grad(exact.embeds, q.lengths, q.answers, [1024.0] * 3)
            row = relative(loss, expected_loss), relative(gradient, expected), slope(llm, q, *(() if self.meter.cuda else (2, 4)))
            found[name] = dict(zip(("loss", "gradient", "slope"), row, strict=True))
            found[name]["within the hand-shake's limits"] = row[0] <= 0.02 and row[2] <= 0.2
            self.meter.say(f"| {name} | {row[0]:.2g} | {row[1]:.2g} | {100 * row[2]:.2g} % off |")

    def model(self, found: dict[str, Any]) -> Any:
        model = build(self.size, self.dtype, self.meter.device)
        found["parameters"] = sum(p.numel() for p in model.parameters())
        found["weights_gb"] = sum(p.numel() * p.element_size() for p in model.parameters()) / 1e9
        self.meter.say(f"{found['parameters']:,} parameters, {found['weights_gb']:.1f} GB")
        return model

    def row(self, work: Callable[[], Any], size: int, length: int, most: float) -> dict[str, float]:
        """Tokens per second and share of the ceiling of one kind of request; raises what the request raises."""
        self.meter.free()
        seconds = self.meter.seconds(work, most)
        flops = self.size.flops(size, length)
        return {
            "samples": size,
            "length": length,
            **seconds,
            "tokens_per_second": size * length / seconds["median"],
            "gflop_per_token": flops / size / length / 1e9,
            "share": flops / seconds["median"] / self.ceiling,
            "peak_gb": self.meter.peak(),
        }

    HEAD = (
        "| {} | B × S | tokens/s | ms, median (min to max) | of the ceiling | peak, GB |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )

    def told(self, what: str, r: dict[str, float]) -> str:
        times = f"{1e3 * r['median']:.1f} ({1e3 * r['min']:.1f} to {1e3 * r['max']:.1f})"
        shape = f"{r['samples']} × {r['length']}"
        return f"| {what} | {shape} | {r['tokens_per_second']:,.0f} | {times} | {100 * r['share']:.1f} % | {r['peak_gb']:.1f} |"

    def rows(self, found: dict[str, Any], what: str, llm: FrozenLlm, shapes: Sequence[tuple[int, int]], most: float) -> None:
        for size, length in shapes:
            if self.meter.left() < 10:
                raise LeftOut("the rest is left out")
            try:
                r = self.row(loss_grad(llm, question(llm, size, length)), size, length, most)
                text = self.told(what, r)
            except torch.OutOfMemoryError:
                r = {"samples": size, "length": length}
                text = f"| {what} | {size} × {length} | out of memory | | | |"
            found[f"{what} {size} x {length}"] = r
            self.meter.say(text)
            self.meter.write()

    def main(self, found: dict[str, Any], model: Any) -> None:
        """As the endpoint has it by default, and with torch.compile off."""
        self.meter.say(self.HEAD.format("loss_grad"))
        shapes = [self.size.main, *self.size.short]
        self.rows(found, "plain", frozen(model, compile=False), shapes, most=4)
        start = time.perf_counter()
        llm = frozen(model)
        found["loading_seconds"], found["compiled"] = time.perf_counter() - start, llm.compiled
        if llm.compiled:
            self.rows(found, "compiled", llm, shapes, most=4)
            self.meter.say(f"\ncompiled in {found['loading_seconds']:.0f} s")

    def grid(self, found: dict[str, Any], model: Any) -> None:
        llm = frozen(model)
        gflop = self.size.flops(*self.size.main) / math.prod(self.size.main) / 1e9
        self.meter.say(f"{gflop:.1f} GFLOP a token at the main size\n")
        self.meter.say(self.HEAD.format("loss_grad"))
        shapes = [(n // length, length) for n in self.size.requests for length in self.size.lengths if n >= length]
        self.rows(found, told(llm), llm, shapes, most=1.5)

    def consecutive(self, found: dict[str, Any], model: Any) -> None:
        llm = frozen(model)
        contract = Contract(llm, Limits(2 * math.prod(self.size.main), 1 << 30))
        asked = request(llm, question(llm, *self.size.main))
        memory, peaks, first = [], [], b""
        for i in range(self.size.consecutive):
            if self.meter.cuda:
                torch.cuda.reset_peak_memory_stats(self.meter.device)
            answer = {t.name: t.data for t in contract.infer(*asked)}
            first = first or answer["loss"]
            found["same_loss"] = found.get("same_loss", True) and answer["loss"] == first
            memory.append(self.meter.allocated())
            peaks.append(self.meter.peak())
            if i and self.meter.left() < 15:
                break
        found.update(requests=len(memory), allocated_gb=[memory[0], memory[-1]], peak_gb=[peaks[0], max(peaks)])
        found["resident_gb"] = resident()
        self.meter.say(
            f"{len(memory)} requests of {self.size.main[0]} × {self.size.main[1]}: tensors {memory[0]:.3f} GB after the first,"
            f" {memory[-1]:.3f} GB after the last; peak {peaks[0]:.3f} GB in the first, at most {max(peaks):.3f} GB;"
            f" the same losses: {found['same_loss']}"
        )

    def joined(self, found: dict[str, Any], model: Any) -> None:
        llm = frozen(model)
        length = self.size.main[1]
        contract = Contract(llm, Limits(16 * length, 1 << 30))
        one = [request(llm, question(llm, 16, length))]
        eight = [request(llm, question(llm, 2, length, seed)) for seed in range(8)]
        rows: dict[str, list[float]] = {"eight joined": [], "one": [], "eight alone": []}
        ways: dict[str, Callable[[], Any]] = {
            "eight joined": lambda: contract.infer_many(eight),
            "one": lambda: contract.infer_many(one),
            "eight alone": lambda: [contract.infer(*r) for r in eight],
        }
        for way in ways.values():
            way()
        for turn in range(9):
            for name in list(ways) if turn % 2 else reversed(ways):
                start = time.perf_counter()
                answers = ways[name]()
                self.meter.synchronize()
                rows[name].append(time.perf_counter() - start)
                for answer in answers:
                    if isinstance(answer, Refusal):
                        raise answer
            if self.meter.left() < 10:
                break
        self.meter.say("| from bytes to bytes | tokens/s | of one client's |\n| --- | --- | --- |")
        for name, times in rows.items():
            ratio = statistics.median(o / t for o, t in zip(rows["one"], times, strict=True))
            rate = 16 * length / statistics.median(times)
            found[name] = {"tokens_per_second": rate, "of_one": ratio, "turns": len(times)}
            self.meter.say(f"| {name} | {rate:,.0f} | {100 * ratio:.1f} % |")

    def checkpointing(self, found: dict[str, Any], model: Any) -> None:
        self.meter.say(self.HEAD.format("loss_grad"))
        largest = self.size.requests[-1] // self.size.main[1], self.size.main[1]
        llm = frozen(model, checkpointing=True)
        self.rows(found, told(llm) + ", checkpointing", llm, [self.size.main, largest], most=3)

    def kernels(self, found: dict[str, Any], model: Any) -> None:
        """Which kernels run, the attention's among them."""
        llm = frozen(model)
        q = question(llm, *self.size.main)
        work = loss_grad(llm, q)
        work()
        kinds = [torch.profiler.ProfilerActivity.CUDA if self.meter.cuda else torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile(activities=kinds) as profile:
            work()
            self.meter.synchronize()
        times = [(e.key, getattr(e, "self_device_time_total" if self.meter.cuda else "self_cpu_time_total"), e.count)
                 for e in profile.key_averages()]  # fmt: skip
        times.sort(key=lambda row: -row[1])
        whole = sum(t for _, t, _ in times) or 1
        found["top"] = [{"kernel": k[:150], "share": t / whole, "count": c} for k, t, c in times[:25]]
        found["all_ms"] = whole / 1e3
        self.meter.say(f"{whole / 1e3:.1f} ms in all\n\n| kernel | share | calls |\n| --- | --- | --- |")
        for key, t, count in times[:16]:
            self.meter.say(f"| {key[:90].replace('|', '/')} | {100 * t / whole:.1f} % | {count} |")

    def flash(self, found: dict[str, Any], model: Any) -> None:
        """Whether the flash kernel takes what the model asks."""
        from torch.nn.attention import SDPBackend, sdpa_kernel

        llm = frozen(model, compile=False)
        q = question(llm, *self.size.main)
        _, gradient = loss_grad(llm, q)()
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            _, other = loss_grad(llm, q)()
        found["taken"] = True
        found["gradient_apart"] = relative(other, gradient)
        self.meter.say(f"taken when it alone is allowed; gradient {found['gradient_apart']:.2g} from the default choice's")

    def too_many(self, found: dict[str, Any], model: Any) -> None:
        size, length = self.size.too_many
        if not (self.meter.cuda and size):
            raise LeftOut("left out: no GPU")
        llm = frozen(model)
        contract = Contract(llm, Limits(size * length, 1 << 40))
        right = request(llm, question(llm, *self.size.main))
        before = contract.infer(*right)
        memory = self.meter.allocated()
        refusal = contract.infer_many([request(llm, question(llm, size, length))])[0]
        found["reason"] = refusal.reason if isinstance(refusal, Refusal) else "answered"
        found["allocated_gb"] = [memory, self.meter.allocated()]
        after = contract.infer(*right)
        found["same_answer"] = [t.data for t in before] == [t.data for t in after]
        self.meter.say(
            f"{size} × {length}: {found['reason']}; tensors {memory:.3f} GB before, {found['allocated_gb'][1]:.3f} GB after;"
            f" a sound request is answered as before: {found['same_answer']}"
        )

    def scores(self, found: dict[str, Any], model: Any) -> None:
        llm = frozen(model)
        size, length = self.size.main
        q = question(llm, size, length)
        choices = [[answer, answer[:5], answer[::-1], answer[:2]] for answer in q.answers]
        ways: dict[str, Callable[[], Any]] = {
            "loss": lambda: llm.loss(q.embeds, q.lengths, q.answers),
            "score of 4 choices": lambda: llm.score(q.embeds, q.lengths, choices),
            "generate of 8 tokens": lambda: llm.generate(q.embeds, q.lengths, 8),
        }
        self.meter.say(f"| {size} × {length} | ms |\n| --- | --- |")
        for name, way in ways.items():
            found[name] = self.meter.seconds(way, most=1.5)
            self.meter.say(f"| {name} | {1e3 * found[name]['median']:.1f} |")

    def against_float32(self, found: dict[str, Any], model: Any) -> None:
        """The large model itself in float32, with the same values."""
        q = question(frozen(model, compile=False), 2, min(256, self.size.lengths[-1]))
        answers = {"plain": loss_grad(frozen(model, compile=False), q)(), told(llm := frozen(model)): loss_grad(llm, q)()}
        reference = frozen(model.float(), compile=False)  # in place: the last section
        expected_loss, expected = loss_grad(reference, dataclasses.replace(q, embeds=q.embeds.float()))()
        self.meter.say("| | loss, relative | gradient, relative |\n| --- | --- | --- |")
        for name, (loss, gradient) in answers.items():
            found[name] = {"loss": relative(loss, expected_loss), "gradient": relative(gradient, expected)}
            self.meter.say(f"| {name} | {found[name]['loss']:.2g} | {found[name]['gradient']:.2g} |")


def told(llm: FrozenLlm) -> str:
    return "compiled" if llm.compiled else "plain"


def resident() -> float:
    """GB of this process's memory outside the GPU."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1e6
    return 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--size", choices=list(SIZES), default="7b")
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--out", type=Path)
    o = parser.parse_args(arguments)
    device = torch.device(o.device)
    meter = Meter(device, o.minutes, o.out, pace=0.02 if o.size == "small" else 1)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    m = Measurement(meter, SIZES[o.size], dtype)
    meter.say(f"# loss_grad on {device.type}, LLaMA shapes {o.size}, {dtype}")
    meter.section("machine", m.machine)
    meter.section("ceiling of matrix products", m.products)
    meter.section("half precision against float32, small model", m.accuracy)
    model: list[Any] = []
    meter.section("model", lambda found: model.append(m.model(found)))
    sections: list[tuple[str, Callable[[dict[str, Any], Any], None], float]] = [
        ("the main request", m.main, 0),
        ("flash attention", m.flash, 10),
        ("lengths and sizes of requests", m.grid, 30),
        ("eight clients with batches of 2, joined, to one client with batches of 16", m.joined, 25),
        ("gradient checkpointing", m.checkpointing, 20),
        ("consecutive full requests", m.consecutive, 20),
        ("where the time goes", m.kernels, 20),
        ("loss, score and generate", m.scores, 15),
        ("more than the memory holds", m.too_many, 20),
        ("the same weights in float32", m.against_float32, 25),
    ]
    for name, work, needs in sections if model else []:
        meter.section(name, partial(call, work, model[0]), needs if meter.cuda else 0)
    meter.say(f"\n{time.monotonic() - meter.began:.0f} s in all")
    meter.found["seconds"] = time.monotonic() - meter.began
    meter.write()


def call(work: Callable[[dict[str, Any], Any], None], model: Any, found: dict[str, Any]) -> None:
    work(found, model)


if __name__ == "__main__":
    main()
