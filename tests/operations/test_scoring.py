"""Everybody's scores in both databases: what is stored, when it is made anew, and what cohorts find by it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from tests import projects
from tests.audience import histories
from tests.audience.histories import TODAY
from tests.operations import regulars
from tests.store import world
from winback import clock, strictyaml
from winback.audience import scoring as pure
from winback.audience.cohort import Cohort, Selection
from winback.audience.lifecycle import Lifecycle, Stage
from winback.audience.value import Value, ValueClass
from winback.model import Money, OrderStatus
from winback.operations import knowing, scoring, selecting
from winback.store import cohorts, database, scores
from winback.store import tables as store
from winback.store.as_of import AsOf
from winback.store.tables import customers, facts_due, orders, scores_state, stage_changes

SHOP = histories.shop()
NOW = clock.end_of_day(TODAY, world.ZONE)
SCORES = [column.name for column in store.scores.c if column.name != "customer_id"]


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def stored(engine, table=store.scores) -> dict[str, dict]:
    with database.reading(engine) as connection:
        return _rows(connection, table)


def _rows(connection, table) -> dict[str, dict]:
    found = connection.execute(select(customers.c.key, table).select_from(customers.join(table, table.c.customer_id == customers.c.id)))
    return {row["key"]: {name: row[name] for name in SCORES} for row in found.mappings()}


def changes(engine) -> list[tuple[str, str, str, date]]:
    with database.reading(engine) as connection:
        found = select(customers.c.key, stage_changes.c.before, stage_changes.c.stage, stage_changes.c.since)
        rows = connection.execute(found.join(stage_changes, stage_changes.c.customer_id == customers.c.id))
        return sorted((tuple(row) for row in rows), key=lambda row: (row[3], row[0]))


def in_plain_python(shop=SHOP, today=TODAY, **columns) -> dict[str, dict]:
    """The same scores from columns that were counted without a database."""
    made = pure.score(histories.known(shop, today=today, **columns), histories.sample(shop), Value(), Lifecycle(), today.toordinal())

    def minor(amounts):
        return [None if np.isnan(amount) else round(amount) for amount in amounts.tolist()]

    told = {
        "stage": made.stage.tolist(),
        "value_class": [word or "" for word in made.value_class],
        "regularity": [word or "" for word in made.regularity],
        **{name: getattr(made, name).tolist() for name in ("recency", "frequency", "money")},
        "profit_minor": made.profit.tolist(),
        "lifetime_value_minor": minor(made.lifetime_value),
        "chance_lost": [None if np.isnan(chance) else pytest.approx(chance) for chance in made.chance_lost.tolist()],
        "expected_value_minor": minor(made.expected_value),
        "recommended": columns.get("recommended", np.zeros(len(shop), dtype=int)).tolist(),
    }
    return {f"c{number}": {name: told[name][place] for name in SCORES} for place, number in enumerate(shop)}


def test_what_is_stored_is_what_plain_python_counts(engine, project):
    regulars.populate(engine, SHOP)
    scored = scoring.update(project, engine, now=NOW)
    assert stored(engine) == in_plain_python()
    assert (scored.customers, scored.first_seen, scored.changed_stage, scored.sentences) == (160, 160, 0, ())
    with database.reading(engine) as connection:
        state = scores.state(connection)
    assert (state.scored_on, state.scored_at) == (TODAY, NOW)
    assert state.basis["months_of_life_from"] == scored.basis["months_of_life_from"] != "value.yaml"


def test_what_the_shop_says_of_people_is_heard(engine, project):
    people = {
        "c1": {"standing": "vip"},
        "c2": {"standing": "adherent"},
        "c3": {"black_list": "debtor"},
        "c5": {"recommended_by": "c4"},
        "c6": {"recommended_by": "c4"},
        "c7": {"recommended_by": "nobody"},
    }
    shop = {number: [(TODAY - timedelta(days=30), 10_000)] for number in range(1, 8)}
    ids = regulars.populate(engine, shop, **people)
    with database.writing(engine) as connection:
        world.customer(connection, "c9", merged_into=ids[1], recommended_by="c4")
    scoring.update(project, engine, now=NOW)
    found = stored(engine)
    assert {key: row["stage"] for key, row in found.items()} == {
        **dict.fromkeys(["c5", "c6", "c7"], Stage.BUYER),
        "c1": Stage.VIP,
        "c2": Stage.ADHERENT,
        "c3": Stage.BLACK_LIST,
        "c4": Stage.ADVOCATE,
    }
    assert found["c4"]["recommended"] == 2, "one who was merged into another brought nobody twice"


def test_an_empty_shop_and_one_with_a_single_customer_are_scored_with_a_sentence(engine, project):
    scored = scoring.update(project, engine, now=NOW)
    assert (scored.customers, scored.first_seen, scored.changed_stage) == (0, 0, 0)
    assert scored.sentences[0].startswith("No chance is told, so no expected value either: 0 customers have bought")
    regulars.populate(engine, {1: [(TODAY, 25_000)]})
    scored = scoring.update(project, engine, now=NOW)
    assert scored.sentences[0].startswith("No chance is told, so no expected value either: 1 customer has bought")
    (row,) = stored(engine).values()
    assert (row["stage"], row["value_class"], row["chance_lost"], row["expected_value_minor"]) == (Stage.BUYER, ValueClass.GOLD, None, None)


def test_orders_in_a_currency_without_a_rate_make_a_stage_and_a_chance_but_no_value(engine, project):
    ids = regulars.populate(engine, SHOP)
    with database.writing(engine) as connection:
        connection.execute(orders.update().where(orders.c.customer_id == ids[1]).values(currency="EUR"))
    scoring.update(project, engine, now=NOW)
    row, plain = stored(engine)["c1"], in_plain_python()["c1"]
    assert (row["stage"], row["chance_lost"]) == (plain["stage"], plain["chance_lost"])
    assert (row["profit_minor"], row["lifetime_value_minor"], row["expected_value_minor"], row["regularity"]) == (0, None, None, "")
    assert row["value_class"] == ValueClass.COPPER


def test_goods_brought_back_of_purchases_from_before_the_data_began_unsettle_no_rhythm(engine, project):
    """Ten even quarters; what came back two years before the first of them belongs to nobody's period."""
    even = [(TODAY - timedelta(days=91 * place), 10_000) for place in reversed(range(10))]
    ids = regulars.populate(engine, {1: even, 2: even})
    before = even[0][0] - timedelta(days=700)
    regulars.buy(engine, {1: [(before, -40_000), (even[0][0] - timedelta(days=1), -1)]}, ids, OrderStatus.RETURNED)
    with database.writing(engine) as connection:
        world.order(connection, ids[1], before.isoformat(), -900, currency="EUR", status=OrderStatus.RETURNED)
    scoring.update(project, engine, now=NOW)
    assert {key: row["regularity"] for key, row in stored(engine).items()} == {"c1": "steady", "c2": "steady"}


