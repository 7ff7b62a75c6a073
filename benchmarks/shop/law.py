"""Who bought when: rates with heavy tails, people who leave for good after some purchase, and what they asked, heard and said.

Columns of numpy; a shop of a million customers and ten million orders takes about 1.5 GB while it is drawn. The law is the same at every
size: rates are lognormal and end at 400 a year, the chance of leaving after a purchase is Beta (as BG/NBD has it), 8 % never bought, and a tenth of all
customers has been silent for one to two years after three orders or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = dict[str, NDArray]

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 21, 59, 59, tzinfo=UTC)
"""The last second of TODAY in Kyiv; nothing happened later."""
ZONE = ZoneInfo("Europe/Kyiv")
YEARS = 6
ORDERS_EACH = 10
"""Orders per customer, exact over all."""
NEVER = np.datetime64("NaT", "us")
_MICROSECONDS = 86_400_000_000
_FIRST = TODAY - timedelta(days=YEARS * 365)
_BLOCK = 50_000  # customers; their possible purchases lie in memory at once


@dataclass(frozen=True, slots=True)
class Shop:
    """Every table's columns. Moments are UTC, `datetime64[us]`; a customer is 1 to `customers`; amounts are minor units."""

    customers: int
    people: Columns
    orders: Columns
    inquiries: Columns
    touches: Columns
    feedback: Columns
    deliveries: Columns
    events: Columns


