from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, update

from tests.letterbox import NOW
from winback.journey.policy import Policy, Rules
from winback.model import EventKind
from winback.store import database
from winback.store.tables import consents, contacts, customers, events
from winback.tracking import spool
from winback.tracking.buffer import Buffer, Keeper
from winback.tracking.hits import Hit
from winback.tracking.recording import Recorder

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"


def hit(number: int, letter: int = 1, kind: EventKind = EventKind.OPEN, **looks) -> Hit:
    look = {"link_id": None, "method": "GET", "user_agent": BROWSER, "prefetch": "", **looks}
    return Hit(kind, letter, happened_at=NOW + timedelta(microseconds=number), **look)


POLICY = Policy(default=Rules(open_tracking=True), countries={"DE": Rules(open_tracking=False, click_tracking=False)})


class Shelf(list):
    """A store that is a list, and refuses for as long as it is told to."""

    is_shut = False

    def __call__(self, hits):
        if self.is_shut:
            raise database.Failure("shut")
        self.extend(hits)


def write(folder, *hits: Hit) -> spool.Part:
    part = spool.begin(folder)
    for each in hits:
        os.write(part.fd, each.line)
    return part


moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
texts = st.text(st.characters(codec="latin-1"))


@given(
    st.sampled_from([EventKind.OPEN, EventKind.CLICK]),
    st.integers(0, 2**63),
    st.none() | st.integers(0, 2**40),
    moments,
    texts,
    texts,
    st.sampled_from(["", "gpc", "dnt"]),
)
def test_what_is_written_down_is_one_line_and_says_what_came(kind, letter, link, moment, agent, prefetch, refuses):
    came = Hit(kind, letter, link, moment, "GET", agent, prefetch, "ab12", refuses)
    assert came.line.count(b"\n") == 1
    assert Hit.read(came.line) == came


@given(st.integers(0, 200))
def test_a_torn_line_is_nothing(length):
    whole = hit(1).line.rstrip(b"\n")
    assert Hit.read(whole[:length]) == (hit(1) if length >= len(whole) else None)


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b"null", b"[1,2,3,4,5,6,7,8]", b'["open",1,null,"x","GET","","",""]', b"\xff\xfe", b'"' * 9000])
def test_a_line_that_is_none_is_nothing(line):
    assert Hit.read(line) is None


async def test_hits_wait_in_their_files_while_the_store_cannot_be_written(tmp_path, caplog):
    shelf = Shelf()
    shelf.is_shut = True
    keeper = Keeper(tmp_path, shelf)
    buffer = Buffer(tmp_path, keeper, within=0)
    for number in range(5):
        buffer.add(hit(number))
    await buffer.close()
    assert (len(buffer), shelf) == (5, [])
    assert "5 hits wait: the database can't be written" in caplog.text
    shelf.is_shut = False
    assert Keeper(tmp_path, shelf).sweep() == 5
    assert (len(buffer), shelf) == (0, [hit(number) for number in range(5)])
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_nobody_thought_of_ends_no_keeper(tmp_path, caplog):
    told, taken = threading.Event(), []

    def store(hits):
        if not told.is_set():
            told.set()
            raise ValueError("Zebedia")
        taken.extend(hits)

    keeper = Keeper(tmp_path, store, every=0.01)
    (tmp_path / f"1{spool._CLOSED}").write_bytes(hit(1).line)
    keeper.start()
    assert told.wait(10)
    keeper.stop()
    assert taken == [hit(1)]
    assert "1 hits wait: they can't be taken into the store" in caplog.text
    assert "Zebedia" not in caplog.text


def test_what_a_crash_left_is_taken_and_what_is_being_written_is_not(tmp_path):
    left = write(tmp_path, hit(1), hit(2))
    os.write(left.fd, hit(3).line[:40])  # and a power cut in the middle of a line
    held = write(tmp_path, hit(4))
    unused = spool.begin(tmp_path)
    os.close(left.fd)
    os.close(unused.fd)
    shelf = Shelf()
    assert Keeper(tmp_path, shelf).sweep() == 2
    assert (shelf, sorted(tmp_path.iterdir())) == ([hit(1), hit(2)], sorted([held.path, unused.path]))
    spool.close(held)
    assert Keeper(tmp_path, shelf).sweep() == 1


