"""Who did what to which campaign, letter or customer: a chain of rows, each hashed together with the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from winback.store.tables import audit

_CHAINING = 0x61756469  # any number, the same for all who add to the chain
_LONGEST = 4000
"""Characters of a detail: it says what was done, not with what words."""


class Deed(StrEnum):
    """What somebody did, in one word."""

    STARTED = "started"  # a campaign's run
    ASKED = "asked"  # for the approval of a campaign as its files were then; or customers, by letter, for their consents
    APPROVED = "approved"  # a campaign
    WITHDREW = "withdrew"  # the approvals of a campaign
    PAUSED = "paused"  # a campaign
    RESUMED = "resumed"  # a campaign, or a lane
    CANCELLED = "cancelled"  # a campaign
    EDITED = "edited"  # a file of the project, in the studio
    TOOK_AWAY = "took-away"  # a file of the project, in the studio: git keeps it
    CHANGED = "changed"  # files that a campaign that is under way is made of
    STOPPED = "stopped"  # a lane
    RESOLVED = "resolved"  # said of a letter in doubt whether it had left
    MERGED = "merged"  # two records of one person
    TOLD_REASON = "told-reason"  # why a customer left
    IMPORTED = "imported"  # the shop's data, or codes
    RESTORED = "restored"  # a backup
    VOUCHED = "vouched"  # that a restored campaign took nobody in since its backup was made, or that letters of that time are in
    EXPORTED = "exported"  # everything held of a customer
    FORGOTTEN = "forgotten"  # a customer
    READMITTED = "readmitted"  # a customer who was forgotten: the shop's data may bring them again
    CLOSED = "closed"  # an address, or a list of them
    OPENED = "opened"  # an address again
    TOOK_BACK = "took-back"  # a customer's consent, as they told the staff
    WISHED = "wished"  # what a customer wants of letters, as they told the staff
    DONE = "done"  # a task
    DROPPED = "dropped"  # a task
    HANDED_ON = "handed-on"  # a task, to another manager
    ASSIGNED = "assigned"  # a thread, to a manager or to nobody
    REOPENED = "reopened"  # a closed thread
    DECLINED = "declined"  # a task: the customer doesn't want to be won back
    ADDED = "added"  # one of our people, who may open the studio
    INVITED = "invited"  # one of our people, to choose a password
    CHOSE = "chose-password"  # for themselves, or for another of our people
    GAVE_ROLES = "gave-roles"  # to one of our people
    RENAMED = "renamed"  # one of our people
    DISABLED = "disabled"  # one of our people
    ENABLED = "enabled"  # one of our people, again
    SIGNED_IN = "signed-in"  # to the studio
    LET_IN = "let-in"  # by a token of the HTTP API: a program
    REVOKED = "revoked"  # a token
    EXPIRED = "expired"  # what was kept longer than its time, see config/retention.yaml


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: who keeps it elsewhere notices later whether anything up to it was changed or cut off."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}-{self.hash}"


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first row that doesn't fit, and why."""

    number: int
    because: str


def customer(row_id: int) -> str:
    """A customer as the audit names them: by our own row, which is anonymous as soon as they are forgotten."""
    return f"customer {row_id}"


def address(address_hash: bytes) -> str:
    """An address as the audit names it: by the beginning of its keyed hash, in hexadecimal."""
    return f"address {address_hash[:8].hex()}"


def record(connection: Connection, *, who: str, deed: str, about: str, detail: Mapping[str, object], now: datetime) -> None:
    """Add a deed to the chain, in the caller's transaction: it stands if and only if what was done stands.

    No personal data: a customer is `audit.customer(id)`, and detail holds counts and words of ours, no names and no free text.
    Call it last: from here on others who add to the chain wait for the end of this transaction.
    Raises ValueError when the detail is longer than a detail.
    """
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).replace("\\u0000", "")
    if len(text) > _LONGEST:
        raise ValueError(f"the detail of `{deed}` has {len(text)} characters; a deed is told in {_LONGEST}")
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time as it is
        connection.execute(select(func.pg_advisory_xact_lock(_CHAINING)))
    last = head(connection)
    values = {
        "number": last.number + 1 if last else 1,
        "done_at": now.astimezone(UTC),
        "who": _cut(who, 100) or "somebody",
        "deed": deed,
        "about": _cut(about, 300),
        "detail": text,
        "before": last.hash if last else "",
    }
    connection.execute(insert(audit).values(**values, hash=_hash(values)))


def head(connection: Connection) -> Head | None:
    """The last row's number and hash; None while nothing was done yet."""
    row = connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Head(row.number, row.hash)


def verify(connection: Connection, known: Sequence[Head] = ()) -> Misfit | None:
    """The first row that doesn't fit the one before or its own hash, or None. `known` are heads that were kept elsewhere."""
    rows = connection.execution_options(yield_per=5000).execute(select(audit).order_by(audit.c.number)).mappings()
    return first_misfit((dict(row) for row in rows), known)


def first_misfit(rows: Iterable[Mapping[str, Any]], known: Sequence[Head] = ()) -> Misfit | None:
    """The same of rows in the order of their numbers."""
    wanted = {each.number: each.hash for each in known}
    number, before = 0, ""
    for row in rows:
        number += 1
        if row["number"] != number:
            return Misfit(number, f"is missing; the next is {row['number']}")
        if row["before"] != before:
            return Misfit(number, "doesn't follow the row before it: that one was changed, or this one put in")
        if row["hash"] != _hash(row):
            return Misfit(number, "isn't as it was written")
        if wanted.pop(number, row["hash"]) != row["hash"]:
            return Misfit(number, "isn't the row that was kept elsewhere: the chain was made anew")
        before = row["hash"]
    if wanted:
        return Misfit(number + 1, f"is missing: the chain was cut off, it once reached {max(wanted)}")
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deeds: all that is said holds; what isn't said is any."""

    about: str = ""
    who: str = ""
    deed: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # the number of a deed


def listed(connection: Connection, *, about: str = "", limit: int = 100) -> Sequence[Row[Any]]:
    """Deeds, the latest first; only those about something when it is named."""
    return chosen(connection, Wanted(about=about), limit=limit)


def chosen(connection: Connection, wanted: Wanted, *, limit: int) -> Sequence[Row[Any]]:
    """Those that are wanted, the latest first."""
    conditions = [audit.c[name] == said for name in ("about", "who", "deed") if (said := getattr(wanted, name))]
    if wanted.since is not None:
        conditions.append(audit.c.done_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(audit.c.done_at <= wanted.until)
    if wanted.before is not None:
        conditions.append(audit.c.number < wanted.before)
    return connection.execute(select(audit).where(*conditions).order_by(audit.c.number.desc()).limit(limit)).all()


def _hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the row before and everything in this one, each with its length: no two rows are written alike."""
    digest = hashlib.sha256()
    for part in _parts(row):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _parts(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["before"]
    yield str(row["number"])
    yield row["done_at"].astimezone(UTC).isoformat(timespec="microseconds")
    yield from (row[name] for name in ("who", "deed", "about", "detail"))


def _cut(text: str, length: int) -> str:
    """One line of at most so many characters."""
    return " ".join(text.replace("\x00", " ").split())[:length]
