"""The tool of plugin_bench.cpp, served by the SDK of the Model Context Protocol's authors."""

from mcp.server.mcpserver import MCPServer

server = MCPServer("bench", log_level="ERROR")


@server.tool(meta={"deed": {"effect": "pure"}})
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


server.run("stdio")
