"""Import customers, orders and inquiries: a task for each source."""

from __future__ import annotations

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from winback.audience import source
from winback.operations import importing
from winback.operations.importing import ImportReport


@task(cache_policy=NO_CACHE, task_run_name="import {name}")
def import_source(project: str, name: str, now: datetime) -> ImportReport:
    """One source, whole or not at all."""
    winback = opened.project(project)
    return importing.run(winback, opened.store(winback), now=now, only=name)


@flow(name="import", flow_run_name="import")
def import_orders(project: str = ".", now: datetime | None = None) -> ImportReport:
    """Every source of config/sources.yaml, in its order."""
    names = source.chosen(source.read(opened.project(project)))
    reports = [import_source(project, name, opened.moment(now)) for name in names]
    return ImportReport(tuple(done for report in reports for done in report.sources))
