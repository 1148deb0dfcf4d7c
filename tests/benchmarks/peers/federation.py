"""The demo's federation in PyTorch: FedAvg over two low-rank adapters before a frozen LLaVA, as the product trains them.

The same shards, model, initial adapter, order of batches, optimiser and number of steps; a test of the benchmark is that
losses agree. What a frozen model needs no more than once (features of the pictures) is computed once and kept.
"""

from __future__ import annotations

import io
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from PIL import Image
from transformers import CLIPImageProcessor, LlavaForConditionalGeneration, PreTrainedTokenizerFast

EOS, RANK, ALPHA = 3, 8, 16.0  # of conf/models/nano-llava, and the product's defaults
BATCH, LEARNING_RATE = 8, 0.005
MASK64 = (1 << 64) - 1

Adapter = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Plan:
    """What a side is asked to do."""

    shards: str
    model: str
    cache: str
    adapter: str
    out: str
    rounds: int
    threads: int
    actors: int
    seed: int

    def clients(self) -> list[str]:
        folders = sorted(Path(self.shards, "clients").glob("client_id=*"))
        return [folder.name.removeprefix("client_id=") for folder in folders]

    def text(self) -> str:
        return json.dumps(asdict(self))


class Frozen:
    """A LLaVA folder of Hugging Face's layout; attention by the kernel that transformers takes by default."""

    def __init__(self, folder: str) -> None:
        self.model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.model.requires_grad_(False)
        self.llm, self.head = self.model.model.language_model, self.model.lm_head
        self.table = self.model.get_input_embeddings().weight
        self.image_token = int(self.model.config.image_token_index)
        self.tokens = PreTrainedTokenizerFast.from_pretrained(folder)
        self.pictures = CLIPImageProcessor.from_pretrained(folder)

    def features(self, rows: list[dict[str, Any]]) -> list[tuple[torch.Tensor, torch.Tensor, list[int]]]:
        """Prompt embeddings (T, H), where they are image tokens (T), ids of the answer; sample by sample."""
        made = []
        with torch.no_grad():
            for begin in range(0, len(rows), 32):
                part = rows[begin : begin + 32]
                opened = [Image.open(io.BytesIO(row["image"])).convert("RGB") for row in part]
                pixels = self.pictures(opened, return_tensors="pt").pixel_values
                seen = self.model.get_image_features(pixel_values=pixels)
                for row, picture in zip(part, seen, strict=True):
                    text = f"USER: {'<image>' * len(picture)}\n{row['question']} ASSISTANT:"
                    ids = torch.tensor(self.tokens(text).input_ids)
                    prompt = self.table[ids].clone()
                    prompt[ids == self.image_token] = picture
                    answer = self.tokens(" " + row["answer"], add_special_tokens=False).input_ids
                    made.append((prompt, ids == self.image_token, [*answer, EOS]))
        return made


class Rows:
    """A client's samples, padded on the right: inputs (n, S, H), the adapters' mask (n, S, 2R), labels (n, S)."""

    def __init__(self, samples: list[tuple[torch.Tensor, torch.Tensor, list[int]]], table: torch.Tensor) -> None:
        self.length = torch.tensor([len(prompt) + len(answer) - 1 for prompt, _, answer in samples])
        n, longest = len(samples), int(self.length.max())
        self.inputs = torch.zeros(n, longest, table.shape[1])
        self.mask = torch.zeros(n, longest, 2 * RANK)
        self.labels = torch.full((n, longest), -1)
        self.answer_tokens = torch.tensor([len(answer) for _, _, answer in samples])
        for i, (prompt, image, answer) in enumerate(samples):
            t, ids = len(prompt), torch.tensor(answer)
            self.inputs[i, :t] = prompt
            self.inputs[i, t : t + len(answer) - 1] = table[ids[:-1]]
            self.mask[i, :t][image, :RANK] = ALPHA / RANK
            self.mask[i, :t][~image, RANK:] = ALPHA / RANK
            self.labels[i, t - 1 : t - 1 + len(answer)] = ids


_frozen: dict[str, Frozen] = {}  # of this process: an actor of Flower's serves many clients
_rows: dict[str, Rows] = {}


def frozen_of(plan: Plan) -> Frozen:
    if plan.model not in _frozen:
        torch.set_num_threads(plan.threads)
        _frozen[plan.model] = Frozen(plan.model)
    return _frozen[plan.model]


