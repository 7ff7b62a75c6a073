"""Two customers of the shop who are one person: one record stays, the other becomes a tombstone that points to it.

A tombstone keeps its key, its names and what can't move, and has no addresses, no consents and no orders. `customers.merged_into` always
names the record that stays in the end, however long the chain of merges was; whoever lists or counts customers leaves tombstones out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy.exc
from sqlalchemy import Connection, Row, Table, delete, select, update

from winback.store import codes, consent_requests, left_alone, merged_journeys, merged_reach, persons, preferences, refreshing, stops_due, threads
from winback.store.incoming import import_is_ours
from winback.store.merged_journeys import JourneyFate
from winback.store.merged_reach import AddressFate, ConsentFate
from winback.store.tables import (
    answers,
    consent_proofs,
    customers,
    events,
    facts,
    feedback,
    inquiries,
    leaving_reasons,
    orders,
    owed_answers,
    scores,
    talks,
    touches,
)

MOVED = (orders, inquiries, touches, feedback, leaving_reasons, events, answers, consent_proofs, talks, owed_answers)
"""What a person did, said and was told: all of it goes to the record that stays. Their keys are their own, so nothing meets."""

FILLED = (
    *("given_name", "patronymic", "family_name", "sex", "locale", "country", "city", "time_zone", "birthday", "favourite_day"),
    *("manager", "black_list", "phone", "standing", "recommended_by"),
)
"""What the record that stays takes from the other where it says nothing itself."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did."""

    moved: Mapping[str, int]  # rows by table; those with none are left out
    filled: tuple[str, ...]
    addresses: tuple[AddressFate, ...]
    consents: tuple[ConsentFate, ...]
    journeys: tuple[JourneyFate, ...]


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody is working on these customers just now: nothing was changed."""

    because: str


def merge(connection: Connection, merged_id: int, into_id: int, now: datetime) -> Merged | Busy:
    """Make one customer of two, in the caller's transaction; which of them stays is `into_id`. Both must be persons yet.

    When it is Busy, or the two aren't persons any more, the caller rolls back.
    """
    if because := _hold(connection, merged_id, into_id):
        return Busy(because)
    rows = {row.id: row for row in connection.execute(select(customers).where(customers.c.id.in_((merged_id, into_id)), persons.is_person()))}
    if len(rows) < 2:
        return Busy("one of the two was merged a moment ago")
    merged, into = rows[merged_id], rows[into_id]
    addresses, consents = merged_reach.join(connection, merged_id, into_id, now)
    preferences.join(connection, merged_id, into_id, now)
    journeys = merged_journeys.join(connection, merged_id, into_id, merged.key, now)
    left_alone.join(connection, merged_id, into_id)
    connection.execute(update(customers).where(customers.c.merged_into == merged_id).values(merged_into=into_id))
    connection.execute(update(customers).where(customers.c.id == merged_id).values(merged_into=into_id, updated_at=now))
    moved = {table.name: _move(connection, table, merged_id, into_id) for table in MOVED}
    moved["consent_requests"] = consent_requests.move(connection, merged_id, into_id)
    moved["threads"] = threads.join(connection, merged_id, into_id)
    values = _filled(merged, into)
    connection.execute(update(customers).where(customers.c.id == into_id).values({**values, "updated_at": now}))
    _renew_facts(connection, [merged_id, into_id])
    return Merged({name: count for name, count in moved.items() if count}, tuple(values), tuple(addresses), tuple(consents), tuple(journeys))


def _hold(connection: Connection, merged_id: int, into_id: int) -> str:
    """Keep importers, workers and other merges away from both. Returns what stands in the way, or nothing."""
    if not import_is_ours(connection):
        return "an import is going on"
    if not codes.hold_now(connection, (merged_id, into_id)):
        return "somebody is promising something to these customers"
    try:
        if because := merged_journeys.hold(connection, merged_id, into_id):
            return because
        both = select(customers.c.id).where(customers.c.id.in_((merged_id, into_id))).order_by(customers.c.id)
        connection.execute(both.with_for_update(nowait=True)).all()
    except sqlalchemy.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCKED:
            raise
        return "somebody is writing about these customers"
    return ""


_LOCKED = "55P03"
"""lock_not_available, of PostgreSQL's error codes."""


def _move(connection: Connection, table: Table, merged_id: int, into_id: int) -> int:
    return connection.execute(update(table).where(table.c.customer_id == merged_id).values(customer_id=into_id)).rowcount


def _filled(merged: Row[Any], into: Row[Any]) -> dict[str, Any]:
    """Fields that the record that stays lacks and the other has; tags of both; the shop's own columns of both, the stayer's first."""
    values = {name: getattr(merged, name) for name in FILLED if getattr(merged, name) and not getattr(into, name)}
    if values.get("recommended_by") == into.key:
        del values["recommended_by"]  # nobody brings themselves
    tags = _tags(into.tags, merged.tags)
    custom = {**merged.custom, **{name: value for name, value in into.custom.items() if value not in (None, "")}}
    return values | ({"tags": tags} if tags != into.tags else {}) | ({"custom": custom} if custom != into.custom else {})


def _tags(*lists: str) -> str:
    """Tags between bars, each once."""
    words = dict.fromkeys(word for text in lists for word in text.split("|") if word)
    return f"|{'|'.join(words)}|" if words else ""


def _renew_facts(connection: Connection, ids: Sequence[int]) -> None:
    """What is derived from the rows of these customers, made anew; a tombstone has neither facts nor scores."""
    tombstones = select(customers.c.id).where(customers.c.id.in_(ids), customers.c.merged_into.is_not(None))
    for table in (facts, scores):
        connection.execute(delete(table).where(table.c.customer_id.in_(tombstones)))
    refreshing.due(connection, ids)
    stops_due.note(connection)
