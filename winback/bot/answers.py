"""templates/messages/_bot/answers.yaml: what the bot says by itself, in every language that it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from winback import strictyaml
from winback.errors import Problem
from winback.letters import brand, locales, wording
from winback.letters.wording import SOURCE, Wording
from winback.settings import Project
from winback.strictyaml import Document, Shape

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


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
    ANSWER_SUBJECT = "answer-subject"  # of the mail in which a person answers


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
    answer_subject: Wording = Field(alias="answer-subject")


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The answers of one shop."""

    answers: Answers
    shop: Wording
    chains: Mapping[str, tuple[str, ...]]  # settings.yaml, `locales`

    def say(self, answer: Answer, spoken: str) -> str:
        """The answer in the language of somebody who speaks `spoken` ("uk", "en-GB"), by the same chains as letters; plain text.

        The first language of the chain that the answer is written in; English for whom none is, since a silent bot helps nobody.
        """
        said: Wording = getattr(self.answers, answer.name.lower())
        chain = locales.choose(spoken, "", self.chains)
        locale = next((language for language in chain if isinstance(said, str) or language in said), SOURCE)
        return wording.in_locale(said, locale).replace("{shop}", wording.in_locale(self.shop, locale))


def read(project: Project) -> Phrasebook:
    """The project's answers. Raises ConfigError."""
    return Phrasebook(_document(project).value, brand.read(project).name, project.settings.locales)


def unworded(project: Project, languages: Iterable[str]) -> list[Problem]:
    """Answers that lack one of the languages, or say {shop} in some of their languages only. Raises ConfigError."""
    document = _document(project)
    places = [(answer.value,) for answer in Answer]
    missing = [problem for language in languages for problem in wording.unworded(document, places, language)]
    return [*missing, *(problem for answer in Answer for problem in _differing(document, answer))]


def _document(project: Project) -> Document[Answers]:
    path = project.templates / "messages" / "_bot" / "answers.yaml"
    return strictyaml.read(path, Answers, shown=project.shown(path))


def _differing(document: Document[Answers], answer: Answer) -> Iterator[Problem]:
    said: Wording = getattr(document.value, answer.name.lower())
    texts = said if isinstance(said, dict) else {"": said}
    wanted = set(_PLACEHOLDER.findall(texts.get(SOURCE) or next(iter(texts.values()), ""))) & {"{shop}"}
    for language, text in texts.items():
        if (written := set(_PLACEHOLDER.findall(text))) != wanted:
            message = f"`{answer.value}` in `{language}` says {', '.join(sorted(written)) or 'no placeholder'}."
            yield document.problem((answer.value, language), message, f"Write {', '.join(sorted(wanted)) or 'none'}.")
