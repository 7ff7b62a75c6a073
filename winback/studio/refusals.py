"""Pages that say what can't be done, and what to do instead: in the same frame, and never with more than the reader may know."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from winback.errors import Refused
from winback.store import database
from winback.studio.desk import NO_RIGHT, Desk
from winback.studio.words import N_

log = logging.getLogger(__name__)

_NOT_OURS = (
    N_("Nothing was recorded"),
    N_("The form was made for somebody else or before you signed in, or didn't come from the studio. Open the page anew and fill it in once more."),
)
_NOT_THEIRS = (N_("That isn't yours to do"), N_("Your roles don't allow it. Whoever looks after people here can give you another one."))
_SAID = {
    HTTPStatus.NOT_FOUND: (
        N_("Not found"),
        N_("There is no such customer, campaign, thread or page. Search for the shop's own id of the customer."),
    ),
    HTTPStatus.FORBIDDEN: _NOT_OURS,
    HTTPStatus.METHOD_NOT_ALLOWED: (N_("Not found"), N_("There is nothing to look at under this address. Go back, or choose a page above.")),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (N_("Nothing was recorded"), N_("The form was too long. Go back, and write less.")),
    HTTPStatus.UNPROCESSABLE_ENTITY: (N_("Not found"), N_("The address can't be read. Go back, or choose a page above.")),
}
_OTHERWISE = (N_("That can't be done"), N_("The studio can't answer this. Go back, or choose a page above."))
_BROKEN = (
    N_("Something went wrong"),
    N_("The fault is the studio's, not yours. Go back and look whether what you did is there before you do it again."),
)
_NO_DATABASE = (N_("The database doesn't answer"), N_("Nothing is half done. Try again in a minute."))
_TO_MEND = N_("Something must be mended first")


def register(app: FastAPI, desk: Desk) -> None:
    """Let every refusal and every fault of the pages be told by a page."""

    def page(request: Request, status: int, title: str, sentences: Sequence[str], *, id: str = "") -> Response:  # noqa: A002
        return desk.page(request, "refusal.html", status=status, title=title, sentences=sentences, id=id)

    def refusal(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.UNPROCESSABLE_ENTITY
        has_no_right = isinstance(error, HTTPException) and error.detail == NO_RIGHT
        title, sentence = _NOT_THEIRS if has_no_right else _SAID.get(HTTPStatus(status), _OTHERWISE)
        answer = page(request, status, title, [sentence])
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    def to_mend(request: Request, error: Exception) -> Response:
        """A file of the project says what can't be meant: the page says where, as a command would."""
        return page(
            request, HTTPStatus.INTERNAL_SERVER_ERROR, _TO_MEND, [str(problem) for problem in error.problems] if isinstance(error, Refused) else []
        )

    def broken(request: Request, error: Exception) -> Response:
        """The page names what the log calls it; the log names lines of code, neither the address nor the row at hand."""
        id, is_database = secrets.token_hex(4), isinstance(error, database.Failure)  # noqa: A001
        log.error("fault %s: a %s failed: %s\n%s", id, request.method, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        title, sentence = _NO_DATABASE if is_database else _BROKEN
        status = HTTPStatus.SERVICE_UNAVAILABLE if is_database else HTTPStatus.INTERNAL_SERVER_ERROR
        return page(request, status, title, [sentence], id=id)

    app.add_exception_handler(HTTPException, refusal)
    app.add_exception_handler(RequestValidationError, refusal)
    app.add_exception_handler(Refused, to_mend)
    app.add_exception_handler(Exception, broken)
