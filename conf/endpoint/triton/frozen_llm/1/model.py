"""Triton loads this file; the model is in the package fednano_gpu, which Triton's Python must have."""

from fednano_gpu.triton_model import TritonPythonModel

__all__ = ["TritonPythonModel"]
