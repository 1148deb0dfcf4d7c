#!/usr/bin/env python3
"""Writes tests/src/test/resources/parity/align.json: two steps of a connector's training as PyTorch makes them.

    python=$(tests/src/test/python/venv) && $python tests/src/test/python/make_align.py

The language model is the checkpoint parity/qwen2 (make_parity.py), the connector a linear layer or an MLP over random features. A
step: embeddings of the text, the connector's output in the places of the picture, loss of each answer (mean over its tokens), mean
over samples, backward, norm clipped to 1, AdamW. Prompts have different lengths; each sample runs alone, so no padding is in it.
"""
import json
import pathlib
import platform

import torch
import transformers
from torch import nn
from transformers import LlavaForConditionalGeneration

PARITY = pathlib.Path(__file__).resolve().parents[1] / "resources" / "parity"
WIDTH, INNER, MEDIUM = 6, 10, -1
PROMPTS = [[5, 9, MEDIUM, MEDIUM, 12, 40], [7, MEDIUM, MEDIUM, 31], [MEDIUM, MEDIUM, 100, 101, 102, 50, 60]]
ANSWERS = [[20, 21, 318], [77, 318], [200, 3, 4, 318]]
RATES = [0.02, 0.01]


def flat(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def parameters(connector):
    return torch.cat([p.detach().reshape(-1) for p in connector.parameters()])


def loss(llm, table, connected, prompt, answer):
    ids = torch.tensor(prompt)
    rows = table[ids.clamp(min=0)].masked_scatter((ids == MEDIUM)[:, None], connected)
    embeds = torch.cat([rows, table[torch.tensor(answer[:-1])]])
    logits = llm(inputs_embeds=embeds[None]).logits[0, len(prompt) - 1:]
    return nn.functional.cross_entropy(logits, torch.tensor(answer))


def steps(name, connector, features, dtype):
    llm = LlavaForConditionalGeneration.from_pretrained(PARITY / "qwen2", dtype=dtype, attn_implementation="eager").eval()
    llm.requires_grad_(False)
    table = llm.get_input_embeddings().weight
    connector = connector.to(dtype)
    optimizer = torch.optim.AdamW(connector.parameters(), lr=RATES[0], weight_decay=0.1)
    made = {"name": name, "start": flat(parameters(connector)), "losses": [], "norms": [], "theta": []}
    for rate in RATES:
        connected = connector(features.to(dtype)).split([prompt.count(MEDIUM) for prompt in PROMPTS])
        losses = torch.stack([loss(llm, table, *each) for each in zip(connected, PROMPTS, ANSWERS)])
        optimizer.zero_grad()
        losses.mean().backward()
        norm = nn.utils.clip_grad_norm_(connector.parameters(), MAX_NORM)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        made["losses"].append(losses.mean().item())
        made["norms"].append(norm.item())
        made["theta"].append(flat(parameters(connector)))
    return made


MAX_NORM = 0.05  # below the norms met here, so that it does something
torch.manual_seed(5)
rows = torch.randn(sum(p.count(MEDIUM) for p in PROMPTS), WIDTH)
hidden = json.loads((PARITY / "qwen2" / "config.json").read_text())["text_config"]["hidden_size"]
cases = []
for name in ("linear", "mlp"):
    made = nn.Linear(WIDTH, hidden) if name == "linear" else nn.Sequential(
        nn.Linear(WIDTH, INNER), nn.GELU(), nn.Linear(INNER, hidden))
    case = steps(name, made, rows, torch.float64)
    print(name, case["losses"], case["norms"])
    cases.append(case)
(PARITY / "align.json").write_text(json.dumps({
    "made_with": {"torch": torch.__version__, "transformers": transformers.__version__, "python": platform.python_version(),
                  "script": pathlib.Path(__file__).name},
    "width": WIDTH, "inner": INNER, "hidden": hidden, "weight_decay": 0.1, "rates": RATES, "max_norm": MAX_NORM,
    "prompts": PROMPTS, "answers": ANSWERS, "features": flat(rows), "cases": cases}) + "\n")
