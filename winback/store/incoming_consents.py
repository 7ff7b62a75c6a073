"""Staged consents: what they change of the stored ones, and the proof of every change, by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, Table, and_, case, cast, func, insert, literal, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import JSON

from winback.audience.consents import MARKETING, OPEN_TRACKING, ConsentDeed, ConsentWay
from winback.model import ChannelName
from winback.store import consents as consent_log
from winback.store import persons
from winback.store.tables import Utc, consent_proofs, consent_wordings, consents, customers

PREFIXES = {MARKETING: "", OPEN_TRACKING: "tracking_"}
"""What the staged columns of each purpose begin with: consent, given_at, source, doubly_at, withdrawn_at, wording, evidence."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a staged row says of one purpose."""

    staged: Table
    purpose: str

    def column(self, name: str) -> ColumnElement[Any]:
        """Null, of the right type, where the source has no such column."""
        staged = PREFIXES[self.purpose] + name
        if staged in self.staged.c:
            return self.staged.c[staged]
        return literal("") if name in {"source", "wording"} else cast(null(), Utc())

    @property
    def agreed(self) -> ColumnElement[bool]:
        return self.column("consent") == 1

    @property
    def declined(self) -> ColumnElement[bool]:
        return self.column("consent") == 0


def said(staged: Table) -> Iterator[Said]:
    """The purposes that the source speaks of."""
    return (Said(staged, purpose) for purpose, prefix in PREFIXES.items() if f"{prefix}consent" in staged.c)


def changes(stored: FromClause, told: Said, channel: ChannelName) -> ColumnElement[bool]:
    """Whether a staged row changes the stored consent, all of whose columns are null where there is none."""
    return or_(_gives(stored, told, channel), _takes_back(stored, told))


def write(connection: Connection, staged: Table, channel: ChannelName, now: datetime) -> None:
    """Bring staged consents to one channel into the store, for every purpose that the source speaks of; proofs first, which look at what was."""
    for told in said(staged):
        _keep_wordings(connection, told, now)
        _prove_given(connection, told, channel, now)
        _prove_declined(connection, told, channel, now)
        _write_given(connection, told, channel)
        _write_declined(connection, told, channel, now)


def renews(
    stored: Any, given_at: ColumnElement[Any], source: ColumnElement[Any], doubly_at: ColumnElement[Any], channel: ChannelName
) -> ColumnElement[bool]:
    """Whether a consent that the shop reports takes the place of the stored one.

    A withdrawn one is renewed only by a consent given after the withdrawal; a "no" of the shop's own data, to which there never was a yes,
    by any. What customers said to us themselves, in the chat or by confirming, gives way only to something later.
    """
    differs = or_(stored.given_at.is_distinct_from(given_at), stored.source.is_distinct_from(source), stored.confirmed_at.is_distinct_from(doubly_at))
    if channel is ChannelName.TELEGRAM:
        differs = and_(differs, or_(stored.given_at.is_(None), stored.given_at < given_at))
    else:
        differs = and_(differs, or_(stored.confirmed_at.is_(None), stored.confirmed_at < given_at, stored.confirmed_at < doubly_at))
    never_given = and_(stored.given_at.is_(None), stored.source == "", stored.withdrawn_through == ConsentWay.IMPORT)
    return or_(and_(stored.withdrawn_at.is_(None), differs), given_at > stored.withdrawn_at, and_(stored.withdrawn_at.is_not(None), never_given))


def _gives(stored: FromClause, told: Said, channel: ChannelName) -> ColumnElement[bool]:
    renewed = renews(stored.c, told.column("given_at"), told.column("source"), told.column("doubly_at"), channel)
    return and_(told.agreed, or_(stored.c.customer_id.is_(None), renewed))


def _takes_back(stored: FromClause, told: Said) -> ColumnElement[bool]:
    """Also what was never given: a "no" must hold where a purchase alone would be leave enough."""
    return and_(told.declined, stored.c.withdrawn_at.is_(None))


def _keep_wordings(connection: Connection, told: Said, now: datetime) -> None:
    wording = told.column("wording")
    if isinstance(wording, Column):
        for text in connection.execute(select(wording).where(told.agreed, wording != "").distinct()).scalars().all():
            consent_log.wording_id(connection, text, now)


