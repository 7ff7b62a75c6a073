"""Behind each number of a report stand as many customers as it says: every cell that can be asked is asked, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from tests.outcomes.conftest import WINDOW, at
from winback.model import HOLDOUT, TASK, CodeStatus, DeliveryStatus, EventKind, Reason, RecipientStatus, TaskStatus, Verdict
from winback.operations import drilling as drill
from winback.operations import measuring
from winback.outcomes import backdrop, languages, questions, tabulated
from winback.outcomes.questions import MAILBOX, Question, What
from winback.sending import domain_groups
from winback.speech import Language
from winback.store import database, drilling, mailbox_counts, reason_figures, tables
from winback.store.measured import Measured

DAYS = 100
_HITS = (
    (EventKind.OPEN, Verdict.HUMAN),
    (EventKind.OPEN, Verdict.UNVERIFIED),
    (EventKind.OPEN, Verdict.MACHINE),
    (EventKind.CLICK, Verdict.HUMAN),
    (EventKind.CLICK, Verdict.UNVERIFIED),
    (EventKind.CLICK, Verdict.MACHINE),
    (EventKind.REPLY, Verdict.HUMAN),
    (EventKind.REPLY, Verdict.MACHINE),
    (EventKind.ANSWER, Verdict.HUMAN),
    (EventKind.UNSUBSCRIBE, Verdict.HUMAN),
    (EventKind.COMPLAINT, Verdict.UNVERIFIED),
)
_FATES = (*DeliveryStatus, DeliveryStatus.SENT, DeliveryStatus.SENT)
_ENDS = (
    (RecipientStatus.STOPPED, Reason.ORDERED),
    (RecipientStatus.STOPPED, Reason.UNSUBSCRIBED),
    (RecipientStatus.STOPPED, Reason.MERGED),
    (RecipientStatus.FINISHED, ""),
    (RecipientStatus.ACTIVE, ""),
)

_ELSEWHERE = {
    What.CONTACTED: "contacted",
    What.ORDERED_AGAIN: "kept",
    What.COMPLAINED: "complained",
    What.OPENED_UNVERIFIED: "opened_unverified",
    What.OPENED_MACHINE: "opened_machine",
    What.CLICKED_UNVERIFIED: "clicked_unverified",
    What.CLICKED_MACHINE: "clicked_machine",
}
"""Of figures that a report has no column for, or not always."""


@pytest.fixture
def busy(world):
    """Two tactics and a holdout of some dozens of people to whom about everything happened that is counted."""
    for number in range(66):
        arm = ("gift", "word", HOLDOUT)[number % 3]
        status, reason = (None, "") if arm == HOLDOUT else _ENDS[number % len(_ENDS)]
        who = world.recipient(arm, locale=("en", "uk", "")[number % 2 + (number % 11 == 0)], status=status, reason=str(reason), assigned=number % 4)
        if status not in {None, RecipientStatus.ACTIVE}:
            world.end(who, days=8 if number % 7 else 200)
        _letters(world, who, number, arm)
        if number % 4 == 0:
            world.order(who, 10, 5_000 + number, currency="UAH" if number % 8 else "USD")
        if number % 12 == 0:
            world.order(who, 30)
        if number % 13 == 0:
            world.event(who, EventKind.REPLY, days=20)
            world.event(who, EventKind.UNSUBSCRIBE, days=70)  # beyond the window
        if number % 5 == 0 and arm != HOLDOUT:
            _code(world, who, number)
    for kind, verdict in _HITS:  # of each kind one who did nothing else
        who = world.recipient("word")
        world.event(who, kind, delivery=world.delivery(who), verdict=verdict)
    for reason in (Reason.NO_CONSENT, Reason.NO_CONSENT, Reason.SUPPRESSED):
        world.skipped(reason)
    return world


def _letters(world, who: int, number: int, arm: str) -> None:
    for place, stage in enumerate(("hello", "reminder")):
        fate = DeliveryStatus.HELD_OUT if arm == HOLDOUT else _FATES[(number + 3 * place) % len(_FATES)]
        letter = world.delivery(who, stage, status=fate, tactic=arm, due=1 if number % 10 else 150)
        if fate is DeliveryStatus.SENT:
            for kind, verdict in (_HITS[number % len(_HITS)], _HITS[(number * 7 + place) % len(_HITS)]):
                world.event(who, kind, delivery=letter, verdict=verdict, days=3 if number % 6 else 150)
        if number % 9 == 0 and arm != HOLDOUT and stage == "reminder":
            _by_hand(world, who, letter, TaskStatus.DONE if number % 2 else TaskStatus.OPEN)


def _by_hand(world, who: int, letter: int, status: TaskStatus) -> None:
    with database.writing(world.engine) as connection:
        sent = {"channel": TASK, "status": DeliveryStatus.SENT, "sent_at": at(1)}
        connection.execute(update(tables.deliveries).where(tables.deliveries.c.id == letter).values(sent))
        done_at = at(2) if status is TaskStatus.DONE else None
        row = {"delivery_id": letter, "customer_id": who, "kind": "call", "status": status, "asked_at": at(1), "due_at": at(2), "done_at": done_at}
        connection.execute(insert(tables.tasks).values(row))


def _code(world, who: int, number: int) -> None:
    status = (CodeStatus.GIVEN, CodeStatus.REDEEMED, CodeStatus.RELEASED, CodeStatus.EXPIRED)[number % 4]
    used = at(9) if status is CodeStatus.REDEEMED else None
    row = {"code": f"C{number}", "matched": f"C{number}", "source": "own", "campaign": "spring", "offer": "tea", "status": status}
    with database.writing(world.engine) as connection:
        held = {"run_id": world.run_id, "customer_id": who, "reserved_at": at(0), "expires_at": at(99), "redeemed_at": used}
        connection.execute(insert(tables.codes).values(**row, **held))


def _report(world, language: Language = Language.EN):
    shares = {"gift": 1 / 3, "word": 1 / 3, HOLDOUT: 1 / 3}
    known = {"run_id": world.run_id, "campaign": "spring", "shares": shares, "window": WINDOW, "currency": "UAH", "now": at(DAYS)}
    return measuring.report(world.engine, **known, words=languages.words(language))


def _names(world, question: Question, limit: int = 1_000) -> list[str]:
    with database.reading(world.engine) as connection:
        return [row.key for row in drilling.page(connection, Measured(world.run_id, WINDOW, at(DAYS)), question, "UAH", limit=limit)]


@pytest.mark.parametrize("language", [Language.EN, Language.UK])
def test_as_many_customers_stand_behind_a_number_as_it_says(busy, language):
    report, asked = _report(busy, language), set()
    for table in tabulated.tables(report):
        for row, cells in zip(table.rows, questions.behind(report, table), strict=True):
            assert len(cells) == len(row)
            for key, cell, question in zip(table.keys or row, row, cells, strict=True):
                if question is not None and (table.section, key) not in _OF_THEIRS:
                    assert question.may_be_asked, question
                    assert len(_names(busy, question)) == int(cell.replace(",", "").replace("\N{NO-BREAK SPACE}", "")), (table.section, question)
                    asked.add(question.what)
    assert asked >= set(What) - _ELSEWHERE.keys() - _BY_REASON - {What.MOVED_MONEY, What.BOUNCED}


_OF_THEIRS = {("who-returned", "orders"), ("who-returned", "revenue"), ("brought", "revenue"), ("others", "orders"), ("others", "total")}
"""Cells that count no heads, but what people ordered and paid."""


def test_behind_money_stand_those_whose_it_is(busy):
    report, asked = _report(busy), set()
    for table in tabulated.tables(report):
        for row, cells in zip(table.rows, questions.behind(report, table), strict=True):
            for key, cell, question in zip(table.keys or row, row, cells, strict=True):
                if question is None or (table.section, key) not in _OF_THEIRS:
                    continue
                assert question.may_be_asked, question
                with database.reading(busy.engine) as connection:
                    currency = question.word or "UAH"
                    rows = drilling.page(connection, Measured(busy.run_id, WINDOW, at(DAYS)), question, currency, limit=1_000)
                said = float(cell.replace(",", ""))
                assert bool(rows) == (said != 0), (table.section, question)
                if key in {"revenue", "total"}:
                    assert float(sum(each.revenue_minor for each in rows)) / 100 == pytest.approx(said, abs=0.5), (table.section, question)
                asked.add((table.section, key))
    assert asked == _OF_THEIRS


def test_behind_the_letters_of_a_mailbox_stand_those_they_went_to(world):
    first, letter = _written_to(world, "anna@Gmail.com")
    _written_to(world, "olena@googlemail.com")
    _written_to(world, "ion@gmail.com", DeliveryStatus.FAILED)
    back, bounced = _written_to(world, "a@zerno.example")
    gone, _ = _written_to(world, "nobody@gmail.com")
    world.event(first, EventKind.COMPLAINT, delivery=letter)
    world.event(back, EventKind.BOUNCE, delivery=bounced)
    with database.writing(world.engine) as connection:
        connection.execute(tables.contacts.delete().where(tables.contacts.c.customer_id == gone))
        rows = mailbox_counts.by_domain(connection, Measured(world.run_id, WINDOW, at(DAYS)))
    kept = backdrop.by_provider(replace(row, provider=domain_groups.group_of(f"@{row.provider}")) for row in rows)
    report = replace(_report(world), mailboxes=backdrop.judge(kept))
    table = next(each for each in tabulated.tables(report) if each.section == "mailboxes")
    asked = set()
    for row, cells in zip(table.rows, questions.behind(report, table), strict=True):
        for cell, question in zip(row, cells, strict=True):
            if question is not None:
                assert question.may_be_asked
                domains = drill.domains_of(question)
                with database.reading(world.engine) as connection:
                    found = drilling.page(connection, Measured(world.run_id, WINDOW, at(DAYS)), question, "UAH", limit=9, domains=domains)
                assert len(found) == int(cell), question
                asked.add((question.what, question.value, len(found)))
    assert asked >= {(What.REACHED, "gmail", 2), (What.FAILED, "gmail", 1), (What.COMPLAINED, "gmail", 1), (What.REACHED, "", 1)}
    assert (What.BOUNCED, "zerno.example", 1) in asked


def _written_to(world, address: str, status: DeliveryStatus = DeliveryStatus.SENT) -> tuple[int, int]:
    who = world.recipient("gift")
    letter = world.delivery(who, "hello", status=status)
    with database.writing(world.engine) as connection:
        connection.execute(insert(tables.contacts).values(customer_id=who, channel="email", address=address, address_hash=b""))
        connection.execute(update(tables.deliveries).where(tables.deliveries.c.id == letter).values(channel="email"))
    return who, letter


def test_numbers_that_stand_in_no_table_of_their_own_are_counted_alike(busy):
    some = set()
    for arm in _report(busy).arms:
        counted = {what: getattr(arm.figures, name) for what, name in _ELSEWHERE.items()}
        assert {what: len(_names(busy, Question(what, arm.name))) for what in counted} == counted, arm.name
        some |= {what for what, count in counted.items() if count}
    assert some == _ELSEWHERE.keys()


_BY_REASON = {What.LEFT_FOR, What.BACK_AFTER}


def test_who_left_for_a_reason_is_counted_as_the_report_counts(busy):
    with database.writing(busy.engine) as connection:
        people = connection.execute(select(tables.recipients.c.customer_id).where(tables.recipients.c.run_id == busy.run_id)).scalars().all()
        told = [
            {"key": f"r{who}", "customer_id": who, "reason": ("price", "moved")[who % 2], "recorded_at": at(1), "source": "staff"}
            for who in people
            if who % 3
        ]
        connection.execute(insert(tables.leaving_reasons), told)
    report = replace(_report(busy), reasons=tuple(_reasons(busy)))
    table = next(each for each in tabulated.tables(report) if each.section == "reasons")
    asked = set()
    for row, cells in zip(table.rows, questions.behind(report, table), strict=True):
        for cell, question in zip(row, cells, strict=True):
            if question is not None:
                assert question.may_be_asked
                assert len(_names(busy, question)) == int(cell), question
                asked.add((question.what, question.word))
    assert asked == {(what, word) for what in _BY_REASON for word in ("price", "moved", "-")}


def _reasons(world):
    with database.reading(world.engine) as connection:
        found = reason_figures.by_reason(connection, Measured(world.run_id, WINDOW, at(DAYS)))
    return [replace(each, title=each.reason.title()) for each in found]


def test_pages_follow_each_other_without_a_gap_and_counting_stops(busy):
    measured, question = Measured(busy.run_id, WINDOW, at(DAYS)), Question(What.ASSIGNED, "gift")
    everybody, seen, after = _names(busy, question), [], 0
    with database.reading(busy.engine) as connection:
        while rows := drilling.page(connection, measured, question, "UAH", after=after, limit=7):
            seen += [row.key for row in rows]
            after = rows[-1].customer_id
        assert seen == everybody
        assert drilling.count(connection, measured, question, up_to=5) == 5
        assert drilling.count(connection, measured, question, up_to=500) == len(everybody)


def test_money_of_the_window_stands_beside_who_returned(world):
    who = world.recipient("gift")
    world.order(who, 5, 12_345)
    world.order(who, 6, 700, currency="USD")
    world.measure(DAYS)
    with database.reading(world.engine) as connection:
        (row,) = drilling.page(connection, Measured(world.run_id, WINDOW, at(DAYS)), Question(What.RETURNED), "UAH", limit=5)
    assert (row.revenue_minor, row.returned_at) == (12_345, at(5))


@pytest.mark.parametrize(
    "question",
    [
        Question(What.SENT),
        Question(What.RETURNED, stage="hello"),
        Question(What.ENDED),
        Question(What.ASSIGNED, word="no-consent"),
        Question(What.ASSIGNED, dimension="shoe-size", value="42"),
        Question(What.RETURNED, dimension=MAILBOX, value="gmail"),
        Question(What.MOVED_MONEY),
    ],
)
def test_what_no_number_counts_may_not_be_asked(question):
    assert not question.may_be_asked
