"""A rendered messenger text as it leaves: for a chat with its buttons and pictures, for a phone number as plain words."""

from __future__ import annotations

from collections.abc import Sequence

from winback.letters import bare
from winback.letters.template import RenderedMessage
from winback.model import Button, ChannelName, Message
from winback.tracking import tokens
from winback.tracking.tokens import Purpose


def written(  # noqa: PLR0917  one message's parts
    rendered: RenderedMessage, channel: ChannelName, delivery_id: int, address: str, language: str, keys: Sequence[bytes]
) -> Message:
    """The finished message of a delivery; `keys` sign what customers' and gateways' machines send back."""
    if channel.goes_by_phone:
        reference = tokens.sign(keys[0], Purpose.REPORT, delivery_id)
        return Message(delivery_id, address, bare.text(rendered), language, channel=channel, reference=reference)
    buttons = tuple(Button(label, url) for label, url in rendered.buttons)
    return Message(delivery_id, address, rendered.text, language, buttons)
