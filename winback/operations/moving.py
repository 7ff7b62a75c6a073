"""winback import --from: people, refusals and past letters of the tool that letters were sent with before, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from winback.audience import former as tools
from winback.audience.converting import Terms
from winback.audience.former import Former
from winback.audience.rejects import RejectsFile
from winback.audience.rows import Chunk, Rows
from winback.audience.source import Source
from winback.model import ChannelName
from winback.operations import importing, knowing, stopping, suppressing
from winback.operations.importing import Opened, Progress, SourceReport
from winback.operations.suppressing import ListReport
from winback.settings import Project
from winback.store import database
from winback.store import former as known
from winback.store.contacts import hasher


@dataclass(frozen=True, slots=True)
class MovingReport:
    """What came from a former tool, or would come with a dry run."""

    tool: str
    sources: tuple[SourceReport, ...]
    closed: ListReport
    is_rehearsal: bool
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        told = {"warnings": list(self.warnings)} if self.warnings else {}
        sources = [report.as_json() for report in self.sources]
        return {"tool": self.tool, "dry_run": self.is_rehearsal, "sources": sources, "closed": self.closed.as_json(), **told}


def run(
    project: Project, engine: Engine, tool: str, place: str, *, now: datetime, dry_run: bool = False, progress: Progress | None = None
) -> MovingReport:
    """Take over what the tool knows: all of it or nothing. The same data twice changes nothing.

    Whoever the shop told us of already, by their e-mail address, stays as the shop knows them, and only refusals, a consent where nothing
    was said yet, and past letters are added. Nobody is opened again. A dry run undoes everything but the files of rejects.

    Raises ConfigError or SourceError, with nothing changed.
    """
    former = tools.named(project, tool, place)
    with ExitStack() as stack:
        connection = stack.enter_context(database.writing(engine))
        moving = _Moving(project, connection, former, now, progress)
        people = tool != tools.LETTERS
        reports = [moving.people(only_known=True), moving.people(only_known=False)] if people else []
        closed = moving.closed() if people else ListReport(0, 0, 0, 0, None, {}, 0)
        letters = moving.sends()
        if dry_run:
            connection.rollback()
    sources = tuple(report for report in (*reports, letters) if report is not None)
    if not dry_run:
        knowing.reach_by_phone(project, engine, now=now)
        knowing.refresh(project, engine, now=now)
        stopping.stop(engine, now=now)
    return MovingReport(tool, sources, closed, dry_run, tuple(moving.warnings(letters)))


class _Moving:
    """One tool's data on its way in, in one transaction."""

    def __init__(self, project: Project, connection: Connection, former: Former, now: datetime, progress: Progress | None) -> None:
        self.project, self.connection, self.former, self.now, self.progress = project, connection, former, now, progress
        self._hashed = hasher(project.key, ChannelName.EMAIL)
        self._reactions = 0
        self._strangers = 0  # letters to addresses that no customer has
        self._forgotten = 0  # rows, of the source that is being read

    def people(self, *, only_known: bool) -> SourceReport:
        name = f"{self.former.tool}-known" if only_known else self.former.tool
        with tools.people(self.former) as rows:
            source = tools.customers_source(rows.header, self.former, only_consent=only_known)
            chunks = (self._of_people(chunk, only_known=only_known) for chunk in rows.chunks)
            return self._bring(name, source, Rows(rows.header, chunks))

    def closed(self) -> ListReport:
        path = self._rejects_path("closed")
        with RejectsFile(path, source=self.former.shown) as rejects:
            source = f"list of {self.former.tool}"
            return suppressing.take_over(self.project, self.connection, tools.closed(self.former), source, rejects, everywhere=False, now=self.now)

    def sends(self) -> SourceReport | None:
        with tools.sends(self.former) as rows:
            if rows is None:
                return None
            chunks = (self._of_letters(chunk) for chunk in rows.chunks)
            return self._bring(f"{self.former.tool}-sends", tools.sends_source(self.former), Rows(rows.header, chunks))

    def warnings(self, letters: SourceReport | None) -> Iterator[str]:
        if self.former.tool == tools.LETTERS:
            if self._strangers:
                yield f"Letters to addresses that no customer has, left out: {self._strangers:,}."
            return
        if self.former.tool == "listmonk" and not self.former.is_database:
            yield (
                "An export of listmonk doesn't say who left one of its lists: they count as not having left. Its database tells; read that, or close"
                " them by a list: winback suppress import."
            )
        if letters and letters.inserted and not self._reactions:
            yield (
                "No past letter has a reaction: did the tool note whose clicks are whose? As it stands, everybody counts as not having answered,"
                " which the sign no-answer in config/signs.yaml looks at."
            )

    def _bring(self, name: str, source: Source, rows: Rows) -> SourceReport:
        terms = Terms(source, ZoneInfo("UTC"), self.project.settings.currency, self.now, self.project.zone)
        opened = Opened(name, terms, rows)
        self._forgotten = 0
        with importing.rejects_of(self.project, opened) as rejects:
            report, _ = importing.bring(self.project, self.connection, opened, rejects, self.progress)
        return replace(report, forgotten=report.forgotten + self._forgotten)

    def _of_people(self, chunk: Chunk, *, only_known: bool) -> Chunk:
        """Those whom the shop told us of, by its ids; or all others, by the tool's. A yes counts where nobody has said anything yet."""
        chunk, hashes, theirs = self._whose(chunk)
        positions = [at for at, hashed in enumerate(hashes) if (hashed in theirs) is only_known]
        part = chunk.only(positions)
        keys = [
            theirs[hashes[at]] if only_known else key or self._made_key(hashes[at]) for at, key in zip(positions, part.columns["key"], strict=True)
        ]
        spoken = known.have_spoken(self.connection, keys)
        agreed = ["" if said == "yes" and key in spoken else said for said, key in zip(part.columns["agreed"], keys, strict=True)]
        rejects = () if only_known else chunk.rejects  # the same rows are read twice
        return Chunk({**part.columns, "key": keys, "agreed": agreed}, part.lines, rejects)

    def _of_letters(self, chunk: Chunk) -> Chunk:
        """By the shop's ids where it told us of the customer; letters to people who are left out stay out with them."""
        chunk, hashes, theirs = self._whose(chunk)
        keys = [theirs.get(hashed, key) for hashed, key in zip(hashes, chunk.columns["key"], strict=True)]
        there = known.known(self.connection, keys)
        self._strangers += sum(key not in there for key in keys)
        ids = [
            given or f"{self.former.tool}:{hashed.hex()[:32]}:{moment}"
            for given, hashed, moment in zip(chunk.columns["id"], hashes, chunk.columns["touched_at"], strict=True)
        ]
        part = Chunk({**chunk.columns, "id": ids, "key": keys}, chunk.lines, chunk.rejects).only([at for at, key in enumerate(keys) if key in there])
        self._reactions += sum(1 for cell in part.columns["reacted_at"] if cell)
        return part

    def _whose(self, chunk: Chunk) -> tuple[Chunk, list[bytes], dict[bytes, str]]:
        """The rows but those of addresses whose owner was forgotten, the hash of each row's address, empty where there is none, and the
        keys of the shop's customers who have these.
        """
        found = [tools.address(text) for text in chunk.columns["email"]]
        hashes = [self._hashed(address) if address else b"" for address in found]
        told = [each for each in hashes if each]
        gone = known.forgotten_addresses(self.connection, told)
        if gone:
            stay = [at for at, hashed in enumerate(hashes) if hashed not in gone]
            self._forgotten += len(hashes) - len(stay)
            chunk, hashes = chunk.only(stay), [hashes[at] for at in stay]
        return chunk, hashes, known.keys_by_address(self.connection, told, but=f"{self.former.tool}:")

    def _made_key(self, hashed: bytes) -> str:
        """Of somebody whose row has no id: their address, as it can't be read back."""
        return f"{self.former.tool}:{hashed.hex()[:32]}" if hashed else ""

    def _rejects_path(self, what: str) -> Path:
        return self.project.out / "rejects" / f"{self.former.tool}-{what}-{self.now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.csv"
