"""How arms are drawn in a run: strata, layers, the global holdout, waves; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from tests import projects
from tests.operations import daily
from tests.operations.daily import CAMPAIGN, DAY, START, lapse
from winback.errors import ConfigError
from winback.journey import assignment
from winback.journey.drawing import Layer
from winback.model import HOLDOUT, DeliveryStatus, EventKind, OrderStatus, Reason, RecipientStatus, Verdict
from winback.operations import campaign_run, checking, enrolment, explaining, measuring, planning
from winback.outcomes.figures import Dimension
from winback.sending import prepared
from winback.settings import GlobalHoldout
from winback.store import database, refreshing, runs, waves
from winback.store import outcomes as store
from winback.store.tables import customers, deliveries, events, orders, recipients, scores

TWO = {"gift": {"share": 0.5}, "letter": {"share": 0.5}}


def enrol(ready, engine, now=START) -> int:
    return enrolment.enrol(engine, ready, campaign_run.current(engine, ready, now=now), now=now)


def everybody(engine) -> list:
    with database.reading(engine) as connection:
        return connection.execute(select(recipients, customers.c.key).join(customers, customers.c.id == recipients.c.customer_id)).all()


def classed(engine, ids: list[int]) -> None:
    """Every second one is gold, the others are copper."""
    blank = {"stage": "lost", "regularity": "", "recency": 1, "frequency": 1, "money": 1, "profit_minor": 0, "recommended": 0}
    rows = [{"customer_id": who, "value_class": "gold" if place % 2 else "copper", **blank} for place, who in enumerate(ids)]
    with database.writing(engine) as connection:
        connection.execute(insert(scores), rows)


@pytest.fixture
def stratified(tmp_path):
    return daily.make(tmp_path / "shop", back_fill=None, strata=["value_class"], holdout=0.2)


def test_in_each_stratum_every_twenty_have_their_holdout(engine, stratified):
    classed(engine, lapse(engine, [0] * 80))
    assert enrol(stratified, engine) == 80
    held_out = Counter(row.stratum for row in everybody(engine) if row.arm == HOLDOUT)
    assert held_out == {"value_class=gold": 8, "value_class=copper": 8}
    assert {row.value_class for row in everybody(engine)} == {"gold", "copper"}


def test_strata_go_on_where_they_stood_the_next_day(engine, stratified):
    classed(engine, lapse(engine, [0] * 26 + [1] * 14))
    assert [enrol(stratified, engine, START + day * DAY) for day in (0, 1)] == [26, 14]
    places = sorted(row.place for row in everybody(engine) if row.stratum == "value_class=gold")
    assert places == list(range(20))
    assert sum(row.arm == HOLDOUT for row in everybody(engine)) == 8


def test_a_run_broken_off_comes_to_the_same_places(engine, stratified, monkeypatch):
    classed(engine, lapse(engine, [0] * 30))
    monkeypatch.setattr(enrolment, "BATCH", 7)
    with database.reading(engine) as connection:
        ids = sorted(connection.execute(select(customers.c.id)).scalars())

    class Killed(Exception):
        pass

    seen = []

    def die(count):
        seen.append(count)
        if len(seen) == 2:
            raise Killed

    run = campaign_run.current(engine, stratified, now=START)
    with pytest.raises(Killed):
        enrolment.enrol(engine, stratified, run, now=START, progress=die)
    before = {row.customer_id: (row.stratum, row.place, row.arm) for row in everybody(engine)}
    assert len(before) == 14
    enrolment.enrol(engine, stratified, run, now=START + timedelta(hours=1))
    after = {row.customer_id: (row.stratum, row.place, row.arm) for row in everybody(engine)}
    assert after.items() >= before.items()
    for stratum in ("value_class=gold", "value_class=copper"):
        assert [after[who][1] for who in ids if after[who][0] == stratum] == list(range(15))


def test_explain_tells_a_place_in_a_stratum_so_that_it_can_be_redone(engine, stratified):
    classed(engine, lapse(engine, [0] * 30))
    enrol(stratified, engine)
    row = next(row for row in everybody(engine) if row.key == "d0021")
    told = next(step.found for step in explaining.by_campaign(stratified, engine, "d0021", now=START).steps if step.question == "assigned to")
    place = assignment.within("winter-tea-1", "d0021", row.stratum, row.place)
    assert f"number {row.place} of the stratum `{row.stratum}`" in told
    assert f"{place:.12f} of 1" in told
    assert row.bucket == f"{place:.12f}"


def test_whoever_is_in_another_part_of_the_layer_is_skipped_for_that_and_explained(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill=None, layer={"name": "tea", "below": 0.5})
    lapse(engine, [0] * 40)
    enrol(ready, engine)
    part = Layer.model_validate({"name": "tea", "below": 0.5})
    for row in everybody(engine):
        assert (row.reason == Reason.OTHER_LAYER) == (not assignment.is_in(part, row.key))
    skipped = next(row for row in everybody(engine) if row.status == RecipientStatus.SKIPPED)
    steps = explaining.by_campaign(ready, engine, skipped.key, now=START).steps
    assert [step.holds for step in steps if step.question == "in its part of the layer tea, from 0 below 0.5"] == [False]


def test_two_campaigns_with_the_same_part_of_a_layer_are_refused_by_check(tmp_path):
    ready = daily.make(tmp_path / "shop", layer={"name": "tea", "below": 0.5})
    path = ready.project.config("campaigns", "newly-lapsed.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "\nlayer: {name: tea, from: 0.4}\n", encoding="utf-8")
    found = [problem for problem in checking.problems(ready.project) if "layer" in problem.message]
    assert sorted(problem.file for problem in found) == ["config/campaigns/newly-lapsed.yaml", f"config/campaigns/{CAMPAIGN}.yaml"]
    assert "newly-lapsed.yaml:" in next(problem.message for problem in found if CAMPAIGN in problem.file)


def test_the_global_holdout_is_written_to_by_nobody_and_told_in_the_plan(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill=None)
    path = ready.project.config("settings.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "\nglobal_holdout: 0.3\n", encoding="utf-8")
    ready = prepared.prepare(projects.settings.open_project(ready.project.root, {"WINBACK_SECRET": "k" * 32}), CAMPAIGN)
    lapse(engine, [0] * 40)
    planned = planning.plan(ready, engine, now=START)
    enrol(ready, engine)
    rule, day = GlobalHoldout.model_validate(0.3), START.date()
    left_alone = [row.key for row in everybody(engine) if row.reason == Reason.GLOBAL_HOLDOUT]
    assert left_alone == [row.key for row in everybody(engine) if assignment.is_left_alone(rule, row.key, day)]
    assert 0 < len(left_alone) < 25
    assert planned.skips == {"global-holdout": len(left_alone)}
    told = [step.found for step in explaining.by_campaign(ready, engine, left_alone[0], now=START).steps if "global holdout" in step.question]
    assert told == [f"sha256 of global-holdout-2026:{left_alone[0]} is at {assignment.bucket('global-holdout-2026', left_alone[0]):.12f} of 1"]


def returned(engine, arms: dict[str, float], *, days: float = 2) -> None:
    """So many of the first in each arm buy again."""
    with database.writing(engine) as connection:
        for arm, part in arms.items():
            ids = sorted(connection.execute(select(recipients.c.customer_id).where(recipients.c.arm == arm)).scalars())
            bought = ids[: round(part * len(ids))]
            for who in bought:
                order = {"customer_id": who, "ordered_at": START + timedelta(days=days), "amount_minor": 100, "currency": "UAH", "quantity": 1}
                connection.execute(insert(orders).values(key=f"back-{who}", status=OrderStatus.PLACED, **order))
            refreshing.due(connection, bought)


@pytest.fixture
def adaptive(tmp_path):
    plan = daily.make(tmp_path / "shop")
    names = list(plan.campaign.tactics)
    return daily.make(
        tmp_path / "adaptive", back_fill=None, holdout=0.2, return_window="10 days", adaptive={"wave": "20 days", "floor": 0.15}, sunset=None
    ), names


def test_the_next_wave_has_shares_by_what_closed_windows_showed_and_the_same_holdout(engine, adaptive):
    ready, names = adaptive
    lapse(engine, [0] * 120)
    enrol(ready, engine)
    returned(engine, {names[0]: 0.5, names[1]: 0.02})
    lapse(engine, [12] * 20 + [20] * 60, begin=200)
    enrol(ready, engine, START + 12 * DAY)
    enrol(ready, engine, START + 20 * DAY)
    run = campaign_run.current(engine, ready, now=START + 20 * DAY)
    with database.reading(engine) as connection:
        first, second = waves.of(connection, run.id)
    assert first.shares == ready.campaign.shares()
    assert second.shares[HOLDOUT] == pytest.approx(0.2)
    assert sum(second.shares.values()) == pytest.approx(1)
    assert second.shares[names[0]] > 0.6
    assert second.shares[names[1]] == pytest.approx(0.8 * 0.15, abs=0.01)
    assert second.basis[names[0]]["returned"] > second.basis[names[1]]["returned"]
    in_wave = Counter((row.wave, row.arm) for row in everybody(engine))
    assert {wave for wave, _ in in_wave} == {1, 2}
    holdout, tactics = second.shares[HOLDOUT], {name: second.shares[name] / 0.8 for name in names}
    for row in everybody(engine):
        if row.wave == 2:
            assert row.arm == assignment.arm_at(assignment.bucket("winter-tea-1", row.key), holdout, tactics)
    told = [step.found for step in explaining.by_campaign(ready, engine, "d0230", now=START + 20 * DAY).steps if step.question == "assigned to"]
    assert "shares of wave 2:" in told[0]


def written_to(engine, arms: dict[str, tuple[int, int]]) -> None:
    """So many of the first in each arm had a letter, and so many of these unsubscribed."""
    with database.writing(engine) as connection:
        for arm, (letters, left) in arms.items():
            ids = sorted(connection.execute(select(recipients.c.customer_id).where(recipients.c.arm == arm)).scalars())[:letters]
            assert len(ids) == letters
            for place, who in enumerate(ids):
                sent = {"run_id": 1, "customer_id": who, "stage": "hello", "tactic": arm, "status": DeliveryStatus.SENT}
                moments = dict.fromkeys(("due_at", "handed_over_at", "sent_at"), START)
                letter = connection.execute(insert(deliveries).values(**sent, **moments).returning(deliveries.c.id)).scalar_one()
                if place < left:
                    event = {
                        "kind": EventKind.UNSUBSCRIBE,
                        "delivery_id": letter,
                        "happened_at": START + DAY,
                        "verdict": Verdict.HUMAN,
                        "signals": {},
                    }
                    connection.execute(insert(events).values(dedupe_key=f"left-{who}", customer_id=who, **event))
            refreshing.due(connection, ids)


def test_a_tactic_that_must_be_stopped_gets_no_share_of_the_next_wave_whatever_it_brings_back(engine, adaptive, caplog):
    ready, names = adaptive
    lapse(engine, [0] * 120)
    enrol(ready, engine)
    returned(engine, {names[0]: 0.5, names[1]: 0.02})
    written_to(engine, {names[0]: (40, 12), names[1]: (40, 1)})
    lapse(engine, [20] * 60, begin=200)
    with caplog.at_level("INFO"):
        enrol(ready, engine, START + 20 * DAY)
    with database.reading(engine) as connection:
        _, second = waves.of(connection, 1)
    assert second.shares == {names[0]: 0.0, names[1]: pytest.approx(0.8), HOLDOUT: pytest.approx(0.2)}
    assert second.basis[names[0]]["harmful"] == ["unsubscribed"]
    assert "harmful" not in second.basis[names[1]]
    assert {row.arm for row in everybody(engine) if row.wave == 2} == {names[1], HOLDOUT}
    assert f"{names[0]} gets no share of wave 2: too many unsubscribed" in caplog.text
    assert "wave 2 begins with the shares" in caplog.text


def test_where_every_tactic_must_be_stopped_no_wave_begins(engine, adaptive, caplog):
    ready, names = adaptive
    lapse(engine, [0] * 120)
    enrol(ready, engine)
    written_to(engine, dict.fromkeys(names, (40, 12)))
    enrol(ready, engine, START + 20 * DAY)
    with database.reading(engine) as connection:
        assert [wave.number for wave in waves.of(connection, 1)] == [1]
    assert "with every tactic: stop it" in caplog.text


def test_without_closed_windows_the_wave_goes_on(engine, adaptive):
    ready, _ = adaptive
    lapse(engine, [0] * 3 + [20] * 5)
    enrol(ready, engine)
    with database.writing(engine) as connection:
        connection.execute(update(recipients).values(arm=HOLDOUT))
    enrol(ready, engine, START + 20 * DAY)
    with database.reading(engine) as connection:
        assert [wave.number for wave in waves.of(connection, 1)] == [1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"adaptive": {"floor": 0.1}, "enrol": "once", "back_fill": None}, "takes everybody in at once"),
        ({"adaptive": {"floor": 0.5}}, "no share could follow anything"),
        ({"adaptive": {"wave": "90 minutes"}}, "Write whole days"),
        ({"strata": ["country", "country"]}, "names a stratum twice"),
        ({"layer": {"name": "tea", "from": 0.5, "below": 0.5}}, "nobody is in it"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_line(tmp_path, changes, says):
    with pytest.raises(ConfigError) as refused:
        daily.make(tmp_path / "shop", **changes)
    told = " ".join(f"{problem.message} {problem.how}" for problem in refused.value.problems)
    assert says in told
    assert all(problem.line for problem in refused.value.problems)


def test_what_was_known_at_the_assignment_is_kept_and_looked_at_by_parts(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill=None)
    lapse(engine, [0] * 12)
    enrol(ready, engine)
    row = everybody(engine)[0]
    assert (row.silence, row.country, row.domain) == ("365-729", "GB", "other")
    assert row.level_minor == round(30_000 * 60 / 300)
    run = campaign_run.current(engine, ready, now=START)
    measuring.measure(engine, run.id, run.window, START + DAY)
    with database.reading(engine) as connection:
        found = store.aggregates(connection, run.id, run.window, START + DAY, "UAH")
        assert runs.plan(connection, run.id)["cap_minor"] is None
    cells = Counter()
    for cell in found.strata:
        if cell.dimension is Dimension.COUNTRY:
            cells[cell.value] += cell.assigned
    assert cells == {"GB": 12}
