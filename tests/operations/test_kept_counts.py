"""Counts that take long are kept; those that don't are made anew."""

from __future__ import annotations

import threading

import pytest

from winback.operations.kept_counts import KeptCounts


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def counting(clock, took):
    """Counts how often it is asked; each time takes `took` seconds."""
    asked = []

    def make():
        clock.at += took
        asked.append(clock.at)
        return len(asked)

    return asked, make


def test_what_takes_no_time_is_counted_each_time():
    clock = Clock()
    kept, (_asked, make) = KeptCounts(clock), counting(clock, 0.01)
    assert [kept.get("a", make).value for _ in range(3)] == [1, 2, 3]


def test_what_takes_long_is_kept_with_its_age():
    clock = Clock()
    kept, (_asked, make) = KeptCounts(clock), counting(clock, 2.0)
    assert (kept.get("a", make).value, kept.get("b", make).value) == (1, 2)
    clock.at += 10
    again = kept.get("a", make)
    assert (again.value, again.seconds) == (1, 12.0)
    kept.forget("a")
    assert kept.get("a", make).value == 3


def test_an_old_count_is_shown_once_more_while_the_new_one_is_made():
    clock, made = Clock(), threading.Event()
    kept, (asked, make) = KeptCounts(clock), counting(clock, 1.0)
    kept.get("a", make)
    clock.at += 21

    def make_and_tell():
        value = make()
        made.set()
        return value

    assert kept.get("a", make_and_tell).value == 1
    assert made.wait(10)
    while kept.get("a", make).value != 2:  # it is put in its place a moment after it is made
        threading.Event().wait(0.01)
    assert len(asked) == 2


def test_who_waits_only_a_moment_gets_the_count_when_it_is_there():
    kept, may_go_on = KeptCounts(Clock()), threading.Event()

    def make():
        assert may_go_on.wait(10)
        return 7

    assert kept.get_soon("a", make, patience=0.01) is None
    assert kept.get_soon("a", make, patience=0.01) is None, "the same count, not a second one"
    may_go_on.set()
    assert kept.get_soon("a", make, patience=10).value == 7
    assert kept.get_soon("a", lambda: 8, patience=10).value == 8, "what takes no time is counted anew"


def test_a_count_that_failed_is_told_to_who_waits_and_tried_anew():
    kept, may_fail = KeptCounts(Clock()), threading.Event()

    def fail():
        assert may_fail.wait(10)
        raise ZeroDivisionError

    assert kept.get_soon("a", fail, patience=0.01) is None
    may_fail.set()
    with pytest.raises(ZeroDivisionError):
        kept.get_soon("a", fail, patience=10)
    assert kept.get_soon("a", lambda: 3, patience=10).value == 3
