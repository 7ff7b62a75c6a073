"""The last stage of all: half a year of silence, one letter with new arrivals, then the customer is left alone for good."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from winback.journey.stage import Stage
from winback.model import ChannelName
from winback.shapes import Channel, Duration, Hours, Weekday
from winback.strictyaml import Shape, refusal

SUNSET = "sunset"
"""The name of that stage; no other may take it."""
_SHORTEST = timedelta(days=28)


class Sunset(Shape):
    """How long to be silent after the last stage, and what to write then; afterwards nothing more, in any campaign."""

    after: Duration = Field(default="180 days", validate_default=True)
    channels: tuple[Channel, ...] | None = Field(default=None, min_length=1)  # those that a text is named for, e-mail first
    letter: str | None = None  # a folder of templates/emails/
    message: str | None = None  # a folder of templates/messages/
    hours: Hours | None = None
    weekdays: tuple[Weekday, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_a_silence_with_a_letter(self) -> Sunset:
        if self.after < _SHORTEST:
            raise refusal(f"comes {self.after.days} days after the last stage; that is no silence.", "Write for example after: 180 days.")
        if self.letter is None and self.message is None:
            raise refusal("has nothing to say.", "Add for example letter: new-arrivals.")
        self.stage()
        return self

    def stage(self) -> Stage:
        """The same as the stage that follows the last one."""
        texts = {ChannelName.EMAIL: self.letter, ChannelName.TELEGRAM: self.message}
        channels = self.channels or tuple(channel for channel, text in texts.items() if text is not None)
        return Stage(
            name=SUNSET, wait=self.after, channels=channels, letter=self.letter, message=self.message, hours=self.hours, weekdays=self.weekdays
        )


def is_sunset(stage: Stage | None) -> bool:
    """Not bound by the campaign's last day, and stopped by whatever breaks the silence."""
    return stage is not None and stage.name == SUNSET
