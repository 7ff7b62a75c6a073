"""Sending: finished letters over the wire, beside Postfix's own sender and aiosmtplib's plain dialogue; and whole campaigns from the queue on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import aiosmtplib

from benchmarks import end_to_end
from benchmarks.figure import Figure, compared
from benchmarks.sink import HOST, sink, source
from winback.channels import mime
from winback.channels.email import SmtpChannel
from winback.channels.smtp_dialogue import Envelope
from winback.model import Email

LETTERS = 3000
CONNECTIONS = 10
SOURCE_BAR = 1 / 0.6  # of smtp-source's time
_PARAGRAPH = "<p>Вітаємо! Ми сумували за вами й приготували дещо тепле до вашого чаю.</p>\n"


def figures() -> list[Figure]:
    return [*_wire(), *end_to_end.figures()]


def _wire() -> list[Figure]:
    email = _email()
    content = mime.build(email)
    size = len(content)
    with sink() as port:
        return compared(
            "sending",
            f"{LETTERS:,} finished letters of {size / 1000:.0f} kB over {CONNECTIONS} connections",
            lambda: asyncio.run(_ours(port, Envelope(email.mail_from, email.to, content))),
            ("smtp-source", lambda: source(port, letters=LETTERS, size=size, connections=CONNECTIONS), SOURCE_BAR),
            ("aiosmtplib command by command", lambda: asyncio.run(_plain(port, email, content)), None),
        )


def _email() -> Email:
    return Email(
        delivery_id=1,
        to="olena@post.example",
        sender_name="Олена Савчук",
        sender_address="olena@zerno.example",
        reply_to="olena@zerno.example",
        mail_from="bounces@zerno.example",
        message_id="<wb.bench.1@zerno.example>",
        subject="Олено, ми сумували за вами",
        html=_PARAGRAPH * 75,
        text="Вітаємо!\n" * 60,
        language="uk",
        sent_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
    )


async def _ours(port: int, envelope: Envelope) -> float:
    async with SmtpChannel(HOST, port, security="none", connections=CONNECTIONS) as channel:
        return await _all(lambda: channel.carry(envelope), channel.in_flight)


async def _plain(port: int, email: Email, content: bytes) -> float:
    connections = [aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(connection.connect() for connection in connections))
    turns = iter(range(LETTERS))
    began = time.perf_counter()

    async def one_after_another(connection: aiosmtplib.SMTP) -> None:
        for _ in turns:
            await connection.sendmail(email.mail_from, [email.to], content)

    await asyncio.gather(*map(one_after_another, connections))
    took = time.perf_counter() - began
    await asyncio.gather(*(connection.quit() for connection in connections))
    return took


async def _all(send: Callable[[], Awaitable[object]], at_once: int) -> float:
    """Seconds for all letters, so many of them under way at any time."""
    turns = iter(range(LETTERS))
    began = time.perf_counter()
    await asyncio.gather(*(_each(turns, send) for _ in range(at_once)))
    return time.perf_counter() - began


async def _each(turns: Iterator[int], send: Callable[[], Awaitable[object]]) -> None:
    for _ in turns:
        await send()
