"""The deployments as README.md and docs/ write them: a real server, a real worker, each run once on a small made-up project."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from tests import projects
from tests.documentation import blocks
from tests.flows import served
from tests.flows.served import Prefect
from tests.operations.lost import populate
from winback.demo import mailbox
from winback.limits import FuseCause
from winback.settings import Project
from winback.store import database, fuses
from winback.store.tables import approvals, deliveries

pytestmark = [pytest.mark.flows, pytest.mark.xdist_group("deployed")]

README, ASKED, AUTOMATION = blocks.scene("deployed")
START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
HEADER = "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n"
FUSE = "fuse: {bounces: {above: 0.05, of: 100, at_least: 10}}"


@dataclass(frozen=True)
class Shop:
    """A project, and the server that its flows are deployed to."""

    project: Project
    prefect: Prefect

    def run(self, deployments: Mapping[str, Mapping[str, Any]], now: datetime = START) -> dict[str, str]:
        """Each once, all at the same time; how they ended."""
        runs = {name: self.prefect.start(name, {"now": now.isoformat(), **options}) for name, options in deployments.items()}
        return self.prefect.ended(runs)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """Deployed by the lines of README.md, each as it stands there."""
    folder = tmp_path_factory.mktemp("deployed")
    project = projects.make(
        folder / "shop",
        ("config/settings.yaml", "approve_above: 200", f"approve_above: 10\n{FUSE}"),
    )
    (project.root / "data").mkdir()
    (project.root / "data/customers.csv").write_text(HEADER, encoding="utf-8")
    (project.root / "data/orders.csv").write_text("order,customer,placed,items,total\n", encoding="utf-8")
    mailbox.make_maildir(project.root / "replies")
    engine = database.open_engine(project.database_url)
    populate(engine, 40)
    engine.dispose()
    exported, server, pool, deploy, worker = (line for line, _ in README.typed())
    with Prefect(folder / "prefect", served.project(project.root)) as prefect:
        assert prefect.shell(f"{exported} && echo $WINBACK_HOME $PREFECT_API_URL").split() == [
            str(project.root),
            prefect.environment["PREFECT_API_URL"],
        ]
        prefect.stay(server)
        prefect.ready()
        prefect.shell(pool)
        prefect.shell(deploy)
        prefect.stay(worker)
        yield Shop(project, prefect)
    assert prefect.processes() == []


def test_every_deployment_of_the_file_is_there_with_its_form(shop):
    written = yaml.safe_load((projects.ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    found = shop.prefect.deployments()
    assert set(found) == {each["name"] for each in written}
    for each in written:
        deployed = found[each["name"]]
        assert deployed["tags"] == each["tags"]
        assert (deployed["work_pool_name"], deployed["concurrency_options"]["collision_strategy"]) == ("winback", "CANCEL_NEW")
        assert [(one["schedule"]["cron"], one["schedule"]["timezone"], one["active"]) for one in deployed["schedules"]] == [
            (one["cron"], "Europe/Kyiv", one.get("active", True)) for one in each["schedules"]
        ]
        assert _formless(deployed["parameter_openapi_schema"]) == [], each["name"]


def _formless(schema: dict[str, Any]) -> list[str]:
    """Fields that a person couldn't fill in: without a title or a description, or an object of which nobody says what is in it."""
    assert list(schema["properties"]) == ["options"]
    definitions = schema["definitions"]
    model = definitions[schema["properties"]["options"]["$ref"].rpartition("/")[2]] if "$ref" in schema["properties"]["options"] else None
    model = model or definitions[schema["properties"]["options"]["allOf"][0]["$ref"].rpartition("/")[2]]
    assert model["additionalProperties"] is False, "what no model knows is refused"
    wrong = [name for name, field in model["properties"].items() if not (field.get("title") and field.get("description"))]
    kinds = [field for one in definitions.values() for field in one.get("properties", {}).values()]
    return wrong + [str(field) for field in kinds if field.get("type") == "object" and "additionalProperties" not in field]


def test_what_no_form_has_is_refused_before_anything_runs(shop):
    known = shop.prefect.deployments()["facts"]
    for options in ({"campain": "winter-tea"}, {"count": "a little"}):
        refused = shop.prefect.api.post(f"/deployments/{known['id']}/create_flow_run", json={"parameters": {"options": options}})
        assert refused.status_code == 409, refused.text


def _approve(prefect: Prefect, run: str) -> None:
    """A person at Prefect's page, once the form is there."""

    def paused() -> bool | None:
        state = prefect.states([run])[run]
        assert state["type"] not in served.TERMINAL, state
        return True if state["type"] == "PAUSED" else None

    prefect.until(paused, "nobody is asked")

    def accepted() -> bool | None:
        said = prefect.asked(f"/flow_runs/{run}/resume", run_input={"approve": True, "name": "Olena"})
        return True if said["status"] == "ACCEPT" else None

    prefect.until(accepted, "the answer isn't taken")


