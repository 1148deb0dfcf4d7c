#!/usr/bin/env python3
"""Writes small random LLaVA checkpoints in Hugging Face layout, one folder per variant, each with what transformers
makes of it: tests/src/test/java/.../CheckpointParityTest holds the Java model to that.

    $(tests/src/test/python/venv) tests/src/test/python/make_parity.py --out tests/src/test/resources/parity --seed 1
    $(tests/src/test/python/venv 5) tests/src/test/python/make_parity.py --out tests/src/test/resources/parity --seed 1

The first call draws the layouts of releases up to 4.57, the second those that transformers 5 itself writes. The same seed
and versions give the same files. Nothing of it is needed to build, run or test the Java parts.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import zlib

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy  # noqa: E402
import PIL  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import LlavaConfig, LlavaForConditionalGeneration  # noqa: E402

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()  # it warns of the slow image processor, which is wanted here

import parity_pictures  # noqa: E402
import parity_reference  # noqa: E402
import parity_tokenizers  # noqa: E402
from parity_variants import VARIANTS_4, VARIANTS_5  # noqa: E402

VARIANTS = VARIANTS_4 if transformers.__version__.startswith("4.") else VARIANTS_5

OLD_NAMES = {"model.language_model.": "language_model.model.", "model.vision_tower.": "vision_tower.",
             "model.multi_modal_projector.": "multi_modal_projector.", "lm_head.": "language_model.lm_head."}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_text_files(variant, folder):
    """Tokenizer, chat template, preprocessing; gives the tokenizer and the id that ends an answer."""
    if variant.names.startswith("5"):
        return write_processor(variant, folder)
    inside = variant.template if variant.template_in == "tokenizer_config.json" else None
    tokenizer, end = parity_tokenizers.write(variant.tokenizer, folder, inside)
    if variant.template and variant.template_in == "chat_template.jinja":
        (folder / "chat_template.jinja").write_text(variant.template, encoding="utf-8")
    if variant.template and variant.template_in == "chat_template.json":
        write_json(folder / "chat_template.json", {"chat_template": variant.template})
    write_json(folder / "preprocessor_config.json", {**variant.preprocessing, "processor_class": "LlavaProcessor"})
    write_json(folder / "processor_config.json", {
        "image_token": "<image>", "patch_size": variant.vision["patch_size"], "processor_class": "LlavaProcessor",
        "num_additional_image_tokens": 1 if "clip" in variant.vision["model_type"] else 0,
        "vision_feature_select_strategy": variant.llava.get("vision_feature_select_strategy", "default")})
    return tokenizer, tokenizer.token_to_id(end)


def write_processor(variant, folder):
    """The same, as transformers 5 saves them."""
    tokenizer, end = parity_tokenizers.write(variant.tokenizer, folder)
    loaded = transformers.AutoTokenizer.from_pretrained(folder)
    (folder / "tokenizer_config.json").unlink()
    write_json(folder / "preprocessor_config.json", variant.preprocessing)
    pictures = transformers.AutoImageProcessor.from_pretrained(folder)
    (folder / "preprocessor_config.json").unlink()
    transformers.LlavaProcessor(
        image_processor=pictures, tokenizer=loaded, image_token="<image>", chat_template=variant.template,
        patch_size=variant.vision["patch_size"],
        num_additional_image_tokens=1 if "clip" in variant.vision["model_type"] else 0,
        vision_feature_select_strategy=variant.llava.get("vision_feature_select_strategy", "default"),
    ).save_pretrained(folder)
    return tokenizer, tokenizer.token_to_id(end)


def make_config(variant, tokenizer, end):
    text = {**variant.text, "vocab_size": tokenizer.get_vocab_size() + variant.spare_rows, "eos_token_id": end,
            "bos_token_id": tokenizer.token_to_id("<s>") or tokenizer.token_to_id("<|begin_of_text|>")}
    return LlavaConfig(vision_config=dict(variant.vision), text_config=text, architectures=["LlavaForConditionalGeneration"],
                       image_token_index=tokenizer.token_to_id("<image>"), **variant.llava)


def draw(model):
    """Far from the usual tiny start, so that every part shows in the results."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1 and "norm" in name and "weight" in name:
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif "embed_tokens" in name or "lm_head" in name:
                p.copy_(torch.randn_like(p) * 0.5)
            elif p.dim() == 1:
                p.copy_(torch.randn_like(p) * 0.3)
            else:
                # Activation functions that are almost alike differ most where a lot hangs on them.
                gain = 6 if "mlp.fc2" in name else 1.4
                p.copy_(torch.randn_like(p) * gain / p[0].numel() ** 0.5)


