"""config/campaigns/*.yaml: a cohort, tactics against a holdout, stages with their waits, an offer, dates."""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from winback.audience.signs import Sign
from winback.errors import ConfigError, Problem
from winback.journey import greet as greeting
from winback.journey.content import Content, Localised
from winback.journey.drawing import Adaptive, Layer, Stratum
from winback.journey.greet import Greet
from winback.journey.offer import Offer
from winback.journey.recurrence import SEASON, BackFill
from winback.journey.stage import Stage
from winback.journey.sunset import SUNSET, Sunset, is_sunset
from winback.model import HOLDOUT, ChannelName, TaskKind
from winback.settings import Project
from winback.shapes import Duration, Share, one_of
from winback.strictyaml import Document, Place, Shape, nearest, refusal


class Tactic(Shape):
    """One way of winning back, under test: its share of those written to, and what it offers."""

    share: Share
    offer: str | None = None


class Campaign(Shape):
    """A campaign file."""

    model_config = ConfigDict(json_schema_extra=greeting.need_less)

    title: str
    cohort: str
    starts_on: date
    ends_on: date
    holdout: Share
    sender: str
    tactics: dict[str, Tactic] = Field(min_length=1)
    stages: tuple[Stage, ...] = Field(min_length=1)
    greet: Greet | None = None  # on occasions, instead of stages
    offers: dict[str, Offer] = Field(default_factory=dict)
    stop_when: tuple[Literal["ordered", "replied", "answered", "clicked"], ...] = ("ordered", "replied")
    return_window: Duration | None = None
    tone: Literal["neutral", "formal", "friendly"] = "neutral"
    occasion: Localised | None = None
    content: Content = Content()  # goods, an event, tips...: what letters tell of
    salt: str | None = None
    calls: int = Field(default=0, ge=0)  # by a person, for each customer
    priority: int = Field(default=0, ge=-100, le=100)  # who writes first when two campaigns want the same customer: the higher
    hoped_lift: Share | None = None  # returned customers more than of those left alone, as a fraction of those written to
    worth_it: bool = False  # only to customers whose return is worth more than the whole sequence costs
    enrol: Literal["once", "daily"] = "once"  # daily: every day those who newly lapsed, until all stages don't fit in any more
    back_fill: BackFill | None = None  # how those lapsed long before a daily campaign began are spread
    re_enter_after: Duration | None = None  # how long nobody comes in again; a daily campaign's is a year
    sunset: Sunset | None = None
    layer: Layer | None = None  # its part of all customers, where others have the rest
    strata: tuple[Annotated[Stratum, *one_of(Stratum, "a stratum")], ...] = ()  # within which arms are kept of one size; the fewer the better
    adaptive: Adaptive | None = None  # tactics' shares follow what was learnt from wave to wave

    @model_validator(mode="before")
    @classmethod
    def _with_what_greetings_need(cls, content: Any) -> Any:
        return greeting.completed(content)

    @field_validator("holdout")
    @classmethod
    def _some_left_to_write_to(cls, value: float) -> float:
        if value >= 1:
            raise refusal("is 1: nobody would be written to.", "Write 0.2 to leave a fifth alone.")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Campaign:
        if self.ends_on <= self.starts_on:
            raise refusal(f"ends on {self.ends_on}, not after it starts on {self.starts_on}.", "Write a later `ends_on`.")
        total = math.fsum(tactic.share for tactic in self.tactics.values())
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise refusal(f"has tactics whose shares add up to {total:g}.", "The shares are parts of those written to; make them add up to 1.")
        if HOLDOUT in self.tactics:
            raise refusal(f"has a tactic called `{HOLDOUT}`; that word means those left alone.", "Give the tactic another name.")
        for first, second in itertools.combinations(self.stages, 2):
            if first.name == second.name:
                raise refusal(f"has two stages called `{first.name}`.", "Give each stage its own name.")
        if self._lasts() > self.ends_on - self.starts_on:
            raise refusal("waits between its stages longer than it lasts.", "Shorten a `wait`, or write a later `ends_on`.")
        return self

    @model_validator(mode="after")
    def _recurs_as_it_can(self) -> Campaign:
        if any(is_sunset(stage) for stage in self.stages):
            raise refusal(f"has a stage called `{SUNSET}`; that word means the farewell.", "Write `sunset:` beside `stages:`, or another name.")
        if self.back_fill is not None and self.enrol == "once":
            raise refusal("has a `back_fill`, but takes everybody in at once.", "Add `enrol: daily`, or take the back-fill out.")
        longest = min(SEASON, self.takes_until - self.starts_on)
        if self.back_fill is not None and self.back_fill.over is not None and self.back_fill.over > longest:
            raise refusal(
                f"spreads its back-fill over {self.back_fill.over.days} days, and takes customers in for {longest.days} days.",
                "Shorten `over`, or write a later `ends_on`.",
            )
        return self

    @model_validator(mode="after")
    def _is_drawn_as_it_can(self) -> Campaign:
        if len(set(self.strata)) < len(self.strata):
            raise refusal("names a stratum twice.", "Take one of the two out.")
        if self.adaptive is not None and (self.enrol == "once" or self.greet is not None):
            raise refusal("is adaptive, but takes everybody in at once: there is no next wave.", "Add `enrol: daily`, or take `adaptive:` out.")
        if self.adaptive is not None and not self.adaptive.fits(len(self.tactics)):
            most = f"{len(self.tactics)} tactics and a floor of {self.adaptive.floor:g}"
            raise refusal(f"has {most}: no share could follow anything.", "Write two tactics or more, and a floor that leaves a rest: 0.1.")
        return self

    def _lasts(self) -> timedelta:
        """From the first stage to the last, the farewell apart."""
        return sum((stage.wait for stage in self.stages if not is_sunset(stage)), timedelta())

    @property
    def is_daily(self) -> bool:
        return self.enrol == "daily"

    @property
    def takes_until(self) -> date:
        """The last day on which a daily campaign takes somebody in: all stages still fit in before it ends."""
        return self.ends_on - self._lasts()

    @property
    def rests_for(self) -> timedelta:
        """How long after an assignment nobody comes into a later run of this campaign."""
        return self.re_enter_after if self.re_enter_after is not None else SEASON if self.is_daily else timedelta()

    @property
    def channels(self) -> frozenset[ChannelName]:
        """Every channel that some stage may use."""
        return frozenset(channel for stage in self.stages for channel in stage.channels)

    @property
    def asks(self) -> frozenset[TaskKind]:
        """Everything that some stage may ask a person to do."""
        return frozenset(stage.task.kind for stage in self.stages if stage.task is not None)

    def offsets(self) -> list[timedelta]:
        """How long after the campaign's first day each stage comes at the earliest, as far as its waits and days tell."""
        found, passed = list[timedelta](), timedelta()
        for stage in self.stages:
            passed = passed + stage.wait if stage.on_day is None else max(passed, stage.on_day - self.starts_on)
            found.append(passed)
        return found

    def stage_of(self, delivery: str) -> Stage:
        """The stage that a delivery's stage names; of greetings, which have a name for each occasion and year, the only one."""
        return self.stages[0] if self.greet else next(stage for stage in self.stages if stage.name == delivery)

    def shares(self) -> dict[str, float]:
        """Planned share of every arm, the holdout among them; they add up to 1."""
        rest = 1 - self.holdout
        return {**{name: tactic.share * rest for name, tactic in self.tactics.items()}, HOLDOUT: self.holdout}

    def window(self, project: Project) -> timedelta:
        """How long after assignment an order counts as a return."""
        return self.return_window or project.settings.return_window

    def offer_of(self, tactic: str) -> Offer | None:
        name = self.tactics[tactic].offer
        return self.offers[name] if name else None

    def texts(self) -> list[tuple[Place, dict[str, str]]]:
        """Every text that letters say, with its place in the file: each must be there in every language that letters go out in."""
        said: list[tuple[Place, dict[str, str]]] = [(("offers", name, "text"), offer.text) for name, offer in self.offers.items()]
        said += [
            (("offers", name, "prizes", place, "text"), prize.text) for name, offer in self.offers.items() for place, prize in enumerate(offer.prizes)
        ]
        said += [(("occasion",), self.occasion)] if self.occasion else []
        said += [(("greet", "wishes", word), wish) for word, wish in self.greet.wishes.items()] if self.greet else []
        return said + [(("content", *place), text) for place, text in self.content.texts()]

    def letters(self) -> dict[str, set[tuple[ChannelName, str]]]:
        """Per tactic, every letter and message that it may send."""
        return {
            tactic: {
                (channel, text) for stage in self.stages for channel in stage.channels for text in stage.texts_for(channel, tactic, frozenset(Sign))
            }
            for tactic in self.tactics
        }


