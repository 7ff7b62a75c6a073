"""The `greet:` of a campaign: on which occasions customers are greeted, with which letter and message, at which hours. It stands instead of stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from winback.errors import Problem
from winback.journey.content import Localised
from winback.journey.greetings import Coming
from winback.journey.occasions import Kind
from winback.journey.stage import Stage
from winback.strictyaml import Document, Place, refusal

S = TypeVar("S", bound=BaseModel)

STAGE = "greeting"
"""The only stage of a campaign that greets. A delivery's stage has the occasion and the year instead: birthday-2027."""
GROUPS: Mapping[str, Kind] = {
    "birthday": Kind.BIRTHDAY,
    "favourite-day": Kind.FAVOURITE_DAY,
    "anniversary": Kind.ANNIVERSARY,
    "holidays": Kind.HOLIDAY,
    "invented-days": Kind.INVENTED,
}
"""Words for all occasions of a kind. Professional days have none: nobody's profession is known, so a campaign names the day."""
_OWN = {"occasions", "wishes", "letter", "message", "ways", "hours", "weekdays", "send_hour", "if_capped"}
_WORDS = {field.alias or name for name, field in Stage.model_fields.items()}  # of a stage, as they stand in the file
_OF_JOURNEYS = {
    "stages": "the calendar says when a greeting leaves",
    "tactics": "everybody is greeted alike",
    "offers": "a greeting is a greeting",
    "occasion": "each greeting has its own",
    "calls": "nobody is called",
    "hoped_lift": "nothing is under test",
    "worth_it": "nobody is asked to return",
    "sunset": "nobody is said farewell to by a greeting",
    "back_fill": "each waits for a day of their own anyway",
}


def _shown(schema: dict[str, Any]) -> None:
    """In the schema for editors: the words of stages that a greeting doesn't have are left out."""
    hidden = {field.alias or name for name, field in Stage.model_fields.items() if name not in _OWN}
    schema["properties"] = {name: shape for name, shape in schema["properties"].items() if name not in hidden}


class Greet(Stage):
    """On which occasions, by which letter and message, over which channels and at which hours."""

    model_config = ConfigDict(json_schema_extra=_shown)

    name: str = STAGE
    letter: str | None = None
    message: str | None = None
    occasions: tuple[str, ...] = Field(min_length=1)  # words of GROUPS, or of config/occasions.yaml
    wishes: dict[str, Localised] = Field(default_factory=dict)  # by an occasion's word: a sentence or two instead of the letter's own

    @model_validator(mode="after")
    def _is_no_journey(self) -> Greet:
        if strange := sorted(self.model_fields_set - _OWN):
            raise refusal(f"has `{strange[0]}:`, which is for stages: the calendar says when a greeting leaves.", "Take it out.")
        if len(set(self.occasions)) < len(self.occasions):
            raise refusal("names an occasion twice.", "Name each once.")
        return self

    def asks(self, each: Coming) -> bool:
        """Whether the campaign greets on this occasion."""
        return each.occasion in self.occasions or any(GROUPS.get(word) is each.kind for word in self.occasions)


def completed(campaign: Any) -> Any:
    """A campaign's content as it was read; one that greets gets what it needn't write: one stage, one tactic, nobody left alone, and no stop
    but those that are always made.
    """
    if not isinstance(campaign, dict) or not isinstance(campaign.get("greet"), dict):
        return campaign
    given = campaign["greet"]
    try:
        Greet.model_validate(given)
    except ValidationError:  # told of `greet` itself
        stage = {"name": STAGE, "letter": STAGE}
    else:
        stage = {"name": STAGE, **{word: value for word, value in given.items() if word in _WORDS}}
    return {"holdout": 0, "stop_when": (), "tactics": {STAGE: {"share": 1}}, "stages": (stage,), **campaign}


def beside(document: Document[S]) -> Iterator[Problem]:
    """What a campaign that greets may not have beside its `greet:`."""
    if ("greet",) not in document.lines:
        return
    for word, why in _OF_JOURNEYS.items():
        if (word,) in document.lines:
            yield document.problem((word,), f"a campaign that greets has no `{word}:`; {why}.", "Take it out, or make two campaigns of it.")
    place: Place = ("content", "greeting")
    if place in document.lines:
        yield document.problem(place, "the occasion says what is congratulated on.", "Take it out; words of your own go to `wishes:` of `greet:`.")


def placed(document: Document[S]) -> Document[S]:
    """The same document, where what is wrong with its one stage is shown at `greet:`."""
    own = {("stages", 0, *place[1:]): line for place, line in document.lines.items() if place[:1] == ("greet",)}
    return replace(document, lines={**document.lines, **own})


def need_less(schema: dict[str, Any]) -> None:
    """In the schema for editors: what a campaign that greets needn't write."""
    spared = {"holdout", "tactics", "stages"}
    rest = [word for word in schema["required"] if word not in spared]
    schema["anyOf"] = [{"required": [word for word in schema["required"] if word in spared]}, {"required": ["greet"]}]
    schema["required"] = rest
