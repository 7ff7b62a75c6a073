"""Counts that take long, kept for a while: a page never waits for what was counted a moment ago, and never shows it without its age.

What is counted in no time is counted anew each time. What takes longer is kept for twenty times as long as it took, so that looking at pages
costs the database a twentieth of its time at the most; when that is over, the old count is shown once more while the new one is made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_AT_ONCE = 0.05  # seconds: what takes less is never kept
_TIMES = 20
_MOST = 200


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """A count, and how old it is."""

    value: T
    seconds: float  # since it was made; 0.0: just now


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    made_at: float
    took: float


@dataclass(slots=True)
class KeptCounts(Generic[T]):
    """Counts of one kind by their keys. For several threads at once."""

    now: Callable[[], float] = time.monotonic
    _entries: dict[Hashable, _Entry[T]] = field(default_factory=dict)
    _making: dict[Hashable, Future[_Entry[T]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, make: Callable[[], T]) -> Counted[T]:
        """The count, made now or not long ago."""
        entry = self._entries.get(key)
        return Counted(self._make(key, make).value, 0.0) if entry is None or entry.took < _AT_ONCE else self._kept(key, entry, make)

    def get_soon(self, key: Hashable, make: Callable[[], T], *, patience: float) -> Counted[T] | None:
        """The same for who waits so many seconds at the most: what was never counted is None until it is, and goes on being counted meanwhile.

        Raises what making it raised.
        """
        entry = self._entries.get(key)
        if entry is not None:
            return self.get(key, make)
        begun = self._making.get(key) or self._make_aside(key, make)
        wait([begun], timeout=patience)
        if not begun.done():
            return None
        with self._lock:
            self._making.pop(key, None)
        return Counted(begun.result().value, 0.0)

    def _kept(self, key: Hashable, entry: _Entry[T], make: Callable[[], T]) -> Counted[T]:
        age = self.now() - entry.made_at
        if age > entry.took * _TIMES:
            self._make_aside(key, make)
        return Counted(entry.value, age)

    def forget(self, key: Hashable) -> None:
        """Somebody changed what is counted: the next who asks has it counted anew."""
        with self._lock:
            self._entries.pop(key, None)

    def _make(self, key: Hashable, make: Callable[[], T]) -> _Entry[T]:
        began = self.now()
        value = make()
        entry = _Entry(value, self.now(), self.now() - began)
        with self._lock:
            if len(self._entries) >= _MOST:
                self._entries.clear()
            self._entries[key] = entry
        return entry

    def _make_aside(self, key: Hashable, make: Callable[[], T]) -> Future[_Entry[T]]:
        """One at a time for each key; what failed is told to the next who waits for it."""
        with self._lock:
            begun = self._making.get(key)
            if begun is not None and not begun.done():
                return begun
            begun = self._making[key] = Future()

        def work() -> None:
            try:
                begun.set_result(self._make(key, make))
            except Exception as error:  # noqa: BLE001  whoever waits is told
                begun.set_exception(error)
            else:
                with self._lock:
                    self._making.pop(key, None)

        threading.Thread(target=work, daemon=True).start()
        return begun
