"""The shape of a channel."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, TypeVar

from winback.model import Receipt

L_contra = TypeVar("L_contra", contravariant=True)

INTERRUPTED = "interrupted"
"""A LaneError's reason: we were stopped before anything was said of the letter. It is no try, and no fault of the other side."""


class Channel(Protocol[L_contra]):
    """Sends finished letters. Entering it proves that the other side is there and lets us in (LaneError if not).

    `send` returns a Receipt when the other side took the letter, and raises ChannelError's children otherwise; it never retries by itself.
    """

    @property
    def in_flight(self) -> int:
        """How many letters may be under way at once; it may change from one moment to the next."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    async def send(self, letter: L_contra) -> Receipt: ...