async def test_durable_hits_are_on_the_disk_when_they_are_answered(tmp_path):
    buffer = Buffer(tmp_path, within=3600, durable=True)
    for number in range(3):
        buffer.add(hit(2 * number))
        buffer.add(hit(2 * number + 1))
        await buffer.kept()
        assert len(spool.closed(tmp_path)) == number + 1
        assert list(tmp_path.glob("*.open")) == []
    assert len(buffer) == 6


async def test_hits_that_need_not_be_durable_are_in_their_file_at_once(tmp_path):
    buffer = Buffer(tmp_path, within=3600)
    buffer.add(hit(1))
    await buffer.kept()
    assert (len(buffer), spool.closed(tmp_path)) == (1, [])
    await buffer.close()
    assert len(spool.closed(tmp_path)) == 1


async def test_hits_that_the_disk_does_not_take_are_counted_and_said_once(tmp_path, caplog):
    buffer = Buffer(tmp_path / "hits")
    shutil.rmtree(tmp_path / "hits")
    buffer.add(hit(1))
    buffer.add(hit(2))
    assert buffer.dropped == 2
    assert caplog.text.count("hits are lost") == 1
    await buffer.close()


def test_many_small_files_are_taken_together_and_a_big_one_in_batches(tmp_path):
    sizes = []
    keeper = Keeper(tmp_path, lambda hits: sizes.append(len(hits)), batch=50)
    for number in range(20):
        spool.close(write(tmp_path, hit(number)))
    spool.close(write(tmp_path, *map(hit, range(100, 220))))
    assert keeper.sweep() == 140
    assert max(sizes) <= 50
    assert len(sizes) < 10


def test_a_file_that_is_taken_twice_counts_once(engine, shop):
    _, letter = shop.written_to("olena", email="olena@mail.example")
    hits = [hit(number, letter) for number in range(10)]
    for recorder in (Recorder(engine, POLICY), Recorder(engine, POLICY)):
        recorder(hits)
        recorder(hits[:5])
    assert len(shop.rows(events)) == 10


def test_nothing_is_remembered_of_what_was_not_stored(shop):
    recorder = Recorder(create_engine("sqlite:////nowhere/at/all.db"), POLICY)
    with pytest.raises(database.Failure):
        recorder([hit(1)])
    assert recorder._recent == {}


def click(seconds: float, letter: int, link: int | None, **looks) -> Hit:
    return hit(int(seconds * 1_000_000), letter, EventKind.CLICK, link_id=link, **looks)


def told(shop):
    return [(row.link_id, row.verdict, row.signals["why"]) for row in shop.rows(events)]


@pytest.fixture
def links(engine):
    from winback.store import events as event_store

    with database.writing(engine) as connection:
        return [event_store.link_id(connection, f"https://zerno.example/{number}") for number in range(3)]


@pytest.mark.parametrize("together", [True, False])
def test_the_third_link_of_a_letter_shows_that_the_first_two_were_a_machines_too(engine, shop, links, together):
    _, letter = shop.written_to("olena", email="olena@mail.example")
    recorder, clicks = Recorder(engine, POLICY), [click(number, letter, link) for number, link in enumerate(links)]
    for hits in [clicks] if together else [[each] for each in clicks]:
        recorder(hits)
    assert sorted(told(shop)) == [(link, "machine", "many-links") for link in links]


def test_the_hidden_link_gives_away_what_happened_just_before_and_spares_the_person_an_hour_later(engine, shop, links):
    _, letter = shop.written_to("olena", email="olena@mail.example")
    recorder = Recorder(engine, POLICY)
    for each in (click(0, letter, links[0]), click(20, letter, 0), click(3600, letter, links[1])):
        recorder([each])
    assert told(shop) == [(links[0], "machine", "honeypot"), (None, "machine", "honeypot"), (links[1], "human", "")]
    assert [row.signals.get("honeypot") for row in shop.rows(events)] == [None, True, None]


