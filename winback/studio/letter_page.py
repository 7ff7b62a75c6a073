"""The editor of one letter: its texts, the letter beside them as one reader would get it, what is wrong, and what isn't translated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import Problem, Refused
from winback.journey import campaign as campaigns
from winback.letters import library
from winback.operations import (
    drafts,
    editing,
    letter_glance,
    letter_overview,
    letter_saving,
    letter_texts,
    letter_words,
    revisions,
    try_out_chats,
    trying_out,
)
from winback.operations.drafts import Draft
from winback.operations.editing import Clash, Conflict, Faults, Saved
from winback.operations.letter_glance import Glance, Reader
from winback.operations.letter_texts import Named, Texts
from winback.operations.letter_words import Entry
from winback.operations.people import Person, Right
from winback.operations.scenes import Wanted
from winback.speech import N_, said
from winback.studio import letter_form
from winback.studio import written as in_words
from winback.studio.desk import Desk
from winback.studio.gate import HEADERS
from winback.studio.letter_form import Written
from winback.studio.shelf import Shelf

_WITH_A_FRAME = {"Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; frame-src 'self'"}


_SENT_BY, _OTHER_FIRST = N_("it is sent by %(campaigns)s."), N_("Give them another letter first.")
_LOOKS_AT_ONCE = 2
"""Each has a process of its own."""


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Answers for one project. Letters that were looked at stand on the shelf until their frame has fetched them."""

    desk: Desk
    shelf: Shelf
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LOOKS_AT_ONCE))

    def show(self, request: Request, letter: Named, asked: Mapping[str, str]) -> Response:
        """The editor with the letter as it is saved; with this person's draft, another's, or an old revision where one is asked for."""
        texts, person = self._texts(letter), self.desk.person(request)
        reader, of = letter_form.reader(asked), letter_form.word(asked.get("of", ""))
        mine = drafts.find(self.desk.project, _who(person), letter_saving.of(letter))
        opened: Draft | None = mine if "saved" not in asked else None
        if asked.get("draft"):
            opened = drafts.find_by_key(self.desk.project, asked["draft"], letter_saving.of(letter))
        written = letter_form.of_draft(texts, opened, reader, of) if opened else letter_form.of_files(texts, reader, of)
        if asked.get("revision"):
            written, opened = self._at(texts, asked["revision"], written), None
        note = self.shelf.get(asked.get("note", "")) or ""
        return self._editor(request, texts, written, told=asked.get("told", ""), note=note, opened=opened, revision=asked.get("revision", ""))

    async def do(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        """Look at what was typed, save it, keep it as a draft, throw that away, or send the saved letter to whoever asks."""
        match fields.get("do", ""):
            case "look" if request.headers.get("accept", "").startswith("application/json"):
                async with self.turns:  # who types on gives up the look before: nobody needs it when its turn comes
                    if await request.is_disconnected():
                        return Response(status_code=HTTPStatus.NO_CONTENT)
                    return await asyncio.to_thread(self.parts, request, letter, fields)
            case "look":
                return await asyncio.to_thread(self._looked, request, letter, fields)
            case "save":
                return await asyncio.to_thread(self._save, request, letter, fields)
            case "keep":
                return await asyncio.to_thread(self._keep, request, letter, fields)
            case "drop":
                drafts.drop(self.desk.project, _who(self.desk.person(request)), letter_saving.of(letter))
                return _back(letter, "dropped", letter_form.reader(fields))
            case "archive" if "surely" in fields:
                return await asyncio.to_thread(self._archive, request, letter, fields)
            case "test":
                return await self._test(request, letter, fields)
        raise HTTPException(HTTPStatus.FORBIDDEN)

    def parts(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        """What the editor's script puts beside the text: the frame's address and pieces of page. Texts that aren't sent are as saved."""
        texts = self._texts(letter)
        written = letter_form.read(texts, fields)
        seen = self._seen(texts, written)
        values = self._values(request, texts, written, seen)
        names = ("inbox", "text", "problems", "lacking")
        parts = {name: bytes(self.desk.page(request, f"letter_{name}.html", **values).body).decode() for name in names}
        return JSONResponse({"frame": values["frame"], "marks": values["marks"], **parts})

    def _looked(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        texts = self._texts(letter)
        written = letter_form.read(texts, fields)
        return self._editor(request, texts, written, seen=self._seen(texts, written))

    def frame(self, letter: Named, asked: Mapping[str, str]) -> str:
        """The saved letter alone, for a browser without scripts; empty where it can't be shown."""
        texts = self._texts(letter)
        return self._seen(texts, letter_form.of_files(texts, letter_form.reader(asked))).page

    def _save(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        texts, person, now = self._texts(letter), self.desk.person(request), self.desk.clock()
        written = letter_form.read(texts, fields)
        changes = written.changes(texts)
        try:
            answer = letter_saving.save(
                self.desk.project, self.desk.engine, letter, changes, written.filled, _who(person), by=person.name, email=person.email, now=now
            )
        except Refused as refused:
            answer = Faults(refused.problems)
        match answer:
            case Saved():
                told = "saved" if answer.commit or not answer.note else "uncommitted"
                return _back(letter, told, written.reader, note=self.shelf.put(answer.note) if answer.note else "")
            case Conflict():
                self._kept(letter, texts, written, person)
                theirs = {clash.theirs.path: clash.theirs.version for clash in answer.clashes}
                seen = replace(written, versions={**written.versions, **theirs})
                return self._editor(request, texts, seen, clashes=answer.clashes, status=HTTPStatus.CONFLICT)
        self._kept(letter, texts, written, person)
        return self._editor(request, texts, written, refused=answer.problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _archive(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        """Take away a letter that no campaign sends; git keeps it."""
        texts, person, project = self._texts(letter), self.desk.person(request), self.desk.project
        used = letter_overview.campaigns_with(project, letter)
        answer: Saved | Faults
        if used:
            answer = Faults((Problem(texts.folder, None, said(_SENT_BY, campaigns=", ".join(used)), said(_OTHER_FIRST)),))
        else:
            answer = editing.take_away(project, self.desk.engine, texts.folder, by=person.name, email=person.email, now=self.desk.clock())
        if isinstance(answer, Faults):
            written = letter_form.of_files(texts, letter_form.reader(fields))
            return self._editor(request, texts, written, refused=answer.problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        drafts.drop(project, _who(person), letter_saving.of(letter))
        return RedirectResponse("/letters?told=archived", HTTPStatus.SEE_OTHER)

    def _keep(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        texts, person = self._texts(letter), self.desk.person(request)
        written = letter_form.read(texts, fields)
        self._kept(letter, texts, written, person)
        return _back(letter, "kept", written.reader)

    def _kept(self, letter: Named, texts: Texts, written: Written, person: Person) -> None:
        letter_saving.keep(self.desk.project, letter, written.changes(texts), written.as_words(), _who(person), by=person.name, now=self.desk.clock())

    async def _test(self, request: Request, letter: Named, fields: Mapping[str, str]) -> Response:
        """The saved letter to the person's own address, a message to a chat of theirs or of the allow-list; to no other."""
        person, reader, project, now = self.desk.person(request), letter_form.reader(fields), self.desk.project, self.desk.clock()
        to = person.email if letter.kind == "email" else fields.get("to", "")
        if not to or (letter.kind != "email" and to not in try_out_chats.of(project, person.email)):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        wanted = Wanted(letter.name, reader.language, (reader.customer,) if reader.customer else (), reader.campaign or None, reader.tactic or None)
        try:
            (sent, *_) = await asyncio.to_thread(lambda: asyncio.run(trying_out.send(project, self.desk.engine, wanted, to, now=now)))
        except Refused as refused:
            return _back(letter, "unsent", reader, note=self.shelf.put(in_words.refused(refused)))
        return _back(
            letter, "sent" if sent.file is None else "laid", reader, note=self.shelf.put(to if sent.file is None else project.shown(sent.file))
        )

    def _texts(self, letter: Named) -> Texts:
        try:
            return letter_texts.read(self.desk.project, letter)
        except Refused as refused:
            if any("no such letter" in problem.message for problem in refused.problems):
                raise HTTPException(HTTPStatus.NOT_FOUND) from refused
            raise

    def _at(self, texts: Texts, revision: str, written: Written) -> Written:
        try:
            old = {path: text for path in texts.paths if (text := revisions.text_at(self.desk.project, path, revision)) is not None}
        except Refused as refused:
            raise HTTPException(HTTPStatus.NOT_FOUND) from refused
        saved = letter_form.of_files(texts, written.reader, written.of)
        return replace(saved, texts={**saved.texts, **old})

    def _seen(self, texts: Texts, written: Written) -> Glance:
        changed = {change.path: change.text for change in written.changes(texts)}
        return letter_glance.look(self.desk.project, self.desk.engine, texts.letter, changed, written.filled, written.reader, now=self.desk.clock())

    def _editor(  # noqa: PLR0913, RUF100  what a page tells
        self,
        request: Request,
        texts: Texts,
        written: Written,
        *,
        seen: Glance | None = None,
        told: str = "",
        note: str = "",
        opened: Draft | None = None,
        revision: str = "",
        refused: Sequence[Problem] = (),
        clashes: Sequence[Clash] = (),
        status: int = HTTPStatus.OK,
    ) -> Response:
        project, person = self.desk.project, self.desk.person(request)
        letters = library.open_library(project)
        asked = {"language": written.reader.language, "customer": written.reader.customer, "campaign": written.reader.campaign}
        others = [draft for draft in drafts.of(project, letter_saving.of(texts.letter)) if draft.key != drafts.key_of(_who(person))]
        return self.desk.page(
            request,
            "letter_editor.html",
            status=status,
            headers=_WITH_A_FRAME,
            **self._values(request, texts, written, seen or Glance(written.reader)),
            is_seen=seen is not None,
            alone=f"{_address(texts.letter)}/frame?{urlencode({**asked, 'tactic': written.reader.tactic})}",
            texts=texts,
            told=told,
            note=note,
            opened=opened,
            is_own=opened is not None and opened.key == drafts.key_of(_who(person)),
            others=others,
            when={draft.key: f"{draft.at.astimezone(project.zone):%Y-%m-%d %H:%M}" for draft in (*others, *([opened] if opened else []))},
            revision=revision,
            refused=refused,
            clashes=clashes,
            languages=letters.languages(),
            campaigns=letter_overview.campaigns_with(project, texts.letter),
            cohorts=project.names("cohorts"),
            tactics=_tactics(self.desk, written.reader),
            history=f"{_address(texts.letter)}/history",
            test_to=person.email,
            test_chats=try_out_chats.of(project, person.email) if texts.letter.kind != "email" else {},
        )

    def _values(self, request: Request, texts: Texts, written: Written, seen: Glance) -> dict[str, Any]:
        """What the editor and its parts are both made of."""
        own = {file.path: file.path.removeprefix(f"{texts.folder}/") for file in texts.files}
        marks: dict[str, list[int]] = {}
        for problem in seen.problems:
            if problem.file in own and problem.line:
                marks.setdefault(own[problem.file], []).append(problem.line)
        return {
            "letter": texts.letter,
            "action": _address(texts.letter),
            "written": written,
            "seen": seen,
            "own": own,
            "problems": seen.problems,
            "marks": marks,
            "frame": f"/letters/shown/{self.shelf.put(seen.page)}" if seen.page else "",
            "lacking": [(entry, _typed(written, entry)) for entry in seen.lacking],
            "whole": self._whole(texts, written, seen),
            "may_edit": self.desk.person(request).may(Right.EDIT),
        }

    def _whole(self, texts: Texts, written: Written, seen: Glance) -> list[tuple[Entry, tuple[str, ...]]]:
        """The letter's other sentences in the language that is looked at, as they are translated."""
        lacking = {(entry.language, entry.key) for entry in seen.lacking}
        letters = library.open_library(self.desk.project)
        if written.reader.language not in letter_words.languages(letters):
            return []
        try:
            known = letter_words.entries(letters, texts.letter, written.reader.language)
        except Refused:
            return []
        return [(entry, _typed(written, entry)) for entry in known if (entry.language, entry.key) not in lacking]


def _typed(written: Written, entry: Entry) -> tuple[str, ...]:
    """What somebody typed for a sentence, else what the catalogue has."""
    typed = written.filled.get((entry.language, entry.key), ())
    return (*typed, *[""] * len(entry.forms))[: len(entry.forms)] if typed else entry.forms


def _tactics(desk: Desk, reader: Reader) -> list[str]:
    if reader.campaign not in desk.project.names("campaigns"):
        return []
    try:
        return [*campaigns.read(desk.project, reader.campaign).value.tactics]
    except Refused:
        return []


def _who(person: Person) -> str:
    return person.email or person.name


def _address(letter: Named) -> str:
    return f"/letters/{letter.kind}/{quote(letter.name, safe='')}"


def _back(letter: Named, told: str, reader: Reader, note: str = "") -> Response:
    asked = {
        "told": told,
        "note": note,
        "language": reader.language,
        "customer": reader.customer,
        "campaign": reader.campaign,
        "tactic": reader.tactic,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return RedirectResponse(f"{_address(letter)}?{query}", HTTPStatus.SEE_OTHER)
