"""A frozen causal language model in PyTorch, and nothing else."""

from __future__ import annotations

from pathlib import Path


class ModelError(Exception):
    """A model folder that cannot be served: what was expected, what was found, where, and what to change."""


class FrozenLlm:
    """A frozen causal language model from a local folder in Hugging Face layout."""

    name: str  # of the folder
    fingerprint: str  # 64 hexadecimal digits
    dtype: str  # FP32, FP16 or BF16: D of the contract, and what it computes in
    hidden: int
    vocabulary: int
    layers: int

    @classmethod
    def load(
        cls,
        folder: Path | str,
        dtype: str = "bfloat16",
        device: str = "cuda",
        checkpointing: bool = False,
        compile: bool = False,
    ) -> FrozenLlm:
        """Loads a folder; dtype is bfloat16, float16 or float32. Raises ModelError."""
        raise NotImplementedError
