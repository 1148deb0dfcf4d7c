from __future__ import annotations

import random

from fednano_gpu.batching import plan


def cost(batch: list[int], widths: list[tuple[int, int]]) -> int:
    return len(batch) * (max(widths[i][0] for i in batch) + max(widths[i][1] for i in batch))


def test_every_sample_once_within_the_tokens_and_next_to_its_like() -> None:
    draw = random.Random(1)
    for _ in range(300):
        widths = [(draw.randint(1, 2048), draw.choice([0, 0, draw.randint(1, 300)])) for _ in range(draw.randint(0, 60))]
        most = draw.choice([1, 1024, 4096, 8192, 1 << 20])
        batches = plan(widths, most)
        assert sorted(i for batch in batches for i in batch) == list(range(len(widths)))
        for batch in batches:
            tokens = cost(batch, widths)
            assert len(batch) == 1 or tokens <= most
            real = sum(sum(widths[i]) for i in batch)
            assert tokens <= 1024 or len(batch) == 1 or real >= 0.6 * tokens, (tokens, real)


def test_equal_samples_fill_batches() -> None:
    assert [len(b) for b in plan([(512, 0)] * 40, 8192)] == [16, 16, 8]


def test_short_samples_do_not_pay_for_a_long_one() -> None:
    assert plan([(100, 0), (2000, 0), (110, 0)], 8192) == [[1], [2, 0]]
