"""Replies shown to the person who looks after the customer: forwarded to their mailbox or their chat, once each."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback.channels.file import FileChannel
from winback.errors import ChannelError, UncertainError
from winback.letters import sender
from winback.letters.sender import Sender, Senders
from winback.model import ChannelName, Email, Message
from winback.operations import reminding, staff_notes
from winback.operations.reminding import OpenChannel
from winback.operations.staff_notes import Note
from winback.settings import Project
from winback.store import database, forwards
from winback.store.forwards import ForwardStatus

_SHOWN = 3_000  # characters of a reply in a messenger text


def open_channel(project: Project, name: ChannelName) -> Any:
    """As reminders leave; on a development machine into a folder of its own."""
    settings = project.settings.email if name is ChannelName.EMAIL else project.settings.telegram
    return FileChannel(project.out / "mailbox" / "replies") if settings.via == "file" else reminding.open_channel(project, name)


async def forward(project: Project, engine: Engine, *, now: datetime, open_channel: OpenChannel = open_channel) -> Counter[str]:
    """Show every reply that waits to the customer's manager, else to who signed the letter; counts by what became of them.

    The mark comes first: a crash in between leaves `handed_over`, which is shown, and never a second forward. What the other side
    refused for certain is tried again with the next call. Raises ConfigError when senders.yaml can't be read.
    """
    with database.reading(engine) as connection:
        waiting = forwards.waiting(connection)
    known = sender.read(project) if waiting else None
    counts: Counter[str] = Counter()
    for row in waiting:
        assert known is not None
        status = await _forward(project, engine, row, _manager(known, row), known, now, open_channel)
        if status is not None:
            counts[f"reply-{status}"] += 1
    return counts


def _manager(known: Senders, row: Row[Any]) -> str:
    """The customer's own manager; else who signed the letter; else the first one of senders.yaml: nobody's reply is lost."""
    signed = (row.plan or {}).get("sender", "")
    return next((key for key in (row.manager, signed) if key in known.senders), next(iter(known.senders)))


async def _forward(  # noqa: PLR0917  one use
    project: Project, engine: Engine, row: Row[Any], manager: str, known: Senders, now: datetime, open_channel: OpenChannel
) -> ForwardStatus | None:
    with database.writing(engine) as connection:
        if not forwards.hand_over(connection, row.id, manager, now):
            return None
    to = known.senders[manager]
    name = ChannelName.TELEGRAM if to.telegram_chat else ChannelName.EMAIL
    status, detail = ForwardStatus.SENT, ""
    try:
        async with open_channel(project, name) as channel:
            await channel.send(_written(project, row, to, now))
    except UncertainError as error:
        status, detail = ForwardStatus.UNCERTAIN, str(error)
    except ChannelError as error:
        status, detail = ForwardStatus.FAILED, str(error)
    with database.writing(engine) as connection:
        forwards.record(connection, row.id, status, detail)
    return status


def _written(project: Project, row: Row[Any], to: Sender, now: datetime) -> Email | Message:
    name = " ".join(filter(None, (row.given_name, row.family_name))) or row.customer
    subject = f"{name} answered"
    words = (row.text or "(no words of their own)")[: _SHOWN if to.telegram_chat else None]
    text = "\n".join([*_about(project, row), "", words, ""])
    return staff_notes.written(project, to, Note("forward", row.id, subject, text, _answers_to(row)), now)


def _answers_to(row: Row[Any]) -> str:
    """The customer's own address, so that the manager's answer goes straight to them; none where they answered in the messenger."""
    return row.address or "" if row.channel != ChannelName.TELEGRAM and row.signals.get("by") != "telegram" else ""


def _about(project: Project, row: Row[Any]) -> list[str]:
    """Who wrote, when, and to what; what nobody may take on trust is said."""
    lines = [f"Customer: {row.customer}", f"Read: {row.happened_at.astimezone(project.zone):%Y-%m-%d %H:%M}"]
    if row.letter:
        lines.append(f"In answer to: {row.letter} ({row.campaign})")
    if row.signals.get("known_by") == "address":
        lines.append("Known by the sender's address only, which anybody can write. If they ask to be left alone, ask back and do so.")
    return [*lines, f"All that is known: winback customer show {row.customer}"]
