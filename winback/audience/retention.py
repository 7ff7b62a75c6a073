"""config/retention.yaml: how long details are kept that figures don't need."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator

from winback.settings import Project
from winback.shapes import read_duration
from winback.strictyaml import Shape, refusal

FILE = "retention.yaml"


def _duration_or_never(value: Any) -> timedelta | None:
    return None if value is None or value == "never" else read_duration(value)


_SHOWN = PlainSerializer(lambda value: "never" if value is None else f"{value.days} days", return_type=str, when_used="json")
_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^(never|[0-9]+ (minute|hour|day|week)s?)$"})
DurationOrNever: TypeAlias = Annotated[timedelta | None, BeforeValidator(_duration_or_never), _SHOWN, _SCHEMA]
"""A length of time; None where the file says `never`."""


def _days(text: str) -> Any:
    return Field(default=text, validate_default=True)


class Retention(Shape):
    """config/retention.yaml; a project without one goes by these defaults."""

    hits: DurationOrNever = _days("90 days")  # program, network and signals of opens and clicks
    replies: DurationOrNever = _days("365 days")  # words of replies
    answers: DurationOrNever = _days("365 days")  # words written into surveys
    decisions: DurationOrNever = _days("1095 days")  # facts that campaigns decided on
    server_answers: DurationOrNever = _days("365 days")  # what the other side said of letters, forwards and reminders, and Message-IDs
    tasks: DurationOrNever = _days("365 days")  # texts and notes of closed tasks
    threads: DurationOrNever = _days("365 days")  # what was said in closed threads
    strangers: DurationOrNever = _days("90 days")  # chat and name of who wrote to the bot and is no customer, once their thread is closed
    evidence: DurationOrNever = _days("1095 days")  # what else shows a consent that was taken back or given anew since
    letters: DurationOrNever = _days("90 days")  # files of letters
    rejects: DurationOrNever = _days("30 days")  # files of rows that weren't taken
    lane_counts: DurationOrNever = _days("180 days")

    @field_validator("*")
    @classmethod
    def _long_enough(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < timedelta(days=1):
            raise refusal("is less than a day; what came today is still needed.", "Write for example 30 days, or never.")
        return value

    @field_validator("lane_counts", "server_answers")
    @classmethod
    def _outlasts_what_rests_on_it(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < timedelta(days=30):
            raise refusal("is less than 30 days; fuses and bounces look back that far.", "Write 30 days or more.")
        return value


def read(project: Project) -> Retention:
    """The project's retention.yaml. Raises ConfigError."""
    return project.read(Retention, FILE).value if project.config(FILE).exists() else Retention()
