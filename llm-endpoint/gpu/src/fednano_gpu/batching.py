"""Which samples share a batch: those of similar length, as many as the tokens allow."""

from __future__ import annotations

from collections.abc import Sequence

_SMALL = 1024  # tokens: below, another sample costs a GPU next to nothing, whatever its padding
_SIMILAR = 0.75


def plan(widths: Sequence[tuple[int, int]], most_tokens: int) -> list[list[int]]:
    """Batches of indices into widths, the widest samples first.

    A sample's width is (prompt, what stands behind all prompts of the batch). A batch takes its number of samples times the sum
    of its widest parts, at most most_tokens; a sample that takes more alone has a batch of its own.
    """
    order = sorted(range(len(widths)), key=lambda i: (-sum(widths[i]), i))
    batches: list[list[int]] = []
    prompt = behind = 0
    for i in order:
        both = max(prompt, widths[i][0]), max(behind, widths[i][1])
        tokens = (len(batches[-1]) + 1) * sum(both) if batches else 0
        similar = sum(widths[i]) >= _SIMILAR * sum(both) or tokens <= _SMALL
        if batches and tokens <= most_tokens and similar:
            batches[-1].append(i)
            prompt, behind = both
        else:
            batches.append([i])
            prompt, behind = widths[i]
    return batches
