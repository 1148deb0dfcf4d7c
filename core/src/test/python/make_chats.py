"""What transformers makes of chat templates: writes ../resources/prompt/chats.json for ChatTemplateTest.

    pip install transformers==4.57.3 jinja2==3.1.6
    python make_chats.py

The templates are written here, in the idioms of those that models are published with: the name says which.
"""
import json
from datetime import datetime
from pathlib import Path

import jinja2
import transformers
from transformers.utils import chat_template_utils

ALTERNATE = ("{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
             "{{ raise_exception('Roles must alternate user/assistant') }}{% endif %}")
SYSTEM = ("{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
          "{% set system_message = messages[0]['content'] %}")
IMAGES = "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}"
TEXTS = "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"

TEMPLATES = {
    "llava-1.5": "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}"
                 "{% endif %}{# Pictures come first #}" + IMAGES + "{{ '<image>\\n' }}{% endfor %}{# then texts #}"
                 "{% if message['role'] != 'assistant' %}" + TEXTS + "{{ content['text'] + ' '}}{% endfor %}{% else %}"
                 + TEXTS + "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}"
                 "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}",
    "llava-1.6-vicuna": "{% for message in messages %}{% if message['role'] == 'system' %}"
                        "{{ message['content'][0]['text'] }}{% else %}{{ message['role'].upper() + ': '}}{% endif %}"
                        + IMAGES + "{{ '<image>\\n' }}{% endfor %}" + TEXTS + "{{ content['text'] + ' '}}{% endfor %}"
                        "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}",
    "llava-1.6-mistral": "{% for message in messages %}{% if message['role'] == 'system' %}"
                         "{{ '<<SYS>>\\n' + message['content'][0]['text'] + '\\n<</SYS>>\\n\\n' }}"
                         "{% elif message['role'] == 'user' %}{{ '[INST] ' }}" + IMAGES + "{{ '<image>\\n' }}{% endfor %}"
                         + TEXTS + "{{ content['text'] }}{% endfor %}{{' [/INST]' }}"
                         "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'][0]['text'] + '<\\s> '}}"
                         "{% else %}{{ raise_exception('Only user and assistant!') }}{% endif %}{% endfor %}",
    "llava-qwen2": "{% for message in messages %}{{'<|im_start|>' + message['role'] + ' '}}" + IMAGES
                   + "{{ '<image>' }}{% endfor %}" + IMAGES.replace("'image'", "'video'") + "{{ '<video>' }}{% endfor %}"
                   "{% if message['role'] != 'assistant' %}" + TEXTS + "{{ '\\n' + content['text'] }}{% endfor %}{% else %}"
                   + TEXTS + "{% generation %}{{ '\\n' + content['text'] }}{% endgeneration %}{% endfor %}{% endif %}"
                   "{{'<|im_end|>'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "vicuna": SYSTEM + "{% else %}{% set loop_messages = messages %}{% set system_message = 'A curious user\\'s chat.' %}"
              "{% endif %}{% for message in loop_messages %}" + ALTERNATE
              + "{% if loop.index0 == 0 %}{{ system_message }}{% endif %}{% if message['role'] == 'user' %}"
              "{{ ' USER: ' + message['content'].strip() }}{% elif message['role'] == 'assistant' %}"
              "{{ ' ASSISTANT: ' + message['content'].strip() + eos_token }}{% endif %}{% endfor %}"
              "{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}",
    "vicuna-1.1": "{%- for message in messages %}{%- if message['role'] == 'system' -%}"
                  "{{- '' + message['content'] + '\n\n' -}}{%- else -%}{%- if message['role'] == 'user' -%}"
                  "{{-'USER: ' + message['content'] + '\n'-}}{%- else -%}{{-'ASSISTANT: ' + message['content'] + '</s>\n' -}}"
                  "{%- endif -%}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{-'ASSISTANT:'-}}{%- endif -%}",
    "llama-2": SYSTEM + "{% elif true == true and not '<<SYS>>' in messages[0]['content'] %}"
               "{% set loop_messages = messages %}{% set system_message = 'You are a careful assistant.' %}{% else %}"
               "{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
               "{% for message in loop_messages %}" + ALTERNATE
               + "{% if loop.index0 == 0 and system_message != false %}"
               "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}"
               "{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
               "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
               "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "llama-3": "{% set loop_messages = messages %}{% for message in loop_messages %}"
               "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
               "+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
               "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
               "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "llama-3.2": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- Here's the system's word, if {{ any #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {{- "Functions" }}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {{- "Functions" }}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One tool call at once!") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "mistral-0.1": "{{ bos_token }}{% for message in messages %}" + ALTERNATE + "{% if message['role'] == 'user' %}"
                   "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
                   "{{ message['content'] + eos_token + ' ' }}{% else %}{{ raise_exception('Only two roles!') }}{% endif %}"
                   "{% endfor %}",
    "mistral-0.3": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- Turns alternate, apart from tools. #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("Roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif (message.tool_calls is defined and message.tool_calls is not none) %}
        {{- "[TOOL_CALLS]" }}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    "mistral-small-3.1": """{%- set today = strftime_now("%Y-%m-%d") %}
{%- set default_system_message = "You are a model.\\
The date is " + today + ".\\
\\
Ask back (e.g. \\"Where?\\") if it's unclear" %}
{{- bos_token }}
{{- '[SYSTEM_PROMPT]' + default_system_message + '[/SYSTEM_PROMPT]' }}
{%- for message in messages %}
        {%- if message['role'] not in ['tool'] and not message.get('tool_calls') %}
                {%- if message['content'] is string %}
                        {{- '[INST]' + message['content'] + '[/INST]' }}
                {%- else %}
                        {{- '[INST]' }}
                        {%- for block in message['content'] %}
                                {%- if block['type'] == 'text' %}
                                        {{- block['text'] }}
                                {%- elif block['type'] == 'image' or block['type'] == 'image_url' %}
                                        {{- '<image>' }}
                                {%- else %}
                                        {{- raise_exception('Only text and pictures!') }}
                                {%- endif %}
                        {%- endfor %}
                        {{- '[/INST]' }}
                {%- endif %}
        {%- endif %}
{%- endfor %}
""",
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
              "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
              "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "qwen2.5": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n{\\"name\\": <function-name>}\\n<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "title-and-namespace": "{% if not add_generation_prompt is defined %}\n{% set add_generation_prompt = false %}\n"
                           "{% endif %}\n{%- set ns = namespace(found=false) -%}\n{%- for message in messages -%}\n"
                           "    {%- if message['role'] == 'system' -%}\n        {%- set ns.found = true -%}\n"
                           "    {%- endif -%}\n{%- endfor -%}\n{{bos_token}}{%- if not ns.found -%}\n"
                           "{{'You write programs\\n'}}\n{%- endif %}\n{%- for message in messages %}\n"
                           "    {%- if message['role'] == 'user' %}\n{{'### ' + message['role'].title() + ':\\n' + "
                           "message['content'] + '\\n'}}\n    {%- else %}\n{{'### Answer:\\n' + message['content'] + "
                           "'\\n<|EOT|>\\n'}}\n    {%- endif %}\n{%- endfor %}\n{% if add_generation_prompt %}\n"
                           "{{'### Answer:'}}\n{% endif %}",
}


