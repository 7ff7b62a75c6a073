"""Run a campaign: open the lanes, enrol once, queue what is due, send it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Engine

from winback import tracing
from winback.channels.channel import Channel
from winback.errors import ConfigError, LaneError, Problem, Refused
from winback.model import ChannelName, DeliveryStatus, Reason, RunStatus
from winback.operations import alarming, beginning, campaign_run, enrolment, knowing, measuring, stopping
from winback.operations.alarming import Tell
from winback.operations.approving import Waiting
from winback.sending import allowing, editions, fuse, greeting, lanes, queue
from winback.sending.compose import Writer
from winback.sending.greeting import Greeter
from winback.sending.loop import Lanes, LaneStoppedError, Worker
from winback.sending.prepared import Prepared
from winback.settings import Project
from winback.store import codes, database, fuses, runs
from winback.store.runs import Run

log = logging.getLogger(__name__)
Progress: TypeAlias = Callable[[str, int], None]
OpenChannel: TypeAlias = Callable[[Project, ChannelName], Channel[Any]]


@dataclass(slots=True)
class Ran:
    """What one go at a campaign did."""

    campaign: str
    run: int
    status: RunStatus
    enrolled: int = 0
    queued: int = 0
    deliveries: Counter[DeliveryStatus] = field(default_factory=Counter)
    faults: set[Problem] = field(default_factory=set)  # letters that couldn't be filled in and were put off
    held_back: int = 0  # letters that would have left in production
    waiting: Waiting | None = None  # nothing was done: a person must approve this first

    def as_json(self) -> dict[str, Any]:
        if self.waiting is not None:
            return {"campaign": self.campaign, "run": self.run, "status": "waiting-for-approval", "approval": self.waiting.as_json()}
        counts = {str(status): count for status, count in sorted(self.deliveries.items())}
        return {
            "campaign": self.campaign,
            "run": self.run,
            "status": self.status,
            "enrolled": self.enrolled,
            "queued": self.queued,
            "deliveries": counts,
            "held_back": self.held_back,
        }


async def go(
    prepared: Prepared,
    engine: Engine,
    *,
    now: Callable[[], datetime],
    worker: str,
    open_channel: OpenChannel = lanes.open_channel,
    again: bool = False,
    progress: Progress | None = None,
) -> Ran:
    """Enrol (once), queue and send everything that is due. The lanes are opened first: a closed one changes nothing.

    Raises ConfigError when a lane can't be opened or the campaign is over, TemplateError when a letter can't be filled in, Refused when a
    lane stops in the middle: what was not handed over is planned again and goes out with the next run, the other lanes go on. What a person must approve first
    changes nothing but being asked; of a daily campaign, who came in today is kept.
    """
    async with open_lanes(prepared, worker=worker, open_channel=open_channel) as opened:
        made_of = editions.read(prepared)  # before `begin` refuses files that were saved meanwhile
        run = beginning.begin(engine, prepared, now=now(), again=again)
        if isinstance(run, Waiting):
            return Ran(prepared.name, run.asked.run, RunStatus.WAITING, waiting=run)
        ran = Ran(prepared.name, run.number, run.status)
        ran.enrolled = enrolment.enrol(engine, prepared, run, now=now(), progress=_part(progress, "enrol"))
        if prepared.campaign.is_daily and ran.enrolled:  # so many may have come in today that somebody must look first
            came_in = beginning.begin(engine, prepared, now=now())
            if isinstance(came_in, Waiting):
                return Ran(prepared.name, came_in.asked.run, RunStatus.WAITING, enrolled=ran.enrolled, waiting=came_in)
        _let_go_on(engine, opened, now())
        for each in campaign_run.under_way(engine, prepared):
            editions.keep(engine, made_of, each, now=now())
            await send(prepared, engine, each, opened, ran, now=now, progress=progress)
            status = finish(prepared.project, engine, each, now())
            ran.status = status if each.id == run.id else ran.status
        ran.held_back = allowing.held_back(opened.channels.values())
    return ran


async def send(
    prepared: Prepared,
    engine: Engine,
    run: Run,
    opened: Lanes,
    ran: Ran,
    *,
    now: Callable[[], datetime],
    progress: Progress | None = None,
    writer: type[Writer] = Writer,
) -> None:
    """Queue and send until nothing is due any more; counts go into `ran`."""
    if prepared.asked:  # what stages ask is answered by facts that know of what was done since the last go
        knowing.prepare_campaign(prepared, engine, now=now())
    worker = Worker(engine, run, writer(prepared, engine), opened, now)
    queued = -1
    while queued:
        first = queued < 0
        queued = queue_due(prepared, engine, run, now=now())
        ran.queued += queued
        if first:
            stopping.stop_if_due(engine, now=now())
        with (
            _told_where(prepared, engine, now),
            ThreadPoolExecutor(1, thread_name_prefix="winback-alarm") as aside,
            tracing.span("batch", campaign=prepared.name, run=run.number),
        ):
            await worker.send_due(_alarming(prepared, engine, now, aside, _part(progress, "send")))
    _tell(prepared, run, worker.sent)
    ran.deliveries += worker.sent
    settle_codes(engine, run, now())


def queue_due(prepared: Prepared, engine: Engine, run: Run, *, now: datetime) -> int:
    """Queue everything that is due. Returns how many deliveries were written. Greetings are looked at once a day before."""
    if greeter := Greeter.of(prepared):
        greeting.look(engine, greeter, run, now=now)
        return greeting.queue_due(engine, greeter, run, now=now)
    return queue.queue_due(engine, run, prepared.campaign, prepared.policy, now=now, calendar=prepared.calendar)


def settle_codes(engine: Engine, run: Run, now: datetime) -> None:
    """Codes whose last day has passed, and those that nobody was told of and won't be; counts of lanes that are too old go."""
    with database.writing(engine) as connection:
        codes.settle(connection, run, now)
        fuse.forget_old(connection, now)


