"""What a cohort's conditions stand on: where facts and scores are read, as of when, and what its words mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause

from winback import clock
from winback.audience.cohort import Selection
from winback.audience.conditions import FACTS, Table
from winback.journey.condition import Deed
from winback.store.as_of import AsOf, Whose
from winback.store.tables import customers


@dataclass(frozen=True)
class Ground:
    """What conditions stand on: where facts and scores are read, as of when, and what the cohort's words mean.

    `joins` collects the tables beside the facts that the conditions look at, by name: a statement reads no others.
    """

    selection: Selection
    as_of: AsOf
    facts: FromClause
    dialect: str
    scores: FromClause | None = None
    run_id: int = 0  # the campaign's own run, which is no other campaign
    whose: Whose = None  # only theirs is looked at
    costs: Mapping[str, tuple[SequenceCost, ...]] = field(default_factory=dict)  # of each campaign that a cohort names, its tactics'
    done: Mapping[Deed, Collection[int]] = field(default_factory=dict)  # of those looked at, who did it; nobody where nothing is said
    joins: dict[str, tuple[FromClause, ColumnElement[bool]]] = field(default_factory=dict)

    @property
    def customer_id(self) -> ColumnElement[Any]:
        return self.facts.c.customer_id

    @property
    def today(self) -> date:
        """The shop's day."""
        return clock.local_day(self.as_of.now, ZoneInfo(self.as_of.zone))

    def source(self) -> FromClause:
        """The facts with all that the conditions made so far look at."""
        joined: FromClause = self.facts
        for table, condition in self.joins.values():
            joined = joined.outerjoin(table, condition)
        return joined

    def joined(self, name: str, table: FromClause, key: str = "customer_id") -> FromClause:
        """A table with one row for each customer at most, joined once."""
        known, _ = self.joins.setdefault(name, (table, table.c[key] == self.customer_id))
        return known

    def column(self, word: str) -> ColumnElement[Any]:
        """The column that a word asks about."""
        fact = FACTS[word]
        if fact.table is Table.FACTS:
            return self.facts.c[fact.column]
        if fact.table is Table.CUSTOMERS:
            return self.people.c[fact.column]
        return self.scored.c[fact.column]

    @property
    def people(self) -> FromClause:
        return self.joined("customers", customers, "id")

    @property
    def scored(self) -> FromClause:
        assert self.scores is not None, "scores are made ready before a statement asks for them"
        return self.joined("scores", self.scores)


@dataclass(frozen=True, slots=True)
class SequenceCost:
    """What a campaign's whole sequence costs for a customer: so much, and a share of their average order. Minor units."""

    fixed_minor: int
    share_of_order: float
