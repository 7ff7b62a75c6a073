"""Find deliveries by customer, address, campaign, stage, status, channel and day, and tell the whole story of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.errors import ConfigError
from winback.model import TASK, ChannelName, DeliveryStatus, EventKind, TaskStatus
from winback.operations import suppressing
from winback.settings import Project
from winback.speech import N_, NP_, called, joined, said, worded
from winback.store import database, delivery_search, delivery_stories, runs
from winback.store.contacts import address_hash
from winback.store.delivery_search import Key, Looked
from winback.store.delivery_stories import Story

AT_ONCE = 50
_LONGEST = 320  # characters of an address, or an id


@dataclass(frozen=True, slots=True)
class Wanted:
    """The fields of a search as somebody filled them in; what is empty isn't asked."""

    who: str = ""  # the shop's id of a customer, an e-mail address, a phone, a chat's number
    campaign: str = ""
    stage: str = ""
    status: str = ""
    channel: str = ""
    day: str = ""  # on which they are or were due, by the shop's calendar

    @property
    def is_empty(self) -> bool:
        return not any((self.who, self.campaign, self.stage, self.status, self.channel, self.day))


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery in a list."""

    id: int
    customer: str
    campaign: str
    run: int
    stage: str
    tactic: str
    channel: str
    letter: str
    status: DeliveryStatus
    why: str
    at: datetime  # when it left, else when it falls or fell due


@dataclass(frozen=True, slots=True)
class Found:
    """A page of deliveries, the latest due first; `after` leads to the next one, empty: there are no more."""

    lines: tuple[Line, ...]
    after: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)  # by field, why it can't be meant


def search(project: Project, engine: Engine, wanted: Wanted, *, after: str = "", limit: int = AT_ONCE) -> Found:
    """Deliveries that fit."""
    faults, day = dict(_faults(wanted)), _day(wanted.day)
    if faults:
        return Found((), faults=faults)
    with database.reading(engine) as connection:
        looked = Looked(
            customers=_whose(project, connection, wanted.who) if wanted.who else None,
            campaign=wanted.campaign,
            stage=wanted.stage,
            status=DeliveryStatus(wanted.status) if wanted.status else None,
            channel=wanted.channel,
            due_from=clock.start_of_day(day, project.zone) if day else None,
            due_before=clock.start_of_day(day + timedelta(days=1), project.zone) if day else None,
        )
        if looked.customers is not None and not looked.customers:
            return Found(())
        page = delivery_search.find(connection, looked, key(after), limit=limit)
    return Found(tuple(map(_line, page.rows)), "" if page.after is None else f"{page.after.due_at.isoformat()}~{page.after.id}")


def campaigns(project: Project, engine: Engine) -> list[str]:
    """Those that ever ran, or have a file."""
    with database.reading(engine) as connection:
        return sorted({*runs.campaigns(connection), *project.names("campaigns")})


def _faults(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if len(wanted.who) > _LONGEST or "\0" in wanted.who:
        yield "who", "no id and no address is so long."
    if any("\0" in text for text in (wanted.campaign, wanted.stage)):
        yield "stage", "there is no such stage."
    if wanted.status and wanted.status not in set(DeliveryStatus):
        yield "status", "there is no such status."
    if wanted.channel and wanted.channel not in {*ChannelName, TASK}:
        yield "channel", "there is no such channel."
    if wanted.day and _day(wanted.day) is None:
        yield "day", "that is not a day. Write it as 2026-03-09."


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _whose(project: Project, connection: Any, who: str) -> Sequence[int]:
    """Customers by the shop's id, else by an address of theirs."""
    if found := delivery_search.whose_key(connection, who):
        return found
    try:
        channels, address = suppressing.parse(who)
    except ConfigError:
        return ()
    return delivery_search.whose_addresses(connection, [(channel, address_hash(project.key, channel, address)) for channel in channels])


def key(text: str) -> Key | None:
    """A key that a page gave out; what else stands there begins anew."""
    moment, _, number = text.partition("~")
    try:
        due_at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Key(due_at, int(number)) if due_at.tzinfo and number.isascii() and number.isdecimal() and len(number) < 19 else None


