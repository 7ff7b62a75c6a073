"""winback threads, winback thread: what customers wrote, who answers, and what became of each answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback.errors import ConfigError, Problem
from winback.journey import office
from winback.journey.office import Office
from winback.journey.threads import Author, ThreadStatus
from winback.letters import sender
from winback.model import ChannelName
from winback.operations.tending import shows
from winback.operations.waiting import Wait
from winback.settings import Project
from winback.speech import N_, figure, said
from winback.store import audit, database, thread_answers, thread_lists, threads
from winback.strictyaml import nearest

LONGEST = 3_500
"""Characters of an answer: a messenger takes 4,096, and a signature stands above."""
_BLOCKED = N_("They blocked the bot: an answer there can't reach them until they let it in again.")


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread, as a list shows it. Moments are aware UTC; None where nothing is known, or nobody waits."""

    id: int
    customer: str  # the shop's id; empty: nobody that the shop knows
    name: str
    channel: str
    status: str
    why: str
    assignee: str
    opened_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None
    is_overdue: bool
    wait: Wait | None
    first_answer_at: datetime | None
    first_answer_by: str
    closed_at: datetime | None
    last_by: str  # journey.threads.Author
    last_words: str
    in_doubt: int  # answers of which nobody knows whether they left
    failed: int  # answers that didn't arrive
    is_blocked: bool  # the customer blocked the bot

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "wait"}
        told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
        if self.wait is None:
            return told | {"waits_minutes": None, "feels_minutes": None, "waits_working_minutes": None}
        minutes = (self.wait.plain, self.wait.felt, self.wait.working)
        names = ("waits_minutes", "feels_minutes", "waits_working_minutes")
        return told | {name: round(each.total_seconds() / 60) for name, each in zip(names, minutes, strict=True)}


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that was said, and what became of it."""

    id: int
    author: str
    by: str
    channel: str
    text: str
    has_media: bool
    at: datetime
    changed_at: datetime | None
    status: str
    detail: str

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """A thread with its words, and the other threads of the same person."""

    thread: Thread
    words: tuple[Word, ...]
    others: tuple[tuple[int, str, str, datetime], ...]  # number, status, why, when it began
    notices: tuple[str, ...]  # what stands in the way of an answer
    channels: tuple[str, ...]  # by which they can be answered

    def as_json(self) -> dict[str, Any]:
        others = [{"id": number, "status": status, "why": why, "opened_at": at.isoformat()} for number, status, why, at in self.others]
        said = {"words": [each.as_json() for each in self.words], "others": others}
        return {"thread": self.thread.as_json(), **said, "notices": list(self.notices), "channels": list(self.channels)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which threads somebody looks for. Without a status all but the closed ones."""

    status: str = ""
    assignee: str | None = None  # a key of senders.yaml; empty: those that are nobody's; None: anybody's
    overdue: bool = False
    customer: str = ""  # the shop's id; empty: anybody's


def listed(project: Project, engine: Engine, wanted: Wanted, *, now: datetime, limit: int | None = None, offset: int = 0) -> list[Thread]:
    """Who waits for us first, by the promise; then the newest. Raises ConfigError."""
    _known_status(wanted.status)
    hours = office.read(project)
    with database.reading(engine) as connection:
        rows = thread_lists.listed(
            connection,
            now,
            status=wanted.status,
            assignee=wanted.assignee,
            overdue=wanted.overdue,
            customer=wanted.customer,
            limit=limit,
            offset=offset,
        )
    return [_thread(row, hours, now) for row in rows]


def counts(engine: Engine, *, now: datetime, assignee: str | None = None) -> Mapping[str, int]:
    """How many are open, waiting, closed, overdue."""
    with database.reading(engine) as connection:
        return thread_lists.counts(connection, now, assignee)


