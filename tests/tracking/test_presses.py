from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.tracking import presses, tokens
from winback.tracking.presses import Press, Verb
from winback.tracking.tokens import Purpose

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.sampled_from(Verb), st.lists(st.integers(0, 36**5), max_size=4))
def test_a_press_says_what_was_written_and_fits_into_telegrams_64_bytes(verb, numbers):
    data = presses.write([NEW, OLD], "501", verb, *numbers)
    assert len(data.encode()) <= 64
    assert presses.read([NEW, OLD], "501", data) == Press(verb, tuple(numbers))


def test_the_button_of_another_chat_says_nothing():
    assert presses.read([NEW], "502", presses.write([NEW], "501", Verb.JOIN, 1)) is None


def test_a_button_says_what_it_said_after_the_keys_were_changed_until_the_old_one_goes():
    data = presses.write([OLD], "501", Verb.JOIN, 1)
    assert presses.read([NEW, OLD], "501", data) == Press(Verb.JOIN, (1,))
    assert presses.read([NEW], "501", data) is None


@given(st.integers(0, 63), st.characters(codec="utf-8"))
def test_no_character_can_be_changed(place, character):
    data = presses.write([NEW], "501", Verb.JOIN, 12345, 678)
    changed = data[: place % len(data)] + character + data[place % len(data) + 1 :]
    assert presses.read([NEW], "501", changed) == (Press(Verb.JOIN, (12345, 678)) if changed == data else None)


@pytest.mark.parametrize(
    "data", ["", "join", "join:1", "join~", "~" * 64, "join.1~" + "A" * 20, "j" * 65, "join.1~" + tokens.sign(NEW, Purpose.JOIN, 1)]
)
def test_what_is_no_button_of_ours_says_nothing(data):
    assert presses.read([NEW], "501", data) is None


def test_a_button_that_would_say_too_much_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="of 64 bytes"):
        presses.write([NEW], "501", Verb.JOIN, *[36**9] * 5)
    with pytest.raises(ValueError, match="can't say -1"):
        presses.write([NEW], "501", Verb.JOIN, -1)
