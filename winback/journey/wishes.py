"""What a customer told us of the letters that they want: obeyed where everybody is decided on, and once more at the claim."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from winback.journey.policy import Rules
from winback.model import ChannelName


class Topic(StrEnum):
    """What letters are about, as a customer may want them or not."""

    OFFERS = "offers"  # gifts, discounts, and reminders of them
    NEWS = "news"  # new goods, events, advice
    GREETINGS = "greetings"  # good wishes on their days
    SURVEYS = "surveys"  # questions about how it was


NO_DAY = "none"
"""In the place of a favourite day: they want to be congratulated on no such day, whatever the shop's data say."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Their preferences; whoever never said anything has none."""

    channels_off: frozenset[ChannelName] = frozenset()
    topics_off: frozenset[Topic] = frozenset()
    most_letters: int | None = None  # a month; None: as many as the policy allows
    paused_until: date | None = None  # the first day on which letters may come again
    locale: str = ""  # the language that they chose themselves; empty: they didn't
    favourite_day: str = ""  # MM-DD that they told us themselves, or NO_DAY; empty: they said nothing of it

    def is_paused(self, day: date) -> bool:
        """Whether nothing may come on that day of theirs."""
        return self.paused_until is not None and day < self.paused_until

    def wants_none_of(self, topics: Collection[Topic | None]) -> bool:
        """Whether every one of these topics is off; None among them is a letter that has none, and is never off."""
        return bool(topics) and all(topic in self.topics_off for topic in topics)

    def languages(self, rules: Rules) -> tuple[str, ...]:
        """Languages that a letter to them must be in by law; none where they may choose, and chose."""
        return () if self.locale and rules.languages_on_request else rules.languages

    def narrow(self, rules: Rules) -> Rules:
        """The country's rules with their own cap: a customer may ask for fewer letters than the law allows, never for more."""
        if self.most_letters is None:
            return rules
        fewest = self.most_letters if rules.caps.month is None else min(self.most_letters, rules.caps.month)
        return rules.model_copy(update={"caps": rules.caps.model_copy(update={"month": fewest})})


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter: until when somebody pauses."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


NO_WISHES = Wishes()
