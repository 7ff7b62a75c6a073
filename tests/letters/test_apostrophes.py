"""Uzbek's two signs, whatever was typed; quotation marks stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.letters import apostrophes

TYPED = "'`´‘’ʻʼ"


@pytest.mark.parametrize("sign", TYPED)
@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("o_zbek", "oʻzbek"),
        ("O_ZBEKISTON", "OʻZBEKISTON"),
        ("so_m", "soʻm"),
        ("bog_", "bogʻ"),
        ("O_g_iloy", "Oʻgʻiloy"),
        ("ma_no", "maʼno"),
        ("san_at", "sanʼat"),
        ("5_6", "5_6"),
    ],
)
def test_each_letter_gets_its_own_sign(typed, printed, sign):
    assert apostrophes.uzbek(typed.replace("_", sign)) == printed.replace("_", sign)


@pytest.mark.parametrize("text", ["'choy' ichamiz", "‘Zerno’", "5'6"])
def test_quotation_marks_stay(text):
    assert apostrophes.uzbek(text) == text


@given(st.text(alphabet="abgoʻʼ'’` ", max_size=30))
def test_mending_twice_changes_nothing_more(text):
    once = apostrophes.uzbek(text)
    assert apostrophes.uzbek(once) == once


def test_other_languages_texts_stay_as_they_are():
    assert apostrophes.printed("O'zbekiston, don't", "en") == "O'zbekiston, don't"
