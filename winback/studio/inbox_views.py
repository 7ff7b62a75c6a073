"""The views of the inbox that lie beside the threads: replies that nobody may have seen, and tasks, with how many of each wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from winback.operations import tasks, threads, unshown
from winback.studio.desk import Desk
from winback.studio.words import N_, NP_

LAST_PAGE = 10_000
VIEWS = {
    "": N_("open and waiting"),
    "open": NP_("threads", "open"),
    "overdue": NP_("threads", "overdue"),
    "waiting": NP_("threads", "waiting"),
    "closed": NP_("threads", "closed"),
}
"""Of threads."""


def of_threads(desk: Desk, now: datetime, assignee: str | None = None) -> list[tuple[str, str, str, int, bool]]:
    """The same of each view of threads; `assignee` as their list has it: a sender's key, `-` for nobody's, None for anybody's."""
    counted = threads.counts(desk.engine, now=now, assignee="" if assignee == "-" else assignee or None)
    counts = {**counted, "": counted["open"] + counted["waiting"]}
    return [
        (name, says, address("/inbox", show=name, assignee=assignee or ""), counts[name], name == "overdue" and counts[name] > 0)
        for name, says in VIEWS.items()
    ]


def beside(desk: Desk, now: datetime) -> list[tuple[str, str, str, int, bool]]:
    """(name, what it says, address, how many wait, whether that is bad)."""
    is_open, overdue = tasks.counts(desk.project, desk.engine, now=now)
    replies = unshown.count(desk.engine)
    return [
        ("replies", N_("replies by mail"), "/inbox/replies", replies, replies > 0),
        ("tasks", N_("tasks"), "/inbox/tasks", is_open, overdue > 0),
    ]


def address(path: str, **asked: Any) -> str:
    """A list narrowed by what isn't empty; the first page needs no number."""
    narrowed: Mapping[str, str] = {name: str(value) for name, value in asked.items() if value and not (name == "page" and value == 1)}
    return f"{path}?{urlencode(narrowed)}" if narrowed else path
