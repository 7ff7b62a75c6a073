"""Go on with every campaign that a person has started: enrol once, queue what is due, send it batch by batch."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import opened
from winback.errors import Problem, Refused
from winback.model import RunStatus
from winback.operations import enrolment, running
from winback.operations.running import Ran
from winback.sending import prepared, queue
from winback.store import database, runs


@task(cache_policy=NO_CACHE, task_run_name="enrol {campaign}")
def enrol(project: str, campaign: str, now: datetime | None) -> int:
    """Decide on the cohort; nothing when that was done."""
    winback, moment = opened.project(project), opened.moment(now)
    ready, store = prepared.prepare(winback, campaign), opened.store(winback)
    return enrolment.enrol(store, ready, enrolment.current_run(store, ready, now=moment), now=moment)


@task(cache_policy=NO_CACHE, task_run_name="queue {campaign}")
def queue_due(project: str, campaign: str, now: datetime | None) -> int:
    """Write the deliveries that have fallen due."""
    winback, moment = opened.project(project), opened.moment(now)
    ready, store = prepared.prepare(winback, campaign), opened.store(winback)
    run = enrolment.current_run(store, ready, now=moment)
    return queue.queue_due(store, run, ready.campaign, ready.policy, now=moment)


@task(cache_policy=NO_CACHE, task_run_name="send a batch of {campaign}")
def send_batch(project: str, campaign: str, now: datetime | None) -> Ran:
    """Send one batch, by a clock that goes on meanwhile; no deliveries when nothing is left."""
    winback = opened.project(project)
    ready, store = prepared.prepare(winback, campaign), opened.store(winback)
    run = enrolment.current_run(store, ready, now=opened.moment(now))
    return asyncio.run(running.send_batch(ready, store, run, now=opened.watch(now), worker=uuid.uuid4().hex))


@flow(name="enrol-and-send", flow_run_name="enrol and send")
def enrol_and_send(project: str = ".", campaign: str | None = None, now: datetime | None = None) -> dict[str, int]:
    """Go on with `campaign` (started if it hasn't been), or with every one that was started and isn't over. Returns letters by status.

    A campaign that can't go on (a broken file, a closed lane) doesn't hold up the others: what is wrong is raised at the end.
    """
    totals: dict[str, int] = {}
    problems: list[Problem] = []
    for name in [campaign] if campaign else started(project):
        if is_over(project, name):
            continue
        try:
            _go_on(project, name, now, totals)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return totals


def _go_on(project: str, campaign: str, now: datetime | None, totals: dict[str, int]) -> None:
    enrol(project, campaign, now)
    queue_due(project, campaign, now)
    faults: set[Problem] = set()
    while (ran := send_batch(project, campaign, now)).deliveries:
        faults |= ran.faults
        for status, count in ran.deliveries.items():
            totals[str(status)] = totals.get(str(status), 0) + count
    finish(project, campaign)
    if faults:
        raise Refused(sorted(faults, key=str))


def started(project: str) -> list[str]:
    """Campaigns with a run that is under way; a new file in config/campaigns/ sends nothing until a person starts it."""
    with database.reading(opened.store(opened.project(project))) as connection:
        return [run.campaign for run in runs.unfinished(connection) if run.status is RunStatus.ACTIVE]


def is_over(project: str, campaign: str) -> bool:
    """A run that came to its end stays there; only a person begins the next."""
    return enrolment.is_over(opened.store(opened.project(project)), campaign)


def finish(project: str, campaign: str) -> None:
    """Close a run in which everybody has come to an end."""
    store = opened.store(opened.project(project))
    with database.reading(store) as connection:
        run = runs.latest(connection, campaign)
    if run is not None and run.status is RunStatus.ACTIVE:
        running.finish(store, run)
