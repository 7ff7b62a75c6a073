"""The pages of letters: all of them, and the history of one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import Refused
from winback.journey import campaign as campaigns
from winback.operations import letter_glance, letter_overview, letter_texts, readers, revisions
from winback.operations.letter_overview import Overview
from winback.operations.letter_texts import Named
from winback.operations.people import Right
from winback.studio import letter_form, letter_frame
from winback.studio.desk import Desk
from winback.studio.letter_page import LetterPage
from winback.studio.shelf import Shelf
from winback.studio.words import N_

KINDS = {"email": N_("E-mails"), "messages": N_("Messenger texts")}


_READER = frozenset({"language", "customer", "campaign", "tactic"})


def routes(desk: Desk) -> APIRouter:
    """The addresses of letters."""
    router, shelf = APIRouter(), Shelf()
    _add_every(router, LettersPage(desk), shelf)
    letter_glance.ready()
    _add_one(router, LetterPage(desk, shelf), desk)
    return router


def _add_every(router: APIRouter, letters: LettersPage, shelf: Shelf) -> None:
    @router.get("/letters")
    def every(request: Request, told: str = "") -> Response:
        return letters.every(request, told=told)

    @router.get("/letters/shown/{name}")
    def shown(name: str) -> Response:
        page = shelf.get(name)
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _framed(page)

    @router.get("/letters/readers")
    def people(campaign: str = "", cohort: str = "") -> Response:
        return letters.readers(campaign, cohort)

    @router.get("/letters/{kind}/{name}/history")
    def history(request: Request, kind: str, name: str, revision: str = "") -> Response:
        return letters.history(request, _named(kind, name), revision)


def _add_one(router: APIRouter, letter: LetterPage, desk: Desk) -> None:
    @router.get("/letters/{kind}/{name}")
    def one(request: Request, kind: str, name: str) -> Response:
        return letter.show(request, _named(kind, name), request.query_params)

    @router.post("/letters/{kind}/{name}")
    async def do(request: Request, kind: str, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT, at_most=letter_form.AT_MOST, fields=letter_form.FIELDS)
        return await letter.do(request, _named(kind, name), fields)

    @router.get("/letters/{kind}/{name}/look")
    def look(request: Request, kind: str, name: str) -> Response:
        return letter.parts(request, _named(kind, name), {word: asked for word, asked in request.query_params.items() if word in _READER})

    @router.get("/letters/{kind}/{name}/frame")
    def frame(request: Request, kind: str, name: str) -> Response:
        return _framed(letter.frame(_named(kind, name), request.query_params))


def _framed(page: str) -> Response:
    return HTMLResponse(letter_frame.framed(page, ()), headers=letter_frame.HEADERS)


def address(letter: Named) -> str:
    """The page of a letter."""
    return f"/letters/{letter.kind}/{quote(letter.name, safe='')}"


@dataclass(frozen=True)
class LettersPage:
    """Answers for one project. What it takes long to look through is kept until a file changes."""

    desk: Desk
    _kept: dict[object, Overview] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def every(self, request: Request, *, told: str = "") -> Response:
        """Every letter, with what it lacks."""
        overview = self._overview()
        groups = [
            (title, [(address(row.letter), row, self._when(row.changed_at)) for row in overview.rows if row.letter.kind == kind])
            for kind, title in KINDS.items()
        ]
        wanting = sum(not row.is_whole for row in overview.rows)
        return self.desk.page(request, "letters.html", groups=groups, overview=overview, wanting=wanting, is_archived=told == "archived")

    def history(self, request: Request, letter: Named, revision: str) -> Response:
        """Who changed a letter and when; with a revision, what it changed and the letter as it was then."""
        project = self.desk.project
        try:
            texts = letter_texts.read(project, letter)
            found = revisions.history(project, texts.paths)
            changes = revisions.changes(project, texts.paths, revision) if revision else []
        except Refused as refused:
            raise HTTPException(HTTPStatus.NOT_FOUND) from refused
        return self.desk.page(
            request,
            "letter_history.html",
            letter=letter,
            back=address(letter),
            revisions=[(each, self._when(each.when)) for each in found],
            chosen=next((each for each in found if each.id == revision), None),
            changes=changes,
            kept=revisions.is_kept(project),
        )

    def readers(self, campaign: str, cohort: str) -> Response:
        """The ids of some customers, and the tactics of a campaign, for the editor's script."""
        project, engine, now = self.desk.project, self.desk.engine, self.desk.clock()
        campaign, cohort = (name if name in project.names(folder) else "" for name, folder in ((campaign, "campaigns"), (cohort, "cohorts")))
        try:
            tactics = [*campaigns.read(project, campaign).value.tactics] if campaign else []
            customers = []
            if cohort or campaign:
                customers = readers.of_cohort(project, engine, cohort, now=now) if cohort else readers.of_campaign(project, engine, campaign, now=now)
        except Refused as refused:
            return JSONResponse({"customers": [], "tactics": [], "fault": str(refused)})
        return JSONResponse({"customers": customers, "tactics": tactics})

    def _overview(self) -> Overview:
        stamps = self.desk.project.stamps()
        key = (tuple(sorted(stamps.items())), _drafts(self.desk))
        with self._lock:
            if key not in self._kept:
                self._kept.clear()
                self._kept[key] = letter_overview.read(self.desk.project)
            return self._kept[key]

    def _when(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.desk.project.zone):%Y-%m-%d %H:%M}"


def _drafts(desk: Desk) -> object:
    root = desk.project.root / ".winback" / "drafts"
    return tuple(sorted((path.name, path.parent.name, path.stat().st_mtime_ns) for path in root.glob("*/*.json")))


def _named(kind: str, name: str) -> Named:
    found = letter_texts.named(kind, name)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return found
