"""Codes that orders used: found while orders are imported, whoever brought them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, literal_column, select, update

from winback.journey import code_words
from winback.model import CodeSource, CodeStatus, Money, OrderStatus
from winback.store import codes as life
from winback.store.codes import LIVE
from winback.store.persons import person_id
from winback.store.tables import codes, customers, orders

_AT_ONCE = 1000
_USED = codes.c.order_key != literal_column("''")  # literally, as the index says it: else SQLite doesn't take it
_NOT_SHARED = codes.c.source != literal_column(f"'{CodeSource.SHARED}'")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the cost of a code is counted in."""

    currency: str
    rates: Mapping[str, Decimal]

    def cost(self, code: Row[Any], order: Row[Any]) -> int:
        """What a code cost with an order, in minor units; an order whose currency has no rate counts as nothing, since nobody could say."""
        rate = Decimal(1) if order.currency == self.currency else self.rates.get(order.currency, Decimal(0))
        ordered = Money(Money.from_minor(max(0, order.amount_minor), order.currency).amount * rate, self.currency).minor
        return int(code.fixed_minor) + int((ordered * Decimal(str(code.discount))).quantize(Decimal(1), ROUND_HALF_UP))


def note(connection: Connection, staged: Table, terms: Terms, now: datetime) -> int:
    """Hold the orders that were just merged from `staged` against the codes. Returns how many codes were redeemed.

    An order that was called off, or has another code now, takes back what it redeemed. Where nobody ever had a code this is one look.
    """
    if connection.execute(select(codes.c.id).limit(1)).first() is None:
        return 0
    _take_back(connection, staged, now)
    if "code" not in staged.c:
        return 0
    bringing = (staged.c.code != "", orders.c.code != "", orders.c.status == OrderStatus.PLACED)
    columns = (orders.c.id, orders.c.key, orders.c.code, orders.c.customer_id, orders.c.ordered_at, orders.c.amount_minor, orders.c.currency)
    brought = connection.execute(
        select(*columns).join(staged, staged.c.key == orders.c.key).where(*bringing).order_by(orders.c.ordered_at, orders.c.id)
    ).all()
    found = _redeemed(connection, brought, terms)
    if found:
        values = {"status": CodeStatus.REDEEMED, **{name: bindparam(f"b_{name}") for name in ("order_key", "redeemed_at", "cost_minor")}}
        connection.execute(update(codes).where(codes.c.id == bindparam("b_id")).values(values), found)
    return len(found)


def _redeemed(connection: Connection, brought: Sequence[Any], terms: Terms) -> list[dict[str, Any]]:
    """What is to be written of each code that an order brings and none brought before, in the order of their ids."""
    found: dict[int, dict[str, Any]] = {}
    known = {order.key for order in brought}
    by_word: dict[str, list[Row[Any]]] = defaultdict(list)
    mentioned = _mentioned(connection, sorted({code_words.same(order.code) for order in brought}))
    for code in sorted([*mentioned, *_shared(connection, brought)], key=lambda code: -code.id):  # the newest promise first
        by_word[code.matched].append(code)
    taken = {code.order_key for several in by_word.values() for code in several if code.order_key in known}
    for order in brought:
        if order.key in taken:
            continue
        fitting = (code for code in by_word[code_words.same(order.code)] if not code.order_key and code.id not in found and _may_be(code, order))
        if (used := next(fitting, None)) is not None:
            cost = terms.cost(used, order)
            found[used.id] = {"b_id": used.id, "b_order_key": order.key, "b_redeemed_at": order.ordered_at, "b_cost_minor": cost}
    return [found[row_id] for row_id in sorted(found)]


def _may_be(code: Row[Any], order: Row[Any]) -> bool:
    """Whoever brings a code that is nobody else's uses it; a word that everybody has is used by those who were promised it, since then."""
    return bool(code.source != CodeSource.SHARED or (code.person == order.customer_id and code.reserved_at <= order.ordered_at))


_COLUMNS = (
    *(codes.c.id, codes.c.matched, codes.c.source, codes.c.order_key, codes.c.fixed_minor, codes.c.discount, codes.c.reserved_at),
    person_id().label("person"),
)


def _mentioned(connection: Connection, words: Sequence[str]) -> Iterator[Row[Any]]:
    statement = select(*_COLUMNS).outerjoin(customers, customers.c.id == codes.c.customer_id).where(_NOT_SHARED)
    for at in range(0, len(words), _AT_ONCE):
        yield from connection.execute(statement.where(codes.c.matched.in_(words[at : at + _AT_ONCE])))


def _shared(connection: Connection, brought: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    """Words that everybody has, of those who ordered; those of records merged into theirs are theirs."""
    shared = codes.c.source == CodeSource.SHARED
    if connection.execute(select(codes.c.id).where(shared).limit(1)).first() is None:
        return
    statement = select(*_COLUMNS).join(customers, customers.c.id == codes.c.customer_id).where(shared)
    people = sorted({order.customer_id for order in brought})
    for at in range(0, len(people), _AT_ONCE):
        for whose in (codes.c.customer_id, customers.c.merged_into):
            yield from connection.execute(statement.where(whose.in_(people[at : at + _AT_ONCE])))


def _take_back(connection: Connection, staged: Table, now: datetime) -> None:
    """Codes whose order was called off or brings another one are what they were before, or expired where that is over."""
    rows = connection.execute(
        select(codes, orders.c.status.label("became"), orders.c.code.label("brings"))
        .join(staged, staged.c.key == codes.c.order_key)
        .join(orders, orders.c.key == codes.c.order_key)
        .where(_USED)
        .order_by(codes.c.id)
    ).all()
    freed = [row for row in rows if row.became != OrderStatus.PLACED or code_words.same(row.brings) != row.matched]
    if not freed:
        return
    whose = sorted({row.customer_id for row in freed if row.customer_id is not None})
    life.hold(connection, whose)
    busy = set(connection.execute(select(codes.c.customer_id).where(codes.c.customer_id.in_(whose), codes.c.status.in_(LIVE))).scalars())
    for row in freed:
        status = _before(row, now, is_busy=row.customer_id in busy)
        busy |= {row.customer_id} if status in LIVE else set()
        values = {"status": status, "order_key": "", "redeemed_at": None, "cost_minor": 0}
        connection.execute(update(codes).where(codes.c.id == row.id).values(values))


def _before(code: Row[Any], now: datetime, *, is_busy: bool) -> CodeStatus:
    if code.customer_id is None:
        return CodeStatus.FREE
    if is_busy or code.expires_at < now:
        return CodeStatus.EXPIRED
    return CodeStatus.RESERVED if code.delivery_id is None else CodeStatus.GIVEN