def rows_of(plan: Plan, client: str) -> Rows:
    if client not in _rows:
        frozen = frozen_of(plan)
        kept = Path(plan.cache, f"{client}.pt")
        if kept.exists():
            samples = torch.load(kept, weights_only=False)
        else:
            table = []
            for file in sorted(Path(plan.shards, "clients", f"client_id={client}", "split=train").glob("*.parquet")):
                table += pq.ParquetFile(file).read(columns=["image", "question", "answer"]).to_pylist()
            samples = frozen.features(table)
            partial = kept.with_suffix(f".{os.getpid()}")
            torch.save(samples, partial)
            partial.replace(kept)
        _rows[client] = Rows(samples, frozen.table)
    return _rows[client]


def order_of(seed: int, number: int, client: str, n: int) -> torch.Tensor:
    """The product's order of a client's rows in a round: java.util.Random and Fisher-Yates, from its own mix of seeds."""

    def finish(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
        return z ^ (z >> 31)

    golden = 0x9E3779B97F4A7C15
    mixed = finish((seed + golden) & MASK64)
    for word in (number, *client.encode()):
        mixed = finish(((mixed ^ word) + golden) & MASK64)
    state = (mixed ^ 0x5DEECE66D) & ((1 << 48) - 1)

    def below(bound: int) -> int:
        nonlocal state
        while True:
            state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
            bits = state >> 17
            if bound & (bound - 1) == 0:
                return (bound * bits) >> 31
            if bits - bits % bound + bound - 1 < 1 << 31:
                return bits % bound

    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = below(i + 1)
        order[i], order[j] = order[j], order[i]
    return torch.tensor(order)


def losses(frozen: Frozen, rows: Rows, at: torch.Tensor, down: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """Mean loss of each answer, (B). Logits on answer places only, as anyone who looks for speed would."""
    longest = int(rows.length[at].max())
    x, mask, labels = rows.inputs[at, :longest], rows.mask[at, :longest], rows.labels[at, :longest]
    adapted = x + ((x @ down) * mask) @ up
    hidden = frozen.llm(inputs_embeds=adapted, use_cache=False).last_hidden_state
    sample, place = (labels >= 0).nonzero(as_tuple=True)
    each = F.cross_entropy(frozen.head(hidden[sample, place]), labels[sample, place], reduction="none")
    return torch.zeros(len(at)).index_add(0, sample, each) / rows.answer_tokens[at]


def local_update(plan: Plan, client: str, adapter: Adapter, number: int) -> tuple[Adapter, int, float]:
    """One epoch of AdamW: the client's adapter, its rows, its mean loss."""
    frozen, rows = frozen_of(plan), rows_of(plan, client)
    # Both adapters in one product: image tokens see the first R columns, text tokens the others.
    down = torch.cat([adapter["image.down"], adapter["text.down"]], 1).clone().requires_grad_()
    up = torch.cat([adapter["image.up"], adapter["text.up"]], 0).clone().requires_grad_()
    optimizer = torch.optim.AdamW([down, up], lr=LEARNING_RATE, weight_decay=0.0, fused=True)
    n, total = len(rows.length), 0.0
    order = order_of(plan.seed, number, client, n)
    for begin in range(0, n, BATCH):
        each = losses(frozen, rows, order[begin : begin + BATCH], down, up)
        optimizer.zero_grad()
        each.mean().backward()
        optimizer.step()
        total += each.detach().sum().item()
    d, u = down.detach(), up.detach()
    tuned = {"image.down": d[:, :RANK], "text.down": d[:, RANK:], "image.up": u[:RANK], "text.up": u[RANK:]}
    return {name: values.contiguous() for name, values in tuned.items()}, n, total / n


@dataclass
class Told:
    """What a side measured: seconds per round, mean training loss per round, and when its first round began."""

    seconds: list[float]
    losses: list[float]
    first_round_after: float

    def write(self, out: str) -> None:
        Path(out).write_text(json.dumps(asdict(self)))


def now() -> float:
    return time.time()


def mean(values: list[tuple[int, float]]) -> float:
    """Of the clients' losses, by rows."""
    rows = np.array([n for n, _ in values], dtype=float)
    return float((rows * np.array([loss for _, loss in values])).sum() / rows.sum())
