"""The fuse in a running campaign, on both databases: what stops, when, for whom, and how it goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.sending import lane_shop
from tests.sending.lane_shop import START, AnsweringChannel, go, letters, number, populate
from winback.channels.email import DEPTH
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, LaneError, PermanentError, Refused, TemporaryError
from winback.limits import FuseCause
from winback.model import Reason
from winback.operations import beginning, lane_control, rehearsing, running
from winback.sending import line
from winback.sending.domain_groups import group_of
from winback.sending.fuse import LOOK_AGAIN_AFTER, Watch
from winback.store import database, fuses, lane_counts
from winback.store.tables import deliveries
from winback.store.tables import fuses as table

UNKNOWN = PermanentError("no-such-mailbox", "550 5.1.1 No such user")
POLICY = LaneError("refused-by-policy", "550 5.7.26 Unauthenticated mail is not accepted")


@pytest.fixture
def ready(tmp_path):
    return lane_shop.make(tmp_path / "shop")


def standing(engine) -> dict[str, fuses.Fuse]:
    with database.reading(engine) as connection:
        return fuses.standing(connection)


def every_fifth(address: str):
    return UNKNOWN if number(address) % 5 == 0 else None


def test_a_lane_that_refuses_every_fifth_as_unknown_stops_and_the_rest_waits(engine, ready, caplog):
    populate(engine, ["one.example", "two.example"], 600)
    channel = AnsweringChannel(every_fifth)
    go(ready, engine, START, channel)
    assert 100 <= len(channel.tried) <= 100 + channel.in_flight, "looked at after a hundred letters, and one group may be under way"
    found = letters(engine)
    assert found["planned", Reason.LANE_STOPPED] == 600 - len(channel.tried)
    assert sum(found.values()) == 600
    stop = standing(engine)["email"]
    assert stop.cause is FuseCause.BOUNCES
    assert "No such user" in stop.detail
    assert stop.counts["bad"] >= 20
    assert "Nothing leaves by e-mail any more" in caplog.text
    assert 'winback lanes resume email --note "what was done"' in caplog.text


def test_a_stopped_lane_sends_nothing_however_often_it_is_run_until_a_person_resumes_it(engine, ready, caplog):
    populate(engine, ["one.example"], 300)
    channel = AnsweringChannel(every_fifth)
    go(ready, engine, START, channel)
    tried = len(channel.tried)
    for hours in (1, 2):
        go(ready, engine, START + timedelta(hours=hours), channel)
    assert len(channel.tried) == tried
    assert caplog.text.count("Nothing leaves by") == 1, "one alarm for one blowing"

    now = START + LOOK_AGAIN_AFTER * 2.2
    assert f"{300 - tried} have waited" in lane_control.resume(engine, "email", by="Olena", note="took old addresses out", now=now)
    good = AnsweringChannel(lambda _: None)
    go(ready, engine, now, good)
    assert len(good.letters) == 300 - tried, "due at once, not in half an hour"
    assert len(set(channel.tried) | set(good.tried)) == 300
    assert letters(engine)["planned", Reason.LANE_STOPPED] == 0
    (told,) = lane_control.history(engine)
    assert (told.resumed_by, told.note, told.resumed_at) == ("Olena", "took old addresses out", now)


def test_what_was_counted_before_a_person_resumed_counts_no_more(engine, ready):
    populate(engine, ["one.example"], 400)
    channel = AnsweringChannel(every_fifth)
    go(ready, engine, START, channel)
    lane_control.resume(engine, "email", by="Olena", note="looked", now=START + timedelta(minutes=1))
    before = len(channel.tried)
    go(ready, engine, START + timedelta(minutes=2), channel)
    assert len(channel.tried) - before >= 100, "a hundred letters must come in again before it is judged anew"
    assert standing(engine)["email"].blown_at == START + timedelta(minutes=2)
    assert len(lane_control.history(engine)) == 2


def refuses_gmail(to: str):
    return POLICY if group_of(to) == "gmail" else None


def test_only_the_provider_that_refuses_stops_while_the_others_go_on(engine, ready):
    populate(engine, ["gmail.com", "ukr.net", "one.example", "outlook.com"], 600)
    channel = AnsweringChannel(refuses_gmail)
    channel.in_flight = 20  # the first group holds a row of three
    go(ready, engine, START, channel)
    assert set(standing(engine)) == {"group:gmail"}
    assert standing(engine)["group:gmail"].cause is FuseCause.REFUSED
    assert len(channel.letters) == 450, "everybody else has their letter"
    assert 3 <= Counter(group_of(to) for to in channel.tried)["gmail"] <= channel.in_flight
    waiting = letters(engine)
    refused = waiting["planned", "refused-by-policy"]
    assert 3 <= refused <= channel.in_flight, "they come again by the schedule"
    assert waiting["planned", Reason.LANE_STOPPED] + refused == 150
    lane_control.resume(engine, "group:gmail", by="Olena", note="published SPF", now=START + timedelta(minutes=20))
    good = AnsweringChannel(lambda _: None)
    go(ready, engine, START + timedelta(minutes=20), good)
    assert {group_of(letter.to) for letter in good.letters} == {"gmail"}
    assert len(good.letters) == 150


def test_refusals_of_us_stop_a_worker_until_there_are_enough_for_the_fuse(engine, ready):
    populate(engine, ["gmail.com", "ukr.net", "one.example", "outlook.com", "two.example"], 100)
    channel = AnsweringChannel(refuses_gmail)
    with pytest.raises(Refused, match="stopped: refused-by-policy"):
        go(ready, engine, START, channel, "first")  # two of the first ten, which is no row of three
    assert standing(engine) == {}
    go(ready, engine, START + timedelta(minutes=15), channel, "second")
    assert set(standing(engine)) == {"group:gmail"}
    assert len(channel.letters) == 80


def test_one_refusal_of_us_that_closes_the_only_relay_is_no_row_of_three(engine, tmp_path):
    populate(engine, ["one.example"], 60)
    refusal = {"c0@one.example": "550 5.7.1 Refused by our policy"}
    with MailServer(tmp_path / "mail", replies=refusal) as server:
        ready = lane_shop.make(tmp_path / "shop", *projects.through(server.host, server.port))
        with pytest.raises(Refused):
            asyncio.run(running.go(ready, engine, now=lambda: START, worker="w"))
    assert server.refused.total() == 1
    assert standing(engine) == {}, "the others were asked about by nobody"


def test_one_letter_that_is_refused_again_and_again_stops_nobody_else(engine, tmp_path):
    populate(engine, ["one.example"], 60)
    refusal = {"c0@one.example": "550 5.7.1 Refused by our policy"}
    with MailServer(tmp_path / "mail", replies=refusal) as server:
        ready = lane_shop.make(tmp_path / "shop", *projects.through(server.host, server.port))
        for minutes in range(0, 300, 16):
            with contextlib.suppress(Refused):
                asyncio.run(running.go(ready, engine, now=lambda at=START + timedelta(minutes=minutes): at, worker=f"w{minutes}"))
    assert server.refused.total() > 3, "it was tried again"
    assert standing(engine) == {}
    assert letters(engine)["sent", ""] == 59


@pytest.mark.parametrize("reason", ["message-refused", "sender-refused"])
def test_one_message_that_a_channel_cannot_read_stops_nobody_else(engine, ready, reason):
    populate(engine, ["one.example"], 30)
    channel = AnsweringChannel(lambda to: LaneError(reason, "Bad Request: can't parse entities") if number(to) == 0 else None)
    for minutes in range(0, 160, 16):
        with contextlib.suppress(Refused):
            go(ready, engine, START + timedelta(minutes=minutes), channel)
    assert standing(engine) == {}
    assert len(channel.letters) == 29
    assert Counter(channel.tried)["c0@one.example"] > 3, "it was tried again"


def test_a_provider_that_refuses_us_stops_alone_through_a_real_server_too(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(line, "_PATIENCE", 30.0)  # however slow the machine, the first group is whole: it holds a row of three
    populate(engine, ["gmail.com", "one.example"], 80)
    refusal = {f"c{number}@gmail.com": "550 5.7.26 Unauthenticated mail is not accepted" for number in range(80)}
    with MailServer(tmp_path / "mail", replies=refusal) as server:
        ready = lane_shop.make(tmp_path / "shop", *projects.through(server.host, server.port))
        asyncio.run(running.go(ready, engine, now=lambda: START, worker="w"))
    assert set(standing(engine)) == {"group:gmail"}
    assert letters(engine)["sent", ""] == 40, "everybody else has their letter, in the same run"


def test_letters_that_are_put_off_again_and_again_stop_their_lane(engine, ready):
    populate(engine, ["ukr.net"], 200)
    channel = AnsweringChannel(lambda _: TemporaryError("put-off", "451 4.3.0 Try later"))
    go(ready, engine, START, channel)
    assert set(standing(engine)) == {"email", "group:ukr-net"}
    assert {fuse.cause for fuse in standing(engine).values()} == {FuseCause.ERRORS}
    assert len(channel.tried) <= 100 + channel.in_flight


def test_greylisting_and_a_connection_that_breaks_blow_no_fuse(engine, ready):
    populate(engine, ["ukr.net"], 200)
    go(ready, engine, START, AnsweringChannel(lambda _: TemporaryError("greylisted", "450 4.7.1 Greylisted")))
    assert standing(engine) == {}
    go(ready, engine, START + timedelta(minutes=30), AnsweringChannel(lambda _: TemporaryError("relay-closed", "own: unreachable")))
    assert standing(engine) == {}
    with pytest.raises(Refused):
        go(ready, engine, START + timedelta(hours=1), AnsweringChannel(lambda _: LaneError("unreachable", "the server hung up")))
    assert standing(engine) == {}


def test_a_lane_that_breaks_off_raises_an_alarm_once_in_six_hours(engine, ready, caplog):
    populate(engine, ["ukr.net"], 20)
    broken = AnsweringChannel(lambda _: LaneError("unreachable", "the server hung up"))
    for hours in (0, 1, 2, 24):
        with pytest.raises(Refused):
            go(ready, engine, START + timedelta(hours=hours), broken)
    assert caplog.text.count("E-mail broke off") == 2
    assert [fuse.cause for fuse in lane_control.history(engine)] == [FuseCause.CLOSED, FuseCause.CLOSED]


def test_a_server_that_is_not_there_when_a_schedule_comes_raises_an_alarm_too(engine, tmp_path):
    populate(engine, ["one.example"], 3)
    with MailServer(tmp_path / "mail") as server:
        ready = lane_shop.make(tmp_path / "shop", *projects.through(server.host, server.port))
        run = beginning.begin(engine, ready, now=START)
    heard = []
    for minutes in (0, 15):
        now = START + timedelta(minutes=minutes)
        ran = asyncio.run(running.send_batch(ready, engine, run, now=lambda now=now: now, worker=str(minutes), tell=heard.append))
        (fault,) = ran.faults
        assert "no mail server answers" in str(fault), "told when everything else has left"
    (alarm,) = heard
    assert (alarm.lane, alarm.cause) == ("email", FuseCause.CLOSED)
    assert standing(engine) == {}


def test_what_one_worker_counts_another_sees(engine, ready):
    limits = ready.project.settings.fuse
    one, two = Watch(limits, "one"), Watch(limits, "two")
    with database.writing(engine) as connection:
        for each in range(60):
            for watch in (one, two):
                watch.watch(connection, [(_email(f"c{each}@gmail.com"), UNKNOWN)], START)
        one.write(connection, START)
    with database.writing(engine) as connection:
        assert fuses.stopped(connection) == set(), "sixty letters of each"
        two.write(connection, START)
        assert two.standing == {"email", "group:gmail"}, "together they are a hundred and twenty"
        late = one.late(connection, [(7, _email("c7@gmail.com"))], START)
    assert late[7].reason is Reason.LANE_STOPPED
    assert one.standing == two.standing


@pytest.fixture
def unseen(engine, ready) -> Watch:
    """One of two workers that counted sixty refused letters each and wrote them down at the same moment, so that neither saw the other's."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    one, two = (Watch(ready.project.settings.fuse, name) for name in ("one", "two"))
    with database.writing(engine) as first, database.writing(engine) as second:
        for watch, connection in ((one, first), (two, second)):
            watch.watch(connection, [(_email(f"c{each}@gmail.com"), UNKNOWN) for each in range(60)], START)
            watch.write(connection, START)
    return one


