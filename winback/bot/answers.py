"""templates/messages/_bot/answers.yaml: what the bot says by itself, in every language that it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from winback import strictyaml
from winback.letters import brand, locales, wording
from winback.letters.wording import SOURCE, Wording
from winback.settings import Project
from winback.strictyaml import Shape


class Answer(StrEnum):
    """One thing that the bot says; the word is its key in the file."""

    INVITATION = "invitation"  # who writes and why, and may we?
    AGREE = "agree"  # the label of the invitation's button
    JOINED = "joined"  # consent was given
    ALREADY_JOINED = "already-joined"  # and had been before
    STOPPED = "stopped"  # nothing will be written here
    THANKS = "thanks"  # a customer's words have been kept
    LINK_LOST = "link-lost"  # a joining link that says nothing
    LINK_TAKEN = "link-taken"  # a joining link of somebody who has joined from elsewhere
    STRANGER = "stranger"  # nobody we know


class Answers(Shape):
    """The file. Every answer must be there."""

    invitation: Wording
    agree: Wording
    joined: Wording
    already_joined: Wording = Field(alias="already-joined")
    stopped: Wording
    thanks: Wording
    link_lost: Wording = Field(alias="link-lost")
    link_taken: Wording = Field(alias="link-taken")
    stranger: Wording


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The answers of one shop."""

    answers: Answers
    shop: Wording
    chains: Mapping[str, tuple[str, ...]]  # settings.yaml, `locales`

    def say(self, answer: Answer, spoken: str) -> str:
        """The answer in the language of somebody who speaks `spoken` ("uk", "en-GB"), by the same chains as letters; plain text."""
        locale = next(iter(locales.choose(spoken, "", self.chains)), SOURCE)
        text = wording.in_locale(getattr(self.answers, answer.name.lower()), locale)
        return text.replace("{shop}", wording.in_locale(self.shop, locale))


def read(project: Project) -> Phrasebook:
    """The project's answers. Raises ConfigError."""
    path = project.templates / "messages" / "_bot" / "answers.yaml"
    answers = strictyaml.read(path, Answers, shown=project.shown(path)).value
    return Phrasebook(answers, brand.read(project).name, project.settings.locales)
