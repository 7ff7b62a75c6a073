"""Import customers, orders and inquiries: a task for each source; then everybody is scored, once a day."""

from __future__ import annotations

from datetime import datetime

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from flows.options import Importing
from winback.audience import source
from winback.operations import importing, scoring
from winback.operations.importing import ImportReport

_USUAL = Importing()


@task(cache_policy=NO_CACHE, task_run_name="import {name}")
def import_source(project: str, name: str, now: datetime) -> ImportReport:
    """One source, whole or not at all."""
    winback = opened.project(project)
    return importing.run(winback, opened.store(winback), now=now, only=name)


@task(cache_policy=NO_CACHE, task_run_name="score everybody")
def score(project: str, now: datetime) -> None:
    """After the first import of a day, whose stage changed is noted; after the others there is nothing to do."""
    winback = opened.project(project)
    scoring.bring_up(winback, opened.store(winback), now=now)


@flow(name="import", flow_run_name="import")
def import_orders(options: Importing = _USUAL) -> ImportReport:
    """Every source of config/sources.yaml, in its order, or one of them."""
    project, now = options.project, options.now
    names = source.chosen(source.read(opened.project(project)), options.source or None)
    reports = [import_source(project, name, opened.moment(now)) for name in names]
    score(project, opened.moment(now))
    warnings = tuple(warning for report in reports for warning in report.warnings)
    for warning in warnings:
        get_run_logger().warning("%s", warning)
    return ImportReport(tuple(done for report in reports for done in report.sources), warnings)
