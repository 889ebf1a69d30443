"""The tool of plugin_bench.cpp as Python writes it, by plugins/python/deed_plugin.py."""

from deed_plugin import serve, tool


@tool(effect="pure")
def add(a: int, b: int) -> dict:
    """Adds two numbers."""
    return {"result": a + b}


serve("bench", "1")
