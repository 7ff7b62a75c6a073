"""The way into the chat with the bot, on the pages that thank somebody: a link, and the same as a QR code for the phone at hand."""

from __future__ import annotations

from winback.journey import policy
from winback.letters import joining_code
from winback.letters.page_values import JoinValues
from winback.model import ChannelName
from winback.store import chats, database
from winback.tracking import addresses
from winback.tracking.front import Front


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
    return JoinValues(url, joining_code.inside_page(url))
