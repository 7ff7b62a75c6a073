"""The conditions of a campaign's stages before their time: who doesn't meet them as things stand, and how each stands for one customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, FromClause

from winback.audience import conditions
from winback.audience.cohort import Cohort, Selection
from winback.journey.stage import Stage
from winback.operations import findings, knowing, scoring
from winback.sending import meeting
from winback.sending.prepared import Prepared
from winback.store import candidates, cohorts, deeds, runs
from winback.store.as_of import AsOf
from winback.store.cohorts import Found
from winback.store.ground import Ground
from winback.store.tables import scores


@dataclass(frozen=True, slots=True)
class Standing:
    """How one condition of a stage stands for a customer now."""

    stage: str
    asks: str  # only if ..., unless ...
    found: str
    holds: bool


@dataclass(frozen=True)
class Outlook:
    """What can be said of conditions before anything was sent: those about deeds are left open."""

    connection: Connection
    prepared: Prepared
    as_of: AsOf
    scored: FromClause

    @classmethod
    def of(cls, connection: Connection, prepared: Prepared, as_of: AsOf) -> Outlook:
        asks_scores = any(conditions.asks_scores(selection.cohort) for selection in prepared.asked.values())
        return cls(connection, prepared, as_of, scoring.as_of(connection, prepared.project, as_of) if asks_scores else scores)

    def unmet(self, ids: Sequence[int]) -> dict[str, frozenset[int]]:
        """By stage, those of these customers who would not get it as things stand."""
        found = {}
        for name, selection in self.prepared.asked.items():
            rules = tuple(rule for rule in selection.cohort.rules if not meeting.asks_deeds(rule))
            if rules and ids:
                asked = replace(selection, cohort=Cohort(title=name, rules=rules))
                ground = knowing.ground(self.connection, self.prepared.project, asked, self.as_of, whose=list(ids), beside=self.scored)
                held = deeds.meeting(self.connection, ground, rules, ids)
                found[name] = frozenset(who for who in ids if not all(held.get(who, [False])))
        return found


def of_customer(connection: Connection, prepared: Prepared, run_id: int, customer_id: int, as_of: AsOf) -> list[Standing]:
    """Every condition of every stage for a recipient, as things stand."""
    recipient = runs.get_recipients(connection, run_id, [customer_id]).get(customer_id)
    if recipient is None or not prepared.asked:
        return []
    since = candidates.since(connection, [recipient], as_of.now)
    told: list[Standing] = []
    for stage in prepared.campaign.stages:
        if asked := prepared.asked.get(stage.name):
            done = deeds.done(connection, meeting.wanted(asked), [recipient], since, as_of.now)
            ground = replace(knowing.ground(connection, prepared.project, asked, as_of, whose=[customer_id]), done=done)
            told += _of_stage(prepared, stage, asked, ground, cohorts.found(connection, ground, customer_id))
    return told


def _of_stage(prepared: Prepared, stage: Stage, asked: Selection, ground: Ground, found: Sequence[Found]) -> Iterator[Standing]:
    """Of what is found in a stage's conditions, the outermost; of those in `unless` the value is that of what must not be."""
    words = findings.Findings(prepared.project, ground.today, ())
    for number, each in enumerate(found):
        if each.depth == 0:
            looked_at = found[number + 1] if each.rule.said[0] == "not" else each
            yield Standing(stage.name, meeting.told(stage, each.rule, asked), words.of(looked_at), each.holds)
