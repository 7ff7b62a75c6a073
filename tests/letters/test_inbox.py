"""Subjects, preheaders and greetings by language, as tables that a native speaker can extend."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.letters import inbox, phrases


def rows(name: str) -> list[tuple[str, dict[str, str]]]:
    table = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return [(language, row) for language, cases in table.items() for row in cases]


@pytest.mark.parametrize(("language", "row"), rows("inbox.yaml"), ids=lambda part: part if isinstance(part, str) else part["subject"])
def test_a_subject_is_judged_as_the_table_says(language, row):
    told = [message for message, _ in inbox.subject(row["subject"], language)]
    assert len(told) == ("wrong" in row), told
    assert not told or row["wrong"] in told[0]


@pytest.mark.parametrize(("language", "row"), rows("greetings.yaml"), ids=lambda part: part if isinstance(part, str) else part["says"])
def test_a_greeting_is_judged_as_the_table_says(language, row):
    assert (phrases.said(phrases.ASKS, row["says"], language) or phrases.price(row["says"])) == row.get("asks", "")


@pytest.mark.parametrize(
    ("text", "subject", "wrong"),
    [
        ("A few words from us, and what has arrived.", "News", None),
        ("x" * 110, "News", None),
        ("x" * 111, "News", "the preheader has 111 characters"),
        ("", "News", "there is no preheader"),
        ("NEWS from us.", "News from us", "the preheader says what the subject says"),
        ("Now!!!", "News", "the preheader has `!!!`"),
    ],
)
def test_a_preheader_goes_on_where_the_subject_stops(text, subject, wrong):
    told = [message for message, _ in inbox.preheader(text, subject, "en")]
    assert len(told) == (wrong is not None)
    assert not told or told[0].startswith(wrong)


@pytest.mark.parametrize("length", [78, 79])
def test_a_subject_fits_into_a_line_of_a_header(length):
    told = list(inbox.subject("a" * length, "en"))
    assert bool(told) == (length > 78)
