"""The pages of the development mailbox: what would have gone out, and one letter as its reader would see it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from winback.channels import keyboard, unpacked
from winback.channels.mailbox import Lying
from winback.channels.unpacked import Link, Unpacked
from winback.operations import mailbox
from winback.operations.mailbox import BOXES, Letter, Reading, Wanted
from winback.settings import Project
from winback.studio import bubble, customers_page, letter_frame
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.gate import HEADERS
from winback.studio.words import N_

_WITH_A_FRAME = {"Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; frame-src 'self'"}
_BEGINNING = 4_000
"""Bytes that are shown of a file that is no letter."""

_LARGEST_SHOWN = 2_000_000
"""Bytes of the largest picture that the list of parts shows."""


def routes(desk: Desk) -> APIRouter:
    router, mailbox = APIRouter(), MailboxPage(desk, Reading(desk.project, desk.engine))
    _add_rehearsed(router, desk)

    @router.get("/mailbox")
    def letters(request: Request, *, box: str = "", to: str = "", language: str = "", campaign: str = "", page: str = "") -> Response:
        return mailbox.every(request, Wanted(box.strip(), to.strip(), language.strip(), campaign.strip()), desks.sheet(page))

    @router.get("/mailbox/{box}/{name}")
    def one(request: Request, box: str, name: str) -> Response:
        return mailbox.letter(request, box, name)

    @router.get("/mailbox/{box}/{name}/html")
    def as_html(box: str, name: str) -> Response:
        return mailbox.html(box, name)

    @router.get("/mailbox/{box}/{name}/source")
    def as_source(box: str, name: str) -> Response:
        return mailbox.source(box, name)

    return router


def _add_rehearsed(router: APIRouter, desk: Desk) -> None:
    """The same pages of the letters that a campaign's last rehearsal wrote."""

    def letters_of(campaign: str) -> MailboxPage:
        if campaign not in desk.project.names("campaigns"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return MailboxPage(desk, Reading(desk.project, desk.engine, campaign), f"/campaigns/{quote(campaign, safe='')}/rehearsal/letters")

    @router.get("/campaigns/{campaign}/rehearsal/letters")
    def letters(request: Request, campaign: str, *, box: str = "", to: str = "", language: str = "", page: str = "") -> Response:
        return letters_of(campaign).every(request, Wanted(box.strip(), to.strip(), language.strip()), desks.sheet(page))

    @router.get("/campaigns/{campaign}/rehearsal/letters/{box}/{name}")
    def one(request: Request, campaign: str, box: str, name: str) -> Response:
        return letters_of(campaign).letter(request, box, name)

    @router.get("/campaigns/{campaign}/rehearsal/letters/{box}/{name}/html")
    def as_html(campaign: str, box: str, name: str) -> Response:
        return letters_of(campaign).html(box, name)

    @router.get("/campaigns/{campaign}/rehearsal/letters/{box}/{name}/source")
    def as_source(campaign: str, box: str, name: str) -> Response:
        return letters_of(campaign).source(box, name)


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """Answers for one project, out of its folders as they are at that moment; `root` is the address of the list."""

    desk: Desk
    reading: Reading
    root: str = "/mailbox"

    @property
    def project(self) -> Project:
        return self.reading.project

    def every(self, request: Request, wanted: Wanted, number: int) -> Response:
        """The letters that are wanted, fifty at a time, the newest first."""
        page = self.reading.page(wanted, number)
        return self.desk.page(
            request,
            "mailbox.html",
            letters=[(self.address(letter), letter, self._when(letter), _about(letter)) for letter in page.letters],
            page=page,
            first=(page.number - 1) * mailbox.AT_ONCE + 1,
            wanted=wanted,
            boxes=BOXES,
            languages=self.reading.languages(),
            campaigns=self.project.names("campaigns"),
            newer=self._list(wanted, page.number - 1) if page.number > 1 else "",
            older=self._list(wanted, page.number + 1) if page.goes_on else "",
            via={"email": self.project.settings.email.via, "telegram": self.project.settings.telegram.via},
            folder=self.project.shown(self._folder),
            root=self.root,
            rehearsed=self.reading.rehearsed,
        )

    def letter(self, request: Request, box: str, name: str) -> Response:
        """One letter: what it says, how it looks, what it holds, and what is wrong with it."""
        letter, content = self._found(box, name)
        said: dict[str, Any] = {
            "letter": letter,
            "when": self._when(letter),
            "customer": customers_page.address(letter.customer),
            "box": BOXES[box],
            "file": self.project.shown(self.reading.mailbox.boxes[box] / name),
            "source": f"{self.address(letter)}/source",
            "size": len(content),
            "root": self.root,
            "beside": self._beside(box, name),
        }
        if name.endswith(".json"):
            text = unpacked.message_of(content)
            drawn = bubble.draw(text.text) if text else ""
            rows = [[text.buttons[place] for place in row] for row in keyboard.rows([each.label for each in text.buttons])] if text else []
            return self.desk.page(request, "message.html", text=text, drawn=drawn, rows=rows, links=_links(text.links if text else ()), **said)
        email = unpacked.email_of(content)
        return self.desk.page(
            request,
            "email.html",
            headers=_WITH_A_FRAME,
            email=email,
            faults=email.faults,
            beginning=content[:_BEGINNING].decode("utf-8", "replace"),
            frame=f"{self.address(letter)}/html" if email.html else "",
            unsubscribe=_unsubscribing(email),
            links=_links(email.links),
            parts=[(part, part.is_picture and len(part.data) <= _LARGEST_SHOWN) for part in email.parts],
            **said,
        )

    def html(self, box: str, name: str) -> Response:
        """A letter's HTML, for the frame."""
        _, content = self._found(box, name)
        email = unpacked.email_of(content) if name.endswith(".eml") else None
        if email is None or not email.html:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(letter_frame.framed(email.html, email.parts), headers=letter_frame.HEADERS)

    def source(self, box: str, name: str) -> Response:
        """A letter's bytes as they lie there, as text."""
        _, content = self._found(box, name)
        return Response(content, media_type="text/plain; charset=utf-8")

    def _found(self, box: str, name: str) -> tuple[Letter, bytes]:
        try:
            return self.reading.letter(box, name)
        except OSError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error

    @property
    def _folder(self) -> Path:
        reading = self.reading
        return mailbox.rehearsals(self.project, reading.rehearsed) if reading.rehearsed else self.project.out / "mailbox"

    def address(self, letter: Letter) -> str:
        """The page of a letter, whatever signs its file's name has."""
        return self._at(letter.file)

    def _at(self, file: Lying) -> str:
        return f"{self.root}/{file.box}/{quote(file.name, safe='')}"

    def _beside(self, box: str, name: str) -> tuple[str, str]:
        """The letters before and after this one in its box, the newest first; empty where there are none."""
        newer, older = self.reading.beside(box, name)
        return self._at(newer) if newer else "", self._at(older) if older else ""

    def _list(self, wanted: Wanted, number: int) -> str:
        asked = {"box": wanted.box, "to": wanted.to, "language": wanted.language, "campaign": wanted.campaign, "page": number if number > 1 else ""}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.root}?{query}" if query else self.root

    def _when(self, letter: Letter) -> str:
        return f"{letter.at.astimezone(self.project.zone):%Y-%m-%d %H:%M}"


def _about(letter: Letter) -> list[str]:
    """Where a letter belongs, as far as it is known; its box is the page's to name."""
    return [word for word in (letter.campaign, letter.stage, letter.tactic, letter.head.language) if word]


def _links(links: tuple[Link, ...]) -> list[tuple[Link, bool]]:
    """Each with whether a page may lead there: anything else than these is only shown."""
    return [(link, link.url.lower().startswith(("https://", "http://", "mailto:", "tel:", "tg:"))) for link in links]


def _unsubscribing(email: Unpacked) -> tuple[str, str]:
    """(the header that says how to leave, what a mailbox makes of it)."""
    ways, post = email.header("List-Unsubscribe"), email.header("List-Unsubscribe-Post")
    if not ways:
        return "", N_("There is no List-Unsubscribe header: mailboxes show no way to leave.")
    if "https://" not in ways.lower():
        return ways, N_("One click is not enough to leave: no address in List-Unsubscribe is https (RFC 8058).")
    if post.replace(" ", "").lower() != "list-unsubscribe=one-click":
        return ways, N_("One click is not enough to leave: there is no List-Unsubscribe-Post header (RFC 8058).")
    return ways, N_("Mailboxes show a button, and one click is enough (RFC 8058).")
