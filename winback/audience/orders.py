"""Rows of orders and of inquiries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from winback import clock
from winback.audience import amounts, cells, converting
from winback.audience.converting import Converted, Faults, Terms, Unreadable
from winback.audience.mapping import Inquiries, Orders, Status
from winback.audience.rows import Chunk
from winback.model import OrderStatus, minor_digits

_LONGEST_CODE = 100


def convert(chunk: Chunk, mapping: Orders, terms: Terms) -> Converted:
    """Columns key, customer, ordered_at, ordered_on (as an ordinal), amount_minor, currency, quantity, status; constants where there is none.

    And margin_minor and code, where the source has them.
    """
    faults = Faults()
    key = converting.keys(chunk, mapping.id, faults)
    customer = converting.keys(chunk, mapping.customer, faults)
    ordered_at = converting.read(chunk.columns[mapping.ordered_at.column], partial(converting.moment, terms=terms), faults)
    currency = _currencies(chunk, mapping, terms, faults)
    amount = _amounts(chunk.columns[mapping.amount.column], "amount", terms, currency, faults)
    if mapping.refunded:
        back = _amounts(chunk.columns[mapping.refunded.column], "refunded amount", terms, currency, faults, may_be_empty=True)
        amount = [money if money is None or not given else money - abs(given) for money, given in zip(amount, back, strict=True)]
    margin = _amounts(chunk.columns[mapping.margin.column], "margin", terms, currency, faults, may_be_empty=True) if mapping.margin else None
    quantity = _quantities(chunk, mapping, terms, faults)
    status = _statuses(chunk, mapping.status, faults)
    _settle_signs(mapping, amount, quantity, status, faults, margin=margin)
    columns: dict[str, Sequence[Any]] = {
        "key": key,
        "customer": customer,
        "ordered_at": ordered_at,
        "ordered_on": _days(ordered_at, terms),
        "amount_minor": amount,
        "currency": currency,
        "quantity": quantity,
        "status": status,
    }
    if margin is not None:
        columns["margin_minor"] = margin
    if mapping.code:
        columns["code"] = converting.bounded(chunk, mapping.code, _LONGEST_CODE, "code", faults)
    constants = _constants(mapping, terms)
    return converting.finish(chunk, {name: values for name, values in columns.items() if name not in constants}, faults, constants)


def convert_inquiries(chunk: Chunk, mapping: Inquiries, terms: Terms) -> Converted:
    """Columns key, customer, inquired_at, subject."""
    faults = Faults()
    columns: dict[str, Sequence[Any]] = {
        "key": converting.keys(chunk, mapping.id, faults),
        "customer": converting.keys(chunk, mapping.customer, faults),
        "inquired_at": converting.read(chunk.columns[mapping.inquired_at.column], partial(converting.moment, terms=terms), faults),
        "subject": converting.written(chunk, mapping.subject),
    }
    return converting.finish(chunk, columns, faults)


def _days(moments: Sequence[datetime | None], terms: Terms) -> list[int]:
    """The shop's calendar day of each moment, as `date.toordinal`."""
    known = {moment: 0 if moment is None else clock.local_day(moment, terms.calendar).toordinal() for moment in set(moments)}
    return [*map(known.__getitem__, moments)]


def _constants(mapping: Orders, terms: Terms) -> dict[str, Any]:
    constants: dict[str, Any] = {} if mapping.currency else {"currency": terms.currency}
    if not mapping.minus_is_return:  # which settles quantity and status row by row
        constants |= {} if mapping.quantity else {"quantity": 1}
        constants |= {} if mapping.status else {"status": OrderStatus.PLACED.value}
    return constants


def _currencies(chunk: Chunk, mapping: Orders, terms: Terms, faults: Faults) -> list[Any]:
    if mapping.currency is None:
        return [terms.currency] * len(chunk.lines)

    def code(text: str) -> str | Unreadable:
        capitals = text.upper()
        if len(capitals) == 3 and capitals.isascii() and capitals.isalpha():
            return capitals
        return Unreadable(f"The currency `{text}` is not a code of three letters, such as UAH.")

    return converting.read(converting.written(chunk, mapping.currency), code, faults)


