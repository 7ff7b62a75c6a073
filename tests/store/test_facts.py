"""Facts against plain Python, and the stored ones against those counted from what happened."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from tests.store import world
from winback import clock
from winback.model import FeedbackKind, OrderStatus
from winback.store import counting, database, facts, refreshing
from winback.store.as_of import AsOf
from winback.store.tables import customers, facts_due, facts_state, feedback, inquiries, orders, touches
from winback.store.tables import facts as stored

NOW = clock.end_of_day(date(2026, 11, 23), world.ZONE)
AS_OF = AsOf(NOW, "Europe/Kyiv", "UAH")
WORLD = (stored, facts_due, facts_state, orders, inquiries, touches, feedback, customers)


def counted(connection, as_of=AS_OF) -> dict[int, dict]:
    rows = counting.relation(as_of, connection.dialect.name)
    return {row.customer_id: dict(row._mapping) for row in connection.execute(select(rows))}


def kept(connection) -> dict[int, dict]:
    return {row.customer_id: dict(row._mapping) for row in connection.execute(select(stored))}


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def test_orders_are_counted_as_a_person_would(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        world.order(connection, who, "2025-01-10", 100, margin_minor=4000)
        world.order(connection, who, "2025-01-10 15:00", 300, code="TEA")
        world.order(connection, who, "2025-01-20", 50)
        world.order(connection, who, "2025-03-01", 20)
        world.order(connection, who, "2025-03-02", -100, status=OrderStatus.RETURNED, margin_minor=-4000)
        world.order(connection, who, "2025-03-03", 0)
        world.order(connection, who, "2025-03-04", 70, status=OrderStatus.CANCELLED)
        world.order(connection, who, "2025-02-01", 10, currency="EUR", code="TEA")
        found = counted(connection)[who]
    assert found["orders"] == 5
    assert found["purchase_days"] == 4
    assert found["revenue_minor"] == 37_000
    assert (found["paid_orders"], found["unpriced_orders"], found["currency"]) == (4, 1, "")
    assert (found["margin_minor"], found["margin_known_minor"]) == (0, 0)
    assert found["codes_used"] == 2
    assert (found["first_order_on"], found["last_order_on"]) == (date(2025, 1, 10), date(2025, 3, 1))
    assert found["median_gap"] == 12  # of 10, 12 and 28 days
    assert found["long_gap"] == pytest.approx(24.8)


def test_a_rate_prices_what_was_paid_in_another_currency(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        world.order(connection, who, "2025-01-10", 100)
        world.order(connection, who, "2025-01-11", 10, currency="EUR")
        world.order(connection, who, "2025-01-12", 1500, currency="JPY")
        found = counted(connection, AsOf(NOW, "Europe/Kyiv", "UAH", {"EUR": Decimal("45.20"), "JPY": Decimal("0.27")}))[who]
    assert (found["revenue_minor"], found["paid_orders"], found["unpriced_orders"]) == (10_000 + 45_200 + 40_500, 3, 0)


def test_inquiries_touches_and_words_are_counted_from_the_last_purchase_on(engine):
    with database.writing(engine) as connection:
        who, other = world.customer(connection, "a"), world.customer(connection, "b")
        world.order(connection, who, "2025-06-01", 100)
        for number, day in enumerate(["2025-05-01", "2025-07-01", "2025-08-01"]):
            connection.execute(insert(inquiries).values(key=f"i{number}", customer_id=who, inquired_at=at(day)))
        for number, (day, reacted) in enumerate([("2025-05-02", "2025-05-03"), ("2025-05-20", None), ("2025-06-20", None), ("2025-07-20", None)]):
            connection.execute(insert(touches).values(key=f"t{number}", customer_id=who, touched_at=at(day), reacted_at=reacted and at(reacted)))
        said = [
            {"kind": FeedbackKind.COMPLAINT, "said_at": at("2025-06-02"), "mended_at": at("2025-06-03"), "score": None},
            {"kind": FeedbackKind.COMPLAINT, "said_at": at("2025-06-05"), "mended_at": None, "score": None},
            {"kind": FeedbackKind.SURVEY, "said_at": at("2025-06-06"), "mended_at": None, "score": 9},
            {"kind": FeedbackKind.SURVEY, "said_at": at("2025-06-07"), "mended_at": None, "score": 8},
            {"kind": FeedbackKind.SURVEY, "said_at": at("2025-06-07"), "mended_at": None, "score": 3},
        ]
        connection.execute(insert(feedback), [{"key": f"f{number}", "customer_id": who, **row} for number, row in enumerate(said)])
        found, nothing = counted(connection)[who], counted(connection)[other]
    assert (found["inquiries"], found["inquiries_since_order"], found["last_inquiry_at"]) == (3, 2, at("2025-08-01"))
    assert (found["touches"], found["touches_since_reaction"], found["last_reaction_at"]) == (4, 2, at("2025-05-03"))
    assert (found["complaints"], found["last_complaint_at"]) == (2, at("2025-06-05"))
    assert (found["scores"], found["last_score"], found["last_score_at"]) == (3, 3, at("2025-06-07"))
    assert {name: value for name, value in nothing.items() if value} == {"customer_id": other}


def test_who_was_merged_into_another_has_no_facts(engine):
    with database.writing(engine) as connection:
        one = world.customer(connection, "a")
        world.customer(connection, "b", merged_into=one)
        assert list(counted(connection)) == [one]


def test_stored_facts_answer_for_moments_after_all_they_count(engine):
    with database.writing(engine) as connection:
        world.order(connection, world.customer(connection, "a"), "2025-06-01", 100)
        assert not facts.known(connection, AS_OF, {"orders"}).is_stored
        refreshing.refresh(connection, AS_OF)
        assert facts.known(connection, AS_OF, {"orders"}).is_stored
        assert not facts.known(connection, AsOf(at("2025-05-31"), "Europe/Kyiv", "UAH"), {"orders"}).is_stored
        assert not facts.known(connection, AsOf(NOW, "Europe/Kyiv", "EUR"), {"orders"}).is_stored


happenings = st.lists(
    st.tuples(
        st.sampled_from(["order", "return", "cancel", "inquiry", "touch", "reaction", "complaint", "score"]),
        st.integers(0, 5),
        st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 20)),
        st.integers(0, 400),
    ),
    max_size=30,
)


def happen(connection, ids, happening, key: str) -> None:
    what, who, moment, amount = happening
    moment = moment.replace(tzinfo=UTC)
    if what in {"order", "return", "cancel"}:
        status = {"order": OrderStatus.PLACED, "return": OrderStatus.RETURNED, "cancel": OrderStatus.CANCELLED}[what]
        world.order(
            connection,
            ids[who],
            moment,
            -amount if what == "return" else amount,
            key=key,
            status=status,
            currency="EUR" if amount % 7 == 1 else "UAH",
        )
    elif what == "inquiry":
        connection.execute(insert(inquiries).values(key=key, customer_id=ids[who], inquired_at=moment))
    elif what in {"touch", "reaction"}:
        reacted = moment + timedelta(hours=2) if what == "reaction" else None
        connection.execute(insert(touches).values(key=key, customer_id=ids[who], touched_at=moment, reacted_at=reacted))
    else:
        kind = FeedbackKind.COMPLAINT if what == "complaint" else FeedbackKind.SURVEY
        score = None if what == "complaint" else amount % 11
        connection.execute(insert(feedback).values(key=key, customer_id=ids[who], kind=kind, said_at=moment, score=score))
    refreshing.due(connection, [ids[who]])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(happenings, happenings)
def test_kept_up_bit_by_bit_facts_are_what_a_rebuild_and_a_count_as_of_now_make(engine, first, then):
    with database.writing(engine) as connection:
        for table in WORLD:
            connection.execute(delete(table))
        ids = [world.customer(connection, f"k{number}") for number in range(6)]
        refreshing.due(connection, ids)
        for number, happening in enumerate([*first, *then]):
            happen(connection, ids, happening, f"x{number}")
            if number == len(first) or number % 5 == 0:
                refreshing.refresh(connection, AS_OF)
        refreshing.refresh(connection, AS_OF)
        bit_by_bit = kept(connection)
        assert bit_by_bit == counted(connection)
        refreshing.rebuild(connection, AS_OF)
        assert kept(connection) == bit_by_bit


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 600)), max_size=25))
def test_gaps_are_those_that_plain_python_counts(engine, purchases):
    with database.writing(engine) as connection:
        for table in WORLD:
            connection.execute(delete(table))
        ids = [world.customer(connection, f"k{number}") for number in range(4)]
        for number, (who, day) in enumerate(purchases):
            world.order(connection, ids[who], datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=day), key=f"o{number}")
        found = counted(connection)
    for index, who in enumerate(ids):
        days = sorted({day for buyer, day in purchases if buyer == index})
        gaps = [after - before for before, after in pairwise(days)]
        assert found[who]["purchase_days"] == len(days)
        assert found[who]["median_gap"] == (pytest.approx(statistics.median(gaps)) if gaps else None)
        if len(gaps) > 1:
            assert found[who]["long_gap"] == pytest.approx(statistics.quantiles(gaps, n=10, method="inclusive")[8])
