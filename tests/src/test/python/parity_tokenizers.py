"""Small tokenizers of the kinds that published models have, trained on a few lines."""
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LINES = [
    "USER: What colour is the circle? ASSISTANT: red",
    "USER: How many dots are there in this picture? ASSISTANT: two",
    "Which shape is it? A square, a star or a triangle?",
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
    "polite answers to the human's questions.",
    "You are a helpful assistant. Answer the question using a single word or phrase.",
    "one two three four five six seven eight nine ten",
    "red green blue yellow circle square star triangle left right above below",
]
QWEN2_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
               r"|\s+(?!\S)|\s+")
LLAMA3_SPLIT = QWEN2_SPLIT.replace(r"\p{N}|", r"\p{N}{1,3}|")
SPACE = "\u2581"


def parts(tokenizer):
    return json.loads(tokenizer.to_str())["model"]


def special(tokenizer, *texts):
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in texts])


def sentencepiece(style, merges=50):
    """LLaMA's: pieces with a mark for blanks, byte fallback. Style `normalizer` is that of older conversions, `metaspace`
    that of newer ones."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    trainer = trainers.BpeTrainer(vocab_size=10_000, show_progress=False, max_token_length=6)
    trained.train_from_iterator(LINES, trainer)
    pairs = [tuple(pair) for pair in parts(trained)["merges"]][:merges]
    characters = sorted({c for line in LINES for c in line} - {" "} | {SPACE})
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    pieces += ["".join(pair) for pair in pairs] + characters
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if style == "normalizer":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    special(tokenizer, "<unk>", "<s>", "</s>", "<image>", "<pad>")
    return tokenizer


def byte_level(split, specials, start=None, merges=60):
    """Qwen2's and Llama 3's: bytes as letters, a regular expression for words; start token by template if there is one."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=start is not None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(split), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if start is None:
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(vocab_size=256 + merges, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(LINES, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    special(tokenizer, *specials)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if start is not None:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{start} $A", pair=f"{start} $A {start}:1 $B:1",
                                          special_tokens=[(start, tokenizer.token_to_id(start))])])
    return tokenizer


LLAMA3 = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>"]

# Kind: how to make it, and what tokenizer_config.json says of it besides the list of added tokens.
KINDS = {
    "llama": (lambda: sentencepiece("normalizer"), {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "pad_token": "<pad>", "add_bos_token": True, "add_eos_token": False, "legacy": True}),
    "llama-metaspace": (lambda: sentencepiece("metaspace"), {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "pad_token": "<pad>", "add_bos_token": True, "add_eos_token": False, "legacy": False}),
    "qwen2": (lambda: byte_level(QWEN2_SPLIT, ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"]), {
        "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>", "unk_token": None, "add_prefix_space": False}),
    "llama3": (lambda: byte_level(LLAMA3_SPLIT, LLAMA3, start="<|begin_of_text|>"), {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
        "pad_token": "<|end_of_text|>"}),
}


def write(kind, folder, chat_template=None):
    """Writes tokenizer.json and tokenizer_config.json; gives the tokenizer."""
    make, config = KINDS[kind]
    tokenizer = make()
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n", encoding="utf-8")
    added = {str(i): {"content": t.content, "lstrip": t.lstrip, "normalized": t.normalized, "rstrip": t.rstrip,
                      "single_word": t.single_word, "special": t.special}
             for i, t in sorted(tokenizer.get_added_tokens_decoder().items())}
    config = {**config, "added_tokens_decoder": added, "clean_up_tokenization_spaces": False,
              "model_max_length": 1000000000000000019884624838656, "processor_class": "LlavaProcessor"}
    if chat_template is not None:
        config["chat_template"] = chat_template
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return tokenizer, config["eos_token"]
