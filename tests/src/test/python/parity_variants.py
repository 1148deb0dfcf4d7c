"""The checkpoints that are made: which shapes, which layout of files, which text, which pictures."""
from dataclasses import dataclass, field

# The chat templates of published checkpoints: of llava-1.5, of llava-v1.6-mistral, of llava-interleave-qwen (ChatML), of
# llama3-llava-next, and Vicuna's conversation with its system line.
LLAVA = ("{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
         "{# Render all images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}"
         "{{ '<image>\n' }}{% endfor %}{# Render all text next #}{% if message['role'] != 'assistant' %}"
         "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}"
         "{% endfor %}{% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
         "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}"
         "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
VICUNA = ("{% if messages[0]['role'] != 'system' %}{{ 'A chat between a curious human and an artificial intelligence "
          "assistant. ' }}{% endif %}" + LLAVA)
MISTRAL = ("{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' }}"
           "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
           "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] }}"
           "{% endfor %}{{ ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
           "{{ ' ' + message['content'][0]['text'] + eos_token }}{% else %}"
           "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}")
CHATML = """\
{%- for message in messages %}
    {%- if loop.first and message['role'] != 'system' %}
        {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
    {{- '<|im_start|>' + message['role'] + '\\n' }}
    {%- if message['content'] is string %}
        {{- message['content'] }}
    {%- else %}
        {%- for content in message['content'] %}
            {%- if content['type'] == 'image' %}
                {{- '<image>\\n' }}
            {%- elif 'text' in content %}
                {{- content['text'] | trim }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
LLAMA3 = """\
{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + \
message['role'] + '<|end_header_id|>\n\n' %}{% if loop.index0 == 0 %}\
{{ bos_token }}{% endif %}{{ content }}{% for part in message['content'] %}{% if part.type == 'image' %}{{ '<image>\n' }}\
{% elif part.type == 'text' %}{{ part.text | trim }}{% endif %}{% endfor %}{{ '<|eot_id|>' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

CLIP_SMALL = {"model_type": "clip_vision_model", "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3,
              "num_attention_heads": 2, "image_size": 16, "patch_size": 8, "projection_dim": 24}
SIGLIP_SMALL = {"model_type": "siglip_vision_model", "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
                "num_attention_heads": 2, "image_size": 21, "patch_size": 7, "vision_use_head": False}
LLAMA_SMALL = {"model_type": "llama", "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
               "num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 256, "rms_norm_eps": 1e-5}
CLIP_PICTURES = {"image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True, "resample": 3,
                 "size": {"shortest_edge": 16}, "do_center_crop": True, "crop_size": {"height": 16, "width": 16},
                 "do_rescale": True, "rescale_factor": 0.00392156862745098, "do_normalize": True,
                 "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
SIGLIP_PICTURES = {"image_processor_type": "SiglipImageProcessor", "do_convert_rgb": True, "do_resize": True,
                   "resample": 3, "size": {"height": 21, "width": 21}, "do_rescale": True,
                   "rescale_factor": 0.00392156862745098, "do_normalize": True,
                   "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
FIRST = ("What colour is the circle?", "red", ["red", "green circle", "blue"])
SECOND = ("How many dots are there in this picture?", "twenty-two", ["one", "twenty-two"])
FOREIGN = ("Wie groß ist der 星?", "Ünglaublich ★", ["right", "Ünglaublich ★"])


@dataclass
class Variant:
    """One checkpoint. Samples are (question, answer, choices); pictures are, per sample, kinds of `parity_pictures`, with a
    size where it matters."""
    name: str
    pictures: list
    vision: dict = field(default_factory=lambda: CLIP_SMALL)
    text: dict = field(default_factory=lambda: LLAMA_SMALL)
    llava: dict = field(default_factory=dict)  # further keys of config.json
    tokenizer: str = "llama"
    template: str | None = LLAVA
    template_in: str = "chat_template.jinja"
    preprocessing: dict = field(default_factory=lambda: CLIP_PICTURES)
    dtype: str = "bfloat16"
    names: str = "old"  # as before transformers 4.52, or "new"; "5" or "5-model": as 5 writes them, plain or with "model."
    shards: int = 1
    samples: list = field(default_factory=lambda: [FIRST, SECOND])
    spare_rows: int = 0  # rows of the embedding table that no token has
    config_edits: dict = field(default_factory=dict)  # how other releases of transformers wrote text_config
    config_cuts: list = field(default_factory=list)  # keys of text_config that a release leaves out
    generation: dict | None = None  # generation_config.json
    second_end: bool = False  # generation_config.json lists one more end token, which comes up


VARIANTS_4 = [
    Variant("clip-llama", [["rgb"], [("rgb", 10, 12)]], dtype="float32"),
    Variant("sharded", [["gray"], ["gray-alpha", "rgb"]], dtype="float32", names="new",
            shards=3, tokenizer="llama-metaspace", samples=[FIRST, FOREIGN]),
    Variant("bf16", [["jpeg"], ["jpeg-gray"]], template_in="chat_template.json", spare_rows=11),
    Variant("f16", [["rgba"], ["palette"]], dtype="float16", names="new", shards=2,
            tokenizer="llama-metaspace", template_in="tokenizer_config.json"),
    Variant("tied", [["palette-transparent"], ["bits"]], names="new",
            text={**LLAMA_SMALL, "tie_word_embeddings": True}, template=None),
    Variant("mistral", [["rgb"], []], shards=2, tokenizer="llama", template=MISTRAL,
            template_in="chat_template.json", samples=[FOREIGN, SECOND], generation={"bos_token_id": 1, "eos_token_id": 2},
            text={"model_type": "mistral", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "max_position_embeddings": 256,
                  "rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "sliding_window": None}),
    Variant("qwen2", [["rgb"], ["jpeg-full"]], names="new", tokenizer="qwen2", template=CHATML,
            samples=[FIRST, FOREIGN],
            text={"model_type": "qwen2", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
                  "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "use_sliding_window": False, "sliding_window": 131072,
                  "max_window_layers": 2}),
    Variant("vicuna-linear-rope", [["rgb"], ["rgb"]], template=VICUNA,
            text={**LLAMA_SMALL, "rope_scaling": {"rope_type": "linear", "factor": 2.5}},
            config_edits={"rope_scaling": {"type": "linear", "factor": 2.5}}),
    Variant("llama3-rope", [["rgb"], [("gray", 16, 16)]], names="new", shards=2, tokenizer="llama3",
            template=LLAMA3, samples=[FIRST, FOREIGN], second_end=True,
            text={**LLAMA_SMALL, "num_attention_heads": 2, "num_key_value_heads": 1, "rope_theta": 500000.0,
                  "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                   "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}),
    Variant("head-size", [[("rgb", 18, 57)], [("rgb", 16, 16)]], llava={"multimodal_projector_bias": False},
            text={**LLAMA_SMALL, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 14,
                  "rms_norm_eps": 0.02}),  # large enough to show
    Variant("siglip-qwen2", [["rgb"], ["palette"]], vision=SIGLIP_SMALL, tokenizer="qwen2",
            template=CHATML, preprocessing=SIGLIP_PICTURES,
            llava={"vision_feature_layer": -1, "vision_feature_select_strategy": "full"},
            text={"model_type": "qwen2", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 256,
                  "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "tie_word_embeddings": True}),
    Variant("clip-full", [["rgb"], ["rgba"]], preprocessing={
                **CLIP_PICTURES, "size": {"height": 20, "width": 18}, "crop_size": {"height": 16, "width": 16}},
            vision={**CLIP_SMALL, "hidden_act": "gelu", "patch_size": 4, "layer_norm_eps": 0.02},
            llava={"vision_feature_layer": 1, "vision_feature_select_strategy": "full"}),
    Variant("layer-list", [["rgb"], [("rgb", 90, 33)]],
            llava={"vision_feature_layer": [-2, 1, -1]},
            preprocessing={**CLIP_PICTURES, "size": {"height": 16, "width": 16}, "do_center_crop": False}),
    Variant("pad-square", [["rgb"], ["gray"]],
            preprocessing={**CLIP_PICTURES, "image_processor_type": "LlavaImageProcessor", "do_pad": True}),
]

# A decoder's rotary settings are in rope_parameters since transformers 5. Pictures are opaque: releases of it lay transparent
# ones on white, others and this project take the colour below.
VARIANTS_5 = [
    Variant("v5-clip-llama", [["rgb"], ["palette"]], dtype="float32", names="5",
            text={**LLAMA_SMALL, "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0}},
            preprocessing={**CLIP_PICTURES, "size": {"shortest_edge": 15}}),
    Variant("v5-siglip-qwen2", [["rgb"], ["jpeg"]], vision={**SIGLIP_SMALL, "vision_use_head": True}, names="5",
            dtype="float16", shards=2, tokenizer="qwen2", template=CHATML, preprocessing=SIGLIP_PICTURES,
            llava={"vision_feature_layer": -1, "vision_feature_select_strategy": "full"}, samples=[FIRST, FOREIGN],
            text={"model_type": "qwen2", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 256,
                  "rms_norm_eps": 1e-6, "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
                  "tie_word_embeddings": True}),
    Variant("v5-model-llama3-rope", [["jpeg-full"], [("gray", 16, 17)]], names="5-model", shards=2, tokenizer="llama3",
            template=LLAMA3, second_end=True, samples=[FIRST, FOREIGN],
            text={**LLAMA_SMALL, "num_attention_heads": 2, "num_key_value_heads": 1,
                  "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                                      "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}),
    # With rope_theta alone, no end token of the model's own, and without what is the class's default anyway.
    Variant("v5-mistral", [["rgb"], []], names="5", dtype="float32", tokenizer="llama", template=MISTRAL,
            llava={"vision_feature_layer": [-2, -1], "multimodal_projector_bias": False}, samples=[FOREIGN, SECOND],
            text={"model_type": "mistral", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "max_position_embeddings": 256,
                  "rms_norm_eps": 1e-6, "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
                  "sliding_window": None},
            config_edits={"rope_parameters": {"rope_theta": 1000000.0}},
            config_cuts=["rms_norm_eps", "hidden_act", "tie_word_embeddings", "pad_token_id"]),
    Variant("v5-model-siglip-tied", [["rgb"], [("bits", 30, 11)]], vision=SIGLIP_SMALL, names="5-model",
            tokenizer="llama-metaspace", preprocessing=SIGLIP_PICTURES, llava={"tie_word_embeddings": True},
            text={**LLAMA_SMALL, "rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}}),
]