def show(project: Project, engine: Engine, thread_id: int, *, now: datetime) -> Shown:
    """One thread. Raises ConfigError when there is none of that number."""
    hours = office.read(project)
    with database.reading(engine) as connection:
        row = _found(connection, thread_id)
        spoken = thread_lists.words(connection, thread_id)
        others = thread_lists.others(connection, row)
    thread = _thread(row, hours, now)
    ways = [ChannelName.TELEGRAM] if row.chat_id else []
    if thread.customer and (row.channel == ChannelName.EMAIL or any(each.channel == ChannelName.EMAIL for each in spoken)):
        ways.append(ChannelName.EMAIL)
    names = Word.__slots__
    return Shown(
        thread,
        tuple(Word(**{name: getattr(each, "happened_at" if name == "at" else name) for name in names}) for each in spoken),
        tuple((each.id, each.status, each.why, each.opened_at) for each in others),
        tuple(_notices(thread, row)),
        tuple(sorted(map(str, ways), key=lambda way: way != row.channel)),
    )


def _notices(thread: Thread, row: Row[Any]) -> Sequence[str]:
    told = [said(_BLOCKED)] if thread.is_blocked else []
    if row.forgotten_at is not None:
        told.append(said(N_("They asked to be forgotten: nothing of theirs is left.")))
    if thread.in_doubt:
        told.append(said(N_("Nobody knows whether an answer left: find out, and say so.")))
    return told


def answer(project: Project, engine: Engine, thread_id: int, text: str, *, by: str, key: str, now: datetime, channel: str = "") -> int:
    """Write down an answer, to be sent next; its number. `key` keeps the same answer from being written twice.

    Raises ConfigError for an answer that says nothing or too much, for somebody who isn't in senders.yaml, and for a closed thread.
    """
    words = text.replace("\r\n", "\n").strip()
    if not words or len(words) > LONGEST:
        what = said(N_("the answer has %(number)s characters."), number=figure(len(words))) if words else said(N_("the answer says nothing."))
        raise ConfigError(Problem("", None, what, said(N_("Write at most %(number)s characters."), number=figure(LONGEST))))
    _known_sender(project, by)
    if channel and channel not in set(ChannelName):
        raise ConfigError(
            Problem("", None, said(N_("there is no channel `%(channel)s`."), channel=channel), nearest(channel, set(ChannelName), "Channels"))
        )
    with database.writing(engine) as connection:
        _found(connection, thread_id)
        number = threads.answer(connection, thread_id, key, by, words, now, channel=channel, show=shows(project))
    if number is None:
        raise ConfigError(
            Problem("", None, said(N_("thread %(number)s is closed."), number=thread_id), f"Go on with it first: winback thread reopen {thread_id}")
        )
    return number


def assign(project: Project, engine: Engine, thread_id: int, assignee: str, *, by: str, now: datetime) -> str:
    """Give the thread to somebody, or to nobody. Returns the sentence to print. Raises ConfigError."""
    if assignee:
        _known_sender(project, assignee)
    with database.writing(engine) as connection:
        row = _found(connection, thread_id)
        if not threads.assign(connection, thread_id, assignee):
            raise ConfigError(
                Problem(
                    "", None, said(N_("thread %(number)s is closed."), number=thread_id), f"Go on with it first: winback thread reopen {thread_id}"
                )
            )
        if row.assignee != assignee:
            _record(connection, row, audit.Deed.ASSIGNED, {"from": row.assignee, "to": assignee}, by=by, now=now)
    return f"Thread {thread_id} is {f'{assignee}' if assignee else 'nobody'}'s now."


def close(engine: Engine, thread_id: int, *, by: str, now: datetime) -> str:
    """End the thread. Returns the sentence to print. Raises ConfigError."""
    with database.writing(engine) as connection:
        _found(connection, thread_id)
        done = threads.close(connection, thread_id, by, now)
    return f"Thread {thread_id} is closed. What they write next begins another." if done else f"Thread {thread_id} was closed already."