def test_two_who_count_at_the_same_moment_see_each_other_with_the_next_answer(engine, unseen):
    with database.writing(engine) as connection:
        assert fuses.stopped(connection) == set(), "neither saw more than sixty letters"
        unseen.watch(connection, [(_email("c1@ukr.net"), _receipt())], START)
        assert unseen.standing == {"email", "group:gmail"}, "together they are a hundred and twenty"


@pytest.mark.parametrize("comes", [[], ["ukr.net"], ["ukr.net"] * 100])
def test_what_was_written_at_the_same_moment_is_looked_at_with_the_next_writing_too(engine, unseen, comes):
    with database.writing(engine) as connection:
        good = [(_email(f"c{each}@{domain}"), _receipt()) for each, domain in enumerate(comes)]
        unseen.watch(connection, good, START)
        unseen.write(connection, START)  # as a worker's end does
        assert "group:gmail" in unseen.standing, "together they are a hundred and twenty"


def test_two_who_see_it_at_once_blow_it_once(engine):
    with database.writing(engine) as connection:
        first = fuses.blow(connection, "email", FuseCause.BOUNCES, START, counts={"bad": 20, "of": 100, "above": 0.05})
        second = fuses.blow(connection, "email", FuseCause.ERRORS, START, counts={"bad": 60, "of": 100, "above": 0.3})
    assert (first, second) == (True, False)
    assert standing(engine)["email"].cause is FuseCause.BOUNCES
    with database.writing(engine) as connection:
        assert [fuse.lane for fuse in fuses.claim_alarms(connection, START)] == ["email"]
        assert fuses.claim_alarms(connection, START) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_real_server_that_knows_every_tenth_no_more_stops_the_lane_for_every_worker(engine, database_url, tmp_path, workers, caplog):
    populate(engine, ["one.example", "two.example"], 600)
    unknown = {f"c{each}@{'one' if each % 2 == 0 else 'two'}.example": "550 5.1.1 No such user" for each in range(0, 600, 10)}
    with MailServer(tmp_path / "mail", replies=unknown) as server:
        ready = lane_shop.make(tmp_path / "shop", *projects.through(server.host, server.port))

        def work(worker: str) -> None:
            own = database.open_engine(database_url)
            asyncio.run(running.go(ready, own, now=lambda: START, worker=worker))
            own.dispose()

        running.finish(ready.project, engine, beginning.begin(engine, ready, now=START), START)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, map(str, range(workers))))
        tried = server.accepted + server.refused.total()
        received = Counter(each.recipient for each in server.received)
    connections = ready.project.settings.email.connections
    assert 100 <= tried <= 200 + (workers - 1) * 100 + workers * connections * DEPTH, "at 200 it is clear; others count a hundred before they tell"
    assert max(received.values()) == 1
    assert letters(engine)["planned", Reason.LANE_STOPPED] == 600 - tried
    assert caplog.text.count("Nothing leaves by e-mail any more") == 1