def _line(row: Row[Any]) -> Line:
    return Line(
        row.id,
        row.customer,
        row.campaign,
        row.number,
        row.stage,
        row.tactic,
        row.channel,
        row.letter,
        DeliveryStatus(row.status),
        row.reason,
        row.sent_at or row.due_at,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened with a delivery, or is to come."""

    at: datetime
    what: str
    said: str = ""  # in the other side's words, or a customer's machine's


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery with its story, in order of time."""

    line: Line
    name: str
    locale: str
    occasion: str
    detail: str
    attempts: int
    relay: str
    message_id: str
    remote_id: str
    run_status: str
    steps: tuple[Step, ...]
    more_events: bool

    @property
    def is_uncertain(self) -> bool:
        return self.line.status is DeliveryStatus.UNCERTAIN


def story(engine: Engine, number: int, *, now: datetime) -> Told | None:
    """None: there is no such delivery."""
    with database.reading(engine) as connection:
        found = delivery_stories.read(connection, number)
    if found is None:
        return None
    row = found.delivery
    steps = sorted([*_own(row, now), *_back(found), *_task(found), *_said(found)], key=lambda step: step.at)
    return Told(
        _line(row),
        " ".join(filter(None, (row.given_name, row.family_name))),
        row.locale,
        row.occasion,
        row.detail,
        row.attempts,
        row.relay,
        row.message_id,
        row.remote_id,
        row.run_status,
        tuple(steps),
        found.more_events,
    )


def _own(row: Row[Any], now: datetime) -> Iterator[Step]:
    """What the ledger says of the letter itself."""
    status = DeliveryStatus(row.status)
    if status is not DeliveryStatus.PLANNED or row.due_at <= now:
        yield Step(row.due_at, said(NP_("step", "due")))
    if row.first_tried_at is not None and row.first_tried_at != row.handed_over_at:
        yield Step(row.first_tried_at, said(N_("tried for the first time")))
    if row.handed_over_at is not None:
        by = {"channel": called(row.channel, "channel"), "relay": row.relay}
        sentence = N_("handed over by %(channel)s through %(relay)s") if row.relay else N_("handed over by %(channel)s")
        yield Step(row.handed_over_at, said(sentence, **by))
    if row.sent_at is not None:
        yield Step(row.sent_at, said(N_("accepted by the other side")), row.detail if status is DeliveryStatus.SENT else "")
    if status is DeliveryStatus.PLANNED and row.due_at > now:
        coming = said(N_("to come, put off: %(reason)s"), reason=called(row.reason, "reason")) if row.reason else said(N_("to come"))
        yield Step(row.due_at, coming, row.detail)
    elif status not in {DeliveryStatus.SENT, DeliveryStatus.PLANNED}:
        ended = max(filter(None, (row.handed_over_at, row.due_at)))
        stands = worded(str(status), "delivery")
        if row.reason:
            stands = said("%(status)s: %(reason)s", status=stands, reason=called(row.reason, "reason"))
        yield Step(ended, stands, row.detail)


def _back(found: Story) -> Iterator[Step]:
    """What came back, with who is thought to be behind it; of a bounce, what it means."""
    for event in found.events:
        signals: Mapping[str, Any] = event.signals or {}
        means = said(N_("status %(status)s"), status=signals["status"]) if event.kind == EventKind.BOUNCE and signals.get("status") else ""
        because = str(signals.get("why") or "").replace("-", " ")
        what = said("%(what)s (%(verdict)s)", what=called(event.kind, "event"), verdict=called(event.verdict, "verdict"))
        yield Step(event.happened_at, what, joined(filter(None, (means, because, event.url or "")), "; "))


def _task(found: Story) -> Iterator[Step]:
    task = found.task
    if task is None:
        return
    kind, who = called(task.kind, "task"), task.manager or said(N_("somebody"))
    yield Step(task.asked_at, said(N_("%(task)s asked of %(who)s, by %(day)s"), task=kind, who=who, day=f"{task.due_at:%Y-%m-%d}"))
    if task.done_at is not None and task.status != TaskStatus.OPEN:
        told = {"task": kind, "status": called(task.status, "task status")}
        done = said(N_("%(task)s %(status)s by %(who)s"), **told, who=task.done_by) if task.done_by else said("%(task)s %(status)s", **told)
        yield Step(task.done_at, done, task.note)


def _said(found: Story) -> Iterator[Step]:
    for deed in found.deeds:
        answer = json.loads(deed.detail).get("answer", "")
        what = said(N_("%(what)s by %(who)s"), what=called(deed.deed, "audit"), who=deed.who)
        yield Step(deed.done_at, said("%(what)s: %(answer)s", what=what, answer=answer) if answer else what)