def _amounts(column: Sequence[Any], word: str, terms: Terms, currencies: list[Any], faults: Faults, *, may_be_empty: bool = False) -> list[Any]:
    """In minor units, by each row's currency; None for an empty cell that may be one, since what isn't known is no nought."""

    def minor(cell: Any, digits: int) -> int | Unreadable | None:
        if may_be_empty and not cells.text(cell):
            return None
        amount = converting.number(cell, terms, word)
        if isinstance(amount, Unreadable):
            return amount
        found = amounts.in_minor(amount, digits)
        return Unreadable(f"The {word} `{cells.text(cell)}` is larger than can be.") if found is None else found

    digits = {minor_digits(currency) for currency in set(currencies) if currency}
    if len(digits) < 2:
        return converting.read(column, partial(minor, digits=digits.pop() if digits else 2), faults)
    each = [minor_digits(currency or terms.currency) for currency in currencies]
    return converting.read(list(zip(column, each, strict=True)), lambda pair: minor(*pair), faults)


def _quantities(chunk: Chunk, mapping: Orders, terms: Terms, faults: Faults) -> list[Any]:
    if mapping.quantity is None:
        return [1] * len(chunk.lines)

    def whole(cell: Any) -> int | Unreadable:
        found = converting.number(cell, terms, "quantity")
        if isinstance(found, Unreadable):
            return found
        quantity = amounts.as_quantity(found)
        if quantity is None:
            return Unreadable(f"The quantity `{cells.text(cell)}` is no whole number; leave `quantity:` out if you sell by weight.")
        return quantity

    return converting.read(chunk.columns[mapping.quantity.column], whole, faults)


def _statuses(chunk: Chunk, mapping: Status | None, faults: Faults) -> list[Any]:
    if mapping is None:
        return [OrderStatus.PLACED.value] * len(chunk.lines)
    words = {
        **dict.fromkeys(mapping.placed, OrderStatus.PLACED.value),
        **dict.fromkeys(mapping.cancelled, OrderStatus.CANCELLED.value),
        **dict.fromkeys(mapping.returned, OrderStatus.RETURNED.value),
    }

    def status(text: str) -> str | Unreadable:
        return words.get(text.casefold()) or Unreadable(f"The status `{text}` is listed neither as placed nor as cancelled nor as returned.")

    return converting.read(cells.texts(chunk.columns[mapping.column]), status, faults)


def _settle_signs(mapping: Orders, amount: list[Any], quantity: list[Any], status: list[Any], faults: Faults, *, margin: list[Any] | None) -> None:
    """Goods brought back count below zero, however the shop writes them; anything else below zero costs the row, if it is placed.

    A margin changes its sign with its amount. A sale at a loss has one below zero, and that is no fault.
    """
    returned = OrderStatus.RETURNED.value in status
    if not returned and _never_below_zero(amount) and _never_below_zero(quantity):
        return
    for at, (money, pieces) in enumerate(zip(amount, quantity, strict=True)):
        if money is None or pieces is None or status[at] is None:
            continue
        is_below = money < 0 or pieces < 0
        if is_below and mapping.minus_is_return and status[at] == OrderStatus.PLACED.value:
            status[at] = OrderStatus.RETURNED.value
        if status[at] == OrderStatus.RETURNED.value:
            if margin is not None and margin[at] is not None and money > 0:
                margin[at] = -margin[at]
            amount[at], quantity[at] = -abs(money), -abs(pieces)
        elif is_below and status[at] == OrderStatus.PLACED.value:
            faults.add(at, f"The {'quantity' if pieces < 0 else 'amount'} is below zero, but the row is no return.")


def _never_below_zero(values: list[Any]) -> bool:
    return all(value is None or value >= 0 for value in set(values))


def told_overdrawn(count: int, example: str) -> str:
    """The sentence about so many customers who brought back more than they bought; empty for none."""
    if not count:
        return ""
    who = "1 customer has" if count == 1 else f"{count:,} customers have"
    how = "Their purchases may lie in another file or before its first day; else look at the returned rows."
    return f"{who} more brought back than bought, for example `{example}`. {how}"
