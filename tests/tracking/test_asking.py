from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from winback.tracking import asking, own_words, replies

CASES = yaml.safe_load(Path(__file__).with_name("asking.yaml").read_text(encoding="utf-8"))


def cases(kind: str):
    return [pytest.param(words, id=f"{language}: {words}") for language, several in CASES[kind].items() for words in several]


@pytest.mark.parametrize("words", cases("asks"))
def test_who_asks_to_be_left_alone_is_heard(words):
    assert asking.to_stop(words)


@pytest.mark.parametrize("words", cases("stays"))
def test_who_does_not_ask_stays(words):
    assert not asking.to_stop(words)


@pytest.mark.parametrize("text", CASES["quoted"])
def test_what_is_quoted_is_nobodys_request(text):
    assert not asking.to_stop(own_words.of(text))
    mail = f"From: olena@mail.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    assert replies.classify(replies.parse(mail.encode())).meaning == "reply"


def test_a_long_letter_is_judged_by_its_first_and_last_line():
    story = "I have bought your tea for many years, and it was always good, and my mother liked it as well as my neighbours did. " * 3
    assert not asking.to_stop(story + "I was about to unsubscribe in spring, and then I did not.")
    assert asking.to_stop(f"Please unsubscribe me.\n{story}")
    assert asking.to_stop(f"{story}\nSo stop writing to me.")
