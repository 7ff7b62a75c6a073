"""The page of one letter as it was sent: written again from what it was written from (docs/decisions/0107)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from winback.channels import keyboard
from winback.model import ChannelName, Email, Message
from winback.operations import dossier
from winback.operations.dossier import SentLetter
from winback.sending.viewing import Viewing
from winback.studio import bubble, customers_page, letter_frame, status_words, written
from winback.studio import desk as desks
from winback.studio.desk import Desk
from winback.studio.gate import HEADERS

_WITH_A_FRAME = {"Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"}


def routes(desk: Desk) -> APIRouter:
    router, page = APIRouter(), SentPage(desk, Viewing(desk.project, desk.engine))

    @router.get("/sent/{number}")
    def letter(request: Request, number: str) -> Response:
        return page.letter(request, desks.number(number))

    @router.get("/sent/{number}/html")
    def as_html(number: str) -> Response:
        return page.html(desks.number(number))

    return router


@dataclass(frozen=True, slots=True)
class SentPage:
    """Answers for one project."""

    desk: Desk
    viewing: Viewing

    def letter(self, request: Request, number: int) -> Response:
        """What is known of the letter, with the letter in a frame where it can be written again."""
        sent, content = self._sent(number), self.viewing.content(number)
        message = content if isinstance(content, Message) else None
        return self.desk.page(
            request,
            "sent.html",
            headers=_WITH_A_FRAME,
            sent=sent,
            customer=customers_page.address(sent.customer),
            frame=f"/sent/{number}/html" if isinstance(content, Email) else "",
            message=message,
            bubble="" if message is None else _drawn(message),
            keys=[] if message is None else keyboard.rows([button.label for button in message.buttons]),
            statuses=status_words.DELIVERY,
            channels=status_words.CHANNEL,
            at=lambda moment: written.at(self.desk.project, moment),
        )

    def html(self, number: int) -> Response:
        """The letter's HTML, for the frame."""
        self._sent(number)
        html = self.viewing.html(number)
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(letter_frame.framed(html, ()), headers=letter_frame.HEADERS)

    def _sent(self, number: int) -> SentLetter:
        sent = dossier.sent_letter(self.desk.engine, number)
        if sent is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return sent


def _drawn(message: Message) -> str:
    """Telegram's few elements as such; what goes to a phone is plain."""
    return bubble.draw(message.text) if message.channel is ChannelName.TELEGRAM else message.text
