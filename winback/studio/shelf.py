"""Pages that were made for one look, kept for a while in memory: a frame fetches them by an address that nobody can guess."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

_MOST = 120
_BYTES = 60_000_000


class Shelf:
    """The newest pages; the oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def put(self, text: str) -> str:
        """A name that leads back to the text, as long as it is kept."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[name] = text
            self._size += len(text)
            while self._kept and (len(self._kept) > _MOST or self._size > _BYTES):
                self._size -= len(self._kept.popitem(last=False)[1])
        return name

    def get(self, name: str) -> str | None:
        """The text; None when it went, or never was."""
        with self._lock:
            return self._kept.get(name)
