"""One step of a campaign: what is sent or asked of a person, to whom, over which ways, when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from winback.audience.signs import Sign
from winback.journey import script
from winback.journey.condition import Condition
from winback.journey.content import Localised
from winback.journey.wishes import Topic
from winback.model import TASK, ChannelName, TaskKind
from winback.shapes import Duration, Hours, Weekday, one_of
from winback.strictyaml import Shape, refusal

_WAYS = (*ChannelName, TASK)


def _way(value: Any) -> ChannelName | Literal["task"]:
    if value == TASK:
        return TASK
    try:
        return ChannelName(value)
    except ValueError as error:
        raise refusal(f"is {value}; a channel of a stage is one of {', '.join(_WAYS)}.", "Write for example [telegram, email, task].") from error


Way: TypeAlias = Annotated[
    ChannelName | Literal["task"], BeforeValidator(_way), WithJsonSchema({"type": "string", "enum": [str(way) for way in _WAYS]})
]
"""How a stage reaches somebody: a letter's channel, or a task for a person."""


class Task(Shape):
    """What a person is asked to do: the customer's manager, or the campaign's sender where they have none."""

    kind: Annotated[TaskKind, *one_of(TaskKind, "a kind of task")]
    say: Localised  # in the customer's language, else in the first one that is written
    within: Duration = Field(default="3 days", validate_default=True)  # from the day it is given
    about: Annotated[Topic | None, *one_of(Topic, "a topic")] = None  # what customers may want none of; not said: offers, where it speaks of one

    @property
    def speaks_of_offer(self) -> bool:
        """Whether it can't be said without an offer."""
        return any(script.speaks_of_offer(text) for text in self.say.values())

    @property
    def topic(self) -> Topic | None:
        """What it is about, as a customer may want it or not; None is never unwanted: to ask why somebody left."""
        return self.about or (Topic.OFFERS if self.speaks_of_offer else None)


class BeforeOccasion(Shape):
    """So many days before a day of config/occasions.yaml, in the customer's country."""

    name: str
    days_before: int = Field(default=0, ge=0, le=90)


class Stage(Shape):
    """One step: what is sent or asked, over which ways (the first that works), when, and to whom of those who got here."""

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    wait: Duration = Field(default="0 days", validate_default=True)  # after the stage before
    on_day: date | None = None  # instead of a wait: on that day of the customer's calendar
    occasion: BeforeOccasion | None = None  # instead of a wait
    ways: tuple[Way, ...] = Field(default=(ChannelName.EMAIL,), min_length=1, alias="channels")
    tactics: tuple[str, ...] | None = Field(default=None, min_length=1)  # only for these
    only_if: tuple[Condition, ...] | None = Field(default=None, min_length=1)  # all of them must hold
    unless: tuple[Condition, ...] | None = Field(default=None, min_length=1)  # none of them may hold
    letter: str | dict[str, str] | None = None  # e-mail: a folder of templates/emails/, for all tactics or by tactic
    message: str | dict[str, str] | None = None  # messenger: a folder of templates/messages/
    task: Task | None = None
    by_sign: dict[Annotated[Sign, *one_of(Sign, "a sign")], str] = Field(default_factory=dict)  # instead of `letter`: the first that fits
    by_methods: bool = False  # the same by the methods of signs.yaml, the most urgent sign first
    hours: Hours | None = None  # in the customer's own time zone
    weekdays: tuple[Weekday, ...] | None = Field(default=None, min_length=1)
    send_hour: Literal["learnt"] | None = None  # learnt: inside `hours`, at the hour of day at which the customer reacted before
    if_capped: Literal["postpone", "skip"] = "postpone"  # when the contact policy would let it leave on a later day only

    @model_validator(mode="before")
    @classmethod
    def _a_task_alone(cls, value: Any) -> Any:
        """A stage that has a task and no letter goes by the task, said or not."""
        if isinstance(value, dict) and "task" in value and not value.keys() & {"channels", "letter", "message"}:
            return {**value, "channels": (TASK,)}
        return value

    @model_validator(mode="after")
    def _has_texts(self) -> Stage:
        for channel in self.channels:
            word, text = ("letter", self.letter) if channel is ChannelName.EMAIL else ("message", self.message)
            if text is None:
                raise refusal(f"`{self.name}` goes out by {channel}, but names no {word}.", f"Add `{word}:` with the name of a folder of templates.")
        if TASK in self.ways and self.task is None:
            raise refusal(f"`{self.name}` asks a person, but doesn't say for what.", "Add `task: {kind: call, say: {en: ...}}`.")
        if self.task is not None and TASK not in self.ways:
            raise refusal(f"`{self.name}` has a task that none of its channels leads to.", "Add task to `channels:`, where it should be tried.")
        return self

    @model_validator(mode="after")
    def _one_time(self) -> Stage:
        said = [word for word, there in (("wait", bool(self.wait)), ("on_day", self.on_day), ("occasion", self.occasion)) if there]
        if len(said) > 1:
            raise refusal(
                f"`{self.name}` says {' and '.join(f'`{word}`' for word in said)}.", "Keep one of them: it says alone when the stage comes."
            )
        if self.on_day is not None and self.weekdays is not None and self.on_day.weekday() not in self.weekdays:
            raise refusal(f"`{self.name}` comes on {self.on_day:%A}, {self.on_day}, which `weekdays` leaves out.", "Take one of the two out.")
        return self

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """The ways that are a letter's, in order."""
        return tuple(way for way in self.ways if isinstance(way, ChannelName))

    @property
    def has_a_day(self) -> bool:
        """Whether it comes on a day, and not after a wait."""
        return self.on_day is not None or self.occasion is not None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold for a customer to get it: all of `only_if`, and of `unless` the contrary."""
        return (*(self.only_if or ()), *(Condition.model_validate({"not": each}) for each in self.unless or ()))

    def is_for(self, tactic: str) -> bool:
        return self.tactics is None or tactic in self.tactics

    def task_for(self, tactic: str) -> Task | None:
        """What is asked of a person for a tactic; None when nothing is."""
        return self.task if self.is_for(tactic) else None

    def reaches(self, way: ChannelName | Literal["task"], tactic: str) -> bool:
        """Whether it has something for a tactic on a way."""
        return self.task_for(tactic) is not None if way == TASK else self.text_for(way, tactic) is not None

    def text_for(self, channel: ChannelName, tactic: str) -> str | None:
        """The letter or message of this stage on a channel for a tactic; None when it has none."""
        if not self.is_for(tactic):
            return None
        text = self.letter if channel is ChannelName.EMAIL else self.message
        return text.get(tactic) if isinstance(text, dict) else text

    def texts_for(self, channel: ChannelName, tactic: str, signs: Collection[str] = ()) -> list[str]:
        """The same for a customer who shows these signs, the most fitting first: what the signs ask for comes before what everybody gets."""
        if not self.is_for(tactic):
            return []
        chosen = [letter for sign, letter in self.by_sign.items() if sign in signs] if channel is ChannelName.EMAIL else []
        usual = self.text_for(channel, tactic)
        return [*dict.fromkeys([*chosen, *([usual] if usual is not None else [])])]