def test_the_same_twice_a_day_changes_nothing(engine, project):
    regulars.populate(engine, SHOP)
    scoring.update(project, engine, now=NOW - timedelta(hours=5))
    rows, noted = stored(engine), changes(engine)
    again = scoring.update(project, engine, now=NOW)
    assert (again.first_seen, again.changed_stage) == (0, 0)
    assert (stored(engine), changes(engine)) == (rows, noted)
    assert {(before, since) for _, before, _, since in noted} == {("", TODAY)}
    assert {key: stage for key, _, stage, _ in noted} == {key: row["stage"] for key, row in rows.items()}


def test_a_change_is_noted_on_its_day_and_corrected_on_the_same(engine, project):
    first = TODAY - timedelta(days=364)
    ids = regulars.populate(engine, {1: [(first, 10_000)], 2: [(TODAY, 10_000)]})
    scoring.update(project, engine, now=NOW)
    tomorrow = NOW + timedelta(days=1)
    assert scoring.update(project, engine, now=tomorrow).changed_stage == 1
    noted = [("c1", "", "buyer", TODAY), ("c2", "", "buyer", TODAY)]
    assert changes(engine) == [*noted, ("c1", "buyer", "lost", TODAY + timedelta(days=1))]
    regulars.buy(engine, {1: [(TODAY + timedelta(days=1), 10_000)]}, ids)
    scoring.update(project, engine, now=tomorrow)
    assert changes(engine) == [*noted, ("c1", "buyer", "repeat", TODAY + timedelta(days=1))]
    with database.writing(engine) as connection:
        connection.execute(delete(orders).where(orders.c.ordered_on == TODAY + timedelta(days=1)))
        connection.execute(insert(facts_due).values(customer_id=ids[1]))
    projects.edit(project.config("lifecycle.yaml"), "lost_after_days: 365", "lost_after_days: 400")
    assert scoring.update(project, engine, now=tomorrow).changed_stage == 1
    assert changes(engine) == noted, "in the end nothing happened that day"


