"""Frozen language models on a GPU behind the contract llmgrad/1 (docs/endpoint-contract.md)."""
