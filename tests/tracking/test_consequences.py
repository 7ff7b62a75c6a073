"""What follows from bounces, complaints and replies: for whom, by which proof, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.letterbox import NOW
from winback.model import EventKind
from winback.store import database, events, freshness
from winback.store.events import Event
from winback.store.tables import contacts, forwards, suppressions
from winback.store.tables import events as kept
from winback.tracking import addresses, consequences, replies

LETTER = "<wb.spring.7@zerno.example>"


@pytest.fixture
def olena(shop):
    return shop.written_to("olena", email="olena@mail.example", message_id=LETTER)


@pytest.fixture
def comes(shop, project):
    """Take a mail in at a moment; the word it is counted under."""

    def take(text: str, at=NOW) -> str:
        with database.writing(shop.engine) as connection:
            return consequences.take(connection, replies.classify(replies.parse(text.encode())), project, at)

    return take


def bounce(
    status: str,
    *,
    number: int = 0,
    to: str = "bounce@zerno.example",
    recipient: str = "olena@mail.example",
    letter: str = LETTER,
    action: str = "failed",
) -> str:
    return (
        f"From: mailer-daemon@mx.example\nTo: {to}\nMessage-ID: <{number}@mx.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {letter}\n--b--\n"
    )


def complaint(*, original: str = "", recipient: str = "", attached: str = f"Message-ID: {LETTER}") -> str:
    fields = "".join(f"{name}: {value}\n" for name, value in (("Original-Mail-From", original), ("Original-Rcpt-To", recipient)) if value)
    return (
        "From: feedback@provider.example\nTo: fbl@zerno.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n{fields}--b\nContent-Type: message/rfc822\n\n{attached}\n\nHello\n--b--\n"
    )


def closed(shop) -> list[str]:
    return [row.reason for row in shop.rows(suppressions)]


def days(count: float):
    return NOW + timedelta(days=count)


@pytest.fixture
def letters(shop, olena):
    """Six letters to Olena, each of a campaign of its own."""
    who = olena[0]
    found = []
    for number in range(6):
        run = shop.run()
        shop.recipient(run, who)
        shop.letter(run, who, message_id=f"<{number}@zerno.example>")
        found.append(f"<{number}@zerno.example>")
    return found


def fails(comes, letters, *on: float) -> None:
    for number, day in enumerate(on):
        assert comes(bounce("5.2.2", number=number, letter=letters[number]), days(day)) == "soft"


@pytest.mark.parametrize(
    ("on", "reasons"),
    [
        ((0, 5, 10, 15), ["soft-bounced"]),
        ((0, 5, 10), []),  # three letters
        ((0, 1, 2, 3), []),  # within three days
        ((0, 1, 2, 3, 13.9), []),
        ((0, 1, 2, 3, 14), ["soft-bounced"]),
        ((0, 200, 205, 210), []),  # the first is forgotten
    ],
)
def test_letters_that_fail_again_and_again_for_weeks_close_the_address(shop, olena, comes, letters, on, reasons):
    fails(comes, letters, *on)
    assert closed(shop) == reasons
    assert ("stopped", "soft-bounced") in shop.standing(olena[0]) or not reasons


def test_one_letter_that_comes_back_often_counts_once(shop, olena, comes):
    for number, day in enumerate((0, 5, 10, 15, 20)):
        comes(bounce("5.2.2", number=number), days(day))
    assert closed(shop) == []


def test_the_settings_say_how_often_and_how_long(shop, olena, comes, letters, project):
    path = project.config("settings.yaml")
    path.write_text(path.read_text() + "soft_bounces: {count: 2, over: 1 day}\n")
    from winback import settings

    other = settings.open_project(project.root, project.environment)
    for number, day in enumerate((0, 1)):
        with database.writing(shop.engine) as connection:
            mail = replies.classify(replies.parse(bounce("5.2.2", number=number, letter=letters[number]).encode()))
            consequences.take(connection, mail, other, days(day))
    assert closed(shop) == ["soft-bounced"]


def _confirms(connection, who):
    freshness.confirm(connection, [(who, "email", days(8))])


def _clicks(connection, who):
    events.record(connection, [Event("hit:1", EventKind.CLICK, who, days(8), "human")])


@pytest.mark.parametrize("sign", [_confirms, _clicks])
def test_a_sign_of_life_begins_the_count_anew(shop, olena, comes, letters, sign):
    fails(comes, letters, 0, 3, 7)
    with database.writing(shop.engine) as connection:
        sign(connection, olena[0])
    comes(bounce("5.2.2", number=9, letter=letters[3]), days(15))
    assert closed(shop) == []


def test_a_machines_click_is_no_sign_of_life(shop, olena, comes, letters):
    fails(comes, letters, 0, 3, 7)
    with database.writing(shop.engine) as connection:
        events.record(connection, [Event("hit:1", EventKind.CLICK, olena[0], days(8), "machine")])
    comes(bounce("5.2.2", number=9, letter=letters[3]), days(15))
    assert closed(shop) == ["soft-bounced"]


def test_who_answers_from_an_address_that_failed_is_written_to_again(shop, olena, comes, letters):
    fails(comes, letters, 0, 5, 10, 15)
    comes(f"From: olena@mail.example\nMessage-ID: <r@mail.example>\nIn-Reply-To: {LETTER}\n\nI am back.\n", days(20))
    assert closed(shop) == []


@pytest.mark.parametrize(("status", "word"), [("5.7.26", "lane"), ("4.7.1", "greylisted"), ("5.6.0", "lane")])
def test_what_is_our_fault_or_nobodys_is_never_counted_against_the_address(shop, olena, comes, letters, status, word):
    for number, day in enumerate((0, 5, 10, 15, 20)):
        assert comes(bounce(status, number=number, letter=letters[number]), days(day)) == word
    assert closed(shop) == []


def test_a_delay_is_nothing_yet(shop, olena, comes):
    assert comes(bounce("4.4.1", action="delayed")) == "delayed"
    assert shop.rows(kept) == []


def guess(letter: int) -> str:
    return addresses.bounces("bounce@zerno.example", b"a guess" * 5, letter)


@pytest.mark.parametrize(
    "forged",
    [
        lambda letter: bounce("5.1.1", letter="<wb.spring.8@zerno.example>"),  # a Message-ID that was never ours
        lambda letter: bounce("5.1.1", recipient="other@mail.example"),  # of a letter to somebody else
        lambda letter: bounce("5.1.1", to=guess(letter), recipient="other@mail.example"),
        lambda letter: bounce("5.1.1", to=guess(letter), letter="<x@x>"),
        lambda letter: complaint(),  # a Message-ID alone
        lambda letter: complaint(recipient="other@mail.example"),
        lambda letter: complaint(original=guess(letter), attached="Subject: x"),
        lambda letter: complaint(recipient="olena@mail.example", attached="Subject: x"),  # an address alone
        lambda letter: "From: olena@mail.example\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
        lambda letter: "From: olena@mail.example\nSubject: x\nIn-Reply-To: <wb.spring.8@zerno.example>\n\nunsubscribe\n",
        lambda letter: (
            f"From: other@mail.example\nTo: {addresses.unsubscribe_mailbox('care@zerno.example', b'a guess' * 5, letter)}\nSubject: unsubscribe\n\n\n"
        ),
        lambda letter: f"From: other@mail.example\nTo: {guess(letter).replace('bounce+', 'care+')}\nSubject: unsubscribe\n\n\n",
    ],
)
def test_nobody_is_closed_by_a_forgery(shop, olena, comes, forged):
    comes(forged(olena[1]))
    assert closed(shop) == []


def test_a_token_of_another_purpose_closes_nobody(shop, olena, comes, project):
    as_bounce = addresses.unsubscribe_mailbox("bounce@zerno.example", project.key, olena[1])
    assert comes(bounce("5.1.1", to=as_bounce, letter="<x@x>", recipient="other@mail.example")) == "unknown"
    assert closed(shop) == []


@pytest.mark.parametrize("way", ["original", "attached", "id and address"])
def test_a_complaint_that_proves_its_letter_closes_the_address(shop, olena, comes, project, way):
    token = addresses.bounces("bounce@zerno.example", project.key, olena[1])
    leave = addresses.unsubscribe_mailbox("care@zerno.example", project.key, olena[1])
    told = {
        "original": complaint(original=f"<{token}>", attached="Subject: x"),
        "attached": complaint(attached=f"List-Unsubscribe: <mailto:{leave}?subject=unsubscribe>"),
        "id and address": complaint(recipient="olena@mail.example"),
    }
    assert comes(told[way]) == "complaint"
    assert closed(shop) == ["complained"]


def test_a_request_known_by_its_sender_alone_is_shown_to_a_person_and_closes_nothing(shop, olena, comes):
    assert comes("From: olena@mail.example\nSubject: x\n\nstop\n") == "reply"
    assert closed(shop) == []
    assert [row.status for row in shop.rows(forwards)] == ["waiting"]
    assert [row.signals for row in shop.rows(kept)] == [{"known_by": "address"}]
    assert [row.confirmed_at for row in shop.rows(contacts)] == [None]


def test_the_same_mail_twice_is_one(shop, olena, comes):
    for _ in range(2):
        comes(f"From: olena@mail.example\nMessage-ID: <r@mail.example>\nIn-Reply-To: {LETTER}\n\nHello\n")
    assert (len(shop.rows(kept)), len(shop.rows(forwards))) == (1, 1)
