"""A file of the project's setting-up in the studio: edited with suggestions, checked, saved through the door of all files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from winback.errors import Problem
from winback.operations import completing, editing, revisions, setting_files
from winback.operations.drafts import Draft
from winback.operations.editing import Change, Clash, Conflict, Faults
from winback.operations.people import Right
from winback.studio import file_door
from winback.studio.desk import Desk, number
from winback.studio.words import N_

_HISTORY = 10
_TOLD = {
    "saved": N_("Saved. What is done from now on goes by it."),
    "started": N_("Saved. Programs that are running, this studio among them, go by it when they are started anew."),
    "same": N_("Nothing was saved: the file says this already."),
    "draft": N_("Kept as a draft. Nothing goes by it until you save it."),
    "dropped": N_("The draft is gone; this is what the file says."),
    "right": N_("The check finds nothing wrong with it. It isn't saved yet."),
}


def routes(desk: Desk) -> APIRouter:
    """GET and POST /settings/files/NAME, what may be written at a place of it, and what can't be meant as it is typed."""
    router, page = APIRouter(), SettingsFile(desk)

    @router.get("/settings/files/{name}")
    def edit(request: Request, name: str, told: str = "") -> Response:
        desk.need(request, Right.SET_UP)
        return page.open(request, name, told=told)

    @router.post("/settings/files/{name}")
    async def do(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.SET_UP)
        return await run_in_threadpool(page.do, request, name, fields)

    @router.post("/settings/files/{name}/words")
    async def words(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.SET_UP)
        return await run_in_threadpool(page.words, name, fields)

    @router.post("/settings/files/{name}/problems")
    async def problems(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.SET_UP)
        return await run_in_threadpool(page.problems, request, name, fields)

    return router


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """Answers for one project. Files are read anew for each. Each raises HTTPException 404 for a file of another kind."""

    desk: Desk

    def open(self, request: Request, name: str, *, told: str = "") -> Response:
        """The editor with what stands in the file, or with one's own draft of it."""
        file = editing.open(self.desk.project, self._path(name))
        if secrets := setting_files.secrets(name, file.text):
            return self.desk.page(request, "settings_secret.html", status=HTTPStatus.CONFLICT, path=file.path, problems=secrets)
        draft = file_door.draft(self.desk, request, file.path)
        if draft is None:
            return self._page(request, name, file.text, file.version, told=told)
        return self._page(request, name, draft.texts[file.path], draft.versions.get(file.path, ""), told=told, draft=draft)

    def do(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """Save, check, keep as a draft, or drop the draft."""
        change = Change(self._path(name), fields.get("text", "").replace("\r\n", "\n"), fields.get("version", ""))
        say = fields.get("say")
        if say in {"save", "check", "draft"} and (secrets := setting_files.secrets(name, change.text)):
            return self._wrong(request, name, change, secrets)
        match say:
            case "save":
                return self._save(request, name, change)
            case "check":
                return self._check(request, name, change)
            case "draft":
                file_door.keep(self.desk, request, change)
                return _led_to(name, "draft")
            case "drop":
                file_door.drop(self.desk, request, change.path)
                return _led_to(name, "dropped")
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def words(self, name: str, fields: Mapping[str, str]) -> Response:
        """What may be written where the cursor stands, for the page's script."""
        self._path(name)
        vocabulary = setting_files.vocabulary(self.desk.project, name)
        return JSONResponse(completing.complete(vocabulary, fields.get("text", ""), number(fields.get("offset", ""))).as_json())

    def problems(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """What can't be meant in the text alone; without a script, on the whole page."""
        text = fields.get("text", "").replace("\r\n", "\n")
        found = setting_files.problems(name, text) if self._path(name) else []
        if fields.get("part") == "1":
            return self.desk.page(request, "settings_problems.html", problems=found)
        return self._page(request, name, text, fields.get("version", ""), problems=found)

    def _save(self, request: Request, name: str, change: Change) -> Response:
        answer = file_door.save(self.desk, request, change)
        if isinstance(answer, Conflict):
            clash = answer.clashes[0]
            if setting_files.secrets(name, clash.theirs.text):
                return self.open(request, name)  # theirs is shown to nobody
            return self._page(request, name, change.text, clash.theirs.version, clash=clash, status=HTTPStatus.CONFLICT)
        if isinstance(answer, Faults):
            return self._wrong(request, name, change, answer.problems)
        if answer.note:
            return self._page(request, name, change.text, answer.files[0].version, note=answer.note)
        if answer.files[0].version == change.version:
            return _led_to(name, "same")
        return _led_to(name, "started" if setting_files.is_read_at_the_start(name) else "saved")

    def _check(self, request: Request, name: str, change: Change) -> Response:
        if problems := file_door.faults(self.desk, change):
            return self._wrong(request, name, change, problems)
        return self._page(request, name, change.text, change.version, told="right")

    def _wrong(self, request: Request, name: str, change: Change, problems: Sequence[Problem]) -> Response:
        return self._page(request, name, change.text, change.version, refused=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _page(
        self,
        request: Request,
        name: str,
        text: str,
        version: str,
        *,
        told: str = "",
        draft: Draft | None = None,
        clash: Clash | None = None,
        problems: Sequence[Problem] = (),
        refused: Sequence[Problem] = (),
        note: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        path = self._path(name)
        shown: dict[str, Any] = {"problems": problems, "refused": refused, "draft": draft, "clash": clash, "note": note}
        return self.desk.page(
            request,
            "settings_file.html",
            status=status,
            file=name,
            path=path,
            text=text,
            version=version,
            lines=text.count("\n") + 1,
            told=_TOLD.get(told, ""),
            is_new=not version,
            history=revisions.history(self.desk.project, [path], limit=_HISTORY),
            **shown,
        )

    def _path(self, name: str) -> str:
        """Raises HTTPException 404 when it is no file of this kind."""
        if name not in setting_files.NAMES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return setting_files.path(name)


def _led_to(name: str, told: str) -> Response:
    return RedirectResponse(f"/settings/files/{name}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)
