"""The file of a campaign in the studio: opened, saved through the door of all files, kept as a draft where it can't be meant yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import Problem
from winback.operations import editing, overseeing, revisions
from winback.operations.drafts import Draft
from winback.operations.editing import Change, Clash, Conflict, Faults
from winback.operations.people import Right
from winback.studio import file_door
from winback.studio.desk import Desk
from winback.studio.words import N_

_HISTORY = 10
_TOLD = {
    "draft": N_("Kept as a draft. The campaign goes by its file as before."),
    "dropped": N_("The draft is gone; this is what the file says."),
    "right": N_("The check finds nothing wrong with it. It isn't saved yet."),
}


def routes(desk: Desk) -> APIRouter:
    """GET and POST /campaigns/NAME/edit."""
    router, page = APIRouter(), CampaignFile(desk)

    @router.get("/campaigns/{name}/edit")
    def edit(request: Request, name: str, told: str = "") -> Response:
        desk.need(request, Right.EDIT)
        return page.open(request, name, told=told)

    @router.post("/campaigns/{name}/edit")
    async def do(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.EDIT)
        return await asyncio.to_thread(page.do, request, name, fields)

    return router


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """Answers for one project."""

    desk: Desk

    def open(self, request: Request, name: str, *, told: str = "") -> Response:
        """The editor with what stands in the file, or with one's own draft of it."""
        file = editing.open(self.desk.project, self._path(name))
        draft = file_door.draft(self.desk, request, file.path)
        if draft is None:
            return self._page(request, name, file.text, file.version, told=told)
        return self._page(request, name, draft.texts[file.path], draft.versions.get(file.path, ""), told=told, draft=draft)

    def do(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """Save, check, keep as a draft, or drop the draft."""
        path, text, version = self._path(name), fields.get("text", ""), fields.get("version", "")
        text = text.replace("\r\n", "\n")
        match fields.get("say"):
            case "save":
                return self._save(request, name, Change(path, text, version))
            case "check":
                return self._check(request, name, Change(path, text, version))
            case "draft":
                file_door.keep(self.desk, request, Change(path, text, version))
                return _led_to(name, "draft")
            case "drop":
                file_door.drop(self.desk, request, path)
                return _led_to(name, "dropped")
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def _save(self, request: Request, name: str, change: Change) -> Response:
        answer = file_door.save(self.desk, request, change)
        if isinstance(answer, Conflict):
            clash = answer.clashes[0]
            return self._page(request, name, change.text, clash.theirs.version, clash=clash, status=HTTPStatus.CONFLICT)
        if isinstance(answer, Faults):
            return self._wrong(request, name, change, answer.problems)
        if answer.note:
            return self._page(request, name, change.text, answer.files[0].version, note=answer.note)
        return RedirectResponse(f"/campaigns/{quote(name, safe='')}?{urlencode({'told': 'saved'})}", HTTPStatus.SEE_OTHER)

    def _check(self, request: Request, name: str, change: Change) -> Response:
        if problems := file_door.faults(self.desk, change):
            return self._wrong(request, name, change, problems)
        return self._page(request, name, change.text, change.version, told="right")

    def _wrong(self, request: Request, name: str, change: Change, problems: Sequence[Problem]) -> Response:
        return self._page(request, name, change.text, change.version, problems=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)

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
        note: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        path = self._path(name)
        seen = overseeing.oversee(self.desk.project, self.desk.engine, name, counts=False)
        return self.desk.page(
            request,
            "campaign_file.html",
            status=status,
            campaign=name,
            here_at=f"/campaigns/{quote(name, safe='')}",
            path=path,
            text=text,
            version=version,
            rows=min(max(text.count("\n") + 2, 16), 40),
            told=_TOLD.get(told, ""),
            draft=draft,
            clash=clash,
            problems=problems,
            note=note,
            is_under_way=seen.run is not None and seen.status in {"active", "paused", "waiting-for-approval"},
            history=revisions.history(self.desk.project, [path], limit=_HISTORY),
        )

    def _path(self, name: str) -> str:
        """Where its file lies. Raises HTTPException 404 when there is none."""
        if name not in self.desk.project.names("campaigns"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return f"config/campaigns/{name}.yaml"


def _led_to(name: str, told: str) -> Response:
    return RedirectResponse(f"/campaigns/{quote(name, safe='')}/edit?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)
