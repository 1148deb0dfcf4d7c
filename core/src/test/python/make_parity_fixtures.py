#!/usr/bin/env python3
"""Writes core/src/test/resources/parity/*.json: PyTorch's answers that the Java tests are held to.

Made with Debian 12's python3-torch 1.13.1 (CPU) on Python 3.11:

    apt-get install -y python3-torch
    /usr/bin/python3 core/src/test/python/make_parity_fixtures.py

Nothing of it is needed to build, run or test the Java parts.
"""
import json
import pathlib
import platform

import torch

OUT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "parity"
MADE_WITH = {"torch": torch.__version__, "python": platform.python_version(), "script": pathlib.Path(__file__).name}


def flat(tensor):
    return [float(v) for v in tensor.detach().reshape(-1).tolist()]


def write(name, content):
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / name
    path.write_text(json.dumps({"made_with": MADE_WITH, **content}, indent=1) + "\n")
    print(path, path.stat().st_size, "bytes")


def optimizers():
    """Ten steps of each optimiser, in float32, on given gradients of very different sizes."""
    torch.manual_seed(11)
    size, steps = 6, 10
    start = torch.randn(size)
    scales = torch.tensor([1.0, 1e-3, 1e-6, 1e3, 0.0, 1.0])
    gradients = [torch.randn(size) * scales for _ in range(steps)]
    cases = [
        dict(name="adamw", learning_rate=3e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, momentum=0.0),
        dict(name="adamw", learning_rate=1e-2, beta1=0.8, beta2=0.95, epsilon=1e-6, weight_decay=0.1, momentum=0.0),
        dict(name="sgd", learning_rate=1e-2, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, momentum=0.9),
        dict(name="sgd", learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.05, momentum=0.5),
        dict(name="sgd", learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, momentum=0.0),
    ]
    for case in cases:
        theta = start.clone().requires_grad_(True)
        if case["name"] == "adamw":
            optimizer = torch.optim.AdamW(
                [theta], lr=case["learning_rate"], betas=(case["beta1"], case["beta2"]), eps=case["epsilon"],
                weight_decay=case["weight_decay"])
        else:
            optimizer = torch.optim.SGD(
                [theta], lr=case["learning_rate"], momentum=case["momentum"], weight_decay=case["weight_decay"])
        case["theta"] = []
        for gradient in gradients:
            theta.grad = gradient.clone()
            optimizer.step()
            case["theta"].append(flat(theta))
    write("optimizers.json", {"start": flat(start), "gradients": [flat(g) for g in gradients], "cases": cases})


def adapter():
    """NanoAdapters in front of a toy loss, by autograd in float64, one sample at a time.

    Loss of a sample: cross-entropy of a fixed readout of its mean adapted token. Tensors are padded with zeros to T.
    """
    torch.manual_seed(12)
    hidden, rank, alpha, classes = 6, 2, 16.0, 4
    lengths, tokens = [5, 3, 4], 5
    modality = [[1, 0, 0, 1, 1], [0, 0, 1, -1, -1], [1, 1, 1, 1, -1]]
    labels = [2, 0, 3]
    batch = len(lengths)
    single = lambda t: t.float().double()  # values that float32 holds exactly
    x = single(torch.randn(batch, tokens, hidden))
    for b, length in enumerate(lengths):
        x[b, length:] = 0
    readout = single(torch.randn(classes, hidden))
    shapes = [(hidden, rank), (rank, hidden), (hidden, rank), (rank, hidden)]
    theta = single(torch.randn(sum(r * c for r, c in shapes)) * 0.3)

    def forward(theta, b):
        parts, at = [], 0
        for rows, columns in shapes:
            parts.append(theta[at:at + rows * columns].view(rows, columns))
            at += rows * columns
        rows = []
        for t in range(lengths[b]):
            token = x[b, t:t + 1]
            down, up = parts[2 * modality[b][t]], parts[2 * modality[b][t] + 1]
            rows.append(token + (alpha / rank) * (token @ down) @ up)
        return torch.cat(rows)

    adapted = torch.zeros(batch, tokens, hidden, dtype=torch.float64)
    d_adapted = torch.zeros(batch, tokens, hidden, dtype=torch.float64)
    losses, gradients = [], []
    for b in range(batch):
        leaf = theta.clone().requires_grad_(True)
        y = forward(leaf, b)
        y.retain_grad()
        logits = readout @ y.mean(dim=0)
        loss = torch.nn.functional.cross_entropy(logits.unsqueeze(0), torch.tensor([labels[b]]))
        loss.backward()
        adapted[b, :lengths[b]] = y.detach()
        d_adapted[b, :lengths[b]] = y.grad
        losses.append(float(loss))
        gradients.append(leaf.grad.clone())
    stacked = torch.stack(gradients)
    write("adapter.json", {
        "hidden": hidden, "rank": rank, "alpha": alpha, "tokens": tokens, "lengths": lengths,
        "modality": [m for row in modality for m in row], "labels": labels,
        "x": flat(x), "readout": flat(readout), "theta": flat(theta),
        "adapted": flat(adapted), "loss": losses, "d_adapted": flat(d_adapted),
        "sample_gradients": [flat(g) for g in gradients],
        "mean_gradient": flat(stacked.mean(dim=0)), "fisher": flat((stacked ** 2).mean(dim=0)),
    })


if __name__ == "__main__":
    torch.set_num_threads(1)
    optimizers()
    adapter()
