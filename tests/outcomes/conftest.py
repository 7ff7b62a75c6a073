"""A small world that a test fills by hand: customers, what they ordered, where they were assigned, what came back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select, update

from winback.model import HOLDOUT, DeliveryStatus, EventKind, OrderStatus, Reason, RecipientStatus, RunStatus, Verdict
from winback.store import database, outcomes_due, refreshing, slices, tables
from winback.store import outcomes as store

START = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)
WINDOW = timedelta(days=60)


@dataclass
class World:
    """One run of one campaign, everybody assigned at START unless said otherwise; times are days after START."""

    engine: Engine
    run_id: int = 0
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.run_id = self.run("spring", 1)

    def run(self, campaign: str, number: int) -> int:
        return self._insert(tables.campaign_runs, campaign=campaign, number=number, status=RunStatus.ACTIVE, salt=campaign, started_at=START, plan={})

    def recipient(
        self, arm: str, *, status: str | None = None, assigned: float = 0, locale: str = "en", reason: str = "", run_id: int | None = None
    ) -> int:
        customer = self._insert(tables.customers, key=f"c{next(self._numbers)}", updated_at=START)
        self.assign(customer, arm, status=status, assigned=assigned, locale=locale, reason=reason, run_id=run_id)
        return customer

    def assign(
        self, customer: int, arm: str, *, status=None, assigned: float = 0, locale: str = "en", reason: str = "", run_id: int | None = None
    ) -> None:
        usual = RecipientStatus.HELD_OUT if arm == HOLDOUT else RecipientStatus.ACTIVE
        with database.writing(self.engine) as connection:
            connection.execute(
                insert(tables.recipients).values(
                    run_id=run_id or self.run_id, customer_id=customer, arm=arm, status=status or usual, reason=reason, locale=locale,
                    facts={}, assigned_at=at(assigned),
                )
            )  # fmt: skip
            outcomes_due.assigned(connection, run_id or self.run_id, at(assigned))

    def end(self, customer: int, *, days: float) -> None:
        """Their journey was over on that day."""
        with database.writing(self.engine) as connection:
            connection.execute(update(tables.recipients).where(tables.recipients.c.customer_id == customer).values(ended_at=at(days)))

    def skipped(self, reason: Reason) -> int:
        return self.recipient("", status=RecipientStatus.SKIPPED, reason=reason)

    def order(
        self,
        customer: int,
        moment: float | datetime,
        amount_minor: int = 1000,
        *,
        currency="UAH",
        status=OrderStatus.PLACED,
        margin: int | None = None,
    ) -> int:
        """An order that came in, noted as an import notes it."""
        number = self._insert(
            tables.orders, key=f"o{next(self._numbers)}", customer_id=customer, ordered_at=moment if isinstance(moment, datetime) else at(moment),
            amount_minor=amount_minor, margin_minor=margin, currency=currency, quantity=1, status=status,
        )  # fmt: skip
        self.changed(customer)
        return number

    def change(self, order: int, **values) -> None:
        """The shop says something else of an order than before."""
        with database.writing(self.engine) as connection:
            connection.execute(update(tables.orders).where(tables.orders.c.id == order).values(**values))
            whose = connection.execute(select(tables.orders.c.customer_id).where(tables.orders.c.id == order)).scalar_one()
        self.changed(whose)

    def changed(self, customer: int) -> None:
        with database.writing(self.engine) as connection:
            refreshing.due(connection, [customer])

    def delivery(self, customer: int, stage: str = "hello", *, status=DeliveryStatus.SENT, due: float = 1, tactic: str = "") -> int:
        sent_at = at(due) if status == DeliveryStatus.SENT else None
        return self._insert(
            tables.deliveries, run_id=self.run_id, stage=stage, customer_id=customer, tactic=tactic, status=status, due_at=at(due), sent_at=sent_at
        )

    def event(self, customer: int, kind: EventKind, *, delivery: int | None = None, verdict=Verdict.HUMAN, days: float = 2) -> None:
        self._insert(
            tables.events, dedupe_key=f"e{next(self._numbers)}", kind=kind, customer_id=customer, delivery_id=delivery,
            happened_at=at(days), verdict=verdict, signals={},
        )  # fmt: skip

    def measure(self, days: float = 100, *, window: timedelta = WINDOW) -> int:
        with database.writing(self.engine) as connection:
            return store.measure(connection, self.run_id, window, at(days))

    def figures(self, days: float = 100, *, window: timedelta = WINDOW):
        self.measure(days, window=window)
        with database.reading(self.engine) as connection:
            return store.aggregates(connection, self.run_id, window, at(days), "UAH")

    def arm(self, name: str, days: float = 100, *, window: timedelta = WINDOW):
        return next(arm for arm in self.figures(days, window=window).arms if arm.arm == name)

    def outcomes(self) -> list[tuple]:
        t = tables.outcomes.c
        with database.reading(self.engine) as connection:
            return [
                tuple(row)
                for row in connection.execute(
                    select(t.customer_id, t.currency, t.returned_at, t.orders, t.revenue_minor, t.window_closed).order_by(t.customer_id, t.currency)
                )
            ]

    def _insert(self, table, **values) -> int:
        with database.writing(self.engine) as connection:
            return connection.execute(insert(table).values(**values)).inserted_primary_key[0]


def at(days: float) -> datetime:
    return START + timedelta(days=days)


@pytest.fixture
def world(engine: Engine, monkeypatch) -> World:
    """On PostgreSQL even this small one is counted in slices; elsewhere small runs aren't."""
    monkeypatch.setattr(slices, "WORTH_IT", 1)
    return World(engine)
