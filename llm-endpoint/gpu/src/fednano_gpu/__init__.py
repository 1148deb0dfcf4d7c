"""Frozen language models on a GPU behind the contract llmgrad/1 (docs/endpoint-contract.md)."""

import os

# Before torch allocates: requests of many lengths would else leave memory in pieces that fit none of the next ones.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
# Before transformers is imported: a folder on this machine is all that is read.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
