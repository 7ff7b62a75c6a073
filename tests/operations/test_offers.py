"""Codes, budgets and pools from the plan to the order that used one, with real letters on both databases."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from tests import projects
from tests.operations import shopdata
from tests.operations.lost import CAMPAIGN, START, go, populate, standing
from tests.store import world
from winback import cli, settings
from winback.channels.accepting import AcceptingChannel
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, PermanentError, Refused
from winback.model import HOLDOUT, CodeStatus, DeliveryStatus, Message, Reason, RecipientStatus
from winback.operations import (
    campaign_run,
    checking,
    code_counts,
    enrolment,
    explaining,
    importing,
    planning,
    rehearsing,
    reporting,
    running,
    steering,
)
from winback.sending import prepared
from winback.sending.unwritten import SilentWriter
from winback.store import codes, database, runs
from winback.store.tables import codes as table
from winback.store.tables import customers, deliveries, orders, recipients, tasks

DAY = timedelta(days=1)
FILE = "config/campaigns/winter-tea.yaml"
OFFER = re.compile(r"    codes?: [^\n]*\n")
CODE = re.compile(r"WB-[2-9CDFGHJKMNPQRTVWXY]{4}-[2-9CDFGHJKMNPQRTVWXY]{4}")


def campaign(folder, offer="codes: unique", *changes, name=CAMPAIGN, pool=None):
    """The shipped campaign with another offer; `pool` are the lines of config/codes/tea.txt."""
    project = settings.open_project(folder, {"WINBACK_SECRET": "k" * 32}) if folder.exists() else projects.make(folder)
    path = project.root / f"config/campaigns/{name}.yaml"
    text = (projects.ROOT / FILE).read_text(encoding="utf-8")
    text = text if name == CAMPAIGN else text.replace("title: ", f"title: {name}, ")
    assert OFFER.search(text)
    path.write_text(OFFER.sub("".join(f"    {line}\n" for line in offer.split("\n")), text), encoding="utf-8")
    for old, new in changes:
        projects.edit(path, old, new)
    if pool is not None:
        project.config("codes").mkdir(exist_ok=True)
        project.config("codes", "tea.txt").write_text("".join(f"{code}\n" for code in pool), encoding="utf-8")
    return prepared.prepare(project, name)


def rows(engine, statement=None):
    with database.reading(engine) as connection:
        return connection.execute(select(table).order_by(table.c.id) if statement is None else statement).all()


def statuses(engine) -> Counter[str]:
    return Counter(row.status for row in rows(engine))


def arms(engine) -> dict[int, str]:
    return dict(rows(engine, select(recipients.c.customer_id, recipients.c.arm)))


def told(channel) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for letter in channel.letters:
        found.setdefault(letter.to, set()).update(CODE.findall(letter.text))
    return found


def test_everybody_is_told_one_code_of_their_own_in_every_letter(engine, tmp_path):
    ready, channel = campaign(tmp_path / "shop"), MemoryChannel()
    populate(engine, 30)
    go(ready, engine, START, channel)
    by_arm = Counter(arms(engine).values())
    assert statuses(engine) == {"given": by_arm["gift-first"], "reserved": by_arm["warm-word"]}, "the first letter of the warm word speaks of no gift"
    for days in (7, 21):
        go(ready, engine, START + days * DAY, channel)
    assert statuses(engine) == {"given": by_arm["gift-first"] + by_arm["warm-word"]}
    found = told(channel)
    assert all(len(words) == 1 for words in found.values())
    assert len(set().union(*found.values())) == len(found) == len(rows(engine))
    carried = rows(engine, select(deliveries.c.stage, table.c.code).join(table, table.c.delivery_id == deliveries.c.id))
    assert Counter(row.stage for row in carried) == {"first-letter": by_arm["gift-first"], "reminder": by_arm["warm-word"]}
    assert {row.expires_at for row in rows(engine)} == {datetime(2026, 12, 29, 23, 59, 59, 999_999, tzinfo=UTC)}
    assert all("29 December" in letter.text for letter in channel.letters if CODE.search(letter.text))


def test_who_writes_a_card_is_told_the_code_which_counts_as_given(engine, tmp_path):
    call = "task: {kind: card, within: 3 days, say: {en: 'Tell them of {{ offer.code }}'}}"
    ready, channel = (
        campaign(
            tmp_path / "shop",
            "codes: unique",
            ("    channels: [telegram, email]\n    letter: gift-with-code\n    message: gift-reminder\n", f"    {call}\n"),
        ),
        MemoryChannel(),
    )
    populate(engine, 12)
    for days in (0, 7):
        go(ready, engine, START + days * DAY, channel)
    words = dict(rows(engine, select(tasks.c.customer_id, tasks.c.text)))
    reserved = {row.customer_id: row for row in rows(engine)}
    assert words == {who: f"Tell them of {row.code}" for who, row in reserved.items()}
    assert len(words) > 1
    assert {row.status for row in reserved.values()} == {"given"}


def test_letters_that_nobody_writes_give_the_same_codes(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    populate(engine, 30)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)

    async def play(now):
        async with running.open_lanes(ready, worker=f"{now}", open_channel=lambda *_: AcceptingChannel()) as opened:
            await running.send(ready, engine, run, opened, running.Ran(CAMPAIGN, 1, run.status), now=lambda: now, writer=SilentWriter)

    asyncio.run(play(START))
    by_arm = Counter(arms(engine).values())
    assert statuses(engine) == {"given": by_arm["gift-first"], "reserved": by_arm["warm-word"]}, "as by letters that are written"
    asyncio.run(play(START + 7 * DAY))
    assert statuses(engine) == {"given": by_arm["gift-first"] + by_arm["warm-word"]}


def test_no_code_for_who_is_left_alone_or_left_out(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    ids = populate(engine, 30)
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id.in_(ids[:5])).values(black_list="debtor"))
    go(ready, engine, START, MemoryChannel())
    have = {row.customer_id for row in rows(engine)}
    assert have == {who for who, arm in arms(engine).items() if arm not in {"", HOLDOUT}}
    assert standing(engine)[RecipientStatus.HELD_OUT] > 0


def test_the_code_stays_the_same_when_it_is_made_again_and_is_another_in_a_rehearsal(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    populate(engine, 10)
    asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + 10 * DAY, worker="r"))
    rehearsed = set().union(*(CODE.findall(path.read_text(encoding="utf-8")) for path in ready.project.out.rglob("*.eml")))
    assert rehearsed
    assert rows(engine) == []
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    first = [row.code for row in rows(engine)]
    with database.writing(engine) as connection:
        connection.execute(table.delete())
        connection.execute(recipients.delete())
    enrolment.enrol(engine, ready, replace(run, enrolled_at=None), now=START)
    assert [row.code for row in rows(engine)] == first
    assert not rehearsed & set(first)


def test_an_order_before_the_gift_was_told_sets_the_code_free(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "codes: {file: codes/tea.txt}", pool=[f"T{number}" for number in range(30)])
    populate(engine, 30)
    go(ready, engine, START, MemoryChannel())
    reserved = [row.customer_id for row in rows(engine) if row.status == "reserved"]
    given = [row.customer_id for row in rows(engine) if row.status == "given"]
    with database.writing(engine) as connection:
        for who in (reserved[0], given[0]):
            world.order(connection, who, START + 2 * DAY)
    before = statuses(engine)
    go(ready, engine, START + 7 * DAY, MemoryChannel())
    after = statuses(engine)
    assert after["free"] == before["free"] + 1
    assert after["given"] == len(given) + len(reserved) - 1, "who was told of theirs keeps it"


def test_a_cancelled_campaign_sets_its_untold_codes_free(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    populate(engine, 20)
    go(ready, engine, START, MemoryChannel())
    before = statuses(engine)
    steering.steer(engine, CAMPAIGN, "cancel", now=START)
    assert statuses(engine) == {"given": before["given"], "released": before["reserved"]}


POOLED = "codes: {file: codes/tea.txt}"


def test_too_few_codes_are_told_at_planning_and_stop_the_run_before_it_begins(engine, tmp_path):
    ready = campaign(tmp_path / "shop", POOLED, pool=["T1", "T2", "T3"])
    populate(engine, 30)
    plan = planning.plan(ready, engine, now=START)
    wanted = plan.arms["warm-word"] + plan.arms["gift-first"]
    assert [(pool.codes, pool.wanted, pool.missing) for pool in plan.pools] == [(3, wanted, wanted - 3)]
    assert plan.pools[0].sentence == f"codes/tea.txt has 3 free codes and {wanted} customers would get one: {wanted - 3} are missing."
    assert plan.as_json()["codes"] == [{"offer": "tea-for-two", "file": "codes/tea.txt", "codes": 3, "wanted": wanted, "missing": wanted - 3}]
    with pytest.raises(ConfigError, match=rf"winter-tea.yaml:\d+: codes/tea.txt has 3 free codes .* {wanted - 3} are missing. Add codes to the file"):
        go(ready, engine, START, MemoryChannel())
    assert rows(engine, select(runs.campaign_runs.c.id)) == []
    enough = campaign(tmp_path / "shop", POOLED, pool=[f"T{number}" for number in range(wanted)])
    assert planning.plan(enough, engine, now=START).pools[0].missing == 0
    channel = MemoryChannel()
    for days in (0, 7, 21):
        go(enough, engine, START + days * DAY, channel)
    assert statuses(engine) == {"given": wanted}
    again = planning.plan(enough, engine, now=START + 22 * DAY)
    assert again.pools[0].codes == 0, "what was given is no longer free"
    assert 0 < again.holding <= wanted


@pytest.mark.parametrize(
    ("offer", "reason", "most"),
    [(f"{POOLED}\nwhen_codes_run_out: stop", Reason.NO_CODE_LEFT, 9), ("codes: unique\nbudget: 800", Reason.BUDGET_PROMISED, 9)],
    ids=["pool", "budget"],
)
def test_nobody_new_is_taken_when_all_is_promised_and_plan_rehearsal_and_run_are_one(engine, tmp_path, monkeypatch, offer, reason, most):
    ready = campaign(tmp_path / "shop", offer, pool=[f"T{number}" for number in range(most)])
    populate(engine, 40)
    monkeypatch.setattr(enrolment, "BATCH", 7)
    plan = planning.plan(ready, engine, now=START)
    tactics = plan.arms["warm-word"] + plan.arms["gift-first"]
    assert tactics == most, "85 each"
    assert plan.skips == {reason: 40 - most - plan.arms[HOLDOUT]}
    assert plan.arms[HOLDOUT] < 9, "those who would be left alone are left out too"
    played = asyncio.run(rehearsing.rehearse(ready, engine, start=START, until=START + 30 * DAY, worker="r"))
    go(ready, engine, START, MemoryChannel())
    found = Counter(row.arm or row.reason for row in rows(engine, select(recipients.c.arm, recipients.c.reason)))
    assert found == {**plan.arms, **plan.skips}
    assert played.recipients[f"skipped: {reason}"] == plan.skips[reason]
    assert len(rows(engine)) == most
    if plan.budgets:
        assert (plan.budgets[0].budget, plan.budgets[0].before, plan.budgets[0].promised) == (800, 0, 9 * 85)
        assert sum(row.promised_minor for row in rows(engine)) == 9 * 85_00


def test_an_enrolment_that_was_killed_promises_no_more_than_one_that_was_not(engine, tmp_path, monkeypatch):
    ready = campaign(tmp_path / "shop", "codes: unique\nbudget: 1000")
    populate(engine, 40)
    monkeypatch.setattr(enrolment, "BATCH", 6)
    expected = planning.plan(ready, engine, now=START)
    run = campaign_run.current(engine, ready, now=START)

    class Killed(Exception):
        pass

    def die(_count):
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            enrolment.enrol(engine, ready, run, now=START, progress=die)
    enrolment.enrol(engine, ready, run, now=START + DAY)
    found = Counter(row.arm or row.reason for row in rows(engine, select(recipients.c.arm, recipients.c.reason)))
    assert found == {**expected.arms, **expected.skips}
    assert sum(row.promised_minor for row in rows(engine)) == sum(budget.promised for budget in expected.budgets) * 100


def test_two_who_enrol_at_once_promise_no_more_than_one(engine, tmp_path, monkeypatch):
    ready = campaign(tmp_path / "shop", "codes: unique\nbudget: 1000")
    populate(engine, 40)
    monkeypatch.setattr(enrolment, "BATCH", 6)
    expected = planning.plan(ready, engine, now=START)
    run = campaign_run.current(engine, ready, now=START)

    class Killed(Exception):
        pass

    def another(_count):
        """After our first batch somebody else decides on the second, and is killed."""
        before = len(rows(engine, select(recipients.c.customer_id)))
        if before > 6:
            return

        def die(_count):
            if len(rows(engine, select(recipients.c.customer_id))) > before:
                raise Killed

        with contextlib.suppress(Killed):
            enrolment.enrol(engine, ready, run, now=START, progress=die)

    enrolment.enrol(engine, ready, run, now=START, progress=another)
    found = Counter(row.arm or row.reason for row in rows(engine, select(recipients.c.arm, recipients.c.reason)))
    assert found == {**expected.arms, **expected.skips}
    assert sum(row.promised_minor for row in rows(engine)) <= 1000_00


def test_a_code_of_another_campaign_in_the_file_is_said_with_its_line(engine, tmp_path):
    campaign(tmp_path / "shop", POOLED, pool=[f"T{number}" for number in range(30)])
    first, second = (campaign(tmp_path / "shop", POOLED, name=name) for name in ("first", "second"))
    populate(engine, 5)
    go(first, engine, START, MemoryChannel())
    with pytest.raises(ConfigError, match=r"config/codes/tea.txt:1: this code is of another campaign or offer"):
        planning.plan(second, engine, now=START)
    with pytest.raises(ConfigError, match=r"config/codes/tea.txt:1: this code"):
        go(second, engine, START, MemoryChannel())


def second_campaign(folder, engine, now, **changes):
    """Another campaign for the same customers, when the first one's run is over and its codes aren't."""
    with database.writing(engine) as connection:
        run = runs.latest(connection, CAMPAIGN)
        runs.change_status(connection, run.id, runs.RunStatus.FINISHED, now)
    return campaign(
        folder, "codes: unique", ("return_window", "stop_when: [replied]\nreturn_window"), ("stop_when: [ordered, replied]\n", ""), name="second"
    )


def test_who_holds_a_code_gets_no_second_one_until_it_is_over(engine, tmp_path):
    first = campaign(tmp_path / "shop", "codes: unique", ("valid_for: 35 days", "valid_for: 30 days"))
    populate(engine, 24)
    for days in (0, 7, 21):
        go(first, engine, START + days * DAY, MemoryChannel())
    begins = START + 28 * DAY  # the codes of the first campaign end two days later
    second = second_campaign(tmp_path / "shop", engine, begins)
    held = {row.customer_id for row in rows(engine) if row.status == "given"}
    plan = planning.plan(second, engine, now=begins)
    channel = MemoryChannel()
    go(second, engine, begins, channel)
    with database.reading(engine) as connection:
        run = runs.latest(connection, "second")
    mine = dict(rows(engine, select(recipients.c.customer_id, recipients.c.arm).where(recipients.c.run_id == run.id)))
    busy = {who for who in held if mine.get(who) in {"warm-word", "gift-first"}}
    assert plan.holding == len(busy) > 3
    letters = rows(
        engine, select(deliveries.c.customer_id, deliveries.c.tactic, deliveries.c.status, deliveries.c.reason).where(deliveries.c.run_id == run.id)
    )
    for row in letters:
        if row.customer_id in busy:
            skipped = ("skipped", "has-code") if row.tactic == "gift-first" else ("sent", "")
            assert (row.status, row.reason) == skipped, "the word that speaks of no gift may go"
    go(second, engine, begins + 7 * DAY, channel)
    assert all(count == 1 for count in Counter(row.customer_id for row in rows(engine) if row.status in codes.LIVE).values())
    go(second, engine, begins + 22 * DAY, channel)
    live = {row.customer_id for row in rows(engine) if row.run_id == run.id and row.status in codes.LIVE}
    assert live == {who for who, arm in mine.items() if arm in {"warm-word", "gift-first"}}, "when the first one is over they get theirs"


class Refusing(MemoryChannel):
    async def send(self, letter):
        if not isinstance(letter, Message) and CODE.search(letter.text):
            raise PermanentError("mailbox-full", "552")
        return await super().send(letter)


def test_a_code_whose_letters_all_failed_was_never_told(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "codes: unique", ("gift-first: gift-with-code", "gift-first: gift-with-code"))
    populate(engine, 12)
    for days in (0, 7, 21):
        go(ready, engine, START + days * DAY, Refusing())
    by_arm = Counter(arms(engine).values())
    assert statuses(engine) == {"released": by_arm["gift-first"], "given": by_arm["warm-word"]}, "of the warm word one letter did arrive"


def test_a_code_that_was_lost_between_the_check_and_the_hand_over_does_not_leave(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    populate(engine, 12)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    taken = rows(engine)[0].customer_id

    class Losing(MemoryChannel):
        """Its first letter is a hint: just then somebody uses a code at the till."""

        in_flight = 1

        async def send(self, letter):
            if not self.letters:
                with database.writing(engine) as connection:
                    connection.execute(update(table).where(table.c.status == "reserved").values(status=CodeStatus.REDEEMED, order_key="o"))
            return await super().send(letter)

    channel = Losing()
    go(ready, engine, START, channel)
    with_code = [letter for letter in channel.letters if CODE.search(letter.text)]
    assert len(with_code) <= 1
    skipped = rows(engine, select(deliveries.c.reason).where(deliveries.c.status == DeliveryStatus.SKIPPED))
    assert {row.reason for row in skipped} == {"offer-over"}
    assert taken in {row.customer_id for row in rows(engine)}


ORDERS = """
orders:
  file: data/more.csv
  orders: {id: nr, customer: who, ordered_at: day, amount: sum, currency: money, code: coupon, status: {column: state, placed: [ok], cancelled: [void]}}
