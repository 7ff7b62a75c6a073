"""Measure returns and write the report, for a campaign or for all that ever ran."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from winback.commands import results
from winback.operations import exporting, reporting
from winback.outcomes import markdown, wording
from winback.outcomes.report import Report
from winback.store import database, runs


@task(cache_policy=NO_CACHE, task_run_name="measure {campaign}")
def measure(project: str, campaign: str, now: datetime, page: str | None, truth: Mapping[str, float] | None) -> Report:
    """One campaign's newest run."""
    winback = opened.project(project)
    measured = reporting.measure_and_report(winback, opened.store(winback), campaign, now=now, truth=truth)
    path = Path(page) if page else winback.out / "reports" / f"{campaign}.html"
    results.write_page(measured, path)
    told = measured.as_json()
    artifacts.keep(campaign, markdown=markdown.of_report(measured), table=measured.arms_as_json(), page=path, about=wording.as_of(measured))
    exporting.write(told, path.with_suffix(""))
    return measured


@flow(name="measure-and-report", flow_run_name="measure and report")
def measure_and_report(
    project: str = ".",
    campaign: str | None = None,
    now: datetime | None = None,
    page: str | None = None,
    truth: Mapping[str, float] | None = None,
) -> list[Report]:
    """Reports and their tables as CSV lie in out/reports/ unless `page` names a file; `truth` is known for made-up shops only."""
    with database.reading(opened.store(opened.project(project))) as connection:
        names = [campaign] if campaign else runs.campaigns(connection)
    return [measure(project, name, opened.moment(now), page, truth) for name in names]
