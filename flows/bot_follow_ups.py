"""What the bot owes: it hears customers, answers of the shop's people leave, and who waits too long is told of."""

from __future__ import annotations

import asyncio
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from flows.options import FollowingUp
from winback.operations import collecting, tending

_USUAL = FollowingUp()


@task(cache_policy=NO_CACHE, task_run_name="hear the bot")
def hear(project: str, now: datetime) -> dict[str, int]:
    """What customers pressed and wrote, with what follows from it: reminders that they asked for, surveys, leaving. Nothing without a bot."""
    winback = opened.project(project)
    return dict(collecting.hear(winback, opened.store(winback), now=now))


@task(cache_policy=NO_CACHE, task_run_name="tend threads")
def tend(project: str, now: datetime) -> dict[str, int]:
    """Replies come into the queue, answers leave, the staff's group sees what is new, who is late is reminded; counts by word."""
    winback = opened.project(project)
    return dict(asyncio.run(tending.tend(winback, opened.store(winback), now=now)))


@flow(name="bot-follow-ups", flow_run_name="bot follow-ups")
def bot_follow_ups(options: FollowingUp = _USUAL) -> dict[str, int]:
    """Counts by word. A bot that can't be reached holds up no answer: it is raised at the end."""
    now = opened.moment(options.now)
    heard = hear(options.project, now, return_state=True) if options.hear else None
    counts = tend(options.project, now)
    return counts if heard is None else {**counts, **heard.result()}
