"""What transformers makes of a folder of published chat templates, for conversations of the kinds they are written for."""
import json

import jinja_reference
from jinja_reference import CALL, IMAGE, TOOL

SYSTEM = {"role": "system", "content": "  Be brief.\n"}
ASKED = {"role": "user", "content": "What is 2 + 2?"}
SAID = {"role": "assistant", "content": "<think>\neasy\n</think>\n\n4"}
AGAIN = {"role": "user", "content": "And <b>3</b> 😀? "}
PICTURE = {"role": "user", "content": [IMAGE, {"type": "text", "text": "What is it?"}]}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "{\"n\": 1}", "name": "look", "tool_call_id": "c1"}


def listed(message):
    return dict(message, content=[{"type": "text", "text": message["content"]}])


CHATS = [[ASKED], [SYSTEM, ASKED], [ASKED, SAID], [SYSTEM, ASKED, SAID, AGAIN], [PICTURE], [listed(SYSTEM), PICTURE, listed(SAID), listed(AGAIN)],
         [listed(ASKED), listed(SAID)], [ASKED, CALLED, RESULT], [SYSTEM, ASKED, dict(CALLED, content=None), RESULT, RESULT, SAID, AGAIN]]


def values():
    tokens = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>")
    for chat in CHATS:
        for tools in (None, [TOOL, TOOL]):
            for prompted in (True, False):
                yield dict(tokens, messages=chat, tools=tools, documents=None, add_generation_prompt=prompted)
    yield dict(tokens, messages=CHATS[3], tools=[TOOL], documents=[{"title": "T", "text": "x"}], add_generation_prompt=True, enable_thinking=False)
    yield dict(tokens, messages=CHATS[1], tools=None, documents=None, add_generation_prompt=True, enable_thinking=True, reasoning_effort="low")


def write(out, folder):
    given = list(values())
    templates = []
    for file in sorted(folder.glob("*.jinja")):
        with open(file, newline="") as f:
            text = f.read()
        templates.append({"name": file.name, "texts": [jinja_reference.render(text, g) for g in given]})
    with open(out or folder / "expected.json", "w") as f:
        json.dump({"values": given, "templates": templates}, f)
    print(len(templates), "templates in", out or folder / "expected.json")
