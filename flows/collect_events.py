"""Collect what came back: replies and bounces from the mailbox, and what customers told the bot."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import alarms, opened
from flows.options import Collecting
from winback.operations import collecting

_USUAL = Collecting()


@task(cache_policy=NO_CACHE, task_run_name="collect")
def collect(project: str, replies: str, now: datetime) -> dict[str, Any]:
    """Read everything that waits, once."""
    winback = opened.project(project)
    folder = Path(replies) if replies else None
    return collecting.collect(winback, opened.store(winback), now=now, replies=folder, tell=alarms.emit).as_json()


@flow(name="collect-events", flow_run_name="collect events")
def collect_events(options: Collecting = _USUAL) -> dict[str, Any]:
    """Everything at once, as `winback collect` does; the schedule has bounces and bot-follow-ups instead, so that neither holds up the other."""
    return collect(options.project, options.replies, opened.moment(options.now))
