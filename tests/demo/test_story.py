"""What a stranger sees first: the whole story, played once as `winback demo` plays it."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.documentation import blocks
from tests.documentation.standing import standing
from tests.documentation.terminal import Terminal
from winback import clock, settings
from winback.demo import shop, story
from winback.demo.phases import Phases
from winback.model import DeliveryStatus, EventKind, Verdict
from winback.operations import founding
from winback.outcomes.comparison import Finding
from winback.store import database
from winback.store.tables import deliveries, events

pytestmark = pytest.mark.xdist_group("story")  # one telling for all of them


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    before = dict(os.environ)
    yield story.tell(tmp_path_factory.mktemp("demo") / "out/demo", story.Direct(), seed=7)
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


def test_it_is_said_how_long_each_part_took():
    seconds = iter((10.0, 12.0, 72.5, 80.0))
    phases = Phases(lambda: next(seconds))
    for name in ("made up", "two months", "measured"):
        phases.begin(name)
    assert phases.told() == [("made up", 2.0), ("two months", 60.5), ("measured", 7.5)]


TUTORIALS = ("docs/tutorial.md", "docs/uk/tutorial.md")


@pytest.fixture
def terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    return Terminal(monkeypatch, capsys)


def test_the_shop_as_it_was_before_the_first_letter_is_kept_for_the_tutorial(told):
    before, after = (told.parents[1] / name / "orders.csv" for name in ("before/data", "data"))
    assert after.read_text(encoding="utf-8").startswith(before.read_text(encoding="utf-8"))
    assert after.stat().st_size > before.stat().st_size


@pytest.mark.parametrize("page", TUTORIALS)
def test_what_the_tutorial_reads_and_starts_beside_the_demo(told, page, monkeypatch, terminal):
    """From the folder of a project that lies beside out/, as the tutorial's own does."""
    folder = told.parents[3] / "my-shop"
    if not folder.exists():
        founding.init(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(clock, "now", lambda: story.OPENS_AT + timedelta(days=story.TICKS[-1]))
    reported, served = [block for block in blocks.scene("demo") if block.page == page]
    assert "gift-first" in terminal.type([reported])
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    ((line, _),) = served.typed()
    with standing(line, folder) as studio:
        answer = studio.get("/cohorts")
        assert answer.is_success, answer.text
        assert "silent-1-2-years-3-orders" in answer.text
