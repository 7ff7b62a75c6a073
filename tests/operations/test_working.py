"""Plans and rehearsals that are begun in the studio: one at a time a campaign, seen by everybody, and over however they end."""

from __future__ import annotations

import fcntl
import json
from datetime import date, timedelta

import pytest

from tests import projects
from tests.operations.lost import CAMPAIGN, START, ledger, populate
from winback.errors import ConfigError
from winback.operations import approving, planning, working
from winback.operations.working import Kind, Works
from winback.sending import prepared
from winback.store import audit, database


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def at_once(order):
    """Does the work where it is ordered."""
    working.work(order)


def test_a_plan_says_what_the_command_says(project, engine):
    populate(engine, 30)
    works = Works(project, engine, at_once)
    assert works.state(CAMPAIGN, now=START) is None
    assert works.result(CAMPAIGN, Kind.PLAN) is None
    works.begin(CAMPAIGN, Kind.PLAN, by="Olena", now=START)
    state, result = works.state(CAMPAIGN, now=START), works.result(CAMPAIGN, Kind.PLAN)
    assert (state.is_over, state.is_running, state.broke_off, state.problems) == (True, False, False, ())
    planned = planning.plan(prepared.prepare(project, CAMPAIGN), engine, now=START, present=START).as_json()
    assert {name: value for name, value in result.told.items() if name in planned} == json.loads(json.dumps(planned, default=str))
    assert (result.by, result.made_at) == ("Olena", START)
    assert result.told["tree"]["count"] == 30
    assert any("Sending costs up to" in sentence for sentence in result.told["sentences"]["money"])


def test_a_rehearsal_plays_the_campaign_and_changes_nothing(project, engine):
    populate(engine, 30)
    works = Works(project, engine, at_once)
    works.begin(CAMPAIGN, Kind.REHEARSAL, by="Olena", now=START, until=date(2026, 12, 24), letters=False)
    told = works.result(CAMPAIGN, Kind.REHEARSAL).told
    assert told["folder"] is None
    assert (told["from"], told["until"]) == ("2026-11-24", "2026-12-24")
    assert sum(each["letters"] for each in told["calendar"]) > 30
    assert sum(told["recipients"].values()) == 30
    assert not ledger(engine)


def test_days_that_cannot_be_are_refused_before_anything_begins(project, engine):
    works = Works(project, engine, at_once)
    with pytest.raises(ConfigError, match="before it begins"):
        works.begin(CAMPAIGN, Kind.REHEARSAL, by="Olena", now=START, until=date(2026, 1, 1))
    with pytest.raises(ConfigError, match="nobody"):
        works.begin("nobody", Kind.PLAN, by="Olena", now=START)
    assert works.state(CAMPAIGN, now=START) is None


def test_who_asks_for_another_campaign_gets_no_path_of_their_own(project, engine):
    works = Works(project, engine, at_once)
    for name in ("../winter-tea", "", ".", "winter-tea/../../secret"):
        with pytest.raises(ConfigError, match="there is no campaign"):
            works.state(name, now=START)
        with pytest.raises(ConfigError, match="there is no campaign"):
            works.result(name, Kind.PLAN)


def test_one_work_at_a_time(project, engine):
    """Whoever works holds a lock: here as another process would."""
    populate(engine, 5)
    works = Works(project, engine, lambda _: None)
    works.begin(CAMPAIGN, Kind.PLAN, by="Olena", now=START)
    later = START + timedelta(minutes=5)
    folder = project.root / ".winback" / "works" / CAMPAIGN
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert works.state(CAMPAIGN, now=later).is_running
        with pytest.raises(ConfigError, match="a plan of `winter-tea` is under way, begun by Olena"):
            works.begin(CAMPAIGN, Kind.REHEARSAL, by="Ivan", now=later)
        at_once(working.Order(project.root, project.environment, str(engine.url), CAMPAIGN, Kind.PLAN, "Ivan", later))
        assert works.result(CAMPAIGN, Kind.PLAN) is None, "who holds no lock does nothing"
    assert works.state(CAMPAIGN, now=later).broke_off, "its process is gone and said nothing"
    Works(project, engine, at_once).begin(CAMPAIGN, Kind.PLAN, by="Ivan", now=later)
    assert works.result(CAMPAIGN, Kind.PLAN).by == "Ivan"


def test_what_goes_wrong_meanwhile_is_said(project, engine):
    populate(engine, 5)

    def spoilt(order):
        projects.edit(project.root / "config/campaigns/winter-tea.yaml", "cohort: ", "cohort: no-such-")
        working.work(order)

    works = Works(project, engine, spoilt)
    works.begin(CAMPAIGN, Kind.PLAN, by="Olena", now=START)
    state = works.state(CAMPAIGN, now=START)
    assert state.is_over
    assert "config/campaigns/winter-tea.yaml" in state.problems[0]
    assert works.result(CAMPAIGN, Kind.PLAN) is None


def test_a_question_is_asked_in_the_name_of_who_asks(tmp_path, engine):
    project = projects.make(tmp_path / "small", ("config/settings.yaml", "approve_above: 200", "approve_above: 20"))
    populate(engine, 40)
    Works(project, engine, at_once).begin(CAMPAIGN, Kind.QUESTION, by="Olena", now=START)
    asked = approving.latest(engine, CAMPAIGN)
    assert (asked.stands, asked.summary["people"] > 20, len(asked.summary["letters"]) > 0) == (False, True, True)
    with database.reading(engine) as connection:
        assert [(deed.who, deed.deed) for deed in audit.listed(connection)] == [("Olena", "asked")]


def test_a_process_of_its_own_does_it(project, engine):
    populate(engine, 5)
    processes = []

    def launch(order):
        processes.append(working.in_process(order))
        return processes[0]

    works = Works(project, engine, launch)
    works.begin(CAMPAIGN, Kind.PLAN, by="Olena", now=START)
    assert works.state(CAMPAIGN, now=START + timedelta(days=1)).is_running
    processes[0].join(120)
    assert works.result(CAMPAIGN, Kind.PLAN).told["cohort"] == 5


def test_somebody_else_may_stop_it(project, engine):
    orders = []
    works = Works(project, engine, orders.append)
    works.begin(CAMPAIGN, Kind.REHEARSAL, by="Olena", now=START, letters=False)
    works.stop(CAMPAIGN, by="Ivan", now=START)
    working.work(orders[0])
    state = works.state(CAMPAIGN, now=START)
    assert (state.is_over, state.problems, works.result(CAMPAIGN, Kind.REHEARSAL)) == (True, ("Ivan stopped it.",), None)
    with pytest.raises(ConfigError, match=f"nothing of `{CAMPAIGN}` is under way"):
        works.stop(CAMPAIGN, by="Ivan", now=START)
    works.begin(CAMPAIGN, Kind.PLAN, by="Olena", now=START)
    working.work(orders[1])
    assert works.result(CAMPAIGN, Kind.PLAN) is not None, "who begins anew isn't stopped by what was said before"
