"""Staged customers merged: the person, their addresses, their consent. Only what the source has a column for is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    Table,
    and_,
    case,
    delete,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ChannelName
from winback.store import incoming_consents, incoming_merged, persons, preferences, refreshing, stops_due
from winback.store.incoming import ADDRESSES, MISTYPED, Filled, Merged, Staging, differences, insert_new, said
from winback.store.tables import Utc, consents, contacts, customers, suppressions


def merge(connection: Connection, staging: Staging, filled: Filled, channels: tuple[ChannelName, ...], now: datetime) -> Merged:
    """Bring staged customers into the store; `channels` are those that the source's consent is for.

    A customer counts as updated when anything of theirs changes: a field, an address, a consent. Of one who was merged into another
    only what is strict is heard; of one whom others were merged into, an empty cell says nothing, since another record filled it.
    """
    staged = staging.table
    merged = persons.any_merged(connection)
    person = _said_of_person(staging, connection.dialect.name, merged=merged)
    changes = _Changes(staging, person, channels, merged=merged)
    updated = connection.execute(changes.select(func.count()).where(staged.c.again == 0, customers.c.id.is_not(None), changes.any)).scalar_one()
    updated += incoming_merged.honour(connection, staged, channels, now) if merged else 0
    _write_people(connection, staged, person, now)
    stops_due.note(connection)
    new = select(staged.c.key, literal(now, customers.c.updated_at.type), *person.new.values()).where(staged.c.again == 0).order_by(staged.c.position)
    newest = connection.execute(select(func.coalesce(func.max(customers.c.id), 0))).scalar_one()
    inserted = insert_new(connection, customers, ["key", "updated_at", *person.new], new)
    refreshing.due(connection, select(customers.c.id).where(customers.c.id > newest))
    for channel, name in ADDRESSES.items():
        if name in staged.c:
            _write_addresses(connection, staged, channel, name, now, with_consent=channel in channels)
            if channel is ChannelName.EMAIL:
                _drop_addresses(connection, staged, channel, name, merged=merged)
    for channel in channels:
        incoming_consents.write(connection, staged, channel, now)
    clashing = changes.select(staged.c.position).where(staged.c.again == 1, or_(customers.c.id.is_(None), changes.any))
    clashes = frozenset(connection.execute(clashing).scalars()) if filled.again else frozenset()
    return Merged(inserted, updated, filled.rows - inserted - updated - len(clashes), clashing=clashes)


@dataclass(frozen=True, slots=True)
class _Person:
    """What the source says of people's own columns."""

    new: dict[str, ColumnElement[Any]]  # of somebody who comes for the first time
    known: dict[str, ColumnElement[Any]]  # of somebody who is there
    differs: list[ColumnElement[bool]]  # one for each column, whether that changes it


def _said_of_person(staging: Staging, dialect: str, *, merged: bool) -> _Person:
    """`custom` is merged name by name into what other sources said; a null, an empty cell of the shop, takes its name out (RFC 7396)."""
    fields = said(staging, customers)
    plain = {name: value for name, value in fields.items() if name != "custom"}
    told = _where_said(plain) if merged else dict(plain)
    told |= {name: preferences.unless_chosen(name, told[name]) for name in ("locale", "favourite_day") if name in told}
    if "custom" not in fields:
        return _Person(fields, told, differences(customers, told))
    staged, stored = staging.table.c.custom, customers.c.custom
    alone: ColumnElement[Any]
    as_it_is: ColumnElement[Any] = stored
    if dialect == "postgresql":
        alone, together = func.jsonb_strip_nulls(staged), func.jsonb_strip_nulls(stored.op("||")(staged))
    else:  # the same object may be written with other blanks
        alone, together, as_it_is = func.json_patch("{}", staged), func.json_patch(stored, staged), func.json(stored)
    differs = [*differences(customers, told), as_it_is.is_distinct_from(together)]
    return _Person(plain | {"custom": alone}, told | {"custom": together}, differs)


class _Changes:
    """Whether a staged row would change anything of the customer it names: asked before for the count, after for clashes."""

    def __init__(self, staging: Staging, person: _Person, channels: tuple[ChannelName, ...], *, merged: bool) -> None:
        staged = staging.table
        self._rows: FromClause = staged.outerjoin(customers, customers.c.key == staged.c.key)
        self._merged = merged
        conditions = [*person.differs]
        conditions += [self._address(staged, channel, name) for channel, name in ADDRESSES.items() if name in staged.c]
        conditions += [self._consent(staged, channel) for channel in channels]
        self.any: ColumnElement[bool] = and_(persons.is_person(), or_(false(), *conditions))

    def select(self, what: ColumnElement[Any]) -> Select[Any]:
        return select(what).select_from(self._rows)

    def _address(self, staged: Table, channel: ChannelName, name: str) -> ColumnElement[bool]:
        stored = contacts.alias(f"{channel}_contact")
        self._join(stored, channel)
        differs, is_said = stored.c.address.is_distinct_from(staged.c[name]), staged.c[name].is_not(None)
        if channel is ChannelName.EMAIL:
            return and_(differs, or_(is_said, not_(persons.is_made_of_several()))) if self._merged else differs
        return and_(is_said, differs)

    def _consent(self, staged: Table, channel: ChannelName) -> ColumnElement[bool]:
        found = []
        for told in incoming_consents.said(staged):
            stored = consents.alias(f"{channel}_{told.purpose}_consent")
            self._join(stored, channel, stored.c.purpose == told.purpose)
            found.append(incoming_consents.changes(stored, told, channel))
        return or_(false(), *found)

    def _join(self, stored: FromClause, channel: ChannelName, *conditions: ColumnElement[bool]) -> None:
        on = and_(stored.c.customer_id == customers.c.id, stored.c.channel == channel.value, *conditions)
        self._rows = self._rows.outerjoin(stored, on)


