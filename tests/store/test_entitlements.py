"""What a letter may promise or remind of, read from what the shop knows of one customer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import insert

from tests.store import world
from winback.model import Benefits, FeedbackKind, Money, ProblemOrder
from winback.store import candidates, database, entitlements
from winback.store.as_of import AsOf
from winback.store.tables import feedback

AS_OF = AsOf(datetime(2026, 11, 23, tzinfo=UTC), "Europe/Kyiv", "UAH")


def complain(connection, who: int, number: int, day: str, order: str, **values) -> None:
    said_at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    row = {"key": f"f{who}-{number}", "customer_id": who, "kind": FeedbackKind.COMPLAINT, "said_at": said_at, "order_key": order, **values}
    connection.execute(insert(feedback).values(row))


def test_the_problem_order_is_that_of_the_last_complaint_which_is_not_mended(engine):
    with database.writing(engine) as connection:
        who, other = world.customer(connection, "a"), world.customer(connection, "b")
        for key, day, amount in (("o1", "2026-09-01", 100), ("o2", "2026-10-01", 250), ("o3", "2026-11-01", 300)):
            world.order(connection, who, day, amount, key=key)
        complain(connection, who, 1, "2026-09-05", "o1")
        complain(connection, who, 2, "2026-10-05", "o2")
        complain(connection, who, 3, "2026-11-05", "o3", mended_at=datetime(2026, 11, 6, tzinfo=UTC))
        complain(connection, who, 4, "2026-11-07", "nobody-knows-this-order")
        complain(connection, other, 1, "2026-11-07", "o2")  # somebody else's order
        found = candidates.find(connection, [who, other], AS_OF, run_id=None)
    assert found[who].problem_order == ProblemOrder("o2", date(2026, 10, 1), Money(Decimal("250.00"), "UAH"))
    assert found[other].problem_order is None


@pytest.mark.parametrize(
    ("custom", "benefits"),
    [
        ({}, None),
        ({"size": "XL"}, None),
        ({"points": 120}, Benefits(points=120)),
        ({"points": "many"}, None),
        ({"discount": 0.05}, Benefits(discount=0.05)),
        ({"discount": 5}, None),  # a share, or it isn't promised
        ({"code": "TEA", "code_until": "2026-12-31"}, Benefits(code="TEA", ends_on=date(2026, 12, 31))),
        ({"code": "TEA", "code_until": "soon"}, Benefits(code="TEA")),
    ],
)
def test_benefits_come_from_the_shops_own_columns(custom, benefits):
    assert entitlements.benefits(custom) == benefits
