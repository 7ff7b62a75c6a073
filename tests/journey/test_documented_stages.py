"""docs/campaigns.md names every word of a stage, every deed, and every word that a task may say."""

from __future__ import annotations

import re

import pytest

from tests.projects import ROOT
from winback.journey import script
from winback.journey.condition import Deed
from winback.journey.greet import Greet
from winback.journey.stage import BeforeOccasion, Stage, Task
from winback.model import TaskKind

PAGE = (ROOT / "docs/campaigns.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("shape", [Stage, Task, BeforeOccasion, Greet], ids=lambda shape: shape.__name__)
def test_every_word_of_a_stage_is_named(shape):
    words = {field.alias or name for name, field in shape.model_fields.items()}
    assert words <= set(re.findall(r"\b([a-z_]+):", PAGE))


@pytest.mark.parametrize("word", [*Deed, *TaskKind])
def test_every_deed_and_kind_of_task_is_named(word):
    assert re.search(rf"\b{word}\b", PAGE)


@pytest.mark.parametrize("word", script.WORDS)
def test_every_word_that_a_task_may_say_is_named(word):
    assert f"`{word}`" in PAGE


def test_a_task_says_what_the_shop_knows_and_a_dash_for_what_it_does_not():
    text = "Call {{ customer.given_name }} in {{customer.city}}: {{ offer.text }}"
    assert script.fill(text, {"customer.given_name": "Emma", "customer.city": "", "offer.text": None}) == "Call Emma in —: —"
    assert script.in_language({"en": "a", "uk": "b"}, "uk") == "b"
    assert script.in_language({"en": "a", "uk": "b"}, "ro") == "a"
