"""When a letter that was put off is tried again, and when no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.errors import LaneError, NotLetInError, PermanentError, TemporaryError, UncertainError
from winback.model import DeliveryStatus, Reason, Receipt
from winback.sending import outcomes
from winback.store.deliveries import Claimed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SCHEDULE = [timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480)]


def claimed(number: int = 1, attempts: int = 0, first_tried_at: datetime | None = None, due_at: datetime = NOW) -> Claimed:
    return Claimed(number, 1, 1, "one", "a", "uk", attempts, due_at, first_tried_at=first_tried_at)


def tried(error: TemporaryError, attempts: int = 0, number: int = 1, since: timedelta = timedelta()):
    return outcomes.of(claimed(number, attempts, NOW - since), error, SCHEDULE, NOW)


@given(st.integers(1, 2**40), st.integers(0, 6))
def test_a_letter_that_was_put_off_waits_as_the_schedule_says_give_or_take_a_fifth(number, attempts):
    outcome = tried(TemporaryError("put-off"), attempts, number)
    assert (outcome.status, outcome.attempts) == (DeliveryStatus.PLANNED, attempts + 1)
    assert 0.8 * SCHEDULE[attempts] <= outcome.due_at - NOW <= 1.2 * SCHEDULE[attempts]
    assert outcome == tried(TemporaryError("put-off"), attempts, number), "the same try of the same delivery waits the same time"


def test_letters_that_were_put_off_together_dont_come_back_together():
    due = sorted(tried(TemporaryError("slow-down"), 2, number).due_at for number in range(200))
    assert len(set(due)) > 190
    assert due[0] < NOW + SCHEDULE[2] * 0.85 < NOW + SCHEDULE[2] * 1.15 < due[-1]
    assert max(after - before for before, after in pairwise(due)) < SCHEDULE[2] * 0.1


def test_what_the_other_side_asks_for_is_kept_to_the_second():
    assert tried(TemporaryError("put-off", after=timedelta(seconds=37))).due_at == NOW + timedelta(seconds=37)


def test_when_the_schedule_has_ended_the_letter_has_failed():
    outcome = tried(TemporaryError("put-off", "451 later"), len(SCHEDULE))
    assert (outcome.status, outcome.reason, outcome.detail) == (DeliveryStatus.FAILED, Reason.TRIES_RAN_OUT, "451 later")


@pytest.mark.parametrize("reason", ["refused-by-policy", "message-refused", "sender-refused"])
def test_what_refuses_us_is_tried_by_the_schedule_too_for_it_may_mean_this_letter_alone(reason):
    outcome = tried(LaneError(reason, "400 can't parse"), 1)
    assert (outcome.status, outcome.reason, outcome.attempts) == (DeliveryStatus.PLANNED, reason, 2)
    assert outcome.due_at - NOW >= 0.8 * SCHEDULE[1]
    outcome = tried(LaneError(reason, "400 can't parse"), len(SCHEDULE))
    assert (outcome.status, outcome.reason, outcome.detail) == (DeliveryStatus.FAILED, Reason.TRIES_RAN_OUT, "400 can't parse")


def test_a_letter_that_a_closed_relay_was_not_asked_about_stays_due():
    outcome = tried(NotLetInError("refused-by-policy", "550 5.7.1 said of another"), 1)
    assert (outcome.status, outcome.attempts, outcome.due_at) == (DeliveryStatus.PLANNED, 1, NOW)


def test_greylisting_isnt_counted_and_waits_five_minutes_at_the_least():
    for number in range(50):
        outcome = tried(TemporaryError("greylisted"), 3, number)
        assert (outcome.status, outcome.attempts) == (DeliveryStatus.PLANNED, 3)
        assert SCHEDULE[0] <= outcome.due_at - NOW <= 1.2 * SCHEDULE[0]


@pytest.mark.parametrize("reason", ["greylisted", "slow-down"])
def test_nobody_is_tried_for_longer_than_three_days(reason):
    assert tried(TemporaryError(reason), since=timedelta(hours=71)).status is DeliveryStatus.PLANNED
    outcome = tried(TemporaryError(reason), since=timedelta(hours=72))
    assert (outcome.status, outcome.reason) == (DeliveryStatus.FAILED, Reason.TRIES_RAN_OUT)


def test_greylisting_for_ever_comes_to_an_end():
    now, attempts, tries = NOW, 0, 0
    while True:
        outcome = outcomes.of(claimed(1, attempts, NOW if tries else None, now), TemporaryError("greylisted"), SCHEDULE, now)
        tries += 1
        if outcome.status is DeliveryStatus.FAILED:
            break
        now = outcome.due_at
    assert timedelta(hours=71) < now - NOW <= timedelta(hours=72)


@pytest.mark.parametrize(
    ("answer", "status", "counted"),
    [
        (Receipt("q1", relay="second"), DeliveryStatus.SENT, 1),
        (TemporaryError("put-off"), DeliveryStatus.PLANNED, 1),
        (TemporaryError("greylisted"), DeliveryStatus.PLANNED, 0),
        (PermanentError("refused"), DeliveryStatus.FAILED, 1),
        (UncertainError("no-answer-after-data"), DeliveryStatus.UNCERTAIN, 1),
        (LaneError("unreachable"), DeliveryStatus.PLANNED, 0),
    ],
)
def test_the_relay_is_kept_whatever_it_said(answer, status, counted):
    if not isinstance(answer, Receipt):
        answer.relay = "second"
    outcome = outcomes.of(claimed(), answer, SCHEDULE, NOW)
    assert (outcome.status, outcome.attempts, outcome.relay) == (status, counted, "second")


def test_something_unforeseen_is_doubt():
    outcome = outcomes.of(claimed(), RuntimeError("what?"), SCHEDULE, NOW)
    assert (outcome.status, outcome.reason) == (DeliveryStatus.UNCERTAIN, Reason.NO_ANSWER)
