"""The made-up shop that speed is measured on, and the SQL by hand that ours is measured against: both tell the same, or neither says anything."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select, text, update

from benchmarks import shop_figures
from benchmarks.shop import by_hand, law, places, stores
from benchmarks.shop.law import NOW, TODAY
from winback.operations import importing, knowing, scoring
from winback.store import database
from winback.store.tables import customers, facts, orders

pytestmark = pytest.mark.both_databases

CUSTOMERS = 600


@pytest.fixture(scope="module")
def shop():
    return law.draw(CUSTOMERS)


@pytest.fixture
def filled(engine, shop):
    stores.fill(engine, shop)
    return engine


@pytest.fixture
def project(tmp_path):
    return places.project(tmp_path / "project", shop_figures.COHORT, shop_figures.NEIGHBOUR)


def test_the_same_seed_makes_the_same_shop_and_another_one_doesnt(shop):
    again, other = law.draw(CUSTOMERS), law.draw(CUSTOMERS, seed=2)
    assert all((shop.orders[name] == again.orders[name]).all() for name in shop.orders)
    assert any((shop.orders[name] != other.orders[name]).any() for name in shop.orders)


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_the_law_is_the_same_at_every_size(size):
    orders = law.draw(size).orders
    assert orders["customer_id"].size == size * law.ORDERS_EACH
    assert (np.diff(orders["ordered_at"].astype(np.int64)) >= 0).all()
    assert orders["ordered_on"].max() <= TODAY.toordinal()
    bought = (orders["status"] == 0) & (orders["amount_minor"] > 0)
    counts = np.bincount(orders["customer_id"][bought], minlength=size + 1)[1:]
    last = np.zeros(size + 1, np.int64)
    np.maximum.at(last, orders["customer_id"][bought], orders["ordered_on"][bought])
    silent = TODAY.toordinal() - last[1:]
    share = ((silent >= 365) & (silent < 730) & (counts >= 3)).mean()
    assert 0.06 < share < 0.11
    assert np.median(counts) < counts.mean() / 2, "a few buy most"


def test_everything_that_was_drawn_stands_in_the_database_and_the_next_row_finds_its_number(filled, shop):
    with database.writing(filled) as connection:
        assert connection.execute(select(func.count()).select_from(customers)).scalar_one() == CUSTOMERS
        assert connection.execute(select(func.count()).select_from(orders)).scalar_one() == CUSTOMERS * law.ORDERS_EACH
        assert connection.execute(select(func.max(orders.c.ordered_on))).scalar_one().toordinal() == shop.orders["ordered_on"].max()
        connection.execute(customers.insert().values(key="new", updated_at=NOW))
    assert _indexes(filled) > 20


def _indexes(engine) -> int:
    catalogue = "pg_indexes WHERE schemaname = 'public'" if engine.dialect.name == "postgresql" else "sqlite_master WHERE type = 'index'"
    with database.reading(engine) as connection:
        return connection.execute(text(f"SELECT count(*) FROM {catalogue}")).scalar_one()


def test_facts_by_hand_are_ours(filled, project):
    knowing.rebuild(project, filled, now=NOW)
    by_hand.rebuild(filled)
    assert by_hand.differing(filled) == 0


def test_one_wrong_fact_is_seen(filled, project):
    knowing.rebuild(project, filled, now=NOW)
    by_hand.rebuild(filled)
    with database.writing(filled) as connection:
        connection.execute(update(facts).where(facts.c.customer_id == 7).values(codes_used=facts.c.codes_used + 1))
    assert by_hand.differing(filled) == 2  # a row on either side


def test_a_cohort_by_hand_is_ours(filled, project):
    scoring.update(project, filled, now=NOW)
    shop_figures.compare_shown(project, filled)
    with database.reading(filled) as connection:
        shown = by_hand.show(connection)
    assert 20 < shown["matched"] < 100
    assert shown["overlap"][shop_figures.NEIGHBOUR] > 0
    assert shown["values"]


def test_after_a_day_of_new_orders_facts_are_still_those_counted_by_hand(filled, project):
    knowing.rebuild(project, filled, now=NOW)
    count = shop_figures.write_delta(project, filled)
    report = importing.run(project, filled, now=NOW, only="orders")
    assert [source.inserted for source in report.sources] == [count]
    by_hand.rebuild(filled)
    assert by_hand.differing(filled) == 0
