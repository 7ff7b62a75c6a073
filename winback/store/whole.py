"""All that the store holds, table by table and part by part: for winback export. Nothing is held in memory but the part that is being written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    select,
)

from winback.audience.consents import MARKETING
from winback.model import ChannelName, Reason, ReasonSource
from winback.store import database, persons
from winback.store.holdings import SECRET_COLUMNS, SECRET_TABLES
from winback.store.tables import (
    Day,
    Utc,
    consents,
    contacts,
    customers,
    feedback,
    inquiries,
    leaving_reasons,
    metadata,
    orders,
    suppressions,
    touches,
)

PART = 10_000
"""Rows read at a time."""
OWN = "own_"
"""What the names of the shop's own columns begin with, so that none is called as one of ours."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what is exported: text, integer, number, boolean, moment (UTC), day, or hexadecimal digits."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Export:
    """A table, or rows made for reading elsewhere: its columns and how to get them."""

    name: str
    columns: tuple[Column, ...]
    statement: Select[Any]


def schema_version(connection: Connection) -> str:
    """The newest migration that the database has."""
    return database.standing(connection) or ""


def tables() -> Iterator[Export]:
    """Every table but the secret ones, by its own order; where rows are a customer's, with the shop's id as `customer`."""
    for table in sorted(metadata.sorted_tables, key=lambda table: table.name):
        if table.name not in SECRET_TABLES:
            kept = [column for column in table.c if column.name not in SECRET_COLUMNS]
            yield _export(table.name, _with_customer(table, kept), list(table.primary_key.columns))


def _with_customer(table: Table, kept: Sequence[ColumnElement[Any]]) -> Select[Any]:
    if "customer_id" not in table.c or "customer" in table.c:
        return select(*kept)
    return select(*kept, customers.c.key.label("customer")).select_from(table.outerjoin(customers, customers.c.id == table.c.customer_id))


def own_columns(connection: Connection) -> dict[str, str]:
    """The shop's own columns of customers that anybody has a value in, each `number` or, where a single one isn't, `text`."""
    found: dict[str, str] = {}
    rows = connection.execution_options(yield_per=PART, stream_results=True).execute(select(customers.c.custom).where(persons.is_person()))
    for (values,) in rows:
        for name, value in values.items():
            if value is not None and found.get(name) != "text":
                found[name] = "text" if isinstance(value, str) else "number"
    return dict(sorted(found.items()))


def portable(own: Iterable[str]) -> Iterator[Export]:
    """What another winback, or any other tool, reads of people and their orders: persons only, by the shop's ids.

    `own`: the shop's own columns.
    """
    yield _people(own)
    for channel in ChannelName:
        yield _consents(channel)
    whose = customers.c.key.label("customer")
    for table, fields in (
        (orders, ("ordered_at", "amount_minor", "margin_minor", "currency", "quantity", "status", "code")),
        (inquiries, ("inquired_at", "subject")),
        (touches, ("touched_at", "channel", "reacted_at")),
        (feedback, ("said_at", "kind", "score", "order_key", "text", "mended_at")),
    ):
        yield _export(table.name, _of_people(table, whose, fields).where(persons.is_person()), [table.c.id])
    for source in ReasonSource:
        told = _of_people(leaving_reasons, whose, ("reason", "recorded_at", "recorded_by", "note"))
        yield _export(f"reasons-{source}", told.where(persons.is_person(), leaving_reasons.c.source == source), [leaving_reasons.c.id])
    for name, everywhere in (("suppressions", False), ("suppressions-everywhere", True)):
        yield _closed(name, everywhere=everywhere)


def _of_people(table: Table, whose: ColumnElement[str], fields: Sequence[str]) -> Select[Any]:
    joined = table.join(customers, customers.c.id == table.c.customer_id)
    return select(table.c.key.label("id"), whose, *(table.c[name] for name in fields)).select_from(joined)


def _people(own: Iterable[str]) -> Export:
    mail, chat = contacts.alias("mail"), contacts.alias("chat")
    c = customers.c
    fields = (
        "given_name",
        "patronymic",
        "family_name",
        "sex",
        "locale",
        "country",
        "city",
        "time_zone",
        "phone",
        "standing",
        "manager",
        "black_list",
        "recommended_by",
        "favourite_day",
    )
    others = c.birthday, func.trim(c.tags, "|").label("tags"), *(c.custom[name].as_string().label(f"{OWN}{name}") for name in own)
    statement = (
        select(c.key.label("id"), mail.c.address.label("email"), chat.c.address.label("telegram"), *(c[name] for name in fields), *others)
        .select_from(
            customers.outerjoin(mail, and_(mail.c.customer_id == c.id, mail.c.channel == ChannelName.EMAIL)).outerjoin(
                chat, and_(chat.c.customer_id == c.id, chat.c.channel == ChannelName.TELEGRAM)
            )
        )
        .where(persons.is_person())
    )
    return _export("customers", statement, [c.id])


def _consents(channel: ChannelName) -> Export:
    said = case((consents.c.withdrawn_at.is_not(None), literal("no")), else_=literal("yes")).label("agreed")
    fields = (consents.c.given_at, consents.c.source, consents.c.confirmed_at, consents.c.withdrawn_at)
    statement = (
        select(customers.c.key.label("id"), said, *fields)
        .select_from(consents.join(customers, customers.c.id == consents.c.customer_id))
        .where(persons.is_person(), consents.c.channel == channel, consents.c.purpose == MARKETING)
    )
    return _export(f"consents-{channel}", statement, [customers.c.id])


def _closed(name: str, *, everywhere: bool) -> Export:
    """E-mail addresses only where they are known still; all others are hashes, and stand in the table itself."""
    on = and_(contacts.c.channel == suppressions.c.channel, contacts.c.address_hash == suppressions.c.address_hash)
    statement = (
        select(contacts.c.address.label("email"), suppressions.c.reason.label("status"), suppressions.c.since)
        .select_from(suppressions.join(contacts, on))
        .where(
            suppressions.c.channel == ChannelName.EMAIL,
            suppressions.c.everywhere.is_(everywhere),
            suppressions.c.reason != Reason.FORGOTTEN,
        )
    )
    return _export(name, statement, [suppressions.c.id])


def parts(connection: Connection, export: Export, size: int = PART) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows, by parts of this size."""
    rows = connection.execution_options(yield_per=size, stream_results=True).execute(export.statement)
    yield from rows.partitions(size)


def _export(name: str, statement: Select[Any], order: Sequence[ColumnElement[Any]]) -> Export:
    columns = tuple(Column(column.name, _kind(column)) for column in statement.selected_columns)
    return Export(name, columns, statement.order_by(*order))


_KINDS: tuple[tuple[Any, str], ...] = (
    (Utc, "moment"),
    (Day, "day"),
    (Date, "day"),
    (Boolean, "boolean"),
    (Integer | BigInteger, "integer"),
    (Float, "number"),
    (LargeBinary, "hexadecimal"),
)


def _kind(column: ColumnElement[Any]) -> str:
    return next((word for kind, word in _KINDS if isinstance(column.type, kind)), "text")