def write_weights(variant, model, folder):
    """In one file or in shards with an index, under the names of the variant's generation."""
    if variant.names.startswith("5"):
        model.to(getattr(torch, variant.dtype)).save_pretrained(
            folder, max_shard_size="40KB" if variant.shards > 1 else "1GB", save_original_format=variant.names == "5")
        return
    tied = model.config.text_config.tie_word_embeddings
    tensors = {}
    for name, tensor in model.state_dict().items():
        if (tied and name == "lm_head.weight") or name.endswith("position_ids"):
            continue
        if variant.names == "old":
            start = next(new for new in OLD_NAMES if name.startswith(new))
            name = OLD_NAMES[start] + name.removeprefix(start)
        tensors[name] = tensor.to(getattr(torch, variant.dtype)).contiguous()
    metadata = {"format": "pt"}
    if variant.shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata)
        return
    names, files = list(tensors), {}
    for shard in range(variant.shards):
        part = names[shard * len(names) // variant.shards:(shard + 1) * len(names) // variant.shards]
        file = f"model-{shard + 1:05d}-of-{variant.shards:05d}.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file, metadata)
        files.update(dict.fromkeys(part, file))
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    write_json(folder / "model.safetensors.index.json",
               {"metadata": {"total_size": size}, "weight_map": dict(sorted(files.items()))})


def write_config(variant, config, folder):
    if variant.names.startswith("5"):
        edited = json.loads((folder / "config.json").read_text())
        edited["text_config"].update(variant.config_edits)
        for key in variant.config_cuts:
            edited["text_config"].pop(key)
        write_json(folder / "config.json", edited)
        return
    written = json.loads(config.to_json_string())
    written["torch_dtype"] = variant.dtype
    written["text_config"].update(variant.config_edits)
    if variant.names == "new":
        written["image_token_id"] = written.pop("image_token_index")
    write_json(folder / "config.json", written)


def write_generation_config(folder, values):
    if values is None:
        (folder / "generation_config.json").unlink(missing_ok=True)
    else:
        write_json(folder / "generation_config.json", values)


def make(variant, out, seed):
    folder = out / variant.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = seed * 1_000_003 + zlib.crc32(variant.name.encode())
    random = numpy.random.default_rng(own)
    tokenizer, end = write_text_files(variant, folder)
    config = make_config(variant, tokenizer, end)
    samples, number = [], 0
    for (question, answer, choices), pictures in zip(variant.samples, variant.pictures, strict=True):
        names = []
        for picture in pictures:
            kind, width, height = picture if isinstance(picture, tuple) else (picture, *random.integers(9, 70, 2).tolist())
            names.append(parity_pictures.write(folder, number, kind, width, height, random))
            number += 1
        samples.append((question, answer, choices, names))
    for attempt in range(50):
        torch.manual_seed(own + attempt)
        model = LlavaForConditionalGeneration(config)
        draw(model)
        write_weights(variant, model, folder)
        write_config(variant, config, folder)
        write_generation_config(folder, variant.generation)
        try:
            listed, tensors = parity_reference.expect(folder, samples)
            if variant.second_end:
                # The third token that comes up ends answers, too.
                if len(listed[0]["generated"]) < 3:
                    raise parity_reference.TooClose("the first answer ends too early")
                write_generation_config(folder, {"eos_token_id": [end, listed[0]["generated"][2]]})
                listed, tensors = parity_reference.expect(folder, samples)
            break
        except parity_reference.TooClose as e:
            print(f"{variant.name}: drawn again, {e}")
    else:
        raise SystemExit(f"{variant.name}: no usable weights in 50 draws")
    save_file(tensors, folder / "expected.safetensors")
    write_json(folder / "expected.json", {
        "seed": seed, "made_with": {
            "script": pathlib.Path(__file__).name, "transformers": transformers.__version__, "torch": torch.__version__,
            "tokenizers": tokenizers.__version__, "pillow": PIL.__version__, "numpy": numpy.__version__,
            "python": platform.python_version()},
        "new_tokens": parity_reference.NEW_TOKENS, "samples": listed})
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{variant.name}: {size:,} bytes, {[len(s['prompt_ids']) for s in listed]} tokens, "
          f"losses {[round(s['loss'], 3) for s in listed]}, greedy {[s['generated'] for s in listed]}")
    return size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder that receives one folder per variant")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--only", help="comma-separated names of variants", default=",".join(v.name for v in VARIANTS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    wanted = arguments.only.split(",")
    unknown = set(wanted) - {v.name for v in VARIANTS}
    if unknown:
        parser.error(f"no variant is called {sorted(unknown)}: there are {[v.name for v in VARIANTS]}")
    sizes = [make(v, arguments.out, arguments.seed) for v in VARIANTS if v.name in wanted]
    print(f"{len(sizes)} checkpoints, {sum(sizes):,} bytes, seed {arguments.seed}")


if __name__ == "__main__":
    main()
