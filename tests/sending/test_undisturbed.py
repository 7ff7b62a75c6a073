"""How a process is set while it sends, and that it is as before when nobody does any more."""

from __future__ import annotations

import gc
import sys

import pytest

from winback.sending.undisturbed import undisturbed


def setting() -> tuple[tuple[int, int, int], float]:
    return gc.get_threshold(), round(sys.getswitchinterval(), 4)


@pytest.fixture(autouse=True)
def as_python_begins():
    before = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(700, 10, 10)
    sys.setswitchinterval(0.005)
    yield
    gc.set_threshold(*before[0])
    sys.setswitchinterval(before[1])


def test_a_process_is_left_to_its_sending_until_the_last_one_in_it_is_done():
    first, second = undisturbed(), undisturbed()
    with first:
        second.__enter__()
        assert setting() == ((10_000, 10, 10), 0.02)
    assert setting() == ((10_000, 10, 10), 0.02), "the other one sends still"
    second.__exit__(None, None, None)
    assert setting() == ((700, 10, 10), 0.005)


def test_what_fails_leaves_the_process_as_it_was():
    with pytest.raises(RuntimeError), undisturbed():
        raise RuntimeError
    assert setting() == ((700, 10, 10), 0.005)


@pytest.mark.parametrize("youngest", [0, 50_000])
def test_whoever_set_more_or_switched_it_off_is_left_with_it(youngest):
    gc.set_threshold(youngest, 5, 5)
    with undisturbed():
        assert gc.get_threshold() == (youngest, 5, 5)
    assert gc.get_threshold() == (youngest, 5, 5)
