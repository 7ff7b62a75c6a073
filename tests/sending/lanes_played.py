"""A run whose letters are claimed, take their turn and leave, by workers with clocks of their own: what tests of the pace play with."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Engine, delete, func, insert, select

from tests.store import world
from winback.model import ChannelName, DeliveryStatus, Email, Reason
from winback.sending import outcomes, pacing
from winback.sending.pace import Pace
from winback.sending.pacing import Letter
from winback.store import database, deliveries, runs
from winback.store import paces as lanes
from winback.store.deliveries import Claimed, Outcome
from winback.store.tables import campaign_runs, contacts, customers, facts, paces
from winback.store.tables import deliveries as table

BEGIN = datetime(2026, 11, 24, 10, tzinfo=UTC)
LEASE = timedelta(minutes=10)


@dataclass
class Played:
    """One run, and all that left of it: by lane the moments, in true time."""

    engine: Engine
    pace: Pace
    addresses: dict[int, str] = field(default_factory=dict)  # by customer
    now: datetime = BEGIN  # true time
    left: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    order: list[int] = field(default_factory=list)  # customers, as their letters left
    touches: Counter[int] = field(default_factory=Counter)  # how often a letter was claimed

    def __post_init__(self) -> None:
        with database.writing(self.engine) as connection:
            for each in (table, contacts, facts, campaign_runs, customers, paces):
                connection.execute(delete(each))
            self.run = runs.start(connection, "c", number=1, salt="s", plan={}, now=BEGIN)

    def arrive(self, *addresses: str, due_at: datetime | None = None, active_at: datetime | None = None) -> list[int]:
        """Letters to new customers fall due; returns the customers."""
        first = len(self.addresses)
        with database.writing(self.engine) as connection:
            people = [world.customer(connection, f"k{first + number}") for number in range(len(addresses))]
            for who, address in zip(people, addresses, strict=True):
                world.reach(connection, who, address=address, consent=False)
                if active_at:
                    connection.execute(insert(facts).values(_active(who, active_at)))
            row = {"run_id": self.run.id, "stage": "one", "tactic": "a", "status": DeliveryStatus.PLANNED, "due_at": due_at or self.now}
            deliveries.plan(connection, [{**row, "customer_id": who} for who in people])
        self.addresses |= dict(zip(people, addresses, strict=True))
        return people

    def claim(self, worker: str = "w", limit: int = 200, clock: timedelta = timedelta()) -> list[Claimed]:
        with database.writing(self.engine) as connection:
            claimed = deliveries.claim(connection, self.run.id, worker=worker, now=self.now + clock, lease=LEASE, limit=limit)
        self.touches.update(each.id for each in claimed)
        return claimed

    def send(self, claimed: list[Claimed], worker: str = "w", clock: timedelta = timedelta()) -> int:
        """What a worker does with what it claimed. Returns how many left."""
        now = self.now + clock
        going = [Letter(each.id, self.lanes(each.customer_id), each.attempts) for each in claimed]
        late = pacing.take(partial(database.writing, self.engine), self.pace, self.run.id, going, now=now, zone=world.ZONE)
        with database.writing(self.engine) as connection:
            deliveries.record(connection, [self._outcome(each, late, now) for each in claimed], worker=worker)
        for each in claimed:
            if each.id not in late:
                self.order.append(each.customer_id)
                for terms in self.lanes(each.customer_id):
                    self.left[terms.lane].append(self.now)
        return len(claimed) - len(late)

    def _outcome(self, claimed: Claimed, late, now: datetime) -> Outcome:
        if claimed.id in late:
            return outcomes.not_sent(claimed, late[claimed.id])
        return Outcome(claimed.id, DeliveryStatus.SENT, sent_at=now)

    def lanes(self, customer: int):
        return self.pace.lanes(ChannelName.EMAIL, self.addresses[customer])

    def go(self, limit: int = 200, worker: str = "w") -> int:
        """Everything that is due. Returns how many left."""
        sent = 0
        while claimed := self.claim(worker, limit):
            sent += self.send(claimed, worker)
        return sent

    def next_due(self) -> datetime | None:
        with database.reading(self.engine) as connection:
            return runs.next_due(connection, self.run.id)

    def waiting(self) -> list[tuple[int, datetime, str]]:
        """Customers whose letters wait, in their order, until when, and what stands with them."""
        with database.reading(self.engine) as connection:
            rows = connection.execute(
                select(table.c.customer_id, table.c.due_at, table.c.detail)
                .where(table.c.status == DeliveryStatus.PLANNED, table.c.reason == Reason.PACE)
                .order_by(table.c.due_at, table.c.id)
            )
            return [tuple(row) for row in rows]

    def state(self, lane: str):
        with database.writing(self.engine) as connection:
            return lanes.hold(connection, [lane])[lane]

    def count(self, status: DeliveryStatus) -> int:
        with database.reading(self.engine) as connection:
            return connection.execute(select(func.count()).where(table.c.status == status)).scalar_one()


def _active(who: int, moment: datetime) -> dict[str, object]:
    """Facts that nobody counts here, beside the one that is asked for."""
    counts = {column.name: 0 for column in facts.c if not column.nullable and column.name not in {"customer_id", "currency"}}
    return {"customer_id": who, "currency": "UAH", **counts, "last_order_at": moment}


def email(to: str) -> Email:
    """A letter of which only the address matters."""
    return Email(1, to, "Anna", "anna@zerno.example", "", "", "<1@zerno.example>", "Tea", "", "", "uk", BEGIN)
