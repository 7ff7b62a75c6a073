"""The way into the chat with the bot, on the pages that thank somebody: a link, and the same as a QR code for the phone at hand."""

from __future__ import annotations

import segno

from winback.journey import policy
from winback.letters.page_values import JoinValues
from winback.model import ChannelName
from winback.store import chats, database
from winback.tracking import addresses
from winback.tracking.front import Front

_DOT, _QUIET_ZONE = 4, 4  # pixels of a module; modules of white around them (ISO/IEC 18004, 6.3.8)


def to(front: Front, customer_id: int) -> JoinValues | None:
    """None where there is no bot, their country's policy knows no such channel, or they have joined."""
    bot = front.project.settings.telegram.bot
    if not bot:
        return None
    with database.reading(front.engine) as connection:
        invited = chats.invited(connection, customer_id)
    if invited is None or invited.chat_id or ChannelName.TELEGRAM not in policy.read(front.project).for_country(invited.country).channels:
        return None
    url = addresses.join_from_page(bot, front.project.link_keys[0], invited.customer_id, front.today)
    return JoinValues(url, code(url))


def code(url: str) -> str:
    """A QR code as an address of a picture (SVG, RFC 2397); black on white whatever the page's colours are, as cameras want it."""
    drawn: str = segno.make(url, error="m", micro=False).svg_data_uri(scale=_DOT, border=_QUIET_ZONE, dark="#000", light="#fff")
    return drawn
