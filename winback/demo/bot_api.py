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
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from winback.demo import bot_pictures, bot_updates
from winback.demo.bot_topics import Topics
from winback.demo.bot_webhook import Delivering
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
BAD_GATEWAY = Fault(502, "Bad Gateway", arrives=True)
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
    pictures: tuple[str, ...] = ()  # ids that the API gave, or addresses


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
        self.webhook: Delivering | None = None
        self.commands: dict[str, list[dict[str, str]]] = {}  # by language; "" for everybody else
        self.topics = Topics()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._blocking: set[str] = set()
        self._updates: deque[dict[str, Any]] = deque()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._polls: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._last: dict[str, Any] = {}
        self._open = True
        self._asking = 0  # how many times somebody asked for updates
        self._serving = Serving(self._app)
        self.url = self._serving.url

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open = False
        self._set_webhook({})
        self._wake()
        self._serving.stop()

    # What tests and the demo say

    def fail(self, chat_id: int | str, *faults: Fault) -> None:
        """Let the next requests to send to this chat go wrong, one fault each; or those for a method by its name, whatever the chat."""
        self._faults[str(chat_id)].extend(faults)

    def customer_says(self, chat_id: int, text: str, *, language: str = "uk") -> int:
        """A text in a private chat with the bot. Returns the update's number."""
        return self.tell("message", bot_updates.message(next(self._numbers), chat_id, text, language))

    def customer_edits(self, chat_id: int, message_id: int, text: str, *, language: str = "uk") -> int:
        """An earlier message, changed."""
        return self.tell("edited_message", {**bot_updates.message(message_id, chat_id, text, language), "edit_date": int(time.time())})

    def customer_shares(self, chat_id: int, phone: str, *, owner: int | None = None, language: str = "uk") -> int:
        """A contact: their own, or (of another `owner`) somebody else's."""
        return self.tell("message", bot_updates.contact(next(self._numbers), chat_id, phone, chat_id if owner is None else owner, language))

    def customer_sends_photo(self, chat_id: int, caption: str = "", *, language: str = "uk") -> int:
        return self.tell("message", bot_updates.photo(next(self._numbers), chat_id, caption, language))

    def customer_presses(self, chat_id: int, data: str, *, language: str = "uk") -> int:
        """A button with callback data, below the last message that the bot sent to this chat."""
        sent = next((message for message in reversed(self.sent) if message.chat_id == str(chat_id)), None)
        shown = (
            {"message_id": 1, "date": int(time.time()), "chat": bot_updates.private(chat_id), "text": "..."} if sent is None else self._shown(sent)
        )
        return self.tell("callback_query", bot_updates.press(next(self._numbers), shown, bot_updates.person(chat_id, language), data))

    def staff_say(
        self, group: int, text: str, *, topic: int = 0, reply_to: int = 0, author: int = 42, name: str = "Manager", photo: bool = False
    ) -> int:
        """A text in a group."""
        who = bot_updates.person(author, "uk", name)
        return self.tell("message", bot_updates.in_group(next(self._numbers), group, who, text, topic=topic, reply_to=reply_to, photo=photo))

    def customer_blocks(self, chat_id: int, *, language: str = "uk") -> int:
        """From now on nothing reaches this chat."""
        self._blocking.add(str(chat_id))
        return self.tell("my_chat_member", bot_updates.membership(self._me(), chat_id, "member", "kicked", language))

    def customer_unblocks(self, chat_id: int, *, language: str = "uk") -> int:
        self._blocking.discard(str(chat_id))
        return self.tell("my_chat_member", bot_updates.membership(self._me(), chat_id, "kicked", "member", language))

    def renumber_from(self, first: int) -> None:
        """Number the next updates from `first`, as Telegram does at random after a quiet week."""
        self._numbers = itertools.count(first)

    def texts(self, chat_id: int) -> list[str]:
        """What this chat was sent, in order."""
        return [message.text for message in self.sent if message.chat_id == str(chat_id)]

    # How updates are told

    def tell(self, kind: str, content: dict[str, Any]) -> int:
        """An update of any kind, to whoever asks or to the webhook. Returns its number."""
        with self._lock:
            number = next(self._numbers)
            self._last = {"update_id": number, kind: content}
            self._updates.append(self._last)
        self._wake()
        return number

    @property
    def waiting(self) -> int:
        """How many updates nobody has taken yet."""
        return len(self._updates)

    def repeat_last(self) -> None:
        """Tell the last update once more, with the number that it had, as happens where an answer to the webhook got lost."""
        with self._lock:
            self._updates.append(self._last)
        self._wake()

    def _first(self) -> dict[str, Any] | None:
        with self._lock:
            return self._updates[0] if self._updates else None

    def _taken(self, number: int) -> None:
        with self._lock:
            if self._updates and self._updates[0]["update_id"] == number:
                self._updates.popleft()

    def _set_webhook(self, parameters: dict[str, str]) -> bool:
        if self.webhook is not None:
            self.webhook.stop()
        url = parameters.get("url", "")
        self.webhook = Delivering(url, parameters.get("secret_token", ""), self._first, self._taken) if url else None
        return True

    def _wake(self) -> None:
        with self._lock:
            for loop, event in self._polls:
                loop.call_soon_threadsafe(event.set)
            if self.webhook is not None:
                self.webhook.wake()

    # How requests are answered

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        path, method = scope["path"].rpartition("/")[::2]
        if path != f"/bot{self.token}":
            await _answer(send, 401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        async with Request(scope, receive).form() as form:
            parameters = {name: value for name, value in form.items() if isinstance(value, str)}
            files = {name: await value.read() for name, value in form.items() if not isinstance(value, str)}
        self.calls.append(Call(method, parameters))
        known: dict[str, Callable[[dict[str, str]], Any]] = {
            "getMe": lambda _: self._me(),
            "deleteWebhook": lambda _: self._set_webhook({}),
            "setWebhook": self._set_webhook,
            "getWebhookInfo": lambda _: self._webhook_info(),
            "setMyCommands": self._set_commands,
            "answerCallbackQuery": lambda _: True,
            "editMessageText": self._edit,
            **self.topics.methods,
        }
        if (missing := self.topics.missing(method, parameters)) is not None:
            await self._go_wrong(Fault(400, missing), scope, send)
        elif self._faults[method]:
            await self._go_wrong(self._faults[method].popleft(), scope, send)
        elif method == "getUpdates":
            await self._tell_updates(parameters, send)
        elif method in bot_pictures.SENDS:
            await self._send_message(parameters, files, scope, send)
        elif method == "copyMessage":  # whatever the message holds
            await self._send_message(
                {"text": f"(copy of {parameters['message_id']}) {parameters.get('caption', '')}".rstrip()} | parameters, {}, scope, send
            )
        elif method in known:
            await _answer(send, 200, {"ok": True, "result": known[method](parameters)})
        else:
            await _answer(send, 404, {"ok": False, "error_code": 404, "description": "Not Found"})

    def _me(self) -> dict[str, Any]:
        return {"id": int(self.token.partition(":")[0]), "is_bot": True, "first_name": "Zerno", "username": self.username}

    def _webhook_info(self) -> dict[str, Any]:
        url = self.webhook.url if self.webhook else ""
        return {"url": url, "has_custom_certificate": False, "pending_update_count": len(self._updates)}

    def _set_commands(self, parameters: dict[str, str]) -> bool:
        self.commands[parameters.get("language_code", "")] = json.loads(parameters["commands"])
        return True

    async def _tell_updates(self, parameters: dict[str, str], send: Send) -> None:
        """One may ask at a time, and nobody where a webhook is set: the API answers 409."""
        if self.webhook is not None:
            await _answer(send, 409, {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates method while webhook is active"})
            return
        self._asking += 1
        turn = self._asking
        self._wake()  # whoever waits is sent away
        told = await self._get_updates(parameters)
        if turn != self._asking:
            what = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            await _answer(send, 409, {"ok": False, "error_code": 409, "description": what})
        else:
            await _answer(send, 200, {"ok": True, "result": told})

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

    async def _send_message(self, parameters: dict[str, str], files: dict[str, bytes], scope: Scope, send: Send) -> None:
        chat_id = parameters["chat_id"]
        faults = self._faults[chat_id]
        fault = faults.popleft() if faults else BLOCKED if chat_id in self._blocking else None
        if fault is None or fault.arrives:
            message = self._keep(parameters, files)
            self.sent.append(message)
            if fault is None:
                shown = (
                    [self._shown(replace(message, pictures=(each,))) for each in message.pictures] if "media" in parameters else self._shown(message)
                )
                await _answer(send, 200, {"ok": True, "result": shown})
                return
        await self._go_wrong(fault, scope, send)

    async def _go_wrong(self, fault: Fault, scope: Scope, send: Send) -> None:
        if fault.status == 0:
            scope["state"]["hang_up"]()
            await asyncio.sleep(0)  # until uvicorn has seen that the connection is gone
            return
        more = {} if fault.retry_after is None else {"parameters": {"retry_after": fault.retry_after}}
        await _answer(send, fault.status, {"ok": False, "error_code": fault.status, "description": fault.description, **more})

    def _keep(self, parameters: dict[str, str], files: dict[str, bytes] | None = None) -> SentMessage:
        markup = json.loads(parameters.get("reply_markup", "{}"))
        buttons = tuple(button for row in markup.get("inline_keyboard", []) for button in row)
        text, pictures = bot_pictures.sent(parameters, files or {})
        return SentMessage(parameters["chat_id"], text, buttons, next(self._numbers), time.monotonic(), parameters, pictures)

    def _edit(self, parameters: dict[str, str]) -> dict[str, Any]:
        message = self._keep(parameters)
        self.edited.append(message)
        return self._shown(message)

    def _shown(self, message: SentMessage) -> dict[str, Any]:
        number = int(message.chat_id)
        chat = bot_updates.private(number) if number > 0 else {"id": number, "type": "supergroup", "title": "Staff"}
        said = {"message_id": message.message_id, "date": int(time.time()), "chat": chat, "from": self._me()}
        return said | (bot_pictures.shown(message.pictures) if message.pictures else {"text": message.text})


async def _lifespan(receive: Receive, send: Send) -> None:
    for stage in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{stage}.complete"})


async def _answer(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
