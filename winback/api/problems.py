"""Refusals and faults as RFC 9457 says them: application/problem+json, with the sentences that the commands say."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import Send

from winback.errors import Problem, Refused
from winback.store import database

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Refusal(Exception):
    """A request that can't be done: its status, and why."""

    def __init__(self, status: HTTPStatus, *problems: Problem, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        self.status, self.problems, self.headers, self.more = status, problems, headers, more
        super().__init__(status.phrase)


def refusal(status: HTTPStatus, message: str, how: str = "", *, headers: Mapping[str, str] | None = None, **more: Any) -> Refusal:
    return Refusal(status, Problem("", None, message, how), headers=headers, **more)


def answer(status: HTTPStatus, problems: Iterable[Problem] = (), *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The problem document. `type` is about:blank, by which `title` is the status's own words (RFC 9457, 4.2.1)."""
    return Response(_document(status, problems, **more), int(status), headers, MEDIA_TYPE)


def _document(status: HTTPStatus, problems: Iterable[Problem] = (), **more: Any) -> str:
    told = list(problems)
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": " ".join(map(str, told)) or status.description}
    return json.dumps({**document, **({"problems": [each.as_json() for each in told]} if told else {}), **more}, default=str)


async def refuse(send: Send, status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """What the rings around the API refuse with."""
    body = _document(status).encode()
    own = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": int(status), "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


def register(app: FastAPI) -> None:
    """Let every refusal and every fault be told so."""

    def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return answer(error.status, error.problems, headers=error.headers, **error.more)

    def to_mend(_request: Request, error: Exception) -> Response:
        """The state of things, or a file of the project, doesn't allow it: the sentence says what a command would."""
        assert isinstance(error, Refused)
        return answer(HTTPStatus.CONFLICT, error.problems)

    def by_status(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(HTTPStatus(error.status_code), headers=error.headers)

    def unreadable(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, [_told(each) for each in error.errors()[:20]])

    def broken(request: Request, error: Exception) -> Response:
        """The answer names what the log calls it; the log names lines of code, neither the address nor the row at hand."""
        number = secrets.token_hex(4)
        log.error("fault %s: a %s failed: %s\n%s", number, request.method, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        is_database = isinstance(error, database.Failure)
        return answer(HTTPStatus.SERVICE_UNAVAILABLE if is_database else HTTPStatus.INTERNAL_SERVER_ERROR, fault=number)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(Refused, to_mend)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(Exception, broken)


def _told(error: Mapping[str, Any]) -> Problem:
    """Where in the request it stands, and what is wrong; never what was written there."""
    place = ".".join(str(part) for part in error["loc"])
    return Problem("", None, f"`{place[:200]}`: {error['msg'][:200]}.", "The form of each request stands in /api/v1/openapi.json.")
