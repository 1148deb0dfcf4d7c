#!/usr/bin/env python3
"""Writes core/src/test/resources/encoders: small TorchScript encoders, and what PyTorch answers with them.

Made with torch 2.7.1 (CPU is enough) on Python 3:

    python3 -m pip install torch==2.7.1
    python3 core/src/test/python/make_encoders.py

NAME.pt takes a batch (B, …) of float32 and answers (B, N, D). expected.json holds inputs and outputs. Nothing of it is
needed to build, run or test the Java parts.
"""
import json
import pathlib
import platform

import torch
from torch import nn

OUT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "encoders"


class Patches(nn.Module):
    """(B, 3, 8, 8) -> (B, 4, 5): a picture in four patches."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 5, kernel_size=4, stride=4)

    def forward(self, pixels):
        return torch.tanh(self.patch(pixels)).flatten(2).transpose(1, 2)


class Frames(nn.Module):
    """(B, 160) -> (B, 2, 6): a sound in two frames."""

    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(80, 6)

    def forward(self, wave):
        return torch.tanh(self.frame(wave.reshape(wave.size(0), 2, 80)))


class Steps(nn.Module):
    """(B, 3, 4) -> (B, 3, 7): a series of three readings of four instruments."""

    def __init__(self):
        super().__init__()
        self.mix = nn.GRU(4, 7, batch_first=True)

    def forward(self, series):
        return self.mix(series)[0]


class Pair(nn.Module):
    """(B, 3, 4) -> two tensors: no encoder."""

    def forward(self, series):
        return series, series


def main():
    torch.manual_seed(11)
    OUT.mkdir(parents=True, exist_ok=True)
    cases = {}
    for name, module, shape in [
        ("patches", Patches(), (2, 3, 8, 8)),
        ("frames", Frames(), (2, 160)),
        ("steps", Steps(), (2, 3, 4)),
        ("pair", Pair(), None),
    ]:
        module.eval()
        torch.jit.save(torch.jit.script(module), OUT / f"{name}.pt")
        if shape:
            x = torch.rand(shape) * 2 - 1
            with torch.no_grad():
                y = module(x)
            cases[name] = {
                "shape": list(y.shape),
                "input": [float(v) for v in x.flatten()],
                "output": [float(v) for v in y.flatten()],
            }
    made_with = {"torch": torch.__version__, "python": platform.python_version(), "script": pathlib.Path(__file__).name}
    (OUT / "expected.json").write_text(json.dumps({"made_with": made_with, **cases}) + "\n")
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
