"""winback bounces: mails wherever they lie, what each means, and what follows from it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback import settings
from winback.channels import imap, mail_folders
from winback.errors import ConfigError, Problem
from winback.operations import alarming, forwarding
from winback.operations.alarming import Tell
from winback.settings import Project
from winback.tracking import incoming, replies
from winback.tracking.replies import Kind, Meaning, Returned
from winback.ways_in import ImapSettings

_PERSONAL = {Meaning.REPLY, Meaning.UNSUBSCRIBE, Meaning.AUTO_REPLY}


@dataclass(frozen=True, slots=True)
class Told:
    """What one mail says of one recipient. The shape that programs rely on."""

    file: str
    recipient: str  # whose mailbox it is about; of a reply, who wrote
    kind: str  # replies.Kind
    status: str  # RFC 3463, where one is said
    verdict: str  # hard, soft, lane, greylisted, reply, auto-reply, complaint or other

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Imap:
    """A mailbox on a server, and the password to it."""

    at: ImapSettings
    password: str


STDIN = "-"


def place(text: str, project: Callable[[], Project]) -> Path | Imap | None:
    """What `--from` names; None is the standard input. Raises ConfigError."""
    if text == STDIN:
        return None
    if not re.match(r"imaps?:", text):
        return Path(text)
    rest = re.sub(r"^imaps?:(//)?", "", text)
    if not rest:
        opened = project()
        if not opened.settings.imap.host:
            raise ConfigError(
                Problem("config/settings.yaml", None, "`imap:` names no server.", "Write imap: {host: ..., user: ...}, or imap:USER@HOST.")
            )
        return Imap(opened.settings.imap, imap_password(opened.secret("WINBACK_IMAP_PASSWORD")))
    found = re.fullmatch(r"(?P<user>[^/\s]+)@(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::(?P<port>\d{1,5}))?(?:/(?P<folder>.+))?", rest)
    if not found:
        raise ConfigError(Problem("", None, f"`{text}` names no mailbox.", "Write imap:USER@HOST, imap:USER@HOST:PORT/FOLDER, or imap: alone."))
    at = ImapSettings(host=found["host"].strip("[]"), port=int(found["port"] or 993), user=found["user"], folder=found["folder"] or "INBOX")
    return Imap(at, imap_password(settings.secret_outside("WINBACK_IMAP_PASSWORD")))


def imap_password(secret: str) -> str:
    if not secret:
        raise ConfigError(Problem("", None, "there is no password for the mailbox.", "Set WINBACK_IMAP_PASSWORD, or WINBACK_IMAP_PASSWORD_FILE."))
    return secret


def look(at: Path | Imap | None) -> list[Told]:
    """What each mail means, from the mails alone: nothing is stored, and nothing is marked as read."""
    if isinstance(at, Imap):
        with closing(imap.open_mailbox(at.at, at.password)) as mailbox:
            return [told for uid, content in mailbox.mails(mailbox.uids()) for told in _told(f"{at.at.folder}/{uid}", _understood(content))]
    return [told for lying in _lying(at) for told in _told(lying.file, _understood(lying.content))]


def take_in(project: Project, engine: Engine, at: Path | Imap | None, *, now: datetime, tell: Tell | None = None) -> list[Told]:
    """What each mail that is new means, with its consequences stored. Raises SourceError, ConfigError, Refused."""
    if isinstance(at, Imap):
        found = [(f"{at.at.folder}/{uid}", mail) for uid, mail, _ in incoming.read_imap(project, engine, at.at, at.password, now)]
    elif at is not None and at.is_dir() and mail_folders.is_maildir(at):
        found = [(file, mail) for file, mail, _ in incoming.read_maildir_mails(at, engine, project, now)]
    else:
        found = [(file, mail) for file, mail, _ in incoming.read_files(_lying(at), engine, project, now)]
    alarming.look(project, engine, now, tell)
    if project.config("senders.yaml").exists():
        asyncio.run(forwarding.forward(project, engine, now=now))
    return [told for file, mail in found for told in _told(file, mail)]


def _lying(at: Path | None) -> Iterator[mail_folders.Lying]:
    return mail_folders.several(sys.stdin.buffer, STDIN) if at is None else mail_folders.read(at)


def _understood(content: bytes) -> Returned:
    return replies.classify(replies.parse(content))


def _told(file: str, mail: Returned) -> Iterator[Told]:
    if mail.reports:
        for report in mail.reports:
            kind = replies.KINDS[report.action]
            yield Told(file, report.recipient, kind, report.code, report.verdict or Meaning.OTHER)
        return
    recipient = mail.sender if mail.meaning in _PERSONAL else mail.recipient
    verdict = Meaning.REPLY if mail.kind is Kind.UNSUBSCRIBE else mail.meaning
    yield Told(file, recipient, mail.kind, mail.status, verdict)
