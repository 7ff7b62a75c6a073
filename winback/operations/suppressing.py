"""winback suppress: close addresses by hand or by another tool's list, and open them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from winback.audience import addresses, phones, suppression_lists
from winback.audience.consents import ConsentWay
from winback.audience.rejects import RejectsFile
from winback.audience.suppression_lists import Entry, Part
from winback.errors import ConfigError, Problem
from winback.journey.ends import CAME_BACK
from winback.model import BY_PHONE, ChannelName, Reason
from winback.settings import Project
from winback.speech import N_, said
from winback.store import audit, consents, database, events, suppressions
from winback.store.consents import Withdrawn
from winback.store.contacts import address_hash, hasher
from winback.store.suppressions import Closed

REASONS = (Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.BOUNCED)
"""Why an address can be closed."""
_AT_ONCE = 500  # rows a transaction's statement asks about


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of a list's rows: `new` were open before, `known` closed already."""

    new: int
    known: int
    passed_over: int  # whom the other tool still writes to
    rejected: int
    rejects_file: str | None
    reasons: dict[str, int]  # of all that are closed by it
    journeys: int  # that ended

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("new", "known", "passed_over", "rejected", "rejects_file", "reasons", "journeys")}


@dataclass(frozen=True, slots=True)
class Hashed:
    """An entry of a list, by what its address is known by: channel and hash, for each channel that it is an address of."""

    entry: Entry
    places: tuple[tuple[ChannelName, bytes], ...]


def import_list(
    project: Project, engine: Engine, path: Path, *, reason: Reason | None, everywhere: bool, now: datetime, dry_run: bool = False
) -> ListReport:
    """Take over another tool's list, in one transaction: all of it or nothing. The same list twice changes nothing.

    Customers who are known leave their journeys, and take their consent back where they had asked to be left alone. Rejected rows lie in a
    file of their own, each with its line. Raises SourceError when the list can't be read.
    """
    shown, source = project.shown(path), f"list {path.name}"
    rejects_path = project.out / "rejects" / f"suppressions-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.csv"
    parts = suppression_lists.read(path, shown, reason=reason)
    with RejectsFile(rejects_path, source=shown) as rejects, database.writing(engine) as connection:
        report = take_over(project, connection, parts, source, rejects, everywhere=everywhere, now=now)
        if dry_run:
            connection.rollback()
    return report


def take_over(
    project: Project, connection: Connection, parts: Iterable[Part], source: str, rejects: RejectsFile, *, everywhere: bool, now: datetime
) -> ListReport:
    """Close the addresses of a list in the caller's transaction; `source` begins with "list "."""
    counts, reasons = Counter[str](), Counter[str]()
    hashers = {channel: hasher(project.key, channel) for channel in ChannelName}
    for part in parts:
        counts["passed_over"] += part.passed_over
        entries = [Hashed(entry, tuple((each, hashers[each](entry.address)) for each in entry.channels)) for entry in part.entries]
        for start in range(0, len(entries), _AT_ONCE):
            counts.update(_close(connection, entries[start : start + _AT_ONCE], source, everywhere=everywhere, now=now))
        reasons.update(str(each.entry.reason) for each in entries)
        rejects.write(part.rejects, header=part.header)
    if counts["new"]:
        detail = {"new": counts["new"], "known": counts["known"], "everywhere": everywhere}
        audit.record(connection, who=project.user, deed=audit.Deed.CLOSED, about="a list of addresses", detail=detail, now=now)
    file = project.shown(rejects.path) if rejects.count else None
    return ListReport(counts["new"], counts["known"], counts["passed_over"], rejects.count, file, dict(reasons), counts["journeys"])


def add(project: Project, engine: Engine, text: str, *, reason: Reason, everywhere: bool, by: str, now: datetime) -> bool:
    """Close one address, as if its owner had asked. Returns whether it was open. Raises ConfigError when it is no address."""
    channels, address = parse(text)
    places = tuple((channel, address_hash(project.key, channel, address)) for channel in channels)
    with database.writing(engine) as connection:
        is_new = (
            _close(connection, [Hashed(Entry(0, channels, address, reason, None), places)], f"by {by}", everywhere=everywhere, now=now)["new"] > 0
        )
        if is_new:
            detail, about = {"reason": reason, "everywhere": everywhere}, audit.address(places[0][1])
            audit.record(connection, who=by, deed=audit.Deed.CLOSED, about=about, detail=detail, now=now)
        return is_new


def lift(project: Project, engine: Engine, text: str, *, now: datetime, by: str = "") -> Reason | None:
    """Open an address again; why it was closed, None: it wasn't. Consents that were taken back stay so: only a new one brings letters.

    Raises ConfigError when it is no address.
    """
    channels, address = parse(text)
    places = [(channel, address_hash(project.key, channel, address)) for channel in channels]
    with database.writing(engine) as connection:
        found = [row for place in places if (row := suppressions.find(connection, *place)) is not None]
        lifted = [hashed for channel, hashed in places if suppressions.lift(connection, channel, hashed)]
        if lifted:
            audit.record(connection, who=by or project.user, deed=audit.Deed.OPENED, about=audit.address(lifted[0]), detail={}, now=now)
    return Reason(found[0].reason) if found else None


def parse(text: str) -> tuple[tuple[ChannelName, ...], str]:
    """An e-mail address, a chat's number or a phone's, from the command line; a phone is closed to every channel. Raises ConfigError."""
    if text.strip().startswith("+") and (phone := phones.international(text.strip())):
        return tuple(sorted(BY_PHONE)), phone
    if chat := addresses.chat_id(text.strip()):
        return (ChannelName.TELEGRAM,), chat
    if found := addresses.email(text.strip()):
        return (ChannelName.EMAIL,), found
    what = said(N_("`%(text)s` is no e-mail address, no number of a Telegram chat and no phone."), text=text)
    raise ConfigError(Problem("", None, what, said(N_("Write for example %(address)s."), address="olena@mail.example")))


def _close(connection: Connection, entries: Sequence[Hashed], source: str, *, everywhere: bool, now: datetime) -> Counter[str]:
    """Close addresses; whoever has one of them leaves their journeys. In the order of hashes, so that two who close wait for each other."""
    counts = Counter[str]()
    first = {place: each.entry for each in reversed(entries) for place in each.places}
    new: set[str] = set()
    for (channel, hashed), entry in sorted(first.items(), key=lambda each: each[0]):
        closed = Closed(channel, hashed, entry.reason, entry.since, everywhere, source)
        if suppressions.close(connection, closed, now):
            new.add(entry.address)
    counts["new"], counts["known"] = len(new), len(entries) - len(new)
    for who, places in sorted(suppressions.whose(connection, list(first)).items()):
        for name, known in sorted(places):
            place = ChannelName(name), known
            counts["journeys"] += _end(connection, who, first[place], place[0], everywhere=everywhere, source=source, now=now)
    return counts


def _end(connection: Connection, who: int, entry: Entry, channel: ChannelName, *, everywhere: bool, source: str, now: datetime) -> int:
    if entry.reason in CAME_BACK:
        return events.stop(connection, who, entry.reason, now)
    way = ConsentWay.LIST if source.startswith("list ") else ConsentWay.STAFF
    wish = Withdrawn(who, way, None if everywhere else channel, reason=entry.reason, evidence={"source": source})
    return consents.withdraw(connection, wish, now)
