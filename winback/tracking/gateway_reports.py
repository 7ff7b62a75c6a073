"""What gateways tell us by calling back: a message arrived, failed, or was answered. Nobody else can say so: the path holds a secret."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from winback.audience.phones import international
from winback.channels import gateway
from winback.channels.gateway import at
from winback.model import ChannelName, EventKind, Verdict
from winback.settings import Project
from winback.store import contacts, correspondence, database, events, phones
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import addresses, asking, endings, tokens
from winback.tracking.front import HEADERS, Front
from winback.tracking.tokens import Purpose
from winback.ways_out import GatewayReports

_MOST = 1_000  # reports in one call
_LONGEST_ID = 200
_LONGEST_WORDS = 4_000


@dataclass(frozen=True, slots=True)
class Report:
    """One of a call's reports, in the words that settings.yaml gives them."""

    id: str
    status: str
    sender: str = ""
    text: str = ""


def add(app: FastAPI, front: Front) -> None:
    """Answer the paths of gateways."""

    @app.post(addresses.GATEWAY + "{channel}/{key}")
    async def take(channel: str, key: str, request: Request) -> Response:
        """Reports as JSON, as a form, or behind the question mark; told twice they count once."""
        settings = _reports(front.project, channel)
        delivery = _delivery(front.project, ChannelName(channel), key)
        told = list(read(settings, await request.body(), request.headers.get("content-type", ""), request.url.query))
        await asyncio.to_thread(_store, front, ChannelName(channel), settings, told, delivery)
        return PlainTextResponse("ok\n", HTTPStatus.OK, HEADERS)


def _reports(project: Project, channel: str) -> GatewayReports:
    found = project.settings.gateways.get(ChannelName(channel)) if channel in set(ChannelName) else None
    if found is None or found.reports is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return found.reports


def reports_secret(name: ChannelName) -> str:
    """What the secret of a channel's reports is called in the environment."""
    return f"WINBACK_{name.upper()}_REPORTS"


def _delivery(project: Project, channel: ChannelName, key: str) -> int | None:
    """The delivery whose own key it is; None where it is the channel's. Raises HTTPException 404, the same for every wrong one."""
    if found := tokens.read(project.link_keys, Purpose.REPORT, key):
        return found[0]
    secret = project.secret(reports_secret(channel))
    if not secret or not hmac.compare_digest(secret.encode(), key.encode()):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return None


def read(settings: GatewayReports, body: bytes, content_type: str, query: str) -> Iterator[Report]:
    """The reports of one call; what can't be read is none."""
    said: Any = gateway.parsed(body) if "json" in content_type else dict(_pairs(body.decode("utf-8", "replace")))
    said = said or dict(_pairs(query))
    each: Any = said
    for step in settings.each.split(".") if settings.each else ():
        each = each.get(step) if isinstance(each, dict) else None
    for one in (each if isinstance(each, list) else [each])[:_MOST]:
        report = Report(at(one, settings.id)[:_LONGEST_ID], at(one, settings.status), *_words(one, settings))
        if report.id or report.text:
            yield report


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=100)
    except ValueError:
        return []


def _words(one: Any, settings: GatewayReports) -> tuple[str, str]:
    """Who wrote what, where the gateway passes answers on."""
    if not settings.sender or not settings.text:
        return "", ""
    return at(one, settings.sender), at(one, settings.text)[:_LONGEST_WORDS]


def _store(front: Front, channel: ChannelName, settings: GatewayReports, told: list[Report], delivery: int | None) -> None:
    now = front.now()
    with database.writing(front.engine) as connection:
        for report in told:
            if report.text:
                _hear(connection, front.project, channel, report, now)
            elif who := _whose(connection, front.project, channel, report, delivery):
                _note(connection, channel, settings, report, who, now)


def _whose(connection: Connection, project: Project, channel: ChannelName, report: Report, delivery: int | None) -> Correspondent | None:
    """The message's customer: by its own key, by our reference, else by the gateway's id."""
    ours = tokens.read(project.link_keys, Purpose.REPORT, report.id)
    number = delivery if delivery is not None else ours[0] if ours else None
    if number is None:
        return correspondence.by_remote_id(connection, channel, report.id)
    who = correspondence.by_delivery(connection, [number]).get(number)
    return who if who is not None and who.channel is channel else None


def _note(  # noqa: PLR0917  one use
    connection: Connection, channel: ChannelName, settings: GatewayReports, report: Report, who: Correspondent, now: datetime
) -> None:
    if who.delivery_id is None:
        return
    if report.status in map(str, settings.delivered):
        events.confirm(connection, [who.delivery_id])
        return
    is_gone = report.status in map(str, settings.no_such_number)
    if not is_gone and report.status not in map(str, settings.failed):
        return  # on its way: nothing follows from it
    failed = Event(
        dedupe_key=f"{channel}:{who.delivery_id}:failed",
        kind=EventKind.BOUNCE,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict="hard" if is_gone else "soft",
        signals={"by": str(channel), "status": report.status},
    )
    events.record(connection, [failed])
    events.confirm(connection, [who.delivery_id])  # it had left, or nobody could say what became of it
    if is_gone and not who.is_former:
        phones.block(connection, who.customer_id, channel, gateway.NO_SUCH_NUMBER, written_at=who.accepted_at, now=now)


def _hear(connection: Connection, project: Project, channel: ChannelName, report: Report, now: datetime) -> None:
    """An answer: words that ask us to stop are obeyed, others shown to a person, and both end what ends there."""
    number = international(report.sender if report.sender.startswith("+") else f"+{report.sender}", "")
    if not number:
        return
    who = correspondence.by_address(connection, channel, contacts.address_hash(project.key, channel, number), now)
    if who is None:
        return
    kind = EventKind.UNSUBSCRIBE if asking.to_stop(report.text) else EventKind.REPLY
    said = Event(
        dedupe_key=f"{channel}:{kind}:{report.id or now.isoformat()}:{who.customer_id}",
        kind=kind,
        customer_id=who.customer_id,
        delivery_id=who.delivery_id,
        happened_at=now,
        verdict=Verdict.HUMAN,
        signals={"by": str(channel)},
        text=report.text if kind is EventKind.REPLY else "",
    )
    endings.end(connection, who, said, now)
