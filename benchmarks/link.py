"""Sending over a link with a long way to the server: a proxy on this machine that lets everything through a while later."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import socket
from collections.abc import Iterator

from benchmarks import wire
from benchmarks.figure import Figure, compared
from benchmarks.sink import HOST
from winback.channels import mime
from winback.channels.smtp_dialogue import Envelope
from winback.model import Email


def figures(port: int, email: Email, letters: int, delay: float, bar: float) -> list[Figure]:
    """Ours beside aiosmtplib's own dialogue over as many connections; microseconds a letter. `delay` is one way, in seconds."""
    envelope = Envelope(email.mail_from, email.to, mime.build(email))
    with _far_away(port, delay) as far:
        name = f"{letters:,} finished letters over {wire.CONNECTIONS} connections with a round trip of {delay * 2000:.0f} ms"
        return compared(
            "sending",
            name,
            lambda: asyncio.run(wire.ours(far, envelope, letters)) * 1e6 / letters,
            ("aiosmtplib command by command", lambda: asyncio.run(wire.plain(far, envelope, letters)) * 1e6 / letters, bar),
            unit="us",
            rounds=3,
        )


@contextlib.contextmanager
def _far_away(port: int, delay: float) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(100)
        process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, port, delay), daemon=True)
        process.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            process.terminate()
            process.join()


def _serve(listening: socket.socket, port: int, delay: float) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(delay, writer.write, data)
        loop.call_later(delay, writer.close)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(OSError):
            await asyncio.gather(carry(reader, back), carry(there, writer))

    async def serve() -> None:
        async with await asyncio.start_server(meet, sock=listening) as server:
            await server.serve_forever()

    asyncio.run(serve())
