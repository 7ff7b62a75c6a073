"""Who is still promised something while a cohort is decided on: budgets and pools of codes, customer by customer, in one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from winback.journey import purse, zones
from winback.journey.eligibility import Skip
from winback.journey.purse import Purse
from winback.model import Money, RecipientStatus
from winback.sending import offering
from winback.sending.prepared import Prepared
from winback.speech import N_, figure, numbered, said
from winback.store import code_pools, codes, runs
from winback.store.runs import Run

if TYPE_CHECKING:  # which imports this file
    from winback.operations.enrolment import Decision


@dataclass(frozen=True, slots=True)
class Pool:
    """A shop's file of codes against those who would get one of it."""

    offer: str
    file: str
    codes: int  # that are free
    wanted: int

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.codes)

    @property
    def sentence(self) -> str:
        told = {"file": self.file, "codes": figure(self.codes), "wanted": figure(self.wanted)}
        if not self.missing:
            return said(N_("%(file)s has %(codes)s free codes and %(wanted)s customers would get one."), **told)
        return numbered(
            "%(file)s has %(codes)s free codes and %(wanted)s customers would get one: %(num)s is missing.",
            "%(file)s has %(codes)s free codes and %(wanted)s customers would get one: %(num)s are missing.",
            self.missing,
            **told,
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """What an offer may cost, and what of it is promised."""

    offer: str
    budget: Decimal
    before: Decimal  # by runs that were before this one
    promised: Decimal  # by this one


@dataclass
class Rations:
    """Goes over a cohort batch by batch, always in the same order: a plan, a rehearsal and a run come to the same."""

    prepared: Prepared
    salt: str
    wanted: Counter[str] = field(default_factory=Counter)  # by offer, customers who get a code of it
    promised: Counter[str] = field(default_factory=Counter)  # by offer, what that may cost, in minor units
    holding: int = 0  # recipients who hold a code of another campaign, and get none
    _left: Purse | None = None

    def deal(
        self,
        connection: Connection,
        batch: Sequence[Decision],
        *,
        now: datetime,
        run: Run | None = None,
        but_run: int | None = None,
        again: Collection[int] = (),
    ) -> list[Decision]:
        """The decisions, those whom nothing can be promised any more skipped before any arm.

        With a `run` what is left is counted again whenever somebody else may have promised something, and those decided on already are
        left out, but those of `again` who are skipped still; `but_run` is a run that is decided on anew.
        """
        coded = purse.coded(self.prepared.campaign)
        if not coded:
            return list(batch)
        ids = [decision.candidate.customer_id for decision in batch]
        if run is not None:
            code_pools.hold(connection, run.id)
            known = runs.get_recipients(connection, run.id, ids)
            decided = {who for who, row in known.items() if who not in again or row.status != RecipientStatus.SKIPPED}
            if decided:
                self._left = None
                batch = [decision for decision in batch if decision.candidate.customer_id not in decided]
        if not batch:
            return []
        if self._left is None:
            if run is not None:
                codes.expire_those_of(connection, self.prepared.name, now)
            self._left = offering.left(connection, self.prepared, now, but_run=but_run)
        elsewhere = codes.elsewhere(connection, ids, now, run_id=run.id if run else but_run)
        return [self._decide(decision, self._left, holds=decision.candidate.customer_id in elsewhere) for decision in batch]

    def pools(self, connection: Connection, now: datetime, *, but_run: int | None = None) -> list[Pool]:
        """Files of codes, after the whole cohort was gone over."""
        free = offering.left(connection, self.prepared, now, but_run=but_run, all_pools=True).offers
        offers = self.prepared.campaign.offers
        return [Pool(name, offers[name].file, free[name].codes or 0, self.wanted[name]) for name in self.prepared.pools]

    def budgets(self, connection: Connection, now: datetime, *, but_run: int | None = None) -> list[Budget]:
        """Budgets, after the whole cohort was gone over."""
        left, told = offering.left(connection, self.prepared, now, but_run=but_run).offers, list[Budget]()
        for name, offer in purse.coded(self.prepared.campaign).items():
            if offer.budget is not None:
                rest, promised = (Money.from_minor(minor, self.prepared.currency).amount for minor in (left[name].minor or 0, self.promised[name]))
                told.append(Budget(name, offer.budget, offer.budget - rest, promised))
        return told

    def _decide(self, decision: Decision, left: Purse, *, holds: bool) -> Decision:
        if isinstance(decision.verdict, Skip):
            return decision
        asked = {}
        for name, offer in left.offers.items():  # what has no end needn't be asked about, but for their own
            if name == decision.offer:
                promised = decision.promised
            elif offer.has_end:
                promised = offering.promise(self.prepared, name, decision.candidate, self.salt)
            else:
                continue
            if promised is not None:
                asked[name] = offering.at_most(self.prepared, promised)
        if reason := left.refuses(asked):
            return replace(decision, verdict=Skip(reason), arm="", bucket=0.0, first_due_at=None, offer="", promised=None)
        name = decision.offer
        if name not in asked:
            return decision
        if holds:
            self.holding += 1
            return replace(decision, holds_code=True)
        left.pay(name, asked[name])
        self.wanted[name] += 1
        self.promised[name] += asked[name]
        return decision


def reserve(connection: Connection, prepared: Prepared, run: Run, batch: Sequence[Decision], *, assigned_at: datetime, now: datetime) -> None:
    """Codes for those who were just assigned to a tactic with an offer."""
    coded, wishes = purse.coded(prepared.campaign), []
    for decision in batch:
        name = decision.offer
        if name in coded and decision.promised is not None and not decision.holds_code:
            who = decision.candidate
            there = zones.calendar(decision.home.zone, prepared.policy.for_country(who.person.country))
            wishes.append(
                offering.wish(
                    prepared, name, decision.promised, customer_id=who.customer_id, key=who.person.key, assigned_at=assigned_at, there=there
                )
            )
    offering.reserve(connection, prepared, run, wishes, now)
