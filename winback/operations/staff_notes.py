"""Plain words to the shop's own people: to their chat where they have one, else to their mailbox."""

from __future__ import annotations

import hmac
import html
from dataclasses import dataclass
from datetime import datetime

from winback.letters.sender import Sender
from winback.letters.wording import in_locale
from winback.model import Email, Message
from winback.settings import Project

_LANGUAGE = "en"  # as the commands are
_LONGEST_CHAT = 3_500  # characters; Telegram takes 4,096


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said. `kind` and `number` name it among all others: its Message-ID is no delivery's, so an answer to it is nobody's."""

    kind: str
    number: int
    subject: str
    text: str
    answers_to: str = ""  # whom an answer by mail goes to; empty: the manager's own mailbox


def written(project: Project, to: Sender, note: Note, now: datetime) -> Email | Message:
    """A note, finished."""
    if to.telegram_chat:
        words = f"{note.subject}\n\n{note.text}"[:_LONGEST_CHAT]
        return Message(note.number, to.telegram_chat, html.escape(words, quote=False), _LANGUAGE)
    domain, own = to.email.rpartition("@")[2], to.reply_to or to.email
    mark = hmac.digest(project.key, f"{note.kind}:{note.number}".encode(), "sha256")[:8].hex()
    page = '<!doctype html><html lang="{}"><head><title>{}</title></head><body><pre>{}</pre></body></html>'
    return Email(
        delivery_id=note.number,
        to=own,
        sender_name=in_locale(to.name, _LANGUAGE),
        sender_address=to.email,
        reply_to=note.answers_to or own,
        mail_from=project.settings.email.bounces_to or to.email,
        message_id=f"<{note.kind}.{note.number}.{mark}@{domain}>",
        subject=note.subject,
        html=page.format(_LANGUAGE, html.escape(note.subject), html.escape(note.text)),
        text=note.text,
        language=_LANGUAGE,
        sent_at=now,
        list_id=f"{note.kind}s.{domain}",
    )
