#!/usr/bin/env python3
"""Writes small random language models alone, and what transformers makes of them, for LanguageModelParityTest.

    python3 -m venv /tmp/llm-parity && /tmp/llm-parity/bin/pip install -r tests/src/test/python/requirements.txt
    /tmp/llm-parity/bin/python llm-endpoint/src/test/python/make_llm_parity.py llm-endpoint/src/test/resources/parity

Each folder: config.json, generation_config.json (or none), model*.safetensors, expected.json with prompt embeddings
(T, H), answer ids, logits of prompt and answer (T + L - 1, V), loss, gradient with respect to the prompt (T, H), and
greedy tokens up to the one that ends them.
"""
import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config

SIZES = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, vocab_size=41,
             max_position_embeddings=64)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
VARIANTS = {
    # A token sees itself and three before it.
    "mistral-window": (MistralConfig(**SIZES, num_key_value_heads=2, head_dim=6, sliding_window=4), torch.float32, None),
    # Biases everywhere; rope as transformers 5 writes it; several tokens end an answer.
    "llama-biases": (LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True, rope_theta=500000.0,
                                 rope_scaling=LLAMA3), torch.bfloat16, [2, 5, 11, 17]),
    # Tied table; linear scaling; shards; no token ends an answer.
    "qwen2-tied": (Qwen2Config(**SIZES, num_key_value_heads=1, tie_word_embeddings=True, rope_theta=1e6,
                               rope_scaling=dict(rope_type="linear", factor=2.5)), torch.float16, None),
}


def main(out):
    for name, (config, dtype, ends) in VARIANTS.items():
        torch.manual_seed(1)
        folder = out / name
        model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
        with torch.no_grad():
            for key, value in model.named_parameters():
                if "norm" in key:
                    value.add_(0.3 * torch.randn_like(value))
                else:
                    value.copy_(0.4 * torch.randn_like(value))
        if ends:
            model.generation_config.eos_token_id = ends
        model.to(dtype).save_pretrained(folder, max_shard_size="8KB" if name.startswith("qwen2") else "5GB")
        if not ends:
            (folder / "generation_config.json").unlink()
        if name == "llama-biases":
            path = folder / "config.json"
            text = json.loads(path.read_text())
            del text["rope_scaling"]
            text["rope_parameters"] = dict(LLAMA3, rope_theta=text.pop("rope_theta"))
            path.write_text(json.dumps(text, indent=1))
        for path in folder.iterdir():
            path.chmod(0o644)
        (folder / "expected.json").write_text(json.dumps(expected(folder, config)))


def expected(folder, config):
    # The config of this transformers, whatever config.json was rewritten to.
    model = AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    prompt = (0.5 * torch.randn(1, 11, config.hidden_size)).requires_grad_()
    answer = torch.tensor([[7, 30, 2]])
    x = torch.cat([prompt, model.get_input_embeddings()(answer[:, :-1])], 1)
    logits = model(inputs_embeds=x).logits
    loss = torch.nn.functional.cross_entropy(logits[0, 10:], answer[0])
    loss.backward()
    with torch.no_grad():
        tokens = model.generate(inputs_embeds=prompt.detach(), max_new_tokens=12, do_sample=False)[0].tolist()
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    if tokens[-1] in ends:
        tokens.pop()
    return dict(prompt=prompt[0].tolist(), answer=answer[0].tolist(), logits=logits[0].tolist(), loss=loss.item(),
                gradient=prompt.grad[0].tolist(), generated=tokens, ends=ends, new_tokens=12)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
