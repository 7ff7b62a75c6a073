"""One question a person at a time: the newest is answered, and no other goes on."""

from __future__ import annotations

import asyncio
import itertools
import threading
from time import monotonic

import pytest

from winback.store.interrupting import Interrupted, TooSlow
from winback.studio.questions import Questions


class Browser:
    """A browser that waits until it goes."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}


class Work:
    """What looks at its question all the time, as a database does."""

    def __init__(self, seconds=30.0) -> None:
        self.begun, self.ended, self.seconds = threading.Event(), threading.Event(), seconds

    def __call__(self, question):
        self.begun.set()
        question._until = monotonic() + question._seconds
        until = monotonic() + self.seconds
        try:
            while monotonic() < until:
                question.go_on()
                threading.Event().wait(0.005)
        finally:
            self.ended.set()
        return "answered"


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 30)


async def test_the_newest_is_answered_and_the_one_before_is_ended():
    questions, old, new = Questions(at_once=2), Work(), Work(0)
    first = asyncio.ensure_future(questions.ask(Browser(), "olena", old, seconds=60))
    await until(old.begun)
    assert await questions.ask(Browser(), "olena", new, seconds=60) == "answered"
    assert old.ended.is_set(), "the first had ended before the second began"
    with pytest.raises(Interrupted):
        await first


async def test_what_was_superseded_while_it_waited_never_begins():
    questions, running, waiting, newest = Questions(at_once=1), Work(0.3), Work(0), Work(0)
    first = asyncio.ensure_future(questions.ask(Browser(), "ivan", running, seconds=60))
    await until(running.begun)
    second = asyncio.ensure_future(questions.ask(Browser(), "olena", waiting, seconds=60))
    await asyncio.sleep(0.05)
    third = asyncio.ensure_future(questions.ask(Browser(), "olena", newest, seconds=60))
    assert await first == "answered", "another person's isn't ended"
    assert await third == "answered"
    with pytest.raises(Interrupted):
        await second
    assert not waiting.begun.is_set()


async def test_a_browser_that_goes_ends_its_question():
    questions, work, browser = Questions(at_once=1), Work(), Browser()
    asked = asyncio.ensure_future(questions.ask(browser, "olena", work, seconds=60))
    await until(work.begun)
    browser.gone.set()
    with pytest.raises(Interrupted):
        await asked
    assert work.ended.is_set()
    assert await questions.ask(Browser(), "olena", Work(0), seconds=60) == "answered", "its room is free again"


async def test_a_person_begins_one_only_now_and_then():
    questions = Questions(at_once=2, apart=0.2)
    begun = []
    for _ in range(3):
        await questions.ask(Browser(), "olena", lambda _: begun.append(monotonic()), seconds=60)
    assert all(later - earlier >= 0.19 for earlier, later in itertools.pairwise(begun))


async def test_what_takes_too_long_says_so():
    with pytest.raises(TooSlow):
        await Questions(at_once=1).ask(Browser(), "olena", Work(), seconds=0.05)


async def test_a_fault_is_handed_on_and_leaves_room_for_the_next():
    questions = Questions(at_once=1)

    def fail(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await questions.ask(Browser(), "olena", fail, seconds=60)
    assert await questions.ask(Browser(), "olena", Work(0), seconds=60) == "answered"
