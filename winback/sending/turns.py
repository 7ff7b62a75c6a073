"""Whose turn it is: the contact policy, asked for a batch at the claim, and once more where each group is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from winback.journey import contact_policy, last_check
from winback.journey.contact_policy import Rival
from winback.journey.last_check import Postpone, SkipStage, Stop
from winback.journey.policy import Policy, Rules
from winback.journey.stage import Stage
from winback.store import contact_log
from winback.store.deliveries import Claimed


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


def read(connection: Connection, policy: Policy, run_id: int, claimed: Sequence[Claimed], now: datetime) -> Turns:
    """For a batch that a worker claimed."""
    within = max(policy.longest_gap(), contact_policy.AT_ONCE)
    due = {each.customer_id: each.due_at for each in claimed}
    return Turns(contact_log.contacts(connection, due, now), contact_log.rivals(connection, run_id, due, now, within))


def late(connection: Connection, ends_on: date, letters: Sequence[tuple[Claimed, Terms]], now: datetime) -> dict[int, Postpone | SkipStage | Stop]:
    """By delivery, what to do with letters whose turn passed since the last check: another campaign wrote to the customer meanwhile.

    Nobody else hands letters to these customers over until the transaction ends. Of two letters to one customer only the first goes.
    """
    ids = [claimed.customer_id for claimed, _ in letters]
    contact_log.hold(connection, ids)
    contacts = {who: list(moments) for who, moments in contact_log.contacts(connection, ids, now).items()}
    found: dict[int, Postpone | SkipStage | Stop] = {}
    for claimed, terms in letters:
        before = contacts.setdefault(claimed.customer_id, [])
        verdict = last_check.turn(ends_on, terms.stage, terms.rules, terms.zone, now, before)
        if verdict is None:
            before.append(now)
        else:
            found[claimed.id] = verdict
    return found
