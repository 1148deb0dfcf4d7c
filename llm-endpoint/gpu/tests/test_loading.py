"""A folder that does not fit stops the load; the message names the file, and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, CohereConfig, Gemma2Config

from fednano_gpu.frozen_llm import FrozenLlm, ModelError

ROOT = Path(__file__).resolve().parents[3]
PARITY = ROOT / "tests" / "src" / "test" / "resources" / "parity"
NANO = ROOT / "conf" / "models" / "nano-llava"


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("expected*", "picture*"))
    return target


def edited(**fields: Any) -> Callable[[Path], None]:
    """config.json with other fields; None removes one."""

    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        config.update(fields)
        (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v is not None}))

    return edit


def text(**fields: Any) -> Callable[[Path], None]:
    """The same for the language model's part."""

    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        config["text_config"].update(fields)
        (folder / "config.json").write_text(json.dumps(config))

    return edit


def tensors(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", {"format": "pt"})

    return edit


def written(file: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(content) and None


def removed(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def cut(file: str, by: int) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:-by]) and None


DOWN = "language_model.model.layers.0.mlp.down_proj.weight"

CASES: dict[str, tuple[Path, Callable[[Path], None], str]] = {
    "no folder": (NANO, lambda folder: shutil.rmtree(folder), "Hugging Face layout"),
    "no config": (NANO, removed("config.json"), "config.json"),
    "config is no JSON": (NANO, written("config.json", b"{"), "config.json"),
    "config is a list": (NANO, written("config.json", b"[]"), "config.json"),
    "config is no UTF-8": (NANO, written("config.json", b'{"a": "\xff"}'), "config.json"),
    "no tokenizer": (NANO, removed("tokenizer.json"), "tokenizer.json"),
    "tokenizer is no JSON": (NANO, cut("tokenizer.json", 9), "tokenizer.json"),
    "generation config is no JSON": (PARITY / "mistral", written("generation_config.json", b"nope"), "generation_config.json"),
    "no weights": (NANO, removed("model.safetensors"), "model.safetensors"),
    "weights are cut off": (NANO, cut("model.safetensors", 100), "model.safetensors"),
    "weights are something else": (NANO, written("model.safetensors", b"not weights at all"), "model.safetensors"),
    "weights are empty": (NANO, written("model.safetensors", b""), "model.safetensors"),
    "a shard is missing": (PARITY / "sharded", removed("model-00002-of-00003.safetensors"), "model-00002-of-00003"),
    "a shard is cut off": (PARITY / "sharded", cut("model-00003-of-00003.safetensors", 7), "model-00003-of-00003"),
    "index is no JSON": (PARITY / "sharded", cut("model.safetensors.index.json", 7), "model.safetensors.index.json"),
    "index is empty": (PARITY / "sharded", written("model.safetensors.index.json", b"{}"), "weight_map"),
    "index points elsewhere": (
        PARITY / "sharded",
        written("model.safetensors.index.json", b'{"weight_map": {"a": "../x.safetensors"}}'),
        "model.safetensors.index.json",
    ),
    "a tensor is missing": (NANO, tensors(lambda w: w.pop(DOWN) is None), "mlp.down_proj"),
    "a tensor of another shape": (NANO, tensors(lambda w: w.update({DOWN: w[DOWN][:, 1:].clone()})), "down_proj"),
    "a tensor too many": (NANO, tensors(lambda w: w.update({DOWN[:-6] + "bias": w[DOWN][0].clone()})), "down_proj.bias"),
    "weights are NaN": (NANO, tensors(lambda w: w[DOWN].fill_(torch.nan) is None), "finite loss"),
    "fewer layers than weights": (NANO, text(num_hidden_layers=2), "layers.2"),
    "more layers than weights": (NANO, text(num_hidden_layers=9), "layers.4"),
    "quantised": (NANO, edited(quantization_config={"quant_method": "awq"}), "quantization_config"),
    "LLaVA's own layout": (NANO, edited(model_type="llava_llama", mm_vision_tower="clip"), "convert_llava_weights_to_hf.py"),
    "another multimodal model": (NANO, edited(model_type="idefics3"), "must be llava"),
    "a type that nobody knows": (NANO, edited(model_type="mamba9", vision_config=None), "mamba9"),
    "no type": (NANO, edited(model_type=None, vision_config=None), "found None"),
    "an encoder": (PARITY / "qwen2", edited(model_type="t5", text_config=None, vision_config=None), "causal language model"),
    "an end token that is a text": (PARITY / "mistral", written("generation_config.json", b'{"eos_token_id": "2"}'), "eos_token"),
}


@pytest.mark.parametrize("what", CASES)
def test_a_folder_that_does_not_fit(what: str, tmp_path: Path) -> None:
    source, spoil, expected = CASES[what]
    folder = copied(source, tmp_path / "model")
    spoil(folder)
    with pytest.raises(ModelError, match=expected) as refused:
        FrozenLlm.load(folder, "float32", "cpu")
    said = str(refused.value)
    assert "\n" not in said and "Traceback" not in said and len(said) < 700
    assert said.rstrip().endswith((".", ")"))


@pytest.mark.parametrize("family", [Gemma2Config, CohereConfig], ids=lambda f: f.__name__)
def test_a_family_whose_logits_are_more_than_its_output_layers_is_found_out(family: Any, tmp_path: Path) -> None:
    config = family(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size=64,
        max_position_embeddings=128,
        initializer_range=0.5,
        **({"final_logit_softcapping": 1.0} if family is Gemma2Config else {}),
    )
    torch.manual_seed(1)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    shutil.copy(NANO / "tokenizer.json", tmp_path)
    with pytest.raises(ModelError, match="another family"):
        FrozenLlm.load(tmp_path, "float32", "cpu")


def test_a_language_model_alone_and_its_end_tokens(tmp_path: Path) -> None:
    source = copied(PARITY / "mistral", tmp_path / "model")
    (source / "generation_config.json").write_text('{"eos_token_id": [7, 9]}')
    assert FrozenLlm.load(source, "float32", "cpu").end_tokens == {7, 9}
    (source / "generation_config.json").write_text("{}")
    assert FrozenLlm.load(source, "float32", "cpu").end_tokens == frozenset()


@pytest.mark.skipif(not transformers.__version__.startswith("4."), reason="newer releases read rope_parameters")
@pytest.mark.parametrize("alone", [False, True])
def test_rotary_settings_that_this_transformers_passes_over_are_refused(alone: bool, tmp_path: Path) -> None:
    folder = copied(NANO if alone else PARITY / "v5-clip-llama", tmp_path / "model")
    if alone:  # its weights load, and its heads would turn by the default angles
        shutil.rmtree(folder)
        config = transformers.LlamaConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                                          vocab_size=40)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        shutil.copy(NANO / "tokenizer.json", folder)
        edited(rope_parameters={"rope_type": "default", "rope_theta": 500000.0}, rope_theta=None)(folder)
    with pytest.raises(ModelError, match=r"rope_parameters in .* needs transformers 5 or newer") as told:
        FrozenLlm.load(folder, "float32", "cpu")
    assert transformers.__version__ in str(told.value)