def _where_said(fields: Mapping[str, ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    """What the source says of the fields; of a person made of several records only where it says something."""
    several = persons.is_made_of_several()
    return {
        name: case((and_(value == "" if isinstance(value.type, String) else value.is_(None), several), customers.c[name]), else_=value)
        for name, value in fields.items()
    }


def _write_people(connection: Connection, staged: Table, person: _Person, now: datetime) -> None:
    if person.differs:
        changing = (customers.c.key == staged.c.key, staged.c.again == 0, persons.is_person(), or_(*person.differs))
        connection.execute(update(customers).where(*changing).values({"updated_at": now, **person.known}))


def _write_addresses(connection: Connection, staged: Table, channel: ChannelName, name: str, now: datetime, *, with_consent: bool) -> None:
    """A new address is not blocked, whatever the old one was.

    It showed life when consent was given with it; when it took another's place, it was given since the last import, thus now. The day
    of a first import says nothing.
    """
    address, hashed = staged.c[name], staged.c[f"{name}_hash"]
    mistyped = staged.c[MISTYPED] if MISTYPED in staged.c and channel is ChannelName.EMAIL else literal("")
    given_at = case((staged.c.consent == 1, staged.c.given_at)) if with_consent and "consent" in staged.c else null()
    rows = _firsts(staged, customers.c.id, literal(channel.value), address, hashed, mistyped, given_at).where(address.is_not(None))
    _keep_closed(connection, staged, channel, name)
    names = ["customer_id", "channel", "address", "address_hash", "mistyped", "confirmed_at"]
    statement = _insert(connection)(contacts).from_select(names, rows)
    stored, new = contacts.c, statement.excluded
    is_other = stored.address != new.address
    is_confirmed = and_(new.confirmed_at.is_not(None), or_(stored.confirmed_at.is_(None), stored.confirmed_at < new.confirmed_at))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "channel"],
            set_={
                "address": new.address,
                "address_hash": new.address_hash,
                "blocked_at": case((is_other, null()), else_=stored.blocked_at),
                "blocked_reason": case((is_other, ""), else_=stored.blocked_reason),
                "mistyped": new.mistyped,
                "confirmed_at": case(
                    (func.lower(stored.address) != func.lower(new.address), literal(now, Utc())),
                    (is_confirmed, new.confirmed_at),
                    else_=stored.confirmed_at,
                ),
            },
            where=or_(is_other, stored.address_hash != new.address_hash, stored.mistyped != new.mistyped, is_confirmed),
        )
    )


def _keep_closed(connection: Connection, staged: Table, channel: ChannelName, name: str) -> None:
    """An address that is closed under a hash of former times (by another spelling) stays so under today's."""
    same = and_(contacts.c.channel == channel.value, contacts.c.address == staged.c[name], contacts.c.address_hash != staged.c[f"{name}_hash"])
    closed = and_(suppressions.c.channel == contacts.c.channel, suppressions.c.address_hash == contacts.c.address_hash)
    kept = ("channel", "reason", "since", "delivery_id", "everywhere", "source")
    rows = select(staged.c[f"{name}_hash"], *(suppressions.c[each] for each in kept)).select_from(
        suppressions.join(contacts, closed)
        .join(customers, customers.c.id == contacts.c.customer_id)
        .join(staged, and_(customers.c.key == staged.c.key, same))
    )
    statement = _insert(connection)(suppressions).from_select(["address_hash", *kept], rows.where(staged.c.again == 0))
    connection.execute(statement.on_conflict_do_nothing(index_elements=["channel", "address_hash"]))


def _drop_addresses(connection: Connection, staged: Table, channel: ChannelName, name: str, *, merged: bool) -> None:
    """An e-mail address that the shop has no more goes; a chat stays, since the customer may have joined it by themselves."""
    without = _firsts(staged, customers.c.id).where(staged.c[name].is_(None))
    if merged:
        without = without.where(not_(persons.is_made_of_several()))
    connection.execute(delete(contacts).where(contacts.c.channel == channel.value, contacts.c.customer_id.in_(without)))


def _firsts(staged: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    return _rows(staged, *columns).where(persons.is_person())


def _rows(staged: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    """The first row of each key, those of merged customers too."""
    return select(*columns).select_from(staged.join(customers, customers.c.key == staged.c.key)).where(staged.c.again == 0)


def _insert(connection: Connection) -> Any:
    """The INSERT that knows ON CONFLICT, written alike on both databases."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