def read(project: Project, name: str) -> Document[Campaign]:
    """The campaign of that name, its own parts checked against each other. Raises ConfigError."""
    if name not in project.names("campaigns"):
        missing = f"there is no campaign `{name}`."
        raise ConfigError(Problem(f"config/campaigns/{name}.yaml", None, missing, nearest(name, project.names("campaigns"), "Campaigns")))
    if problems := namesakes(project, name):
        raise ConfigError(problems)
    document = project.read(Campaign, "campaigns", f"{name}.yaml")
    if problems := [*greeting.beside(document), *_names_inside(document)]:
        raise ConfigError(problems)
    return greeting.placed(document) if document.value.greet else _with_sunset(document)


def _with_sunset(document: Document[Campaign]) -> Document[Campaign]:
    """The farewell as the last of the stages, with its own lines in the file: whatever asks about stages asks about it too."""
    plan = document.value
    if plan.sunset is None:
        return document
    last = len(plan.stages)
    lines = {("stages", last, *place[1:]): line for place, line in document.lines.items() if place[:1] == (SUNSET,)}
    stages = (*plan.stages, plan.sunset.stage())
    return replace(document, value=plan.model_copy(update={"stages": stages}), lines=document.lines | lines)


def namesakes(project: Project, name: str) -> list[Problem]:
    """Files beside a campaign's own that have its name too, in other letters or with another ending: nobody could say which is meant."""
    own = project.config("campaigns", f"{name}.yaml")
    others = [path for ending in ("yaml", "yml") for path in own.parent.glob(f"*.{ending}") if path != own and path.stem.lower() == name.lower()]
    how = "Give one of the two another name, or take it out."
    return [Problem(project.shown(own), None, f"{project.shown(path)} has the same name.", how) for path in sorted(others)]


