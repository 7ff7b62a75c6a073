"""Language and settings: what a customer wants of our letters, said in the chat instead of on the preference page."""

from __future__ import annotations

from winback.bot.answers import Answer
from winback.bot.dialogue import Deeds, Known, Say
from winback.bot.updates import Heard, Kind


def decide(heard: Heard, known: Known) -> Deeds | None:
    if heard.kind is Kind.HELP:
        return (Say(Answer.HELP, known.language),)
    return None
