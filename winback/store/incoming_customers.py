"""Staged customers merged: the person, their addresses, their consent. Only what the source has a column for is touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    and_,
    delete,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from winback.model import ChannelName
from winback.store import refreshing
from winback.store.incoming import ADDRESSES, Filled, Merged, Staging, differences, insert_new, said
from winback.store.tables import consents, contacts, customers

MARKETING = "marketing"
"""The purpose that a shop's consent column speaks of."""


def merge(connection: Connection, staging: Staging, filled: Filled, channels: tuple[ChannelName, ...], now: datetime) -> Merged:
    """Bring staged customers into the store; `channels` are those that the source's consent is for.

    A customer counts as updated when anything of theirs changes: a field, an address, a consent.
    """
    staged = staging.table
    person = _said_of_person(staging, connection.dialect.name)
    changes = _Changes(staging, person, channels)
    updated = connection.execute(changes.select(func.count()).where(staged.c.again == 0, customers.c.id.is_not(None), changes.any)).scalar_one()
    _write_people(connection, staged, person, now)
    new = select(staged.c.key, literal(now, customers.c.updated_at.type), *person.new.values()).where(staged.c.again == 0).order_by(staged.c.position)
    newest = connection.execute(select(func.coalesce(func.max(customers.c.id), 0))).scalar_one()
    inserted = insert_new(connection, customers, ["key", "updated_at", *person.new], new)
    refreshing.due(connection, select(customers.c.id).where(customers.c.id > newest))
    for channel, name in ADDRESSES.items():
        if name in staged.c:
            _write_addresses(connection, staged, channel, name)
    for channel in channels:
        _write_consents(connection, staged, channel, now)
    clashing = changes.select(staged.c.position).where(staged.c.again == 1, or_(customers.c.id.is_(None), changes.any))
    clashes = frozenset(connection.execute(clashing).scalars()) if filled.again else frozenset()
    return Merged(inserted, updated, filled.rows - inserted - updated - len(clashes), clashing=clashes)


@dataclass(frozen=True, slots=True)
class _Person:
    """What the source says of people's own columns."""

    new: dict[str, ColumnElement[Any]]  # of somebody who comes for the first time
    known: dict[str, ColumnElement[Any]]  # of somebody who is there
    differs: list[ColumnElement[bool]]  # one for each column, whether that changes it


def _said_of_person(staging: Staging, dialect: str) -> _Person:
    """`custom` is merged name by name into what other sources said; a null, an empty cell of the shop, takes its name out (RFC 7396)."""
    fields = said(staging, customers)
    if "custom" not in fields:
        return _Person(fields, fields, differences(customers, fields))
    staged, stored = staging.table.c.custom, customers.c.custom
    alone: ColumnElement[Any]
    as_it_is: ColumnElement[Any] = stored
    if dialect == "postgresql":
        alone, merged = func.jsonb_strip_nulls(staged), func.jsonb_strip_nulls(stored.op("||")(staged))
    else:  # the same object may be written with other blanks
        alone, merged, as_it_is = func.json_patch("{}", staged), func.json_patch(stored, staged), func.json(stored)
    others = {name: value for name, value in fields.items() if name != "custom"}
    differs = [*differences(customers, others), as_it_is.is_distinct_from(merged)]
    return _Person(others | {"custom": alone}, others | {"custom": merged}, differs)


