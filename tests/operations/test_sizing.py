"""How many a cohort's rules leave while they are written: nothing is changed for it, and what it doesn't know it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import projects
from tests.operations.lost import START, populate
from winback.audience import cohort
from winback.errors import ConfigError
from winback.operations import knowing, scoring, selecting, sizing
from winback.store import database, facts, interrupting, refreshing
from winback.store import scores as kept_scores
from winback.store.as_of import AsOf
from winback.store.interrupting import Interrupted, Question

NOW = START
SILENT = "title: Silent\nrules:\n  - days_since_last_order: {from: 365}\n  - orders: {at_least: 3}\n"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def size(project, engine, text, now=NOW):
    return sizing.size(project, engine, cohort.parse("draft", text), now=now)


def test_the_funnel_is_that_of_cohort_show(engine, project):
    populate(engine, 12)
    knowing.refresh(project, engine, now=NOW)
    shown = selecting.show(project, engine, "silent-1-2-years-3-orders", now=NOW, sample=0)
    found = size(project, engine, (project.root / "config/cohorts/silent-1-2-years-3-orders.yaml").read_text(encoding="utf-8"))
    assert found.funnel == shown.funnel
    assert (found.customers, found.matched) == (12, shown.matched)
    assert found.matched > 0
    assert found.sentences == ()


def test_facts_that_were_never_counted_are_counted_for_it_alone(engine, project):
    populate(engine, 5)
    found = size(project, engine, SILENT)
    assert found.matched == 5
    assert any("isn't counted in yet" in sentence for sentence in found.sentences)
    with database.reading(engine) as connection:
        assert facts.read_state(connection) is None, "nothing was written"


def test_scores_of_an_earlier_day_are_used_and_told(engine, project):
    populate(engine, 5)
    dear = SILENT + "order_by: expected_value\nlimit: 3\n"
    assert any("was not told yet" in sentence for sentence in size(project, engine, dear).sentences)
    scoring.update(project, engine, now=NOW)
    assert size(project, engine, dear).sentences == ()
    later = NOW + timedelta(days=2)
    assert any(f"those of {NOW.date()}" in sentence for sentence in size(project, engine, dear, later).sentences)
    with database.reading(engine) as connection:
        assert kept_scores.state(connection).scored_on == NOW.date(), "nothing was scored anew"
        assert not refreshing.is_due(connection, AsOf.of(project, later))


def test_a_cohort_of_nobody_names_the_condition(engine, project):
    populate(engine, 3)
    found = size(project, engine, SILENT.replace("at_least: 3", "at_least: 9"))
    assert found.matched == 0
    assert any("9 orders or more" in sentence for sentence in found.sentences)


def test_what_cannot_be_meant_is_refused_with_its_line(engine, project):
    with pytest.raises(ConfigError) as refused:
        size(project, engine, SILENT + "  - lapsed: florist\n")
    assert [problem.line for problem in refused.value.problems] == [5]


def test_it_ends_with_its_question(engine, project):
    populate(engine, 3)
    question = Question(60)
    question.end()
    with pytest.raises(Interrupted):
        size(project, interrupting.asked(engine, question), SILENT)
