"""A Bot API server on this machine: what python-telegram-bot talks to when there is no Telegram.

It knows the methods that winback uses, answers as core.telegram.org/bots/api says, goes wrong where it is told to, and remembers
what was sent and when. Simulated customers speak through `customer_says` and its sisters, from any thread.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from winback.demo.serving import Serving


@dataclass(frozen=True, slots=True)
class Fault:
    """How one request to send goes wrong. `arrives`: the customer gets the message all the same; `status` 0: nobody answers."""

    status: int
    description: str = ""
    retry_after: int | None = None
    arrives: bool = False


BLOCKED = Fault(403, "Forbidden: bot was blocked by the user")
NO_SUCH_CHAT = Fault(400, "Bad Request: chat not found")
SERVER_ERROR = Fault(500, "Internal Server Error")
LOST_BEFORE = Fault(0)
LOST_ANSWER = Fault(0, arrives=True)


def too_fast(seconds: int) -> Fault:
    return Fault(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message that reached a chat."""

    chat_id: str
    text: str
    buttons: tuple[dict[str, str], ...]  # of the inline keyboard, row by row
    message_id: int
    at: float  # of time.monotonic(): for measuring the pace
    parameters: dict[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a method, whatever became of it."""

    method: str
    parameters: dict[str, str]


class BotApi:
    """Answers at `url` for the bot with `token`, between entering and leaving."""

    def __init__(self, *, number: int = 7000000001, username: str = "zerno_bot") -> None:
        self.token = f"{number}:AAE-made-up-token-of-a-made-up-bot"
        self.username = username
        self.sent: list[SentMessage] = []
        self.calls: list[Call] = []
        self.edited: list[SentMessage] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._blocking: set[str] = set()
        self._updates: deque[dict[str, Any]] = deque()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._polls: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._open = True
        self._serving = Serving(self._app)
        self.url = self._serving.url

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open = False
        self._wake()
        self._serving.stop()

    # What tests and the demo say

    def fail(self, chat_id: int, *faults: Fault) -> None:
        """Let the next requests to send to this chat go wrong, one fault each."""
        self._faults[str(chat_id)].extend(faults)

    def customer_says(self, chat_id: int, text: str, *, language: str = "uk") -> int:
        """A text in a private chat with the bot. Returns the update's number."""
        entities = [{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}] if text.startswith("/") else []
        return self._update("message", {**self._message(chat_id, text, language), "entities": entities})

    def customer_presses(self, chat_id: int, data: str, *, language: str = "uk") -> int:
        """A button with callback data, below the last message that the bot sent to this chat."""
        message_id = next((message.message_id for message in reversed(self.sent) if message.chat_id == str(chat_id)), 1)
        message = {**self._message(chat_id, "...", language), "message_id": message_id}
        number = next(self._numbers)
        return self._update(
            "callback_query", {"id": str(number), "from": _person(chat_id, language), "chat_instance": "1", "data": data, "message": message}
        )

    def customer_blocks(self, chat_id: int, *, language: str = "uk") -> int:
        """From now on nothing reaches this chat."""
        self._blocking.add(str(chat_id))
        return self._membership(chat_id, "member", "kicked", language)

    def customer_unblocks(self, chat_id: int, *, language: str = "uk") -> int:
        self._blocking.discard(str(chat_id))
        return self._membership(chat_id, "kicked", "member", language)

    def renumber_from(self, first: int) -> None:
        """Number the next updates from `first`, as Telegram does at random after a quiet week."""
        self._numbers = itertools.count(first)

    def texts(self, chat_id: int) -> list[str]:
        """What this chat was sent, in order."""
        return [message.text for message in self.sent if message.chat_id == str(chat_id)]

    # How updates come about

    def _message(self, chat_id: int, text: str, language: str) -> dict[str, Any]:
        person = _person(chat_id, language)
        chat = {"id": chat_id, "type": "private", "first_name": person["first_name"]}
        return {"message_id": next(self._numbers), "date": int(time.time()), "chat": chat, "from": person, "text": text}

    def _membership(self, chat_id: int, before: str, after: str, language: str) -> int:
        bot = self._me()
        old, new = ({"status": status, "user": bot, **({"until_date": 0} if status == "kicked" else {})} for status in (before, after))
        person = _person(chat_id, language)
        chat = {"id": chat_id, "type": "private", "first_name": person["first_name"]}
        changed = {"chat": chat, "from": person, "date": int(time.time()), "old_chat_member": old, "new_chat_member": new}
        return self._update("my_chat_member", changed)

    def _update(self, kind: str, content: dict[str, Any]) -> int:
        with self._lock:
            number = next(self._numbers)
            self._updates.append({"update_id": number, kind: content})
        self._wake()
        return number

    def _wake(self) -> None:
        with self._lock:
            for loop, event in self._polls:
                loop.call_soon_threadsafe(event.set)

    # How requests are answered

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        path, method = scope["path"].rpartition("/")[::2]
        if path != f"/bot{self.token}":
            await _answer(send, 401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        form = await Request(scope, receive).form()
        parameters = {name: str(value) for name, value in form.items()}
        self.calls.append(Call(method, parameters))
        known: dict[str, Callable[[dict[str, str]], Any]] = {
            "getMe": lambda _: self._me(),
            "deleteWebhook": lambda _: True,
            "answerCallbackQuery": lambda _: True,
            "editMessageText": self._edit,
        }
        if method == "getUpdates":
            await _answer(send, 200, {"ok": True, "result": await self._get_updates(parameters)})
        elif method == "sendMessage":
            await self._send_message(parameters, scope, send)
        elif method in known:
            await _answer(send, 200, {"ok": True, "result": known[method](parameters)})
        else:
            await _answer(send, 404, {"ok": False, "error_code": 404, "description": "Not Found"})

    def _me(self) -> dict[str, Any]:
        return {"id": int(self.token.partition(":")[0]), "is_bot": True, "first_name": "Zerno", "username": self.username}

    async def _get_updates(self, parameters: dict[str, str]) -> list[dict[str, Any]]:
        """Forgets what lies before `offset`; waits up to `timeout` seconds for something to tell."""
        offset, limit, wait = int(parameters.get("offset", 0)), int(parameters.get("limit", 100)), float(parameters.get("timeout", 0))
        told = asyncio.Event()
        poll = asyncio.get_running_loop(), told
        with self._lock:
            while offset and self._updates and self._updates[0]["update_id"] < offset:
                self._updates.popleft()
            self._polls.append(poll)
        try:
            if not self._updates and wait and self._open:
                await asyncio.wait_for(told.wait(), wait)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._polls.remove(poll)
        with self._lock:
            return list(itertools.islice(self._updates, limit))

    async def _send_message(self, parameters: dict[str, str], scope: Scope, send: Send) -> None:
        chat_id = parameters["chat_id"]
        faults = self._faults[chat_id]
        fault = faults.popleft() if faults else BLOCKED if chat_id in self._blocking else None
        if fault is None or fault.arrives:
            message = self._keep(parameters)
            self.sent.append(message)
            if fault is None:
                await _answer(send, 200, {"ok": True, "result": self._shown(message)})
                return
        if fault.status == 0:
            scope["state"]["hang_up"]()
            await asyncio.sleep(0)  # until uvicorn has seen that the connection is gone
            return
        more = {} if fault.retry_after is None else {"parameters": {"retry_after": fault.retry_after}}
        await _answer(send, fault.status, {"ok": False, "error_code": fault.status, "description": fault.description, **more})

    def _keep(self, parameters: dict[str, str]) -> SentMessage:
        markup = json.loads(parameters.get("reply_markup", "{}"))
        buttons = tuple(button for row in markup.get("inline_keyboard", []) for button in row)
        return SentMessage(parameters["chat_id"], parameters["text"], buttons, next(self._numbers), time.monotonic(), parameters)

    def _edit(self, parameters: dict[str, str]) -> dict[str, Any]:
        message = self._keep(parameters)
        self.edited.append(message)
        return self._shown(message)

    def _shown(self, message: SentMessage) -> dict[str, Any]:
        chat = {"id": int(message.chat_id), "type": "private", "first_name": "Customer"}
        return {"message_id": message.message_id, "date": int(time.time()), "chat": chat, "from": self._me(), "text": message.text}


def _person(chat_id: int, language: str) -> dict[str, Any]:
    return {"id": chat_id, "is_bot": False, "first_name": "Customer", "language_code": language}


async def _lifespan(receive: Receive, send: Send) -> None:
    for stage in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{stage}.complete"})


async def _answer(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
