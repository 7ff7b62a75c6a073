"""What all pages of deliveries show with: words for how they stand, moments of the shop's clock, and where a customer's page is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from winback.studio import status_words
from winback.studio.desk import Desk


class HasCustomer(Protocol):
    """A line of any list of them."""

    @property
    def customer(self) -> str: ...


def of(desk: Desk) -> dict[str, Any]:
    """Values for a template."""

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(desk.project.zone):%Y-%m-%d %H:%M}"

    return {"statuses": status_words.DELIVERY, "channels": status_words.CHANNEL, "at": at, "link": link}


def link(line: HasCustomer) -> str:
    """The page of a delivery's customer, whatever signs their id has."""
    return f"/customers/{quote(line.customer, safe='')}"
