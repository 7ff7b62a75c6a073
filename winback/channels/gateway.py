"""Messages to phone numbers over a provider's HTTP gateway (SMS, Viber, WhatsApp), as settings.yaml describes it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from winback.channels.spacing import Spacing
from winback.errors import ChannelError, LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import Message, Receipt
from winback.ways_out import GatewaySettings, Means

NO_SUCH_NUMBER = "no-such-number"
_SHOWN = 300  # characters of an answer that are kept with a delivery
_IDLE = 2.0  # seconds that a connection is kept without a message: one that the other side is just closing would leave a doubt
_LARGEST = 1_000_000  # bytes of an answer that are read
# httpx's errors that come before the request has been written; after any other the message may have left.
_NOT_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class GatewayChannel:
    """Sends as `settings` say. `callback` is the address that reports go to; {reference} in it becomes the message's own."""

    def __init__(self, settings: GatewaySettings, *, secret: str = "", callback: str = "", spacing: Spacing | None = None) -> None:
        self.in_flight = settings.per_second
        self._settings, self._secret, self._callback = settings, secret, callback
        self._spacing = spacing or Spacing(settings.per_second)
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=self.in_flight, max_keepalive_connections=self.in_flight, keepalive_expiry=_IDLE)
        auth = httpx.BasicAuth(self._settings.user, self._secret) if self._settings.user else None
        self._client = httpx.AsyncClient(timeout=self._settings.timeout_seconds, limits=limits, auth=auth, follow_redirects=False)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._spacing.leave()
        if self._client is not None:
            await self._client.aclose()

    async def send(self, letter: Message) -> Receipt:
        """One message, asked for once: what may have been taken is UncertainError."""
        assert self._client is not None, "enter the channel first"
        request = self._request(self._client, letter)
        await self._spacing.turn(letter.chat_id)
        again_after: timedelta | None = None
        try:
            return read(await self._answer(self._client, request), self._settings)
        except TemporaryError as error:
            again_after = error.after
            raise
        finally:
            self._spacing.answered(letter.chat_id, again_after)

    async def _answer(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        try:
            answer = await client.send(request, stream=True)
            try:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        break
            finally:
                await answer.aclose()
        except _NOT_WRITTEN as error:
            raise TemporaryError("unreachable", type(error).__name__) from error
        except httpx.HTTPError as error:
            raise UncertainError("no-answer", type(error).__name__) from error
        headers = {name: value for name, value in answer.headers.items() if name in {"content-type", "retry-after"}}
        return httpx.Response(answer.status_code, headers=headers, content=body[:_LARGEST])

    def _request(self, client: httpx.AsyncClient, letter: Message) -> httpx.Request:
        settings = self._settings
        words = {
            "to": letter.chat_id,
            "digits": letter.chat_id.lstrip("+"),
            "text": letter.text,
            "reference": letter.reference,
            "secret": self._secret,
            "callback": self._callback.replace("{reference}", letter.reference),
        }
        url = _put_in(settings.url, {name: str(httpx.QueryParams({"_": word}))[2:] for name, word in words.items()})
        headers = {name: _put_in(value, words) for name, value in settings.headers.items()}
        if settings.body_as == "xml":
            text = _put_in(str(settings.body), {name: html.escape(word) for name, word in words.items()})
            return client.build_request(settings.method, url, content=text.encode(), headers={"content-type": "text/xml; charset=utf-8", **headers})
        body = _filled(settings.body, words)
        match settings.body_as:
            case "json":
                return client.build_request(settings.method, url, json=body, headers=headers)
            case "form":
                return client.build_request(settings.method, url, data=body, headers=headers)
        return client.build_request(settings.method, httpx.URL(url).copy_merge_params(body), headers=headers)


def read(answer: httpx.Response, settings: GatewaySettings) -> Receipt:
    """What an answer says of a message. Raises ChannelError; what nobody described is doubt, unless its HTTP status says it all."""
    how, status = settings.answer, answer.status_code
    said = parsed(answer.content)
    if status in how.accepted and all(at(said, path) in map(_word, values) for path, values in how.where.items()):
        return Receipt(remote_id=at(said, how.id)[:200] if how.id else "")
    code = at(said, how.code) if how.code else ""
    text = f"HTTP {status} {code}: {answer.text[:_SHOWN]}" if code else f"HTTP {status}: {answer.text[:_SHOWN]}"
    rule = next((rule for rule in how.refusals if rule.fits(status, code)), None)
    if rule is None:
        raise _by_status(status, text, answer.headers.get("retry-after", ""))
    match rule.means:
        case Means.LATER:
            raise TemporaryError("busy", text, after=_after(answer.headers.get("retry-after", "")))
        case Means.NO_SUCH_NUMBER:
            raise PermanentError(NO_SUCH_NUMBER, text)
        case Means.REFUSED:
            raise PermanentError("refused", text)
    raise LaneError("gateway-refused", text)


def _by_status(status: int, text: str, retry_after: str) -> ChannelError:
    """RFC 9110: 429 and 503 say that nothing was done; what a server in the middle says (502, 504) doesn't."""
    if status in {429, 503}:
        return TemporaryError("too-fast" if status == 429 else "busy", text, after=_after(retry_after))
    if status in {401, 402, 403, 407}:
        return LaneError("gateway-refused", text)
    if 300 <= status < 500:
        return LaneError("message-refused", text)
    return UncertainError("unreadable-answer", text)


def _after(text: str) -> timedelta | None:
    return timedelta(seconds=int(text)) if re.fullmatch(r"\d{1,5}", text, re.ASCII) else None


def parsed(content: bytes) -> Any:
    """An answer's JSON; None where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def at(said: Any, path: str) -> str:
    """What stands at a path (`messages.0.id`), as a word; empty: nothing."""
    for step in path.split(".") if path else ():
        if isinstance(said, dict):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return ""
    return _word(said)


def _word(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _put_in(value, words)
    if isinstance(value, dict):
        return {name: _filled(each, words) for name, each in value.items()}
    return [_filled(each, words) for each in value] if isinstance(value, list | tuple) else value


def _put_in(text: str, words: Mapping[str, str]) -> str:
    """All placeholders at once, so that what stands in a message is no placeholder."""
    return re.sub(r"\{([a-z]+)\}", lambda found: words.get(found[1], found[0]), text)
