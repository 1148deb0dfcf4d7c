"""Attention as the frozen model runs it: without a mask wherever causality alone decides what is seen.

transformers' own "sdpa" builds a mask in some releases though none is needed, which rules the fastest kernels out.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

NAME = "fednano_causal"


def attend(
    module: nn.Module,
    query: Tensor,  # (B, N, Q, E)
    key: Tensor,  # (B, N / group, K, E)
    value: Tensor,
    attention_mask: Tensor | None,  # true where a key is seen; none: each token sees itself and what is before it
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attention (B, Q, N, E), to transformers' interface."""
    group = getattr(module, "num_key_value_groups", 1)
    if attention_mask is not None and group > 1:  # with a mask, kernels for grouped heads are slower than copies
        key, value = (t.repeat_interleave(group, dim=1) for t in (key, value))
        group = 1
    grouped: dict[str, bool] = {"enable_gqa": True} if group > 1 else {}  # a constant, also where torch.compile looks on
    out = torch.nn.functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=attention_mask,
        is_causal=attention_mask is None,
        scale=scaling,
        **grouped,
    )
    return out.transpose(1, 2).contiguous(), None


# No function that makes masks is registered under this name, so that transformers makes none.
AttentionInterface.register(NAME, attend)