def test_a_crowd_from_one_network_is_in_doubt_from_its_first_letter_on(engine, shop, links):
    letters = [shop.written_to(f"c{number}", email=f"c{number}@mail.example")[1] for number in range(25)]
    recorder = Recorder(engine, POLICY)
    for number, letter in enumerate(letters):
        recorder([click(number * 2, letter, links[0], network="aa"), click(number * 2 + 1, letter, links[0], network=f"own {number}")])
    verdicts = {(row.signals["network"] == "aa", row.verdict, row.signals["why"]) for row in shop.rows(events)}
    assert verdicts == {(True, "unverified", "crowd"), (False, "human", "")}


def test_hits_after_a_withdrawal_are_not_kept(engine, shop, links):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    _, other = shop.written_to("ivan", email="ivan@mail.example")
    recorder = Recorder(engine, POLICY)
    recorder([hit(1, letter), click(1, letter, links[0])])
    with database.writing(engine) as connection:
        withdrawn = {"customer_id": who, "channel": "email", "purpose": "open-tracking", "given_at": None, "withdrawn_at": NOW}
        connection.execute(insert(consents).values(withdrawn))
    recorder([hit(2, letter), click(3, letter, links[0]), hit(4, other)])
    assert [(row.kind, row.delivery_id) for row in shop.rows(events)] == [("click", letter), ("open", letter), ("open", other)]


def test_a_withdrawal_holds_from_its_own_moment_on(engine, shop, links):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        later = {"customer_id": who, "channel": "telegram", "purpose": "open-tracking", "withdrawn_at": NOW + timedelta(seconds=2)}
        connection.execute(insert(consents).values(later))
    recorder = Recorder(engine, POLICY)
    recorder([click(1, letter, links[0])])
    recorder([click(3, letter, links[0])])
    assert [row.happened_at for row in shop.rows(events)] == [NOW + timedelta(seconds=1)]


@pytest.mark.parametrize(("said", "kept"), [(None, []), ("no", []), ("yes", ["click", "open"])])
@pytest.mark.parametrize("refuses", ["gpc", "dnt"])
def test_whose_browser_refuses_is_seen_only_where_they_agreed_by_themselves(engine, shop, links, refuses, said, kept):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    _, other = shop.written_to("ivan", email="ivan@mail.example")
    if said:
        values = {"given_at": NOW, "source": "preference page"} if said == "yes" else {"withdrawn_at": NOW}
        with database.writing(engine) as connection:
            connection.execute(insert(consents).values(customer_id=who, channel="email", purpose="open-tracking", **values))
    Recorder(engine, POLICY)([hit(1, letter, refuses=refuses), click(1, letter, links[0], refuses=refuses), hit(2, other)])
    found = shop.rows(events, customer_id=who)
    assert ([row.kind for row in found], {row.signals["refuses"] for row in found}) == (kept, {refuses} if kept else set())
    assert [row.signals.get("refuses") for row in shop.rows(events, delivery_id=other)] == [None], "nobody else's is touched by it"


def test_a_click_that_turns_out_to_be_a_machines_is_no_sign_of_life(engine, shop, links):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    recorder = Recorder(engine, POLICY)
    recorder([click(0, letter, links[0])])
    assert [row.confirmed_at for row in shop.rows(contacts, customer_id=who)] == [NOW]
    recorder([click(1, letter, links[1]), click(2, letter, links[2])])
    assert [row.confirmed_at for row in shop.rows(contacts, customer_id=who)] == [None]


def test_what_an_earlier_release_wrote_down_is_still_read():
    line = hit(1, 5).line.replace(b',""]\n', b"]\n")
    assert line.count(b",") == hit(1, 5).line.count(b",") - 1
    assert Hit.read(line) == hit(1, 5)


def test_hits_are_not_kept_where_the_policy_has_come_to_forbid_it(engine, shop, links):
    who, letter = shop.written_to("olena", email="olena@mail.example")
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id == who).values(country="DE"))
    Recorder(engine, POLICY)([hit(1, letter), click(1, letter, links[0])])
    assert shop.rows(events) == []
    Recorder(engine, Policy(default=Rules(open_tracking=False)))([click(1, letter, links[0]), hit(1, letter)])
    assert [row.kind for row in shop.rows(events)] == ["click"]
