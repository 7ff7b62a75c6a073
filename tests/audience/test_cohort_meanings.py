"""Every word that a cohort file may say has its meaning, and no other word has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from winback.audience import cohort_words, ranges
from winback.audience.cohort import Cohort, Custom, Exclude, Order, Rule

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "cohorts.md").read_text(encoding="utf-8")


def names(*shapes) -> set[str]:
    return {field.alias or name for shape in shapes for name, field in shape.model_fields.items()}


@pytest.mark.parametrize(
    ("meanings", "known"),
    [
        (cohort_words.WORDS, names(Rule)),
        (cohort_words.EXCLUDES, names(Exclude)),
        (cohort_words.FIELDS, names(Cohort)),
        (cohort_words.ORDERS, set(Order)),
        (cohort_words.PARTS, names(Custom, ranges.Days, ranges.Between, ranges.Counted, ranges.Summed, ranges.Part, ranges.Times)),
    ],
    ids=["rules", "exclude", "file", "order_by", "braces"],
)
def test_every_word_has_its_meaning(meanings, known):
    assert set(meanings) == known


@pytest.mark.parametrize("word", cohort_words.WORDS)
def test_a_meaning_is_one_short_line_and_stands_in_the_documentation_too(word):
    meaning = cohort_words.WORDS[word]
    assert 5 < len(meaning) < 100
    assert not meaning.endswith(".")
    assert re.search(rf"`{word}`", DOCS)