def test_scores_as_of_a_day_are_those_that_were_stored_on_it(engine, project):
    then = TODAY - timedelta(days=200)
    known = {number: [each for each in history if each[0] <= then] for number, history in SHOP.items()}
    later = {number: [each for each in history if each[0] > then] for number, history in SHOP.items()}
    ids = regulars.populate(engine, known)
    moment = clock.end_of_day(then, world.ZONE)
    scoring.update(project, engine, now=moment)
    on_the_day = stored(engine)
    regulars.buy(engine, later, ids)
    scoring.update(project, engine, now=NOW)
    assert stored(engine) != on_the_day
    with database.reading(engine) as connection:
        assert scoring.as_of(connection, project, AsOf.of(project, NOW)) is store.scores
        for _ in range(2):
            beside = scoring.as_of(connection, project, AsOf.of(project, moment))
            found = _rows(connection, beside)
            assert {key: {**row, "chance_lost": pytest.approx(row["chance_lost"])} for key, row in found.items()} == on_the_day
    assert stored(engine) == in_plain_python(), "looking back changes nothing"


def scored_at(engine):
    with database.reading(engine) as connection:
        return connection.execute(select(scores_state.c.scored_at)).scalar()


def test_everybody_is_scored_once_a_day_and_never_for_a_past_day(engine, project):
    regulars.populate(engine, SHOP)
    knowing.refresh(project, engine, now=NOW)
    scoring.bring_up(project, engine, now=clock.end_of_day(TODAY - timedelta(days=400), world.ZONE))
    assert scored_at(engine) is None
    morning = NOW - timedelta(hours=9)
    for moment, expected in [
        (morning, morning),
        (NOW, morning),
        (NOW + timedelta(seconds=1), NOW + timedelta(seconds=1)),
        (NOW, NOW + timedelta(seconds=1)),
    ]:
        scoring.bring_up(project, engine, now=moment)
        assert scored_at(engine) == expected


@pytest.mark.parametrize(("file", "old", "new"), [("value.yaml", "margin: 0.4", "margin: 0.3"), ("lifecycle.yaml", "regular: 3", "regular: 4")])
def test_other_words_in_the_files_score_everybody_anew_on_the_same_day(engine, project, file, old, new):
    regulars.populate(engine, SHOP)
    scoring.bring_up(project, engine, now=NOW - timedelta(hours=3))
    before = stored(engine)
    projects.edit(project.config(file), old, new)
    with database.reading(engine) as connection:
        assert _rows(connection, scoring.as_of(connection, project, AsOf.of(project, NOW))) != before, "nobody looks at the old ones meanwhile"
    scoring.bring_up(project, engine, now=NOW)
    assert stored(engine) != before
    assert scored_at(engine) == NOW


def test_facts_that_were_all_counted_anew_score_everybody_anew_on_the_same_day(engine, project):
    """The customers come in before their orders."""
    ids = regulars.populate(engine, {number: [] for number in SHOP})
    knowing.refresh(project, engine, now=NOW)
    scoring.bring_up(project, engine, now=NOW)
    assert {row["stage"] for row in stored(engine).values()} == {Stage.POTENTIAL}
    regulars.buy(engine, SHOP, ids)
    knowing.refresh(project, engine, now=NOW)
    scoring.bring_up(project, engine, now=NOW)
    assert stored(engine) == in_plain_python()


def cohort(rules: str) -> Cohort:
    return strictyaml.parse(f"title: t\nrules:\n{rules}", Cohort, shown="config/cohorts/c.yaml").value


def test_what_somebody_merely_asks_about_is_not_kept(engine, project):
    regulars.populate(engine, SHOP)
    future = clock.end_of_day(TODAY + timedelta(days=400), world.ZONE)
    lost = cohort("  - stage: [lost]\n")
    knowing.prepare(project, engine, lost, now=future, present=NOW)
    assert scored_at(engine) is None
    with database.reading(engine) as connection:
        found = cohorts.members(knowing.ground(connection, project, Selection(lost), AsOf.of(project, future)))
        assert connection.execute(select(func.count()).select_from(found.subquery())).scalar() == sum(1 for history in SHOP.values() if history)
    knowing.prepare(project, engine, lost, now=NOW, present=NOW)
    assert scored_at(engine) == NOW


def members(engine, project, rules: str, now=NOW) -> set[str]:
    chosen = cohort(rules)
    knowing.prepare(project, engine, chosen, now=now, present=NOW)
    with database.reading(engine) as connection:
        stand = knowing.ground(connection, project, Selection(chosen), AsOf.of(project, now))
        return set(cohorts.keys(connection, cohorts.members(stand)))


@pytest.fixture(scope="module")
def truth():
    return in_plain_python()