class _Changes:
    """Whether a staged row would change anything of the customer it names: asked before for the count, after for clashes."""

    def __init__(self, staging: Staging, person: _Person, channels: tuple[ChannelName, ...]) -> None:
        staged = staging.table
        self._rows: FromClause = staged.outerjoin(customers, customers.c.key == staged.c.key)
        conditions = [*person.differs]
        conditions += [self._address(staged, channel, name) for channel, name in ADDRESSES.items() if name in staged.c]
        conditions += [self._consent(staged, channel) for channel in channels]
        self.any: ColumnElement[bool] = or_(false(), *conditions)

    def select(self, what: ColumnElement[Any]) -> Select[Any]:
        return select(what).select_from(self._rows)

    def _address(self, staged: Table, channel: ChannelName, name: str) -> ColumnElement[bool]:
        stored = contacts.alias(f"{channel}_contact")
        self._join(stored, channel)
        differs = stored.c.address.is_distinct_from(staged.c[name])
        return differs if channel is ChannelName.EMAIL else and_(staged.c[name].is_not(None), differs)

    def _consent(self, staged: Table, channel: ChannelName) -> ColumnElement[bool]:
        stored = consents.alias(f"{channel}_consent")
        self._join(stored, channel, stored.c.purpose == MARKETING)
        given = and_(staged.c.consent == 1, or_(stored.c.customer_id.is_(None), _renews(stored.c, staged.c, channel)))
        return or_(given, and_(staged.c.consent == 0, stored.c.customer_id.is_not(None), stored.c.withdrawn_at.is_(None)))

    def _join(self, stored: FromClause, channel: ChannelName, *conditions: ColumnElement[bool]) -> None:
        on = and_(stored.c.customer_id == customers.c.id, stored.c.channel == channel.value, *conditions)
        self._rows = self._rows.outerjoin(stored, on)


def _renews(stored: Any, said: Any, channel: ChannelName) -> ColumnElement[bool]:
    """Whether a consent that the shop reports takes the place of the stored one.

    A withdrawn one is renewed only by a consent given after the withdrawal. In the chat customers speak for themselves: what is
    stored of it gives way only to something later.
    """
    differs = or_(stored.given_at.is_distinct_from(said.given_at), stored.source.is_distinct_from(said.source))
    if channel is ChannelName.TELEGRAM:
        differs = and_(differs, or_(stored.given_at.is_(None), stored.given_at < said.given_at))
    return or_(and_(stored.withdrawn_at.is_(None), differs), said.given_at > stored.withdrawn_at)


def _write_people(connection: Connection, staged: Table, person: _Person, now: datetime) -> None:
    if person.differs:
        changing = (customers.c.key == staged.c.key, staged.c.again == 0, or_(*person.differs))
        connection.execute(update(customers).where(*changing).values({"updated_at": now, **person.known}))


def _write_addresses(connection: Connection, staged: Table, channel: ChannelName, name: str) -> None:
    """A new address is not blocked, whatever the old one was.

    An e-mail address that the shop has no more goes; a chat stays, since the customer may have joined it by themselves.
    """
    address, hashed = staged.c[name], staged.c[f"{name}_hash"]
    rows = _firsts(staged, customers.c.id, literal(channel.value), address, hashed).where(address.is_not(None))
    statement = _insert(connection)(contacts).from_select(["customer_id", "channel", "address", "address_hash"], rows)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "channel"],
            set_={"address": new.address, "address_hash": new.address_hash, "blocked_at": null(), "blocked_reason": ""},
            where=contacts.c.address != new.address,
        )
    )
    if channel is ChannelName.EMAIL:
        without = _firsts(staged, customers.c.id).where(address.is_(None))
        connection.execute(delete(contacts).where(contacts.c.channel == channel.value, contacts.c.customer_id.in_(without)))


def _write_consents(connection: Connection, staged: Table, channel: ChannelName, now: datetime) -> None:
    agreed = _firsts(staged, customers.c.id, literal(channel.value), literal(MARKETING), staged.c.given_at, staged.c.source)
    statement = _insert(connection)(consents).from_select(
        ["customer_id", "channel", "purpose", "given_at", "source"], agreed.where(staged.c.consent == 1)
    )
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "channel", "purpose"],
            set_={"given_at": new.given_at, "source": new.source, "withdrawn_at": null()},
            where=_renews(consents.c, new, channel),
        )
    )
    declined = _firsts(staged, customers.c.id).where(staged.c.consent == 0)
    ours = and_(consents.c.channel == channel.value, consents.c.purpose == MARKETING, consents.c.withdrawn_at.is_(None))
    connection.execute(update(consents).where(ours, consents.c.customer_id.in_(declined)).values(withdrawn_at=now))


def _firsts(staged: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(staged.join(customers, customers.c.key == staged.c.key)).where(staged.c.again == 0)


def _insert(connection: Connection) -> Any:
    """The INSERT that knows ON CONFLICT, written alike on both databases."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
