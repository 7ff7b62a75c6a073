"""The webhook: Telegram tells updates to `winback serve`, and hears 200 once what follows from them is in the store."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import Engine
from starlette.types import Receive, Scope, Send
from telegram import Update

from winback.bot import answers, listening, updates
from winback.bot.dialogue import Scene
from winback.bot.updates import Heard
from winback.settings import Project
from winback.tracking import addresses, guard, hook_secret

_AT_ONCE = 100  # updates that one transaction takes in


class Hook:
    """Answers addresses.BOT. What it hears is answered by whoever has the line (bot/duty.py, Voice)."""

    def __init__(self, project: Project, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.counts: Counter[str] = Counter()
        self._project = project
        self._engine = engine
        self._clock = clock
        self._phrasebook = answers.read(project)
        self._waiting: list[tuple[Heard, asyncio.Future[None]]] = []
        self._taking: asyncio.Task[None] | None = None

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request was for it. Who doesn't show the secret is refused before a byte of what they say is read."""
        if scope["path"].removeprefix(scope.get("root_path", "")) != addresses.BOT:
            return False
        if not hook_secret.is_shown(self._project.key, scope["headers"]):
            await guard.refuse(send, HTTPStatus.FORBIDDEN)
        elif scope["method"] != "POST":
            await guard.refuse(send, HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", b"POST")])
        else:
            await self._hear(scope, receive, send)
        return True

    async def _hear(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await guard.body(scope, receive)
        if body is None:
            return
        heard = _read(body) if isinstance(body, bytes) else None
        if heard is None:
            await guard.refuse(send, HTTPStatus.BAD_REQUEST if isinstance(body, bytes) else body)
            return
        await self._take(heard)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _take(self, heard: Heard) -> None:
        """Return once it is in the store; those who come meanwhile are taken in together."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((heard, done))
        if self._taking is None:
            self._taking = asyncio.create_task(self._take_in())
        await done

    async def _take_in(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                scene = Scene(self._project, self._phrasebook, self._clock())
                try:
                    await asyncio.to_thread(listening.take_in_batch, self._engine, [heard for heard, _ in batch], scene, self.counts)
                except Exception as error:  # noqa: BLE001  # each who waits raises it
                    _tell([done for _, done in batch], error)
                else:
                    _tell([done for _, done in batch])
        finally:
            self._taking = None


def _tell(waiting: list[asyncio.Future[None]], error: Exception | None = None) -> None:
    for done in waiting:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)


def _read(body: bytes) -> Heard | None:
    """None for what is no update at all. One of a shape that isn't known to us is nothing to us: told again it would be no better."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = said.get("update_id") if isinstance(said, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        return None
    try:
        return updates.read(Update.de_json(said))
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
        return Heard(number, updates.Kind.OTHER)
