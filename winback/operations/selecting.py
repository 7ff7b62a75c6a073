"""Count and name the members of a cohort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from winback import clock
from winback.audience import cohort, conditions
from winback.audience.cohort import Cohort, Selection
from winback.errors import Refused
from winback.operations import knowing
from winback.settings import Project
from winback.speech import N_, figure, said
from winback.store import cohorts, database
from winback.store.as_of import AsOf
from winback.store.ground import Ground
from winback.store.tables import facts
from winback.strictyaml import Document

_OTHERS = 20  # cohorts that an overlap is counted with
_MANY = 100_000  # customers


@dataclass(frozen=True, slots=True)
class Shown:
    """A cohort with its funnel; `matched` counts by the cohort's own rules, consent and policy come later, as skips."""

    cohort: str
    title: str
    as_of: str
    matched: int
    funnel: tuple[tuple[str, int], ...]  # (condition, customers left), the first row is everybody
    languages: dict[str, int]
    values: dict[str, int]  # gold, silver, copper; empty where nobody's value was told yet
    returning: float | None  # members who would buy again by themselves, by their chances; None where none was told
    overlap: dict[str, int]  # members that other cohorts have too
    sample: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "cohort": self.cohort,
            "as_of": self.as_of,
            "matched": self.matched,
            "funnel": [{"condition": condition, "left": left} for condition, left in self.funnel],
            "title": self.title,
            "languages": self.languages,
            "values": self.values,
            "returning_by_themselves": None if self.returning is None else round(self.returning, 1),
            "overlap": self.overlap,
            "sample": list(self.sample),
            "warnings": list(self.warnings),
        }


def show(
    project: Project,
    engine: Engine,
    name: str,
    *,
    now: datetime,
    sample: int,
    present: datetime | None = None,
    document: Document[Cohort] | None = None,
) -> Shown:
    """The cohort as of `now`, which may be another moment than the present. Raises ConfigError when its file can't be meant.

    `document`: what its file would say, where that isn't saved yet.
    """
    document = document or cohort.read(project, name)
    chosen = cohort.selection(project, document)
    as_of = AsOf.of(project, now)
    knowing.prepare(project, engine, chosen.cohort, now=now, present=present)
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, chosen, as_of)
        left = cohorts.funnel(connection, stand)
        others = dict(_others(connection, project, name, stand, many=left[0] > _MANY))
        made_up = cohorts.make_up(connection, stand, others, scored=knowing.scores_for(connection, stand))
        some = cohorts.some(connection, stand, sample, among=left[-1], of=left[0]) if sample else []
    funnel = tuple(zip(words(chosen), left, strict=True))
    return Shown(
        name,
        document.value.title,
        clock.local_day(now, project.zone).isoformat(),
        left[-1],
        funnel,
        made_up.languages,
        made_up.values,
        made_up.returning,
        made_up.overlap,
        tuple(some),
        tuple(warnings(funnel)),
    )


def members(
    project: Project,
    engine: Engine,
    name: str,
    *,
    now: datetime,
    present: datetime | None = None,
    document: Document[Cohort] | None = None,
) -> Sequence[str]:
    """The shop's ids of all members, in order. `document`: as for `show`."""
    document = document or cohort.read(project, name)
    knowing.prepare(project, engine, document.value, now=now, present=present)
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, cohort.selection(project, document), AsOf.of(project, now))
        return cohorts.keys(connection, cohorts.members(stand))


def words(selection: Selection) -> list[str]:
    """What each row of a funnel asks."""
    chosen = selection.cohort
    excludes = [sentence for _, sentence in conditions.describe_excludes(chosen.exclude)]
    limit = (
        []
        if chosen.limit is None
        else [said(N_("the first %(limit)s by %(order)s"), limit=figure(chosen.limit), order=said(str(chosen.order_by).replace("_", " ")))]
    )
    return [said(N_("all customers")), *(conditions.describe(rule, selection) for rule in chosen.rules), *excludes, *limit]


def _others(connection: Connection, project: Project, name: str, stand: Ground, *, many: bool) -> Iterator[tuple[str, Ground]]:
    """The project's other cohorts; one whose file can't be meant is `winback check`'s business. Scores of a past day are made once.

    Of many customers only those that are found by stored facts: another question may not take longer than the one that was asked.
    """
    made = stand.scores if conditions.asks_scores(stand.selection.cohort) else None
    for other in [each for each in project.names("cohorts") if each != name][:_OTHERS]:
        try:
            chosen = cohort.selection(project, cohort.read(project, other))
            if many and (conditions.reads_orders(chosen.cohort) or conditions.asks_scores(chosen.cohort)):
                continue
            ground = knowing.ground(connection, project, chosen, stand.as_of, beside=made)
        except Refused:
            continue
        made = ground.scores if conditions.asks_scores(chosen.cohort) else made
        if not many or ground.facts is facts:
            yield other, ground


def warnings(funnel: Sequence[tuple[str, int]]) -> Iterator[str]:
    """What a funnel that leaves nobody says of itself."""
    if not funnel[0][1]:
        yield N_("There are no customers yet. Bring them in: winback import.")
        return
    emptied = next((number for number, (_, left) in enumerate(funnel) if not left), None)
    if emptied is not None:
        condition, before = funnel[emptied][0], funnel[emptied - 1][1]
        sentence = N_("Nobody is in it: of the %(before)s customers left before it, none passes the condition `%(condition)s`.")
        yield said(sentence, before=figure(before), condition=condition)
