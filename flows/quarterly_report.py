"""Write the report of the quarter that has ended, or of any other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from winback.commands import results
from winback.operations import exporting, quarter
from winback.outcomes import markdown


@task(cache_policy=NO_CACHE, task_run_name="tell {name}")
def tell(project: str, name: str, now: datetime, page: str | None) -> dict[str, Any]:
    """The page and its tables in out/reports/, and Prefect's artifacts."""
    winback = opened.project(project)
    told = quarter.tell(winback, opened.store(winback), name, now=now)
    path = Path(page) if page else winback.out / "reports" / f"{told.period.name}.html"
    results.write_quarter_page(told, path)
    found = told.as_json()
    exporting.write(found, path.with_suffix(""))
    customers = [{"group": "all", **found["customers"]}] if found["customers"] else []
    artifacts.keep(
        f"quarter-{told.period.name}", markdown=markdown.of_quarter(told), table=[*customers, *found["by_manager"]], page=path, about=told.title
    )
    return found


@flow(name="quarterly-report", flow_run_name="quarterly report")
def quarterly_report(project: str = ".", quarter_name: str | None = None, now: datetime | None = None, page: str | None = None) -> dict[str, Any]:
    """The last quarter that is over unless one is named, as 2026Q3."""
    moment = opened.moment(now)
    return tell(project, quarter_name or quarter.last_over(opened.project(project), moment), moment, page)
