"""What is on its way out of the house: who passed the last check, and what was written to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send
from winback.model import ChannelName, Email, Message
from winback.sending.turns import Terms
from winback.store.codes import Held
from winback.store.deliveries import Claimed


@dataclass(frozen=True, slots=True)
class Passed:
    """A claimed delivery that passed the last check, with all that its letter is written from."""

    claimed: Claimed
    candidate: Candidate
    recipient: Row[Any]
    send: Send
    terms: Terms
    held: Held | None = None  # the code that the customer can use


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished letter of a claimed delivery."""

    claimed: Claimed
    channel: ChannelName
    name: str
    content: Email | Message
    terms: Terms
    code: int | None = None  # the row of the code that it carries

    @property
    def address(self) -> str:
        return self.content.to if isinstance(self.content, Email) else self.content.chat_id
