"""Tell the week behind us: letters, answers, returns so far, and what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from flows.options import Weekly
from winback.errors import Problem, Refused
from winback.operations import exporting, week
from winback.outcomes import markdown
from winback.studio import report_page

_USUAL = Weekly()


@task(cache_policy=NO_CACHE, task_run_name="tell {days} days")
def tell(project: str, days: int, now: datetime) -> dict[str, Any]:
    """The text and its tables in out/reports/, and Prefect's artifacts. A campaign that can't be measured is told without its returns."""
    winback = opened.project(project)
    problems: list[Problem] = []
    told = week.tell(winback, opened.store(winback), now=now, days=days, apart=lambda campaign: opened.apart(campaign, problems))
    path = winback.out / "reports" / f"week-{told.last}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown.of_week(told), encoding="utf-8")
    found = told.as_json()
    exporting.write(found, path.with_suffix(""))
    charts = {
        f"{each.campaign} {name}": svg
        for each in told.campaigns
        if each.report is not None
        for name, svg in report_page.chart_files(each.report).items()
        if name == "returns"
    }
    about = f"{told.first} to {told.last}"
    artifacts.keep("week", markdown=markdown.of_week(told), table=found["campaigns"], about=about, page=path, charts=charts)
    if problems:
        raise Refused(problems)
    return found


@flow(name="weekly-report", flow_run_name="weekly report")
def weekly_report(options: Weekly = _USUAL) -> dict[str, Any]:
    """Whole days back from the last midnight."""
    return tell(options.project, options.days, opened.moment(options.now))
