"""Which mails were taken in: by their keys wherever they lie, by their numbers in a mailbox on a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.store.tables import mailboxes, mails


@dataclass(frozen=True, slots=True)
class Number:
    """A mail's number in a mailbox on a server: for as long as UIDVALIDITY stays, it means this mail and no other (RFC 9051, 2.3.1.1)."""

    mailbox: str
    uid_validity: int
    uid: int


def take(connection: Connection, key: str, *, meaning: str, status: str, now: datetime, number: Number | None = None) -> bool:
    """Write down that a mail is taken in. False: it was before, here or elsewhere, by its key or by its number."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"key": key, "meaning": meaning, "status": status[:20], "read_at": now}
    if number is not None:
        values |= {"mailbox": number.mailbox, "uid_validity": number.uid_validity, "uid": number.uid}
    return connection.execute(dialect.insert(mails).values(values).on_conflict_do_nothing().returning(mails.c.id)).one_or_none() is not None


def last_uid(connection: Connection, mailbox: str, uid_validity: int) -> int:
    """Up to which number every mail of a mailbox is taken in; 0 when nothing is, or when its numbers mean others by now."""
    found = connection.execute(select(mailboxes.c.uid_validity, mailboxes.c.last_uid).where(mailboxes.c.name == mailbox)).one_or_none()
    return found.last_uid if found is not None and found.uid_validity == uid_validity else 0


def record_last_uid(connection: Connection, mailbox: str, uid_validity: int, uid: int, now: datetime) -> None:
    """It goes up only, unless the numbers mean others."""
    known = last_uid(connection, mailbox, uid_validity)
    values = {"uid_validity": uid_validity, "last_uid": max(uid, known), "read_at": now}
    if not connection.execute(update(mailboxes).where(mailboxes.c.name == mailbox).values(values)).rowcount:
        connection.execute(insert(mailboxes).values(name=mailbox, **values))
