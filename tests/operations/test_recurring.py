"""Campaigns that enrol daily: who newly lapsed at once, who lapsed long ago over weeks, nobody twice, nobody lost."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from tests.operations import daily
from tests.operations.daily import DAY, START, lapse, rows, waiting
from tests.operations.lost import go, ledger
from tests.store import world
from winback import clock
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.journey import assignment
from winback.model import HOLDOUT, DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.operations import campaign_run, enrolment, explaining, measuring, merging, recurring, steering
from winback.sending import prepared
from winback.store import database, refreshing, runs
from winback.store.tables import campaign_runs, consents, customers, recipients

ONE_LETTER = {"name": "one", "letter": "we-miss-you"}
LONG_AGO = [-40 - number for number in range(12)]


@pytest.fixture
def shop(tmp_path):
    return daily.make(tmp_path / "shop")


def enrol(ready, engine, now) -> int:
    return enrolment.enrol(engine, ready, campaign_run.current(engine, ready, now=now), now=now)


def on(engine, now) -> set[int]:
    """Who was decided on as of that moment."""
    return {who for who, (*_, moment) in rows(engine).items() if moment == now}


def test_the_newly_lapsed_come_in_at_once_and_the_long_lapsed_so_many_a_day(engine, shop):
    old = lapse(engine, LONG_AGO)
    new = lapse(engine, [0, 1, 1, 2], begin=100)
    assert [enrol(shop, engine, START + day * DAY) for day in range(4)] == [6, 7, 3, 0]
    first, second, third, fourth = (on(engine, START + day * DAY) for day in range(4))
    assert [len(each & set(old)) for each in (first, second, third, fourth)] == [5, 5, 2, 0]
    assert [each & set(new) for each in (first, second, third)] == [{new[0]}, {new[1], new[2]}, {new[3]}]
    assert not fourth
    assert set(rows(engine)) == {*old, *new}


def test_a_day_is_decided_on_once_however_often_it_is_run(engine, shop):
    lapse(engine, LONG_AGO)
    assert [enrol(shop, engine, START + hours * timedelta(hours=1)) for hours in (0, 1, 9)] == [5, 0, 0]
    assert enrol(shop, engine, START - DAY / 2) == 0, "a clock that went back decides on nobody"


def test_the_cohort_is_letters_skips_holdouts_and_those_who_wait_on_every_day(engine, shop):
    lapse(engine, [*LONG_AGO, *range(9)])
    for day in range(7):
        now = START + day * DAY
        go(shop, engine, now, MemoryChannel())
        with database.reading(engine) as connection:
            keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
        decided, waits = {keys[who] for who in rows(engine)}, {keys[who] for who in waiting(engine)}
        assert daily.members(shop, engine, now) == decided | waits
        assert not decided & waits
    assert Counter(status for status, *_ in rows(engine).values()).keys() <= {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT}


def test_each_day_of_the_back_fill_is_a_sample_that_has_nothing_to_do_with_the_arms(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", holdout=0.5, back_fill={"a_day": 100})
    old = lapse(engine, [-40] * 400)
    for day in range(4):
        enrol(ready, engine, START + day * DAY)
    found = rows(engine)
    with database.reading(engine) as connection:
        keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
    assert all((arm == HOLDOUT) == (assignment.bucket("winter-tea-1", keys[who]) < 0.5) for who, (_, _, arm, _) in found.items())
    for day in range(4):
        held_out = sum(found[who][2] == HOLDOUT for who in on(engine, START + day * DAY))
        assert 30 <= held_out <= 70
    assert not on(engine, START) <= set(old[:150]), "neither the first ids nor the last are the first day's"


def test_over_some_days_takes_equal_parts_and_makes_up_for_days_without_a_run(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill={"over": "6 days"})
    lapse(engine, LONG_AGO)
    taken = [enrol(ready, engine, START + day * DAY) for day in (0, 1, 4, 5)]
    assert taken == [2, 2, 4, 4]
    assert not waiting(engine)


def test_in_the_cohorts_own_order_where_it_has_one(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill={"a_day": 3})
    path = ready.project.config("cohorts", f"{daily.COHORT}.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "order_by: last_order\n", encoding="utf-8")
    ready = prepared.prepare(ready.project, daily.CAMPAIGN)
    old = lapse(engine, LONG_AGO)  # the first of them ordered last
    for day in range(2):
        enrol(ready, engine, START + day * DAY)
    assert [on(engine, START + day * DAY) for day in range(2)] == [set(old[:3]), set(old[3:6])]


def test_who_comes_back_while_they_wait_is_simply_not_taken(engine, shop):
    lapse(engine, LONG_AGO)
    enrol(shop, engine, START)
    back = sorted(waiting(engine))[:3]
    with database.writing(engine) as connection:
        for who in back:
            world.order(connection, who, START + timedelta(hours=2))
            refreshing.due(connection, [who])
    for day in (1, 2, 3):
        enrol(shop, engine, START + day * DAY)
    assert waiting(engine) == set(back)
    assert len(rows(engine)) == len(LONG_AGO) - 3


def test_a_skip_holds_as_long_as_its_reason_and_an_arm_for_good(engine, shop):
    (who, other) = lapse(engine, [0, 0])
    with database.writing(engine) as connection:
        connection.execute(delete(consents).where(consents.c.customer_id == who))
    enrol(shop, engine, START)
    before = rows(engine)
    assert before[who][:2] == (RecipientStatus.SKIPPED, Reason.NO_CONSENT)
    enrol(shop, engine, START + DAY)
    assert rows(engine) == before, "nothing changed: nothing is written"
    with database.writing(engine) as connection:
        connection.execute(consents.insert().values(customer_id=who, channel="email", purpose="marketing", given_at=START + DAY, source="shop"))
    assert enrol(shop, engine, START + 2 * DAY) == 1
    after = rows(engine)
    assert after[who][0] in {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT}
    assert after[who][3] == START + 2 * DAY, "their window begins on their own day"
    assert after[other] == before[other]


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_a_day_that_was_interrupted_goes_on_to_the_same_end(engine, tmp_path, monkeypatch, dies_after):
    ready = daily.make(tmp_path / "shop")
    old = lapse(engine, LONG_AGO)
    new = lapse(engine, [0, 1, 1, 1], begin=100)
    enrol(ready, engine, START)
    monkeypatch.setattr(enrolment, "BATCH", 2)

    class Killed(Exception):
        pass

    seen = []

    def die(count):
        seen.append(count)
        if len(seen) == dies_after:
            raise Killed

    now = START + DAY
    run = campaign_run.current(engine, ready, now=now)
    with pytest.raises(Killed):
        enrolment.enrol(engine, ready, run, now=now, progress=die)
    assert len(on(engine, now)) == 2 * dies_after
    assert enrol(ready, engine, now + timedelta(hours=5)) == 8 - 2 * dies_after
    assert len(on(engine, now) & set(old)) == 5, "as many as on any day, all as of the day's one moment"
    assert on(engine, now) & set(new) == set(new[1:])
    assert enrol(ready, engine, now + timedelta(hours=6)) == 0


def test_a_day_that_never_ended_is_made_up_for_by_the_next(engine, shop):
    lapse(engine, LONG_AGO)
    new = lapse(engine, [1, 1], begin=100)
    enrol(shop, engine, START)
    run = campaign_run.current(engine, shop, now=START)
    assert recurring.begin(engine, shop, run, START + DAY) == START + DAY  # and died
    assert enrol(shop, engine, START + 2 * DAY) == 7
    assert set(new) <= on(engine, START + 2 * DAY)
    assert enrol(shop, engine, START + 2 * DAY) == 0


def test_two_schedulers_at_once_decide_on_everybody_once_and_on_no_more_than_a_days_share(engine, shop):
    old = lapse(engine, LONG_AGO * 8)
    new = lapse(engine, [1] * 30, begin=200)
    enrol(shop, engine, START)
    run = campaign_run.current(engine, shop, now=START)
    found, barrier = [], threading.Barrier(2)

    def work(minutes):
        barrier.wait()
        found.append(enrolment.enrol(engine, shop, run, now=START + DAY + timedelta(minutes=minutes)))

    workers = [threading.Thread(target=work, args=(minutes,)) for minutes in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    moments = {moment for *_, moment in rows(engine).values()}
    assert len(moments) == 2, "both decided as of the moment of whoever was first"
    today = on(engine, max(moments))
    assert sum(found) == len(today) == 35
    assert (len(today & set(old)), today & set(new)) == (5, set(new))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 21, 59, tzinfo=UTC), "2026-11-24"),  # 23:59 in Kyiv
        (datetime(2026, 11, 24, 22, 1, tzinfo=UTC), "2026-11-25"),  # 00:01 in Kyiv, still the 24th in London
        (datetime(2027, 3, 27, 22, 30, tzinfo=UTC), "2027-03-28"),  # the night in which the clocks go forward
    ],
)
def test_a_day_is_the_shops_and_hours_are_the_customers(engine, tmp_path, moment, day):
    ready = daily.make(tmp_path / "shop")
    (who,) = lapse(engine, [0], moment=moment)
    enrol(ready, engine, moment)
    with database.reading(engine) as connection:
        run = runs.latest(connection, daily.CAMPAIGN)
        row = connection.execute(select(recipients).where(recipients.c.customer_id == who)).one()
    assert run.enrolled_on.isoformat() == day
    assert row.next_due_at > moment
    assert 10 <= row.next_due_at.astimezone(ZoneInfo("Europe/London")).hour < 13
    next_midnight = clock.start_of_day(run.enrolled_on + DAY, daily.KYIV)
    lapse(engine, [1], begin=50, moment=moment)
    assert enrol(ready, engine, next_midnight - timedelta(seconds=1)) == 0
    assert enrol(ready, engine, next_midnight) == 1


def test_each_ones_window_opens_on_their_own_day_in_the_report(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", holdout=0, back_fill=None, tactics={"word": {"share": 1, "offer": "tea-for-two"}}, stages=[ONE_LETTER])
    early, late = lapse(engine, [0, 30])
    for day in range(31):
        go(ready, engine, START + day * DAY, MemoryChannel())
    with database.writing(engine) as connection:
        world.order(connection, early, START + 70 * DAY)  # after their sixty days
        world.order(connection, late, START + 70 * DAY)  # within theirs
    run = campaign_run.current(engine, ready, now=START + 31 * DAY)
    told = measuring.report(
        engine, run_id=run.id, campaign=daily.CAMPAIGN, shares=run.shares, window=run.window, currency="UAH", now=START + 75 * DAY
    )
    (arm,) = told.arms
    assert (arm.assigned, arm.figures.closed, arm.figures.returned) == (2, 1, 1)
    assert not told.closed
    assert told.closes_at == START + 90 * DAY


def test_nobody_comes_in_while_it_is_paused_and_they_do_once_it_goes_on(engine, shop):
    lapse(engine, LONG_AGO)
    enrol(shop, engine, START)
    steering.steer(engine, daily.CAMPAIGN, "pause", now=START)
    assert go(shop, engine, START + DAY, MemoryChannel()).enrolled == 0
    steering.steer(engine, daily.CAMPAIGN, "resume", now=START + DAY)
    assert go(shop, engine, START + DAY, MemoryChannel()).enrolled == 5


def test_it_takes_customers_in_as_long_as_all_stages_fit_and_then_ends(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", ends_on="2026-12-20", back_fill=None)  # 21 days of waiting: until 29 November
    lapse(engine, range(10))
    channel = MemoryChannel()
    for day in range(29):
        ran = go(ready, engine, START + day * DAY, channel)
    assert len(rows(engine)) == 6
    assert ran.status is RunStatus.FINISHED
    assert ledger(engine)["last-day", DeliveryStatus.SENT] > 0
    with pytest.raises(ConfigError, match=r"run 1 of `winter-tea` is finished"):
        go(ready, engine, START + 41 * DAY, channel)


def test_a_run_lasts_a_year_and_the_next_begins_by_itself_beside_it(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill=None, holdout=0)
    first, last = lapse(engine, [0, 364])
    late = lapse(engine, [365], begin=10)
    channel = MemoryChannel()
    for day in (0, 8, 364, 365, 372, 380, 391, 400, 401):
        go(ready, engine, START + day * DAY, channel)
    assert daily.runs_of(engine) == [(1, RunStatus.FINISHED), (2, RunStatus.ACTIVE)]
    with database.reading(engine) as connection:
        found = {(number, who): (status, reason) for number, who, status, reason in connection.execute(
            select(campaign_runs.c.number, recipients.c.customer_id, recipients.c.status, recipients.c.reason)
            .join(recipients, recipients.c.run_id == campaign_runs.c.id)
        )}  # fmt: skip
    assert {key for key in found if key[0] == 1} == {(1, first), (1, last)}
    assert found[2, late[0]][0] in {RecipientStatus.ACTIVE, RecipientStatus.FINISHED}
    assert found[2, last] == (RecipientStatus.SKIPPED, Reason.WRITTEN_LATELY)
    assert Counter(letter.to for letter in channel.letters)[f"c{last}@post.example"] == 3, "the older run's journeys go on beside the new one"


def test_who_came_back_and_lapsed_again_comes_in_again_after_the_rest(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", back_fill=None, holdout=0)
    (who,) = lapse(engine, [0])
    go(ready, engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        world.order(connection, who, START + 2 * DAY)
        refreshing.due(connection, [who])
    for day in (7, 365, 366, 367, 368):
        go(ready, engine, START + day * DAY, MemoryChannel())
    with database.reading(engine) as connection:
        found = connection.execute(select(recipients.c.status, recipients.c.reason, recipients.c.assigned_at).order_by(recipients.c.run_id)).all()
    assert [tuple(each) for each in found] == [
        (RecipientStatus.STOPPED, Reason.ORDERED, START),
        (RecipientStatus.ACTIVE, "", START + 367 * DAY),
    ]


def test_once_again_rests_only_where_the_campaign_says_so(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", enrol="once", back_fill=None, re_enter_after="30 days", holdout=0)
    lapse(engine, [0])
    for day, expected in ((0, ""), (20, Reason.WRITTEN_LATELY), (51, "")):
        run = campaign_run.current(engine, ready, now=START + day * DAY, again=True)
        enrolment.enrol(engine, ready, run, now=START + day * DAY)
        with database.writing(engine) as connection:
            found = connection.execute(select(recipients.c.reason).where(recipients.c.run_id == run.id)).scalars().all()
            runs.change_status(connection, run.id, RunStatus.CANCELLED, START + day * DAY)
        assert found == [expected]


def test_a_merged_record_waits_on_as_the_one_that_stays(engine, shop):
    lapse(engine, LONG_AGO)
    enrol(shop, engine, START)
    merged = max(waiting(engine))
    with database.writing(engine) as connection:
        stays = world.customer(connection, "stays")
        keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
    merging.merge(engine, keys[merged], "stays", now=START + timedelta(hours=1))
    assert stays in waiting(engine)
    assert merged not in waiting(engine)


def test_explain_tells_of_the_day_and_of_waiting(engine, shop):
    old = lapse(engine, LONG_AGO)
    enrol(shop, engine, START)
    with database.reading(engine) as connection:
        keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
    waits = min(waiting(engine))
    told = explaining.by_campaign(shop, engine, keys[waits], now=START)
    assert told.verdict.startswith("waits in the back-fill of run 1, place ")
    taken = next(who for who in old if who not in waiting(engine))
    assert explaining.by_campaign(shop, engine, keys[taken], now=START).verdict.split(",")[0] in {"warm-word", "gift-first", "holdout"}


class Shop:
    """What may happen to a shop between two days, drawn by a seed."""

    def __init__(self, engine, seed: int) -> None:
        self.engine, self.drawn, self.ids = engine, random.Random(seed), []

    def happen(self, now: datetime) -> None:
        """Some lapse, order, lose or give consent, get on the black list or off it."""
        ahead = [self.drawn.choice([-60, 0, 1, 2]) for _ in range(self.drawn.randrange(4))]
        self.ids += lapse(self.engine, ahead, begin=len(self.ids), moment=now)
        with database.writing(self.engine) as connection:
            for who in self.drawn.sample(self.ids, min(3, len(self.ids))):
                match self.drawn.randrange(4):
                    case 0:
                        world.order(connection, who, now - timedelta(hours=1))
                    case 1:
                        connection.execute(delete(consents).where(consents.c.customer_id == who))
                    case 2:
                        connection.execute(update(customers).where(customers.c.id == who).values(black_list="debtor"))
                    case 3:
                        connection.execute(update(customers).where(customers.c.id == who).values(black_list=""))
            refreshing.due(connection, self.ids)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_everybody_is_decided_on_or_waits_and_nobody_changes_arms(engine, tmp_path, monkeypatch, seed):
    ready = daily.make(tmp_path / "shop", back_fill={"a_day": 2})
    monkeypatch.setattr(enrolment, "BATCH", 2)
    happenings = Shop(engine, seed)
    happenings.ids = lapse(engine, [-40] * 9 + [0])
    arms: dict[int, tuple[str, datetime]] = {}

    class Killed(Exception):
        pass

    def die(_):
        if happenings.drawn.random() < 0.2:
            raise Killed

    for day in range(12):
        now = START + day * DAY
        if happenings.drawn.random() < 0.2 and day:
            continue  # nobody ran it
        happenings.happen(now)
        run = campaign_run.current(engine, ready, now=now)
        for hours in range(20):
            try:
                enrolment.enrol(engine, ready, run, now=now + timedelta(minutes=hours), progress=die)
            except Killed:
                continue
            break
        found = rows(engine)
        with database.reading(engine) as connection:
            keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
            assert runs.latest(connection, daily.CAMPAIGN).enrolled_on == clock.local_day(now, daily.KYIV)
        members = daily.members(ready, engine, now)
        decided = {keys[who] for who in found}
        assert members <= decided | {keys[who] for who in waiting(engine)}
        assigned = {who: (arm, moment) for who, (_, _, arm, moment) in found.items() if arm}
        assert arms.items() <= assigned.items(), "an arm and its day stay"
        arms = assigned