def draw(customers: int, seed: int = 20261123) -> Shop:
    """A shop of that many customers."""
    dice = np.random.default_rng([seed, customers])
    who, at = _purchases(dice, customers)
    orders = _orders(dice, who, at)
    asked_by, asked = _around(dice, orders, 2 * customers, spread_days=120)
    touched_by, touched = _around(dice, orders, customers // 2, spread_days=500)
    said_by, said = _around(dice, orders, customers // 10, spread_days=30)
    return Shop(
        customers,
        _people(dice, customers),
        orders,
        {"customer_id": asked_by, "inquired_at": asked},
        {"customer_id": touched_by, "touched_at": touched, "reacted_at": _sometimes(dice, touched, 0.2)},
        _feedback(dice, said_by, said),
        *_letters(dice, customers),
    )


def _purchases(dice: np.random.Generator, customers: int) -> tuple[NDArray, NDArray]:
    """Who bought, and how many years before now (below zero), in no order; `ORDERS_EACH` of them for each customer on average."""
    parts = [_possible(dice, min(_BLOCK, customers - first), first) for first in range(0, customers, _BLOCK)]
    who, at = (np.concatenate(column) for column in zip(*parts, strict=True))
    wanted = customers * ORDERS_EACH
    chosen = dice.permutation(who.size)[:wanted]
    if chosen.size < wanted:  # a tiny shop may fall short: some orders then came twice
        chosen = np.concatenate([chosen, dice.integers(0, who.size, wanted - chosen.size)])
    return who[chosen], at[chosen]


def _possible(dice: np.random.Generator, customers: int, first: int) -> tuple[NDArray, NDArray]:
    since = YEARS * dice.random(customers) ** 0.85
    rate = np.minimum(2.3 * np.exp(1.5 * dice.standard_normal(customers)), 400)  # a year: resellers order every day
    stays_for = dice.geometric(np.maximum(dice.beta(0.6, 14, customers), 1e-9))
    counts = 1 + dice.poisson(rate * since)
    counts[dice.random(customers) < 0.08] = 0
    who = np.repeat(np.arange(customers), counts)
    begins = np.cumsum(counts) - counts
    share = dice.random(who.size)
    share[begins[counts > 0]] = 0  # the first purchase is where a customer begins
    share = share[np.lexsort((share, who))]
    kept = np.arange(who.size) - begins[who] < stays_for[who]
    return 1 + first + who[kept], (share[kept] - 1) * since[who[kept]]


def _orders(dice: np.random.Generator, who: NDArray, years: NDArray) -> Columns:
    """As a shop's table has them: in the order in which they came."""
    day = np.rint(years * 365).astype(np.int64) - 1
    second = dice.triangular(7 * 3600, 15 * 3600, 21 * 3600, who.size).astype(np.int64)  # UTC: some lie after midnight in Kyiv
    at = np.datetime64(TODAY, "us") + day * np.timedelta64(1, "D") + second * np.timedelta64(1, "s")
    order = np.argsort(at, kind="stable")
    who, at = who[order], at[order]
    usual = np.exp(dice.normal(10.6, 0.7, int(who.max()) + 1))  # of each customer, minor units
    amount = np.rint(usual[who] * np.exp(dice.normal(0, 0.45, who.size))).astype(np.int64) + 1
    fate = dice.random(who.size)
    returned = (fate >= 0.03) & (fate < 0.05)
    amount[returned] *= -1
    amount[(fate >= 0.05) & (fate < 0.06)] = 0
    margin = np.where(dice.random(who.size) < 0.3, np.rint(amount * 0.4).astype(np.int64), np.iinfo(np.int64).min)  # the least: not known
    return {
        "customer_id": who,
        "ordered_at": at,
        "ordered_on": local_days(at),
        "amount_minor": amount,
        "margin_minor": margin,
        "quantity": dice.geometric(0.5, who.size),
        "status": np.where(fate < 0.03, 1, np.where(returned, 2, 0)),  # places in rows.STATUSES
        "has_code": dice.random(who.size) < 0.05,
    }


def local_days(moments: NDArray) -> NDArray:
    """`date.toordinal` of each moment's day in the shop's zone."""
    days = [_FIRST + timedelta(days=number) for number in range(-2, YEARS * 365 + 3)]
    began = [np.datetime64(datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None), "us") for day in days]
    return days[0].toordinal() - 1 + np.searchsorted(np.array(began), moments, side="right")


def _around(dice: np.random.Generator, orders: Columns, count: int, *, spread_days: int) -> tuple[NDArray, NDArray]:
    """As many happenings near orders, most of them after; in the order in which they came."""
    chosen = dice.integers(0, orders["customer_id"].size, count)
    away = np.rint(dice.normal(spread_days / 3, spread_days, count) * _MICROSECONDS).astype("timedelta64[us]")
    at = np.minimum(orders["ordered_at"][chosen] + away, _moment(NOW) - np.rint(dice.random(count) * _MICROSECONDS).astype("timedelta64[us]"))
    order = np.argsort(at, kind="stable")
    return orders["customer_id"][chosen][order], at[order]


def _moment(at: datetime) -> np.datetime64:
    return np.datetime64(at.replace(tzinfo=None), "us")


def _sometimes(dice: np.random.Generator, after: NDArray, share: float) -> NDArray:
    """Some days after each moment, for a share of them; else never."""
    at = np.minimum(after + np.rint(dice.exponential(3, after.size) * _MICROSECONDS).astype("timedelta64[us]"), _moment(NOW))
    return np.where(dice.random(after.size) < share, at, NEVER)


def _feedback(dice: np.random.Generator, who: NDArray, at: NDArray) -> Columns:
    survey = dice.random(who.size) < 0.6
    return {
        "customer_id": who,
        "said_at": at,
        "is_survey": survey,
        "score": np.where(survey, dice.integers(0, 11, who.size), -1),
        "mended_at": np.where(survey, NEVER, _sometimes(dice, at, 0.5)),
    }


def _letters(dice: np.random.Generator, customers: int) -> tuple[Columns, Columns]:
    """One campaign of two years ago to a fifth of all, and what came back of it."""
    who = np.sort(dice.choice(customers, customers // 5, replace=False)) + 1
    sent = np.datetime64(TODAY, "us") - np.timedelta64(700, "D") + np.arange(who.size).astype("timedelta64[s]")
    answering = np.flatnonzero(dice.random(who.size) < 0.3)
    events = {
        "customer_id": who[answering],
        "delivery_id": answering + 1,
        "kind": dice.integers(0, 3, answering.size),  # places in rows.KINDS
        "happened_at": sent[answering] + np.rint(dice.exponential(1, answering.size) * _MICROSECONDS).astype("timedelta64[us]"),
        "by_machine": dice.random(answering.size) < 0.25,
    }
    return {"customer_id": who, "sent_at": sent}, events


def _people(dice: np.random.Generator, customers: int) -> Columns:
    """Places in the lists of rows.py, and who has an address and agreed."""
    return {
        "name": dice.integers(0, 1 << 30, customers),
        "locale": dice.choice(6, customers, p=[0.66, 0.12, 0.08, 0.06, 0.05, 0.03]),
        "country": dice.choice(5, customers, p=[0.8, 0.08, 0.05, 0.04, 0.03]),
        "has_email": dice.random(customers) < 0.85,
        "agreed": dice.random(customers) < 0.7,
        "agreed_at": np.datetime64(TODAY, "us") - dice.integers(800, 2000, customers).astype("timedelta64[D]"),
    }
