"""One step of a campaign: what is sent, over which channels, how long after the step before, at which hours."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, model_validator

from winback.audience.signs import Sign
from winback.model import ChannelName
from winback.shapes import Channel, Duration, Hours, Weekday, one_of
from winback.strictyaml import Shape, refusal


class Stage(Shape):
    """One step: what is sent, over which channels (the first that works), how long after the step before, at which hours."""

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    wait: Duration = Field(default="0 days", validate_default=True)
    channels: tuple[Channel, ...] = Field(default=(ChannelName.EMAIL,), min_length=1)
    letter: str | dict[str, str] | None = None  # e-mail: a folder of templates/emails/, for all tactics or by tactic
    message: str | dict[str, str] | None = None  # messenger: a folder of templates/messages/
    by_sign: dict[Annotated[Sign, *one_of(Sign, "a sign")], str] = Field(default_factory=dict)  # instead of `letter`: the first that fits
    by_methods: bool = False  # the same by the methods of signs.yaml, the most urgent sign first
    hours: Hours | None = None  # in the customer's own time zone
    weekdays: tuple[Weekday, ...] | None = Field(default=None, min_length=1)
    send_hour: Literal["learnt"] | None = None  # learnt: inside `hours`, at the hour of day at which the customer reacted before
    if_capped: Literal["postpone", "skip"] = "postpone"  # when the contact policy would let it leave on a later day only

    @model_validator(mode="after")
    def _has_texts(self) -> Stage:
        for channel, word, text in ((ChannelName.EMAIL, "letter", self.letter), (ChannelName.TELEGRAM, "message", self.message)):
            if channel in self.channels and text is None:
                raise refusal(f"`{self.name}` goes out by {channel}, but names no {word}.", f"Add `{word}:` with the name of a folder of templates.")
        return self

    def text_for(self, channel: ChannelName, tactic: str) -> str | None:
        """The letter or message of this stage on a channel for a tactic; None when it has none."""
        text = self.letter if channel is ChannelName.EMAIL else self.message
        return text.get(tactic) if isinstance(text, dict) else text

    def texts_for(self, channel: ChannelName, tactic: str, signs: Collection[str] = ()) -> list[str]:
        """The same for a customer who shows these signs, the most fitting first: what the signs ask for comes before what everybody gets."""
        chosen = [letter for sign, letter in self.by_sign.items() if sign in signs] if channel is ChannelName.EMAIL else []
        usual = self.text_for(channel, tactic)
        return [*dict.fromkeys([*chosen, *([usual] if usual is not None else [])])]
