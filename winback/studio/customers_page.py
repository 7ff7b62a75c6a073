"""The pages on customers as a whole: the search, and why those left who told."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from winback.operations import finding, reasons
from winback.studio.desk import Desk
from winback.studio.words import N_

_TOLD = {
    "forgotten": N_("They are forgotten: their rows, letters and files are gone, and figures count them as nobody. Imports leave them out."),
    "remains": N_(
        "They are forgotten: their rows, letters and files are gone, and figures count them as nobody. Imports leave them out. "
        "Remainders may lie in unused parts of the database file until nobody else works with it; winback retention clears them."
    ),
    "readmitted": N_("They come in again with the next import. Their addresses stay closed until they agree anew."),
}


def address(key: str) -> str:
    """The page of a customer, whatever signs their id has."""
    return f"/customers/{quote(key, safe='')}"


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/customers")
    def every(request: Request, find: str = "", told: str = "") -> Response:
        return _start(desk, request, find.strip(), _TOLD.get(told, ""))

    return router


def _start(desk: Desk, request: Request, text: str, told: str) -> Response:
    """The search and the counts; to somebody whom a text means without any doubt it goes at once."""
    found, more = finding.search(desk.project, desk.engine, text)
    if len(found) == 1 and not more and finding.means_one(text, found[0]):
        return RedirectResponse(address(found[0].customer), HTTPStatus.SEE_OTHER)
    counted = reasons.counted(desk.project, desk.engine)
    return desk.page(
        request,
        "customers.html",
        find=text,
        found=[(address(each.customer), each) for each in found],
        more=more,
        at_most=finding.AT_MOST,
        counted=counted,
        total=sum(row.customers for row in counted),
        told=told,
    )
