"""Letters that nobody will read: for rehearsals that only count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send
from winback.model import Email, Message
from winback.sending.compose import Writer
from winback.store.codes import Held
from winback.store.deliveries import Claimed


class SilentWriter(Writer):
    """Knows of a campaign what every writer knows, and writes letters that hold the customer's code at the most: whatever decides is the same."""

    def write(
        self,
        delivery: Claimed,
        candidate: Candidate,  # noqa: ARG002
        recipient: Row[Any],
        send: Send,
        *,
        now: datetime,
        held: Held | None = None,
    ) -> Email | Message:
        told = held is not None and self._tells_code(send) and self._offer(delivery, recipient, now, held) is not None
        return Message(delivery_id=delivery.id, chat_id="", text=held.code if held and told else "", language=delivery.locale)

    def _tells_code(self, send: Send) -> bool:
        """A code that a letter tells counts as given from then on."""
        said = self.prepared.library.said(send.channel, send.letter).values()
        return self._may_offer(send) and any("offer.code" in text.used for text in said)
