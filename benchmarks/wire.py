"""Finished letters over ten connections: ours, and aiosmtplib's own dialogue, command by command."""

from __future__ import annotations

import asyncio
import time

import aiosmtplib

from benchmarks.sink import HOST
from winback.channels.email import SmtpChannel
from winback.channels.smtp_dialogue import Envelope

CONNECTIONS = 10


async def ours(port: int, envelope: Envelope, letters: int) -> float:
    """Seconds for so many letters, as many of them under way at any time as the channel carries."""
    async with SmtpChannel(HOST, port, security="none", connections=CONNECTIONS) as channel:
        turns = iter(range(letters))
        began = time.perf_counter()

        async def one_after_another() -> None:
            for _ in turns:
                await channel.carry(envelope)

        await asyncio.gather(*(one_after_another() for _ in range(channel.in_flight)))
        return time.perf_counter() - began


async def plain(port: int, envelope: Envelope, letters: int) -> float:
    """The same by aiosmtplib, on connections that are kept."""
    connections = [aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(connection.connect() for connection in connections))
    turns = iter(range(letters))
    began = time.perf_counter()

    async def one_after_another(connection: aiosmtplib.SMTP) -> None:
        for _ in turns:
            await connection.sendmail(envelope.mail_from, [envelope.to], envelope.content)

    await asyncio.gather(*map(one_after_another, connections))
    took = time.perf_counter() - began
    await asyncio.gather(*(connection.quit() for connection in connections))
    return took
