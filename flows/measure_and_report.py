"""Measure returns and write the report, for a campaign or for all that ever ran."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import alarms, artifacts, opened
from flows.options import Measuring
from winback.commands import results
from winback.errors import Problem, Refused
from winback.operations import exporting, reporting
from winback.outcomes import markdown, wording
from winback.outcomes.report import Report
from winback.store import database, runs
from winback.studio import report_page

_USUAL = Measuring()


@task(cache_policy=NO_CACHE, task_run_name="measure {campaign}")
def measure(options: Measuring, campaign: str, now: datetime) -> Report:
    """One campaign's newest run."""
    winback = opened.project(options.project)
    measured = reporting.measure_and_report(winback, opened.store(winback), campaign, now=now, truth=options.truth, language=options.language)
    path = Path(options.page) if options.page else winback.out / "reports" / f"{campaign}.html"
    results.write_page(measured, path)
    if measured.sample_ratio.alarm:
        alarms.wrong_sizes(measured)
    told = measured.as_json()
    artifacts.keep(
        campaign,
        markdown=markdown.of_report(measured),
        table=measured.arms_as_json(),
        about=wording.as_of(measured),
        page=path,
        charts=report_page.chart_files(measured),
    )
    exporting.write(told, path.with_suffix(""))
    return measured


@flow(name="measure-and-report", flow_run_name="measure and report")
def measure_and_report(options: Measuring = _USUAL) -> list[Report]:
    """Reports and their tables as CSV lie in out/reports/ unless the options name a file. A campaign that fails holds up no other."""
    with database.reading(opened.store(opened.project(options.project))) as connection:
        names = [options.campaign] if options.campaign else runs.campaigns(connection)
    reports: list[Report] = []
    problems: list[Problem] = []
    for name in names:
        with opened.apart(name, problems):
            reports.append(measure(options, name, opened.moment(options.now)))
    if problems:
        raise Refused(problems)
    return reports
