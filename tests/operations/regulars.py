"""The shops of tests/audience/histories.py in a real database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from sqlalchemy import Engine, insert, select

from tests.audience.histories import History
from tests.store import world
from winback.model import OrderStatus
from winback.store import database, refreshing
from winback.store.tables import customers, orders


def populate(engine: Engine, shop: Mapping[int, History], **people) -> dict[int, int]:
    """Customers c1, c2... with their purchases at noon; ids by number. `people`: by "c1", what their row says more."""
    with database.writing(engine) as connection:
        ids = {number: world.customer(connection, f"c{number}", **people.get(f"c{number}", {})) for number in shop}
        refreshing.due(connection, list(ids.values()))
    buy(engine, shop, ids)
    return ids


def buy(engine: Engine, shop: Mapping[int, History], ids: Mapping[int, int], status: OrderStatus = OrderStatus.PLACED) -> None:
    """Put in what customers bought, as an import would."""
    rows = [
        {
            "key": f"{status}-{number}-{day}-{place}",
            "customer_id": ids[number],
            "ordered_at": datetime.combine(day, time(12), world.ZONE),
            "ordered_on": day,
            "amount_minor": amount,
            "currency": "UAH",
            "quantity": 1,
            "status": status,
        }
        for number, history in shop.items()
        for place, (day, amount) in enumerate(history)
    ]
    with database.writing(engine) as connection:
        if rows:
            connection.execute(insert(orders), rows)
        refreshing.due(connection, [ids[number] for number, history in shop.items() if history])


def keys(engine: Engine) -> dict[int, str]:
    with database.reading(engine) as connection:
        return {row.id: row.key for row in connection.execute(select(customers.c.id, customers.c.key))}
