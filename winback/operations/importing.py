"""winback import: read the shop's sources, convert, merge; one transaction for each source."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from winback import tracing
from winback.audience import acts, custom, customers, left_out, orders, reading, reasons, watermark
from winback.audience import source as sources
from winback.audience.converting import Converted, Terms
from winback.audience.mapping import Customers, Feedback, Inquiries, Orders, Touches
from winback.audience.rejects import RejectsFile
from winback.audience.rows import Chunk, Reject, Rows
from winback.audience.source import Source
from winback.errors import Problem, SourceError
from winback.model import ChannelName
from winback.operations import knowing, stopping
from winback.settings import Project
from winback.store import audit, brought_back, database, forgotten, incoming, incoming_customers, redemptions, source_states, tables
from winback.store.incoming import Filled, Merged, Staging

Progress: TypeAlias = Callable[[str, int], None]
"""Hears a source's name and how many rows more are done."""

log = logging.getLogger(__name__)
_TABLES = {
    "orders": tables.orders,
    "inquiries": tables.inquiries,
    "touches": tables.touches,
    "feedback": tables.feedback,
    "reasons": tables.leaving_reasons,
}
"""Where the acts of customers go, by what a source holds."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of one source's rows.

    Every row is inserted, updated, unchanged, or rejected. `rejected` counts the lines of the rejects file; among them are customers
    who were taken without a cell that couldn't be read, such as a broken address: they count on both sides.
    """

    name: str
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    rejects_file: str | None  # as seen from the project folder
    forgotten: int = 0  # rows of those who asked to be forgotten: left out, and kept in no file

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        return told if self.forgotten else {name: value for name, value in told.items() if name != "forgotten"}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every source that was read."""

    sources: tuple[SourceReport, ...]
    warnings: tuple[str, ...] = ()  # sentences about what came in and can't be right

    def as_json(self) -> dict[str, Any]:
        told = {"warnings": list(self.warnings)} if self.warnings else {}
        return {"sources": [report.as_json() for report in self.sources], **told}


@dataclass(frozen=True, slots=True)
class Opened:
    """A source whose first rows are read."""

    name: str
    terms: Terms
    rows: Rows
    seen: Any = None  # its watermark


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the rows of a source, and how far its watermark came."""

    inserted: int
    updated: int
    unchanged: int
    forgotten: int
    mark: Any


class Rejects(Protocol):
    """Where rejects are written: a file for a person, or an answer for a program."""

    def write(self, rejects: Iterable[Reject], *, header: Iterable[str]) -> None:
        """Take in rejects of rows whose columns are called so."""


def run(project: Project, engine: Engine, *, now: datetime, only: str | None = None, progress: Progress | None = None) -> ImportReport:
    """Import every source of config/sources.yaml, or `only` one, and bring facts up to date. The same data twice changes nothing.

    Raises ConfigError or SourceError as `take_in` does.
    """
    with tracing.span("import", source=only or "all"):
        report = take_in(project, engine, now=now, only=only, progress=progress)
        knowing.reach_by_phone(project, engine, now=now)
        knowing.refresh(project, engine, now=now)
        stopping.stop(engine, now=now)
    for each in report.sources:
        counts = {"inserted": each.inserted, "updated": each.updated, "unchanged": each.unchanged, "rejected": each.rejected}
        log.info("imported", extra={"source": each.name, **counts})
    return report


def take_in(project: Project, engine: Engine, *, now: datetime, only: str | None = None, progress: Progress | None = None) -> ImportReport:
    """Bring in the rows alone; whose facts aren't true any more is noted.

    Raises ConfigError or SourceError before anything is changed when a source can't be read. A database that breaks off half-way
    leaves the sources before it imported, and its own not at all.
    """
    document = sources.read(project)
    chosen = sources.chosen(document, only)
    with database.reading(engine) as connection:
        newest = brought_back.newest(connection)
        seen = {name: watermark.decode(source_states.watermark(connection, name)) for name in chosen}
    with ExitStack() as stack:
        opened, problems = [], list[Problem]()
        for name, source in chosen.items():
            try:
                rows = stack.enter_context(reading.opened(project, document, name, seen=seen[name]))
            except SourceError as error:
                problems.extend(error.problems)
            else:
                opened.append(Opened(name, terms_of(project, source, now), rows, seen[name]))
        if problems:
            raise SourceError(problems)
        reports = tuple(_import(project, engine, each, progress) for each in opened)
    with database.reading(engine) as connection:
        warning = orders.told_overdrawn(*brought_back.overdrawn_since(connection, newest))
    return ImportReport(reports, (warning,) if warning else ())


def terms_of(project: Project, source: Source, now: datetime) -> Terms:
    zone = ZoneInfo(source.time_zone) if source.time_zone else project.zone
    terms = Terms(source, zone, source.currency or project.settings.currency, now, project.zone)
    return replace(terms, reasons=reasons.read(project)) if source.reasons else terms


def _import(project: Project, engine: Engine, opened: Opened, progress: Progress | None) -> SourceReport:
    """One source in one transaction. Its rejects are on the disk before that ends, so that nothing is dropped silently."""
    with rejects_of(project, opened) as rejects, database.writing(engine) as connection:
        report, mark = bring(project, connection, opened, rejects, progress)
        source_states.remember(connection, opened.name, watermark.encode(mark), opened.terms.now)
    return report


def rejects_of(project: Project, opened: Opened) -> RejectsFile:
    """The file, not begun yet, for what a source's rows are rejected for."""
    now = opened.terms.now
    path = project.out / "rejects" / f"{opened.name}-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.csv"
    return RejectsFile(path, source=reading.shown(project, opened.terms.source))


