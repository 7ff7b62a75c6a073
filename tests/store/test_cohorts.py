"""A cohort's statement against SQL written by hand, against plain Python, and at the edges of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from tests.store import world
from winback import clock, strictyaml
from winback.audience.cohort import Cohort, Exclude, Selection
from winback.errors import ConfigError
from winback.model import ChannelName, OrderStatus
from winback.store import cohorts, database
from winback.store.as_of import AsOf
from winback.store.tables import customers, orders

KYIV = ZoneInfo("Europe/Kyiv")
AS_OF = AsOf(clock.end_of_day(date(2026, 11, 23), KYIV), "Europe/Kyiv", "UAH")


def cohort(rules: str) -> Cohort:
    return strictyaml.parse(f"title: t\nrules:\n{rules}", Cohort, shown="config/cohorts/c.yaml").value


def stand(connection, rules: str, *, excluded=frozenset(), as_of=AS_OF):
    chosen = cohort(rules)
    if excluded:
        chosen = chosen.model_copy(update={"exclude": Exclude(lists=("some.txt",))})
    return cohorts.ground(connection, Selection(chosen, frozenset(excluded)), as_of)


def found(connection, rules: str, *, excluded=frozenset(), as_of=AS_OF) -> list[str]:
    return list(cohorts.keys(connection, cohorts.members(stand(connection, rules, excluded=excluded, as_of=as_of))))


SILENT = "  - days_since_last_order: {from: 365, below: 730}\n"


@pytest.mark.parametrize(
    ("last_order", "inside"),
    [
        ("2025-11-23 21:59:59", True),  # 23 November 23:59 in Kyiv: 365 days ago
        ("2025-11-23 22:00:00", False),  # 24 November in Kyiv: 364 days ago
        ("2024-11-23 22:00:00", True),  # 24 November 2024 in Kyiv: 729 days ago
        ("2024-11-23 21:59:59", False),  # 730 days ago
    ],
)
def test_silent_for_a_year_counts_whole_days_of_the_shops_calendar(engine, last_order, inside):
    with database.writing(engine) as connection:
        world.order(connection, world.customer(connection, "a"), last_order)
        assert found(connection, SILENT) == (["a"] if inside else [])


def test_only_paid_orders_count_and_only_those_known_by_then(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        for day in ("2024-12-01", "2025-01-01", "2025-02-01"):
            world.order(connection, who, day)
        world.order(connection, who, "2026-10-01", 0)  # a free replacement ends no silence
        world.order(connection, who, "2026-10-02", status=OrderStatus.CANCELLED)
        world.order(connection, who, "2026-10-03", -50, status=OrderStatus.RETURNED)
        world.order(connection, who, "2026-11-24")  # tomorrow
        assert found(connection, SILENT + "  - orders: {at_least: 3}\n") == ["a"]
        assert found(connection, "  - orders: {at_least: 4}\n") == []
        tomorrow = AsOf(AS_OF.now + timedelta(days=2), AS_OF.zone, AS_OF.currency)
        assert found(connection, "  - orders: {at_least: 4}\n", as_of=tomorrow) == ["a"]


def test_the_average_order_takes_returns_off_and_never_adds_currencies(engine):
    with database.writing(engine) as connection:
        who = world.customer(connection, "a")
        world.order(connection, who, "2025-01-01", 100)
        world.order(connection, who, "2025-02-01", 300)
        world.order(connection, who, "2025-03-01", -100, status=OrderStatus.RETURNED)
        world.order(connection, who, "2025-04-01", 100_000, currency="UZS")
        assert found(connection, "  - average_order: {at_least: 150}\n") == ["a"]
        assert found(connection, "  - average_order: {at_least: 150.01}\n") == []


def test_who_never_ordered_is_no_lost_customer_but_has_not_bought_since(engine):
    with database.writing(engine) as connection:
        world.customer(connection, "a")
        assert found(connection, SILENT) == []
        assert found(connection, "  - not: {orders: {at_least: 1}}\n") == ["a"]
        assert found(connection, "  - not: {days_since_last_order: {from: 365, below: 730}}\n") == ["a"]
        assert found(connection, "  - not_bought_since: 2025-01-01\n") == ["a"]


def test_country_locale_reach_and_exclude_lists_narrow_it(engine):
    with database.writing(engine) as connection:
        for key, country, locale in (("a", "UA", "uk"), ("b", "RO", "ro"), ("c", "UA", "en")):
            world.customer(connection, key, country=country, locale=locale)
        ids = dict(connection.execute(text("SELECT key, id FROM customers")).all())
        world.reach(connection, ids["a"])
        world.reach(connection, ids["b"], consent=False)
        world.reach(connection, ids["c"], ChannelName.TELEGRAM)
        assert found(connection, "  - country: [UA]\n") == ["a", "c"]
        assert found(connection, "  - any: [{locale: [ro]}, {all: [{country: [UA]}, {locale: [en]}]}]\n") == ["b", "c"]
        assert found(connection, "  - reachable_by: [email]\n") == ["a"]
        assert found(connection, "  - reachable_by: [email, telegram]\n") == ["a", "c"]
        assert found(connection, "  - country: [UA, RO]\n", excluded={"a", "x'; DROP TABLE customers; --"}) == ["b", "c"]


def test_the_funnel_says_how_many_each_condition_leaves(engine):
    with database.writing(engine) as connection:
        for key, country, count in (("a", "UA", 3), ("b", "UA", 1), ("c", "RO", 3), ("d", "UA", 0)):
            who = world.customer(connection, key, country=country)
            for month in range(count):
                world.order(connection, who, f"2025-0{month + 1}-01")
        rules = "  - country: [UA]\n  - orders: {at_least: 1}\n  - orders: {at_least: 3}\n"
        assert cohorts.funnel(connection, stand(connection, rules)) == [4, 3, 2, 1]
        assert cohorts.funnel(connection, stand(connection, rules, excluded={"a"})) == [4, 3, 2, 1, 0]


def test_a_cohort_is_one_statement(engine):
    sent = []
    from sqlalchemy import event

    with database.reading(engine) as connection:
        event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
        found(connection, SILENT + "  - orders: {at_least: 3}\n  - reachable_by: [email]\n", excluded={"a"})
    assert len([statement for statement in sent if "customers" in statement]) == 1


histories = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 900),
        st.integers(-50, 300),
        st.sampled_from(list(OrderStatus)),
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(histories, st.integers(0, 400), st.integers(1, 500), st.integers(1, 4))
def test_the_statement_finds_whom_plain_python_finds(engine, history, least, width, count):
    with database.writing(engine) as connection:
        connection.execute(delete(orders))
        connection.execute(delete(customers))
        ids = [world.customer(connection, f"k{number}") for number in range(6)]
        for number, (who, days, amount, status) in enumerate(history):
            noon = datetime.combine(date(2026, 11, 23) - timedelta(days=days), time(12), KYIV)
            world.order(connection, ids[who], noon, amount, status=status, key=f"o{number}")
        expected = []
        for index in range(6):
            bought = [days for who, days, amount, status in history if who == index and amount > 0 and status == OrderStatus.PLACED]
            if len(bought) >= count and least <= min(bought) < least + width:
                expected.append(f"k{index}")
        rules = f"  - days_since_last_order: {{from: {least}, below: {least + width}}}\n  - orders: {{at_least: {count}}}\n"
        assert found(connection, rules) == expected


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            "  - days_since_last_order: {from: 700, below: 300}\n",
            "days_since_last_order goes from 700 to below 300: no day lies between. Write for example {from: 300, below: 700}.",
        ),
        (
            "  - orders: {at_least: 3}\n    country: [UA]\n",
            "is one condition, but says 2 things at once (country, orders). Begin a new line with `- `",
        ),
        ("  - country: []\n", "`country` is empty"),
        ("  - silence: 3\n", "config/cohorts/c.yaml:3: `silence` is not known here."),
        ("  - ordres: {at_least: 3}\n", "Did you mean `orders`?"),
        ("  - orders: {at_least: 0}\n", "orders is at least 0, as it always is. Write at_least: 1"),
        ("  - reachable_by: [pigeon]\n", "a channel is one of email, telegram"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_with_a_sentence(rules, sentence):
    with pytest.raises(ConfigError) as refused:
        cohort(rules)
    assert sentence in str(refused.value)


def test_times_are_stored_and_read_back_aware(engine):
    moment = datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC)
    with database.writing(engine) as connection:
        world.order(connection, world.customer(connection, "a"), moment.astimezone(KYIV))
        stored = connection.execute(orders.select()).one().ordered_at
    assert stored == moment
    assert stored.tzinfo is not None
    with pytest.raises(Exception, match="has no time zone"), database.writing(engine) as connection:
        connection.execute(orders.update().values(ordered_at=datetime(2026, 1, 1)))