def turns(media, text, as_list, answer):
    content = ([{"type": "image"}] * media + [{"type": "text", "text": text}]) if as_list else "<image>\n" * media + text
    said = [{"role": "user", "content": content}]
    if answer is not None:
        said.append({"role": "assistant", "content": [{"type": "text", "text": answer}] if as_list else answer})
    return said


class FrozenDate(datetime):
    """strftime_now is held at the day that the project holds it at."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def main():
    chat_template_utils.datetime = FrozenDate
    cases = []
    for name, template in TEMPLATES.items():
        as_list = "['content'] | selectattr" in template or "block['type']" in template
        for media in (0, 1, 2):
            for text in ("What is it?", "  {{ messages }} {% if x %}\t'\u00fc\" \n"):
                for answer in (None, "a cat"):
                    said = turns(media, text, as_list, answer)
                    rendered, _ = chat_template_utils.render_jinja_template(
                        [said], chat_template=template, add_generation_prompt=answer is None, bos_token="<s>",
                        eos_token="</s>")
                    cases.append({"template": name, "media": media, "text": text, "list": as_list, "answer": answer,
                                  "rendered": rendered[0]})
    out = Path(__file__).parent.parent / "resources/prompt/chats.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    made_with = {"transformers": transformers.__version__, "jinja2": jinja2.__version__}
    text = json.dumps({"made_with": made_with, "templates": TEMPLATES, "cases": cases}, indent=1, ensure_ascii=False)
    out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
