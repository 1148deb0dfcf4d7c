"""Templates as transformers renders them, with the day fixed: what the Java interpreter is held to."""
import copy
import json
import multiprocessing
import resource
import signal
from datetime import datetime

import jinja2
from transformers.utils import chat_template_utils


class Today(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


chat_template_utils.datetime = Today
#: Bytes of address space that one template may take.
MEMORY = 4 << 30
IMAGE = {"type": "image"}
ODD = {"i": 7, "f": 2.5, "n": None, "t": True, "e": "", "u": "Ünï 😀 'q' \"d\"\t", "l": [3, 1, 2], "w": "a b  c",
       "d": {"b": 1, "a": [1, {"x": None}], "items": 9}, "m": [["k", 1], ["j", 2]], "z": 0, "big": 10 ** 15}
TOOL = {"type": "function", "function": {"name": "look", "description": "Looks <up> & 'more'", "parameters": {
    "type": "object", "properties": {"q": {"type": "string"}, "n": {"type": "integer", "enum": [1, 2]}}, "required": ["q"]}}}
CALL = {"type": "function", "id": "c1", "function": {"name": "look", "arguments": {"q": "é", "n": 1.0, "deep": [{"a": []}]}}}
CONVERSATIONS = [
    {"messages": [{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": "red"}],
     "add_generation_prompt": False},
    {"messages": [{"role": "user", "content": [IMAGE, {"type": "text", "text": " Zwei <Katzen>?\n"}]}],
     "add_generation_prompt": True},
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ""},
                  {"role": "assistant", "content": None, "tool_calls": [CALL]},
                  {"role": "tool", "content": "<think>so 😀</think>\n\nß 'x' ", "name": "look", "tool_call_id": 17},
                  {"role": "assistant", "content": "Ja\r\nnein ", "extra": {"k": 0.1, "none": None}},
                  {"role": "user", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "b\tC"}]}],
     "tools": [TOOL], "add_generation_prompt": True},
]


def values():
    """What each conversation gives to a template."""
    return [dict(tools=None, documents=None, bos_token="<s>", eos_token="</s>", v=ODD) | c for c in CONVERSATIONS]


class TooLong(Exception):
    """Neither engine is asked to finish such a template."""


def _stop(*_):
    raise TooLong()


def render(template, given):
    """Text, or None where Jinja2 fails; a text with an address in it changes from run to run and is none either."""
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(5)
    try:
        text = chat_template_utils._compile_jinja_template(template).render(**copy.deepcopy(given))
        text.encode()
    except (TooLong, RecursionError, MemoryError):
        raise
    except Exception as e:
        render.error = f"{type(e).__name__}: {e}"
        return None
    finally:
        signal.alarm(0)
    return None if " at 0x" in text else text


def _bound_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _case(template):
    """The template's text, or its error, for each conversation; None where neither engine is asked to finish."""
    outs, whys = [], []
    try:
        for given in values():
            render.error = ""
            outs.append(render(template, given))
            whys.append(render.error)
    except (TooLong, RecursionError, MemoryError):
        return None
    return outs, whys


def write(path, templates, errors=False):
    """One case a line: the template and its text for each conversation.

    A process of its own renders each, so that one that takes all memory takes none from those after it.
    """
    lines = []
    with multiprocessing.get_context("fork").Pool(1, _bound_memory, maxtasksperchild=1) as pool:
        for template, case in zip(templates, pool.imap(_case, templates)):
            if case:
                outs, whys = case
                lines.append(json.dumps([template, outs] + ([whys] if errors else []), ensure_ascii=True))
    with open(path, "w") as f:
        f.write('{"jinja2": "%s",\n"values": %s,\n"cases": [\n' % (jinja2.__version__, json.dumps(values())))
        f.write(",\n".join(lines) + "\n]}\n")
    return len(lines)