def test_a_busy_worker_fills_rows_of_a_hundred_letters(engine, ready):
    watch = Watch(ready.project.settings.fuse, "busy")
    with database.writing(engine) as connection:
        for group in range(100):
            answered = [(_email(f"c{each}@ukr.net"), UNKNOWN if group == 50 and each == 1 else _receipt()) for each in range(10)]
            watch.watch(connection, answered, START)
        watch.write(connection, START)
        newest = lane_counts.newest(connection, ["group:ukr-net"], START, 10_000)["group:ukr-net"]
    assert sum(row.answered for row in newest) == 1_000
    assert sum(row.refused for row in newest) == 1
    assert len(newest) == 10


def test_old_counts_are_forgotten(engine, ready):
    watch = Watch(ready.project.settings.fuse, "w")
    with database.writing(engine) as connection:
        watch.watch(connection, [(_email("c1@ukr.net"), _receipt())], START)
        watch.write(connection, START)
        later = START + lane_counts.KEPT_FOR + timedelta(seconds=1)
        assert lane_counts.newest(connection, ["email"], later, 10_000)["email"] == []
        from winback.sending import fuse

        fuse.forget_old(connection, START)
        assert len(lane_counts.newest(connection, ["email"], START, 10_000)["email"]) == 1
        fuse.forget_old(connection, later)
        assert lane_counts.newest(connection, ["email"], START, 10_000)["email"] == []


