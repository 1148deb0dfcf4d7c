#!/usr/bin/env python3
"""Writes llm-endpoint/src/test/resources/parity/tiny-llava: a small random LLaVA checkpoint in Hugging Face's own
layout, and what transformers makes of two pictures with questions. The Java model is held to it.

    apt-get install -y python3-torch python3-venv
    /usr/bin/python3 -m venv --system-site-packages /tmp/llava-parity
    /tmp/llava-parity/bin/pip install -r llm-endpoint/src/test/python/requirements.txt
    /tmp/llava-parity/bin/python llm-endpoint/src/test/python/make_llava_parity.py

Nothing of it is needed to build, run or test the Java parts.
"""
import json
import pathlib
import platform

import numpy
import PIL
import tokenizers
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (CLIPImageProcessor, CLIPVisionConfig, LlamaConfig, LlavaConfig,
                          LlavaForConditionalGeneration)

OUT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "parity" / "tiny-llava"
SIDE, PATCH = 16, 8
WORDS = ("<unk> <s> </s> <image> USER ASSISTANT : . ? what which colour shape is it how many dots are there in this "
         "picture red green blue circle square star one two three yes no").split()
IMAGE, END = WORDS.index("<image>"), WORDS.index("</s>")
NEW_TOKENS = 5


def flat(tensor):
    return [float(f"{v:.8g}") for v in tensor.detach().double().reshape(-1).tolist()]


def make_tokenizer():
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", "<image>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def make_model(layer):
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=24, intermediate_size=40, num_hidden_layers=3,
                                       num_attention_heads=2, image_size=SIDE, patch_size=PATCH).to_dict(),
        text_config=LlamaConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                                num_key_value_heads=2, vocab_size=len(WORDS), max_position_embeddings=64,
                                rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=END).to_dict(),
        image_token_index=IMAGE, vision_feature_layer=layer, vision_feature_select_strategy="default",
        projector_hidden_act="gelu", vocab_size=len(WORDS), ignore_index=-100)
    model = LlavaForConditionalGeneration(config).eval()
    # Far from the usual tiny start, so that every part shows in the results.
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            if parameter.dim() == 1 and "weight" in name:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.6 if "embed" in name else 0.25))
            parameter.requires_grad_(False)
    return model


def make_pictures():
    """Two pictures of other sizes and sides than the model's, with edges that a resize must filter."""
    grid = numpy.indices((29, 41))
    first = numpy.stack([grid[0] * 8, 255 - grid[1] * 6, (grid[0] // 5 + grid[1] // 5) % 2 * 255], axis=-1)
    second = numpy.random.default_rng(7).integers(0, 256, (12, 10, 3))
    return [Image.fromarray(p.astype(numpy.uint8)) for p in (first, second)]


def merged(model, ids, features):
    """Prompt embeddings with the picture's tokens in the image token's place."""
    table = model.get_input_embeddings()
    at = ids.index(IMAGE)
    return torch.cat([table(torch.tensor(ids[:at])), features, table(torch.tensor(ids[at + 1:]))])


def sample(model, tokenizer, pixels, question, answer, choices):
    prompt = tokenizer.encode("USER: <image>\n" + question + " ASSISTANT:").ids
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids + [END]
    tower = model.vision_tower(pixels.unsqueeze(0), output_hidden_states=True)
    features = tower.hidden_states[model.config.vision_feature_layer][0, 1:]
    projected = model.multi_modal_projector(features)
    prompt_embeds = merged(model, prompt, projected)

    def log_likelihood(leaf, tokens):
        x = torch.cat([leaf, model.get_input_embeddings()(torch.tensor(tokens))]).unsqueeze(0)
        logits = model.language_model(inputs_embeds=x).logits[0]
        rows = logits[len(leaf) - 1:len(leaf) - 1 + len(tokens)].log_softmax(-1)
        return rows.gather(1, torch.tensor(tokens).unsqueeze(1)).squeeze(1), logits

    leaf = prompt_embeds.clone().requires_grad_(True)
    scores, logits = log_likelihood(leaf, encode(answer))
    loss = -scores.mean()
    loss.backward()

    # The whole model, by its own forward and merge, must say the same.
    whole = model(input_ids=torch.tensor([prompt + encode(answer)]), pixel_values=pixels.unsqueeze(0),
                  attention_mask=torch.ones(1, len(prompt) + len(encode(answer)), dtype=torch.long)).logits[0]
    assert torch.allclose(whole, logits, atol=1e-4), (whole - logits).abs().max()

    x, generated = prompt_embeds, []
    for _ in range(NEW_TOKENS):
        last = model.language_model(inputs_embeds=x.unsqueeze(0)).logits[0, -1].clone()
        last[IMAGE] = -float("inf")
        best = last.topk(2).values
        assert best[0] - best[1] > 1e-2, "too close to call: take another seed"
        token = int(last.argmax())
        if token == END:
            break
        generated.append(token)
        x = torch.cat([x, model.get_input_embeddings()(torch.tensor([token]))])
    next_token = model.language_model(inputs_embeds=prompt_embeds.unsqueeze(0)).logits[0, -1].log_softmax(-1)
    return {
        "question": question, "answer": answer, "choices": choices, "prompt_ids": prompt,
        "answer_ids": encode(answer), "pixels": flat(pixels), "features": flat(features),
        "projected": flat(projected), "prompt_embeds": flat(prompt_embeds), "loss": float(loss),
        "gradient": flat(leaf.grad), "next_token_log_probabilities": flat(next_token),
        "choice_log_likelihoods": [float(log_likelihood(prompt_embeds, encode(c))[0].sum()) for c in choices],
        "generated": generated,
    }


def main():
    torch.set_num_threads(1)
    torch.manual_seed(5)
    OUT.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save(str(OUT / "tokenizer.json"))
    processor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    processor.save_pretrained(OUT)
    model = make_model(layer=-2)
    model.save_pretrained(OUT, safe_serialization=True)
    (OUT / "generation_config.json").unlink(missing_ok=True)
    pictures = make_pictures()
    for i, picture in enumerate(pictures):
        picture.save(OUT / f"picture-{i}.png")
    pixels = processor([p for p in pictures], return_tensors="pt")["pixel_values"]
    with torch.enable_grad():
        samples = [
            sample(model, tokenizer, pixels[0], "what colour is it ?", "red", ["red", "green circle", "blue"]),
            sample(model, tokenizer, pixels[1], "how many dots are there in this picture ?", "two . yes",
                   ["one", "two . yes"]),
        ]
    (OUT / "expected.json").write_text(json.dumps({
        "made_with": {"transformers": transformers.__version__, "torch": torch.__version__,
                      "tokenizers": tokenizers.__version__, "pillow": PIL.__version__,
                      "numpy": numpy.__version__, "python": platform.python_version(),
                      "script": pathlib.Path(__file__).name},
        "new_tokens": NEW_TOKENS, "samples": samples}) + "\n")
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size, "bytes")
    print([s["generated"] for s in samples], [s["loss"] for s in samples])


if __name__ == "__main__":
    main()
