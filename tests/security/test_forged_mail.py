"""Mail that says what isn't so: nobody is suppressed, stopped or proven by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import letterbox
from tests.letterbox import NOW
from winback.channels import mime
from winback.demo import mailbox
from winback.store.tables import contacts, deliveries, events, suppressions
from winback.tracking import addresses
from winback.tracking.incoming import read_maildir
from winback.tracking.tokens import Purpose, sign

OURS = "zerno.example"
OLENA = "olena@mail.example"
STRANGER = "mallory@evil.example"


@pytest.fixture
def inbox(tmp_path) -> Path:
    mailbox.make_maildir(tmp_path / "inbox")
    return tmp_path / "inbox"


@pytest.fixture
def olena(shop):
    """Olena in the middle of a journey; another customer beside her."""
    shop.written_to("ivan", email="ivan@mail.example", message_id=mime.message_id("spring", 1, OURS, shop.key))
    return shop.written_to("olena", email=OLENA, message_id=mime.message_id("spring", 2, OURS, shop.key))


def report(about: str, *, letter: str = "", final: str = OLENA) -> bytes:
    """A delivery report or a complaint: `about` is the part that tells which."""
    machine = {
        "dsn": f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {final}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n",
        "arf": f"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: {final}\n",
    }[about]
    returned = f"--b\nContent-Type: message/rfc822\n\nFrom: shop@{OURS}\nTo: {final}\nMessage-ID: {letter}\nSubject: x\n\nx\n" if letter else ""
    kind = "delivery-status" if about == "dsn" else "feedback-report"
    return f"Message-ID: <{about}.{len(letter)}.{final.partition('@')[0]}@mx.example>\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt failed.\n--b\n{machine}{returned}--b--\n".encode()


def arrives(inbox: Path, content: bytes, *, sender: str = "MAILER-DAEMON@evil.example", to: str = f"bounce@{OURS}") -> None:
    mailbox.deliver(inbox, f"From: {sender}\nTo: {to}\n".encode() + content, mail_from=sender, recipient=to)


def guesses(letter: int) -> tuple[str, ...]:
    """Message-IDs that somebody makes up who knows how ours look, and has one of their own."""
    stranger = mime.message_id("spring", letter, OURS, b"a key of the stranger's own" * 2)
    return (f"<wb.spring.{letter}@{OURS}>", f"<{letter}@{OURS}>", stranger, "<>", "<%>", "<' OR 1=1 -->")


@pytest.mark.parametrize("about", ["dsn", "arf"])
def test_reports_on_letters_that_are_guessed_change_nothing(shop, olena, inbox, about):
    who, letter = olena
    for guess in guesses(letter):
        arrives(inbox, report(about, letter=guess))
    assert changed(shop, who, inbox) == []


def test_a_report_that_came_to_a_made_up_address_changes_nothing(shop, olena, inbox):
    who, letter = olena
    right = sign(shop.key, Purpose.BOUNCE, letter)
    others = [sign(shop.key, purpose, letter) for purpose in Purpose if purpose not in {Purpose.BOUNCE, Purpose.UNSUBSCRIBE}]
    for token in (sign(b"x" * 32, Purpose.BOUNCE, letter), right[:-1] + "_", right[1:] + right[:1], right.lower(), *others):
        arrives(inbox, report("dsn"), to=f"bounce+{token}@{OURS}")
        arrives(inbox, report("arf"), to=f"bounce+{token}@{OURS}")
    assert changed(shop, who, inbox) == []


def test_a_right_letter_and_another_recipient_do_not_make_a_bounce(shop, olena, inbox):
    """Who got one letter knows its Message-ID: it speaks for that letter and nobody else's address."""
    who, _ = olena
    arrives(inbox, report("dsn", letter=mime.message_id("spring", 1, OURS, shop.key), final=OLENA))
    assert changed(shop, who, inbox) == []


@pytest.mark.parametrize("words", ["стоп", "Відпишіть мене", "unsubscribe", "Thank you!"])
def test_a_strangers_words_about_a_letter_that_is_guessed_change_nothing(shop, olena, inbox, words):
    who, letter = olena
    for guess in guesses(letter):
        arrives(
            inbox,
            f"In-Reply-To: {guess}\nReferences: {guess}\nMessage-ID: <{hash(guess)}@evil.example>\n\n{words}".encode(),
            sender=STRANGER,
            to=f"care@{OURS}",
        )
    assert changed(shop, who, inbox) == []


def test_mail_to_an_address_that_nobody_signed_unsubscribes_nobody(shop, olena, inbox):
    who, letter = olena
    for token in (sign(b"x" * 32, Purpose.UNSUBSCRIBE, letter), sign(shop.key, Purpose.OPEN, letter), str(letter), "A" * 40):
        arrives(inbox, b"Subject: unsubscribe\n\n", sender=STRANGER, to=f"care+{token}@{OURS}")
    assert changed(shop, who, inbox) == []


def test_the_right_token_in_a_field_that_is_no_recipient_is_not_believed(shop, olena, inbox):
    who, letter = olena
    right = addresses.bounces(f"bounce@{OURS}", b"x" * 32, letter)
    for field in ("Subject", "Reply-To", "X-Failed-Recipients", "Comments", "Final-Recipient"):
        arrives(inbox, f"{field}: {right}\n".encode() + report("dsn"))
    assert changed(shop, who, inbox) == []


def test_of_the_same_kind_the_true_ones_are_believed(shop, olena, inbox):
    """So that the cases above show that forgeries are refused, and not that nothing is ever believed."""
    who, letter = olena
    arrives(inbox, report("dsn", final="anybody@mail.example"), to=addresses.bounces(f"bounce@{OURS}", shop.key, letter))
    assert changed(shop, who, inbox) == ["standing", "suppressions"]
    arrives(inbox, report("arf", letter=mime.message_id("spring", 1, OURS, shop.key), final="ivan@mail.example"))
    take(shop, inbox)
    assert sorted(row.reason for row in shop.rows(suppressions)) == ["bounced", "complained"]


def take(shop, inbox: Path) -> None:
    read_maildir(inbox, shop.engine, letterbox.project(inbox.parent / "project"), NOW)


def changed(shop, who: int, inbox: Path) -> list[str]:
    """What the mail in the inbox changed, by name."""
    before = shop.rows(deliveries)
    take(shop, inbox)
    assert not list((inbox / "new").iterdir()), "it was read"
    facts = {
        "standing": shop.standing(who) != [("active", "")],
        "suppressions": bool(shop.rows(suppressions)),
        "deliveries": shop.rows(deliveries) != before,
        "contacts": any(row.confirmed_at for row in shop.rows(contacts)),
        "events": any(row.customer_id == who and row.kind != "bounce" for row in shop.rows(events)),
    }
    return [name for name, holds in facts.items() if holds]