def twins(project: Project, name: str) -> list[Problem]:
    """Other campaigns with the title of this one, which people would take for it, or with its part of a layer. Files that can't be read are left out."""
    documents: dict[str, Document[Campaign]] = {}
    for each in project.names("campaigns"):
        with contextlib.suppress(ConfigError):
            documents[each] = project.read(Campaign, "campaigns", f"{each}.yaml")
    own = documents.pop(name, None)
    if own is None:
        return []
    title, layer = _plain(own.value.title), own.value.layer
    how = "Give each campaign a title of its own."
    same_title = [
        own.problem(("title",), f"the campaign in {other.file}:{other.line('title')} has the same title.", how)
        for other in documents.values()
        if _plain(other.value.title) == title
    ]
    how = "Give each its own part: {name: tea, from: 0, below: 0.5} and {name: tea, from: 0.5}."
    return same_title + [
        own.problem(
            ("layer",), f"the campaign in {other.file}:{other.line('layer')} has customers of this part of the layer `{layer.name}` too.", how
        )
        for other in documents.values()
        if layer is not None and other.value.layer is not None and layer.overlaps(other.value.layer)
    ]


def _plain(title: str) -> str:
    return " ".join(title.lower().split())


def _names_inside(document: Document[Campaign]) -> list[Problem]:
    """Offers and tactics that are named but don't exist in the file."""
    campaign, problems = document.value, []
    for name, tactic in campaign.tactics.items():
        if tactic.offer is not None and tactic.offer not in campaign.offers:
            problems.append(
                document.problem(("tactics", name, "offer"), f"there is no offer `{tactic.offer}`.", nearest(tactic.offer, campaign.offers, "Offers"))
            )
    for index, stage in enumerate(campaign.stages):
        for word in ("letter", "message"):
            by_tactic = getattr(stage, word)
            for tactic_name in by_tactic if isinstance(by_tactic, dict) else ():
                if tactic_name not in campaign.tactics:
                    place = ("stages", index, word, tactic_name)
                    problems.append(
                        document.problem(place, f"there is no tactic `{tactic_name}`.", nearest(tactic_name, campaign.tactics, "Tactics"))
                    )
    return problems
