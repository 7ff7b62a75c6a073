"""Answers of the shop's people leave for customers' chats and mailboxes: each once, signed by who wrote it."""

from __future__ import annotations

import hmac
import html
import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback.bot import answers as bot_answers
from winback.bot.answers import Answer, Phrasebook
from winback.channels.channel import Channel
from winback.channels.file import FileChannel
from winback.errors import ChannelError, PermanentError, TemporaryError, UncertainError
from winback.journey.threads import WordStatus
from winback.letters import locales, sender
from winback.letters.sender import Sender, Senders
from winback.letters.wording import SOURCE, in_locale
from winback.model import ChannelName, Email, Message, Reason
from winback.sending import lanes
from winback.settings import Project
from winback.speech import N_
from winback.store import chats, database, thread_answers, threads

OpenChannel = Callable[[Project, ChannelName], AbstractAsyncContextManager[Channel[Any]]]

_AGAIN = timedelta(minutes=2)
"""After a refusal that may pass, where the other side says nothing else."""
IN_GROUP = "staff"
"""The first word of the key of an answer that was written in the staff's group."""
NO_ADDRESS = "no-address"
"""There is no chat or mailbox to answer to."""


def written_in_group(chat_id: str, number: int) -> str:
    """The key of an answer that is this message of the staff's group."""
    return f"{IN_GROUP}:{chat_id}:{number}"


def written_where(key: str) -> tuple[str, int] | None:
    """The message of the staff's group that an answer is; None where it was written elsewhere."""
    found = re.fullmatch(rf"{IN_GROUP}:(-?\d+):(\d+)", key)
    return (found[1], int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers are written with."""

    project: Project
    known: Senders
    phrasebook: Phrasebook


def open_channel(project: Project, name: ChannelName) -> AbstractAsyncContextManager[Channel[Any]]:
    """As letters leave; on a development machine into a folder of its own, for the numbers of answers are not those of deliveries."""
    settings = project.settings.email if name is ChannelName.EMAIL else project.settings.telegram
    return FileChannel(project.out / "mailbox" / "answers") if settings.via == "file" else lanes.open_channel(project, name)


async def send(project: Project, engine: Engine, *, now: datetime, only: int | None = None, open_channel: OpenChannel = open_channel) -> Counter[str]:
    """Send every answer that may leave now, or `only` that one; counts by journey.threads.WordStatus.

    The mark comes first: whoever dies in between leaves an answer in doubt, which is shown, and never sent again by itself. What the
    other side refused for now is tried again with a later call. Raises ConfigError when senders.yaml or the bot's answers can't be read.
    """
    with database.writing(engine) as connection:
        counts = Counter({str(WordStatus.UNCERTAIN): thread_answers.settle(connection, now - project.settings.lease)})
        due = thread_answers.due(connection, now, only=only)
    if not due:
        return +counts
    desk = Desk(project, sender.read(project), bot_answers.read(project))
    async with AsyncExitStack() as stack:
        channels: dict[ChannelName, Channel[Any] | ChannelError] = {}
        for row in due:
            name = ChannelName(row.channel)
            if name not in channels:
                try:
                    channels[name] = await stack.enter_async_context(open_channel(project, name))
                except ChannelError as error:
                    channels[name] = error
            status = await _send(desk, engine, row, channels[name], now)
            counts += Counter([] if status is None else [str(status)])
    return counts


async def _send(desk: Desk, engine: Engine, row: Row[Any], channel: Channel[Any] | ChannelError, now: datetime) -> WordStatus | None:
    with database.writing(engine) as connection:
        if not thread_answers.hand_over(connection, row.id, now):
            return None
    try:
        if isinstance(channel, ChannelError):
            raise channel
        receipt = await channel.send(_written(desk, row, now))
    except ChannelError as error:
        with database.writing(engine) as connection:
            return _refused(connection, row, error, now)
    with database.writing(engine) as connection:
        thread_answers.sent(connection, row.id, receipt.remote_id, now)
    return WordStatus.SENT


def _refused(connection: Any, row: Row[Any], error: ChannelError, now: datetime) -> WordStatus:
    match error:
        case UncertainError():
            thread_answers.doubt(connection, row.id, str(error))
            return WordStatus.UNCERTAIN
        case PermanentError():
            thread_answers.fail(connection, row.id, str(error))
            if written_where(row.key):  # whoever wrote it there looks nowhere else
                threads.note(connection, row.thread_id, f"The answer didn't reach them: {error.reason}.", now, show=True)
            if error.reason == Reason.BLOCKED and row.customer_id is not None and row.channel == ChannelName.TELEGRAM:
                chats.block(connection, row.customer_id, now)
            return WordStatus.FAILED
        case TemporaryError(after=timedelta() as after):
            return thread_answers.put_off(connection, row.id, str(error), now + after)
    return thread_answers.put_off(connection, row.id, str(error), now + _AGAIN)


def _written(desk: Desk, row: Row[Any], now: datetime) -> Email | Message:
    """The answer, finished. Raises PermanentError where there is nowhere to send it."""
    spoken = row.locale or row.language
    chain = locales.choose(spoken, row.country or "", desk.project.settings.locales)
    locale = chain[0] if chain else SOURCE
    by = desk.known.senders.get(row.by)
    if row.channel == ChannelName.TELEGRAM:
        if not row.chat_id:
            raise PermanentError(NO_ADDRESS, N_("they have no chat with the bot"))
        copied = written_where(row.key) if row.has_media else None
        if copied and not row.text:
            return Message(row.id, row.chat_id, "", locales.language_tag(locale), copy_of=copied)
        signed = f"<b>{html.escape(in_locale(by.name, locale), quote=False)}</b>\n" if by else ""
        return Message(row.id, row.chat_id, signed + html.escape(row.text, quote=False), locales.language_tag(locale), copy_of=copied)
    if not row.email:
        raise PermanentError(NO_ADDRESS, N_("they have no e-mail address"))
    return _email(desk, row, by or next(iter(desk.known.senders.values())), locale, now)


def _email(desk: Desk, row: Row[Any], by: Sender, locale: str, now: datetime) -> Email:
    own, domain = by.reply_to or by.email, by.email.rpartition("@")[2]
    mark = hmac.digest(desk.project.key, f"answer:{row.id}".encode(), "sha256")[:8].hex()
    message_id = f"<answer.{row.id}.{mark}@{domain}>"
    company = in_locale(by.company, locale) or in_locale(desk.phrasebook.shop, locale)
    signature = "\n".join(filter(None, (in_locale(by.name, locale), in_locale(by.position, locale), company, by.phone)))
    text = f"{row.text}\n\n-- \n{signature}\n"  # RFC 3676, 4.3
    subject = desk.phrasebook.say(Answer.ANSWER_SUBJECT, row.locale or row.language)
    language = locales.language_tag(locale)
    page = '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title></head><body>{}<p style="color:#5a616b">{}</p></body></html>'
    return Email(
        delivery_id=row.id,
        to=row.email,
        sender_name=in_locale(by.name, locale),
        sender_address=by.email,
        reply_to=own,
        mail_from=desk.project.settings.email.bounces_to or by.email,
        message_id=message_id,
        subject=subject,
        html=page.format(language, html.escape(subject), _paragraphs(row.text), _lines(signature)),
        text=text,
        language=language,
        sent_at=now,
        answers_to=row.answers_to or "",
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_lines(part)}</p>" for part in text.split("\n\n") if part.strip())


def _lines(text: str) -> str:
    return html.escape(text.strip("\n")).replace("\n", "<br>")
