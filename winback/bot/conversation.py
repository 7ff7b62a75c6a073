"""What the bot can talk about, and in which order it asks whose an update is."""

from __future__ import annotations

from winback.bot import joining, replying, wishing
from winback.bot.dialogue import Dialogue

DIALOGUES: tuple[Dialogue, ...] = (
    Dialogue(joining.decide),
    Dialogue(wishing.decide),
    # surveying, leaving, postponing, handing_over: here
    Dialogue(replying.decide),
)
