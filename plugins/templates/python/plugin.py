#!/usr/bin/env python3
"""A plugin for deed: one tool, greeter.hello."""
from deed_plugin import Error, serve, tool


# What happens if a call runs twice, after a crash? There is no default. pure: it changes nothing and depends on nothing. read: it
# looks at the world. idempotent: twice is once. keyed: the receiver removes duplicates by ctx.effect_key. probeable: it can be
# asked afterwards (needs @hello.probe). once: none of these; deed then asks a person.
# The examples are how people ask for it: small models choose by these words.
@tool(effect="pure", concurrent=True, arguments={"name": {"minLength": 1}},
      examples=["Say hello to Ann", "Greet my neighbour Bob", "Greet Ann by name"])
def hello(name: str) -> str:
    """Greets somebody by name.

    name: Whom to greet
    """
    if len(name) > 255:
        raise Error("the name is longer than 255 letters")
    return f"Hello, {name}!"


if __name__ == "__main__":
    serve("greeter", "0.1.0")
