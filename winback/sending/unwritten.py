"""Letters that nobody will read: for rehearsals that only count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send
from winback.model import Email, Message
from winback.sending.compose import Writer
from winback.store.deliveries import Claimed


class SilentWriter(Writer):
    """Knows of a campaign what every writer knows, and writes empty letters: whatever decides is the same."""

    def write(self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], send: Send, *, now: datetime) -> Email | Message:  # noqa: ARG002
        return Message(delivery_id=delivery.id, chat_id="", text="", language=delivery.locale)
