#!/usr/bin/env python3
"""Writes what the chat templates make of conversation.json, by Jinja itself: what tests/llm/chat_template_test.cpp expects of
llama.cpp's own engine. usage: render.py FOLDER-OF-TEMPLATES (…/share/llama-chat/templates of the prefix that scripts/llama.sh
prints). Needs python3-jinja2. Dates become DATE: the test puts that in place of today's."""
import json
import pathlib
import sys

from jinja2 import exceptions
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent


def refuse(message):
    raise exceptions.TemplateError(message)


def environment():
    # As https://github.com/huggingface/transformers, utils/chat_template_utils.py, sets it up.
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    env.filters["tojson"] = lambda value, indent=None, **_: json.dumps(value, ensure_ascii=False, indent=indent)
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = lambda _: "DATE"
    return env


def main():
    conversation = json.loads((HERE / "conversation.json").read_text())
    families = json.loads((HERE / "families.json").read_text())
    env = environment()
    for family in families:
        text = (pathlib.Path(sys.argv[1]) / family["template"]).read_text()
        prompt = env.from_string(text.rstrip("\n")).render(
            messages=conversation["messages"], tools=conversation["tools"], add_generation_prompt=True,
            bos_token=family["bos"], eos_token=family["eos"], enable_thinking=True, date_string="DATE", datetime="DATE")
        (HERE / (family["name"] + ".txt")).write_text(prompt)
        print(f"{family['name']}: {len(prompt)} characters")


main()
