from __future__ import annotations

from pathlib import Path

import pytest

from tests import letterbox
from tests.letterbox import NOW, SENT_AT
from winback.demo import mailbox
from winback.errors import SourceError
from winback.store import database, merging
from winback.store.contacts import address_hash
from winback.store.merging import Merged
from winback.store.tables import contacts, deliveries, events, suppressions
from winback.tracking import addresses, incoming
from winback.tracking.incoming import read_maildir

LETTER = "<wb.spring.7@zerno.example>"


@pytest.fixture
def inbox(tmp_path) -> Path:
    mailbox.make_maildir(tmp_path / "inbox")
    return tmp_path / "inbox"


def arrives(inbox: Path, text: str, *, sender: str = "olena@mail.example", to: str = "care@zerno.example", **headers: str) -> None:
    lines = [f"From: {sender}", f"To: {to}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()), "", text]
    mailbox.deliver(inbox, "\n".join(lines).encode(), mail_from=sender, recipient=to)


def report(status: str, *, recipient: str = "olena@mail.example", letter: str = LETTER) -> str:
    return (
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {letter}\n--b--\n"
    )


def bounces(inbox: Path, status: str, *, to: str = "bounce@zerno.example", **about: str) -> None:
    arrives(inbox, report(status, **about), sender="mailer-daemon@mx.example", to=to, Content_Type="multipart/report; boundary=b")


@pytest.fixture
def olena(shop):
    return shop.written_to("olena", email="olena@mail.example", message_id=LETTER)


def read(shop, inbox):
    return dict(read_maildir(inbox, shop.engine, letterbox.project(inbox.parent / "project"), NOW))


def test_a_reply_to_a_letter_is_kept_and_ends_the_journey(shop, olena, inbox):
    who, letter = olena
    arrives(inbox, "Зайду на вихідних.", sender="Olena <olena@home.example>", In_Reply_To=LETTER)
    assert read(shop, inbox) == {"reply": 1}
    (row,) = shop.rows(events)
    assert (row.kind, row.customer_id, row.delivery_id, row.verdict, row.text, row.happened_at) == (
        "reply", who, letter, "human", "Зайду на вихідних.", NOW,
    )  # fmt: skip
    assert shop.standing(who) == [("stopped", "replied")]
    assert shop.rows(suppressions) == []


def test_a_mail_that_answers_no_letter_is_known_by_its_sender(shop, olena, inbox):
    who, _ = olena
    arrives(inbox, "Are you open on Sunday?", sender="olena@MAIL.example")
    assert read(shop, inbox) == {"reply": 1}
    assert [(row.customer_id, row.delivery_id) for row in shop.rows(events)] == [(who, None)]
    assert shop.standing(who) == [("stopped", "replied")]


def test_a_stranger_is_counted_and_changes_nothing(shop, olena, inbox):
    arrives(inbox, "Buy our leads!", sender="spam@elsewhere.example")
    assert read(shop, inbox) == {"unknown": 1}
    assert (shop.rows(events), shop.standing(olena[0])) == ([], [("active", "")])


def test_a_machine_that_answers_is_counted_and_changes_nothing(shop, olena, inbox):
    arrives(inbox, "Away until Monday", In_Reply_To=LETTER, Auto_Submitted="auto-replied")
    assert read(shop, inbox) == {"auto-reply": 1}
    assert (shop.rows(events), shop.standing(olena[0])) == ([], [("active", "")])


def test_a_request_to_stop_is_obeyed_by_words(shop, olena, inbox):
    who, letter = olena
    arrives(inbox, "Відпишіть мене", In_Reply_To=LETTER)
    assert read(shop, inbox) == {"unsubscribe": 1}
    assert [(row.reason, row.delivery_id) for row in shop.rows(suppressions)] == [("unsubscribed", letter)]
    assert shop.standing(who) == [("stopped", "unsubscribed")]


def test_a_request_to_stop_is_obeyed_by_the_address_it_is_sent_to(shop, olena, inbox):
    who, letter = olena
    to = addresses.unsubscribe_mailbox("care@zerno.example", shop.key, letter)
    arrives(inbox, "", sender="somebody@elsewhere.example", to=to, Auto_Submitted="auto-generated")
    assert read(shop, inbox) == {"unsubscribe": 1}
    assert shop.standing(who) == [("stopped", "unsubscribed")]


@pytest.mark.parametrize(("status", "word"), [("5.2.2", "soft"), ("5.7.26", "lane")])
def test_a_bounce_that_is_not_the_addresses_fault_is_kept_and_ends_nothing(shop, olena, inbox, status, word):
    bounces(inbox, status)
    assert read(shop, inbox) == {word: 1}
    assert [(row.kind, row.verdict, row.signals) for row in shop.rows(events)] == [("bounce", word, {"status": status})]
    assert (shop.standing(olena[0]), shop.rows(suppressions)) == ([("active", "")], [])


def test_a_dead_address_is_suppressed_and_the_journey_ends(shop, olena, inbox):
    bounces(inbox, "5.1.1")
    assert read(shop, inbox) == {"hard": 1}
    assert [row.reason for row in shop.rows(suppressions)] == ["bounced"]
    assert shop.standing(olena[0]) == [("stopped", "bounced")]


def test_a_report_that_names_another_address_than_the_letters_is_believed_by_its_token_only(shop, olena, inbox):
    who, letter = olena
    bounces(inbox, "5.1.1", recipient="victim@mail.example")
    bounces(inbox, "5.1.1", recipient="victim@mail.example", to=addresses.bounces("bounce@zerno.example", b"a guess" * 5, letter))
    assert read(shop, inbox) == {"unknown": 2}
    assert shop.standing(who) == [("active", "")]
    bounces(inbox, "5.1.1", recipient="forwarded@mail.example", letter="<x@x>", to=addresses.bounces("bounce@zerno.example", shop.key, letter))
    assert read(shop, inbox) == {"hard": 1}
    assert shop.standing(who) == [("stopped", "bounced")]


def test_a_complaint_suppresses(shop, olena, inbox):
    body = f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b\nContent-Type: message/rfc822\n\nTo: olena@mail.example\nMessage-ID: {LETTER}\n\n--b--\n"
    arrives(inbox, body, sender="feedback@provider.example", Content_Type="multipart/report; boundary=b")
    assert read(shop, inbox) == {"complaint": 1}
    assert [row.reason for row in shop.rows(suppressions)] == ["complained"]
    assert shop.standing(olena[0]) == [("stopped", "complained")]


@pytest.mark.parametrize(("headers", "status"), [({"In_Reply_To": LETTER}, "sent"), ({}, "uncertain")])
def test_a_letter_in_doubt_that_is_answered_had_left(shop, olena, inbox, headers, status):
    _, letter = olena
    shop.doubt(letter)
    arrives(inbox, "Thank you!", **headers)
    read(shop, inbox)
    (row,) = shop.rows(deliveries, id=letter)
    assert (row.status, row.sent_at) == (status, SENT_AT if status == "sent" else None)


def test_mail_is_kept_unread_and_read_once(shop, olena, inbox):
    for number in range(250):
        arrives(inbox, f"Answer {number}", In_Reply_To=LETTER, Message_ID=f"<{number}@mail.example>")
    assert read(shop, inbox) == {"reply": 250}
    kept = list((inbox / "cur").iterdir())
    assert len(kept) == 250
    assert all(file.name.endswith(":2,") for file in kept)
    assert read(shop, inbox) == {}


def test_mail_read_again_after_a_crash_changes_nothing(shop, olena, inbox):
    who, _ = olena
    arrives(inbox, "Thank you", In_Reply_To=LETTER, Message_ID="<1@mail.example>")
    read(shop, inbox)
    (file,) = (inbox / "cur").iterdir()
    file.rename(inbox / "new" / file.name)
    shop.recipient(shop.run(), who)  # a journey that began since
    assert read(shop, inbox) == {"reply": 1}
    assert len(shop.rows(events)) == 1
    assert shop.standing(who) == [("stopped", "replied"), ("active", "")]
    assert [file.name.count(":") for file in (inbox / "cur").iterdir()] == [1]


def test_a_folder_that_is_no_maildir_is_refused_with_a_sentence(shop, project, tmp_path):
    with pytest.raises(SourceError, match=r"this is not a Maildir\. Name the folder that holds `new` and `cur`"):
        incoming.read_maildir(tmp_path, shop.engine, project, NOW)


def test_an_answer_shows_that_the_address_is_alive(shop, olena, inbox):
    shop.customer("ivan", email="ivan@mail.example")
    arrives(inbox, "Зайду на вихідних.", In_Reply_To=LETTER)
    read(shop, inbox)
    assert [row.confirmed_at for row in shop.rows(contacts)] == [NOW, None]


@pytest.fixture
def merged(shop, olena):
    """Olena's record was merged into another one, which has an address of its own."""
    stays = shop.customer("olha", email="olha@mail.example")
    assert isinstance(merge(shop, olena[0], stays), Merged)
    return stays


def merge(shop, goes: int, stays: int):
    with database.writing(shop.engine) as connection:
        return merging.merge(connection, goes, stays, NOW)


def test_a_bounce_from_the_address_that_went_closes_no_other(shop, olena, merged, inbox, project):
    bounces(inbox, "5.1.1", to=addresses.bounces("bounce@zerno.example", project.key, olena[1]))
    assert read(shop, inbox) == {"hard": 1}
    assert [(row.kind, row.customer_id) for row in shop.rows(events)] == [("bounce", merged)]
    assert shop.rows(suppressions) == []
    assert shop.standing(merged) == [("active", "")]


def test_a_bounce_from_the_address_that_stays_closes_it_though_the_letter_is_from_before(shop, merged, olena, inbox, project):
    to = addresses.bounces("bounce@zerno.example", project.key, olena[1])
    bounces(inbox, "5.1.1", to=to, recipient="olha@mail.example")
    assert read(shop, inbox) == {"hard": 1}
    assert [row.reason for row in shop.rows(suppressions)] == ["bounced"]
    assert shop.standing(merged) == [("stopped", "bounced")]


def test_who_answers_a_letter_from_before_the_merge_is_heard_as_the_person(shop, merged, inbox):
    arrives(inbox, "Зайду на вихідних.", In_Reply_To=LETTER)
    read(shop, inbox)
    assert shop.standing(merged) == [("stopped", "replied")]
    assert [row.confirmed_at for row in shop.rows(contacts)] == [None], "the answer came from the other address"


def test_who_asks_by_a_letter_from_before_the_merge_to_be_left_alone_is_left_alone(shop, merged, inbox):
    arrives(inbox, "stop", In_Reply_To=LETTER)
    assert read(shop, inbox) == {"unsubscribe": 1}
    assert shop.standing(merged) == [("stopped", "unsubscribed")]
    assert [(row.reason, row.address_hash) for row in shop.rows(suppressions)] == [
        ("unsubscribed", address_hash(shop.key, "email", "olha@mail.example"))
    ]
