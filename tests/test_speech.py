"""Sentences that know what they were made of go into files and come back."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback import speech
from winback.speech import NP_, Language, Said, amount, called, either, figure, joined, numbered, percent, said
from winback.studio import pages

LANES = joined((said("relay %(name)s", name="b"), "gmail.com"))
SENTENCES = [
    said("written to"),
    said("on %(day)s", day="2026-12-19"),
    said(NP_("reason", "no consent")),
    numbered("%(num)s day", "%(num)s days", 21),
    said(
        "By the pace, %(stage)s takes %(long)s at the least: %(lanes)s.", stage="first", long=numbered("%(num)s day", "%(num)s days", 1), lanes=LANES
    ),
    either(["a", "b", said("everybody")]),
    said("Sending costs up to %(amount)s.", amount=amount(Decimal("1234.50"), "UAH")),
    said("%(number)s of them hold a code of another campaign, and get none of this one while they do.", number=figure(41_000)),
]


def kept(told):
    """As a file has it, and as it is read again."""
    return speech.from_json(json.loads(json.dumps(speech.as_json(told), ensure_ascii=False, default=str)))


def shown(sentence: str, language: Language) -> str:
    return pages.templates(language).from_string("{{ sentence }}").render(sentence=sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("language", Language)
def test_a_sentence_that_was_kept_is_said_as_it_would_have_been(sentence, language):
    again = kept(sentence)
    assert isinstance(again, Said)
    assert again == sentence
    assert shown(again, language) == shown(sentence, language)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_goes_to_another_process_and_into_a_copy_whole(sentence):
    for again in (pickle.loads(pickle.dumps(sentence)), copy.deepcopy(sentence)):
        assert again == sentence
        assert shown(again, Language.RO) == shown(sentence, Language.RO)


def test_a_plan_is_kept_with_sentences_however_deep_they_lie():
    told = {"tree": {"says": SENTENCES[-2], "parts": [{"says": SENTENCES[3], "count": 3}]}, "plain": ["as it was", 1, None, True]}
    again = kept(told)
    assert again == told
    assert shown(again["tree"]["parts"][0]["says"], Language.UK) == "21 день"
    assert json.loads(json.dumps(told)) == told, "English text for whoever knows nothing of it"


def test_what_was_kept_before_sentences_were_is_read_as_it_stands():
    old = {
        "sentences": {"money": ["Sending costs up to 3.00 GBP."]},
        "stages": [{"asks": ["only if: it rains"], "said": "so", "values": {"a": 1, "b": {}}}],
    }
    assert kept(old) == old
    assert kept({"said": "this has no values"}) == {"said": "this has no values"}


def test_days_and_other_values_become_text():
    assert kept(said("on %(day)s", day=date(2026, 12, 19))) == "on 2026-12-19"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_holds_no_sentence_comes_back_as_it_was(told):
    assert kept(told) == told


def test_a_code_is_itself_in_english_text_and_a_word_on_a_page():
    code = called("no-consent", "reason")
    assert code == "no-consent"
    assert (shown(code, Language.EN), shown(code, Language.UK)) == ("no consent", "немає згоди")


def test_a_sentence_says_itself_wherever_a_page_has_it_and_stays_text():
    hostile = said("on %(day)s", day="<b>%(x)s</b>")
    template = (
        '{{ sentence }}|{{ _("%(lane)s is stopped", lane=sentence) }}|<a title="{{ sentence }}">{{ [sentence] | map("said") | join("; ") }}</a>'
    )
    page = pages.templates(Language.UK).from_string(template).render(sentence=hostile)
    assert page.count("&lt;b&gt;%(x)s&lt;/b&gt;") == 4
    assert "<b>" not in page


def test_nothing_joined_is_nothing():
    assert joined([]) == ""
    assert joined(["50 % off", said("everybody")], "; ") == "50 % off; everybody"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (Language.EN, "1,234.50"),
        (Language.UK, "1\xa0234,50"),
        (Language.RU, "1\xa0234,50"),
        (Language.RO, "1.234,50"),
        (Language.UZ, "1\xa0234,50"),
        (Language.MN, "1,234.50"),
    ],
)
def test_a_number_is_written_as_the_language_of_who_reads_writes_it(language, written):
    number = figure(Decimal("1234.50"))
    assert number == "1,234.50"
    assert shown(number, language) == shown(kept(number), language) == shown(pickle.loads(pickle.dumps(number)), language) == written
    assert shown(amount(Decimal("1234.50"), "UAH"), language) == f"{written} UAH"
    assert percent(0.944, 1) == "94.4%"
    assert shown(percent(0.944, 1), language) == {"uk": "94,4\xa0%", "ru": "94,4\xa0%", "ro": "94,4%", "uz": "94,4%"}.get(language, "94.4%")


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [(0, None, "0"), (1234, None, "1,234"), (0.05, 1, "0.1"), (-1234.5, 0, "-1,234"), (Decimal("1E+3"), None, "1,000")],
)
def test_a_number_has_the_digits_that_are_asked_for(value, digits, written):
    assert figure(value, digits) == written