def test_a_person_stops_a_lane_and_resumes_it(engine, ready):
    populate(engine, ["gmail.com", "ukr.net"], 20)
    assert "its letters wait" in lane_control.stop(engine, "group:gmail", by="Olena", note="a complaint by phone", now=START)
    channel = AnsweringChannel(lambda _: None)
    go(ready, engine, START, channel)
    assert {group_of(to) for to in channel.tried} == {"ukr-net"}
    states = {each.lane: each for each in lane_control.states(ready.project, engine, now=START)}
    assert {lane: state.state for lane, state in states.items()} == {
        "email": "open", "telegram": "open", "group:gmail": "stopped", "group:ukr-net": "open",
    }  # fmt: skip
    told = states["group:gmail"].as_json()
    assert "Olena stopped it (a complaint by phone)" in told["happened"]
    assert states["email"].as_json()["rates"]["bounces"] == {"bad": 0, "of": 10, "rate": 0.0, "limit": 0.05}
    lane_control.resume(engine, "group:gmail", by="Olena", note="talked to them", now=START)
    go(ready, engine, START, channel)
    assert len(channel.letters) == 20


@pytest.mark.parametrize(
    ("verb", "lane", "note", "sentence"),
    [
        ("resume", "email", "why", "the lane `email` doesn't stand. Look at `winback lanes`."),
        ("resume", "email", " ", "it isn't said what was done about it."),
        ("resume", "group:gmial", "why", "there is no lane `group:gmial`. Did you mean `group:gmail`?"),
        ("stop", "fax", "", "there is no lane `fax`."),
        ("stop", "gmial", "", "there is no lane `gmial`. Did you mean `group:gmail`?"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence(engine, verb, lane, note, sentence):
    with pytest.raises(ConfigError) as refused:
        getattr(lane_control, verb)(engine, lane, by="Olena", note=note, now=START)
    assert sentence in str(refused.value)


def test_a_lane_is_not_stopped_twice(engine):
    lane_control.stop(engine, "telegram", by="Olena", note="", now=START)
    with pytest.raises(ConfigError, match="stands already"):
        lane_control.stop(engine, "telegram", by="Ivan", note="", now=START)


async def test_a_rehearsal_knows_of_no_stop_and_changes_none(engine, ready):
    populate(engine, ["gmail.com"], 5)
    lane_control.stop(engine, "email", by="Olena", note="", now=START)
    played = await rehearsing.rehearse(ready, engine, start=START, until=START + timedelta(days=1), worker="r", letters=False)
    assert sum(played.as_json()["days"].values()) == 5
    assert set(standing(engine)) == {"email"}
    with database.reading(engine) as connection:
        assert connection.execute(select(deliveries.c.id)).all() == []
        assert len(connection.execute(select(table.c.id)).all()) == 1


def _email(to: str):
    from tests.channels.test_email import letter

    return letter(to=to)


def _receipt():
    from winback.model import Receipt

    return Receipt("queued")
