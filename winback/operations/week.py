"""The days behind us, gathered for whoever reads them on a Monday: letters, answers, returns, and what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Engine

from winback import clock
from winback.limits import FuseCause
from winback.operations import lane_words, reporting, today
from winback.outcomes import languages
from winback.outcomes.report import Report
from winback.outcomes.weekly import CampaignWeek, Weekly
from winback.settings import Project
from winback.store import database, fuses, runs, week
from winback.store.fuses import Fuse

Apart: TypeAlias = Callable[[str], AbstractContextManager[None, bool | None]]
"""What a campaign is measured within: flows keep there what failed, and go on."""


def tell(project: Project, engine: Engine, *, now: datetime, days: int = 7, apart: Apart = lambda _: nullcontext()) -> Weekly:
    """So many whole days back from the last midnight of the shop. Every campaign with something under test is measured, as of now."""
    day = clock.local_day(now, project.zone)
    first, last = day - timedelta(days=days), day - timedelta(days=1)
    since, until = clock.start_of_day(first, project.zone), clock.start_of_day(day, project.zone)
    with database.reading(engine) as connection:
        sent, back = week.sent(connection, since, until), week.came_back(connection, since, until)
        tested = {run.campaign for run in runs.begun_by(connection, now)}
        waiting = [each.campaign for each in today.waiting(connection)]
        stopped = _stopped(connection, since, until)
        names = runs.campaigns(connection)
    reports: dict[str, Report] = {}
    for name in names:
        if name in tested:
            with apart(name):
                reports[name] = reporting.measure_and_report(project, engine, name, now=now)
    campaigns = [CampaignWeek(name, sent.get(name, 0), back.get(name, Counter()), reports.get(name)) for name in names]
    words = languages.words(project.settings.report_language)
    return Weekly(
        first,
        last,
        tuple(each for each in campaigns if not each.is_quiet),
        tuple(waiting),
        words,
        tuple(lane_words.happened(each) for each in stopped),
        tuple(lane_words.reported(each, words) for each in stopped),
    )


def _stopped(connection: Connection, since: datetime, until: datetime) -> list[Fuse]:
    """By themselves; one that a person stopped is known to them. The oldest first."""
    blown = [each for each in fuses.history(connection) if since <= each.blown_at < until and each.cause is not FuseCause.PERSON]
    return blown[::-1]
