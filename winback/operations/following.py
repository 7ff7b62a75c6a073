"""winback lifecycle: how many customers are in which stage, who stayed, left and came back, and from which stage to which they went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, FromClause

from winback import clock
from winback.audience import lifecycle, presence
from winback.audience.arrays import Whole
from winback.audience.lifecycle import Lifecycle, Stage
from winback.audience.movements import Movements, Retention
from winback.audience.periods import Per, Period, periods
from winback.audience.presence import Presence
from winback.audience.purchase_days import Purchases
from winback.audience.segment import By
from winback.errors import ConfigError, Problem
from winback.operations import knowing, scoring
from winback.settings import Project
from winback.store import database, purchases, segments, stage_changes
from winback.store.as_of import AsOf

UNKNOWN = "unknown"
"""The group of those of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class Group:
    """One word that customers are told apart by, and what became of them in each period."""

    word: str
    retentions: tuple[Retention, ...]


@dataclass(frozen=True, slots=True)
class Life:
    """The customers of a shop as of a day: by stage, and over the periods before."""

    as_of: date
    stages: dict[Stage, int]
    lost_after_days: int
    periods: tuple[Period, ...]  # none before the shop's first purchase
    retentions: tuple[Retention, ...]
    by: By | None
    groups: tuple[Group, ...]  # those with the most who left first
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        told = [_period_json(period) | _retention_json(retention) for period, retention in zip(self.periods, self.retentions, strict=True)]
        groups = [
            {
                "group": group.word,
                "periods": [
                    {"period": period.name} | _retention_json(retention) for period, retention in zip(self.periods, group.retentions, strict=True)
                ],
            }
            for group in self.groups
        ]
        return {
            "as_of": self.as_of.isoformat(),
            "stages": {str(stage): count for stage, count in self.stages.items()},
            "lost_after_days": self.lost_after_days,
            "periods": told,
            "by": self.by and str(self.by),
            "groups": groups,
            "sentences": list(self.sentences),
        }


def life(project: Project, engine: Engine, *, per: Per, last: int, by: By | None, now: datetime, present: datetime | None = None) -> Life:
    """Stages as of `now`; who was there, new, left and came back in the last periods, counted from orders as they are known now.

    There is who bought within the days of lifecycle.yaml after which a customer is lost, and isn't on the black list.
    """
    knowing.refresh(project, engine, now=now)
    knowing.bring_up_scores(project, engine, now=now, present=present)
    thresholds, today = lifecycle.read(project), clock.local_day(now, project.zone)
    with database.reading(engine) as connection:
        as_of = AsOf.of(project, now)
        scored = scoring.as_of(connection, project, as_of)
        stages = segments.stages_now(connection, scored)
        bought = purchases.counted(connection, as_of)
        spans = _since_the_first(periods(per, last, today, is_over=now >= clock.end_of_day(today, project.zone)), bought)
        ends = [span.first.toordinal() - 1 for span in spans[:1]] + [span.last.toordinal() for span in spans]
        there = presence.presence(bought, ends, thresholds.lost_after_days, segments.black_listed(connection))
        gathered = _Gathered(as_of, scored, bought, there, thresholds)
        groups = [] if by is None else list(_groups(connection, by, gathered))
    alone = there.customers * 0
    return Life(
        today,
        stages,
        thresholds.lost_after_days,
        spans,
        tuple(there.retentions(number, alone, 1)[0] for number in range(len(spans))),
        by,
        tuple(sorted(groups, key=lambda group: (-sum(each.left for each in group.retentions), group.word))),
        tuple(_sentences(spans, by, today)),
    )


def lost_after_days(project: Project) -> int:
    """Without a purchase for so long somebody is lost. Raises ConfigError."""
    return lifecycle.read(project).lost_after_days


