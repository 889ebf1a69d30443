"""usage: mcp_client.py CALLS PROGRAM ARGUMENT...: calls the tool `add` of a server with the client of the Model Context Protocol's authors, and
prints the median in microseconds."""

import asyncio
import os
import statistics
import sys
import time

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(calls, program, *arguments):
    server = StdioServerParameters(command=program, args=list(arguments), env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        await session.list_tools()
        took = []
        for number in range(calls):
            begun = time.perf_counter()
            answer = await session.call_tool("add", {"a": number, "b": 7})
            took.append(time.perf_counter() - begun)
            assert answer.structured_content == {"result": number + 7}, answer
        print(statistics.median(took) * 1e6)


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
