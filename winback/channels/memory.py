"""A channel that keeps letters in memory, for tests and for rendering without sending."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from winback.model import Email, Message, Receipt


class MemoryChannel:
    """Accepts everything and remembers it in `letters`, in order."""

    in_flight = 100

    def __init__(self) -> None:
        self.letters: list[Email | Message] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    async def send(self, letter: Email | Message) -> Receipt:
        self.letters.append(letter)
        return Receipt(remote_id=f"memory-{len(self.letters)}")
