"""What a stranger sees first: the whole story, played once as `winback demo` plays it."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from winback import settings
from winback.demo import shop, story
from winback.model import DeliveryStatus, EventKind, Verdict
from winback.outcomes.comparison import Finding
from winback.store import database
from winback.store.tables import deliveries, events

pytestmark = pytest.mark.xdist_group("story")  # one telling for all of them


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    before = dict(os.environ)
    yield story.tell(tmp_path_factory.mktemp("demo") / "shop", story.Direct(), seed=7)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def counted(told):
    engine = database.open_engine(settings.open_project(told.parent.parent).database_url)
    with database.reading(engine) as connection:
        yield lambda statement: connection.execute(statement).all()
    engine.dispose()


def test_every_letter_is_decided_on_and_nothing_is_in_doubt(counted):
    found = {status for (status,) in counted(select(deliveries.c.status).distinct())}
    assert found <= {DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.SKIPPED, DeliveryStatus.STOPPED, DeliveryStatus.HELD_OUT}
    ((sent,),) = counted(select(func.count()).where(deliveries.c.status == DeliveryStatus.SENT))
    assert sent > 1_000


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (EventKind.OPEN, Verdict.HUMAN),
        (EventKind.OPEN, Verdict.MACHINE),
        (EventKind.CLICK, Verdict.HUMAN),
        (EventKind.REPLY, Verdict.HUMAN),
        (EventKind.UNSUBSCRIBE, Verdict.HUMAN),
    ],
)
def test_people_and_machines_come_back_and_are_told_apart(counted, kind, verdict):
    ((came,),) = counted(select(func.count()).where(events.c.kind == kind, events.c.verdict == verdict))
    assert came > 10


def test_the_report_finds_the_effects_that_the_shop_was_made_with(told):
    project = settings.open_project(told.parent.parent)
    report = story.Direct().measure_and_report(project.root, story.OPENS_AT + timedelta(days=story.TICKS[-1] + 60), told)
    assert {judged.arm for judged in report.judged} == set(shop.EFFECTS)
    better = {judged.arm: judged for judged in report.judged if judged.finding is Finding.BETTER}
    assert "gift-first" in better
    assert all(judged.compared.low <= judged.truth <= judged.compared.high for judged in better.values())
    assert told.stat().st_size > 20_000
