"""docs/scaling.md, line by line: a server, two pools, the house's worker and one that lends hands, and a campaign."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import projects
from tests.documentation import blocks
from tests.flows import served
from tests.flows.served import Prefect
from tests.operations.lost import populate
from winback import clock
from winback.store import database

pytestmark = [pytest.mark.flows, pytest.mark.xdist_group("deployed")]

SERVER, WORKERS, ASKED = blocks.scene("many-machines")


def test_two_workers_share_a_campaign_by_the_lines_of_the_page(tmp_path):
    today = clock.now().date()
    project = projects.make(
        tmp_path / "shop",
        ("config/campaigns/winter-tea.yaml", "starts_on: 2026-11-24", f"starts_on: {today - timedelta(days=1)}"),
        ("config/campaigns/winter-tea.yaml", "ends_on: 2027-01-31", f"ends_on: {today + timedelta(days=60)}"),
    )
    engine = database.open_engine(project.database_url)
    populate(engine, 10)
    engine.dispose()
    server, *pools_and_deployments = (line for line, _ in SERVER.typed())
    with Prefect(tmp_path / "prefect", served.project(project.root)) as prefect:
        prefect.stay(server)
        prefect.ready()
        for line in pools_and_deployments:
            prefect.shell(line)
        for line, _ in WORKERS.typed():
            prefect.stay(line)
        found = prefect.deployments()
        hands = found.pop("send-beside")
        assert (hands["work_pool_name"], [each["active"] for each in hands["schedules"]]) == ("winback-hands", [True])
        assert {each["work_pool_name"] for each in found.values()} == {"winback"}
        assert prefect.ended(prefect.ask(ASKED)) == {"enrol-and-send": "Completed", "send-beside": "Completed"}
    assert prefect.processes() == []