def reopen(engine: Engine, thread_id: int, *, by: str, now: datetime) -> str:
    """Go on with a closed thread. Returns the sentence to print. Raises ConfigError."""
    with database.writing(engine) as connection:
        row = _found(connection, thread_id)
        if row.status != ThreadStatus.CLOSED:
            return f"Thread {thread_id} isn't closed."
        if not threads.reopen(connection, thread_id):
            what = said(N_("thread %(number)s can't go on: they have another one that does, or are gone."), number=thread_id)
            raise ConfigError(Problem("", None, what, "Look for it with `winback threads`."))
        _record(connection, row, audit.Deed.REOPENED, {}, by=by, now=now)
    return f"Thread {thread_id} goes on."


def resolve(engine: Engine, word_id: int, outcome: str, *, now: datetime) -> str:
    """Say of an answer in doubt whether it arrived, or try one that failed again. Returns the sentence to print. Raises ConfigError."""
    with database.writing(engine) as connection:
        if outcome == "again":
            done = thread_answers.again(connection, word_id)
        elif outcome in {"sent", "not-sent"}:
            done = thread_answers.resolve(connection, word_id, arrived=outcome == "sent", now=now)
        else:
            raise ConfigError(Problem("", None, said(N_("`%(word)s` says nothing about an answer."), word=outcome), "Write sent, not-sent or again."))
    if not done:
        what = (
            N_("answer %(number)s hasn't failed.")
            if outcome == "again"
            else N_("answer %(number)s is in no doubt: only uncertain ones are resolved.")
        )
        raise ConfigError(Problem("", None, said(what, number=word_id), "`winback thread show` has their numbers."))
    return f"Answer {word_id} arrived." if outcome == "sent" else f"Answer {word_id} is sent again with the next `winback threads send`."


def _record(connection: Connection, row: Row[Any], deed: audit.Deed, detail: Mapping[str, str], *, by: str, now: datetime) -> None:
    about = f"thread {row.id}" if row.customer_id is None else audit.customer(row.customer_id)
    audit.record(connection, who=by, deed=deed, about=about, detail={"thread": row.id, **detail}, now=now)


def _found(connection: Connection, thread_id: int) -> Row[Any]:
    row = thread_lists.find(connection, thread_id) if 0 < thread_id < 2**63 else None
    if row is None:
        raise ConfigError(
            Problem("", None, said(N_("there is no thread %(number)s."), number=thread_id), "Give a number that `winback threads --all` shows.")
        )
    return row


def _known_sender(project: Project, key: str) -> None:
    if key not in (known := sender.read(project).names()):
        what = said(N_("there is no `%(key)s` in config/senders.yaml."), key=key)
        raise ConfigError(Problem("", None, what, nearest(key, known, "Senders")))


def _known_status(status: str) -> None:
    if status and status not in set(ThreadStatus):
        raise ConfigError(Problem("", None, f"a thread is never `{status}`.", nearest(status, set(ThreadStatus), "It is")))


def _thread(row: Row[Any], hours: Office, now: datetime) -> Thread:
    waits = row.status == ThreadStatus.OPEN and row.waiting_since is not None
    return Thread(
        id=row.id,
        customer=row.customer or "",
        name=" ".join(filter(None, (row.given_name, row.family_name))) or row.name,
        channel=row.channel,
        status=row.status,
        why=row.why,
        assignee=row.assignee,
        opened_at=row.opened_at,
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        is_overdue=waits and row.due_at is not None and row.due_at < now,
        wait=Wait.of(hours, row.waiting_since, max(now, row.waiting_since)) if waits else None,
        first_answer_at=row.first_answer_at,
        first_answer_by=row.first_answer_by,
        closed_at=row.closed_at,
        last_by=row.last_author or Author.BOT,
        last_words=row.last_text or (said(N_("(a picture, a voice or a file)")) if row.last_has_media else ""),
        in_doubt=row.in_doubt,
        failed=row.failed,
        is_blocked=row.blocked_at is not None,
    )
