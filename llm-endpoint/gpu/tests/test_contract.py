"""The contract over a real model: answers, refusals with their reasons in their order, and requests joined into batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fednano_gpu.contract import Contract, Limits, Refusal, Tensor
from fednano_gpu.frozen_llm import FrozenLlm

NANO = Path(__file__).resolve().parents[3] / "conf" / "models" / "nano-llava"
LLM = FrozenLlm.load(NANO, "float32", "cpu")
CONTRACT = Contract(LLM, Limits(tokens=256, message_bytes=1 << 20))
H = LLM.hidden


def text(name: str, value: str) -> Tensor:
    raw = value.encode()
    return Tensor(name, "BYTES", (1,), len(raw).to_bytes(4, "little") + raw)


def ctl(**fields: Any) -> Tensor:
    return text("ctl", json.dumps({"v": 1, "fp": LLM.fingerprint, **fields}))


def ints(name: str, values: Any) -> Tensor:
    array = np.array(values, "<i4")
    return Tensor(name, "INT32", array.shape, array.tobytes())


def floats(name: str, values: Any, datatype: str = "FP32") -> Tensor:
    array = np.array(values, "<f4" if datatype == "FP32" else "<f2")
    return Tensor(name, datatype, array.shape, array.tobytes())


def prompts(*lengths: int, seed: int = 1, tokens: int = 0) -> list[Tensor]:
    values = np.random.default_rng(seed).standard_normal((len(lengths), tokens or max(lengths), H)).astype(np.float32)
    mask = [[int(t < n) for t in range(values.shape[1])] for n in lengths]
    return [floats("embeds", values), ints("mask", mask)]


def changed(inputs: Sequence[Tensor], *others: Tensor) -> list[Tensor]:
    return [*others, *(t for t in inputs if t.name not in {o.name for o in others})]


RIGHT = [ctl(op="loss_grad"), *prompts(4, 2), ints("answers", [[5, 6, -1], [7, 8, 9]])]
EMBED = [ctl(op="embed"), ints("ids", [[5, 6, -1], [7, -1, -1]])]
SCORE = [ctl(op="score"), *prompts(4, 2), ints("choices", [[[5, 6], [7, -1]], [[8, 9], [-1, -1]]])]
GENERATE = [ctl(op="generate", max_new=3), *prompts(4, 2)]
INFO = [text("ctl", '{"v": 1, "op": "info"}')]


def values(answer: list[Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    types = {"INT32": "<i4", "FP32": "<f4"}
    return {t.name: np.frombuffer(t.data, types[t.datatype]).reshape(t.shape) for t in answer if t.name != "out"}


def reason(inputs: Sequence[Tensor], wanted: Sequence[str] = (), contract: Contract = CONTRACT) -> str:
    with pytest.raises(Refusal) as refused:
        contract.infer(inputs, wanted)
    assert str(refused.value).startswith(f"LLMGRAD:{refused.value.reason} ")
    return refused.value.reason


def test_info_describes_the_model() -> None:
    (out,) = CONTRACT.infer(INFO, [])
    said = json.loads(out.data[4:])
    assert (said["v"], said["fp"], said["hidden"], said["dtype"]) == (1, LLM.fingerprint, H, "FP32")
    assert said["limits"] == {"tokens": 256, "message_bytes": 1 << 20}
    probe = said["probe"]
    embeds = LLM.embed(probe["prompt"])[None]
    assert LLM.loss(embeds, [8], [probe["answer"]])[0].item() == pytest.approx(probe["loss"], rel=1e-6)


def test_every_operation_answers_with_its_tensors() -> None:
    def shapes(inputs: Sequence[Tensor], *wanted: str) -> dict[str, tuple[str, tuple[int, ...]]]:
        answer = CONTRACT.infer(inputs, wanted)
        assert json.loads(answer[0].data[4:])["fp"] == LLM.fingerprint
        return {t.name: (t.datatype, t.shape) for t in answer[1:]}

    assert shapes(EMBED) == {"emb": ("FP32", (2, 3, H))}
    loss = {"loss": ("FP32", (2,)), "n_tokens": ("INT32", (2,))}
    assert shapes(changed(RIGHT, ctl(op="loss"))) == loss
    assert shapes(RIGHT) == {**loss, "grad": ("FP32", (2, 4, H))}
    assert shapes(RIGHT, "loss", "out") == {"loss": ("FP32", (2,))}
    assert shapes(SCORE) == {"loglik": ("FP32", (2, 2)), "n_tokens": ("INT32", (2, 2))}
    (tokens,) = shapes(GENERATE).values()
    assert tokens[0] == "INT32" and tokens[1][0] == 2 and tokens[1][1] <= 3


def test_score_is_minus_the_loss_times_its_tokens_and_zero_for_absent_choices() -> None:
    found = values(CONTRACT.infer(SCORE, []))
    assert found["n_tokens"].tolist() == [[2, 1], [2, 0]]
    losses = values(CONTRACT.infer(changed(SCORE, ctl(op="loss"), ints("answers", [[5, 6], [8, 9]])), []))["loss"]
    assert found["loglik"][:, 0] == pytest.approx(-2 * losses, rel=1e-4)
    assert found["loglik"][1, 1] == 0


def test_grad_scale_multiplies_the_gradient_and_padding_has_none() -> None:
    plain = values(CONTRACT.infer(RIGHT, []))["grad"]
    scaled = values(CONTRACT.infer(changed(RIGHT, ctl(op="loss_grad", grad_scale=4096)), []))["grad"]
    assert np.array_equal(scaled, 4096 * plain)
    assert plain[1, :2].any() and not plain[1, 2:].any()


BAD: dict[str, tuple[str, list[Tensor]]] = {
    "no ctl": ("BAD_REQUEST", RIGHT[1:]),
    "ctl is no JSON": ("BAD_REQUEST", changed(RIGHT, text("ctl", "{"))),
    "ctl is a list": ("BAD_REQUEST", changed(RIGHT, text("ctl", "[]"))),
    "ctl has a field twice": ("BAD_REQUEST", changed(RIGHT, text("ctl", '{"v": 1, "v": 1, "op": "info"}'))),
    "ctl holds NaN": ("BAD_REQUEST", changed(RIGHT, text("ctl", '{"v": NaN}'))),
    "ctl is nested deeply": ("BAD_REQUEST", changed(RIGHT, text("ctl", "[" * 30000))),
    "ctl is long": ("BAD_REQUEST", changed(RIGHT, text("ctl", '{"v": 1}' + " " * (1 << 16)))),
    "ctl is another type": ("BAD_REQUEST", changed(RIGHT, ints("ctl", [1]))),
    "ctl lies about its length": ("BAD_REQUEST", changed(RIGHT, Tensor("ctl", "BYTES", (1,), b"\x09\0\0\0{}"))),
    "ctl is shorter than a length": ("BAD_REQUEST", changed(RIGHT, Tensor("ctl", "BYTES", (1,), b"\0"))),
    "no version": ("VERSION", changed(RIGHT, text("ctl", "{}"))),
    "version 2, and all else wrong too": ("VERSION", [text("ctl", '{"v": 2, "op": 7}'), Tensor("x", "FP64", (1,), b"")]),
    "version true": ("VERSION", changed(RIGHT, text("ctl", '{"v": true}'))),
    "version 1.0": ("VERSION", changed(RIGHT, text("ctl", '{"v": 1.0}'))),
    "op is a number": ("BAD_REQUEST", changed(RIGHT, ctl(op=7))),
    "op is unknown, and fp is another": ("UNKNOWN_OP", changed(RIGHT, ctl(op="train", fp="0"))),
    "no fp": ("BAD_REQUEST", changed(RIGHT, text("ctl", '{"v": 1, "op": "loss"}'))),
    "fp is null": ("BAD_REQUEST", [text("ctl", '{"v": 1, "op": "info", "fp": null}')]),
    "another fp, and a type that is none": ("FINGERPRINT", [ctl(op="loss", fp="0"), Tensor("x", "FP64", (1,), b"")]),
    "info with another fp": ("FINGERPRINT", [ctl(op="info", fp="0")]),
    "a type that is none": ("BAD_REQUEST", [*RIGHT, Tensor("x", "FP64", (1,), b"12345678")]),
    "a tensor twice": ("BAD_REQUEST", [*RIGHT, RIGHT[2]]),
    "too few bytes": ("BAD_REQUEST", changed(RIGHT, Tensor("mask", "INT32", (2, 4), b"\0" * 31))),
    "a negative dimension": ("BAD_REQUEST", changed(RIGHT, Tensor("mask", "INT32", (-2, -4), b"\0" * 32))),
    "nine dimensions": ("BAD_REQUEST", changed(RIGHT, Tensor("mask", "INT32", (1,) * 9, b"\0" * 4))),
    "more elements than there are": ("BAD_REQUEST", [*RIGHT, Tensor("x", "FP32", (1 << 30, 1 << 30), b"")]),
    "no answers": ("BAD_REQUEST", RIGHT[:-1]),
    "answers are floats": ("BAD_REQUEST", changed(RIGHT, floats("answers", [[5.0], [6.0]]))),
    "embeds of another width": ("BAD_REQUEST", changed(RIGHT, floats("embeds", np.zeros((2, 4, H + 1))))),
    "embeds of another dtype": ("BAD_REQUEST", changed(RIGHT, floats("embeds", np.zeros((2, 4, H)), "FP16"))),
    "no samples": ("BAD_REQUEST", changed(RIGHT, floats("embeds", np.zeros((0, 4, H))))),
    "a mask of another shape": ("BAD_REQUEST", changed(RIGHT, ints("mask", [[1, 1, 1, 1]]))),
    "more answers than prompts": ("BAD_REQUEST", changed(RIGHT, ints("answers", [[5], [6], [7]]))),
    "an answer without tokens": ("BAD_REQUEST", changed(RIGHT, ints("answers", [[5, 6], [-1, -1]]))),
    "an id behind padding": ("BAD_REQUEST", changed(RIGHT, ints("answers", [[5, -1, 6], [7, 8, 9]]))),
    "answers of no width": ("BAD_REQUEST", changed(RIGHT, Tensor("answers", "INT32", (2, 0), b""))),
    "grad_scale 3": ("BAD_REQUEST", changed(RIGHT, ctl(op="loss_grad", grad_scale=3))),
    "grad_scale 0": ("BAD_REQUEST", changed(RIGHT, ctl(op="loss_grad", grad_scale=0))),
    "grad_scale true": ("BAD_REQUEST", changed(RIGHT, ctl(op="loss_grad", grad_scale=True))),
    "grad_scale a text": ("BAD_REQUEST", changed(RIGHT, ctl(op="loss_grad", grad_scale="1"))),
    "grad_scale beyond float32": ("BAD_REQUEST", changed(RIGHT, ctl(op="loss_grad", grad_scale=2**2000))),
    "max_new 0": ("BAD_REQUEST", changed(GENERATE, ctl(op="generate", max_new=0))),
    "no max_new": ("BAD_REQUEST", changed(GENERATE, ctl(op="generate"))),
    "a mask with a hole": ("MASK", changed(RIGHT, ints("mask", [[1, 0, 1, 0], [1, 1, 0, 0]]))),
    "a mask of twos": ("MASK", changed(RIGHT, ints("mask", [[2, 2, 2, 2], [1, 1, 0, 0]]))),
    "a mask without ones": ("MASK", changed(RIGHT, ints("mask", [[1, 1, 1, 1], [0, 0, 0, 0]]))),
    "an id behind the vocabulary": ("TOKEN_RANGE", changed(RIGHT, ints("answers", [[LLM.vocabulary], [5]]))),
    "an id of -2": ("TOKEN_RANGE", changed(RIGHT, ints("answers", [[-2], [5]]))),
    "an embedded id of -2": ("TOKEN_RANGE", changed(EMBED, ints("ids", [[-2]]))),
    "a choice's id behind the vocabulary": ("TOKEN_RANGE", changed(SCORE, ints("choices", [[[1 << 30]], [[5]]]))),
    "a sample without choices": ("CHOICE", changed(SCORE, ints("choices", [[[-1]], [[5]]]))),
    "an empty choice before another": ("CHOICE", changed(SCORE, ints("choices", [[[-1], [5]], [[5], [6]]]))),
    "no place for choices": ("CHOICE", changed(SCORE, Tensor("choices", "INT32", (2, 0, 3), b""))),
    "NaN": ("NONFINITE_INPUT", changed(RIGHT, floats("embeds", np.full((2, 4, H), np.nan)))),
    "infinity on padding": (
        "NONFINITE_INPUT",
        changed(RIGHT, floats("embeds", np.where(np.arange(8).reshape(2, 4, 1) == 7, np.inf, np.zeros((2, 4, H))))),
    ),
    "too many tokens in embeds, and a wrong mask": ("TOO_LARGE", changed(RIGHT, floats("embeds", np.zeros((257, 1, H))))),
    "too many with the answers": ("TOO_LARGE", changed(RIGHT, ints("answers", np.full((2, 126), 5)))),
    "too many with the choices": ("TOO_LARGE", changed(SCORE, ints("choices", np.full((2, 4, 33), 5)))),
    "too many to generate": ("TOO_LARGE", changed(GENERATE, ctl(op="generate", max_new=2**31 - 1))),
    "too many to embed": ("TOO_LARGE", changed(EMBED, ints("ids", np.full((1, 257), 5)))),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_has_its_reason(what: str) -> None:
    expected, inputs = BAD[what]
    assert reason(inputs) == expected


def test_longer_than_the_model_is_no_matter_of_halving() -> None:
    contract = Contract(LLM, Limits(1 << 20, 1 << 30))
    longest = ints("answers", np.full((2, LLM.max_positions), 5))
    assert reason(changed(RIGHT, longest), contract=contract) == "BAD_REQUEST"


def test_an_output_that_there_is_not_and_another_model_and_a_large_message() -> None:
    assert reason(RIGHT, ["loglik"]) == "BAD_REQUEST"
    with pytest.raises(Refusal, match="LLMGRAD:NO_MODEL") as refused:
        CONTRACT.require_model("another\n" * 100)
    assert refused.value.grpc_code == "NOT_FOUND" and len(str(refused.value)) < 200
    with pytest.raises(Refusal, match="LLMGRAD:TOO_LARGE"):
        CONTRACT.require_bytes((1 << 20) + 1)


def several(seeds: Sequence[int]) -> list[tuple[list[Tensor], list[str]]]:
    """Requests of all operations, and of different lengths and scales."""
    requests: list[tuple[list[Tensor], list[str]]] = []
    for seed in seeds:
        draw = np.random.default_rng(seed)
        lengths = [int(n) for n in draw.integers(1, 30, 2)]
        scale = 2 ** int(draw.integers(0, 12))
        more = [*prompts(*lengths, seed=seed, tokens=31), ints("answers", draw.integers(3, 60, (2, 3)))]
        requests.append(([ctl(op=str(draw.choice(["loss", "loss_grad"])), grad_scale=scale), *more], []))
        requests.append(([ctl(op="score"), *more[:2], ints("choices", draw.integers(3, 60, (2, 2, 3)))], []))
    return [*requests, (GENERATE, []), (EMBED, []), (INFO, [])]


def test_joined_requests_are_answered_as_if_alone() -> None:
    requests = several(range(8))
    joined = CONTRACT.infer_many(requests)
    for (inputs, wanted), answer in zip(requests, joined, strict=True):
        assert not isinstance(answer, Refusal)
        alone = CONTRACT.infer(inputs, wanted)
        assert [t.name for t in alone] == [t.name for t in answer]
        if inputs[0].data == INFO[0].data or "emb" in [t.name for t in alone]:
            assert alone == answer
            continue
        for name, expected in values(alone).items():
            most = np.abs(expected).max(initial=1e-9)
            assert np.abs(values(answer)[name] - expected).max(initial=0) <= 1e-4 * most


def test_joined_requests_share_batches_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    plain = LLM.loss_grad

    def noted(embeds: torch.Tensor, *more: Any) -> Any:
        shapes.append(tuple(embeds.shape[:2]))
        return plain(embeds, *more)

    monkeypatch.setattr(LLM, "loss_grad", noted)
    request = [ctl(op="loss_grad"), *prompts(30, 30), ints("answers", [[5, 6, 7], [7, 8, 9]])]
    CONTRACT.infer_many([(request, [])] * 5)
    assert shapes == [(8, 30), (2, 30)]


def test_a_wrong_request_among_others_is_refused_alone() -> None:
    bad = [(inputs, []) for _, inputs in BAD.values()]
    requests = [(RIGHT, []), *bad, (RIGHT, [])]
    answers = CONTRACT.infer_many(requests)
    assert [a.reason for a in answers[1:-1] if isinstance(a, Refusal)] == [expected for expected, _ in BAD.values()]
    right = values(CONTRACT.infer(RIGHT, []))
    for answer in (answers[0], answers[-1]):
        assert not isinstance(answer, Refusal)
        assert np.allclose(values(answer)["grad"], right["grad"], rtol=1e-3, atol=1e-6)


class FakeFailure:
    """Fails like a GPU without memory whenever a batch is larger than it bears."""

    def __init__(self, most: int, failure: Exception) -> None:
        self.most = most
        self.failure = failure
        self.plain = LLM.loss_grad
        self.sizes: list[int] = []

    def __call__(self, embeds: torch.Tensor, *more: Any) -> Any:
        self.sizes.append(len(embeds))
        if len(embeds) > self.most:
            raise self.failure
        return self.plain(embeds, *more)


@pytest.mark.parametrize(
    "failure",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()],
    ids=lambda e: type(e).__name__,
)
def test_what_does_not_fit_joined_runs_alone_and_what_does_not_fit_alone_is_refused(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeFailure(2, failure)
    monkeypatch.setattr(LLM, "loss_grad", fake)
    three = [ctl(op="loss_grad"), *prompts(4, 4, 4), ints("answers", [[5], [6], [7]])]
    answers = CONTRACT.infer_many([(RIGHT, []), (three, []), (RIGHT, [])])
    assert [isinstance(a, Refusal) and a.reason for a in answers] == [False, "OOM", False]
    assert fake.sizes[0] == 7 and sorted(fake.sizes[1:]) == [2, 2, 3]
    assert reason(three) == "OOM"
    assert CONTRACT.infer(RIGHT, [])


def test_a_failure_says_nothing_of_a_callers_values(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(LLM, "loss_grad", FakeFailure(0, ValueError("secret 0.123")))
    with pytest.raises(Refusal) as refused:
        CONTRACT.infer(RIGHT, [])
    assert refused.value.reason == "INTERNAL"
    assert "secret" not in str(refused.value) + caplog.text
    assert "FakeFailure" not in str(refused.value) and "test_contract.py" in caplog.text


def test_what_is_not_finite_is_refused_for_its_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = LLM.loss_grad

    def spoilt(embeds: torch.Tensor, lengths: list[int], answers: Any, scales: Any) -> Any:
        loss, gradient = plain(embeds, lengths, answers, scales)
        gradient[lengths.index(9), 0, 0] = torch.nan
        return loss, gradient

    monkeypatch.setattr(LLM, "loss_grad", spoilt)
    other = [ctl(op="loss_grad"), *prompts(9, 3), ints("answers", [[5], [6]])]
    good, bad = CONTRACT.infer_many([(RIGHT, []), (other, [])])
    assert not isinstance(good, Refusal)
    assert isinstance(bad, Refusal) and bad.reason == "NONFINITE_OUTPUT"


def test_metadata_names_every_tensor_of_every_operation() -> None:
    inputs = {t.name: t.datatype for t in CONTRACT.metadata().inputs}
    outputs = {t.name: t.datatype for t in CONTRACT.metadata().outputs}
    for request in (RIGHT, EMBED, SCORE, GENERATE, INFO):
        assert all(inputs[t.name] == t.datatype for t in request)
        assert all(outputs[t.name] == t.datatype for t in CONTRACT.infer(request, []))
