#!/usr/bin/env python3
"""PyTorch's side of the benchmark LossGradVsPyTorch: draws a LLaVA checkpoint, writes it with one batch, and then times
loss and gradient of that batch each time it reads a line.

Written to --folder: the model folder, and batch.safetensors with embeds (B, T, H), answers (B, L), loss (B) and gradient
(B, T, H). Printed: first which attention is faster here, then seconds, one line per line read.
"""
import argparse
import dataclasses
import os
import pathlib
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import LlavaForConditionalGeneration  # noqa: E402

import make_parity  # noqa: E402
from parity_variants import LLAMA_SMALL, Variant  # noqa: E402

ANSWER = 8
WARM_UP = 4


def write_checkpoint(o):
    text = {**LLAMA_SMALL, "hidden_size": o.hidden, "intermediate_size": o.intermediate, "num_hidden_layers": o.layers,
            "num_attention_heads": o.hidden // 64, "num_key_value_heads": o.hidden // 64 // o.groups,
            "max_position_embeddings": 4096}
    variant = Variant("benchmark", [], text=text, dtype="float32")
    tokenizer, end = make_parity.write_text_files(variant, o.folder)
    variant = dataclasses.replace(variant, spare_rows=o.vocabulary - tokenizer.get_vocab_size())
    config = make_parity.make_config(variant, tokenizer, end)
    model = LlavaForConditionalGeneration(config)
    make_parity.write_weights(variant, model, o.folder)
    make_parity.write_config(variant, config, o.folder)


class Side:
    """The frozen model in PyTorch. Logits only where an answer's token is predicted: the cheapest way there is."""

    def __init__(self, folder, attention):
        self.model = LlavaForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, attn_implementation=attention).eval().requires_grad_(False)

    def loss_gradient(self, embeds, answers):
        """From arrays to arrays, as the endpoint does it: losses (B), gradient (B, T, H) of their sum."""
        began = time.perf_counter()
        leaf = torch.from_numpy(embeds).clone().requires_grad_(True)
        ids = torch.from_numpy(answers)
        tokens = leaf.shape[1]
        table = self.model.get_input_embeddings()
        x = torch.cat([leaf, table(ids[:, :-1])], dim=1)
        hidden = self.model.model.language_model(inputs_embeds=x, use_cache=False).last_hidden_state
        logits = self.model.lm_head(hidden[:, tokens - 1:])
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids, reduction="none").mean(dim=1)
        losses.sum().backward()
        out = losses.detach().numpy(), leaf.grad.numpy()
        return time.perf_counter() - began, out


class Package:
    """The package that serves a GPU, on this CPU."""

    def __init__(self, folder):
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "llm-endpoint" / "gpu" / "src"))
        from fednano_gpu.frozen_llm import FrozenLlm

        self.llm = FrozenLlm.load(folder, "float32", "cpu")

    def loss_gradient(self, embeds, answers):
        began = time.perf_counter()
        size, tokens, _ = embeds.shape
        loss, gradient = self.llm.loss_grad(torch.from_numpy(embeds), [tokens] * size, answers.tolist(), [1.0] * size)
        return time.perf_counter() - began, (loss.numpy(), gradient.numpy())


def fastest(o, embeds, answers):
    """The side asked for; of transformers' attentions the faster one."""
    if o.side == "fednano_gpu":
        return Package(o.folder), "fednano_gpu"
    seconds = {}
    for attention in ("sdpa", "eager"):
        side = Side(o.folder, attention)
        times = [side.loss_gradient(embeds, answers)[0] for _ in range(WARM_UP)]
        seconds[attention] = statistics.median(times[1:])
    if seconds["sdpa"] <= seconds["eager"]:
        side = Side(o.folder, "sdpa")
    return side, ", ".join(f"{name} {s:.3f} s" for name, s in seconds.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    for name in ("batch", "tokens", "layers", "hidden", "intermediate", "vocabulary", "groups", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--side", choices=["transformers", "fednano_gpu"], required=True)
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    write_checkpoint(o)
    embeds = (torch.randn(o.batch, o.tokens - ANSWER + 1, o.hidden) * 0.02).numpy()
    answers = torch.randint(3, 256, (o.batch, ANSWER)).numpy()
    side, times = fastest(o, embeds, answers)
    _, (loss, gradient) = side.loss_gradient(embeds, answers)
    save_file({"embeds": torch.from_numpy(embeds), "answers": torch.from_numpy(answers).float(),
               "loss": torch.from_numpy(loss), "gradient": torch.from_numpy(gradient)}, o.folder / "batch.safetensors")
    print(f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads: {times}", flush=True)
    for _ in sys.stdin:
        print(side.loss_gradient(embeds, answers)[0], flush=True)


if __name__ == "__main__":
    main()
