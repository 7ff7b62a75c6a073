"""What recipients did since they were assigned, and who meets a stage's conditions, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import insert, select

from tests.store import world
from winback import strictyaml
from winback.audience.cohort import Cohort, Selection
from winback.journey.condition import Deed
from winback.journey.stage import Stage
from winback.model import EventKind, FeedbackKind, RecipientStatus, RunStatus, Verdict
from winback.sending import meeting
from winback.store import candidates, cohorts, database, deeds, events, refreshing
from winback.store.as_of import AsOf
from winback.store.events import Event
from winback.store.tables import campaign_runs, feedback, leaving_reasons, recipients

CASES = yaml.safe_load(Path(__file__).with_name("deeds.yaml").read_text(encoding="utf-8"))
ASSIGNED = datetime(2026, 11, 10, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
AS_OF = AsOf(NOW, "Europe/Kyiv", "UAH")
NAMES = ("answered", "before", "clicked", "machine", "opened", "ordered", "redeemed", "replied", "still", "surveyed")


def populate(connection) -> dict[str, int]:
    """One recipient for each deed; a first order of everybody lies long ago."""
    ids = {name: world.customer(connection, name, country="RO" if name == "still" else "UA") for name in NAMES}
    run = {"campaign": "c", "number": 1, "status": RunStatus.ACTIVE, "salt": "s", "started_at": ASSIGNED, "plan": {}}
    run_id = connection.execute(insert(campaign_runs).values(run).returning(campaign_runs.c.id)).scalar_one()
    first = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
    known = {"before": ASSIGNED - timedelta(days=1)}
    for name, who in ids.items():
        world.order(connection, who, first)
        last = known.get(name, first)
        row = {"run_id": run_id, "customer_id": who, "status": RecipientStatus.ACTIVE, "assigned_at": ASSIGNED}
        connection.execute(insert(recipients).values(**row, facts={"last_order_at": last.isoformat()}, next_stage=0))
    world.order(connection, ids["before"], known["before"], 50, code="OLD")
    world.order(connection, ids["ordered"], ASSIGNED + timedelta(days=3), 50)
    world.order(connection, ids["redeemed"], ASSIGNED + timedelta(days=3), 50, code="TEA")
    link, answer = (events.link_id(connection, f"https://zerno.example/{path}") for path in ("shop", "survey?answer=4"))
    did = [
        ("clicked", EventKind.CLICK, link, Verdict.HUMAN, 2),
        ("answered", EventKind.CLICK, answer, Verdict.HUMAN, 2),
        ("opened", EventKind.OPEN, None, Verdict.HUMAN, 2),
        ("replied", EventKind.REPLY, None, Verdict.HUMAN, 2),
        ("machine", EventKind.CLICK, answer, Verdict.MACHINE, 2),
        ("machine", EventKind.OPEN, None, Verdict.UNVERIFIED, 2),
        ("before", EventKind.CLICK, answer, Verdict.HUMAN, -2),
        ("before", EventKind.OPEN, None, Verdict.HUMAN, -2),
        ("before", EventKind.REPLY, None, Verdict.HUMAN, -2),
    ]
    events.record(
        connection,
        [
            Event(f"e{number}", kind, ids[name], ASSIGNED + timedelta(days=days), verdict, link_id=target)
            for number, (name, kind, target, verdict, days) in enumerate(did)
        ],
    )
    for name, days in (("surveyed", 1), ("before", -1)):
        said = {"key": f"f{name}", "customer_id": ids[name], "kind": FeedbackKind.SURVEY, "said_at": ASSIGNED + timedelta(days=days), "score": 9}
        connection.execute(insert(feedback).values(said))
    told = {"key": "r", "customer_id": ids["surveyed"], "reason": "price", "recorded_at": ASSIGNED, "source": "survey"}
    connection.execute(insert(leaving_reasons).values(told))
    return ids


def stage(text: str) -> Stage:
    return strictyaml.parse(f"name: s\nletter: x\n{text}\n", Stage, shown="config/campaigns/c.yaml").value


def asked(of: Stage) -> Selection:
    return Selection(Cohort(title=of.name, rules=of.conditions))


def found(connection, ids, of: Stage) -> list[str]:
    """Who meets a stage's conditions."""
    selection = asked(of)
    standing = connection.execute(select(recipients)).all()
    done = deeds.done(connection, meeting.wanted(selection), standing, candidates.since(connection, standing, NOW), NOW)
    ground = replace(cohorts.ground(connection, selection, AS_OF, whose=list(ids.values())), done=done)
    held = deeds.meeting(connection, ground, selection.cohort.rules, list(ids.values()))
    return sorted(name for name, who in ids.items() if all(held[who]))


@pytest.mark.parametrize("is_stored", [False, True])
def test_each_condition_finds_whom_a_person_would(engine, is_stored):
    with database.writing(engine) as connection:
        ids = populate(connection)
        if is_stored:
            refreshing.refresh(connection, AS_OF)
        met = {case["asks"]: found(connection, ids, stage(f"only_if: [{{{case['asks']}}}]")) for case in CASES}
        unmet = {case["asks"]: found(connection, ids, stage(f"unless: [{{{case['asks']}}}]")) for case in CASES}
    assert met == {case["asks"]: sorted(case["finds"]) for case in CASES}
    assert unmet == {case["asks"]: sorted(set(NAMES) - set(case["finds"])) for case in CASES}


def test_every_deed_is_in_the_table():
    assert {deed for case in CASES for deed in Deed if f"{deed}" in case["asks"]} == set(Deed)


@pytest.mark.parametrize(
    ("asks", "sentence"),
    [
        ("only_if: [{did: [clicked, replied]}]", "only if: clicked or replied since they were assigned"),
        ("unless: [{country: [RO]}]", "unless: country RO"),
        ("unless: [{not: {value: [gold]}}]", "unless: not (value gold)"),
    ],
)
def test_a_condition_is_told_as_a_person_says_it(asks, sentence):
    of = stage(asks)
    selection = asked(of)
    assert meeting.told(of, selection.cohort.rules[0], selection) == sentence
