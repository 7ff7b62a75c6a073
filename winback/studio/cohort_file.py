"""The file of a cohort in the studio: opened, saved through the door of all files, kept as a draft, begun anew, taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.audience import cohort
from winback.errors import Problem
from winback.operations import backtesting, cohort_presets, editing
from winback.operations.cohort_list import Shelf
from winback.operations.drafts import Draft
from winback.operations.editing import Change, Clash, Conflict, Faults, Saved
from winback.speech import N_, said
from winback.studio import file_door, past_drawing
from winback.studio.cohort_parts import PARTS, Told
from winback.studio.desk import Desk

_DAYS = 182
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RESERVED = frozenset({"new"})
_USED, _OTHER_FIRST = N_("it is used by %(campaigns)s."), N_("Give them another cohort first.")
_NO_NAME, _NAME_HOW = N_("`%(name)s` is no name for a cohort."), N_("Write small Latin letters, digits and hyphens, as dear-and-silent.")
_THERE, _THERE_HOW = N_("there is a cohort `%(name)s` already."), N_("Choose another name, or open that one.")

_TOLD = {
    "saved": N_("Saved. Campaigns go by these rules from their next run on."),
    "same": N_("Nothing was saved: the file says this already."),
    "draft": N_("Kept as a draft. Nothing goes by it until you save it."),
    "dropped": N_("The draft is gone; this is what the file says."),
    "taken": N_("Somebody else began a cohort of this name just now; this is theirs."),
    "archived": N_("It is taken away. Git keeps it, and can bring it back."),
    "copied": N_("The new cohort is there. No campaign uses it yet."),
}


@dataclass(frozen=True, slots=True)
class CohortFile:
    """Answers for one project; files are read anew for each."""

    desk: Desk
    shelf: Shelf

    def there(self, name: str) -> None:
        """Raises HTTPException 404 when there is no such cohort."""
        if name not in self.desk.project.names("cohorts"):
            raise HTTPException(HTTPStatus.NOT_FOUND)

    def saved(self, name: str) -> str:
        """What its file says. Raises HTTPException 404 and ConfigError."""
        self.there(name)
        return editing.open(self.desk.project, cohort.shown(name)).text

    def open(self, request: Request, name: str, *, told: str = "") -> Response:
        """The page with what stands in the file, or with one's own draft of it."""
        self.there(name)
        file = editing.open(self.desk.project, cohort.shown(name))
        draft = file_door.draft(self.desk, request, file.path)
        if draft is None:
            return self.page(request, name, file.text, file.version, told=told)
        return self.page(request, name, draft.texts[file.path], draft.versions.get(file.path, ""), told=told, draft=draft)

    def do(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """Save, keep as a draft, drop the draft, or take the cohort away."""
        self.there(name)
        text, version, path = fields.get("text", ""), fields.get("version", ""), cohort.shown(name)
        match fields.get("say"):
            case "save":
                return self._save(request, name, text, version)
            case "draft":
                file_door.keep(self.desk, request, Change(path, text, version))
                return _led_to(name, "draft")
            case "drop":
                file_door.drop(self.desk, request, path)
                return _led_to(name, "dropped")
            case "archive" if "surely" in fields:
                return self._archive(request, name, text, version)
            case _:
                raise HTTPException(HTTPStatus.FORBIDDEN)

    def _archive(self, request: Request, name: str, text: str, version: str) -> Response:
        """Take away a cohort that no campaign uses; git keeps it."""
        person, path, desk = self.desk.person(request), cohort.shown(name), self.desk
        listed = self.shelf.one(name)
        if listed is not None and listed.campaigns:
            used = Problem(path, None, said(_USED, campaigns=", ".join(listed.campaigns)), said(_OTHER_FIRST))
            answer: editing.Saved | Faults = Faults((used,))
        else:
            answer = editing.take_away(desk.project, desk.engine, path, by=person.name, email=person.email, now=desk.clock())
        if isinstance(answer, Faults):
            return self.page(request, name, text, version, parts={"size": Told(problems=answer.problems)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        file_door.drop(desk, request, path)
        return RedirectResponse(f"/cohorts?{urlencode({'told': 'archived'})}", HTTPStatus.SEE_OTHER)

    def every(self, request: Request, *, told: str = "") -> Response:
        """The list of all."""
        return self.desk.page(request, "cohorts.html", rows=self.shelf.every(), told=_TOLD.get(told, ""))

    def begin(self, request: Request, *, like: str = "", name: str = "", problems: tuple[Problem, ...] = ()) -> Response:
        """The page of a new cohort: its name, and what it is to begin from."""
        status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
        return self.desk.page(
            request,
            "cohort_new.html",
            status=status,
            presets=cohort_presets.presets(),
            own=[(each.name, each.title) for each in self.shelf.every()],
            like=like,
            called=name,
            problems=problems,
        )

    def create(self, request: Request, fields: Mapping[str, str]) -> Response:
        """A new file, like one of the project's own or like one of those that come with winback."""
        project, name, like = self.desk.project, fields.get("name", "").strip(), fields.get("like", "")
        if not _NAME.fullmatch(name) or len(name) > 80 or name in _RESERVED:
            problem = Problem("", None, said(_NO_NAME, name=name[:80]), said(_NAME_HOW))
            return self.begin(request, like=like, name=name[:80], problems=(problem,))
        if name in project.names("cohorts"):
            problem = Problem("", None, said(_THERE, name=name), said(_THERE_HOW))
            return self.begin(request, like=like, name=name, problems=(problem,))
        text = cohort_presets.text(project, like)
        if text is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        answer = file_door.save(self.desk, request, Change(cohort.shown(name), text, ""))
        if isinstance(answer, Faults):
            return self.begin(request, like=like, name=name, problems=answer.problems)
        return _led_to(name, "copied" if isinstance(answer, Saved) else "taken")

    def page(
        self,
        request: Request,
        name: str,
        text: str,
        version: str,
        *,
        told: str = "",
        parts: Mapping[str, Told] | None = None,
        draft: Draft | None = None,
        clash: Clash | None = None,
        note: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        """The page with this text in the editor, saved or not, and the parts that were asked for."""
        project = self.desk.project
        listed = self.shelf.one(name)
        if listed is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        cut = backtesting.usual_cut(project, self.desk.engine, _DAYS, now=self.desk.clock())
        return self.desk.page(
            request,
            "cohort.html",
            status=status,
            listed=listed,
            text=text,
            version=version or editing.open(project, cohort.shown(name)).version,
            lines=text.count("\n") + 1,
            told=_TOLD.get(told, ""),
            note=note,
            draft=draft,
            clash=clash,
            parts={part: (parts or {}).get(part, Told()) for part in PARTS},
            cut=cut.isoformat(),
            days=_DAYS,
            past_chart=past_drawing.draw,
            past_names=past_drawing.NAMES,
        )

    def _save(self, request: Request, name: str, text: str, version: str) -> Response:
        answer = file_door.save(self.desk, request, Change(cohort.shown(name), text, version))
        if isinstance(answer, Conflict):
            clash = answer.clashes[0]
            return self.page(request, name, text, clash.theirs.version, clash=clash, status=HTTPStatus.CONFLICT)
        if isinstance(answer, Faults):
            return self.page(request, name, text, version, parts={"size": Told(problems=answer.problems)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if answer.note:
            return self.page(request, name, text, answer.files[0].version, told="saved", note=answer.note)
        return _led_to(name, "same" if answer.files[0].version == version else "saved")


def _led_to(name: str, told: str) -> Response:
    return RedirectResponse(f"/cohorts/{quote(name, safe='')}?{urlencode({'told': told})}", HTTPStatus.SEE_OTHER)
