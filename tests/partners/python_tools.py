"""Tools for test_mcp_servers_partner.py, served by the SDK of the Model Context Protocol's authors. `more` in its working folder is a
tool more."""

import asyncio
import os
from typing import TypedDict

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("python_tools")


class Weather(TypedDict):
    city: str
    degrees: float


@server.tool(meta={"deed": {"effect": "pure", "examples": ["Add 2 and 3."]}})
def add(a: int, b: int) -> int:
    """Add two whole numbers."""
    return a + b


@server.tool(meta={"deed": {"effect": "read"}})
def weather(city: str) -> Weather:
    """Tell the weather of a city."""
    return {"city": city, "degrees": 21.5}


@server.tool(meta={"deed": {"effect": "read"}})
def divide(a: float, b: float) -> float:
    """Divide two numbers."""
    return a / b


@server.tool()
def post(text: str) -> str:
    """Post a text; it never gets there."""
    raise ValueError(f"nobody takes {text!r}")


@server.tool(meta={"deed": {"effect": "read"}})
async def count(to: int, context: Context) -> str:
    """Count, a hundredth of a second for each number."""
    for number in range(1, to + 1):
        await context.report_progress(number, to, f"at {number}")
        await asyncio.sleep(0.01)
    return f"counted to {to}"


if os.path.exists("more"):
    server.tool(name="more")(lambda: "more")

server.run("stdio")
