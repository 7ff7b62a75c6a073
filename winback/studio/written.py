"""Moments, amounts and colleagues as pages write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from winback.errors import Refused
from winback.letters import sender, wording
from winback.model import Money
from winback.settings import Project
from winback.speech import Language, amount, joined


def at(project: Project, moment: datetime) -> str:
    """In the shop's zone: 2026-03-09 14:05."""
    return f"{moment.astimezone(project.zone):%Y-%m-%d %H:%M}"


def money(minor: Any, currency: str) -> str:
    """An amount of minor units: 1,250.00 UAH."""
    return amount(Money.from_minor(minor, currency).amount, currency)


def refused(error: Refused, *, how: bool = True) -> str:
    """Why it was, and what to do instead, in one line: what knows what it was made of is said in the page's language."""
    told = ((f"{each.file}:" if each.file else "", each.message, each.how if how else "") for each in error.problems)
    return joined((part for parts in told for part in parts if part), " ")


def managers(project: Project, language: Language) -> dict[str, str]:
    """Who signs letters, by their key in config/senders.yaml, in the order of the keys; each as a page in this language calls them."""
    return {key: wording.in_locale(each.name, language) for key, each in sorted(sender.read(project).senders.items())}
