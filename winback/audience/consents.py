"""What a person agreed to when two records of theirs say different things: the stricter word counts (docs/decisions/0024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

MARKETING = "marketing"
"""The purpose that a shop's consent column speaks of, and that letters need."""
OPEN_TRACKING = "open-tracking"
"""The purpose that a pixel in a letter needs where the country asks for a consent to that too."""


class ConsentDeed(StrEnum):
    """What a proof of consent proves."""

    GIVEN = "given"  # agreed
    CONFIRMED = "confirmed"  # agreed once more, from the address itself (double opt-in)
    WITHDRAWN = "withdrawn"  # took it back, or objected


class ConsentWay(StrEnum):
    """By which way a consent, or its withdrawal, came to us."""

    IMPORT = "import"  # the shop's data
    LETTER = "letter"  # the button behind the link of our letter that asks to confirm
    PAGE = "page"  # a button of the unsubscribing or preference page
    ONE_CLICK = "one-click"  # the mail program's own button (RFC 8058)
    REPLY = "reply"  # words in a reply, or mail to the address that unsubscribes
    COMPLAINT = "complaint"  # marked as spam
    CHAT = "chat"  # a button or words in the chat with the bot
    STAFF = "staff"  # a command of the shop's own people
    LIST = "list"  # another tool's list of those who mustn't be written to
    MERGE = "merge"  # two records of one person: the stricter one counts


class Strictness(IntEnum):
    """How far a consent goes; the smaller, the stricter."""

    CLOSED = 0  # never given, or withdrawn
    SAID = 1  # given, but not when and where
    PROVEN = 2  # given on a day, at a place
    CONFIRMED = 3  # and once more from the address itself


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to one purpose on one channel, as it is stored."""

    given_at: datetime | None = None
    source: str = ""
    withdrawn_at: datetime | None = None
    confirmed_at: datetime | None = None
    withdrawn_through: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """What one of two records knows of a channel and purpose."""

    has_address: bool
    consent: Consent | None = None
    left_at: datetime | None = None  # when somebody asked, from this address, to be left alone

    @property
    def speaks(self) -> bool:
        """A record that has neither an address nor a word about the channel says nothing of it."""
        return self.has_address or self.consent is not None or self.left_at is not None


def strictness(side: Side) -> Strictness:
    """How far this record alone would let us go."""
    consent = side.consent
    if consent is None or consent.withdrawn_at is not None or side.left_at is not None:
        return Strictness.CLOSED
    if consent.given_at is None or not consent.source:
        return Strictness.SAID
    return Strictness.PROVEN if consent.confirmed_at is None else Strictness.CONFIRMED


def strictest(sides: Sequence[Side], now: datetime) -> Consent | None:
    """What holds for the person, to be stored with the record that stays; None: nothing to store, since nobody ever agreed.

    A withdrawal wins over any consent, earlier or later; so does a record with an address that never agreed, and that is stored as
    withdrawn `now`: only a consent given later opens the channel again. Of two consents the one with less proof stays, of two alike the
    first side's.
    """
    told = [side for side in sides if side.speaks]
    given = [side.consent for side in told if side.consent is not None]
    withdrawals = [at for at in (*(side.left_at for side in told), *(consent.withdrawn_at for consent in given)) if at is not None]
    if not withdrawals and not given:
        return None
    if not withdrawals and len(given) == len(told):
        return min(told, key=strictness).consent
    days = [consent.given_at for consent in given if consent.given_at is not None]
    since = max(withdrawals, default=now)
    kept, at = given[0] if given else Consent(), now if any(day >= since for day in days) else since
    through = next((consent.withdrawn_through for consent in given if consent.withdrawn_at == at), "") or ConsentWay.MERGE
    return replace(kept, withdrawn_at=at, withdrawn_through=through)
