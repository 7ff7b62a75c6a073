"""Every status and reason has one word that people use."""

from __future__ import annotations

import pytest

from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import Reason, RecipientStatus
from winback.outcomes.sentences import ENGLISH


@pytest.mark.parametrize(
    ("status", "reason", "end"),
    [
        ("active", "", "under-way"),
        ("held_out", "", "held-out"),
        ("skipped", "no-consent", "skipped"),
        ("finished", "", "completed"),
        ("finished", "exhausted", "exhausted"),
        ("stopped", "ordered", "returned"),
        ("stopped", "replied", "answered"),
        ("stopped", "answered", "answered"),
        ("stopped", "declined", "declined"),
        ("stopped", "unsubscribed", "unsubscribed"),
        ("stopped", "complained", "complained"),
        ("stopped", "bounced", "unreachable"),
        ("stopped", "blocked", "unreachable"),
        ("stopped", "expired", "expired"),
        ("stopped", "cancelled", "withdrawn"),
        ("stopped", "merged", "merged"),
        ("stopped", "too-soon", "other"),
    ],
)
def test_the_word_for(status, reason, end):
    assert ends.of(status, reason) == end


def test_nothing_is_without_a_word_and_every_word_is_told():
    found = {ends.of(status, reason) for status in RecipientStatus for reason in ("", *Reason)}
    assert found == set(EndState)
    assert {f"end-{end}" for end in EndState} <= ENGLISH.keys()
