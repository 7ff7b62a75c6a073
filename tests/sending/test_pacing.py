"""The pace in the store: how many leave, when the others do, and in which order; on both databases."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sending.lanes_played import BEGIN, Played, email
from tests.store import world
from winback import clock
from winback.errors import LaneError, PermanentError, TemporaryError
from winback.model import DeliveryStatus, Receipt, RunStatus
from winback.sending import pacing
from winback.sending.pace import Pace
from winback.store import database, runs

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def paced(**said) -> Pace:
    return Pace.model_validate(said)


GMAIL = {"groups": {"gmail": {"per_hour": 60, "burst": 5}}}


def gmail(count, at="gmail.com"):
    return [f"a{number}@{at}" for number in range(count)]


def test_after_the_first_each_leaves_when_its_place_comes_and_is_touched_twice(engine):
    played = Played(engine, paced(**GMAIL))
    people = played.arrive(*gmail(40))
    assert played.go() == 5
    assert played.go() == 0, "nothing is due, and nothing spins"
    waits = played.waiting()
    assert [who for who, _, _ in waits] == people[5:]
    assert [round((due - BEGIN) / MINUTE, 3) for _, due, _ in waits] == list(range(1, 36))
    assert {detail for *_, detail in waits} == {"waits for gmail"}
    for minute in range(1, 36):
        played.now = BEGIN + minute * MINUTE + SECOND
        assert played.go() == 1
    assert played.order == people
    assert max(played.touches.values()) == 2


def test_a_full_provider_keeps_nobody_else(engine):
    played = Played(engine, paced(**GMAIL))
    played.arrive(*gmail(300))
    others = played.arrive(*gmail(20, "ukr.net"))
    assert played.go(limit=50) == 25
    assert set(others) <= set(played.order)


def test_who_comes_later_goes_behind_those_who_wait(engine):
    played = Played(engine, paced(**GMAIL))
    people = played.arrive(*gmail(8))
    played.go()
    played.now += 2 * MINUTE + SECOND
    late = played.arrive("late@gmail.com", due_at=BEGIN)  # claimed first
    assert played.go() == 2
    assert played.order == people[:7]
    assert [who for who, _, _ in played.waiting()] == [people[7], *late]


def test_a_schedule_of_a_quarter_of_an_hour_reaches_the_whole_pace(engine):
    played = Played(engine, paced(groups={"gmail": {"per_hour": 400}}))
    played.arrive(*gmail(1000))
    for _ in range(9):
        played.go()
        played.now += 15 * MINUTE + SECOND
    assert len(played.order) == 900


def test_after_a_rest_those_who_wait_move_back_and_keep_their_order(engine):
    played = Played(engine, paced(**GMAIL))
    people = played.arrive(*gmail(60))
    played.go()
    played.now += 30 * MINUTE  # nobody was there
    assert played.go() == 5
    assert [who for who, _, _ in played.waiting()] == people[10:]
    assert [round((due - played.now) / MINUTE) for _, due, _ in played.waiting()] == list(range(1, 51))
    while (due := played.next_due()) is not None:
        played.now = due
        played.go()
    assert played.order == people
    assert max(played.touches.values()) <= 3
    assert played.now - BEGIN <= (30 + 50 + 1) * MINUTE


def test_where_those_who_waited_are_gone_the_others_move_up(engine):
    played = Played(engine, paced(**GMAIL))
    played.arrive(*gmail(60))
    played.go()
    with database.writing(engine) as connection:
        runs.change_status(connection, played.run.id, RunStatus.CANCELLED, played.now)
        runs.change_status(connection, played.run.id, RunStatus.ACTIVE, played.now)
    played.now += 10 * MINUTE
    after = played.arrive(*gmail(7))
    assert played.go() == 5
    assert played.order[5:] == after[:5]
    assert [round((due - played.now) / MINUTE) for _, due, _ in played.waiting()] == [1, 2]


def test_another_pace_in_the_file_is_taken_up_by_those_who_wait(engine):
    played = Played(engine, paced(**GMAIL))
    people = played.arrive(*gmail(65))
    played.go()
    played.pace = paced(groups={"gmail": {"per_hour": 120, "burst": 5}})
    played.now += MINUTE + SECOND
    played.go()
    assert [who for who, _, _ in played.waiting()] == people[6:]
    assert (played.waiting()[-1][1] - played.now) / MINUTE == pytest.approx(59 / 2, abs=0.6)


SLOWING = {**GMAIL, "slow_down": {"factor": 0.5, "floor_per_hour": 10, "speed_up_after": "1 hour"}}


def learn(played, answer, count=1, to="a@gmail.com"):
    with database.writing(played.engine) as connection:
        pacing.learn(connection, played.pace, [(email(to), answer)] * count, played.now)


TOO_FAST = TemporaryError("busy", "421 4.7.28 unusual rate of mail")


def test_too_fast_is_slowed_once_and_speeds_up_by_steps(engine):
    played = Played(engine, paced(**SLOWING))
    people = played.arrive(*gmail(100))
    played.go()
    learn(played, TOO_FAST, count=10)
    assert (played.state("group:gmail").factor, played.state("group:gmail").tokens) == (0.5, 0)
    played.now += 10 * MINUTE
    played.go()
    assert [who for who, _, _ in played.waiting()] == people[10:], "half of the pace, in the same order"
    assert (played.waiting()[-1][1] - played.now) / MINUTE == pytest.approx(2 * 90, abs=1.1)
    learn(played, TOO_FAST)
    assert played.state("group:gmail").factor == 0.25
    for hours, factor in ((0.9, 0.25), (1.1, 0.5), (1.9, 0.5), (2.1, 1)):
        played.now = BEGIN + 10 * MINUTE + hours * HOUR
        played.go()
        assert played.state("group:gmail").factor == factor
    while (due := played.next_due()) is not None:
        played.now = due
        played.go()
    assert played.order == people
    assert max(played.touches.values()) <= 2 + 4, "each change of the pace moves those who wait at the most once"


def test_it_never_goes_below_the_floor(engine):
    played = Played(engine, paced(**SLOWING))
    played.arrive(*gmail(30))
    played.go()
    for _ in range(10):
        learn(played, TOO_FAST)
        played.now += 10 * MINUTE
    played.go()
    assert played.state("group:gmail").milli_per_hour == 10_000


@pytest.mark.parametrize(
    ("answer", "is_told"),
    [
        (TemporaryError("busy", "421 try again later"), True),
        (TemporaryError("slow-down", "450 slow down"), True),
        (TemporaryError("put-off", "450 4.7.0 too many connections"), True),
        (LaneError("refused-by-policy", "421 4.7.28 unusual rate of mail"), True),
        (TemporaryError("put-off", "452 4.2.2 mailbox full"), False),
        (TemporaryError("greylisted", "450 4.7.1 greylisted"), False),
        (LaneError("refused-by-policy", "550 5.7.1 blocked"), False),
        (PermanentError("no-such-mailbox", "550 5.1.1 nobody"), False),
        (Receipt("1", "250 ok 4.7.0"), False),
        (OSError("421"), False),
    ],
)
def test_which_answers_say_that_we_are_too_fast(answer, is_told):
    assert pacing.is_too_fast(answer) is is_told


def test_where_the_provider_has_no_pace_the_relay_is_slowed(engine):
    played = Played(engine, paced(email={"per_hour": 900}, relays={"main": {"per_hour": 60}}, slow_down={}))
    played.arrive("a@ukr.net")
    played.go()
    learn(played, TOO_FAST, to="a@ukr.net")
    assert (played.state("relay:main").factor, played.state("email").factor) == (0.5, 1)


WARMING = {"warm_up": {"starts_on": date(2026, 11, 24), "per_day": (3, 5, 8)}}


def days(played):
    return [clock.local_day(due, world.ZONE) for _, due, _ in played.waiting()]


def test_a_warm_up_lays_all_out_over_its_days_the_most_recently_active_first(engine):
    played = Played(engine, paced(**WARMING))
    people = [who for number in range(20) for who in played.arrive(f"a{number}@gmail.com", active_at=BEGIN - timedelta(days=(7 * number) % 20 + 1))]
    by_activity = sorted(people, key=lambda who: (7 * people.index(who)) % 20)
    assert played.go(limit=4) == 3
    assert set(played.order) == set(by_activity[:3])
    assert days(played) == [date(2026, 11, 25)] * 5 + [date(2026, 11, 26)] * 8 + [date(2026, 11, 27)] * 4
    for first, last in ((3, 8), (8, 16), (16, 20)):
        played.now += timedelta(days=1)
        assert played.go(limit=4) == last - first
        assert set(played.order[first:last]) == set(by_activity[first:last])
    assert max(played.touches.values()) <= 2


def test_who_comes_into_a_warm_up_later_goes_behind(engine):
    played = Played(engine, paced(**WARMING))
    played.arrive(*gmail(5))
    played.go()
    late = played.arrive(*gmail(4), active_at=BEGIN)
    played.go()
    assert [who for who, _, _ in played.waiting()][2:] == late
    assert days(played) == [date(2026, 11, 25)] * 5 + [date(2026, 11, 26)]


def test_a_warm_up_of_some_providers_lets_the_others_pass(engine):
    played = Played(engine, paced(warm_up={**WARMING["warm_up"], "groups": ("gmail", "ukr-net")}))
    played.arrive(*gmail(5), *gmail(4, "googlemail.com"), *gmail(4, "ukr.net"), *gmail(9, "zerno.example"))
    assert played.go(limit=5) == 3 + 3 + 9
    assert sorted(played.waiting()[0][2:] + played.waiting()[-1][2:]) == ["waits for the warm-up of gmail"] * 2
    assert days(played) == [date(2026, 11, 25)] * 6 + [date(2026, 11, 26)]


def test_a_day_of_the_warm_up_that_was_missed_is_not_made_up_for(engine):
    played = Played(engine, paced(**WARMING))
    people = played.arrive(*gmail(20))
    played.go()
    played.now += timedelta(days=2)
    assert played.go(limit=4) == 8
    assert played.order == people[:11]
    played.now += timedelta(days=1)
    assert played.go() == 9, "the warm-up is over"


def test_a_warm_up_and_a_pace_hold_both(engine):
    played = Played(engine, paced(groups={"gmail": {"per_hour": 1, "burst": 2}}, **WARMING))
    played.arrive(*gmail(6))
    assert played.go() == 2
    played.now += HOUR + MINUTE
    assert played.go() == 1
    played.now += HOUR
    assert played.go() == 0
    played.now += timedelta(days=1)
    assert played.go() == 2


def test_workers_at_the_same_moment_share_the_tokens_and_none_waits_for_ever(engine):
    groups = {name: {"per_hour": 3600, "burst": 10} for name in ("gmail", "outlook", "yahoo", "*")}
    played = Played(engine, paced(groups=groups, email={"per_hour": 3600, "burst": 35}))
    domains = ("gmail.com", "outlook.com", "yahoo.com", "ukr.net", *(f"d{number}.example" for number in range(20)))
    played.arrive(*(f"a{number}@{domains[number * 7 % len(domains)]}" for number in range(240)))

    def work(worker):
        sent = 0
        while claimed := played.claim(worker, limit=10):
            sent += played.send(claimed, worker)
        return sent

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, ["a", "b", "c"])) == 35
    assert max(len(moments) for lane, moments in played.left.items() if lane != "email") <= 10
    assert played.count(DeliveryStatus.PLANNED) == 240 - 35


DOMAINS = ("gmail.com", "hotmail.com", "ukr.net")
LIMITS = {
    "email": {"per_hour": 90, "burst": 6},
    "groups": {"gmail": {"per_hour": 60, "burst": 3}, "outlook": {"per_hour": 60, "burst": 1}},
}
STEP = st.tuples(
    st.sampled_from(["arrive", "arrive", "claim", "send", "flush", "flush", "flush", "wait", "rest", "set_back"]),
    st.integers(0, 2),  # which worker
    st.integers(1, 8),  # how many letters, or what of the wait
)


class Workers:
    """Three workers on machines whose clocks differ, and are all set back now and then."""

    def __init__(self, played):
        self.played, self.jump, self.back, self.disturbed = played, timedelta(), timedelta(), 0
        self.skews = [timedelta(), timedelta(seconds=40), timedelta(seconds=-25)]
        self.held = [[], [], []]

    def arrive(self, _worker, much):
        self.played.arrive(*(f"a{number}@{DOMAINS[number % 3]}" for number in range(3 * much)))

    def claim(self, worker, much):
        self.held[worker] = self.held[worker] or self.played.claim(f"w{worker}", much, self.skews[worker] + self.jump)

    def send(self, worker, _much=0):
        claimed, self.held[worker] = self.held[worker], []
        self.played.send(claimed, f"w{worker}", self.skews[worker] + self.jump)

    def flush(self, worker, much):
        """Everything that is due for this worker's clock."""
        self.send(worker)
        while True:
            self.claim(worker, 3 * much)
            if not self.held[worker]:
                return
            self.send(worker)

    def wait(self, _worker, much):
        self.played.now += much * timedelta(seconds=20)
        self.disturbed += 1

    def rest(self, _worker, much):
        self.played.now += much * 5 * MINUTE
        self.disturbed += 1

    def set_back(self, _worker, much):
        self.jump -= much * 2 * MINUTE
        self.disturbed += 1

    def drain(self):
        """Let everything leave, by one worker after the other, when something is due."""
        for turn in itertools.count():
            self.flush(turn % 3, 8)
            if (due := self.played.next_due()) is None:
                return
            self.played.now = max(self.played.now, due - self.jump)


