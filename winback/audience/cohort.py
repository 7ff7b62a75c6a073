"""config/cohorts/*.yaml: which customers are meant, as rules that become one SQL statement (store/cohorts.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from winback import clock, strictyaml
from winback.audience import businesses, signs
from winback.audience.businesses import Business
from winback.audience.lifecycle import Stage
from winback.audience.ranges import Between, Counted, Days, Number, Part, Sum, Summed, Times, whole_days
from winback.audience.signs import Sign, Signs
from winback.audience.value import Regularity, ValueClass
from winback.errors import ConfigError, Problem
from winback.model import AddressFault
from winback.settings import Project
from winback.shapes import Amount, Channel, Duration, one_of
from winback.strictyaml import Document, Shape, nearest, refusal


class Custom(Shape):
    """A column of the shop's own, by the name that sources.yaml gives it: one of some words, or a number."""

    name: str
    is_: tuple[str, ...] | None = Field(default=None, alias="is")
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Custom:
        numbers = self.at_least is not None or self.at_most is not None
        if numbers == bool(self.is_):
            raise refusal("asks for words and numbers at once, or for neither.", "Write {name: size, is: [L, XL]} or {name: points, at_least: 100}.")
        return self


class Rule(Shape):
    """One condition: exactly one of these words."""

    lapsed: str | None = None  # a trade of businesses.yaml
    sign: tuple[Annotated[Sign, *one_of(Sign, "a sign")], ...] | None = None

    days_since_last_order: Days | None = None
    days_since_first_order: Days | None = None
    days_since_last_inquiry: Days | None = None
    days_since_last_touch: Days | None = None
    days_since_last_reaction: Days | None = None
    days_since_complaint: Days | None = None  # one that isn't mended yet
    days_since_survey: Days | None = None
    first_order: Between | None = None
    last_order: Between | None = None
    not_bought_since: date | None = None

    orders: Counted | None = None
    purchase_days: Number | None = None
    inquiries: Counted | None = None
    inquiries_since_order: Number | None = None
    touches: Number | None = None
    touches_since_reaction: Number | None = None
    complaints: Counted | None = None
    surveys: Number | None = None
    last_score: Number | None = None
    codes_used: Number | None = None
    usual_gap: Number | None = None  # days between two purchases: the median
    long_gap: Number | None = None  # nine out of ten are shorter
    overdue: Times | None = None  # the silence in the customer's own mean gaps

    revenue: Summed | None = None
    average_order: Sum | None = None
    currency: tuple[str, ...] | None = None

    value: tuple[Annotated[ValueClass, *one_of(ValueClass, "a value class")], ...] | None = None
    regularity: tuple[Annotated[Regularity, *one_of(Regularity, "a regularity")], ...] | None = None
    recency: Number | None = None  # fifths: 5 bought most lately
    frequency: Number | None = None  # 5 bought most often
    money: Number | None = None  # 5 bought for most
    profit: Sum | None = None
    lifetime_value: Sum | None = None
    expected_value: Sum | None = None  # of a return
    worth_it: str | None = None  # a campaign: more is expected of a return than its whole sequence costs
    chance_lost: Part | None = None  # of no purchase in the time that value.yaml says
    recommended: Number | None = None  # customers whom they brought
    stage: tuple[Annotated[Stage, *one_of(Stage, "a stage")], ...] | None = None
    reason: tuple[str, ...] | None = None  # why they left, as far as known

    country: tuple[str, ...] | None = None
    locale: tuple[str, ...] | None = None
    city: tuple[str, ...] | None = None
    sex: tuple[str, ...] | None = None
    manager: tuple[str, ...] | None = None
    tag: tuple[str, ...] | None = None
    custom: Custom | None = None
    reachable_by: tuple[Channel, ...] | None = None

    all: tuple[Rule, ...] | None = None
    any: tuple[Rule, ...] | None = None
    not_: Rule | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_word(self) -> Rule:
        said = sorted(self.model_fields_set)
        if len(said) != 1:
            found = f"says {len(said)} things at once ({', '.join(said)})" if said else "says nothing"
            raise refusal(f"is one condition, but {found}.", "Begin a new line with `- ` for each condition.")
        word, value = self.said
        if value is None or value == ():
            raise refusal(f"`{word}` is empty.", "Fill it in, or take the line out.")
        return self

    @property
    def said(self) -> tuple[str, object]:
        """The word of this condition and its value."""
        word = next(iter(self.model_fields_set))
        return word.rstrip("_"), getattr(self, word)


class Exclude(Shape):
    """Customers to leave out, whatever the rules say."""

    lists: tuple[str, ...] = ()  # files in config/lists/: one customer id a line
    black_list: bool = False  # those on the shop's own; no campaign writes to them anyway
    contacted_within: Duration | None = None  # any touch, of ours or from elsewhere
    in_another_campaign: bool = False  # written to or held out by one that is under way
    returned_within: Duration | None = None  # came back, by any campaign's measure
    addresses: tuple[Annotated[AddressFault, *one_of(AddressFault, "a fault")], ...] = ()  # whose every address has one of these

    @model_validator(mode="after")
    def _whole_days(self) -> Exclude:
        whole_days(self.contacted_within)
        whole_days(self.returned_within)
        return self


