"""What a new cohort may begin from: those that come with winback, one for each sign of being lost that has none there, and the project's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from winback.audience import cohort
from winback.audience.signs import Sign
from winback.operations import cohort_list, founding
from winback.settings import Project

_HEAD = "# yaml-language-server: $schema=../schema/cohort.json\n"
_SIGNS = {
    Sign.NO_INQUIRIES: "Neither asked nor ordered for a while",
    Sign.INQUIRIES_WITHOUT_ORDERS: "Asked again and again, and did not order",
    Sign.NO_ANSWER: "Dear customers who stopped answering",
}
_LAPSED = """title: Lapsed as the trade calls it

rules:
  - lapsed: default                     # how long that is: config/businesses.yaml
exclude:
  contacted_within: 30 days
  returned_within: 90 days
"""


@dataclass(frozen=True, slots=True)
class Preset:
    """One that comes with winback."""

    name: str
    title: str
    text: str


@cache
def presets() -> list[Preset]:
    """Each by a name that no cohort of a project has: with a colon in it."""
    shipped = sorted((founding.bundled() / "config" / "cohorts").glob("*.yaml"))
    found = {"winback:lapsed": _HEAD + _LAPSED}
    found |= {f"sign:{sign}": _HEAD + _of_sign(sign, title) for sign, title in _SIGNS.items()}
    found |= {f"winback:{path.stem}": path.read_text(encoding="utf-8") for path in shipped}
    return [Preset(name, cohort.parse(name, text).value.title, text) for name, text in found.items()]


def text(project: Project, like: str) -> str | None:
    """What the new file says at first; None where there is nothing of that name."""
    if like in project.names("cohorts"):
        return cohort_list.text(project, like)
    return next((preset.text for preset in presets() if preset.name == like), None)


def _of_sign(sign: Sign, title: str) -> str:
    return f"""title: {title}

rules:
  - sign: [{sign}]{" " * max(1, 32 - len(sign))}# thresholds: config/signs.yaml
  - value: [gold, silver]
exclude:
  contacted_within: 30 days
  addresses: [bounced, mistyped]
"""
