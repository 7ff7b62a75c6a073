"""Count facts, and score everybody; whose stage changed is noted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import artifacts, opened
from flows.options import Counting, HowMuch
from winback.operations import knowing, scoring

_USUAL = Counting()


@task(cache_policy=NO_CACHE, task_run_name="count {count}")
def count_facts(project: str, count: HowMuch, now: datetime) -> int:
    """How many customers' facts were counted."""
    winback = opened.project(project)
    counting = knowing.rebuild if count is HowMuch.EVERYTHING else knowing.refresh
    return counting(winback, opened.store(winback), now=now).customers


@task(cache_policy=NO_CACHE, task_run_name="score everybody")
def score(project: str, now: datetime) -> dict[str, Any]:
    winback = opened.project(project)
    scored = scoring.update(winback, opened.store(winback), now=now)
    return {"customers": scored.customers, "first_seen": scored.first_seen, "changed_stage": scored.changed_stage}


@flow(name="facts", flow_run_name="facts")
def facts(options: Counting = _USUAL) -> dict[str, Any]:
    """Facts first, then scores: as `winback facts update` or `rebuild`."""
    now = opened.moment(options.now)
    counted = count_facts(options.project, options.count, now)
    told = {"facts_counted": counted, **score(options.project, now)}
    artifacts.tabulate("facts", [told], about=f"Facts and scores as of {now:%Y-%m-%d %H:%M} UTC")
    return told
