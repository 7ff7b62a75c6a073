"""Write the report of the quarter that has ended, or of any other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from flows.options import Telling
from winback.commands import results
from winback.operations import exporting, quarter
from winback.outcomes import markdown

_USUAL = Telling()


@task(cache_policy=NO_CACHE, task_run_name="tell {name}")
def tell(options: Telling, name: str, now: datetime) -> dict[str, Any]:
    """The page and its tables in out/reports/, and Prefect's artifacts."""
    winback = opened.project(options.project)
    told = quarter.tell(winback, opened.store(winback), name, now=now, language=options.language)
    path = Path(options.page) if options.page else winback.out / "reports" / f"{told.period.name}.html"
    results.write_quarter_page(told, path)
    found = told.as_json()
    exporting.write(found, path.with_suffix(""))
    customers = [{"group": "all", **found["customers"]}] if found["customers"] else []
    artifacts.keep(
        f"quarter-{told.period.name}", markdown=markdown.of_quarter(told), table=[*customers, *found["by_manager"]], page=path, about=told.title
    )
    return found


@flow(name="quarterly-report", flow_run_name="quarterly report")
def quarterly_report(options: Telling = _USUAL) -> dict[str, Any]:
    """The last quarter that is over unless one is named, as 2026Q3."""
    moment = opened.moment(options.now)
    return tell(options, options.quarter or quarter.last_over(opened.project(options.project), moment), moment)
