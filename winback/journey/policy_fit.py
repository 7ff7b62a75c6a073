"""What a campaign asks for and config/policy.yaml allows in no country: its stages would never leave as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from winback.errors import Problem
from winback.journey.campaign import Campaign
from winback.journey.policy import Policy
from winback.journey.stage import Stage
from winback.strictyaml import Document


def problems(document: Document[Campaign], policy: Policy) -> Iterator[Problem]:
    """Stages whose hours, weekdays or channels are closed everywhere, each with the line of the word that says so."""
    for index, stage in enumerate(document.value.stages):
        for word, told, how in _closed(stage, policy):
            yield document.problem(("stages", index, word), f"`{stage.name}` {told}", how)


def _closed(stage: Stage, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """The word, what is wrong, and how to write it."""
    everywhere = [policy.default, *(policy.for_country(country) for country in policy.countries)]
    if stage.hours and not any(stage.hours[0] < rules.hours[1] and rules.hours[0] < stage.hours[1] for rules in everywhere):
        opens, closes = policy.default.hours
        usual = f"{opens:%H:%M}-{closes:%H:%M}"
        yield "hours", "leaves in hours that are quiet in every country of config/policy.yaml.", f'Write hours within "{usual}".'
    if stage.weekdays and not any(set(stage.weekdays) & set(rules.weekdays) for rules in everywhere):
        yield "weekdays", "leaves on days on which config/policy.yaml lets nothing leave in any country.", "Write others."
    if stage.on_day is not None and not any(stage.on_day.weekday() in rules.weekdays for rules in everywhere):
        told = f"comes on {stage.on_day:%A}, {stage.on_day}, when config/policy.yaml lets nothing leave in any country."
        yield "on_day", told, "Write another day."
    allowed = {channel for rules in everywhere for channel in rules.channels}
    if stage.channels and not allowed & set(stage.channels):
        names = ", ".join(sorted(allowed)) or "none"
        yield "channels", "goes out over channels that config/policy.yaml allows in no country.", f"Allowed somewhere: {names}."
