"""Shops of a few hundred customers as plain Python knows them, and the columns that scores are made from."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from winback.audience.scoring import Known, Sample

TODAY = date(2026, 11, 23)
History = Sequence[tuple[date, int]]
"""Purchases of one customer: days in order, and amounts in minor units."""


def shop(customers: int = 160, seed: int = 7) -> dict[int, History]:
    """Customers 1, 2...; one in eight never bought. Rates differ, and after each purchase some leave for good."""
    dice = random.Random(seed)
    return {number: _history(dice) if number % 8 else [] for number in range(1, customers + 1)}


def _history(dice: random.Random) -> History:
    day, gap, leaves, check = TODAY - timedelta(days=dice.randint(1, 1200)), dice.choice([20, 45, 90, 200]), dice.random() / 2, dice.randint(50, 900)
    bought = []
    while day <= TODAY:
        bought.append((day, 100 * max(1, round(check * dice.uniform(0.6, 1.4)))))
        if dice.random() < leaves:
            break
        day += timedelta(days=1 + round(dice.expovariate(1 / gap)))
    return bought


def known(shop: Mapping[int, History], *, today: date = TODAY, period: int = 91, **columns) -> Known:
    """The columns of a shop whose orders tell no margin; `columns` by name take the place of those counted."""
    histories = list(shop.values())

    def whole(values) -> np.ndarray:
        return np.array(list(values), dtype=np.int64)

    sums = [_periods(history, today, period) for history in histories]
    counted = {
        "customer": whole(shop),
        "orders": whole(len(history) for history in histories),
        "purchase_days": whole(len({day for day, _ in history}) for history in histories),
        "first_on": whole(min(day for day, _ in history).toordinal() if history else 0 for history in histories),
        "last_on": whole(max(day for day, _ in history).toordinal() if history else 0 for history in histories),
        "revenue": whole(sum(amount for _, amount in history) for history in histories),
        "paid_orders": whole(len(history) for history in histories),
        "margin": whole(0 for _ in histories),
        "margin_known": whole(0 for _ in histories),
        "period_sum": np.array([float(sum(each)) for each in sums]),
        "period_squares": np.array([float(sum(amount**2 for amount in each)) for each in sums]),
        "recommended": whole(0 for _ in histories),
        "standing": np.full(len(histories), "", dtype=object),
        "black_listed": whole(0 for _ in histories),
    }
    return Known(**{**counted, **columns})


def _periods(history: History, today: date, period: int) -> list[int]:
    found: dict[int, int] = {}
    for day, amount in history:
        number = (today - day).days // period
        found[number] = found.get(number, 0) + amount
    return list(found.values())


def sample(shop: Mapping[int, History]) -> Sample:
    """The orders of everybody."""
    bought = [[amount for _, amount in history] for history in shop.values() if history]
    return Sample(
        np.array([len(amounts) for amounts in bought], dtype=np.int64),
        np.array([float(sum(amounts)) for amounts in bought]),
        np.array([float(sum(amount**2 for amount in amounts)) for amounts in bought]),
    )
