"""winback webhooks send: look for what is to be told, tell it, try again later, give up after days with an alarm."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

from winback.channels import alarm, webhook
from winback.channels.webhook import Answer
from winback.errors import ConfigError, Problem
from winback.operations import webhook_file
from winback.operations.webhook_file import Endpoint, Webhooks
from winback.settings import Project
from winback.store import database, webhooks
from winback.store.webhooks import Status
from winback.strictyaml import nearest

log = logging.getLogger(__name__)

_AT_ONCE = 20
_LEASE = timedelta(minutes=5)  # _AT_ONCE tries at the same time take ten seconds
_WAITS = tuple(timedelta(seconds=each) for each in (30, 120, 600, 1_800, 7_200, 21_600, 43_200))
_GONE = 410  # who answers so wants no more


@dataclass(frozen=True, slots=True)
class Sent:
    """What one go did."""

    noted: int  # facts that messages were written for
    counts: Mapping[str, int]  # taken, put-off, given-up

    def as_json(self) -> dict[str, Any]:
        return {"noted": self.noted, **{word: self.counts.get(word, 0) for word in ("taken", "put-off", "given-up")}}


@dataclass(frozen=True, slots=True)
class _Way:
    """How an endpoint is told."""

    endpoint: Endpoint
    secrets: Sequence[str]
    trusted: ssl.SSLContext | None


def send(project: Project, engine: Engine, *, clock: Callable[[], datetime]) -> Sent:
    """Note what happened, and tell everybody whom config/webhooks.yaml names, until nothing is due.

    An endpoint that doesn't take a message gets no other in the same go. Raises ConfigError before anything when an endpoint has no secret,
    or its authority no certificates.
    """
    file = webhook_file.read(project)
    ways = {name: _Way(each, webhook_file.secrets_of(project, name), webhook_file.trusted(project, name, each)) for name, each in file.out.items()}
    noted = 0
    with database.writing(engine) as connection:
        webhooks.forget_others(connection, list(file.out), clock())
    for name, endpoint in file.out.items():
        with database.writing(engine) as connection:
            noted += webhooks.look(connection, name, endpoint.events, clock())
    counts = asyncio.run(_tell(engine, file, ways, clock))
    if lost := {name: count for (name, word), count in counts.items() if word == "given-up"}:
        _alarm(project, lost)
    return Sent(noted, Counter(word for name, word in counts.elements()))


async def _tell(engine: Engine, file: Webhooks, ways: Mapping[str, _Way], clock: Callable[[], datetime]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    failing: set[str] = set()
    while True:
        with database.writing(engine) as connection:
            due = webhooks.claim(connection, clock(), lease=_LEASE, without=failing, limit=_AT_ONCE)
        if not due:
            return counts
        answers = await asyncio.gather(*(_post(ways[each.endpoint], each, clock()) for each in due))
        for message, answer in zip(due, answers, strict=True):
            word = _conclude(engine, file, message, answer, clock())
            counts[message.endpoint, word] += 1
            if word != "taken":
                failing.add(message.endpoint)


async def _post(way: _Way, message: Row[Any], now: datetime) -> Answer:
    body = json.dumps(told(message), separators=(",", ":")).encode()
    stamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": webhook.sign(way.secrets, message.message_id, stamp, body),
    }
    return await webhook.post(way.endpoint.url, body, headers, private=way.endpoint.private, trusted=way.trusted)


def told(message: Row[Any]) -> dict[str, Any]:
    """What a message says: the shop's id of the customer, and words and numbers of ours; no name, no address, nothing that anybody wrote."""
    data = {"customer": message.customer, "campaign": message.campaign, "run": message.run, "stage": message.stage, "delivery": message.delivery_id}
    arm = {"arm": message.arm} if message.kind == "returned" else {}
    return {"type": message.kind, "timestamp": message.happened_at.isoformat(), "data": data | arm}


def _conclude(engine: Engine, file: Webhooks, message: Row[Any], answer: Answer, now: datetime) -> str:
    wait = max(after(message.message_id, message.attempts), timedelta(seconds=answer.after_seconds))
    lost = answer.status == _GONE or now + wait > message.asked_at + file.give_up_after
    status = Status.TAKEN if answer.is_taken else Status.GIVEN_UP if lost else Status.WAITING
    with database.writing(engine) as connection:
        webhooks.conclude(connection, message, status, answer=answer.said, next_at=now + wait, now=now)
    return "put-off" if status is Status.WAITING else str(status)


def after(message_id: str, attempts: int) -> timedelta:
    """How long to wait after so many tries: longer each time, and a fifth more or less, so that not all come back at once."""
    wait = _WAITS[min(attempts, len(_WAITS)) - 1]
    drawn = int.from_bytes(hashlib.sha256(f"{message_id} {attempts}".encode()).digest()[:4], "big") / 2**32
    return wait * (0.8 + 0.4 * drawn)


def _alarm(project: Project, lost: Mapping[str, int]) -> None:
    for name, count in lost.items():
        text = f"{count} messages to `{name}` were given up. When it answers again: winback webhooks again --endpoint {name}"
        log.error("%s", text)
        urls = project.secret("WINBACK_ALARM_URLS").split()
        if failed := alarm.send(urls, f"winback: nobody takes webhooks at {name}", text) if urls else []:
            log.error("the alarm about %s didn't reach everybody: look at WINBACK_ALARM_URLS (%s)", name, ", ".join(failed))


def listed(engine: Engine, *, status: str = "", endpoint: str = "", before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Messages, the newest first. Raises ConfigError for a status that doesn't exist."""
    if status and status not in set(Status):
        raise ConfigError(Problem("", None, f"there is no status `{status[:80]}`.", nearest(status[:80], list(Status), "Statuses")))
    with database.reading(engine) as connection:
        rows = webhooks.listed(connection, status=status, endpoint=endpoint, before=before, limit=limit)
    return [_shown(row) for row in rows]


def again(engine: Engine, *, ids: Sequence[int] = (), endpoint: str = "", now: datetime) -> int:
    """Have messages that were given up sent again: these, or all of an endpoint. How many."""
    with database.writing(engine) as connection:
        return webhooks.again(connection, ids, endpoint, now)


def _shown(row: Row[Any]) -> dict[str, Any]:
    moments = {name: getattr(row, name) and getattr(row, name).isoformat() for name in ("happened_at", "next_at", "ended_at")}
    plain = {name: getattr(row, name) for name in ("id", "message_id", "endpoint", "kind", "customer", "status", "attempts", "answer")}
    return {**plain, **moments}
