"""The studio's home: each figure as the store has it, returns as they were measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.model import HOLDOUT, DeliveryStatus
from winback.operations import approving, lane_control, measuring, steering, today
from winback.sending import prepared
from winback.store import database, runs
from winback.store.tables import deliveries, recipients


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def begun(engine, project):
    """A campaign whose first letters have left. Returns its run."""
    populate(engine)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        return runs.latest(connection, CAMPAIGN)


def look(project, engine, now, ask=today.at_once):
    return today.look(project, engine, ask, now=now)


def remembering():
    """Counts once for each measuring, as the page does."""
    known = {}
    return lambda key, count: known.get(key) or known.setdefault(key, count())


def test_a_new_project_has_a_quiet_day(project, engine):
    held = look(project, engine, START)
    assert (held.runs, held.waiting, held.uncertain, held.returned, held.alarms) == ((), (), (), (), ())
    assert (held.sent, held.later, held.health.due) == (0, 0, 0)
    assert CAMPAIGN in held.not_begun
    assert "greetings" not in held.not_begun, "its days have not come"


def test_what_left_and_what_is_to_come_today(project, engine, begun):
    held = look(project, engine, START + timedelta(minutes=5))
    assert [(run.campaign, run.status) for run in held.runs] == [(CAMPAIGN, "active")]
    with database.reading(engine) as connection:
        sent = len(connection.execute(select(deliveries.c.id).where(deliveries.c.sent_at.is_not(None))).all())
    assert held.sent == sent > 10
    assert CAMPAIGN not in held.not_begun
    with database.reading(engine) as connection:
        next_day = min(connection.execute(select(recipients.c.next_due_at).where(recipients.c.next_due_at.is_not(None))).scalars())
    then = look(project, engine, next_day - timedelta(minutes=1))
    assert then.sent == 0
    assert then.later > 0
    steering.steer(engine, CAMPAIGN, "pause", now=START)
    assert look(project, engine, next_day - timedelta(minutes=1)).later == 0, "nothing of a paused campaign leaves"


def test_uncertain_letters_are_counted_by_campaign_even_when_their_run_is_over(project, engine, begun):
    with database.writing(engine) as connection:
        some = select(deliveries.c.id).where(deliveries.c.status == DeliveryStatus.SENT).order_by(deliveries.c.id).limit(3)
        numbers = connection.execute(some).scalars().all()
        connection.execute(update(deliveries).where(deliveries.c.id.in_(numbers)).values(status=DeliveryStatus.UNCERTAIN))
    steering.steer(engine, CAMPAIGN, "cancel", now=START)
    held = look(project, engine, START)
    assert (held.uncertain, held.runs) == (((CAMPAIGN, 3),), ())
    assert steering.resolve_several(engine, [*numbers, 10**9], "sent", now=START, by="Olena") == (3, 1)
    assert steering.resolve_several(engine, numbers, "not-sent", now=START, by="Olena") == (0, 3)
    assert look(project, engine, START).uncertain == ()


def test_a_stopped_lane_is_told_and_goes_on_without_being_an_alarm(project, engine):
    lane_control.stop(engine, "email", by="Olena", note="", now=START)
    held = look(project, engine, START)
    assert [lane.lane for lane in held.health.stopped] == ["email"]
    lane_control.resume(engine, "email", by="Olena", note="mended", now=START)
    held = look(project, engine, START)
    assert (held.health.stopped, held.alarms) == ((), ())


def test_a_campaign_that_asks_waits_until_it_is_answered_or_over(engine, tmp_path):
    project = projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", "approve_above: 20"))
    populate(engine)
    waiting = go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel()).waiting
    assert [(each.campaign, each.people, each.has_begun) for each in look(project, engine, START).waiting] == [
        (CAMPAIGN, waiting.asked.people, False)
    ]
    approving.approve(engine, project, CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=START)
    assert look(project, engine, START).waiting == ()
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    approving.withdraw(engine, CAMPAIGN, by="Olena", now=START)
    assert len(look(project, engine, START).waiting) == 1
    steering.steer(engine, CAMPAIGN, "cancel", now=START)
    assert look(project, engine, START).waiting == ()


def test_returns_are_those_of_this_month_as_they_were_measured(project, engine, begun):
    with database.writing(engine) as connection:
        arms = dict(connection.execute(select(recipients.c.customer_id, recipients.c.arm).where(recipients.c.arm != "")).all())
        written = [who for who, arm in arms.items() if arm != HOLDOUT]
        alone = [who for who, arm in arms.items() if arm == HOLDOUT]
        for who in written[:4]:
            world.order(connection, who, datetime(2026, 11, 26, 12, tzinfo=UTC))
        for who in [*written[4:6], *alone[:1]]:
            world.order(connection, who, datetime(2026, 12, 2, 12, tzinfo=UTC))
    measured = remembering()
    december = datetime(2026, 12, 5, 12, tzinfo=UTC)
    assert look(project, engine, december, measured).returned == (), "nobody measured it yet"
    measuring.measure(engine, begun.id, begun.window, december)
    (told,) = look(project, engine, december + timedelta(hours=1), measured).returned
    assert (told.campaign, told.written.successes, told.written.n) == (CAMPAIGN, 2, len(written))
    assert (told.alone.successes, told.alone.n) == (1, len(alone))
    assert told.measured_at == december
    waits = look(project, engine, december + timedelta(hours=1), lambda _key, _count: None)
    assert (waits.returned, waits.is_counting) == ((), True), "the page needn't wait until they are counted"
    assert told.lift.low < 2 / len(written) - 1 / len(alone) < told.lift.high
    with database.writing(engine) as connection:
        world.order(connection, written[7], datetime(2026, 12, 4, 12, tzinfo=UTC))
    assert look(project, engine, december, measured).returned[0].written.successes == 2, "nothing is counted until it is measured again"
    measuring.measure(engine, begun.id, begun.window, december + timedelta(days=1))
    assert look(project, engine, december + timedelta(days=1), measured).returned_customers == 3
