"""Telling updates to an address, as Telegram does: one after another, each again until it is taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx

_AGAIN_AFTER = 0.05  # seconds; Telegram waits longer, and in the end gives up


class Delivering:
    """Posts what `take` gives (None: nothing waits) until it is stopped; `taken` is told which were answered with 2xx."""

    def __init__(self, url: str, secret: str, take: Callable[[], dict[str, Any] | None], taken: Callable[[int], None]) -> None:
        self.url = url
        self.refused: list[int] = []
        """The answers that weren't 2xx, in order."""
        self._secret = secret
        self._take = take
        self._taken = taken
        self._told = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._deliver, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._told.set()

    def stop(self) -> None:
        self._stopping = True
        self._told.set()
        self._thread.join(5)

    def _deliver(self) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        with httpx.Client(headers=headers, timeout=10, trust_env=False) as client:
            while not self._stopping:
                update = self._take()
                if update is None:
                    self._told.wait()
                    self._told.clear()
                elif self._post(client, update):
                    self._taken(update["update_id"])
                else:
                    self._told.wait(_AGAIN_AFTER)

    def _post(self, client: httpx.Client, update: dict[str, Any]) -> bool:
        try:
            answer = client.post(self.url, json=update)
        except httpx.TransportError:
            self.refused.append(0)
            return False
        if not answer.is_success:
            self.refused.append(answer.status_code)
        return answer.is_success
