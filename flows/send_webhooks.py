"""Tell other programs of the shop what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from flows.options import Options
from winback.operations import webhooks

_USUAL = Options()


@task(cache_policy=NO_CACHE, task_run_name="tell")
def tell(project: str, now: datetime | None) -> dict[str, Any]:
    """Everything that is due, once; what isn't taken is tried again by a later run."""
    winback = opened.project(project)
    return webhooks.send(winback, opened.store(winback), clock=opened.watch(now)).as_json()


@flow(name="send-webhooks", flow_run_name="send webhooks")
def send_webhooks(options: Options = _USUAL) -> dict[str, Any]:
    """Returns how many messages were noted, taken, put off and given up."""
    return tell(options.project, options.now)
