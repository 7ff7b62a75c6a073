"""Threads between customers and the shop's people: one unfinished one a customer, every word once, and whose turn it is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from tests import letterbox
from tests.letterbox import NOW
from winback.journey.threads import MOST_TRIES, Author, ThreadStatus, Topic, Why, WordStatus
from winback.model import ChannelName
from winback.store import database, thread_answers, thread_lists, thread_topics, threads
from winback.store import tables as t
from winback.store.threads import Asker, Put, Words

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(engine):
    return letterbox.Letterbox(engine, b"k" * 32)


@pytest.fixture
def olena(shop):
    return Asker(shop.customer("olena", chat="501", email="olena@mail.example"), "501", language="uk")


STRANGER = Asker(None, "909", "Ann \u202e\nOther", "en")


def hear(engine, asker: Asker, key: str, at=NOW, *, show: bool = False, channel=ChannelName.TELEGRAM, **more) -> Put:
    words = Words(key, more.pop("why", Why.WORDS), channel, at, at + 2 * HOUR, more.pop("text", f"words {key}"), **more)
    with database.writing(engine) as connection:
        return threads.hear(connection, asker, words, show=show)


def answer(engine, thread: int, key: str = "a", at=NOW + HOUR, by: str = "olena", **more) -> int | None:
    with database.writing(engine) as connection:
        return threads.answer(connection, thread, key, by, "Answered", at, **more)


def sent(engine, word: int, at=NOW + HOUR) -> None:
    with database.writing(engine) as connection:
        assert thread_answers.hand_over(connection, word, at)
        thread_answers.sent(connection, word, "77", at)


def the(engine, number: int):
    with database.reading(engine) as connection:
        return connection.execute(select(t.threads).where(t.threads.c.id == number)).one()


def said(engine, number: int) -> list[tuple[str, str, str]]:
    with database.reading(engine) as connection:
        return [(row.author, row.text, row.status) for row in thread_lists.words(connection, number)]


def test_words_of_whichever_way_come_into_the_customers_one_thread(engine, olena):
    first = hear(engine, olena, "1")
    assert (first.is_new, first.begins, first.waited) == (True, True, False)
    by_mail = hear(engine, Asker(olena.customer_id), "2", NOW + HOUR, channel=ChannelName.EMAIL)
    assert by_mail == Put(first.thread_id, is_new=True, begins=False, waited=True, turn=0)
    row = the(engine, first.thread_id)
    assert (row.status, row.channel, row.chat_id, row.waiting_since, row.due_at) == ("open", "email", "501", NOW, NOW + 2 * HOUR)
    assert said(engine, first.thread_id) == [("customer", "words 1", "heard"), ("customer", "words 2", "heard")]


def test_the_same_words_told_again_change_nothing(engine, olena):
    first = hear(engine, olena, "1")
    assert hear(engine, olena, "1", NOW + HOUR) == Put(first.thread_id, is_new=False, begins=False, waited=True)
    assert len(said(engine, first.thread_id)) == 1


def test_two_who_begin_a_thread_at_once_find_one(engine, olena):
    start = threading.Barrier(4)
    found = []

    def begin(number: int) -> None:
        start.wait()
        found.append(hear(engine, olena, f"at once {number}"))

    workers = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({each.thread_id for each in found}) == 1
    assert sorted(each.begins for each in found) == [False, False, False, True]
    assert len(said(engine, found[0].thread_id)) == 4


def test_an_answer_that_arrived_makes_it_the_customers_turn_and_is_the_first_one(engine, olena):
    thread = hear(engine, olena, "1").thread_id
    word = answer(engine, thread)
    assert (the(engine, thread).status, the(engine, thread).assignee) == ("open", "olena"), "nothing has left yet"
    sent(engine, word)
    row = the(engine, thread)
    assert (row.status, row.waiting_since, row.due_at) == ("waiting", None, None)
    assert (row.first_answer_at, row.first_answer_by) == (NOW + HOUR, "olena")
    hear(engine, olena, "2", NOW + 3 * HOUR)
    row = the(engine, thread)
    assert (row.status, row.waiting_since, row.due_at, row.first_answer_at) == ("open", NOW + 3 * HOUR, NOW + 5 * HOUR, NOW + HOUR)


def test_words_written_while_an_answer_was_on_its_way_still_wait(engine, olena):
    thread = hear(engine, olena, "1").thread_id
    word = answer(engine, thread)
    hear(engine, olena, "2", NOW + HOUR)
    sent(engine, word, NOW + 2 * HOUR)
    row = the(engine, thread)
    assert (row.status, row.waiting_since, row.due_at) == ("open", NOW + HOUR, NOW + 3 * HOUR)


def test_the_same_answer_written_twice_is_one(engine, olena):
    thread = hear(engine, olena, "1").thread_id
    assert answer(engine, thread, "form 7") == answer(engine, thread, "form 7", by="andriy")
    assert len(said(engine, thread)) == 2


def test_what_comes_after_the_end_begins_another_thread(engine, olena):
    first = hear(engine, olena, "1").thread_id
    with database.writing(engine) as connection:
        assert threads.close(connection, first, "olena", NOW + HOUR)
        assert not threads.close(connection, first, "andriy", NOW + 2 * HOUR)
        thread_topics.record_topic(connection, first, 40, Topic.CLOSED)
    assert answer(engine, first) is None
    second = hear(engine, olena, "2", NOW + 3 * HOUR)
    assert second.begins
    row = the(engine, second.thread_id)
    assert (row.topic, row.topic_status) == (40, "closed"), "a customer has one topic"
    with database.writing(engine) as connection:
        assert not threads.reopen(connection, first), "another goes on"
        threads.close(connection, second.thread_id, "olena", NOW + 4 * HOUR)
        assert threads.reopen(connection, first)
    assert (the(engine, first).status, the(engine, first).closed_at) == ("waiting", None)


def test_a_strangers_thread_becomes_the_customers_who_they_turn_out_to_be(engine, shop):
    stranger = hear(engine, STRANGER, "1").thread_id
    assert the(engine, stranger).name == "Ann Other"
    who = shop.customer("ann", chat="909")
    put = hear(engine, Asker(who, "909"), "2", NOW + HOUR)
    assert (put.thread_id, put.begins) == (stranger, False)
    assert (the(engine, stranger).customer_id, the(engine, stranger).name) == (who, "")


def test_a_stranger_who_is_a_customer_with_a_thread_is_heard_in_it(engine, shop):
    stranger = hear(engine, STRANGER, "1", NOW - HOUR).thread_id
    who = shop.customer("ann")
    own = hear(engine, Asker(who), "2", channel=ChannelName.EMAIL).thread_id
    with database.writing(engine) as connection:
        threads.adopt(connection, "909", who)
    row = the(engine, own)
    assert (row.chat_id, row.waiting_since, row.due_at) == ("909", NOW - HOUR, NOW + HOUR)
    assert [text for _, text, _ in said(engine, own)] == ["words 1", "words 2"]
    assert (the(engine, stranger).status, said(engine, stranger)) == ("closed", [])


def test_threads_of_two_records_of_one_person_become_one(engine, shop):
    one, other = (Asker(shop.customer(name)) for name in ("anna", "hanna"))
    kept, gone = hear(engine, one, "1"), hear(engine, other, "2", NOW + HOUR)
    with database.writing(engine) as connection:
        assert threads.join(connection, other.customer_id, one.customer_id) == 1
    assert len(said(engine, kept.thread_id)) == 2
    assert (the(engine, gone.thread_id).status, the(engine, gone.thread_id).customer_id) == ("closed", one.customer_id)


def test_the_list_shows_who_waits_longest_by_the_promise_first(engine, shop):
    late, soon, answered = (Asker(shop.customer(name)) for name in ("late", "soon", "answered"))
    numbers = [hear(engine, asker, str(number), NOW - number * HOUR).thread_id for number, asker in enumerate((answered, soon, late))]
    sent(engine, answer(engine, numbers[0]))
    with database.reading(engine) as connection:
        now = NOW + timedelta(minutes=30)
        assert [row.id for row in thread_lists.listed(connection, now)] == [numbers[2], numbers[1], numbers[0]]
        assert [row.id for row in thread_lists.listed(connection, now, overdue=True)] == [numbers[2]]
        assert [row.id for row in thread_lists.listed(connection, now, assignee="olena")] == [numbers[0]]
        assert thread_lists.counts(connection, now) == {"open": 2, "waiting": 1, "closed": 0, "overdue": 1}
        row = thread_lists.find(connection, numbers[0])
    assert (row.customer, row.last_text, row.last_author) == ("answered", "Answered", "manager")


def test_a_customer_who_blocked_the_bot_is_shown_as_such(engine, shop, olena):
    thread = hear(engine, olena, "1").thread_id
    with database.writing(engine) as connection:
        blocked = {"blocked_at": NOW, "blocked_reason": "blocked"}
        connection.execute(update(t.contacts).where(t.contacts.c.channel == "telegram").values(blocked))
        assert thread_lists.find(connection, thread).blocked_at == NOW


def test_an_answer_is_claimed_once(engine, olena):
    word = answer(engine, hear(engine, olena, "1").thread_id)
    with database.writing(engine) as connection:
        assert [row.id for row in thread_answers.due(connection, NOW + HOUR)] == [word]
        assert thread_answers.hand_over(connection, word, NOW + HOUR)
        assert not thread_answers.hand_over(connection, word, NOW + HOUR)
        assert thread_answers.due(connection, NOW + HOUR) == []


def test_whoever_dies_while_sending_leaves_an_answer_in_doubt_which_a_person_resolves(engine, olena):
    thread = hear(engine, olena, "1").thread_id
    word = answer(engine, thread)
    with database.writing(engine) as connection:
        thread_answers.hand_over(connection, word, NOW)
        assert thread_answers.settle(connection, NOW) == 0
        assert thread_answers.settle(connection, NOW + HOUR) == 1
        thread_answers.sent(connection, word, "late", NOW + 2 * HOUR)
        assert thread_answers.due(connection, NOW + 9 * HOUR) == [], "in doubt it is never sent again by itself"
        assert thread_lists.find(connection, thread).in_doubt == 1
        assert thread_answers.resolve(connection, word, arrived=False, now=NOW + 2 * HOUR)
        assert [row.id for row in thread_answers.due(connection, NOW + 2 * HOUR)] == [word]
        thread_answers.hand_over(connection, word, NOW)
        thread_answers.doubt(connection, word, "no-answer")
        assert thread_answers.resolve(connection, word, arrived=True, now=NOW + 3 * HOUR)
        assert not thread_answers.resolve(connection, word, arrived=True, now=NOW + 3 * HOUR)
    assert the(engine, thread).first_answer_at == NOW + 3 * HOUR


def test_an_answer_is_not_put_off_for_ever(engine, olena):
    word = answer(engine, hear(engine, olena, "1").thread_id)
    with database.writing(engine) as connection:
        for number in range(MOST_TRIES):
            assert thread_answers.hand_over(connection, word, NOW)
            status = thread_answers.put_off(connection, word, "too-fast", NOW + HOUR)
            assert status == (WordStatus.FAILED if number == MOST_TRIES - 1 else WordStatus.PLANNED)
            assert thread_answers.due(connection, NOW) == []
        assert thread_answers.again(connection, word)
        assert len(thread_answers.due(connection, NOW)) == 1


def test_a_message_that_the_customer_changed_reads_as_it_is_now(engine, olena):
    thread = hear(engine, olena, "1", remote_id="12", show=True).thread_id
    with database.writing(engine) as connection:
        (row,) = thread_topics.to_show(connection, NOW, 9)
        thread_topics.record(connection, row.id, WordStatus.SENT, NOW)
        assert not threads.change(connection, "502", "12", "of another chat", NOW)
        assert threads.change(connection, "501", "12", "As I meant it", NOW + HOUR)
        (row,) = thread_topics.to_show(connection, NOW + HOUR, 9)
        assert row.changed_at == NOW + HOUR
    assert said(engine, thread) == [("customer", "As I meant it", "heard")]


def test_notes_are_seen_by_the_shops_people_only(engine, olena):
    thread = hear(engine, olena, "1", author=Author.BOT, text="Gave a bad score.").thread_id
    with database.writing(engine) as connection:
        threads.note(connection, thread, "Looked it up", NOW + HOUR)
        threads.note(connection, thread, "And again", NOW + HOUR)
        assert thread_answers.due(connection, NOW + HOUR) == []
    assert [author for author, _, _ in said(engine, thread)] == ["bot", "bot", "bot"]


def test_topics_are_closed_when_nothing_is_left_to_show_and_deleted_with_the_person(engine, shop, olena):
    thread = hear(engine, olena, "1", show=True).thread_id
    with database.writing(engine) as connection:
        thread_topics.record_topic(connection, thread, 40, Topic.OPEN)
        threads.close(connection, thread, "olena", NOW)
        assert thread_topics.to_close(connection) == []
        (row,) = thread_topics.to_show(connection, NOW, 9)
        thread_topics.record(connection, row.id, WordStatus.SENT, NOW)
        assert thread_topics.to_close(connection) == [40]
        assert thread_topics.to_delete(connection) == []
        connection.execute(update(t.customers).where(t.customers.c.id == olena.customer_id).values(forgotten_at=NOW))
        assert thread_topics.to_delete(connection) == [40]
        thread_topics.record_status(connection, 40, Topic.GONE)
        assert (thread_topics.to_close(connection), thread_topics.to_delete(connection)) == ([], [])


def test_the_store_itself_keeps_a_customer_from_having_two_unfinished_threads(engine, olena):
    hear(engine, olena, "1")
    row = {"customer_id": olena.customer_id, "channel": "email", "status": ThreadStatus.OPEN, "why": Why.REPLY, "opened_at": NOW, "first_due_at": NOW}
    with pytest.raises(database.Failure), database.writing(engine) as connection:
        connection.execute(insert(t.threads).values(row))
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(t.threads)).scalar_one() == 1
