"""How long each part of the story took."""

from __future__ import annotations

import time
from collections.abc import Callable


class Phases:
    """Parts that follow each other: each ends where the next begins."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._begun: list[tuple[str, float]] = []

    def begin(self, name: str) -> None:
        self._begun.append((name, self._seconds()))

    def told(self) -> list[tuple[str, float]]:
        """Each with its seconds, up to now for the last."""
        ends = [began for _, began in self._begun[1:]] + [self._seconds()]
        return [(name, end - began) for (name, began), end in zip(self._begun, ends, strict=True)]
