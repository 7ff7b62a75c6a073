"""Sending: finished letters over the wire, beside Postfix's own sender and aiosmtplib's plain dialogue; and whole campaigns from the queue on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from benchmarks import end_to_end, wire
from benchmarks.figure import Figure, compared
from benchmarks.sink import sink, source
from winback.channels import mime
from winback.channels.smtp_dialogue import Envelope
from winback.model import Email

LETTERS = 3000
SOURCE_BAR = 1 / 0.6  # of smtp-source's time
_PARAGRAPH = "<p>Вітаємо! Ми сумували за вами й приготували дещо тепле до вашого чаю.</p>\n"


def figures() -> list[Figure]:
    return [*_wire(), *end_to_end.figures()]


def _wire() -> list[Figure]:
    email = _email()
    envelope = Envelope(email.mail_from, email.to, mime.build(email))
    size = len(envelope.content)
    with sink() as port:
        return compared(
            "sending",
            f"{LETTERS:,} finished letters of {size / 1000:.0f} kB over {wire.CONNECTIONS} connections",
            lambda: asyncio.run(wire.ours(port, envelope, LETTERS)),
            ("smtp-source", lambda: source(port, letters=LETTERS, size=size, connections=wire.CONNECTIONS), SOURCE_BAR),
            ("aiosmtplib command by command", lambda: asyncio.run(wire.plain(port, envelope, LETTERS)), None),
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
