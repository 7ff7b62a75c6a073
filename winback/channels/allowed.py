"""A channel outside production: what goes to an address on the allow-list leaves, everything else is refused, whoever sends it."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import Any, Self

from winback.channels.channel import Channel
from winback.errors import PermanentError
from winback.model import Email, Message, Reason, Receipt
from winback.speech import N_

REFUSAL = N_("this is development, and the address is not on the allow-list. Add it to `allow:` in config/settings.yaml to write to it")


class AllowList:
    """Addresses, whole domains (`@zerno.example`, without what lies below them) and numbers of chats."""

    def __init__(self, entries: Collection[str]) -> None:
        self._entries = frozenset(entry.lower() for entry in entries)

    def has(self, address: str) -> bool:
        """Whether it may be written to, however it is spelled; what isn't one plain address never."""
        name, at, domain = address.lower().rpartition("@")
        return address.lower() in self._entries or ("@" not in name and bool(name) and f"{at}{domain}" in self._entries)

    def refuse_others(self, address: str) -> None:
        """Raises PermanentError `not-allowed-here` for an address that isn't on it. The text doesn't name it: texts are kept."""
        if not self.has(address):
            raise PermanentError(Reason.NOT_ALLOWED_HERE, REFUSAL)


class AllowedChannel:
    """Stands in front of a channel and lets through what the list allows; counts in `held_back` what it didn't."""

    def __init__(self, channel: Channel[Any], allowed: AllowList) -> None:
        self._channel = channel
        self._allowed = allowed
        self.held_back = 0

    @property
    def in_flight(self) -> int:
        return self._channel.in_flight

    async def __aenter__(self) -> Self:
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._channel.__aexit__(kind, error, trace)

    def holds_back(self, address: str) -> bool:
        """Asked before a letter is written: whether it would be refused. Counts as held back."""
        held = not self._allowed.has(address)
        self.held_back += held
        return held

    async def send(self, letter: Email | Message) -> Receipt:
        """As the channel behind sends. PermanentError `not-allowed-here` for whoever isn't on the list."""
        to = letter.to if isinstance(letter, Email) else letter.chat_id
        if self.holds_back(to):
            self._allowed.refuse_others(to)
        receipt: Receipt = await self._channel.send(letter)
        return receipt
