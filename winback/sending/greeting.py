"""Recipients of a campaign that greets: each waits for their next occasion, gets its delivery row when its letter is due, and waits for the next."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback import clock
from winback.journey import content, greeting_days, send_hour
from winback.journey.eligibility import Candidate
from winback.journey.greet import Greet
from winback.journey.greeting_days import Circumstances, GreetingDay
from winback.journey.greetings import Calendar, Celebrant, Coming
from winback.journey.last_check import SkipStage, Verdict
from winback.journey.occasions import Kind
from winback.model import Reason, RecipientStatus
from winback.sending.prepared import Prepared
from winback.store import database, greeted, runs, stages_due
from winback.store.as_of import AsOf
from winback.store.deliveries import Claimed
from winback.store.greeted import Greeted, Looked
from winback.store.runs import Run

BATCH = 5_000
"""Recipients a transaction."""
_A_YEAR = timedelta(days=365)
_ALL_AGAIN = timedelta(days=30)
"""First orders become anniversaries without a word on the card: so often everybody is looked at, whatever has changed."""
_SAID_BY_LETTERS = frozenset({Kind.BIRTHDAY, Kind.ANNIVERSARY})
"""Letters have sentences of their own for these, and need no name."""


@dataclass(frozen=True, slots=True)
class Greeter:
    """A campaign that greets."""

    prepared: Prepared
    greet: Greet

    @classmethod
    def of(cls, prepared: Prepared) -> Greeter | None:
        """Of a campaign that greets; None of one that wins back."""
        return None if prepared.campaign.greet is None else cls(prepared, prepared.campaign.greet)

    @property
    def calendar(self) -> Calendar:
        return self.prepared.calendar

    @property
    def fingerprint(self) -> str:
        """What everybody's days hang on beside their cards: the occasions, what the campaign asks for, and the countries' rules."""
        parts = (self.calendar.occasions, self.greet, self.prepared.policy)
        return hashlib.sha256("\n".join(each.model_dump_json() for each in parts).encode()).hexdigest()

    def celebrant(self, card: Row[Any] | Candidate) -> Celebrant:
        """A customer as the calendar asks about them. Of the professional days those are theirs that the campaign names: its cohort says so."""
        person = card.person if isinstance(card, Candidate) else card
        first = card.first_order_at
        return Celebrant(
            country=person.country,
            birthday=person.birthday,
            favourite_day=card.favourite_day,
            first_order_on=clock.local_day(first, self.prepared.project.zone) if first else None,
            sex=person.sex,
            professional_days=frozenset(self.greet.occasions),
        )

    def circumstances(
        self, card: Row[Any] | Candidate, zone: str, hour: int | None, had: Sequence[Greeted] = (), decided: frozenset[str] = frozenset()
    ) -> Circumstances:
        """`had` are their greetings in any campaign, `decided` the stages of this run that there is a delivery of."""
        celebrant = self.celebrant(card)
        who = Circumstances(celebrant, zone, self.prepared.policy.for_country(celebrant.country), hour)
        last = max((each.moment for each in had), default=None)
        return Circumstances(celebrant, zone, who.rules, hour, who.day(last) if last else None, decided | frozenset(each.stage for each in had))

    def upcoming(self, who: Circumstances, now: datetime) -> tuple[str, datetime]:
        """What a customer waits for, and until when: their next occasion; where there is none, until somebody looks again, or the end."""
        campaign = self.prepared.campaign
        opens = max(now, clock.start_of_day(campaign.starts_on, who.own))
        if found := greeting_days.upcoming(self.calendar, self.greet, who, opens, campaign.ends_on):
            day, due_at = found
            return day.occasion, due_at
        return "", min(opens + _A_YEAR, clock.start_of_day(campaign.ends_on + timedelta(days=1), who.own))

    def greetings(self, who: Circumstances, first: date, last: date) -> list[GreetingDay]:
        """The customer's greetings from a day to another, as far as the campaign lasts."""
        campaign = self.prepared.campaign
        return greeting_days.between(self.calendar, self.greet, who, max(first, campaign.starts_on), min(last, campaign.ends_on))

    def known(self, connection: Connection, run: Run, rows: Sequence[Row[Any]], now: datetime) -> dict[int, Circumstances]:
        """What the greetings of these recipients hang on, by customer: a few statements for all of them."""
        ids = [row.customer_id for row in rows]
        cards = greeted.cards(connection, ids, AsOf.of(self.prepared.project, now))
        had, decided, alone = greeted.left(connection, ids), greeted.stages(connection, run.id, ids), greeted.held_out(connection, run.id, ids)
        return {
            row.customer_id: self.circumstances(
                cards[row.customer_id],
                row.time_zone,
                send_hour.of(row.facts),
                [*had.get(row.customer_id, ()), *alone.get(row.customer_id, ())],
                decided.get(row.customer_id, frozenset()),
            )
            for row in rows
        }

    def check(
        self, verdict: Verdict, delivery: Claimed, candidate: Candidate, recipient: Row[Any], *, had: Sequence[Greeted], now: datetime
    ) -> Verdict:
        """The last check of a claimed greeting, by the card, the calendar and the names of today."""
        who = self.circumstances(candidate, recipient.time_zone, send_hour.of(recipient.facts), had)
        checked = greeting_days.check(verdict, self.calendar, self.greet, who, delivery.occasion, now=now)
        if checked is verdict and self.told(delivery.occasion, who.celebrant, delivery.locale) is None:
            return SkipStage(Reason.NO_LANGUAGE, "the occasion has no name in the letter's language")
        return checked

    def told(self, occasion: str, celebrant: Celebrant, locale: str) -> content.Greeting | None:
        """What the letter congratulates on; None where the occasion isn't theirs, or has no name in the language."""
        coming = greeting_days.found(self.calendar, celebrant, occasion)
        if coming is None:
            return None
        name = self.name(coming, locale)
        if name is None and coming.kind not in _SAID_BY_LETTERS:
            return None
        kind = coming.kind if coming.kind in {*_SAID_BY_LETTERS, Kind.FAVOURITE_DAY} else Kind.HOLIDAY
        wish = self.greet.wishes.get(coming.occasion)
        return content.Greeting.model_validate({"kind": str(kind), "name": name and {locale: name}, "wish": wish})

    def name(self, coming: Coming, locale: str) -> str | None:
        """What a letter calls an occasion; None where nobody has written it in that language."""
        return self.prepared.names.of(coming.name, locale)


