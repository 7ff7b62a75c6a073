"""A channel that accepts everything and keeps nothing: for rehearsals that only count."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from winback.model import Email, Message, Receipt


class AcceptingChannel:
    """Takes every letter, and forgets it."""

    in_flight = 5000

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    async def send(self, letter: Email | Message) -> Receipt:
        return Receipt(remote_id=f"accepted-{letter.delivery_id}")