def bring(project: Project, connection: Connection, opened: Opened, rejects: RejectsFile, progress: Progress | None) -> tuple[SourceReport, Any]:
    """An open source's rows into the store, in the caller's transaction; with the watermark that they were read to."""
    merged = merge(connection, project, opened, rejects, progress)
    mark = opened.seen if rejects.count else merged.mark  # what was rejected is read again next time: its cause may have been mended
    _note(connection, project, opened, merged, rejects.count)
    shown = project.shown(rejects.path) if rejects.count else None
    return SourceReport(opened.name, merged.inserted, merged.updated, merged.unchanged, rejects.count, shown, merged.forgotten), mark


def merge(connection: Connection, project: Project, opened: Opened, rejects: Rejects, progress: Progress | None = None) -> Taken:
    """Convert and merge every chunk, in the caller's transaction; `rejects` hears of each row that was left out, or a cell of it."""
    terms = opened.terms
    source, now = terms.source, terms.now
    merged: list[Merged] = []
    mark = opened.seen
    without = 0
    staging: Staging | None = None
    is_forgotten = forgotten.asker(connection, project.key)
    for chunk in opened.rows.chunks:
        fresh = chunk
        if source.watermark:
            fresh = watermark.fresh(chunk, source.watermark, opened.seen)
            mark = watermark.highest(chunk, source.watermark, mark)
        if is_forgotten:
            fresh, few = left_out.leave_out(fresh, source.mapping, is_forgotten)
            without += few
        if source.customers:
            terms = custom.settled(chunk, source.customers.custom, terms)
        converted = _convert(fresh, terms)
        if staging is None:
            staging = incoming.stage(
                connection, converted.columns, converted.constants, key=project.key, real_domains=project.settings.addresses.real_domains
            )
        filled = incoming.fill(connection, staging, converted.columns)
        merged.append(_merge(connection, staging, filled, terms))
        if source.orders:
            redemptions.note(connection, staging.table, redemptions.Terms(project.settings.currency, project.settings.rates), now)
        rejects.write(_rejects(fresh, converted, merged[-1], source), header=chunk.columns)
        if progress:
            progress(opened.name, len(chunk.lines))
    if staging is not None:
        incoming.unstage(connection, staging)
        incoming.take_stock(connection)
    inserted, updated, unchanged = (sum(getattr(part, name) for part in merged) for name in ("inserted", "updated", "unchanged"))
    return Taken(inserted, updated, unchanged, without, mark)


def _note(connection: Connection, project: Project, opened: Opened, merged: Taken, rejected: int) -> None:
    """Into the audit, where anything came in."""
    if merged.inserted or merged.updated:
        detail = {"new": merged.inserted, "changed": merged.updated, "rejected": rejected}
        about = f"source {opened.name}"
        audit.record(connection, who=project.user, deed=audit.Deed.IMPORTED, about=about, detail=detail, now=opened.terms.now)


def _convert(chunk: Chunk, terms: Terms) -> Converted:
    mapping = terms.source.mapping
    if isinstance(mapping, Customers):
        return customers.convert(chunk, mapping, terms)
    if isinstance(mapping, Orders):
        return orders.convert(chunk, mapping, terms)
    if isinstance(mapping, Inquiries):
        return orders.convert_inquiries(chunk, mapping, terms)
    if isinstance(mapping, Touches):
        return acts.convert_touches(chunk, mapping, terms)
    return acts.convert_feedback(chunk, mapping, terms) if isinstance(mapping, Feedback) else acts.convert_reasons(chunk, mapping, terms)


def _merge(connection: Connection, staging: Staging, filled: Filled, terms: Terms) -> Merged:
    mapping = terms.source.mapping
    if isinstance(mapping, Customers):
        return incoming_customers.merge(connection, staging, filled, _channels(mapping), terms.now)
    return incoming.merge_acts(connection, staging, _TABLES[terms.source.kind], filled)


def _channels(mapping: Customers) -> tuple[ChannelName, ...]:
    """Over which a source says whether customers may be written to."""
    if mapping.consent is None:
        return (ChannelName.EMAIL,) if mapping.open_tracking else ()
    return mapping.consent.channels


def _rejects(chunk: Chunk, converted: Converted, merged: Merged, source: Source) -> list[Reject]:
    """One for each line, whoever found something wrong with it."""
    found = [*chunk.rejects, *converted.rejects, *_found_by_store(chunk, merged, source)]
    by_line: dict[int, Reject] = {}
    for reject in found:
        before = by_line.get(reject.line)
        by_line[reject.line] = Reject(reject.line, f"{before.reason} {reject.reason}", reject.cells) if before else reject
    return list(by_line.values())


def _found_by_store(chunk: Chunk, merged: Merged, source: Source) -> Iterator[Reject]:
    mapping = source.mapping
    for position in merged.clashing:
        what = f"The id `{chunk.columns[mapping.id.column][position]}`" if mapping.id else "The same customer's same reason of the same day"
        reason = f"{what} stands in an earlier row too, with other content or with a fault of its own."
        yield Reject(chunk.lines[position], reason, chunk.cells(position))
    if not isinstance(mapping, Customers):
        whose = chunk.columns[mapping.customer.column]
        for position in merged.unknown:
            reason = f"The customer `{whose[position]}` is not known: there is no row of theirs among the customers."
            yield Reject(chunk.lines[position], reason, chunk.cells(position))
