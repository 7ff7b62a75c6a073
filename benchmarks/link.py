"""Sending over a link with a long way to the server: a proxy on this machine that lets everything through a while later."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiosmtplib

from benchmarks.figure import Figure, compared
from benchmarks.sink import HOST
from winback.channels import mime
from winback.channels.email import SmtpChannel
from winback.channels.smtp_dialogue import Envelope
from winback.model import Email

CONNECTIONS = 10


def figures(_root: Path, port: int, email: Email, letters: int, delay: float, bar: float) -> list[Figure]:
    """Ours beside aiosmtplib's own dialogue over as many connections; microseconds a letter. `delay` is one way, in seconds."""
    content = mime.build(email)
    envelope = Envelope(email.mail_from, email.to, content)
    with _far_away(port, delay) as far:
        name = f"{letters:,} finished letters over {CONNECTIONS} connections with a round trip of {delay * 2000:.0f} ms"
        return compared(
            "sending",
            name,
            lambda: asyncio.run(_ours(far, envelope, letters)),
            ("aiosmtplib command by command", lambda: asyncio.run(_plain(far, email, content, letters)), bar),
            unit="us",
            rounds=3,
        )


async def _ours(port: int, envelope: Envelope, letters: int) -> float:
    async with SmtpChannel(HOST, port, security="none", connections=CONNECTIONS) as channel:
        turns = iter(range(letters))
        began = time.perf_counter()

        async def some() -> None:
            for _ in turns:
                await channel.carry(envelope)

        await asyncio.gather(*(some() for _ in range(channel.in_flight)))
        return (time.perf_counter() - began) * 1e6 / letters


async def _plain(port: int, email: Email, content: bytes, letters: int) -> float:
    connections = [aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(connection.connect() for connection in connections))
    turns = iter(range(letters))
    began = time.perf_counter()

    async def one_after_another(connection: aiosmtplib.SMTP) -> None:
        for _ in turns:
            await connection.sendmail(email.mail_from, [email.to], content)

    await asyncio.gather(*map(one_after_another, connections))
    took = time.perf_counter() - began
    await asyncio.gather(*(connection.quit() for connection in connections))
    return took * 1e6 / letters


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
