"""Mails that came in, wherever they lie: each taken in once, in batches; counted by what they mean."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy import Engine

from winback.channels import imap, mail_folders
from winback.channels.mail_folders import LARGEST, Lying
from winback.errors import Problem, SourceError
from winback.settings import Project
from winback.store import database, mailboxes
from winback.store.mailboxes import Number
from winback.tracking import consequences, replies
from winback.tracking.replies import Returned
from winback.ways_in import ImapSettings

T = TypeVar("T")
Taken: TypeAlias = tuple[str, Returned, str]
"""Where a mail lies, what it means by itself, and the word that it is counted under."""

_AT_ONCE = 100


def read_maildir(folder: Path, engine: Engine, project: Project, now: datetime) -> Counter[str]:
    """Take in what is new in a Maildir; counts by meaning, as words. Raises SourceError when the folder isn't one."""
    return Counter(word for _, _, word in read_maildir_mails(folder, engine, project, now))


def read_maildir_mails(folder: Path, engine: Engine, project: Project, now: datetime) -> Iterator[Taken]:
    """The mails of new/, each moved to cur/ once its consequences are stored, unread as it was: a person still sees it as new.

    Nothing is deleted. One that is read again after a crash changes nothing, by its Message-ID. Raises SourceError.
    """
    if not mail_folders.is_maildir(folder):
        raise SourceError(Problem(str(folder), None, "this is not a Maildir.", "Name the folder that holds `new` and `cur`."))
    for files in _batches(mail_folders.maildir(folder, "new")):
        yield from _take_in(engine, project, [Lying(f"new/{file.name}", _beginning(file), file) for file in files], now)
        for file in files:
            file.rename(folder / "cur" / f"{file.name.partition(':')[0]}:2,")


def read_files(lying: Iterable[Lying], engine: Engine, project: Project, now: datetime) -> Iterator[Taken]:
    """Mails in files: they stay where and as they are, and are known again by their Message-ID."""
    for batch in _batches(lying):
        yield from _take_in(engine, project, batch, now)


def read_imap(project: Project, engine: Engine, settings: ImapSettings, password: str, now: datetime) -> Iterator[Taken]:
    """The mails of a mailbox on a server behind the last one that was taken in; each exactly once.

    A batch's consequences and how far the mailbox is read are stored together. Mails aren't marked as seen and never deleted; where
    `move_to` names a folder, those that are taken in are moved there. Raises ConfigError, Refused.
    """
    with closing(imap.open_mailbox(settings, password)) as mailbox:
        yield from take_in_mailbox(mailbox, engine, project, settings, now)


def take_in_mailbox(mailbox: imap.Mailbox, engine: Engine, project: Project, settings: ImapSettings, now: datetime) -> Iterator[Taken]:
    """The same, of a mailbox that is open."""
    name, validity = settings.name, mailbox.uid_validity
    with database.reading(engine) as connection:
        after = mailboxes.last_uid(connection, name, validity)
    for batch in _batches(mailbox.mails(mailbox.uids(after))):
        mails = [(uid, replies.classify(replies.parse(content))) for uid, content in batch]
        with database.writing(engine) as connection:
            words = [consequences.take(connection, mail, project, now, Number(name, validity, uid)) for uid, mail in mails]
            mailboxes.record_last_uid(connection, name, validity, mails[-1][0], now)
        yield from ((f"{settings.folder}/{uid}", mail, word) for (uid, mail), word in zip(mails, words, strict=True))
        after = mails[-1][0]
    if settings.move_to:
        mailbox.move([uid for uid in mailbox.uids() if uid <= after])


def _take_in(engine: Engine, project: Project, batch: Iterable[Lying], now: datetime) -> list[Taken]:
    mails = [(lying.file, replies.classify(replies.parse(lying.content))) for lying in batch]
    with database.writing(engine) as connection:
        return [(file, mail, consequences.take(connection, mail, project, now)) for file, mail in mails]


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(LARGEST)


def _batches(things: Iterable[T]) -> Iterator[tuple[T, ...]]:
    remaining = iter(things)
    while batch := tuple(itertools.islice(remaining, _AT_ONCE)):
        yield batch
