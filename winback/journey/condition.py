"""Conditions of a stage, `only_if:` and `unless:`: a cohort's own words, and one about the journey itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from winback.audience.cohort import Rule
from winback.shapes import one_of


class Deed(StrEnum):
    """What a customer may have done since they were assigned. Machines do nothing."""

    OPENED = "opened"  # a letter, where a person did for certain
    CLICKED = "clicked"  # followed a link
    REPLIED = "replied"  # answered a letter or the bot
    ANSWERED = "answered"  # a question of a survey
    ORDERED = "ordered"  # bought
    USED_CODE = "used-code"  # bought with a code


class Condition(Rule):
    """One condition: exactly one of a cohort's words, or `did`."""

    did: tuple[Annotated[Deed, *one_of(Deed, "a deed")], ...] | None = None  # any of these

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