def _prove_given(connection: Connection, told: Said, channel: ChannelName, now: datetime) -> None:
    stored, doubly_at = consents.alias("stored"), told.column("doubly_at")
    deed = case((doubly_at.is_not(None), ConsentDeed.CONFIRMED.value), else_=ConsentDeed.GIVEN.value)
    evidence: ColumnElement[Any] = (
        func.coalesce(told.column("evidence"), literal({}, JSON)) if isinstance(told.column("evidence"), Column) else literal({}, JSON)
    )
    moment = func.coalesce(doubly_at, told.column("given_at")) if isinstance(doubly_at, Column) else told.column("given_at")
    rows = _told(told, customers.c.id, channel, deed, moment, now, told.column("source"), consent_wordings.c.id, evidence)
    known = and_(consent_wordings.c.text == told.column("wording"), told.column("wording") != "")
    source = _joined(told.staged, stored, customers.c.id, channel, told.purpose).outerjoin(consent_wordings, known)
    where = (told.staged.c.again == 0, persons.is_person(), _gives(stored, told, channel))
    connection.execute(insert(consent_proofs).from_select(_PROOF, rows.select_from(source).where(*where)))


def _prove_declined(connection: Connection, told: Said, channel: ChannelName, now: datetime) -> None:
    stored, who = consents.alias("stored"), persons.person_id()
    moment = func.max(_withdrawn_at(told, now), type_=Utc())
    rows = _told(told, who, channel, literal(ConsentDeed.WITHDRAWN.value), moment, now, literal(""), null(), literal({}, JSON))
    source = _joined(told.staged, stored, who, channel, told.purpose)
    where = (told.staged.c.again == 0, _takes_back(stored, told))
    connection.execute(insert(consent_proofs).from_select(_PROOF, rows.select_from(source).where(*where).group_by(who)))


_PROOF = ["customer_id", "channel", "purpose", "deed", "happened_at", "recorded_at", "way", "source", "wording_id", "evidence"]


def _told(  # noqa: PLR0917  one row's columns
    told: Said,
    who: ColumnElement[Any],
    channel: ChannelName,
    deed: ColumnElement[Any],
    moment: ColumnElement[Any],
    now: datetime,
    source: ColumnElement[Any],
    wording: ColumnElement[Any],
    evidence: ColumnElement[Any],
) -> Select[Any]:
    way = literal(ConsentWay.IMPORT.value)
    return select(who, literal(channel.value), literal(told.purpose), deed, moment, literal(now, Utc()), way, source, wording, evidence)


def _joined(staged: Table, stored: FromClause, who: ColumnElement[Any], channel: ChannelName, purpose: str) -> FromClause:
    on = and_(stored.c.customer_id == who, stored.c.channel == channel.value, stored.c.purpose == purpose)
    return staged.join(customers, customers.c.key == staged.c.key).outerjoin(stored, on)


def _write_given(connection: Connection, told: Said, channel: ChannelName) -> None:
    columns = [told.column(name) for name in ("given_at", "source", "doubly_at")]
    rows = select(customers.c.id, literal(channel.value), literal(told.purpose), *columns)
    agreed = rows.select_from(told.staged.join(customers, customers.c.key == told.staged.c.key)).where(
        told.staged.c.again == 0, persons.is_person(), told.agreed
    )
    statement = _insert(connection, consents).from_select(["customer_id", "channel", "purpose", "given_at", "source", "confirmed_at"], agreed)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "channel", "purpose"],
            set_={"given_at": new.given_at, "source": new.source, "confirmed_at": new.confirmed_at, "withdrawn_at": null(), "withdrawn_through": ""},
            where=renews(consents.c, new.given_at, new.source, new.confirmed_at, channel),
        )
    )


def _write_declined(connection: Connection, told: Said, channel: ChannelName, now: datetime) -> None:
    who = persons.person_id()
    moment = func.max(_withdrawn_at(told, now), type_=Utc())
    rows = (
        select(who, literal(channel.value), literal(told.purpose), moment, literal(ConsentWay.IMPORT.value))
        .select_from(told.staged.join(customers, customers.c.key == told.staged.c.key))
        .where(told.staged.c.again == 0, told.declined)
        .group_by(who)
    )
    statement = _insert(connection, consents).from_select(["customer_id", "channel", "purpose", "withdrawn_at", "withdrawn_through"], rows)
    taken = {"withdrawn_at": statement.excluded.withdrawn_at, "withdrawn_through": statement.excluded.withdrawn_through}
    on = ["customer_id", "channel", "purpose"]
    connection.execute(statement.on_conflict_do_update(index_elements=on, set_=taken, where=consents.c.withdrawn_at.is_(None)))


def _withdrawn_at(told: Said, now: datetime) -> ColumnElement[Any]:
    """The day that the shop names, if it does and it isn't to come; else the import's."""
    said_at, moment = told.column("withdrawn_at"), literal(now, Utc())
    return case((said_at < moment, said_at), else_=moment) if isinstance(said_at, Column) else moment


def _insert(connection: Connection, table: Table) -> Any:
    """The INSERT that knows ON CONFLICT, written alike on both databases."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
