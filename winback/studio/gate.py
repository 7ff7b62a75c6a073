"""Which browsers are answered: those that name the studio as it is called, with forms that one of our pages gave out to them."""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from winback.operations import signing_in

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_ABROAD = {"Strict-Transport-Security": "max-age=31536000"}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Gate:
    """Refuses requests for other hosts, and gives every answer the headers above, unless it has a stricter one of its own.

    A page elsewhere can make its own name lead to 127.0.0.1 (DNS rebinding) and would then read us as its own; the Host header tells.
    `host` is the name at which a proxy reaches us from outside; empty: there is none.
    """

    def __init__(self, app: ASGIApp, port: int, host: str = "") -> None:
        names = ("127.0.0.1", "localhost")
        self._app = app
        self._host = host
        self._own = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set()) | ({host} if host else set())
        self._own_address = f"https://{host}/" if host else f"http://127.0.0.1:{port}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked_for = [name.lower() for name in Headers(scope=scope).getlist("host")]
        headers = HEADERS | _ABROAD if self._host and asked_for == [self._host] else HEADERS
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = MutableHeaders(scope=message)
                given.update({name: value for name, value in headers.items() if name not in given})
            await send(message)

        if asked_for not in [[own] for own in self._own]:
            refusal = PlainTextResponse(f"The studio answers at {self._own_address} only.\n", HTTPStatus.MISDIRECTED_REQUEST)
            await refusal(scope, receive, answer)
            return
        try:
            await self._app(scope, receive, answer)
        except Exception:
            if not begun:
                raise
            # a page has said so, and the log knows where (app.py): the server has nothing to add


class Tickets:
    """What a browser keeps of us, and proofs that a form came from a page of ours: made from that with a secret of the project.

    Whoever is signed in has one cookie, whose token the store knows as a hash; everybody else one that says nothing but that it is the same
    browser. Both go with requests of our own pages only (SameSite=Strict). Cookies know no ports, so another server on this machine may see
    them at home; without the secret it still can't make the proof.
    """

    def __init__(self, key: bytes, port: int, host: str = "") -> None:
        self._secret = hmac.digest(key, b"winback studio forms", "sha256")
        self._host = host
        self.cookie = f"winback-studio-{port}"
        self._session = f"winback-session-{port}"
        self._lent = f"winback-provider-{port}"

    def is_abroad(self, request: Request) -> bool:
        """Whether the browser came by the outside name, and so by https."""
        return bool(self._host) and request.headers.get("host", "").lower() == self._host

    def token(self, request: Request) -> str:
        """What whoever is signed in was given; empty where there is nothing like it."""
        known = request.cookies.get(self._name(request, self._session), "")
        return known if _TOKEN.fullmatch(known) else ""

    def visitor(self, request: Request) -> str:
        """What the other cookie says, or a new visitor, the same one as long as the request lasts."""
        known = request.cookies.get(self._name(request, self.cookie), "")
        if not _TOKEN.fullmatch(known):
            known = getattr(request.state, "visitor", "") or secrets.token_urlsafe(32)
            request.state.visitor = known
        return known

    def proof(self, request: Request) -> str:
        """For the forms of the page that answers this request."""
        return self._proof(self._whose(request) or self.visitor(request))

    def hold(self, request: Request, proof: str) -> bool:
        """Whether a form's proof belongs to the cookie that came with it; compared in constant time."""
        whose = self._whose(request) or request.cookies.get(self._name(request, self.cookie), "")
        return bool(whose) and hmac.compare_digest(self._proof(whose).encode(), proof.encode())

    def remember(self, request: Request, response: Response) -> None:
        """Give the browser its cookie, so that it can prove its forms. Who is signed in needs none."""
        if not self._whose(request):
            self._set(request, response, self.cookie, self.visitor(request))

    def admit(self, request: Request, response: Response, token: str) -> None:
        """Signed in from now on: a new token, whatever the browser had before."""
        self._set(request, response, self._session, token, seconds=int(signing_in.LASTS.total_seconds()))

    def dismiss(self, request: Request, response: Response) -> None:
        self._set(request, response, self._session, "", seconds=0)

    def lend(self, request: Request, response: Response, asked: Mapping[str, str]) -> None:
        """What a provider of identities must bring back, for ten minutes. Its answer comes from another site, so this cookie is lax."""
        text = base64.urlsafe_b64encode(json.dumps(asked).encode()).decode()
        self._set(request, response, self._lent, f"{text}.{self._proof(text)}", seconds=600, is_lax=True)

    def lent(self, request: Request) -> dict[str, str]:
        """That again; nothing, when it isn't as we made it."""
        text, _, proof = request.cookies.get(self._name(request, self._lent), "").partition(".")
        if not text or not hmac.compare_digest(self._proof(text).encode(), proof.encode()):
            return {}
        return {str(name): str(value) for name, value in json.loads(base64.urlsafe_b64decode(text)).items()}

    def take_back(self, request: Request, response: Response) -> None:
        self._set(request, response, self._lent, "", seconds=0, is_lax=True)

    def _whose(self, request: Request) -> str:
        """The token, if it is known who is signed in with it."""
        visit = getattr(request.state, "visit", None)
        return visit.token if visit is not None else ""

    def _proof(self, whose: str) -> str:
        return hmac.digest(self._secret, whose.encode(), "sha256").hex()

    def _set(self, request: Request, response: Response, name: str, value: str, *, seconds: int | None = None, is_lax: bool = False) -> None:
        site: Literal["lax", "strict"] = "lax" if is_lax else "strict"
        response.set_cookie(self._name(request, name), value, max_age=seconds, httponly=True, samesite=site, secure=self.is_abroad(request))

    def _name(self, request: Request, name: str) -> str:
        """Browsers take a name with this prefix only by https, for this host alone."""
        return f"__Host-{name}" if self.is_abroad(request) else name
