"""What stands between the public endpoints and the world: headers on every answer, no traceback, bounds of size and time, a limit per address.

Two rings. `Guard` is around everything, the pixel too, and adds only what costs next to nothing. `Limits` is around the pages alone: whoever
holds a link of a letter gets their picture and their redirect whatever the neighbours behind the same address do.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from winback.tracking import addresses

log = logging.getLogger(__name__)

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Refuse: TypeAlias = Callable[[Send, HTTPStatus, Iterable[tuple[bytes, bytes]]], Awaitable[None]]
"""Answers a request that is refused, in the words of whoever stands behind the ring; the pairs are headers more."""

_LONGEST_URL = 4_096
_LONGEST_HEADERS = 32_768
_MOST_HEADERS = 100
_LONGEST_BODY = 262_144
_BODY_WITHIN = 10.0  # seconds, from the first byte of the request to the last of its body
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HOPS = 10  # of a chain of proxies that are believed

_ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex"),
)
_ONE_YEAR = (b"strict-transport-security", b"max-age=31536000")


def headers(public_url: str) -> tuple[tuple[bytes, bytes], ...]:
    """What every answer has, under this address, where it doesn't say otherwise."""
    return (*_ALWAYS, _ONE_YEAR) if public_url.startswith("https://") else _ALWAYS


class Guard:
    """The outer ring: gives each answer the headers that it lacks, and turns whatever went wrong inside into a page that says nothing.

    A pixel keeps the three headers that it brings: nothing else means anything for a picture, and each costs as much as reading a token.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._headers = headers(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        try:
            await self._app(scope, receive, send if scope["path"].startswith(addresses.OPEN) else answer)
        except Exception as error:  # noqa: BLE001  # whatever it is, its words stay inside
            # the path is a customer's token, and the error may quote the row at hand: neither goes into a log
            log.error("a request (%s) failed: %s at %s", scope["method"], type(error).__name__, _place(error))  # noqa: TRY400
            if not answer.begun:
                await refuse(answer, HTTPStatus.INTERNAL_SERVER_ERROR)


class _Answer:
    """A `send` that adds what an answer lacks, and knows whether it has begun."""

    def __init__(self, send: Send, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            own = list(message["headers"])
            names = {name for name, _ in own}
            message = {**message, "headers": own + [header for header in self._headers if header[0] not in names]}
        await self._send(message)


def _place(error: Exception) -> str:
    """The line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "an unknown line" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


@dataclass(slots=True)
class _Account:
    left: float
    at: float


class Allowance:
    """How much each address may still ask. A good answer costs 1, a refusal 20; it grows again with time.

    The figures leave room for a mail provider that unsubscribes many people at once from one address, and next to none for trying tokens:
    600 in hand and 20 a second are 30 refusals, then one a second. Of addresses beyond `most`, the one silent for longest is forgotten.
    """

    def __init__(self, *, burst: float = 600, a_second: float = 20, most: int = 20_000) -> None:
        self._burst = burst
        self._a_second = a_second
        self._most = most
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    def wait(self, who: str, now: float) -> float:
        """Seconds until this address may ask again; 0: it may."""
        account = self._accounts.get(who)
        if account is None:
            return 0.0
        lacking = 1 - (account.left + (now - account.at) * self._a_second)
        return max(lacking / self._a_second, 0.0)

    def take(self, who: str, cost: float, now: float) -> None:
        account = self._accounts.get(who)
        if account is None:
            while len(self._accounts) >= self._most:
                self._accounts.popitem(last=False)
            account = self._accounts[who] = _Account(self._burst, now)
        else:
            self._accounts.move_to_end(who)
        account.left = min(self._burst, account.left + (now - account.at) * self._a_second) - cost
        account.at = now


_ASKED, _REFUSED = 1, 19


class Limits:
    """The inner ring, around the pages: what is too long, too slow or too much is refused before the pages hear of it."""

    def __init__(
        self,
        app: ASGIApp,
        trusted_proxies: Iterable[str] = (),
        *,
        allowance: Allowance | None = None,
        body_within: float = _BODY_WITHIN,
        longest_body: int = _LONGEST_BODY,
        moment: Callable[[], float] | None = None,
        refusing: Refuse | None = None,
    ) -> None:
        self._app = app
        self._trusted = tuple(ipaddress.ip_network(each, strict=False) for each in trusted_proxies)
        self.allowance = Allowance() if allowance is None else allowance  # an unused one is empty, and so false
        self._within = body_within
        self._longest = longest_body
        self._moment = moment
        self._refuse = refusing or refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = self._moment or asyncio.get_running_loop().time
        who = client(scope, self._trusted)
        if wait := self.allowance.wait(who, now()):
            await self._refuse(send, HTTPStatus.TOO_MANY_REQUESTS, [(b"retry-after", b"%d" % (wait + 1))])
            return
        self.allowance.take(who, _ASKED, now())

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
                self.allowance.take(who, _REFUSED, now())
            await send(message)

        if too_long := _too_long(scope, self._longest):
            await self._refuse(answer, too_long, ())
        elif scope["method"] not in _CHANGES:
            await self._app(scope, receive, answer)
        else:
            said = await body(scope, receive, within=self._within, longest=self._longest)
            if isinstance(said, HTTPStatus):
                await self._refuse(answer, said, ())
            elif said is not None:
                await self._app(scope, _told(said, receive), answer)


async def body(scope: Scope, receive: Receive, *, within: float = _BODY_WITHIN, longest: int = _LONGEST_BODY) -> bytes | HTTPStatus | None:
    """The whole body of a request; why it is refused, where it is too long or too slow; None: nobody is there any more."""
    if too_long := _too_long(scope, longest):
        return too_long
    try:
        async with asyncio.timeout(within):
            said = await _whole(receive, longest)
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if said is not None and len(said) > longest else said


def _too_long(scope: Scope, longest: int) -> HTTPStatus | None:
    headers = scope["headers"]
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > _LONGEST_URL:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _LONGEST_HEADERS:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    length = next((value for name, value in headers if name == b"content-length"), b"")
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if length.isdigit() and int(length[:20]) > longest else None


async def _whole(receive: Receive, longest: int) -> bytes | None:
    """The body; longer than `longest`: only its beginning. None: the client left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False) or len(body) > longest:
            return bytes(body)


def _told(body: bytes, receive: Receive) -> Receive:
    """A `receive` that has the whole body at once, and then what still comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def tell() -> Message:
        return waiting.pop() if waiting else await receive()

    return tell


def client(scope: Scope, trusted: Iterable[Network] = ()) -> str:
    """Whom a request is from: an IPv4 address, or the /64 network of an IPv6 one, which is what one customer of a provider has.

    Behind a trusted proxy it is the last hop of X-Forwarded-For that no trusted proxy is; from anybody else the header says nothing.
    """
    peer = scope.get("client")
    address = _address(peer[0] if peer else "")
    if address is None:
        return "unknown"
    if _is_of(address, trusted):
        told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for hop in reversed(told.decode("latin-1").rsplit(",", _HOPS)[-_HOPS:]):
            further = _address(hop.strip())
            if further is None:
                break
            address = further
            if not _is_of(address, trusted):
                break
    return str(address) if address.version == 4 else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text[:50].partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _is_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


async def refuse(send: Send, status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """An answer of the status's own words; the connection ends with it, so that nothing more of the request is read."""
    body = f"{status.phrase}\n".encode()
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": int(status), "headers": [*plain, *headers]})
    await send({"type": "http.response.body", "body": body})
