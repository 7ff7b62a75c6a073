from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.tracking import tokens
from winback.tracking.tokens import Purpose

KEY = b"k" * 32
ALPHABET = string.ascii_letters + string.digits + "_-"

purposes = st.sampled_from(Purpose)
firsts = st.integers(0, 2**64 - 1)
seconds = st.integers(0, 2**40 - 1)


@given(purposes, firsts, seconds)
def test_a_token_says_what_was_signed_in_forty_legal_characters(purpose, first, second):
    token = tokens.sign(KEY, purpose, first, second)
    assert len(token) == 40
    assert set(token) <= set(ALPHABET)
    assert tokens.read((KEY,), purpose, token) == (first, second)


@given(purposes, firsts, seconds, st.integers(0, 39), st.sampled_from(ALPHABET))
def test_a_token_with_any_character_changed_is_nothing(purpose, first, second, place, character):
    token = tokens.sign(KEY, purpose, first, second)
    changed = token[:place] + character + token[place + 1 :]
    assert (tokens.read((KEY,), purpose, changed) is None) == (changed != token)


@given(purposes, purposes, firsts)
def test_a_token_is_nothing_for_another_purpose(purpose, other, first):
    assert (tokens.read((KEY,), other, tokens.sign(KEY, purpose, first)) is None) == (other != purpose)


@given(firsts, st.binary(min_size=32, max_size=40))
def test_a_token_is_nothing_under_another_key(first, key):
    assert (tokens.read((key,), Purpose.OPEN, tokens.sign(KEY, Purpose.OPEN, first)) is None) == (key != KEY)


@given(st.text(max_size=60))
def test_any_other_text_is_nothing(text):
    assert tokens.read((KEY,), Purpose.CLICK, text) is None


@pytest.mark.parametrize("added", ["=", "==", "\n", " ", "A", "%3D", "\u0661"])
def test_a_token_with_something_added_is_nothing(added):
    token = tokens.sign(KEY, Purpose.CLICK, 7, 3)
    assert tokens.read((KEY,), Purpose.CLICK, token + added) is None
    assert tokens.read((KEY,), Purpose.CLICK, added + token) is None
    assert tokens.read((KEY,), Purpose.CLICK, added + token[len(added) :]) is None


@pytest.mark.parametrize(("first", "second"), [(-1, 0), (2**64, 0), (0, -1), (0, 2**40)])
def test_numbers_that_do_not_fit_are_refused(first, second):
    with pytest.raises(OverflowError):
        tokens.sign(KEY, Purpose.OPEN, first, second)


def test_a_token_signed_by_an_earlier_release_is_still_read():
    assert tokens.read((KEY,), Purpose.CLICK, "vAAAAAAAAeJAAAAAAAfTUkULOS7nFRD0Y4cm1N7T") == (123456, 7)


OTHERS = tuple(number.to_bytes(32) for number in range(40))


@given(purposes, firsts, st.permutations(OTHERS), st.integers(0, 40))
def test_any_of_the_keys_may_have_signed(purpose, first, keys, place):
    ring = (*keys[:place], KEY, *keys[place:])
    assert tokens.read(ring, purpose, tokens.sign(KEY, purpose, first)) == (first, 0)
    assert tokens.read(keys, purpose, tokens.sign(KEY, purpose, first)) is None


def test_keys_with_the_same_mark_are_told_apart():
    alike = next(key for number in range(100_000) if (key := number.to_bytes(32)) and _first_byte(key) == _first_byte(KEY))
    for signer, ring in ((KEY, (alike, KEY)), (alike, (alike, KEY)), (alike, (KEY, alike))):
        assert tokens.read(ring, Purpose.OPEN, tokens.sign(signer, Purpose.OPEN, 7)) == (7, 0)
    assert tokens.read((alike,), Purpose.OPEN, tokens.sign(KEY, Purpose.OPEN, 7)) is None


@given(purposes, firsts, st.integers(0, 239))
def test_a_token_with_any_bit_turned_is_nothing(purpose, first, bit):
    content = bytearray(base64.urlsafe_b64decode(tokens.sign(KEY, purpose, first)))
    content[bit // 8] ^= 1 << bit % 8
    assert tokens.read((KEY, *OTHERS[:20]), purpose, base64.urlsafe_b64encode(content).decode()) is None


def _first_byte(key: bytes) -> int:
    return base64.urlsafe_b64decode(tokens.sign(key, Purpose.OPEN, 7))[0]