"""


def bring(ready, engine, *lines: str, now=START + 5 * DAY):
    """Import orders: number, customer, day, amount, currency, code, state."""
    root = ready.project.root
    (root / "data").mkdir(exist_ok=True)
    (root / "config/sources.yaml").write_text("sources:\n" + "\n".join(f"  {line}" for line in ORDERS.strip().splitlines()) + "\n", encoding="utf-8")
    (root / "data/more.csv").write_text("nr,who,day,sum,money,coupon,state\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return importing.run(ready.project, engine, now=now)


def names(engine) -> dict[int, str]:
    return dict(rows(engine, select(customers.c.id, customers.c.key)))


def test_an_order_redeems_a_code_whoever_brings_it_and_a_cancelled_one_takes_it_back(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "kind: percentage\ndiscount: 0.1\ncodes: unique", ("    cost: 85\n", "    cost: 5\n"))
    populate(engine, 20)
    go(ready, engine, START, MemoryChannel())
    key = names(engine)
    first, second, third = [row for row in rows(engine) if row.status == "given"][:3]
    typed = first.code.lower().replace("-", " - ")
    lines = [
        f"1,{key[first.customer_id]},2026-11-26,1000,UAH,{typed},ok",
        f"2,{key[first.customer_id]},2026-11-27,400,UAH,{second.code},ok",  # they had it from the other
        f"3,{key[third.customer_id]},2026-11-27,90,EUR,{third.code},ok",  # nobody knows what a euro is worth here
        f"4,{key[third.customer_id]},2026-11-27,500,UAH,SPRING-25,ok",
        f"5,{key[third.customer_id]},2026-11-28,500,UAH,{first.code},ok",  # a second time
        f"6,{key[third.customer_id]},2026-11-28,500,UAH,,ok",
    ]
    for _ in range(2):
        bring(ready, engine, *lines)
        used = {row.id: (row.order_key, row.cost_minor) for row in rows(engine) if row.status == "redeemed"}
        assert used == {first.id: ("1", 105_00), second.id: ("2", 45_00), third.id: ("3", 5_00)}
    assert [
        row["used_by_another"] for row in code_counts.listed(ready.project, engine, CAMPAIGN, now=START + 6 * DAY, customer=key[second.customer_id])
    ] == [key[first.customer_id]]
    report = reporting.measure_and_report(ready.project, engine, CAMPAIGN, now=START + 10 * DAY)
    (arm,) = [row for row in report.codes if row.arm == "gift-first"]
    assert (arm.redeemed, arm.cost, arm.codes) == (3, Decimal(155), Counter(arms(engine).values())["gift-first"])
    assert report.as_json()["codes"][-1]["cost"] == 155.0
    bring(ready, engine, lines[0].replace(",ok", ",void"), lines[1].replace(second.code, "OTHER"))
    assert {row.id for row in rows(engine) if row.status == "redeemed"} == {third.id}
    assert {row.id: (row.status, row.order_key, row.cost_minor) for row in rows(engine)}[first.id] == ("given", "", 0)
    bring(ready, engine, lines[2].replace(",ok", ",void"), now=START + 60 * DAY)
    assert {row.id: row.status for row in rows(engine)}[third.id] == "expired"


def test_a_word_that_everybody_has_is_redeemed_by_those_who_were_promised_it(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "code: TEA-FOR-TWO")
    populate(engine, 20)
    go(ready, engine, START, MemoryChannel())
    key, arm = names(engine), arms(engine)
    (mine, *_), (left_alone, *_) = ([key[who] for who in arm if (arm[who] == HOLDOUT) == alone] for alone in (False, True))
    bring(ready, engine, f"1,{mine},2026-11-20,100,UAH,tea-for-two,ok", f"2,{left_alone},2026-11-26,100,UAH,TEA-FOR-TWO,ok")
    assert statuses(engine)["redeemed"] == 0, "too early, and not promised"
    bring(ready, engine, f"3,{mine},2026-11-26,100,UAH,tea-for-two,ok")
    (used,) = [row for row in rows(engine) if row.status == "redeemed"]
    assert (key[used.customer_id], used.order_key, used.cost_minor) == (mine, "3", 85_00)


def test_an_import_without_codes_in_the_store_asks_nothing_more(engine, tmp_path):
    project = shopdata.shop(tmp_path, orders=shopdata.HEADER + "1,A,2026-11-01,100,1\n")
    assert shopdata.run(project, engine)["orders"] == (1, 0, 0, 0)
    assert rows(engine, select(orders.c.key)) == [("1",)]


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        ("codes: {file: codes/none.txt}", "config/codes/none.txt: there is no such file of codes."),
        ("kind: percentage", "is of the kind percentage, and has no `discount:`."),
        ("budget: 100\n", "has a budget and no code"),
        ("kind: points\npoints: 100", "`gift-with-code` (email) speaks of `offer.amount`, and an offer of the kind points has none."),
    ],
)
def test_an_offer_that_cannot_be_meant_is_refused_with_file_and_line(tmp_path, offer, sentence):
    project = projects.make(tmp_path / "shop")
    if "points" in offer:
        projects.edit(project.templates / "emails/gift-with-code/body.html", "{% block body %}", "{% block body %}{{ offer.amount }}")
    with pytest.raises(Refused) as refused:
        campaign(project.root, offer)
    assert sentence in str(refused.value)
    problems = checking.problems(project)
    assert any(sentence in str(problem) for problem in problems), problems
    assert all(problem.file for problem in problems)


def test_never_a_code_in_a_greeting(tmp_path):
    project = projects.make(tmp_path / "shop")
    body = project.templates / "emails/greeting/body.html"
    projects.edit(body, "{% block body %}", "{% block body %}{% if offer %}{{ offer.code }}{% endif %}")
    greeting = ("gift-first: gift-with-code", "gift-first: greeting")
    content = ("tone: friendly", "tone: friendly\ncontent: {greeting: {kind: birthday}}")
    with pytest.raises(ConfigError, match=r"templates/emails/greeting/body.html:\d+: a greeting speaks of `offer"):
        campaign(project.root, "codes: unique", greeting, content)
    assert any("a greeting speaks of `offer.code`" in problem.message and problem.line for problem in checking.problems(project))


def test_a_greeting_knows_of_no_offer_beside_letters_that_do(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "codes: unique", ("gift-first: gift-with-code", "gift-first: greeting"), ("tone: friendly", "tone: friendly\ncontent: {greeting: {kind: birthday}}"))  # fmt: skip
    populate(engine, 12)
    channel = MemoryChannel()
    go(ready, engine, START, channel)
    assert len(channel.letters) > 5
    assert not any(CODE.search(letter.html + letter.text) for letter in channel.letters)
    assert set(statuses(engine)) == {"reserved"}


@pytest.mark.parametrize(
    ("offer", "written"),
    [
        ("kind: percentage\ndiscount: 0.075\ncodes: unique", "7.5%"),
        ("kind: amount\namount: 150\ncodes: unique", "UAH\xa0150"),
        ("kind: progressive\nlevels: [{orders: 2, discount: 0.05}, {orders: 3, discount: 0.08}]\ncode: MORE", "8%"),
        (
            "kind: draw\nprizes: [{text: {en: a tin, uk: банка, ru: банка, ro: o cutie, uz: quti, mn: лааз}, share: 1, cost: 20}]\ncodes: unique",
            "a tin",
        ),
    ],
)
def test_letters_say_what_the_offer_comes_to_in_the_customers_language(engine, tmp_path, offer, written):
    project = projects.make(tmp_path / "shop")
    for word in ("gift-with-code", "last-day-of-offer"):
        said = "{% if offer.discount %}{{ offer.discount | percent }}{% endif %} {% if offer.amount %}{{ offer.amount }}{% endif %} {% if offer.prize %}{{ offer.prize }}{% endif %}"
        projects.edit(project.templates / f"emails/{word}/body.html", "{% block body %}", '{% block body %}<p class="text">' + said + "</p>")
    ready = campaign(project.root, offer)
    populate(engine, 8)
    channel = MemoryChannel()
    go(ready, engine, START + DAY, channel)
    assert [letter for letter in channel.letters if written in letter.text]
    facts = rows(engine, select(recipients.c.facts).where(recipients.c.arm == "gift-first"))
    assert all(row.facts["promised"] for row in facts)


def test_who_has_nothing_to_count_the_offer_from_gets_no_letter_that_speaks_of_it(engine, tmp_path):
    ready = campaign(tmp_path / "shop", "kind: progressive\nlevels: [{orders: 9, discount: 0.1}]\ncodes: unique")
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    assert rows(engine) == []
    reasons = Counter(rows(engine, select(deliveries.c.tactic, deliveries.c.status, deliveries.c.reason).where(deliveries.c.status != "held_out")))
    assert {(row.tactic, row.status, row.reason) for row in reasons} == {("warm-word", "sent", ""), ("gift-first", "skipped", "nothing-to-tell")}


def test_explain_shows_the_code_and_its_life(engine, tmp_path):
    ready = campaign(tmp_path / "shop")
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    given = next(row for row in rows(engine) if row.status == "given")
    key = names(engine)[given.customer_id]
    bring(ready, engine, f"1,{key},2026-11-26,1000,UAH,{given.code},ok")
    steps = {step.question: step.found for step in explaining.by_campaign(ready, engine, key, now=START + 6 * DAY).steps}
    assert steps["promised"] == "costs 85.00 UAH at the most"
    found = steps[f"code {given.code}"]
    assert "redeemed, reserved on 2026-11-24 10:30 UTC" in found
    assert f"first told by delivery {given.delivery_id}; its last day is 2026-12-29 in Europe/London" in found
    assert "used on 2026-11-25 with order 1, which cost 85" in found or "used on 2026-11-26 with order 1, which cost 85" in found


def test_the_codes_command_counts_lists_and_shows_one_customers(tmp_path, monkeypatch, capsys):
    ready = campaign(tmp_path / "shop", "codes: unique\nbudget: 5000")
    engine = database.open_engine(ready.project.database_url)
    populate(engine, 12)
    go(ready, engine, START, MemoryChannel())
    monkeypatch.chdir(ready.project.root)
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)

    def said(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(("codes", CAMPAIGN, *arguments))
        assert not left.value.code
        return capsys.readouterr().out

    counted = json.loads(said("--json"))
    (offer,) = counted["offers"]
    there = statuses(engine)
    assert {status: number for status, number in offer["codes"].items() if number} == there
    assert Decimal(offer["promised"]) == 85 * there.total()
    assert (offer["budget"], offer["cost"]) == ("5000", "0.00")
    assert f"Promised: {85 * there.total():,.2f} UAH of a budget of 5,000.00. Used so far: 0.00." in said()
    assert set(said("--list").split()) == {row.code for row in rows(engine)}
    one = rows(engine)[0]
    assert one.code in said("--customer", names(engine)[one.customer_id])
    (shown,) = json.loads(said("--customer", names(engine)[one.customer_id], "--json"))["codes"]
    assert (shown["code"], shown["status"], shown["promised"]) == (one.code, one.status, "85.00")
