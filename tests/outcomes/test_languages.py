"""Reports in each of the six languages."""

from __future__ import annotations

import io
import re
import string
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from rich.console import Console

from tests.outcomes import sample
from winback.limits import FuseCause
from winback.model import Reason
from winback.outcomes import languages, tabulated, terminal, wording
from winback.outcomes.languages import lanes
from winback.outcomes.sentences import ENGLISH
from winback.speech import Language
from winback.studio import report_page

OTHERS = [language for language in Language if language is not Language.EN]


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_says_everything_that_english_does_and_fills_in_the_same(language):
    words = languages.words(language)
    assert {key for key in words if not key.startswith("skip-")} == set(ENGLISH)
    assert [key for key in ENGLISH if fields(words[key]) != fields(ENGLISH[key])] == []
    assert words["language"] == language
    assert len(words["months"].split()) == 12


@pytest.mark.parametrize("language", list(Language))
def test_a_day_at_the_end_of_a_sentence_brings_no_full_stop_of_its_own(language):
    words = languages.words(language)
    day = wording.day(datetime(2026, 3, 9, tzinfo=UTC), words)
    assert not [key for key, sentence in words.items() if ".." in sentence.replace("{day}", day).replace("{last}", day)]


@pytest.mark.parametrize("language", OTHERS)
def test_what_became_of_a_lane_is_said_in_each(language):
    english = lanes.SENTENCES[Language.EN]
    assert {key: fields(sentence) for key, sentence in lanes.SENTENCES[language].items()} == {key: fields(english[key]) for key in english}
    assert set(FuseCause) <= set(english)


@pytest.mark.parametrize("language", OTHERS)
def test_reasons_that_it_names_are_reasons(language):
    assert {key.removeprefix("skip-") for key in languages.words(language) if key.startswith("skip-")} <= set(Reason)


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_of_a_report_is_left_in_english(language):
    """Names, numbers and codes aside, a word of four letters or more that stands in the English report stands in no other."""
    page, english = (_words(report_page.render(sample.report(languages.words(each)))) for each in (language, Language.EN))
    names = _words(
        "<p>warm-word gift-first spring we-miss-you zerno.example gmail outlook ukr-net poor service too dear no-inquiries volume-dropped</p>"
    )
    assert page & english - names <= _SHARED


_SHARED = {
    "holm",
    "benjamini",
    "hochberg",
    "robbins",
    "verdict",
    "wilson",
    "newcombe",
    "fisher",
    "welch",
    "kaplan",
    "meier",
    "proxy",
    "spam",
    "manager",
    "interval",
    "test",
    "profit",
    "total",
    "rate",
    "cost",
    "exact",
    "plan",
}
"""Names of people, and words that Romanian or Uzbek write as English does."""


def _words(page: str) -> set[str]:
    text = " ".join(html.fromstring(page).xpath("//body//text()")).lower()
    return set(re.findall(r"[^\W\d_]{4,}", text))


@pytest.mark.parametrize(
    ("language", "number", "percent", "day", "days"),
    [
        (Language.EN, "1,234.5", "4.2%", "9 March 2026", ("1 day", "2 days", "60 days")),
        (Language.UK, "1\xa0234,5", "4,2\xa0%", "9 березня 2026 року", ("1 день", "2 дні", "60 днів")),
        (Language.RU, "1\xa0234,5", "4,2\xa0%", "9 марта 2026 года", ("1 день", "2 дня", "60 дней")),
        (Language.RO, "1.234,5", "4,2%", "9 martie 2026", ("1 zi", "2 zile", "60 de zile")),
        (Language.UZ, "1\xa0234,5", "4,2%", "2026-yil 9-mart", ("1 kun", "2 kun", "60 kun")),
        (Language.MN, "1,234.5", "4.2%", "2026 оны 3-р сарын 9", ("1 хоног", "2 хоног", "60 хоног")),
    ],
)
def test_numbers_and_days_are_written_as_the_language_writes_them(language, number, percent, day, days):
    words = languages.words(language)
    assert wording.number(1234.5, 1, words) == number
    assert wording.percent(0.042, 1, words) == percent
    assert wording.day(datetime(2026, 3, 9, tzinfo=UTC), words) == day
    assert tuple(wording.counted(count, "days", words) for count in (1, 2, 60)) == days


@pytest.mark.parametrize(
    ("language", "count", "form"),
    [
        (Language.UK, 11, "днів"), (Language.UK, 21, "день"), (Language.UK, 22, "дні"), (Language.UK, 112, "днів"), (Language.RU, 101, "день"),
        (Language.RO, 0, "zile"), (Language.RO, 19, "zile"), (Language.RO, 20, "de zile"), (Language.RO, 101, "zile"), (Language.RO, 120, "de zile"),
    ],
)  # fmt: skip
def test_nouns_take_the_form_that_their_number_asks_for(language, count, form):
    assert wording.counted(count, "days", languages.words(language)).split(" ", 1)[1] == form


def test_half_hours_are_counted_too():
    assert [wording.length(timedelta(minutes=90), languages.words(language)) for language in (Language.UK, Language.RU, Language.RO)] == [
        "1,5 години", "1,5 часа", "1,5 ore",
    ]  # fmt: skip


@pytest.mark.parametrize("language", Language)
def test_the_terminal_and_the_page_say_it_whole(language):
    told = sample.report(languages.words(language), days=30)
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(terminal.render(told))
    text = console.export_text()
    assert "{" not in text
    assert not re.search(r"\b(None|nan)\b", text)
    assert report_page.render(told).startswith(f'<!doctype html>\n<html lang="{language}">')
    assert len(tabulated.tables(told)) == len(tabulated.tables(sample.report(days=30)))
