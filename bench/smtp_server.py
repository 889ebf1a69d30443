"""A mail server that people use (Debian's aiosmtpd), which takes everything and keeps nothing; prints its port."""
import asyncio

from aiosmtpd.smtp import SMTP


class Take:
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Take(), hostname="bench", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
