"""From a model folder to the parts of a frozen language model; every way in which a folder does not fit ends in a ModelError."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, LlavaForConditionalGeneration

from fednano_gpu import attention
from fednano_gpu.fingerprint import ModelError, fingerprint, read_json

_LLAVA_ADVICE = (
    "This is the layout of LLaVA's own repository: convert it with transformers' convert_llava_weights_to_hf.py, or take the"
    " model's -hf edition."
)
_NAMES = {torch.float32: "FP32", torch.float16: "FP16", torch.bfloat16: "BF16"}


@dataclass(frozen=True)
class Parts:
    """What a frozen language model is made of."""

    name: str
    fingerprint: str
    decoder: nn.Module  # from embeddings to hidden states, final norm applied
    head: nn.Module  # from hidden states to logits
    table: nn.Embedding  # token embeddings
    end_tokens: frozenset[int]
    image_token: int  # -1: none


def load_parts(folder: Path, dtype: torch.dtype, device: torch.device) -> tuple[Parts, Any]:
    """Loads a folder's language model: its parts, and transformers' model around them."""
    if not folder.is_dir():
        raise ModelError(f"Model folder expected at {folder.absolute()}: found none. Give a folder in Hugging Face layout.")
    config = read_json(folder, "config.json")
    _require_supported(folder, config)
    if not (folder / "tokenizer.json").exists():
        raise ModelError(
            f"tokenizer.json expected in model folder {folder.absolute()}: found none. Clients make their token ids with it;"
            " copy it from the model's repository, or write it with AutoTokenizer.from_pretrained(...).save_pretrained(...)."
        )
    read_json(folder, "tokenizer.json")
    digest = fingerprint(folder, _NAMES[dtype])
    llava = config.get("model_type") == "llava"
    model = _model(folder, LlavaForConditionalGeneration if llava else AutoModelForCausalLM, dtype)
    decoder = model.model.language_model if llava else model.base_model
    parts = Parts(
        folder.absolute().name,
        digest,
        decoder.to(device),
        model.get_output_embeddings().to(device),
        model.get_input_embeddings().to(device),
        _end_tokens(folder, config),
        _image_token(config) if llava else -1,
    )
    return parts, model


def _require_supported(folder: Path, config: dict[str, Any]) -> None:
    kind = config.get("model_type")
    where = f"config.json of {folder.absolute()}"
    if config.get("quantization_config") or (config.get("text_config") or {}).get("quantization_config"):
        raise ModelError(
            f"quantization_config in {where} must be absent: found one. Take the model's edition in float32, float16 or"
            " bfloat16."
        )
    # Older releases read the folder, pass over this field and turn heads by their default angles.
    if (config.get("text_config") or config).get("rope_parameters") and int(transformers.__version__.partition(".")[0]) < 5:
        raise ModelError(
            f"rope_parameters in {where} needs transformers 5 or newer, which writes it: found transformers"
            f" {transformers.__version__}, which does not read it. Install a newer release beside this server."
        )
    if kind == "llava":
        return
    advice = "Take a LLaVA 1.5 style checkpoint, or the language model alone."
    multimodal = [key for key in ("vision_config", "audio_config", "mm_vision_tower") if config.get(key)]
    if multimodal:
        raise ModelError(
            f"model_type in {where} must be llava or that of a causal language model: found {kind!r} with {multimodal[0]}."
            f" {_LLAVA_ADVICE if str(kind).startswith('llava_') else advice}"
        )
    try:
        known = type(AutoConfig.from_pretrained(folder, local_files_only=True)) in AutoModelForCausalLM._model_mapping
    except Exception:  # of a type that it does not know, transformers says a page
        known = False
    if not known:
        raise ModelError(
            f"model_type in {where} must be llava or that of a causal language model: found {kind!r}, which transformers"
            f" {transformers.__version__} does not load as one. Take another model, or a release of transformers that does."
        )


def _model(folder: Path, kind: Any, dtype: torch.dtype) -> Any:
    loud = logging.getLogger("transformers.modeling_utils")
    level = loud.level
    loud.setLevel(logging.ERROR)
    try:
        model, report = kind.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation=attention.NAME,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are reported, with the others
        )
    except MemoryError:
        raise
    except Exception as e:  # transformers raises what its parts raise
        raise ModelError(
            f"The model in {folder.absolute()} cannot be loaded: {_line(e)}. If config.json and weights are those of one"
            " model, this version of transformers does not run it; else copy the model again."
        ) from e
    finally:
        loud.setLevel(level)
    for what in ("missing_keys", "mismatched_keys", "unexpected_keys"):
        keys = (k[0] if isinstance(k, tuple) else k for k in report.get(what) or [])
        names = sorted(k for k in keys if not k.endswith(".rotary_emb.inv_freq"))
        if names:
            raise ModelError(
                f"The weights in {folder.absolute()} must be those that config.json describes: {what.replace('_', ' ')}"
                f" {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}. Weights and config.json are not of the"
                " same copy of the model."
            )
    return model


def _end_tokens(folder: Path, config: dict[str, Any]) -> frozenset[int]:
    """As transformers finds them: generation_config.json alone if there is one, else the config's, else the language model's."""
    file = "config.json"
    if (folder / "generation_config.json").exists():
        file = "generation_config.json"
        value = read_json(folder, file).get("eos_token_id")
    elif config.get("eos_token_id") is not None:
        value = config["eos_token_id"]
    else:
        whole = AutoConfig.from_pretrained(folder, local_files_only=True)
        value = whole.get_text_config(decoder=True).eos_token_id
    ids = value if isinstance(value, list) else [] if value is None else [value]
    if not all(type(i) is int for i in ids):
        raise ModelError(f"eos_token_id in {folder / file} must be a token id or a list of them: found {value!r}.")
    return frozenset(ids)


def _image_token(config: dict[str, Any]) -> int:
    for key in ("image_token_index", "image_token_id"):
        if isinstance(config.get(key), int):
            return int(config[key])
    return -1


def _line(e: Exception) -> str:
    """The first line of what a library says."""
    return (str(e).strip().splitlines() or [type(e).__name__])[0][:300].rstrip(".")
