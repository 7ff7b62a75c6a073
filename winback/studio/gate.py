"""Who may come in: only this machine's own browser, under this machine's own names, with a form that one of our pages gave out."""

from __future__ import annotations

import hmac
import re
import secrets
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class Gate:
    """Refuses requests for other hosts, and gives every answer the headers above, unless it has a stricter one of its own.

    A page elsewhere can make its own name lead to 127.0.0.1 (DNS rebinding) and would then read us as its own; the Host header tells.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        names = ("127.0.0.1", "localhost")
        self._app = app
        self._own = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())
        self._own_address = f"http://127.0.0.1:{port}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({name: value for name, value in HEADERS.items() if name not in headers})
            await send(message)

        if [host.lower() for host in Headers(scope=scope).getlist("host")] in [[own] for own in self._own]:
            await self._app(scope, receive, answer)
            return
        refusal = PlainTextResponse(f"The studio answers at {self._own_address} only.\n", HTTPStatus.MISDIRECTED_REQUEST)
        await refusal(scope, receive, answer)


class Tickets:
    """Proofs that a form came from a page of ours: made from a visitor's cookie with a secret of this process.

    The cookie goes with requests of our own pages only (SameSite=Strict). Cookies know no ports, so another server on this machine may
    see it; without the secret it still can't make the proof.
    """

    def __init__(self, port: int) -> None:
        self._secret = secrets.token_bytes(32)
        self.cookie = f"winback-studio-{port}"

    def visitor(self, request: Request) -> str:
        """What the cookie says, or a new visitor."""
        known = request.cookies.get(self.cookie, "")
        return known if re.fullmatch(r"[A-Za-z0-9_-]{43}", known) else secrets.token_urlsafe(32)

    def proof(self, visitor: str) -> str:
        return hmac.digest(self._secret, visitor.encode(), "sha256").hex()

    def hold(self, request: Request, proof: str) -> bool:
        """Whether a form's proof belongs to the cookie that came with it; compared in constant time."""
        visitor = request.cookies.get(self.cookie, "")
        return bool(visitor) and hmac.compare_digest(self.proof(visitor).encode(), proof.encode())
