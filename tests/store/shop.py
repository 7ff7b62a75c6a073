"""Six customers of whom everything is known that a cohort may ask: the shop of conditions.yaml."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert

from tests.store import world
from winback import clock
from winback.audience.businesses import Business
from winback.audience.cohort import Selection
from winback.model import FeedbackKind
from winback.store.as_of import AsOf
from winback.store.ground import SequenceCost
from winback.store.tables import feedback, inquiries, leaving_reasons, scores, touches

NOW = clock.end_of_day(date(2026, 11, 23), world.ZONE)
AS_OF = AsOf(NOW, "Europe/Kyiv", "UAH")
COSTS = {"spring": (SequenceCost(2_000, 0.0), SequenceCost(1_000, 0.05))}
TRADES = {
    "default": Business.model_validate({"title": "Any", "silent": {"from": 365, "below": 730}, "orders": 3}),
    "asking": Business.model_validate({"title": "Asking", "silent": {"from": 90, "below": 730}, "orders": 3, "silence": "inquiry"}),
}


def selection(cohort) -> Selection:
    return Selection(cohort, businesses=TRADES)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def _said(connection, who: int, number: int, kind: FeedbackKind, day: str, score: int | None = None) -> None:
    connection.execute(insert(feedback).values(key=f"f{who}-{number}", customer_id=who, kind=kind, said_at=at(day), score=score))


def _asked(connection, who: int, *days: str) -> None:
    for number, day in enumerate(days):
        connection.execute(insert(inquiries).values(key=f"i{who}-{number}", customer_id=who, inquired_at=at(day)))


def _touched(connection, who: int, *days: tuple[str, str | None]) -> None:
    for number, (day, reacted) in enumerate(days):
        row = {"key": f"t{who}-{number}", "customer_id": who, "touched_at": at(day), "reacted_at": reacted and at(reacted)}
        connection.execute(insert(touches).values(row))


def _scored(connection, who: int, **values) -> None:
    blank = {"stage": "potential", "value_class": "", "regularity": "", "recency": 0, "frequency": 0, "money": 0, "profit_minor": 0, "recommended": 0}
    connection.execute(insert(scores).values({"customer_id": who, **blank, **values}))


def populate(connection) -> dict[str, int]:
    """The customers' ids by name."""
    people = {
        "anna": {"country": "UA", "locale": "uk", "sex": "f", "manager": "olena", "tags": "|b2b|winter|", "custom": {"points": 120}},
        "bohdan": {"country": "UA", "locale": "uk", "sex": "m", "city": "Львів", "tags": "|b2b|", "custom": {"size": "XL", "points": 5}},
        "vira": {"country": "UA", "locale": "uk", "sex": "f", "custom": {"size": "S"}, "tags": "|b2b2|"},
        "dmytro": {"country": "RO", "locale": "ro", "sex": "m"},
        "yeva": {"country": "UA", "locale": "uk", "sex": "f"},
        "pavlo": {"country": "RO", "locale": "ro", "sex": "m"},
    }
    ids = {name: world.customer(connection, name, **values) for name, values in people.items()}
    for day, code in (("2025-02-01", ""), ("2025-03-01", "TEA"), ("2025-08-01", "")):
        world.order(connection, ids["anna"], at(day), 390, code=code)
    for months in range(16):  # five large ones a month apart, then small ones
        world.order(connection, ids["bohdan"], at("2026-11-10") - timedelta(days=30 * months), 30 if months < 3 else 120)
    for day in ("2026-05-01", "2026-06-01", "2026-07-01"):
        world.order(connection, ids["vira"], at(day), 200)
    world.order(connection, ids["dmytro"], at("2023-05-01"), 80)
    world.order(connection, ids["pavlo"], at("2026-02-01"), 900, currency="EUR")
    _asked(connection, ids["yeva"], "2026-09-01", "2026-10-01", "2026-11-10")
    _asked(connection, ids["anna"], "2025-07-20")
    _touched(connection, ids["anna"], ("2026-02-01", None), ("2026-05-01", None), ("2026-08-01", None))
    _touched(connection, ids["bohdan"], ("2026-03-01", "2026-03-02"))
    _said(connection, ids["vira"], 1, FeedbackKind.COMPLAINT, "2026-09-20")
    _said(connection, ids["vira"], 2, FeedbackKind.SURVEY, "2026-10-20", 4)
    for number, (reason, day) in enumerate([("service", "2026-01-01"), ("price", "2026-02-01")]):
        row = {"key": f"r{number}", "customer_id": ids["anna"], "reason": reason, "recorded_at": at(day), "source": "staff"}
        connection.execute(insert(leaving_reasons).values(row))
    world.reach(connection, ids["anna"])
    world.reach(connection, ids["vira"], consent=False)
    _scored(
        connection, ids["anna"], stage="lost", value_class="gold", recency=2, frequency=4, money=4, profit_minor=46_800,
        lifetime_value_minor=90_000, chance_lost=0.4, expected_value_minor=6_000,
    )  # fmt: skip
    _scored(
        connection, ids["bohdan"], stage="regular", value_class="silver", regularity="steady", recency=5, frequency=5, money=5,
        profit_minor=66_000, lifetime_value_minor=150_000, chance_lost=0.05, expected_value_minor=1_500,
    )  # fmt: skip
    _scored(connection, ids["vira"], stage="regular", value_class="copper", recency=4, frequency=3, money=2, profit_minor=24_000)
    _scored(connection, ids["dmytro"], stage="lost", value_class="copper", recency=1, frequency=1, money=1, chance_lost=0.9, recommended=1)
    return ids
