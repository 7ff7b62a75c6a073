"""Is everything in place? Files, secrets, database, clock, lanes; the mail server, the bot, the public pages; DNS. Nothing is changed or sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from winback.channels.dns_lookup import Lookup
from winback.operations import diagnosing_house, diagnosing_names, diagnosing_ways
from winback.operations.diagnosis import Finding
from winback.settings import Project


def examine(project: Project, lookup: Lookup, *, now: datetime, leaves_from: Sequence[str] = ()) -> Iterator[Finding]:
    """Finding by finding, as they are made. `leaves_from`: addresses that letters leave from, where the mail server's own aren't they.

    The database is opened as every command does, which brings its tables up to date.
    """
    yield from diagnosing_house.look(project, now)
    yield from diagnosing_ways.mail(project, now)
    yield from diagnosing_ways.bot(project)
    yield from diagnosing_ways.pages(project, now)
    yield from diagnosing_names.look(project, lookup, leaves_from)
