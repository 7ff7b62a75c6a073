"""docs/letters.md names every letter, every value and every word of a campaign's content."""

from __future__ import annotations

import re
from dataclasses import is_dataclass

import pytest

from tests.projects import ROOT
from winback.journey.content import Content
from winback.letters import vocabulary
from winback.letters.values import LetterValues
from winback.model import ChannelName

PAGE = (ROOT / "docs/letters.md").read_text(encoding="utf-8")
KINDS = [LetterValues, *(word.row for word in vocabulary.words(LetterValues).values() if is_dataclass(word.row))]
WORDS = set(re.findall(r"[a-z_]+(?:-[a-z]+)*", PAGE))


def test_every_letter_is_in_the_table(letters):
    assert {name for channel in ChannelName for name in letters.names(channel)} <= WORDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_is_named(kind):
    assert {part for path in vocabulary.words(kind) for part in path.split(".")} <= WORDS


def test_the_example_holds_every_word_of_content():
    assert set(Content.model_fields) <= set(re.findall(r"^  ([a-z]+):", PAGE, re.MULTILINE))
