"""Clear what was kept longer than its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from flows.options import Options
from winback.operations import retaining

_USUAL = Options()


@task(cache_policy=NO_CACHE, task_run_name="clear")
def clear(project: str, now: datetime) -> dict[str, Any]:
    """Everything whose time is over, in small transactions: broken off, the next night goes on."""
    winback = opened.project(project)
    return retaining.apply(winback, opened.store(winback), now=now).as_json()


@flow(name="retention", flow_run_name="retention")
def retention(options: Options = _USUAL) -> dict[str, Any]:
    """Returns how much of each kind was cleared."""
    return clear(options.project, opened.moment(options.now))
