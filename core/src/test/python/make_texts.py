"""What transformers makes of prompts and answers: writes ../resources/prompt/texts.json for PromptIdsTest.

    pip install transformers==4.57.3 jinja2==3.1.6
    python make_texts.py

Small tokenizers of the kinds that models are published with, each with chat templates of make_chats.py. An answer's ids are
those that follow the prompt's when prompt and answer are encoded as one text.
"""
import json
import tempfile
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils

from make_chats import TEMPLATES, FrozenDate, turns

SPACE = "\u2581"
LINES = ["USER: What is it? ASSISTANT: a cat", "A curious user's chat. You are a helpful assistant.", "red green blue one two"]
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")


def sentencepiece(style, with_start):
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    trained.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=999, show_progress=False, max_token_length=6))
    pairs = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]][:30]
    letters = sorted({c for line in LINES for c in line} - {" "} | {SPACE})
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + ["".join(p) for p in pairs] + letters
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if style == "normalizer":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    if with_start:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<unk>", "<s>", "</s>")])
    return tokenizer


def byte_level(specials, start=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(LINES, trainers.BpeTrainer(
        vocab_size=290, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in specials])
    if start is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{start} $A", pair=f"{start} $A {start}:1 $B:1",
            special_tokens=[(start, tokenizer.token_to_id(start))])
    return tokenizer


LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
LLAMA3 = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
KINDS = {
    "llama": (lambda: sentencepiece("normalizer", True), {**LLAMA, "add_bos_token": True, "legacy": True},
              ["llava-1.5", "vicuna", "llama-2", "mistral-0.1", "mistral-0.3", "llava-1.6-mistral", None]),
    # tokenizer.json without a start token: the class adds it all the same.
    "llama-metaspace": (lambda: sentencepiece("metaspace", False), {**LLAMA, "legacy": False},
                        ["llava-1.5", "llama-2", "mistral-0.3", None]),
    # ... and leaves it out where tokenizer_config.json says so.
    "llama-without-start": (lambda: sentencepiece("normalizer", True), {**LLAMA, "add_bos_token": False, "legacy": True},
                            ["llava-1.5", None]),
    "qwen2": (lambda: byte_level(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]),
              {"tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|im_end|>",
               "pad_token": "<|endoftext|>"}, ["qwen2.5", "chatml", "llava-qwen2", None]),
    "llama-3": (lambda: byte_level(LLAMA3, LLAMA3[0]),
                {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": LLAMA3[0], "eos_token": LLAMA3[1]},
                ["llama-3", "llama-3.2", None]),
}
DEFAULT = "USER: {images}{question} ASSISTANT:"


def encode(tokenizer, text):
    """As the processors' apply_chat_template does: no second start token."""
    started = tokenizer.bos_token is not None and text.startswith(tokenizer.bos_token)
    return tokenizer(text, add_special_tokens=not started).input_ids


def cases(tokenizer, template):
    for media, question in ((0, "What is it?"), (1, "What is it?"), (2, " a \u00fc cat's chat?\n "), (1, "one")):
        for answer in ("a cat", "two", "\u00fc42"):
            if template is None:
                prompt, lead = DEFAULT.format(images="<image>\n" * media, question=question), " "
                prompt = prompt.replace("<image>\n<image>\n", "<image>\n<image>\n")
            else:
                as_list = "['content'] | selectattr" in TEMPLATES[template]
                tokens = {k: v for k, v in tokenizer.special_tokens_map.items() if isinstance(v, str)}

                def render(said, generation):
                    return chat_template_utils.render_jinja_template(
                        [said], chat_template=TEMPLATES[template], add_generation_prompt=generation, **tokens)[0][0]
                prompt = render(turns(media, question, as_list, None), True)
                whole = render(turns(media, question, as_list, answer), False)
                lead = whole[len(prompt):whole.index(answer, len(prompt))] if whole.startswith(prompt) else ""
            ids = encode(tokenizer, prompt)
            both = encode(tokenizer, prompt + lead + answer)
            assert both[:len(ids)] == ids, (template, prompt, answer)
            yield {"template": template, "media": media, "question": question, "answer": answer, "prompt": prompt,
                   "prompt_ids": ids, "answer_ids": both[len(ids):]}


def main():
    chat_template_utils.datetime = FrozenDate
    out = {"made_with": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}, "kinds": {}}
    for name, (make, config, templates) in KINDS.items():
        tokenizer = make()
        tokenizer.add_special_tokens([AddedToken("<image>", special=True, normalized=False)])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
            Path(folder, "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
            loaded = AutoTokenizer.from_pretrained(folder)
            out["kinds"][name] = {
                "tokenizer": tokenizer.to_str(), "tokenizer_config": config,
                "image": loaded.convert_tokens_to_ids("<image>"), "end": loaded.eos_token_id,
                "cases": [case for template in templates for case in cases(loaded, template)]}
    path = Path(__file__).parent.parent / "resources/prompt/texts.json"
    path.write_text(json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
