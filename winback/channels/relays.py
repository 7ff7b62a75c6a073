"""E-mail through several relays: each letter through the one whose turn it is, and through another where that one lets nobody in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from winback.channels import mime
from winback.channels.channel import INTERRUPTED, Channel
from winback.errors import ChannelError, LaneError, NotLetInError, TemporaryError
from winback.model import Email, Receipt
from winback.speech import N_

RELAY_CLOSED = "relay-closed"
"""The relay that a letter took its turn at is closed, and those that are open have a pace that it wasn't asked about: nobody was given it."""

log = logging.getLogger(__name__)

_OF_NO_RELAY = {mime.BROKEN_SENDER, INTERRUPTED}
"""Nothing was asked of any: none is closed for it."""


class NoRelayOpenError(LaneError):
    """Every relay is closed: `closed` says of each why."""

    def __init__(self, closed: Mapping[str, LaneError]) -> None:
        super().__init__("no-relay-open", "; ".join(f"{name}: {error}" for name, error in closed.items()))
        self.closed = closed


@dataclass
class Relay:
    """One of several ways out, with its share of the letters, and whether it is open."""

    name: str
    channel: Channel[Email]
    weight: int = 1
    is_paced: bool = False  # it takes only letters that took their turn at it, and so name it
    turn: int = field(default=0, init=False)  # the highest is next
    is_alone: bool = field(default=False, init=False)
    error: LaneError | None = field(default=None, init=False)  # what it was closed for, until it takes a letter again
    _opens_at: float = field(default=0, init=False)  # by the event loop's clock
    _pause: float = field(default=0, init=False)  # seconds that it was closed for the last time

    def is_open(self) -> bool:
        return _now() >= self._opens_at

    def close(self, error: LaneError, first: float, longest: float) -> None:
        """Close it for `first` seconds, twice as long each time, up to `longest`. Of all letters that find it wrong at once, one counts."""
        self.error = error
        if self.is_open():
            self._pause = min(self._pause * 2 or first, longest)
            self._opens_at = _now() + self._pause
            if not self.is_alone:  # the only one's error is told by whoever it stops
                log.warning("the relay %s is closed for %d s: %s", self.name, self._pause, error.reason)  # the text may name a customer

    def took(self) -> None:
        """It took a letter. One that was given before it was closed doesn't open it."""
        if self.error is not None and self.is_open():
            self.error, self._pause = None, 0
            log.info("the relay %s takes letters again", self.name)


class Relays:
    """Sends each letter through one relay. Entering proves that one of them lets us in at the least.

    A relay that can't be reached, trusted or logged in to is closed for a while: nothing has left, and the letter goes through the next one
    at once. (On entering the others don't wait longer for one than `patience` seconds.) So is one of several that refuses a letter as ours
    (policy, sender), but that letter isn't pressed upon another one: it is tried again by the schedule. What may have left is never repeated.
    When all relays are closed the lane is (LaneError).
    """

    def __init__(self, relays: Sequence[Relay], *, first_pause: float = 60, longest_pause: float = 900, patience: float = 15) -> None:
        self._relays = relays
        for relay in relays:
            relay.is_alone = len(relays) == 1
        self._patience = patience if len(relays) > 1 else None
        self._pauses = first_pause, longest_pause

    @property
    def in_flight(self) -> int:
        return sum(relay.channel.in_flight for relay in self._relays)

    @property
    def closed(self) -> dict[str, LaneError]:
        """The relays that are closed now, and why."""
        return {relay.name: relay.error for relay in self._relays if relay.error and not relay.is_open()}

    async def __aenter__(self) -> Self:
        try:
            await asyncio.gather(*(self._enter(relay) for relay in self._relays))
            self._open_but(set())
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.gather(*(relay.channel.__aexit__(kind, error, trace) for relay in self._relays))

    async def _enter(self, relay: Relay) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await relay.channel.__aenter__()
        except TimeoutError:
            relay.close(NotLetInError("unreachable", N_("it let nobody in for a while")), *self._pauses)
        except LaneError as error:
            relay.close(error, *self._pauses)

    async def send(self, letter: Email) -> Receipt:
        """Through the relay that the letter names, while it is open; else through the one whose turn it is.

        A letter that names one is never pressed upon another with a pace: TemporaryError `relay-closed`, and the next try is another's turn.
        """
        tried: set[str] = set()
        while True:
            relay = _next(self._open_to(letter, tried), letter.relay)
            tried.add(relay.name)
            try:
                receipt = await relay.channel.send(letter)
            except NotLetInError as error:
                relay.close(error, *self._pauses)
            except ChannelError as error:
                error.relay = relay.name
                if isinstance(error, LaneError) and error.reason not in _OF_NO_RELAY and not relay.is_alone:
                    relay.close(error, *self._pauses)
                    if any(each.is_open() for each in self._relays):
                        raise _later(error) from error
                raise
            else:
                relay.took()
                return replace(receipt, relay=relay.name)

    def _open_to(self, letter: Email, tried: set[str]) -> list[Relay]:
        found = self._open_but(tried)
        if letter.relay:
            found = [relay for relay in found if relay.name == letter.relay or not relay.is_paced]
            if not found:
                raise TemporaryError(RELAY_CLOSED, next((f"{each.name}: {each.error}" for each in self._relays if each.name == letter.relay), ""))
        return found

    def _open_but(self, tried: set[str]) -> list[Relay]:
        """The relays that are open, without those that were tried. Raises LaneError when there are none."""
        if found := [relay for relay in self._relays if relay.is_open() and relay.name not in tried]:
            return found
        closed = {relay.name: relay.error for relay in self._relays if relay.error}
        if len(self._relays) > 1:
            raise NoRelayOpenError(closed)
        ((name, error),) = closed.items()
        alone = NotLetInError(error.reason, error.text)  # nobody was asked about this letter: what was said before is no answer to it
        alone.relay = name
        raise alone


def _next(relays: Sequence[Relay], preferred: str) -> Relay:
    """The preferred one if it is there; else by weight, evenly mixed: of 3:1 never all three first (smooth weighted round robin)."""
    if named := next((relay for relay in relays if relay.name == preferred), None):
        return named
    for relay in relays:
        relay.turn += relay.weight
    chosen = max(relays, key=lambda relay: relay.turn)
    chosen.turn -= sum(relay.weight for relay in relays)
    return chosen


def _later(error: LaneError) -> TemporaryError:
    later = TemporaryError(error.reason, error.text)
    later.relay = error.relay
    return later


def _now() -> float:
    return asyncio.get_running_loop().time()
