"""What the bot can talk about, and in which order it asks whose an update is."""

from __future__ import annotations

from winback.bot import handing_over, joining, replying, staff_group, stopping, wishing
from winback.bot.dialogue import Dialogue

DIALOGUES: tuple[Dialogue, ...] = (
    Dialogue(stopping.decide),
    Dialogue(joining.decide, joining.gather),
    Dialogue(wishing.decide, wishing.gather),
    # surveying, leaving, postponing: here
    Dialogue(staff_group.decide, staff_group.gather),
    Dialogue(handing_over.decide),
    Dialogue(replying.decide),
)