def _since_the_first(spans: tuple[Period, ...], bought: Purchases) -> tuple[Period, ...]:
    """Without those before the first purchase ever."""
    first = int(bought.days.day.min()) if bought.days.day.size else None
    return () if first is None else tuple(span for span in spans if span.last.toordinal() >= first)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the data says as of a moment."""

    as_of: AsOf
    scored: FromClause
    bought: Purchases
    there: Presence
    thresholds: Lifecycle


def _groups(connection: Connection, by: By, gathered: _Gathered) -> Iterator[Group]:
    words, places = _placed(connection, by, gathered)
    rows = [gathered.there.retentions(number, place, len(words)) for number, place in enumerate(places)]
    for number, word in enumerate(words):
        retentions = tuple(row[number] for row in rows)
        if any(each.at_start or each.at_end for each in retentions):
            yield Group(word or UNKNOWN, retentions)


def _placed(connection: Connection, by: By, gathered: _Gathered) -> tuple[Sequence[str], Sequence[Whole]]:
    """The words of the groups, and for each period the place of every customer's among them."""
    there, scored = gathered.there, gathered.scored
    if by is By.STAGE:
        marks = segments.marks(connection, there.customers, scored)
        return [str(stage) for stage in Stage], presence.stage_places(gathered.bought, there, marks, gathered.thresholds)
    found = segments.segments(connection, by, there.customers, gathered.as_of, scored)
    return found.words, [found.place] * (len(there.ends) - 1)


def _sentences(spans: Sequence[Period], by: By | None, today: date) -> Iterator[str]:
    if not spans:
        yield "Nobody has bought yet, so nobody stayed, left or came back. Bring orders in: winback import."
        return
    if not spans[-1].is_over:
        yield f"{spans[-1].name} isn't over: its figures are as of {spans[-1].last}."
    if by is By.STAGE:
        yield "A customer counts with the stage at the start of the period; who was not there then, with the stage at its end."
    if by is By.REASON:
        yield "Reasons are the latest that are known; add one with winback reason record CUSTOMER REASON."
    if by is By.VALUE:
        yield f"Value is that of {today}: classes of earlier days are not kept."


@dataclass(frozen=True, slots=True)
class Moves:
    """How many customers went from one stage to another between two days."""

    since: date
    until: date
    movements: Movements
    first_seen: int
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "moves": [{"before": str(before), "after": str(after), "customers": count} for (before, after), count in self.rows()],
            "left": self.movements.left,
            "came_back": self.movements.came_back,
            "first_seen": self.first_seen,
            "sentences": list(self.sentences),
        }

    def rows(self) -> list[tuple[tuple[Stage | None, Stage | None], int]]:
        """From and to, and how many; the most first."""
        return sorted(self.movements.counts.items(), key=lambda row: (-row[1], str(row[0])))


def moves(project: Project, engine: Engine, *, since: date, until: date | None, now: datetime) -> Moves:
    """From the beginning of `since` to the end of `until`, or until now. Raises ConfigError for days that can't be meant.

    Of a customer who went several ways in between only where they came from and where they are counts.
    """
    today = clock.local_day(now, project.zone)
    last = until or today
    if since > last:
        raise ConfigError(Problem("", None, f"--since {since} comes after {last}.", "Write the earlier day after --since."))
    knowing.refresh(project, engine, now=now)
    scoring.bring_up(project, engine, now=now)
    with database.reading(engine) as connection:
        net = stage_changes.net(connection, since, last)
    told = []
    if net.noted_since is not None and net.noted_since > since:
        told.append(f"Stages have been noted since {net.noted_since}; what became of customers before is not known.")
    if net.first_seen:
        told.append(f"Customers whose stage was noted for the first time in these days: {net.first_seen:,}. They count from that stage on.")
    return Moves(since, last, Movements(net.moved), net.first_seen, tuple(told))


def _period_json(period: Period) -> dict[str, Any]:
    return {"period": period.name, "from": period.first.isoformat(), "to": period.last.isoformat(), "is_over": period.is_over}


def _retention_json(retention: Retention) -> dict[str, Any]:
    names = ("at_start", "new", "left", "came_back", "at_end")
    rates = {name: None if value is None else value / 100 for name, value in (("crr", retention.crr), ("strict_crr", retention.strict))}
    return {name: getattr(retention, name) for name in names} | rates
