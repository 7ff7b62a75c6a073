"""Customers who share an address, a phone, or their name and birthday. The database finds who meets; only those come out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, or_, select

from winback.audience.duplicates import MOST, Common, Record, Shared, Sign, same_names
from winback.model import ChannelName
from winback.store.persons import is_person
from winback.store.tables import contacts, customers

_AT_ONCE = 20_000  # rows
_SOME = 500  # ids in one statement

_BY_CHANNEL = {Sign.EMAIL: ChannelName.EMAIL, Sign.CHAT: ChannelName.TELEGRAM}


def find(connection: Connection) -> tuple[list[Shared], list[Common]]:
    """Everything that up to MOST customers share; and the addresses and phones that more of them share, and that are nobody's own."""
    shared, common = list[Shared](), list[Common]()
    for sign in (Sign.EMAIL, Sign.CHAT, Sign.PHONE):
        for (_, count), alike in groupby(connection.execute(_meeting(sign)), key=itemgetter(0, 1)):
            if count > MOST:
                common.append(Common(sign, count))
            else:
                shared.append(Shared(sign, tuple(row[2] for row in alike)))
    shared += [Shared(Sign.NAME, ids) for ids in same_names(_by_birthday(connection)) if len(ids) <= MOST]
    return shared, sorted(common, key=lambda each: (-each.customers, each.sign))


def records(connection: Connection, ids: Sequence[int]) -> Mapping[int, Record]:
    """Customers by id."""
    found = {}
    for start in range(0, len(ids), _SOME):
        for row in connection.execute(select(*_COLUMNS).where(customers.c.id.in_(ids[start : start + _SOME]))):
            found[row.id] = Record(*row)
    return found


_COLUMNS = (
    *(customers.c.id, customers.c.key, customers.c.given_name, customers.c.patronymic, customers.c.family_name),
    customers.c.birthday,
)


def _by_birthday(connection: Connection) -> Iterator[Record]:
    known = (is_person(), customers.c.birthday.is_not(None), customers.c.given_name != "", customers.c.family_name != "")
    rows = connection.execute(select(*_COLUMNS).where(*known).order_by(customers.c.birthday).execution_options(yield_per=_AT_ONCE))
    return (Record(*row) for row in rows)


def _place(sign: Sign) -> tuple[FromClause, ColumnElement[str], ColumnElement[int], ColumnElement[bool]]:
    """Where a sign stands: the table, the value that is shared, whose it is, and which rows count."""
    if sign is Sign.PHONE:
        return customers, customers.c.phone, customers.c.id, and_(customers.c.phone != "", is_person())
    return contacts, func.lower(contacts.c.address), contacts.c.customer_id, and_(contacts.c.channel == _BY_CHANNEL[sign], contacts.c.address != "")


def _meeting(sign: Sign) -> Select[str, int, int]:
    """(value, how many share it, customer) of all who share something, by value; of what too many share one row only."""
    table, value, whose, counts = _place(sign)
    several = select(value.label("value"), func.count().label("count"), func.min(whose).label("first")).select_from(table)
    met = several.where(counts).group_by(value).having(func.count() > 1).subquery()
    return (
        select(value, met.c.count, whose)
        .select_from(table.join(met, met.c.value == value))
        .where(counts, or_(met.c.count <= MOST, whose == met.c.first))
        .order_by(value, whose)
    )
