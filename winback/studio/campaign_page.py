"""The pages on campaigns that wait for approval: what one would do, letters to some of its people, and the button."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from winback.errors import ConfigError
from winback.journey import fingerprint
from winback.journey.fingerprint import Fingerprint
from winback.model import ChannelName
from winback.operations import approving, overseeing
from winback.operations.asking import Asked
from winback.operations.overseeing import Overview
from winback.operations.people import Right
from winback.sending import contents, prepared
from winback.speech import called, joined, said
from winback.store.approvals import Approval
from winback.studio import status_words
from winback.studio.desk import Desk
from winback.studio.words import N_

_LETTER = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""What a sample letter may do: be looked at. Its styles stand in it; its links, pictures from elsewhere and forms lead nowhere."""


def routes(desk: Desk) -> APIRouter:
    router, campaigns = APIRouter(), CampaignPage(desk)

    @router.get("/campaigns/{name}/approval")
    def campaign(request: Request, name: str, told: str = "") -> Response:
        return campaigns.campaign(request, name, told=told)

    @router.get("/campaigns/{name}/letters/{file}")
    def letter(name: str, file: str) -> Response:
        return campaigns.letter(name, file)

    @router.post("/campaigns/{name}/approval")
    async def answer(request: Request, name: str) -> Response:
        fields = await desk.form(request, Right.SEND)
        return await asyncio.to_thread(campaigns.answer, request, name, fields)

    return router


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Answers for one project. Files are read anew for each: an edit shows at once. Each raises Refused for files that can't be meant."""

    desk: Desk

    def campaign(self, request: Request, name: str, *, told: str = "", fault: str = "", refused: Sequence[str] = ()) -> Response:
        """What was asked last, and the button where it can be answered; `refused`: why it couldn't be approved."""
        seen, last = self._asked(name)
        asked = Asked.from_json(last.summary)
        stale = self._stale(name, last)
        return self.desk.page(
            request,
            "campaign.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault or refused else HTTPStatus.OK,
            asked=asked,
            state=status_words.CAMPAIGN[seen.status],
            here_at=f"/campaigns/{quote(name, safe='')}",
            told=_TOLD.get(told, ""),
            stale=stale,
            sentences=list(asked.sentences()),
            samples=list(self._samples(asked)),
            history=[_deed(deed) for deed in last.history],
            fingerprint=last.fingerprint,
            may_approve=not last.stands and not stale,
            may_withdraw=last.stands,
            fault=fault,
            refused=refused,
        )

    def answer(self, request: Request, name: str, fields: Mapping[str, str]) -> Response:
        """Approve what the page showed, or take the approval back, and show the page again."""
        self._asked(name)
        person, say = self.desk.person(request), fields.get("say", "")
        by = person.name if person.email else fields.get("by", "").strip()
        if not by or len(by) > 100 or not by.isprintable():
            return self.campaign(request, name, fault=_NO_NAME)
        try:
            if say == "approve":
                approving.approve(
                    self.desk.engine, self.desk.project, name, shown=fields.get("fingerprint", ""), by=by, email=person.email, now=self.desk.clock()
                )
            elif say == "withdraw":
                approving.withdraw(self.desk.engine, name, by=by, now=self.desk.clock())
            else:
                raise HTTPException(HTTPStatus.FORBIDDEN)
        except ConfigError as error:
            if say == "approve" and self._waits(name, fields.get("fingerprint", "")):
                return self.campaign(request, name, refused=[str(problem) for problem in error.problems])  # it is they who may not
            return self.campaign(request, name, told="other")  # it was changed, or answered by somebody else: the page says how it stands
        return RedirectResponse(f"/campaigns/{quote(name, safe='')}/approval?{urlencode({'told': say})}", HTTPStatus.SEE_OTHER)

    def _waits(self, name: str, shown: str) -> bool:
        """Whether the very thing that was shown waits for an answer still."""
        _, last = self._asked(name)
        return last.fingerprint == shown and not last.stands and not self._stale(name, last)

    def letter(self, name: str, file: str) -> Response:
        """One of the sample letters, as a mailbox shows it or as plain text."""
        _, last = self._asked(name)
        path = self._folder(name) / file
        if file not in Asked.from_json(last.summary).letters or not path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        kind = "text/html" if file.endswith(".html") else "text/plain"
        return Response(path.read_bytes(), media_type=f"{kind}; charset=utf-8", headers={"Content-Security-Policy": _LETTER})

    def _asked(self, name: str) -> tuple[Overview, Approval]:
        if name not in approving.campaigns_asked(self.desk.engine):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        seen = overseeing.oversee(self.desk.project, self.desk.engine, name, counts=False)
        return seen, seen.approvals[0]

    def _stale(self, name: str, last: Approval) -> list[str]:
        """Files that are others than those that the figures were made of."""
        now = contents.read(prepared.prepare(self.desk.project, name))
        return [each.file for each in fingerprint.differing(Fingerprint.from_json(last.made_of), now)]

    def _folder(self, name: str) -> Path:
        return self.desk.project.out / "approval" / name

    def _samples(self, asked: Asked) -> Iterator[tuple[str, str, str, str]]:
        """(letter, whose and when, the page's address, the text's address), where both still lie there."""
        folder, there = self._folder(asked.campaign), set(asked.letters)
        root = f"/campaigns/{quote(asked.campaign, safe='')}/letters"
        for file in asked.letters:
            text = file.removesuffix(".html") + ".txt"
            if file.endswith(".html") and text in there and (folder / file).is_file():
                letter, *where = file.removesuffix(".html").split(".")
                whose = joined(called(part, "channel") if part in set(ChannelName) else part for part in where)
                yield letter, whose, f"{root}/{quote(file)}", f"{root}/{quote(text)}"


_NO_NAME = N_("Write your name: it is kept with what you say.")
_TOLD = {
    "approve": N_("Approved. The next run, by the schedule or by hand, goes on with it."),
    "withdraw": N_("Withdrawn. Nothing of it leaves any more."),
    "other": N_("Nothing was changed: it stood otherwise than the page showed. This is how it stands now."),
}


_DEEDS = {
    "asked": (N_("%(moment)s: asked"), N_("%(moment)s: asked by %(who)s")),
    "approved": (N_("%(moment)s: approved"), N_("%(moment)s: approved by %(who)s")),
    "withdrawn": (N_("%(moment)s: withdrawn"), N_("%(moment)s: withdrawn by %(who)s")),
}


def _deed(deed: Mapping[str, str]) -> str:
    moment, (alone, by) = f"{deed['at'][:16].replace('T', ' ')} UTC", _DEEDS[deed["what"]]
    return said(by, moment=moment, who=deed["by"]) if deed["by"] else said(alone, moment=moment)
