"""Half a year of silence, one letter, then nothing more from any campaign - until they order, or write."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select, update

from tests.operations import daily
from tests.operations.daily import DAY, START, lapse
from tests.operations.lost import go, ledger
from tests.store import world
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, UncertainError
from winback.journey import campaign
from winback.model import DeliveryStatus, EventKind, Reason, RecipientStatus, RunStatus, Verdict
from winback.operations import planning
from winback.sending import prepared
from winback.store import database, events, refreshing, runs
from winback.store.events import Event
from winback.store.tables import consents, inquiries, recipients

CONTENT = {"products": [{"name": dict.fromkeys(["en", "uk", "ru", "ro", "uz", "mn"], "Ethiopia")}]}
ONE = {
    "enrol": "once",
    "back_fill": None,
    "holdout": 0.25,
    "ends_on": "2026-12-31",
    "stages": [{"name": "one", "letter": "we-miss-you"}],
    "sunset": {"letter": "new-arrivals"},
    "content": CONTENT,
}
FAREWELL = START + 181 * DAY
"""The Monday after: on Sundays nothing leaves."""


@pytest.fixture
def shop(tmp_path):
    return daily.make(tmp_path / "shop", **ONE)


def play(ready, engine, *moments, channel=None) -> MemoryChannel:
    channel = channel or MemoryChannel()
    for moment in moments:
        go(ready, engine, moment, channel)
    return channel


def reasons(engine) -> Counter:
    with database.reading(engine) as connection:
        return Counter(tuple(row) for row in connection.execute(select(recipients.c.status, recipients.c.reason)))


def test_after_half_a_year_of_silence_one_letter_then_exhausted(engine, shop):
    lapse(engine, [0] * 20)
    channel = play(shop, engine, START, START + 179 * DAY)
    written = len(channel.letters)
    assert {status for status, _ in reasons(engine)} == {RecipientStatus.ACTIVE, RecipientStatus.HELD_OUT}
    play(shop, engine, FAREWELL, channel=channel)
    assert len(channel.letters) == 2 * written
    held_out = 20 - written
    assert reasons(engine) == {(RecipientStatus.FINISHED, Reason.EXHAUSTED): written, (RecipientStatus.HELD_OUT, ""): held_out}
    assert ledger(engine) == {
        ("one", DeliveryStatus.SENT): written,
        ("one", DeliveryStatus.HELD_OUT): held_out,
        ("sunset", DeliveryStatus.SENT): written,
        ("sunset", DeliveryStatus.HELD_OUT): held_out,
    }
    with database.reading(engine) as connection:
        assert runs.latest(connection, daily.CAMPAIGN).status is RunStatus.FINISHED


@pytest.mark.parametrize("deed", ["order", "reply"])
def test_who_breaks_the_silence_gets_no_farewell_whatever_the_campaign_stops_on(engine, tmp_path, deed):
    ready = daily.make(tmp_path / "shop", **ONE, stop_when=[])
    (who,) = lapse(engine, [0])
    with database.writing(engine) as connection:
        if deed == "order":
            world.order(connection, who, START + 100 * DAY)
        else:
            events.record(connection, [Event("r", EventKind.REPLY, who, START + 100 * DAY, Verdict.HUMAN)])
    channel = play(ready, engine, START, FAREWELL)
    told = reasons(engine)
    if len(channel.letters):
        assert len(channel.letters) == 1
        assert told == {(RecipientStatus.STOPPED, Reason.ORDERED if deed == "order" else Reason.REPLIED): 1}
    else:
        assert told == {(RecipientStatus.HELD_OUT, ""): 1}


class Doubtful(MemoryChannel):
    async def send(self, letter):
        raise UncertainError("no-answer-after-data", "connection lost")


def test_a_farewell_in_doubt_is_one_too_and_one_that_could_not_be_written_is_none(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", **ONE | {"holdout": 0})
    gone, doubted = lapse(engine, [0, 0])
    play(ready, engine, START)
    with database.writing(engine) as connection:
        connection.execute(consents.delete().where(consents.c.customer_id == gone))
    play(ready, engine, FAREWELL, channel=Doubtful())
    with database.reading(engine) as connection:
        found = dict(connection.execute(select(recipients.c.customer_id, recipients.c.reason)).all())
    assert found == {gone: "", doubted: Reason.EXHAUSTED}


@pytest.mark.parametrize("sign", [None, "order", "reply", "machine", "inquiry", "consent", "before"])
def test_the_exhausted_are_left_alone_by_every_campaign_until_they_order_or_write(engine, tmp_path, sign):
    ready = daily.make(tmp_path / "shop", **ONE | {"holdout": 0})
    other = ready.project.config("campaigns", "other.yaml")
    text = ready.project.config("campaigns", f"{daily.CAMPAIGN}.yaml").read_text(encoding="utf-8")
    other.write_text(
        text.replace("ends_on: 2026-12-31", "ends_on: 2028-12-31")
        .replace("title: ", "title: Another, ")
        .replace("sunset:", "# sunset:")
        .replace("  letter: new-arrivals\n", ""),
        encoding="utf-8",
    )
    (who,) = lapse(engine, [0])
    play(ready, engine, START, FAREWELL)
    assert reasons(engine) == {(RecipientStatus.FINISHED, Reason.EXHAUSTED): 1}
    moment = FAREWELL + DAY * (-1 if sign == "before" else 1)
    with database.writing(engine) as connection:
        if sign in {"reply", "machine", "before"}:
            verdict = Verdict.MACHINE if sign == "machine" else Verdict.HUMAN
            events.record(connection, [Event("r", EventKind.REPLY, who, moment, verdict)])
        elif sign == "order":
            world.order(connection, who, moment)
        elif sign == "inquiry":
            connection.execute(inquiries.insert().values(key="i", customer_id=who, inquired_at=moment))
        elif sign == "consent":
            connection.execute(update(consents).where(consents.c.customer_id == who).values(given_at=moment))
        refreshing.due(connection, [who])
    wakes = sign not in {None, "machine", "before"}
    later = FAREWELL + (370 if sign == "order" else 10) * DAY
    plan = planning.plan(prepared.prepare(ready.project, "other"), engine, now=later)
    assert plan.skips == ({} if wakes else {"exhausted": 1})
    assert plan.cohort == 1


def test_while_they_wait_another_campaign_leaves_them_alone_and_those_who_answered_are_free_after_their_window(engine, tmp_path):
    ready = daily.make(tmp_path / "shop", **ONE | {"holdout": 0})
    text = ready.project.config("campaigns", f"{daily.CAMPAIGN}.yaml").read_text(encoding="utf-8")
    ready.project.config("campaigns", "other.yaml").write_text(
        text.replace("ends_on: 2026-12-31", "ends_on: 2028-12-31").replace("title: ", "title: Another, "), encoding="utf-8"
    )
    (answered, _) = lapse(engine, [0, 0])
    play(ready, engine, START)
    with database.writing(engine) as connection:
        connection.execute(
            update(recipients)
            .where(recipients.c.customer_id == answered)
            .values(status=RecipientStatus.STOPPED, reason=Reason.REPLIED, ended_at=START, next_due_at=None)
        )
    other = prepared.prepare(ready.project, "other")
    assert planning.plan(other, engine, now=START + 59 * DAY).skips == {"in-other-campaign": 2}
    assert planning.plan(other, engine, now=START + 61 * DAY).skips == {"in-other-campaign": 1}, "the silent one still waits for the farewell"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sunset": {"letter": "new-arrivals", "after": "5 days"}}, "comes 5 days after the last stage; that is no silence"),
        ({"sunset": {"after": "180 days"}}, "has nothing to say"),
        ({"sunset": {"letter": "new-arivals"}}, "there is no letter `new-arivals`. Did you mean `new-arrivals`"),
        ({"sunset": {"letter": "new-arrivals", "channels": ["telegram"]}}, "`sunset` goes out by telegram, but names no message"),
        ({"sunset": {"letter": "last-day-of-offer"}}, "leaves on day 180 or later"),
        ({"sunset": {"letter": "new-arrivals"}, "content": {}}, "speaks of `products`"),
        ({"stages": [{"name": "sunset", "letter": "we-miss-you"}]}, "that word means the farewell"),
        ({"enrol": "once", "back_fill": {"a_day": 5}}, "has a `back_fill`, but takes everybody in at once"),
        ({"enrol": "daily", "back_fill": {"a_day": 5, "over": "6 weeks"}}, "says two paces at once"),
        ({"enrol": "daily", "back_fill": {"over": "36 hours"}}, "isn't whole days"),
        ({"enrol": "daily", "back_fill": {"over": "60 weeks"}, "ends_on": "2029-01-01"}, "takes customers in for 365 days"),
        ({"enrol": "weekly"}, "weekly"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path, changes, sentence):
    with pytest.raises(ConfigError) as refused:
        daily.make(tmp_path / "shop", **ONE | changes)
    (problem, *_) = refused.value.problems
    assert sentence in f"{problem.message} {problem.how}"
    assert problem.line is not None
    said = (tmp_path / "shop/config/campaigns/winter-tea.yaml").read_text(encoding="utf-8").splitlines()
    if "new-arivals" in sentence:
        assert said[problem.line - 1].strip() == "letter: new-arivals"


def test_the_farewell_is_the_last_stage_for_whoever_asks(shop):
    plan = campaign.read(shop.project, daily.CAMPAIGN).value
    assert [stage.name for stage in plan.stages] == ["one", "sunset"]
    assert plan.takes_until == plan.ends_on, "the silence after the last stage shortens nothing"
    assert shop.outlays["warm-word"].letters == 2
