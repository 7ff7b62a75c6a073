"""Decisions rest on what people did: opens and clicks by machines, and those in doubt, stop nothing, meet no condition and win no test."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.model import EventKind, RecipientStatus, Verdict
from winback.operations import campaign_run, reporting
from winback.sending import prepared
from winback.store import database, events
from winback.store.events import Event
from winback.store.tables import deliveries, recipients

PLAN = """\
# yaml-language-server: $schema=../schema/campaign.json
title: Who clicks is heard
cohort: silent-1-2-years-3-orders
starts_on: 2026-11-24
ends_on: 2027-01-31
holdout: 0.25
sender: olena
stop_when: [ordered]
tactics: {a: {share: 0.5}, b: {share: 0.5}}
stages:
  - {name: first, letter: we-miss-you}
"""
CONDITIONS = """\
  - {name: clicked-it, wait: 7 days, letter: we-miss-you, only_if: [{did: [clicked]}]}
  - {name: opened-it, letter: we-miss-you, only_if: [{did: [opened]}, {country: [GB]}]}
  - {name: silent, letter: we-miss-you, unless: [{did: [clicked]}]}
"""
SECOND = "  - {name: second, wait: 7 days, letter: we-miss-you}\n"
TRACKED = ("config/policy.yaml", "  GB:\n", "  GB:\n    open_tracking: true\n")
NEXT_WEEK, LATER = START + timedelta(days=7), START + timedelta(days=14)


def campaign(tmp_path, plan):
    project = projects.make(tmp_path / "shop", TRACKED)
    (project.root / "config/campaigns/winter-tea.yaml").write_text(plan, encoding="utf-8")
    return prepared.prepare(project, CAMPAIGN)


def hits(engine, verdict, *, arm=None):
    """Everybody who was written to, or one arm of them, opens and clicks."""
    with database.writing(engine) as connection:
        rows = connection.execute(select(deliveries.c.id, deliveries.c.customer_id, deliveries.c.tactic).where(deliveries.c.status == "sent")).all()
        happened = [
            Event(f"{verdict}{row.id}{kind}", kind, row.customer_id, START + timedelta(hours=2), verdict, row.id)
            for row in rows
            for kind in (EventKind.OPEN, EventKind.CLICK)
            if arm in {None, row.tactic}
        ]
        assert events.record(connection, happened) == len(happened) > 0


def standing(engine):
    with database.reading(engine) as connection:
        stood = connection.execute(select(recipients.c.status, recipients.c.reason)).all()
        became = connection.execute(
            select(deliveries.c.stage, deliveries.c.status, deliveries.c.reason).where(deliveries.c.status != "held_out")
        ).all()
    return Counter(tuple(row) for row in stood), Counter(tuple(row) for row in became)


BY_WHOM = pytest.mark.parametrize(("verdict", "counts"), [(Verdict.MACHINE, False), (Verdict.UNVERIFIED, False), (Verdict.HUMAN, True)])


@BY_WHOM
def test_only_a_persons_click_stops_a_journey(engine, tmp_path, verdict, counts):
    ready = campaign(tmp_path, PLAN.replace("[ordered]", "[clicked]") + SECOND)
    populate(engine, 24)
    go(ready, engine, START, MemoryChannel())
    hits(engine, verdict)
    go(ready, engine, NEXT_WEEK, MemoryChannel())
    stood, became = standing(engine)
    written = became["first", "sent", ""]
    assert written > 10
    assert stood[RecipientStatus.STOPPED, "clicked"] == (written if counts else 0)
    assert became["second", "sent", ""] == (0 if counts else written)


@BY_WHOM
def test_only_what_a_person_did_meets_a_condition(engine, tmp_path, verdict, counts):
    ready = campaign(tmp_path, PLAN + CONDITIONS)
    populate(engine, 24)
    go(ready, engine, START, MemoryChannel())
    hits(engine, verdict)
    for days in (0, 4, 8):
        if not campaign_run.is_over(engine, ready.name):
            go(ready, engine, NEXT_WEEK + timedelta(days=days), MemoryChannel())
    _, became = standing(engine)
    written = became["first", "sent", ""]
    assert written > 10
    met, unmet = ("sent", ""), ("skipped", "condition")
    assert became["clicked-it", *(met if counts else unmet)] == written
    assert became["opened-it", *(met if counts else unmet)] == written
    assert became["silent", *(unmet if counts else met)] == written


def test_a_tactic_that_machines_click_on_is_no_better_for_it(engine, tmp_path):
    ready = campaign(tmp_path, PLAN + SECOND)
    populate(engine, 40)
    go(ready, engine, START, MemoryChannel())

    def told():
        return reporting.measure_and_report(ready.project, engine, CAMPAIGN, now=LATER).as_json()

    before = told()
    for verdict in (Verdict.MACHINE, Verdict.UNVERIFIED):
        hits(engine, verdict, arm="a")
    after = told()
    assert after["verdicts"] == before["verdicts"]
    changed = {name for ours, theirs in zip(before["arms"], after["arms"], strict=True) for name in ours if ours[name] != theirs[name]}
    assert changed, "all three are shown"
    assert all(name.endswith(("_machine", "_unverified")) for name in changed), changed
