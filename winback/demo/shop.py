"""A made-up shop: its customers and orders as the CSV files that a real one would export, and what is true of it.

Nothing else of the demo knows the truth: winback reads the files, the customers act, and the report is held against it at the end.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from winback.demo import people

BASE_RATE = 0.04
"""Share of the lost who come back within the window with no letter at all."""

EFFECTS = {"warm-word": 0.045, "gift-first": 0.09}
"""What each tactic adds to that share, among those whom its letters reach."""

DEAD_MAILBOXES = 0.02
LOST, OTHERS = 3000, 3000
WINDOW_DAYS = 60


@dataclass(slots=True)
class Shopper:
    """One customer of the shop, with the two dice that decide on coming back."""

    key: str
    who: people.MadeUp
    email: str
    telegram: str
    dead_mailbox: bool
    manager: str
    consent: tuple[str, str, str]  # yes or no, on which day, where
    debtor: bool
    comes_back_anyway: bool
    moved_by: float  # in [0, 1): a tactic moves those below its effect


@dataclass(slots=True)
class Shop:
    """The shop's customers, their past orders, and the files that it keeps them in."""

    folder: Path
    shoppers: dict[str, Shopper] = field(default_factory=dict)
    past: list[tuple[datetime, str, float]] = field(default_factory=list)  # (moment, customer, amount), oldest first
    returns: list[tuple[datetime, str]] = field(default_factory=list)  # orders to come, of those who return by themselves
    number: int = 0

    def dead_mailboxes(self) -> list[str]:
        """Addresses that nobody reads any more."""
        return [shopper.email for shopper in self.shoppers.values() if shopper.dead_mailbox]

    def open(self) -> None:
        """Write the files as the shop's own programs would."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.number = len(self.past)
        _write(self.folder / "customers.csv", _COLUMNS, (_row(shopper) for shopper in self.shoppers.values()))
        rows = (_order(number, key, moment, total) for number, (moment, key, total) in enumerate(self.past, start=1))
        _write(self.folder / "orders.csv", _ORDER_COLUMNS, rows)

    def order(self, key: str, moment: datetime, amount: float, code: str = "") -> None:
        """Write an order into the shop's file, as its till would, with the code that was said at it."""
        self.number += 1
        with (self.folder / "orders.csv").open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(_order(self.number, key, moment, amount, code))


def draw(folder: Path, *, opens_at: datetime, seed: int) -> Shop:
    """A shop with 3,000 lost customers and 3,000 others, the same for the same seed; its files come with `open`."""
    random = Random(seed)
    shop = Shop(folder)
    today = opens_at.date()
    for index in range(LOST + OTHERS):
        shopper = _shopper(random, index)
        shop.shoppers[shopper.key] = shopper
        lost = index < LOST
        silent = random.randint(365, 729) if lost else random.choice((random.randint(3, 300), random.randint(740, 1000)))
        purchases = random.randint(3, 9) if lost else random.choice((1, 1, 2, 3, 5))
        shop.past += _history(random, shopper.key, today - timedelta(days=silent), purchases)
        if lost and shopper.comes_back_anyway:
            shop.returns.append((opens_at + timedelta(days=random.uniform(0.5, WINDOW_DAYS - 1)), shopper.key))
    shop.past.sort()
    return shop


def true_effects() -> dict[str, float]:
    """The true difference of return rates to the holdout, per tactic: its effect, less what never arrived."""
    return {tactic: effect * (1 - DEAD_MAILBOXES) for tactic, effect in EFFECTS.items()}


def _shopper(random: Random, index: int) -> Shopper:
    who = people.draw(random)
    key = f"Z{index:05d}"
    consented = random.random() < 0.93
    day = date(2023, 1, 1) + timedelta(days=random.randint(0, 300))
    return Shopper(
        key=key,
        who=who,
        email=f"{key.lower()}@{random.choice(('post', 'mail', 'inbox'))}.example",
        telegram=str(700_000_000 + index) if random.random() < 0.18 else "",
        dead_mailbox=random.random() < DEAD_MAILBOXES,
        manager=random.choice(("olena", "olena", "andriy")),
        consent=("yes", day.isoformat(), random.choices(("checkout", ""), (94, 6))[0]) if consented else ("no", "", ""),
        debtor=random.random() < 0.01,
        comes_back_anyway=random.random() < BASE_RATE,
        moved_by=random.random(),
    )


def _history(random: Random, key: str, last: date, purchases: int) -> list[tuple[datetime, str, float]]:
    """Purchases that end on `last`, some weeks apart."""
    days = [last]
    for _ in range(purchases - 1):
        days.append(days[-1] - timedelta(days=random.randint(9, 60)))
    return [(datetime(day.year, day.month, day.day, random.randint(8, 19), random.randint(0, 59), tzinfo=UTC), key, amount(random)) for day in days]


def amount(random: Random) -> float:
    """A basket in hryvnias: most are small, a few large."""
    return round(min(9000.0, 180 + random.lognormvariate(5.8, 0.6)), 2)


_COLUMNS = (
    "id", "email", "name", "patronymic", "surname", "sex", "language", "country", "city", "zone", "manager", "telegram",
    "agrees", "agreed_on", "agreed_at", "black_list",
)  # fmt: skip
_ORDER_COLUMNS = ("order", "customer", "placed", "items", "total", "code")


def _row(shopper: Shopper) -> tuple[str, ...]:
    who = shopper.who
    return (
        shopper.key, shopper.email, who.given_name, who.patronymic, who.family_name, who.sex, who.language, who.country, who.city, who.time_zone,
        shopper.manager, shopper.telegram, *shopper.consent, "debtor" if shopper.debtor else "",
    )  # fmt: skip


def _order(number: int, key: str, moment: datetime, total: float, code: str = "") -> tuple[str, ...]:
    return f"O{number:06d}", key, f"{moment:%Y-%m-%d %H:%M:%S}", "1", f"{total:.2f}", code


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
