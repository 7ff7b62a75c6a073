"""config/businesses.yaml: what "lapsed" means in a trade. No common period exists; each trade has its own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from winback.audience.ranges import Days
from winback.settings import Project
from winback.strictyaml import Document, Shape

DEFAULT = "default"


class Business(Shape):
    """Lapsed: silent for so many days after so many purchases."""

    title: str
    silent: Days
    orders: int = Field(default=3, ge=1)  # once is chance, twice coincidence, three times a habit
    silence: Literal["order", "inquiry"] = "order"  # what ends it: an order, or an inquiry as well


_BUILT_IN = {
    DEFAULT: {"title": "Any shop", "silent": {"from": 365, "below": 730}, "orders": 3},
    "clothing": {"title": "Clothes and shoes: a season missed", "silent": {"from": 120, "below": 730}, "orders": 3},
    "appliances": {"title": "Household appliances", "silent": {"from": 270, "below": 1095}, "orders": 2},
    "restaurant": {"title": "Restaurants and delivery", "silent": {"from": 30, "below": 365}, "orders": 3},
    "beauty": {"title": "Beauty and care", "silent": {"from": 45, "below": 365}, "orders": 3},
    "corporate-gifts": {"title": "Corporate gifts", "silent": {"from": 90, "below": 730}, "orders": 2, "silence": "inquiry"},
}


class Businesses(Shape):
    """A businesses file; a project without one goes by the built-in ones."""

    businesses: dict[str, Business] = Field(min_length=1)


def read(project: Project) -> dict[str, Business]:
    """Trades by name. Raises ConfigError."""
    if project.config("businesses.yaml").exists():
        return dict(document(project).value.businesses)
    return dict(Businesses.model_validate({"businesses": _BUILT_IN}).businesses)


def document(project: Project) -> Document[Businesses]:
    """The file itself."""
    return project.read(Businesses, "businesses.yaml")
