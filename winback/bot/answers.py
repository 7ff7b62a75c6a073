"""templates/messages/_bot/answers.yaml: what the bot says by itself, in every language that it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, create_model

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
    LINK_TAKEN = "link-taken"  # a joining link of another customer than the one whose chat this is
    STRANGER = "stranger"  # nobody we know
    ALREADY_YOURS = "already-yours"  # a joining link of somebody who has joined from another account
    NOT_THERE = "not-there"  # where the customer lives, we may not write here
    PHONE_NOT_OWN = "phone-not-own"  # somebody else's contact was shared
    PHONE_UNKNOWN = "phone-unknown"  # a phone that isn't exactly one customer's
    SHARE_PHONE = "share-phone"  # the label of the button that shares the person's phone
    HELP = "help"  # what the bot can do
    SETTINGS = "settings"  # what we write to them, with buttons below
    SETTINGS_PAUSED = "settings-paused"  # the same, while nothing comes
    SETTINGS_OFF = "settings-off"  # the same, when nothing is to come here
    TOPIC_OFFERS = "topic-offers"
    TOPIC_NEWS = "topic-news"
    TOPIC_GREETINGS = "topic-greetings"
    TOPIC_SURVEYS = "topic-surveys"
    MOST_ANY = "most-any"  # as many letters as we like
    MOST_TWO = "most-two"  # two a month
    MOST_ONE = "most-one"
    PAUSE_ONE = "pause-one"  # for a month
    PAUSE_THREE = "pause-three"
    PAUSE_SIX = "pause-six"
    PAUSE_END = "pause-end"
    WRITE_HERE = "write-here"  # messages come to this chat
    LANGUAGE = "language"  # which one shall we speak?
    LANGUAGE_CHOSEN = "language-chosen"
    SETTINGS_COMMAND = "settings-command"  # what the app says beside /settings
    LANGUAGE_COMMAND = "language-command"
    STOP_COMMAND = "stop-command"
    HELP_COMMAND = "help-command"
    STALE = "stale"  # a button that says nothing any more
    HANDED_OVER = "handed-over"  # a person answers, by when
    HANDED_OVER_LATER = "handed-over-later"  # nobody is there just now, and when somebody will be
    ANSWER_SUBJECT = "answer-subject"  # of the mail in which a person answers


_KEYS: dict[str, Any] = {answer.name.lower(): (Wording, Field(alias=answer.value)) for answer in Answer}
Answers = create_model("Answers", __base__=Shape, **_KEYS)
"""The file. Every answer must be there."""


_VALUES: Mapping[Answer, tuple[str, ...]] = {
    Answer.HANDED_OVER: ("{when}",),
    Answer.HANDED_OVER_LATER: ("{when}",),
    Answer.SETTINGS_PAUSED: ("{day}",),
}
"""What answers say beside {shop}: "{day}"."""


def values(answer: Answer) -> tuple[str, ...]:
    """The names of what must be put into an answer, without their braces."""
    return tuple(name[1:-1] for name in _VALUES.get(answer, ()))


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The answers of one shop."""

    answers: Shape
    shop: Wording
    chains: Mapping[str, tuple[str, ...]]  # settings.yaml, `locales`

    def say(self, answer: Answer, spoken: str, values: Mapping[str, str] | None = None) -> str:
        """The answer in the language of somebody who speaks `spoken` ("uk", "en-GB"), by the same chains as letters; plain text.

        The first language of the chain that the answer is written in; English for whom none is, since a silent bot helps nobody.
        `values` stand in the places of {name}s other than {shop}.
        """
        said, locale = self._said(answer), self.locale(answer, spoken)
        filled = {"shop": wording.in_locale(self.shop, locale), **(values or {})}
        return _PLACEHOLDER.sub(lambda found: filled[found[0][1:-1]], wording.in_locale(said, locale))

    def locale(self, answer: Answer, spoken: str) -> str:
        """The language that the answer is said in to somebody who speaks `spoken`."""
        said, chain = self._said(answer), locales.choose(spoken, "", self.chains)
        return next((language for language in chain if isinstance(said, str) or language in said), SOURCE)

    def languages(self, answer: Answer) -> tuple[str, ...]:
        """Languages that an answer is written in."""
        said = self._said(answer)
        return tuple(said) if isinstance(said, dict) else ()

    def in_language(self, answer: Answer, language: str) -> str:
        """The answer in that very language, else in English; for what has no {name}s."""
        return wording.in_locale(self._said(answer), language)

    def _said(self, answer: Answer) -> Wording:
        said: Wording = getattr(self.answers, answer.name.lower())
        return said


def read(project: Project) -> Phrasebook:
    """The project's answers. Raises ConfigError."""
    return Phrasebook(_document(project).value, brand.read(project).name, project.settings.locales)


def unworded(project: Project, languages: Iterable[str]) -> list[Problem]:
    """Answers that lack one of the languages, or say {shop} in some of their languages only. Raises ConfigError."""
    document = _document(project)
    places = [(answer.value,) for answer in Answer]
    missing = [problem for language in languages for problem in wording.unworded(document, places, language)]
    return [*missing, *(problem for answer in Answer for problem in _differing(document, answer))]


def _document(project: Project) -> Document[Shape]:
    path = project.templates / "messages" / "_bot" / "answers.yaml"
    return strictyaml.read(path, Answers, shown=project.shown(path))


def _differing(document: Document[Shape], answer: Answer) -> Iterator[Problem]:
    said: Wording = getattr(document.value, answer.name.lower())
    texts = said if isinstance(said, dict) else {"": said}
    wanted = set(_PLACEHOLDER.findall(texts.get(SOURCE) or next(iter(texts.values()), ""))) & {"{shop}", *_VALUES.get(answer, ())}
    for language, text in texts.items():
        if (written := set(_PLACEHOLDER.findall(text))) != wanted:
            message = f"`{answer.value}` in `{language}` says {', '.join(sorted(written)) or 'no placeholder'}."
            yield document.problem((answer.value, language), message, f"Write {', '.join(sorted(wanted)) or 'none'}.")
