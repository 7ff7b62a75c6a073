"""What takes long to count is counted once, beside the requests, and kept until what it was counted from changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

_KEPT = 64
PATIENCE_SECONDS = 0.15
"""How long a page waits for what isn't counted yet; after that it says so, and asks again by itself."""
AGAIN = {"Refresh": "3"}
"""Header of a page that waits for figures: it asks for them again by itself, after so many seconds."""


@dataclass
class Counts:
    """May be asked from several threads. One thing is counted after another: two cores have other things to do as well."""

    _made: OrderedDict[Hashable, Future[Any]] = field(default_factory=OrderedDict)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="winback-counts"))

    def begin(self, key: Hashable, make: Callable[[], Any]) -> None:
        """Have it made, unless it is or is being made. What failed is tried anew."""
        with self._turn:
            known = self._made.get(key)
            if known is None or (known.done() and known.exception() is not None):
                self._made[key] = self._hands.submit(make)
            self._made.move_to_end(key)
            while len(self._made) > _KEPT and (oldest := next(iter(self._made))) != key:
                self._made.pop(oldest).cancel()

    def take(self, key: Hashable, *, patience: float = PATIENCE_SECONDS) -> Any | None:
        """What was made; None while it isn't, or when nobody had it made. Raises what making it raised."""
        with self._turn:
            known = self._made.get(key)
        if known is None:
            return None
        wait([known], timeout=patience)
        return known.result() if known.done() and not known.cancelled() else None

    def is_making(self, key: Hashable) -> bool:
        """Whether somebody waits for it."""
        with self._turn:
            known = self._made.get(key)
        return known is not None and not known.done()