ranges = st.tuples(st.integers(1, 5), st.integers(1, 5)).map(sorted)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sets(st.sampled_from(ValueClass), min_size=1),
    st.sets(st.sampled_from(Stage), min_size=1),
    ranges,
    st.integers(0, 40_000),
    st.integers(0, 99),
)
def test_cohorts_find_whom_plain_python_finds(engine, project, truth, values, stages, fifths, amount, percent):
    with database.reading(engine) as connection:
        is_empty = connection.execute(select(func.count()).select_from(customers)).scalar() == 0
    if is_empty:
        regulars.populate(engine, SHOP)
    low, high = fifths
    minor, share = Money.from_minor(amount, "UAH").amount, percent / 100

    def at_least(name):
        return lambda row: row[name] is not None and row[name] >= amount

    asked = {
        f"value: [{', '.join(values)}]": lambda row: row["value_class"] in values,
        f"stage: [{', '.join(stages)}]": lambda row: row["stage"] in stages,
        f"recency: {{at_least: {low}, at_most: {high}}}": lambda row: low <= row["recency"] <= high,
        f"frequency: {{at_least: {low}}}": lambda row: row["frequency"] >= low,
        f"money: {{at_most: {high}}}": lambda row: 1 <= row["money"] <= high,
        f"expected_value: {{at_least: {minor}}}": at_least("expected_value_minor"),
        f"lifetime_value: {{at_least: {minor}}}": at_least("lifetime_value_minor"),
        f"profit: {{at_least: {minor}}}": at_least("profit_minor"),
        f"chance_lost: {{at_least: {share}}}": lambda row: row["chance_lost"] is not None and row["chance_lost"].expected >= share,
    }
    for rule, holds in asked.items():
        assert members(engine, project, f"  - {rule}\n") == {key for key, row in truth.items() if holds(row)}, rule
        assert members(engine, project, f"  - not: {{{rule}}}\n") == {key for key, row in truth.items() if not holds(row)}, rule


def test_cohorts_of_a_past_day_find_by_the_scores_of_that_day(engine, project):
    regulars.populate(engine, SHOP)
    then = TODAY - timedelta(days=200)
    known = {number: [each for each in history if each[0] <= then] for number, history in SHOP.items()}
    expected = {key for key, row in in_plain_python(known, then).items() if row["stage"] == Stage.LOST}
    now = {key for key, row in in_plain_python().items() if row["stage"] == Stage.LOST}
    assert expected != now
    assert members(engine, project, "  - stage: [lost]\n", clock.end_of_day(then, world.ZONE)) == expected
    assert members(engine, project, "  - stage: [lost]\n") == now
    assert members(engine, project, "  - stage: [lost]\n", clock.end_of_day(then, world.ZONE)) == expected


def test_the_dearest_come_first_and_other_cohorts_of_a_past_day_are_counted_by_one_scoring(engine, project):
    regulars.populate(engine, SHOP)
    folder = project.config("cohorts")
    (folder / "dearest.yaml").write_text("title: Dearest\nrules: [{orders: {at_least: 1}}]\norder_by: expected_value\nlimit: 10\n", encoding="utf-8")
    (folder / "gone.yaml").write_text("title: Gone\nrules: [{stage: [lost]}]\n", encoding="utf-8")
    (folder / "gold.yaml").write_text("title: Gold\nrules: [{value: [gold]}]\n", encoding="utf-8")
    truth = in_plain_python()
    dearest = sorted(
        (key for key, row in truth.items() if row["expected_value_minor"] is not None), key=lambda key: -truth[key]["expected_value_minor"]
    )
    assert set(selecting.members(project, engine, "dearest", now=NOW)) == set(dearest[:10])
    then = clock.end_of_day(TODAY - timedelta(days=200), world.ZONE)
    shown = selecting.show(project, engine, "dearest", now=then, sample=0, present=NOW)
    alone = {name: set(selecting.members(project, engine, name, now=then, present=NOW)) for name in ("dearest", "gone", "gold")}
    assert shown.matched == 10
    assert {name: shown.overlap[name] for name in ("gone", "gold")} == {name: len(alone["dearest"] & alone[name]) for name in ("gone", "gold")}


def test_two_who_score_at_once_leave_one_set_of_scores(engine, project):
    from concurrent.futures import ThreadPoolExecutor

    regulars.populate(engine, SHOP)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: scoring.bring_up(project, engine, now=NOW), range(2)))
    assert stored(engine) == in_plain_python()
    assert len(changes(engine)) == len(SHOP)
