from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.bot import person_words

CASES = yaml.safe_load(Path(__file__).with_name("person_words.yaml").read_text(encoding="utf-8"))


def cases(kind: str):
    return [pytest.param(words, id=f"{language}: {words}") for language, several in CASES[kind].items() for words in several]


@pytest.mark.parametrize("words", cases("asks"))
def test_who_asks_for_a_person_is_heard(words):
    assert person_words.ask(words)


@pytest.mark.parametrize("words", cases("other"))
def test_other_words_ask_for_nobody(words):
    assert not person_words.ask(words)


def test_a_story_that_mentions_a_manager_is_just_a_story():
    assert not person_words.ask("Your manager was very kind to my mother last year. " * 4)