def advance(connection: Connection, greeter: Greeter, run: Run, rows: Sequence[Row[Any]], now: datetime) -> None:
    """These recipients wait for their next occasion, or have come to the campaign's end."""
    if not rows:
        return
    known = greeter.known(connection, run, rows, now)
    changes = [_waits(who, *greeter.upcoming(circumstances, now)) for who, circumstances in known.items()]
    greeted.set_next(connection, run.id, changes)
    over = [change["customer_id"] for change in changes if change["next_due_at"] <= now and not change["next_occasion"]]
    runs.end(connection, run.id, dict.fromkeys(over, ""), RecipientStatus.FINISHED, now)
    runs.advance(connection, run.id, [{"customer_id": who, "next_stage": 0, "next_due_at": None} for who in over], now=now)  # those held out too


def queue_due(engine: Engine, greeter: Greeter, run: Run, *, now: datetime, batch: int = BATCH) -> int:
    """Queue every greeting that is due at `now`, `batch` recipients a transaction. Returns how many deliveries were written."""
    written = 0
    while True:
        with database.writing(engine) as connection:
            queued = stages_due.greetings(connection, run.id, now, batch)
            advance(connection, greeter, run, queued.held_out, now)
        written += queued.written
        if queued.taken < batch:
            return written


def look(engine: Engine, greeter: Greeter, run: Run, *, now: datetime, batch: int = BATCH) -> int:
    """Once a day, what recipients wait for, by the cards that have changed; everybody's when the calendar has, or a month is over.

    Returns for how many that is another occasion or moment. What has fallen due already stays: it is held against the card when it leaves.
    """
    zone, by = greeter.prepared.project.zone, greeter.fingerprint
    with database.reading(engine) as connection:
        before = greeted.looked(connection, run.id)
    anew = before.by != by or before.all_at is None or now - before.all_at >= _ALL_AGAIN
    if not anew and before.at is not None and clock.local_day(before.at, zone) >= clock.local_day(now, zone):
        return 0
    changed, last = 0, 0
    while True:
        with database.writing(engine) as connection:
            rows = greeted.waiting(connection, run.id, now, since=None if anew else before.at, after=last, limit=batch)
            known = greeter.known(connection, run, rows, now)
            changes = [change for row in rows if (change := _other(row, greeter, known[row.customer_id], now))]
            greeted.set_next(connection, run.id, changes)
            changed += len(changes)
            if len(rows) < batch:
                greeted.record_look(connection, run.id, Looked(now, now if anew else before.all_at, by))
                return changed
            last = rows[-1].customer_id


def _other(row: Row[Any], greeter: Greeter, who: Circumstances, now: datetime) -> Mapping[str, Any] | None:
    occasion, due_at = greeter.upcoming(who, now)
    same = row.next_occasion == occasion and (not occasion or row.next_due_at == due_at)
    return None if same else _waits(row.customer_id, occasion, due_at)


def _waits(customer_id: int, occasion: str, due_at: datetime) -> dict[str, Any]:
    return {"customer_id": customer_id, "next_occasion": occasion, "next_due_at": due_at}
