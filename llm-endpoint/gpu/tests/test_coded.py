"""The contract's second version over a real model: the numbers of the first, its store, and what it refuses."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fednano_gpu.coded import UP_GRADS
from fednano_gpu.contract import Contract, Limits, Tensor
from fednano_gpu.store import Features, FeatureStore
from test_contract import LLM, H, changed, ctl, floats, ints, reason, values

RUN = "a-secret-of-this-run"
RANK = 3
SCALE = 0.7
UP_OF = [[0, 1, 0], [-1, 1, 0]]
ANSWERS = ints("answers", [[5, 6, -1], [7, 8, 9]])


def contract(memory: int = 1 << 20, disk: int = 0, message_bytes: int = 1 << 20, **more: Any) -> Contract:
    limits = Limits(tokens=256, message_bytes=message_bytes)
    return Contract(LLM, limits, store=FeatureStore(memory, disk, **more))


def features(*lengths: int, seed: int = 1) -> list[Features]:
    random = np.random.default_rng(seed)
    return [
        Features.of(
            random.standard_normal((n, H)).astype("<f4").tobytes(), (np.arange(n) % 4).astype("<i4").tobytes(), H
        )
        for n in lengths
    ]


FEATURES = features(6, 3)


def refs(some: list[Features]) -> Tensor:
    return Tensor("refs", "INT32", (len(some), 8), b"".join(f.name for f in some))


def put(some: list[Features], run: str = RUN) -> list[Tensor]:
    rows = [f.tokens for f in some]
    return [
        ctl(op="put", v=2, run=run),
        refs(some),
        ints("rows", rows),
        Tensor("x", "FP32", (sum(rows), H), b"".join(f.x for f in some)),
        Tensor("modality", "INT32", (sum(rows),), b"".join(f.modality for f in some)),
    ]


def have(some: list[Features], run: str = RUN) -> list[Tensor]:
    return [ctl(op="have", v=2, run=run), refs(some)]


CODES = np.random.default_rng(2).standard_normal((2, 6, RANK)).astype("<f4")
UP = np.random.default_rng(3).standard_normal((2, RANK, H)).astype("<f4") * 0.1


def call(op: str, run: str = RUN, **more: Any) -> list[Tensor]:
    return [
        ctl(op=op, v=2, run=run, scale=SCALE, **more),
        refs(FEATURES),
        floats("codes", CODES),
        floats("up", UP),
        ints("up_of", UP_OF),
    ]


def embeddings() -> list[Tensor]:
    """What they stand for, by loops."""
    embeds = np.zeros((2, 6, H), np.float32)
    mask = np.zeros((2, 6), int)
    for b, some in enumerate(FEATURES):
        x = np.frombuffer(some.x, "<f4").reshape(some.tokens, H)
        for t in range(some.tokens):
            m = t % 4
            u = UP_OF[b][m] if m < 3 else -1
            embeds[b, t] = x[t] + (SCALE * CODES[b, t] @ UP[u] if u >= 0 else 0)
            mask[b, t] = 1
    return [floats("embeds", embeds), ints("mask", mask)]


def held(server: Contract, inputs: list[Tensor]) -> list[int]:
    found: list[int] = values(server.infer(inputs, []))["held"].tolist()
    return found


@pytest.mark.parametrize("grads", UP_GRADS)
def test_losses_and_gradients_are_those_of_version_one(grads: str) -> None:
    server = contract()
    assert held(server, put(FEATURES)) == [1, 1]
    first = values(server.infer([ctl(op="loss_grad", grad_scale=8), *embeddings(), ANSWERS], []))
    second = values(server.infer([*call("loss_grad2", grad_scale=8, up_grads=grads), ANSWERS], []))
    assert second["loss"] == pytest.approx(first["loss"], rel=1e-5)
    assert second["n_tokens"].tolist() == first["n_tokens"].tolist()
    g, dcodes = first["grad"], np.zeros_like(CODES)
    each = np.zeros((2, 3, RANK, H))
    for b, m in itertools.product(range(2), range(3)):
        u = UP_OF[b][m]
        for t in range(m, FEATURES[b].tokens, 4):
            if u >= 0:
                dcodes[b, t] = SCALE * g[b, t] @ UP[u].T
                each[b, m] += SCALE * np.outer(CODES[b, t], g[b, t])
    own = np.zeros((2, 2, RANK, H))  # (U, B, R, H)
    for b, m in itertools.product(range(2), range(3)):
        if UP_OF[b][m] >= 0:
            own[UP_OF[b][m], b] += each[b, m]
    wanted = {"sum": {"dup"}, "squares": {"dup", "dup_sq"}, "each": {"dup_each"}}[grads]
    assert set(second) == {"loss", "n_tokens", "dcodes"} | wanted
    expected = {"dcodes": dcodes, "dup": own.sum(1), "dup_sq": np.square(own).sum(1), "dup_each": each}
    for name in {"dcodes"} | wanted:
        largest = np.abs(expected[name]).max()
        assert np.abs(second[name] - expected[name]).max() <= 1e-5 * largest, name


def test_the_other_operations_are_those_of_version_one() -> None:
    server = contract()
    server.infer(put(FEATURES), [])
    choices = ints("choices", [[[5, 6], [7, -1]], [[8, 9], [-1, -1]]])
    pairs = [
        ([*call("loss2"), ANSWERS], [ctl(op="loss"), *embeddings(), ANSWERS], "loss"),
        ([*call("score2"), choices], [ctl(op="score"), *embeddings(), choices], "loglik"),
        (call("generate2", max_new=3), [ctl(op="generate", max_new=3), *embeddings()], "tokens"),
    ]
    for second, first, name in pairs:
        assert values(server.infer(second, []))[name] == pytest.approx(values(server.infer(first, []))[name], rel=1e-5)
    answers = server.infer_many([(s, []) for s, _, _ in pairs] + [(f, []) for _, f, _ in pairs])
    assert all(isinstance(answer, list) for answer in answers)


def test_features_belong_to_their_run_and_may_be_gone() -> None:
    server = contract()
    wanted = [*call("loss2"), ANSWERS]
    assert reason(wanted, contract=server) == "MISS"
    server.infer(put(FEATURES), [])
    other = RUN + "2"
    assert held(server, have(FEATURES, other)) == [0, 0]
    assert reason([*call("loss2", other), ANSWERS], contract=server) == "MISS"
    server.infer([ctl(op="drop", v=2, run=other)], [])
    assert held(server, have(FEATURES)) == [1, 1]
    server.infer([ctl(op="drop", v=2, run=RUN)], [])
    assert reason(wanted, contract=server) == "MISS"


def test_the_store_is_bounded_and_forgets(tmp_path: Path) -> None:
    now = [0.0]
    store = FeatureStore(20_000, 30_000, tmp_path, 60, lambda: now[0])
    many = [features(6, seed=s)[0] for s in range(40)]
    for some in many:
        assert store.put(RUN, some)
        figures = store.figures()
        assert figures["features_memory_bytes"] <= 20_000 and figures["features_disk_bytes"] <= 30_000
    assert figures["features_evicted"] > 0 and figures["features_disk_bytes"] > 0
    assert store.find(RUN, many[0].name) is None
    far = next(some for some in many if some.name == next(iter(store._far))[1])
    assert store.find(RUN, far.name) == far
    for file in tmp_path.glob("*/*"):
        file.write_bytes(b"\1" + file.read_bytes()[1:])
    damaged = next(iter(store._far))[1]
    assert store.find(RUN, damaged) is None
    assert not store.put(RUN, features(60)[0])
    now[0] = 61
    assert store.figures()["features"] == 0
    store.close()
    assert list(tmp_path.iterdir()) == []


FILL = """
import sys
from pathlib import Path
from fednano_gpu.store import Features, FeatureStore
store = FeatureStore(1, 1 << 20, Path(sys.argv[1]))
assert all(store.put("a-run", Features.of(bytes(32 * n), bytes(4 * n), 8)) for n in range(1, 9))
print("filled", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "fednano-features-of-somebody").mkdir()  # nothing says that it was left
    command = [sys.executable, "-c", FILL, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    children = []
    for _ in range(2):
        child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"filled\n"
        children.append(child)
    try:
        folders = {folder: sorted(folder.iterdir()) for folder in tmp_path.iterdir()}
        assert sorted(map(len, folders.values())) == [0, 9, 9]
        children[0].kill()
        children[0].wait()
        before = FeatureStore(1, 1 << 20, tmp_path)
        after = FeatureStore(1, 1 << 20, tmp_path)
        left = {folder: sorted(folder.iterdir()) for folder in tmp_path.iterdir()}
        assert len(left) == 4, "the killed one's is gone, that of this process stays"
        kept = left.keys() & folders
        assert len(kept) == 2 and all(left[folder] == folders[folder] for folder in kept), "the living one's"
        assert before.put(RUN, FEATURES[0]) and before.find(RUN, FEATURES[0].name) == FEATURES[0]
        before.close()
        after.close()
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_what_does_not_fit_is_refused() -> None:
    server = contract()
    sound = put(FEATURES)
    changes: list[tuple[list[Tensor], Tensor]] = [
        (sound, Tensor("x", "FP32", (9, H), bytes(36 * H))),
        (sound, ints("rows", [9, 0])),
        (sound, ints("rows", [8, 2])),
        (sound, ints("modality", [1 << 20] * 9)),
        (sound, ints("refs", [[1] * 4] * 4)),
    ]
    for whole, other in changes:
        assert reason(changed(whole, other), contract=server) == "BAD_REQUEST"
    assert server.store is not None and server.store.figures()["features"] == 0
    server.infer(sound, [])
    wanted = [*call("loss_grad2"), ANSWERS]
    for other in (
        floats("codes", CODES[:, :5]),
        floats("codes", CODES[:, :, :2]),
        floats("codes", CODES[:1]),
        floats("up", UP[:, :, :-1]),
        floats("up", UP[:0]),
        ints("up_of", [[0, 2, 0], [0, 0, 0]]),
        ints("up_of", [[0, -2, 0], [0, 0, 0]]),
        ints("up_of", np.zeros((2, 0))),
        ctl(op="loss_grad2", v=2, run="short", scale=1),
        ctl(op="loss_grad2", v=2, scale=1),
        ctl(op="loss_grad2", v=2, run=RUN),
        ctl(op="loss_grad2", v=2, run=RUN, scale=1, up_grads="none"),
    ):
        assert reason(changed(wanted, other), contract=server) == "BAD_REQUEST", other.name
    assert reason(changed(wanted, floats("codes", CODES * np.nan)), contract=server) == "NONFINITE_INPUT"
    assert reason(changed(wanted, floats("codes", np.zeros((2, 200, RANK)))), contract=server) == "TOO_LARGE"
    assert reason(changed(wanted, ctl(op="loss", v=2, run=RUN, scale=1)), contract=server) == "UNKNOWN_OP"
    assert reason(changed(wanted, ctl(op="put", v=1, run=RUN)), contract=server) == "UNKNOWN_OP"
    assert reason(changed(wanted, ctl(op="put", v=3, run=RUN)), contract=server) == "VERSION"
    assert reason(wanted) == "VERSION"
    small = contract(message_bytes=4 * 12 * H - 1)
    small.infer(sound, [])
    assert reason(wanted, contract=small) == "TOO_LARGE"
    assert values(server.infer(wanted, []))["dup"].shape == (2, RANK, H)


def test_half_types_round_embeddings_alone() -> None:
    from fednano_gpu.frozen_llm import FrozenLlm
    from test_contract import NANO

    half = FrozenLlm.load(NANO, "bfloat16", "cpu")
    server = Contract(half, Limits(256, 1 << 20), store=FeatureStore(1 << 20))
    sound = changed(put(FEATURES), ctl(op="put", v=2, run=RUN, fp=half.fingerprint))
    server.infer(sound, [])
    wanted = changed(
        [*call("loss_grad2"), ANSWERS], ctl(op="loss_grad2", v=2, run=RUN, scale=SCALE, fp=half.fingerprint)
    )
    found = {t.name: t for t in server.infer(wanted, [])}
    assert found["dup"].datatype == found["dcodes"].datatype == "FP32"
    assert torch.frombuffer(bytearray(found["loss"].data), dtype=torch.float32).isfinite().all()
