"""Go on with every campaign that a person has started: enrol once or once a day, queue what is due, send it batch by batch."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Engine

from flows import alarms, opened
from flows.options import Sending
from winback.errors import Problem, Refused
from winback.model import RunStatus
from winback.operations import beginning, campaign_run, enrolment, running, stopping
from winback.operations.approving import Waiting
from winback.operations.running import Ran
from winback.sending import allowing, prepared
from winback.sending.prepared import Prepared
from winback.store import database, runs
from winback.store.runs import Run

_USUAL = Sending()
BATCHES = 10
"""Of one task: opening files and lanes costs as much as hundreds of letters, and after each task a pause or a changed file is heard."""


def _begun(project: str, campaign: str, now: datetime) -> tuple[Prepared, Engine, Run | Waiting]:
    """The campaign as its files are now, and its run: each task asks anew whether it may go on."""
    winback = opened.project(project)
    ready, store = prepared.prepare(winback, campaign), opened.store(winback)
    return ready, store, beginning.begin(store, ready, now=now)


@task(cache_policy=NO_CACHE, task_run_name="enrol {campaign}")
def enrol(project: str, campaign: str, now: datetime | None) -> Waiting | None:
    """Decide on the cohort, or on those whose turn it is today; nothing when that was done. Or what a person must approve first."""
    ready, store, run = _begun(project, campaign, opened.moment(now))
    if isinstance(run, Waiting):
        return run
    enrolment.enrol(store, ready, run, now=opened.moment(now))
    return None


@task(cache_policy=NO_CACHE, task_run_name="queue {campaign}")
def queue_due(project: str, campaign: str, now: datetime | None) -> int:
    """Write the deliveries that have fallen due, and stop those of customers who ordered or were put on the black list."""
    moment = opened.moment(now)
    ready, store, begun = _begun(project, campaign, moment)
    if isinstance(begun, Waiting):
        return 0
    queued = sum(running.queue_due(ready, store, run, now=moment) for run in campaign_run.under_way(store, ready))
    stopping.stop_if_due(store, now=moment)
    return queued


@task(cache_policy=NO_CACHE, task_run_name="send a batch of {campaign}")
def send_batch(project: str, campaign: str, now: datetime | None) -> Ran:
    """Send a few batches, by a clock that goes on meanwhile; no deliveries when nothing is left in any run, or may leave any more."""
    ready, store, begun = _begun(project, campaign, opened.moment(now))
    if isinstance(begun, Waiting):
        return Ran(campaign, begun.asked.run, RunStatus.WAITING, waiting=begun)
    ran = Ran(campaign, begun.number, begun.status)
    for run in campaign_run.under_way(store, ready):
        worker = uuid.uuid4().hex
        going = running.send_batch(ready, store, run, now=opened.watch(now), worker=worker, batches=BATCHES, tell=alarms.emit)
        ran = asyncio.run(going)
        if ran.deliveries:
            break
    return ran


@flow(name="enrol-and-send", flow_run_name="enrol and send")
def enrol_and_send(options: Sending = _USUAL) -> dict[str, int]:
    """Go on with one campaign (started if it hasn't been), or with every one that was started and isn't over. Returns letters by status.

    A campaign that can't go on (a broken file, a closed lane) doesn't hold up the others: what is wrong is raised at the end. One that
    waits for a person's approval sends nothing, and is no failure.
    """
    project, now = options.project, options.now
    totals: dict[str, int] = {}
    problems: list[Problem] = []
    for name in [options.campaign] if options.campaign else started(project):
        if is_over(project, name):
            continue
        try:
            _go_on(project, name, now, totals)
        except Refused as refused:
            problems += refused.problems
        except database.Failure as failure:
            problems.append(opened.failed(name, failure))
    if problems:
        raise Refused(problems)
    return totals


def _go_on(project: str, campaign: str, now: datetime | None, totals: dict[str, int]) -> None:
    if waiting := enrol(project, campaign, now):
        get_run_logger().warning("%s waits for approval of letters to %d people: winback approve %s", campaign, waiting.asked.people, campaign)
        return
    queue_due(project, campaign, now)
    faults = send_queued(project, campaign, now, totals)
    finish(project, campaign, now)
    if faults:
        raise Refused(faults)


def send_queued(project: str, campaign: str, now: datetime | None, totals: dict[str, int]) -> list[Problem]:
    """Send what is queued and due, as many tasks as it takes; counts go into `totals`. Returns what was wrong with letters."""
    faults: set[Problem] = set()
    held_back = 0
    while (ran := send_batch(project, campaign, now)).deliveries:
        faults |= ran.faults
        held_back += ran.held_back
        for status, count in ran.deliveries.items():
            totals[str(status)] = totals.get(str(status), 0) + count
    if held_back:
        get_run_logger().warning("%s: %s", campaign, allowing.told(opened.project(project), held_back))
    return sorted(faults, key=str)


def started(project: str) -> list[str]:
    """Campaigns with a run that is under way; a new file in config/campaigns/ sends nothing until a person starts it.

    One that waits for approval is among them: it goes on once its files are again those that were approved.
    """
    with database.reading(opened.store(opened.project(project))) as connection:
        return list(dict.fromkeys(run.campaign for run in runs.unfinished(connection) if run.status is not RunStatus.PAUSED))


def is_over(project: str, campaign: str) -> bool:
    """A run that came to its end stays there; only a person begins the next."""
    return campaign_run.is_over(opened.store(opened.project(project)), campaign)


def finish(project: str, campaign: str, now: datetime | None) -> None:
    """Settle codes; close runs in which everybody has come to an end; count what came back, once a day."""
    winback = opened.project(project)
    store = opened.store(winback)
    with database.reading(store) as connection:
        found = runs.unfinished_of(connection, campaign)
    for run in found:
        if run.status is RunStatus.ACTIVE:
            running.settle_codes(store, run, opened.moment(now))
            running.finish(winback, store, run, opened.moment(now))