async def send_batch(
    prepared: Prepared, engine: Engine, run: Run, *, now: Callable[[], datetime], worker: str, batches: int = 1, tell: Tell | None = None
) -> Ran:
    """One batch of what is queued and due in a run, or a few, over lanes opened for it: what a schedule's task does. Empty: nothing is left.

    Nobody may be at the screen: a lane that is closed raises an alarm, and the others go on without it. `tell` hears of alarms too.
    Raises ConfigError when all lanes are closed, Refused when one stops and nothing came of this go.
    """
    ran = Ran(prepared.name, run.number, run.status)

    def closed(name: ChannelName, problem: Problem) -> None:
        alarming.closed(prepared.project, engine, name, str(problem), now=now(), tell=tell)
        ran.faults.add(problem)

    async with open_lanes(prepared, worker=worker, closed=closed) as opened:
        _let_go_on(engine, opened, now())
        claiming = Worker(engine, run, Writer(prepared, engine), opened, now)
        try:
            with _told_where(prepared, engine, now, tell), tracing.span("batch", campaign=prepared.name, run=run.number):
                await claiming.send_batches(batches)
        except Refused as refused:
            if set(claiming.sent) <= {DeliveryStatus.PLANNED}:  # or whoever calls again and again would never end
                raise
            ran.faults |= set(refused.problems)
        _tell(prepared, run, claiming.sent)
        ran.deliveries += claiming.sent
        ran.held_back = allowing.held_back(opened.channels.values())
        ran.faults |= claiming.faults
    return ran


def _tell(prepared: Prepared, run: Run, became: Counter[DeliveryStatus]) -> None:
    """What a go came to, in counts: a log names no customer."""
    if became:
        log.info("sent", extra={"campaign": prepared.name, "run": run.number, **{str(status): count for status, count in became.items()}})


def _let_go_on(engine: Engine, opened: Lanes, now: datetime) -> None:
    """Letters that waited for a channel which is open again are due now; a campaign's only channel makes nobody wait."""
    if len(opened.channels) + len(opened.closed) > 1:
        with database.writing(engine) as connection:
            for name in opened.channels:
                fuses.release_letters(connection, str(name), now, Reason.LANE_CLOSED)


def finish(project: Project, engine: Engine, run: Run, now: datetime) -> RunStatus:
    """The run's status, finished when everybody has come to an end. What came back so far is counted, once a day."""
    with database.writing(engine) as connection:
        status = RunStatus.FINISHED if runs.finish_if_done(connection, run.id) else run.status
    measuring.once_a_day(engine, run, project.zone, now)
    return status


@contextmanager
def _told_where(prepared: Prepared, engine: Engine, now: Callable[[], datetime], tell: Tell | None = None) -> Iterator[None]:
    """A lane that stops in the middle becomes a sentence that points into settings.yaml, and an alarm; a fuse that blew, an alarm."""
    try:
        yield
    except LaneStoppedError as stopped:
        problem = lanes.problem(prepared.project, stopped.channel, stopped.error)
        alarming.closed(prepared.project, engine, stopped.channel, str(problem), now=now(), tell=tell)
        raise Refused(problem) from stopped
    else:
        alarming.raise_due(prepared.project, engine, now(), tell)


def _alarming(
    prepared: Prepared, engine: Engine, now: Callable[[], datetime], aside: Executor, progress: Callable[[int], None] | None
) -> Callable[[int], None]:
    """After each batch, so that nobody waits for a long run's end to hear of a fuse; no letter waits for whoever is told."""

    def sent(count: int) -> None:
        alarming.raise_due(prepared.project, engine, now(), aside=aside)
        if progress:
            progress(count)

    return sent


@asynccontextmanager
async def open_lanes(
    prepared: Prepared,
    *,
    worker: str,
    open_channel: OpenChannel = lanes.open_channel,
    closed: Callable[[ChannelName, Problem], None] | None = None,
) -> AsyncIterator[Lanes]:
    """Every channel of the campaign, entered. Raises ConfigError that points into settings.yaml when one is closed.

    With `closed` it is told of those that are, and the rest are opened without them; only when there is no rest, ConfigError is raised.
    """
    async with AsyncExitStack() as stack:
        channels: dict[ChannelName, Channel[Any]] = {}
        away: dict[ChannelName, LaneError] = {}
        for name in sorted(prepared.campaign.channels):
            try:
                channels[name] = await stack.enter_async_context(open_channel(prepared.project, name))
            except LaneError as error:
                away[name] = error
                problem = lanes.problem(prepared.project, name, error)
                if closed:
                    closed(name, problem)
                if not closed or len(away) == len(prepared.campaign.channels):
                    raise ConfigError(problem) from error
        yield Lanes(channels, worker, prepared.project.settings.batch, away)


def _part(progress: Progress | None, step: str) -> Callable[[int], None] | None:
    return None if progress is None else lambda count: progress(step, count)
