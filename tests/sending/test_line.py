"""One channel's way out, without a database: who is in doubt when, what stops it, what becomes of the rest."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.errors import LaneError, TemporaryError
from winback.model import ChannelName, Message, Receipt
from winback.sending import line as module
from winback.sending.line import Line
from winback.sending.outgoing import Letter
from winback.store.deliveries import Claimed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def letter(number: int) -> Letter:
    claimed = Claimed(number, 1, number, "first", "warm", "en", 0, NOW)
    content = Message(delivery_id=number, chat_id="7", text="Hello", language="en", buttons=())
    return Letter(claimed, ChannelName.TELEGRAM, "hello", content, terms=None)


class Book:
    """Who is handed over and not written down; and the channel, which answers in its own time."""

    def __init__(self, carries: int, answers=None, pauses=()) -> None:
        self.in_flight, self.wrote = carries, asyncio.Event()
        self.in_doubt, self.most_in_doubt = set(), 0
        self.written, self.sent, self.exchanges, self.renewed = {}, [], 0, 0
        self._answers, self._pauses = answers or {}, list(pauses)

    async def exchange(self, _name, answered, letters):
        self.exchanges += 1
        for each in answered:
            self.written[each.letter.claimed.id] = each.answer
            self.wrote.set()
            self.in_doubt.discard(each.letter.claimed.id)
        await asyncio.sleep(0)
        self.in_doubt |= {each.claimed.id for each in letters}
        self.most_in_doubt = max(self.most_in_doubt, len(self.in_doubt))
        return list(letters)

    async def renew(self):
        self.renewed += 1

    async def send(self, content):
        for _ in range(self._pauses.pop() if self._pauses else 1):
            await asyncio.sleep(0)
        self.sent.append(content.delivery_id)
        answer = self._answers.get(content.delivery_id, Receipt(remote_id="ok"))
        if isinstance(answer, BaseException):
            raise answer
        return answer


async def carry(book: Book, count: int, *, most: int = 100, renew_every: float = 100, excuses=lambda _: False) -> Line:
    line = Line(ChannelName.TELEGRAM, book, book.exchange, book.renew, renew_every, most, excuses)
    running = asyncio.ensure_future(line.run())
    for number in range(count):
        putting = asyncio.ensure_future(line.put(letter(number)))
        await asyncio.wait([running, putting], return_when=asyncio.FIRST_COMPLETED)
    line.close()
    try:
        await running
    finally:
        book.line = line
    return line


@given(st.integers(1, 12), st.integers(0, 60), st.integers(1, 20), st.lists(st.integers(0, 9), max_size=60))
@settings(max_examples=60, deadline=None)
def test_never_more_are_in_doubt_than_the_channel_carries_and_all_are_written_down(carries, count, most, pauses):
    book = Book(carries, pauses=pauses)
    asyncio.run(carry(book, count, most=most))
    assert book.most_in_doubt <= carries
    assert sorted(book.sent) == sorted(book.written) == list(range(count))
    assert not book.in_doubt


class Fickle(Book):
    """A channel that carries now more, now less."""

    def __init__(self, carries: list[int], pauses) -> None:
        super().__init__(carries[0], pauses=pauses)
        self._carries = itertools.cycle(carries)

    async def send(self, content):
        receipt = await super().send(content)
        self.in_flight = next(self._carries)
        return receipt


@given(st.lists(st.integers(1, 12), min_size=1, max_size=9), st.integers(0, 60), st.lists(st.integers(0, 9), max_size=60))
@settings(max_examples=60, deadline=None)
def test_nor_when_it_carries_now_more_and_now_less(carries, count, pauses):
    book = Fickle(carries, pauses)
    asyncio.run(carry(book, count))
    assert book.most_in_doubt <= max(carries)
    assert sorted(book.sent) == sorted(book.written) == list(range(count))
    assert not book.in_doubt


def test_a_group_has_its_patience_from_its_first_letter_on(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.02)

    async def play() -> list[int]:
        book = Book(carries=8)
        line = Line(ChannelName.TELEGRAM, book, book.exchange, book.renew, 100, 100)
        moment = [0.0]
        line._clock = lambda: moment[0]
        running = asyncio.ensure_future(line.run())
        await asyncio.sleep(0.1)  # it has waited for long: that is no matter of a letter that has just come
        await line.put(letter(0))
        await asyncio.sleep(0.1)
        before = book.exchanges
        await line.put(letter(1))
        moment[0] = 0.02
        async with asyncio.timeout(60):
            while len(book.sent) < 2:  # noqa: ASYNC110  # it sends when it likes
                await asyncio.sleep(0.01)
        line.close()
        await running
        return [before, book.exchanges]

    assert asyncio.run(play()) == [0, 2], "both in one group, and their answers"


def test_many_letters_take_few_transactions():
    book = Book(carries=40)
    asyncio.run(carry(book, 300))
    assert book.exchanges <= 300 / 30 + 2


def test_a_letter_for_later_stops_nothing_and_a_closed_lane_stops_all_that_was_not_handed_over():
    answers = {3: TemporaryError("put-off"), 11: LaneError("login-refused")}
    book = Book(carries=8, answers=answers)
    with pytest.raises(LaneError, match="login-refused"):
        asyncio.run(carry(book, 40))
    stayed = set(book.line.stayed)
    assert not book.in_doubt, "what was handed over was answered, and written down"
    assert not stayed & set(book.written)
    assert isinstance(book.written[3], TemporaryError)
    assert len(book.written) < 30


REFUSED = LaneError("refused-by-policy")


def test_a_refusal_of_us_that_the_fuse_has_dealt_with_stops_nothing():
    book = Book(carries=8, answers={3: REFUSED, 11: REFUSED})
    asked = []

    def excuses(each):
        assert each.letter.claimed.id in book.written, "asked when it is written down"
        asked.append(each.letter.claimed.id)
        return True

    asyncio.run(carry(book, 40, excuses=excuses))
    assert sorted(book.written) == list(range(40))
    assert set(asked) == {3, 11}


def test_one_that_it_has_not_dealt_with_stops_all_that_was_not_handed_over():
    book = Book(carries=8, answers={3: REFUSED})
    with pytest.raises(LaneError, match="refused-by-policy"):
        asyncio.run(carry(book, 40))
    assert not book.in_doubt
    assert not set(book.line.stayed) & set(book.written)
    assert len(book.sent) <= 8 + 6, "those that were under way, and a group that was handed over meanwhile"


@given(st.integers(1, 12), st.integers(0, 60), st.sets(st.integers(0, 59)), st.lists(st.integers(0, 9), max_size=60))
@settings(max_examples=40, deadline=None)
def test_with_refusals_too_all_are_written_down_and_no_more_are_in_doubt(carries, count, refused, pauses):
    book = Book(carries, answers=dict.fromkeys(refused, REFUSED), pauses=pauses)
    asyncio.run(carry(book, count, excuses=lambda _: True))
    assert book.most_in_doubt <= carries
    assert sorted(book.sent) == sorted(book.written) == list(range(count))


def test_a_lone_letter_does_not_wait_for_others_to_come():
    async def alone():
        book = Book(carries=40)
        line = Line(ChannelName.TELEGRAM, book, book.exchange, book.renew, 100, 100)
        running = asyncio.ensure_future(line.run())
        await line.put(letter(1))
        await book.wrote.wait()
        assert not running.done()
        line.close()
        await running

    asyncio.run(asyncio.wait_for(alone(), 30))


def test_what_was_handed_over_while_we_were_stopped_is_written_down_as_not_sent():
    class Slow(Book):
        async def exchange(self, name, answered, letters):
            if letters:
                self.begun.set()
                await asyncio.sleep(0.05)
            return await super().exchange(name, answered, letters)

    async def stopped():
        book = Slow(carries=4)
        book.begun = asyncio.Event()
        line = Line(ChannelName.TELEGRAM, book, book.exchange, book.renew, 100, 100)
        running = asyncio.ensure_future(line.run())
        for number in range(3):
            await line.put(letter(number))
        await book.begun.wait()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return book

    book = asyncio.run(stopped())
    assert not book.sent
    assert not book.in_doubt
    assert {type(answer) for answer in book.written.values()} == {LaneError}


def test_a_lease_is_renewed_while_letters_are_under_way():
    class Lasting(Book):
        async def send(self, content):
            await asyncio.sleep(0.2)
            return await super().send(content)

    book = Lasting(carries=2)
    asyncio.run(carry(book, 6, renew_every=0.05))
    assert book.renewed >= 3


def test_answers_that_could_not_be_written_down_are_written_on_leaving():
    class Failing(Book):
        async def exchange(self, name, answered, letters):
            if answered and self.fails:
                self.fails = False
                raise ConnectionError
            return await super().exchange(name, answered, letters)

    book = Failing(carries=8)
    book.fails = True
    with pytest.raises(ConnectionError):
        asyncio.run(carry(book, 40))
    assert set(book.sent) <= set(book.written)
    assert not book.in_doubt


def test_what_is_under_way_when_we_are_stopped_gets_a_moment_to_be_answered():
    class Slow(Book):
        async def send(self, content):
            self.begun.set()
            await asyncio.sleep(0.1)
            return await super().send(content)

    async def stopped():
        book = Slow(carries=4)
        book.begun = asyncio.Event()
        line = Line(ChannelName.TELEGRAM, book, book.exchange, book.renew, 100, 100)
        running = asyncio.ensure_future(line.run())
        for number in range(3):
            await line.put(letter(number))
        await book.begun.wait()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return book

    book = asyncio.run(stopped())
    assert sorted(book.sent) == sorted(book.written) == [0, 1, 2]
    assert not book.in_doubt