class Order(StrEnum):
    """What members are put in order by, the most first."""

    EXPECTED_VALUE = "expected_value"
    LIFETIME_VALUE = "lifetime_value"
    CHANCE_LOST = "chance_lost"
    REVENUE = "revenue"
    AVERAGE_ORDER = "average_order"
    ORDERS = "orders"
    LAST_ORDER = "last_order"  # the latest first


class Cohort(Shape):
    """A cohort file."""

    title: str
    rules: tuple[Rule, ...] = Field(min_length=1)
    exclude: Exclude = Exclude()
    order_by: Annotated[Order, *one_of(Order, "an order")] | None = None
    limit: int | None = Field(default=None, ge=1)  # only the first so many

    @model_validator(mode="after")
    def _limited_by_something(self) -> Cohort:
        if self.limit is not None and self.order_by is None:
            raise refusal(f"takes the first {self.limit} without saying first by what.", "Add for example order_by: expected_value.")
        return self


@dataclass(frozen=True, slots=True)
class Selection:
    """A cohort with all that its words mean in this project: what a statement is made of."""

    cohort: Cohort
    excluded: frozenset[str] = frozenset()  # ids on its exclude lists
    signs: Signs = Signs()  # noqa: RUF009  # frozen
    old_after: timedelta = timedelta(days=730)  # without a sign of life an address is old
    businesses: Mapping[str, Business] = field(default_factory=lambda: MappingProxyType({}))


def read(project: Project, name: str) -> Document[Cohort]:
    """The cohort of that name. Raises ConfigError that names the nearest one when there is none."""
    if name not in project.names("cohorts"):
        raise ConfigError(
            Problem(f"config/cohorts/{name}.yaml", None, f"there is no cohort `{name}`.", nearest(name, project.names("cohorts"), "Cohorts"))
        )
    return project.read(Cohort, "cohorts", f"{name}.yaml")


def shown(name: str) -> str:
    """Its file, as messages name it."""
    return f"config/cohorts/{name}.yaml"


def parse(name: str, text: str) -> Document[Cohort]:
    """The cohort of that name as its file would say it. Raises ConfigError with the line."""
    return strictyaml.parse(text, Cohort, shown=shown(name))


def selection(project: Project, document: Document[Cohort]) -> Selection:
    """The cohort's words with their meaning. Raises ConfigError where one of them means nothing here."""
    trades = businesses.read(project)
    problems = [
        document.problem(place, f"there is no business `{trade}` in config/businesses.yaml.", nearest(trade, trades, "Businesses"))
        for place, rule in placed(document.value.rules)
        if (trade := rule.lapsed) is not None and trade not in trades
    ]
    problems += [
        document.problem(place, f"there is no campaign `{rule.worth_it}`.", nearest(rule.worth_it, project.names("campaigns"), "Campaigns"))
        for place, rule in placed(document.value.rules)
        if rule.worth_it is not None and rule.worth_it not in project.names("campaigns")
    ]
    if problems:
        raise ConfigError(problems)
    return Selection(document.value, excluded(project, document), signs.read(project), project.settings.addresses.old_after, trades)


def excluded(project: Project, document: Document[Cohort]) -> frozenset[str]:
    """Customer ids on the cohort's exclude lists. Raises ConfigError when a list is missing."""
    keys: set[str] = set()
    for index, file in enumerate(document.value.exclude.lists):
        path = project.config("lists", file)
        if not _lies_in(path, project.config("lists")) or not path.is_file():
            raise ConfigError(
                document.problem(("exclude", "lists", index), f"there is no list config/lists/{file}.", "Make it, one customer id a line.")
            )
        keys.update(line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip())
    return frozenset(keys)


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def bounds(days: Days, now: datetime, project_zone: str) -> tuple[datetime, datetime | None]:
    """The moments that a last order lies before, and at or after: "silent 365 to below 730 days" as of `now`.

    Days are calendar days between the order's and today's date in the shop's zone, so [365, 730) days as of 2026-11-23 are the
    orders from 2024-11-24 to 2025-11-23 whole. Returns (before, not before); the second is None when there is no end.
    """
    zone = ZoneInfo(project_zone)
    today = clock.local_day(now, zone)
    before = clock.start_of_day(today - timedelta(days=days.from_ - 1), zone)
    return before, None if days.below is None else clock.start_of_day(today - timedelta(days=days.below - 1), zone)


def flat(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """Every rule and those nested in it."""
    for _, rule in placed(rules):
        yield rule


def placed(rules: tuple[Rule, ...], place: tuple[str | int, ...] = ("rules",)) -> Iterator[tuple[tuple[str | int, ...], Rule]]:
    """The same, each with its place in the file."""
    for index, rule in enumerate(rules):
        yield from _placed(rule, (*place, index))


def _placed(rule: Rule, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Rule]]:
    yield place, rule
    word, value = rule.said
    if isinstance(value, Rule):
        yield from _placed(value, (*place, word))
    elif isinstance(value, tuple) and value and isinstance(value[0], Rule):
        yield from placed(value, (*place, word))
