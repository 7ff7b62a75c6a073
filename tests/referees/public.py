"""Every public page in every language, with what it can show: what the referees judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from tests import projects
from winback import settings
from winback.audience import reasons
from winback.journey.content import Survey
from winback.journey.eligibility import Tracking
from winback.journey.wishes import Topic, Wishes
from winback.letters import library, pages
from winback.letters.sample import read as read_sample
from winback.model import ChannelName
from winback.settings import Project
from winback.store.preferences import Card, Door
from winback.tracking import preference_form, survey_form

TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_A"
TODAY = date(2026, 11, 24)
LANGUAGES = ("uk", "ru", "ro", "uz", "mn", "en")
DOORS = tuple(Door(channel, b"") for channel in ChannelName)
SAID = Wishes(topics_off=frozenset({Topic.OFFERS, Topic.SURVEYS}), most_letters=2, paused_until=date(2027, 2, 24), favourite_day="05-19")


def pictures() -> dict[str, str]:
    """By name, `page.state.language`, the HTML of every page."""
    project = settings.open_project(projects.ROOT, {})
    return {f"{name}.{locale}": html for locale in library.open_library(project).languages() for name, html in of(project, locale)}


def of(project: Project, locale: str) -> Iterator[tuple[str, str]]:
    """Every page in one language, by name and state."""
    fewer = f"../p/{TOKEN}"
    for name in pages.NAMES:
        yield f"{name}.bare", pages.render(project, name, locale)
    yield "unsubscribe.asks", pages.render(project, "unsubscribe", locale, action=TOKEN, preferences_url=fewer)
    yield "unsubscribed.done", pages.render(project, "unsubscribed", locale, preferences_url=fewer)
    fresh, silent = card(Wishes()), card(Wishes(channels_off=frozenset(ChannelName)))
    seen = replace(card(SAID), tracking=Tracking.GIVEN)
    for state, now, before in (("fresh", fresh, None), ("saved", seen, fresh), ("silent", silent, fresh)):
        shown = preference_form.shown(now, LANGUAGES, locale, locale, TODAY, before=(before, locale) if before else None)
        yield f"preferences.{state}", pages.render(project, "preferences", locale, action=TOKEN, preferences=shown)
    survey, offered = sample_survey(project), reasons.read(project).reasons
    for state, options in (("pressed", {"first": 4}), ("again", {"has_answered": True}), ("empty", {"is_empty": True})):
        shown_survey = survey_form.shown(survey, offered, locale, **options)
        yield f"survey.{state}", pages.render(project, "survey", locale, action=TOKEN, survey=shown_survey)


def card(wishes: Wishes) -> Card:
    return Card(1, wishes, "uk", "UA", wishes.favourite_day, DOORS)


def sample_survey(project: Project) -> Survey:
    """The survey of the shipped letter, and a question of every kind."""
    said = read_sample(project.templates / "emails" / "survey", "survey").value.content.survey
    assert said is not None, "the letter called survey asks something"
    why = {"ask": dict.fromkeys(LANGUAGES, "?") | said.questions[1].ask, "kind": "reason"}
    return Survey.model_validate({**said.model_dump(mode="json"), "questions": (*said.model_dump(mode="json")["questions"], why)})
