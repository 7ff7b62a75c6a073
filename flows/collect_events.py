"""Collect what came back: replies and bounces from the mailbox, and what customers told the bot."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import alarms, opened
from winback.operations import collecting


@task(cache_policy=NO_CACHE, task_run_name="collect")
def collect(project: str, replies: str | None, now: datetime) -> dict[str, Any]:
    """Read everything that waits, once."""
    winback = opened.project(project)
    folder = Path(replies) if replies else None
    return collecting.collect(winback, opened.store(winback), now=now, replies=folder, tell=alarms.emit).as_json()


@flow(name="collect-events", flow_run_name="collect events")
def collect_events(project: str = ".", replies: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """`replies` is the Maildir that answers and bounces arrive in; without it the one that settings.yaml names."""
    return collect(project, replies, opened.moment(now))
