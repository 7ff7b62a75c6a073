"""Whose turn it is: the contact policy, asked for a batch at the claim, and once more where each group is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from winback import clock
from winback.journey import contact_policy, greeting_days, last_check, zones
from winback.journey.contact_policy import Rival
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.journey.policy import Policy, Rules
from winback.journey.stage import Stage
from winback.journey.wishes import NO_WISHES, Wishes
from winback.store import contact_log, greeted, preferences
from winback.store.deliveries import Claimed
from winback.store.greeted import Greeted


@dataclass(frozen=True, slots=True)
class Turns:
    """What the contact policy asks about the customers of a batch."""

    contacts: Mapping[int, Sequence[datetime]]
    rivals: Mapping[int, Rival]

    def of(self, customer_id: int) -> tuple[Sequence[datetime], Rival | None]:
        return self.contacts.get(customer_id, ()), self.rivals.get(customer_id)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides on a letter's turn beside the customer's contacts."""

    stage: Stage
    rules: Rules
    zone: str
    wishes: Wishes = NO_WISHES
    greets_on: date | None = None  # of a greeting: the customer's day on which it was decided that it may leave


def read(connection: Connection, policy: Policy, run_id: int, claimed: Sequence[Claimed], now: datetime) -> Turns:
    """For a batch that a worker claimed."""
    within = max(policy.longest_gap(), contact_policy.AT_ONCE)
    due = {each.customer_id: each.due_at for each in claimed}
    return Turns(contact_log.contacts(connection, due, now), contact_log.rivals(connection, run_id, due, now, within))


def late(connection: Connection, ends_on: date, letters: Sequence[tuple[Claimed, Terms]], now: datetime) -> dict[int, Postpone | SkipStage | Stop]:
    """By delivery, what to do with letters whose turn passed since the last check: another campaign wrote to the customer meanwhile.

    Whoever said what they want meanwhile, whatever it is, is asked about anew by the next claim: it may be another channel, or language.
    Nobody else hands letters to these customers over until the transaction ends. Of two letters to one customer only the first goes.
    """
    ids = [claimed.customer_id for claimed, _ in letters]
    contact_log.hold(connection, ids)
    contacts = {who: list(moments) for who, moments in contact_log.contacts(connection, ids, now).items()}
    greetings = [claimed.customer_id for claimed, terms in letters if terms.greets_on]
    had = greeted.left(connection, greetings) if greetings else {}
    wanted = preferences.of(connection, ids)
    found: dict[int, Postpone | SkipStage | Stop] = {}
    for claimed, terms in letters:
        if wanted.get(claimed.customer_id, NO_WISHES) != terms.wishes:
            found[claimed.id] = Postpone(now)
            continue
        before = contacts.setdefault(claimed.customer_id, [])
        verdict = last_check.turn(ends_on, terms.stage, terms.rules, terms.zone, now, before, wishes=terms.wishes)
        if terms.greets_on and verdict is None:
            verdict = _greeting_is_late(claimed, terms, had.get(claimed.customer_id, ()), now)
        if verdict is None:
            before.append(now)
        else:
            found[claimed.id] = verdict
    return found


def _greeting_is_late(claimed: Claimed, terms: Terms, had: Sequence[Greeted], now: datetime) -> Postpone | SkipStage | None:
    """A day that began meanwhile is asked about anew; and another campaign may have greeted."""
    calendar = zones.calendar(terms.zone, terms.rules)
    today = clock.local_day(now, calendar)
    if today != terms.greets_on:
        return Postpone(now)
    last_on = max((clock.local_day(each.moment, calendar) for each in had), default=None)
    return greeting_days.again(claimed.occasion, today, last_on, frozenset(each.stage for each in had))
