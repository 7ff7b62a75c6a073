"""What machines ask of a process: alive, ready, and its figures; who may see these."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.projects import ROOT
from winback.channels.memory import MemoryChannel
from winback.model import DeliveryStatus
from winback.operations import campaign_run, enrolment, running
from winback.sending import prepared
from winback.store import database, figures, source_states
from winback.store.tables import fuses
from winback.studio import app as studio
from winback.tracking import app
from winback.watching import metrics

TOKEN = "t" * 40


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop", environment={"WINBACK_METRICS_TOKEN": TOKEN})


@pytest.fixture
def public(project, engine):
    return app.create_app(project, engine, clock=lambda: START)


def asked(application, path, *, peer="127.0.0.1", base="http://testserver", **headers):
    (answer,) = asyncio.run(_asked(application, [path], peer, base, headers))
    return answer


async def _asked(application, paths, peer="127.0.0.1", base="http://testserver", headers=None):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application, client=(peer, 5000)), base_url=base) as web:
        return [await web.get(path, headers=headers) for path in paths]


def told(body: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value for family in text_string_to_metric_families(body) for sample in family.samples
    }


def test_figures_are_those_of_the_store(project, engine, public):
    populate(engine, 12)
    ready = prepared.prepare(project, CAMPAIGN)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    running.queue_due(ready, engine, run, now=START)
    with database.reading(engine) as connection:
        planned = figures.letters(connection)[CAMPAIGN, DeliveryStatus.PLANNED]
    later = app.create_app(project, engine, clock=lambda: START + timedelta(hours=2))
    found = told(asked(later, "/metrics").text)
    assert found["winback_letters", (CAMPAIGN, "planned")] == planned > 0
    assert found["winback_overdue_seconds", (CAMPAIGN,)] == 7200
    assert found["winback_runs", ("active",)] == 1
    assert found["winback_database_up", ()] == 1
    assert ("winback_lane_stopped", ("email",)) not in found
    go(ready, engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        connection.execute(insert(fuses).values(lane="email", cause="errors", blown_at=START, counts={}))
    found = told(asked(public, "/metrics").text)
    assert found["winback_letters", (CAMPAIGN, "sent")] == planned
    assert found["winback_lane_stopped", ("email",)] == 1


def test_pages_are_counted_by_the_process_that_answers(project, engine):
    *_, answer = asyncio.run(_asked(app.create_app(project, engine, clock=lambda: START), ["/nothing-here", "/health", "/metrics"]))
    found = told(answer.text)
    assert (found["winback_pages_total", ("4xx",)], found["winback_pages_total", ("2xx",)]) == (1, 1)


@pytest.mark.parametrize(
    ("peer", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ("198.51.100.7", {}, False),
        ("198.51.100.7", {"authorization": f"Bearer {TOKEN}"}, True),
        ("127.0.0.1", {"x-forwarded-for": "198.51.100.7", "authorization": f"Bearer {TOKEN}"}, True),
        ("198.51.100.7", {"authorization": f"Bearer {TOKEN}x"}, False),
        ("198.51.100.7", {"authorization": "Bearer "}, False),
    ],
)
def test_figures_are_for_this_machine_or_who_has_the_token(project, empty_file, peer, headers, may):
    engine = database.bare_engine(f"sqlite:///{empty_file}")
    application = app.create_app(project, engine, clock=lambda: START)
    answer = asked(application, "/metrics", peer=peer, **headers)
    assert answer.status_code == (200 if may else 404)
    assert ("winback_runs" in answer.text) == may
    assert ("needs" in asked(application, "/readyz", peer=peer, **headers).json()) == may
    assert asked(application, "/healthz", peer=peer, **headers).status_code == 200
    engine.dispose()


def test_nobody_has_the_token_where_none_is_set(tmp_path, empty_file):
    engine = database.bare_engine(f"sqlite:///{empty_file}")
    application = app.create_app(projects.make(tmp_path / "s"), engine, clock=lambda: START)
    assert asked(application, "/metrics", peer="198.51.100.7", authorization="Bearer ").status_code == 404
    engine.dispose()


def test_the_studio_answers_too(project, engine):
    application = studio.create_app(project, engine, port=8010, clock=lambda: START)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert asked(application, path, base="http://127.0.0.1:8010").status_code == 200
    assert asked(application, "/metrics", base="http://evil.example").status_code == 421


def test_a_schema_that_is_not_the_newest_is_not_ready(project, engine, public):
    assert asked(public, "/readyz").json() == {"status": "ready", "needs": {"database": "ok", "secret": "ok", "disk": "ok", "hits": "ok"}}
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = asked(app.create_app(project, engine, clock=lambda: START), "/readyz")
    assert answer.status_code == 503
    assert answer.json()["needs"]["database"].startswith("is at version 0001, and this winback works with ")
    assert asked(public, "/healthz").json() == {"status": "alive"}


def test_without_a_database_it_is_alive_and_not_ready_and_says_so_in_figures(project, tmp_path):
    engine = database.bare_engine("postgresql://nobody@127.0.0.1:1/none")
    application = app.create_app(project, engine, clock=lambda: START, keeps=False)
    assert asked(application, "/healthz").status_code == 200
    assert asked(application, "/readyz").json()["needs"]["database"] == "doesn't answer"
    assert told(asked(application, "/metrics").text)["winback_database_up", ()] == 0
    engine.dispose()


def test_a_secret_that_is_gone_is_not_ready(tmp_path, empty_file):
    project = projects.make(tmp_path / "s", environment={"WINBACK_SECRET": ""})
    engine = database.bare_engine(f"sqlite:///{empty_file}")
    application = app.create_app(project, engine, clock=lambda: START)
    (project.root / ".winback" / "secret").unlink()
    assert asked(application, "/readyz").json()["needs"]["secret"] == "can't be read"
    engine.dispose()


def test_where_no_hit_can_be_written_it_is_not_ready_and_lost_hits_are_a_figure(project, empty_file):
    engine = database.bare_engine(f"sqlite:///{empty_file}")
    application, hot = app.create(project, engine, clock=lambda: START, keeps=False)
    folder = app.hits_folder(project)
    folder.rmdir()
    folder.write_text("not a folder", encoding="utf-8")
    assert asked(application, "/readyz").json()["needs"]["disk"].startswith("can't be written (")
    assert told(asked(application, "/metrics").text)["winback_hits_dropped_total", ()] == 0
    hot.buffer.add_line(b"a hit")
    assert told(asked(application, "/metrics").text)["winback_hits_dropped_total", ()] == 1
    engine.dispose()


def test_hits_that_nobody_takes_are_said(project, empty_file):
    engine = database.bare_engine(f"sqlite:///{empty_file}")
    now = datetime.now(UTC)
    application = app.create_app(project, engine, clock=lambda: now, keeps=False)
    (waits := app.hits_folder(project) / "old.hits").write_text("a hit", encoding="utf-8")
    os.utime(waits, times=(now.timestamp() - 200,) * 2)
    assert asked(application, "/readyz").json()["needs"]["hits"] == "ok"
    os.utime(waits, times=(now.timestamp() - 400,) * 2)
    again = app.create_app(project, engine, clock=lambda: now, keeps=False)
    assert asked(again, "/readyz").json()["needs"]["hits"] == "wait for 400 s: nobody takes them into the store"
    engine.dispose()


def test_a_source_that_is_not_in_the_file_any_more_is_not_late(project, engine, public):
    with database.writing(engine) as connection:
        for name in ("orders", "former-orders"):
            source_states.remember(connection, name, "", START)
    found = told(asked(public, "/metrics").text)
    assert [labels for name, labels in found if name == "winback_imported_timestamp_seconds"] == [("orders",)]
    (project.root / "config/sources.yaml").write_text("sources: [", encoding="utf-8")  # better two than none
    found = told(asked(public, "/metrics").text)
    assert len([labels for name, labels in found if name == "winback_imported_timestamp_seconds"]) == 2


def test_every_figure_is_told_and_documented(public):
    found = asked(public, "/metrics").text
    told_of = set(re.findall(r"^# TYPE (winback_\w+) ", found, re.MULTILINE))
    assert told_of == {each.name for each in metrics.METRICS}
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert metrics.as_markdown() in page, "docs/metrics.md: put in what `python -m tests.watching.listed` prints"


def test_the_dashboard_shows_figures_that_there_are(public):
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "winback.json").read_text(encoding="utf-8"))
    shown = {name for panel in dashboard["panels"] for each in panel["targets"] for name in re.findall(r"\b(?:winback|process)_\w+", each["expr"])}
    found = asked(public, "/metrics").text
    assert shown <= set(re.findall(r"^# TYPE (\w+) ", found, re.MULTILINE))
    assert {each.name for each in metrics.METRICS} <= shown, "a figure that nobody looks at"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
