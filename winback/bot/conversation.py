"""What the bot can talk about, and in which order it asks whose an update is."""

from __future__ import annotations

from winback.bot import handing_over, joining, leaving, ordering, postponing, replying, staff_group, stopping, surveying, wishing
from winback.bot.dialogue import Dialogue

DIALOGUES: tuple[Dialogue, ...] = (
    Dialogue(ordering.decide, ordering.gather),  # asked in the middle of a survey too
    Dialogue(surveying.decide, surveying.gather),  # before stopping, which takes a mere no for a stop: here it answers a question
    Dialogue(leaving.decide, leaving.gather),
    Dialogue(postponing.decide, postponing.gather),
    Dialogue(stopping.decide),
    Dialogue(joining.decide, joining.gather),
    Dialogue(wishing.decide, wishing.gather),
    Dialogue(staff_group.decide, staff_group.gather),
    Dialogue(handing_over.decide),
    Dialogue(replying.decide),
)
