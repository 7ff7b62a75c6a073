"""A rendered messenger text as it leaves: for a chat with its buttons and pictures, for a phone number as plain words."""

from __future__ import annotations

from collections.abc import Sequence

from winback.errors import Problem, TemplateError
from winback.letters import bare, bounds, looks
from winback.letters.buttons import Pressed
from winback.letters.template import RenderedMessage
from winback.model import Button, ChannelName, Message
from winback.tracking import presses, tokens
from winback.tracking.presses import Verb
from winback.tracking.tokens import Purpose


def written(  # noqa: PLR0917  one message's parts
    rendered: RenderedMessage, channel: ChannelName, delivery_id: int, address: str, language: str, keys: Sequence[bytes]
) -> Message:
    """The finished message of a delivery; `keys` sign what customers' and gateways' machines send back.

    Raises TemplateError when it is more than Telegram takes.
    """
    if channel.goes_by_phone:
        reference = tokens.sign(keys[0], Purpose.REPORT, delivery_id)
        return Message(delivery_id, address, bare.text(rendered), language, channel=channel, reference=reference)
    if problems := [Problem("", None, *excess) for excess in bounds.excesses(rendered)]:
        raise TemplateError(problems)
    if len(rendered.pictures) > 1:
        return Message(delivery_id, address, looks.with_links(rendered), language, pictures=rendered.pictures)
    buttons = tuple(_button(each, delivery_id, address, keys) for each in rendered.buttons)
    return Message(delivery_id, address, rendered.text, language, buttons, rendered.pictures)


def _button(pressed: Pressed, delivery_id: int, chat_id: str, keys: Sequence[bytes]) -> Button:
    """What is pressed in a chat is signed for it, and for the delivery that it stands below."""
    if not pressed.press:
        return Button(pressed.label, pressed.url, copies=pressed.copies)
    numbers = () if pressed.press == "person" else (delivery_id, int(pressed.value)) if pressed.value else (delivery_id,)
    return Button(pressed.label, data=presses.write(keys, chat_id, _VERBS[pressed.press], *numbers))


_VERBS = {
    "later": Verb.LATER,
    "not-interested": Verb.NOT_INTERESTED,
    "score": Verb.SCORE,
    "order": Verb.ORDER,
    "person": Verb.PERSON,
}