def test_each_deployment_runs_once_to_completed(shop):
    prefect = shop.prefect
    starting = prefect.start("start-campaign", {"campaign": "winter-tea", "now": START.isoformat(), "wait_seconds": 600})
    first = {
        name: prefect.start(name, {"now": START.isoformat(), **options})
        for name, options in {
            "import": {},
            "facts": {"count": "everything anew"},
            "occasions": {"months": 1},
            "remind-managers": {},
            "retention": {},
            "send-webhooks": {},
            "doctor": {"fail": False},
            "collect-events": {"replies": str(shop.project.root / "replies")},
        }.items()
    }
    _approve(prefect, starting)
    ended = prefect.ended({"start-campaign": starting, **first})
    assert set(ended.values()) == {"Completed"}, ended
    engine = database.open_engine(shop.project.database_url)
    with database.reading(engine) as connection:
        assert connection.execute(select(approvals.c.approved_by)).scalars().all() == ["Olena"]
        sent = connection.execute(select(deliveries.c.id).where(deliveries.c.status == "sent")).scalars().all()
    engine.dispose()
    assert len(sent) > 15
    later = {
        name: {} for name in ("enrol-and-send", "send-beside", "bounces", "bot-follow-ups", "measure-and-report", "weekly-report", "quarterly-report")
    }
    second = shop.run(later, now=START + timedelta(days=7))
    assert set(second.values()) == {"Completed"}, second
    assert {*ended, *second} == set(prefect.deployments()), "each of them ran"


def test_what_was_measured_stands_beside_the_run_as_text_tables_and_charts(shop):
    kept = shop.prefect.artifacts()
    of_campaign = {"report-winter-tea", "figures-winter-tea", "chart-winter-tea-funnel", "approval-winter-tea"}
    assert {"report-week", "report-quarter-2026-q3", "figures-occasions", "figures-facts", "report-doctor", *of_campaign} <= set(kept)
    assert kept["report-winter-tea"]["data"].startswith("# Did winter-tea bring people back?")
    assert [row["arm"] for row in json.loads(kept["figures-winter-tea"]["data"])] == ["warm-word", "gift-first", "holdout"]
    picture = kept["chart-winter-tea-funnel"]["data"]
    svg = base64.b64decode(picture.removeprefix("data:image/svg+xml;base64,")).decode()
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "svg .sent" in svg
    week = json.loads(kept["figures-week"]["data"])
    assert [(row["campaign"], row["sent"] > 15) for row in week] == [("winter-tea", True)]
    assert (shop.project.out / "reports" / f"week-{(START + timedelta(days=6)).date()}.md").exists()


def test_a_spike_of_bounces_stops_the_lane_and_an_automation_pauses_what_enrols(shop):
    """By the lines of docs/schedules.md, which automations.yaml repeats: the fuse has blown, the next run tells of it, the event arrives, Prefect pauses."""
    prefect, project = shop.prefect, shop.project
    head = (projects.ROOT / "automations.yaml").read_text(encoding="utf-8").partition("automations:")[0]
    assert [line.removeprefix("#").strip() for line in head.splitlines()[1:]] == AUTOMATION.text.splitlines()
    prefect.shell(f"set -e\n{AUTOMATION.text}")
    engine = database.open_engine(project.database_url)
    with database.writing(engine) as connection:
        fuses.blow(connection, "email", FuseCause.BOUNCES, START, counts={"bad": 60, "of": 100, "above": 0.05})
    engine.dispose()
    assert prefect.deployments()["enrol-and-send"]["paused"] is False
    assert shop.run({"bounces": {"place": str(project.root / "replies")}}, now=START + timedelta(days=8)) == {"bounces": "Completed"}
    prefect.until(lambda: prefect.deployments()["enrol-and-send"]["paused"] or None, "nothing is paused")
    assert [name for name, each in prefect.deployments().items() if each["paused"]] == ["enrol-and-send"]


def test_what_the_page_asks_of_deployments_is_done(shop):
    prefect, old = shop.prefect, shop.project.root / "mail/old.mbox"
    old.parent.mkdir(exist_ok=True)
    old.write_text(
        "From nobody Thu Jan  1 10:00:00 2026\nFrom: emma@post.example\nTo: care@zerno.example\nSubject: Hello\n\nThank you.\n", encoding="utf-8"
    )
    assert set(prefect.ended(prefect.ask(ASKED)).values()) == {"Completed"}
    assert prefect.artifacts()["report-quarter-2026-q3"]["data"].startswith("# 2026-Q3: хто пішов")
