"""config/signs.yaml: the five signs of a customer being lost, each with its threshold, and what helps against it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, model_validator

from winback.audience.ranges import whole_days
from winback.settings import Project
from winback.shapes import Duration, Share
from winback.speech import N_, said
from winback.strictyaml import Shape


class Sign(StrEnum):
    """What shows that a customer is being lost. A customer may show any number of them."""

    NO_INQUIRIES = "no-inquiries"  # neither asked nor ordered for a period
    INQUIRIES_WITHOUT_ORDERS = "inquiries-without-orders"  # asked several times in a row and did not order
    NO_ANSWER = "no-answer"  # did not react to the last touches, though contact went on
    VOLUME_DROPPED = "volume-dropped"  # still orders, but much less than they used to
    DISSATISFIED = "dissatisfied"  # complained, or gave a bad score


URGENCY = (Sign.DISSATISFIED, Sign.VOLUME_DROPPED, Sign.INQUIRIES_WITHOUT_ORDERS, Sign.NO_ANSWER, Sign.NO_INQUIRIES)
"""Which sign a customer who shows several is answered by: what went wrong before what merely stopped."""


class NoInquiries(Shape):
    """Neither an inquiry nor an order for so long. For a shop that keeps no inquiries, orders alone count."""

    for_: Duration = Field(default="90 days", alias="for", validate_default=True)
    methods: tuple[str, ...] = ("invitation-to-event", "benefits-reminder")

    @model_validator(mode="after")
    def _whole_days(self) -> NoInquiries:
        whole_days(self.for_)
        return self


class InquiriesWithoutOrders(Shape):
    """So many inquiries since the last order."""

    in_a_row: int = Field(default=3, ge=1)
    methods: tuple[str, ...] = ("personal-offer",)


class NoAnswer(Shape):
    """No reaction to so many touches, the last ones; a reaction is a click, an answer, or an order."""

    touches: int = Field(default=3, ge=1)
    methods: tuple[str, ...] = ("results-together",)


class VolumeDropped(Shape):
    """Ordered in the last `recent` time, but at least the part `by` less a day than in the `earlier` time before it."""

    by: Share = 0.5
    recent: Duration = Field(default="90 days", validate_default=True)
    earlier: Duration = Field(default="365 days", validate_default=True)
    earlier_orders: int = Field(default=4, ge=1)  # fewer are no level to fall from
    methods: tuple[str, ...] = ("volume-programme", "new-arrivals")

    @model_validator(mode="after")
    def _whole_days(self) -> VolumeDropped:
        whole_days(self.recent)
        whole_days(self.earlier)
        return self


class Dissatisfied(Shape):
    """A complaint that isn't mended yet, or a last score so low, in the last `within` time."""

    score_at_most: int = Field(default=6, ge=0, le=10)  # Reichheld's detractors
    within: Duration = Field(default="365 days", validate_default=True)
    methods: tuple[str, ...] = ("apology-and-compensation", "survey", "we-mended-it")

    @model_validator(mode="after")
    def _whole_days(self) -> Dissatisfied:
        whole_days(self.within)
        return self


class Signs(Shape):
    """A signs file; a project without one, or a line left out, goes by these."""

    no_inquiries: NoInquiries = Field(default=NoInquiries(), alias="no-inquiries")
    inquiries_without_orders: InquiriesWithoutOrders = Field(default=InquiriesWithoutOrders(), alias="inquiries-without-orders")
    no_answer: NoAnswer = Field(default=NoAnswer(), alias="no-answer")
    volume_dropped: VolumeDropped = Field(default=VolumeDropped(), alias="volume-dropped")
    dissatisfied: Dissatisfied = Field(default=Dissatisfied(), alias="dissatisfied")
    any_dear: tuple[str, ...] = Field(default=("thank-you", "personal-offer"), alias="any, dear customer")

    def methods(self, sign: Sign) -> tuple[str, ...]:
        """Names of letters that fit a sign, the first first."""
        methods: tuple[str, ...] = getattr(self, sign.replace("-", "_")).methods
        return methods


def describe(sign: Sign, signs: Signs) -> str:
    """The sign with its threshold, as a person says it."""
    match sign:
        case Sign.NO_INQUIRIES:
            return said(N_("neither asked nor ordered for %(length)s"), length=days(signs.no_inquiries.for_))
        case Sign.INQUIRIES_WITHOUT_ORDERS:
            return said(N_("asked %(times)s times in a row without an order"), times=signs.inquiries_without_orders.in_a_row)
        case Sign.NO_ANSWER:
            return said(N_("no reaction to the last %(touches)s touches"), touches=signs.no_answer.touches)
        case Sign.VOLUME_DROPPED:
            dropped = signs.volume_dropped
            return said(
                N_("orders %(share)s less in the last %(length)s than in the %(earlier)s before"),
                share=f"{dropped.by:.0%}",
                length=days(dropped.recent),
                earlier=days(dropped.earlier),
            )
        case Sign.DISSATISFIED:
            unhappy = signs.dissatisfied
            return said(
                N_("a complaint, or a score of %(score)s or less, in the last %(length)s"), score=unhappy.score_at_most, length=days(unhappy.within)
            )


def days(length: timedelta) -> str:
    return said(N_("%(days)s day"), days=length.days) if length.days == 1 else said(N_("%(days)s days"), days=length.days)


def read(project: Project) -> Signs:
    """The project's signs.yaml. Raises ConfigError."""
    return project.read(Signs, "signs.yaml").value if project.config("signs.yaml").exists() else Signs()