def test_lanes_that_cross_are_used_to_the_full_and_touch_a_letter_about_twice(engine):
    played = Played(engine, paced(**LIMITS))
    workers = Workers(played)
    played.arrive(*(f"a{number}@{DOMAINS[number % 3]}" for number in range(90)))
    workers.drain()
    assert played.now - BEGIN == pytest.approx(HOUR, abs=6 * MINUTE), "ninety an hour"
    assert sum(played.touches.values()) / 90 < 2.3
    assert max(played.touches.values()) <= 8


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=10, max_size=50))
def test_no_window_holds_more_than_the_bucket_and_the_pace_and_everybody_leaves(engine, steps):
    played = Played(engine, paced(**LIMITS))
    workers = Workers(played)
    for deed, worker, much in steps:
        getattr(workers, deed)(worker, much)
    calm, letters = played.now, len(played.addresses)
    workers.drain()
    assert played.count(DeliveryStatus.SENT) == letters == len(played.order) == len(set(played.order))
    assert played.now - calm <= letters * MINUTE - workers.jump + 6 * MINUTE, "nobody starves"
    assert max(played.touches.values(), default=0) <= 8 + workers.disturbed
    for lane, per_hour, burst in (("email", 90, 6), ("group:gmail", 60, 3), ("group:outlook", 60, 1)):
        for first, since in enumerate(played.left[lane]):
            for count, moment in enumerate(played.left[lane][first:], start=1):
                window = moment - since + timedelta(seconds=65)  # clocks differ by as much
                assert count <= burst + per_hour * (window / HOUR) + 1e-3, (lane, since, moment)
