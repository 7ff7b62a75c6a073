"""Addresses closed by hand and by lists, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import letterbox
from tests.letterbox import NOW
from winback.errors import ConfigError, SourceError
from winback.model import BY_PHONE, Reason, RecipientStatus
from winback.operations import suppressing
from winback.store import consents, database, suppressions
from winback.store.contacts import address_hash, hasher, mailbox
from winback.store.tables import contacts
from winback.store.tables import suppressions as table


@pytest.fixture
def project(tmp_path):
    return letterbox.project(tmp_path / "project")


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


def take(project, engine, rows: str, name: str = "unsubscribes.csv", **more):
    path = project.root / name
    path.write_text(rows, encoding="utf-8")
    return suppressing.import_list(project, engine, path, **{"reason": None, "everywhere": False, "now": NOW, **more})


LIST = "email,status\nolena@mail.example,unsubscribed\nivan@mail.example,spam\nnobody@mail.example,bounced\nfine@mail.example,active\nbroken,spam\n"


def test_a_list_closes_addresses_and_ends_the_journeys_of_those_who_have_them(project, engine, shop):
    olena, _ = shop.written_to("olena", email="olena@mail.example")
    fine, _ = shop.written_to("fine", email="fine@mail.example")
    report = take(project, engine, LIST)
    assert report.as_json() == {
        "new": 3,
        "known": 0,
        "passed_over": 1,
        "rejected": 1,
        "rejects_file": report.rejects_file,
        "reasons": {"unsubscribed": 1, "complained": 1, "bounced": 1},
        "journeys": 1,
    }
    assert "broken" in (project.root / str(report.rejects_file)).read_text(encoding="utf-8-sig")
    assert shop.standing(olena) == [(RecipientStatus.STOPPED, Reason.UNSUBSCRIBED)]
    assert shop.standing(fine) == [(RecipientStatus.ACTIVE, "")]
    with database.reading(engine) as connection:
        assert [(row.deed, row.way, row.evidence) for row in consents.proofs(connection, olena)] == [
            ("withdrawn", "list", {"source": "list unsubscribes.csv"})
        ]


def test_the_same_list_twice_changes_nothing(project, engine, shop):
    shop.written_to("olena", email="olena@mail.example")
    take(project, engine, LIST)
    before = shop.rows(table)
    again = take(project, engine, LIST, now=NOW + timedelta(days=1))
    assert (again.new, again.known, again.journeys) == (0, 3, 0)
    assert shop.rows(table) == before


def test_a_dry_run_changes_nothing(project, engine, shop):
    assert take(project, engine, LIST, dry_run=True).new == 3
    assert shop.rows(table) == []


def test_what_is_closed_everywhere_stays_so_when_a_list_of_one_channel_comes(project, engine, shop):
    take(project, engine, "email\nolena@mail.example\n", everywhere=True)
    take(project, engine, "email\nolena@mail.example\n")
    assert [row.everywhere for row in shop.rows(table)] == [True]


def test_one_channel_can_come_to_be_all(project, engine, shop):
    assert take(project, engine, "email\nolena@mail.example\n").new == 1
    assert take(project, engine, "email\nolena@mail.example\n", everywhere=True).new == 1
    assert [row.everywhere for row in shop.rows(table)] == [True]


def test_a_list_that_cannot_be_read_changes_nothing(project, engine, shop):
    with pytest.raises(SourceError):
        take(project, engine, "name\ttown\nolena\t1\n")
    assert shop.rows(table) == []


def test_words_of_a_list_are_values_and_never_statements(project, engine, shop):
    take(project, engine, 'email,status\n"o\'); DROP TABLE suppressions;--@mail.example",spam\nx@mail.example,"\'; DELETE FROM customers;--"\n')
    assert [row.reason for row in shop.rows(table)] == ["unsubscribed"]


def test_an_address_is_closed_and_opened_by_hand(project, engine, shop):
    olena, _ = shop.written_to("olena", email="olena@mail.example")
    assert suppressing.add(project, engine, " Olena@Mail.Example ", reason=Reason.UNSUBSCRIBED, everywhere=False, by="ann", now=NOW)
    assert not suppressing.add(project, engine, "olena@mail.example", reason=Reason.BOUNCED, everywhere=False, by="ann", now=NOW)
    assert shop.standing(olena) == [(RecipientStatus.STOPPED, Reason.UNSUBSCRIBED)]
    assert suppressing.lift(project, engine, "OLENA@mail.example", now=NOW) is Reason.UNSUBSCRIBED
    assert suppressing.lift(project, engine, "olena@mail.example", now=NOW) is None
    with database.reading(engine) as connection:
        assert [(row.deed, row.way) for row in consents.proofs(connection, olena)] == [("withdrawn", "staff")], "only a new consent brings letters"
        assert suppressions.counts(connection) == {}


def test_a_list_of_phones_closes_every_channel_that_reaches_them_and_counts_each_once(project, engine, shop):
    olena, _ = shop.written_to("olena", email="olena@mail.example")
    phone = "+380671234567"
    for channel in BY_PHONE:
        shop._put(contacts, customer_id=olena, channel=channel, address=phone, address_hash=address_hash(project.key, channel, phone))
    rows = "phone,status\n380671234567,STOP\n+40721123456,opted out\n00380671234567,STOP\n067 123 45 67,STOP\n"
    report = take(project, engine, rows, "optouts.csv")
    assert (report.new, report.known, report.rejected, report.journeys) == (2, 1, 1, 1)
    assert "no phone with the code of its country" in (project.root / str(report.rejects_file)).read_text(encoding="utf-8-sig")
    with database.reading(engine) as connection:
        assert suppressions.counts(connection) == {(str(channel), "unsubscribed", False): 2 for channel in BY_PHONE}
        withdrawn = [row.channel for row in consents.proofs(connection, olena) if row.deed == "withdrawn"]
    assert sorted(withdrawn) == sorted(BY_PHONE)
    assert take(project, engine, rows, "optouts.csv").new == 0
    assert suppressing.lift(project, engine, phone, now=NOW) is Reason.UNSUBSCRIBED


def test_what_is_no_address_is_told(project, engine):
    with pytest.raises(ConfigError, match="is no e-mail address"):
        suppressing.add(project, engine, "olena", reason=Reason.UNSUBSCRIBED, everywhere=False, by="", now=NOW)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Olena@mail.example", "olena@MAIL.example", True),
        ("o.le.na@gmail.com", "olena@googlemail.com", True),
        ("o.lena@mail.example", "olena@mail.example", False),
        ("olena+shop@gmail.com", "olena@gmail.com", False),
        ("olena@gmail.com.example", "o.lena@gmail.com.example", False),
    ],
)
def test_which_spellings_are_one_mailbox(one, other, same):
    assert (mailbox(one) == mailbox(other)) == same
    assert (address_hash(b"k" * 32, "email", one) == hasher(b"k" * 32, "email")(other)) == same


def test_chats_are_known_by_their_digits_alone():
    assert address_hash(b"k" * 32, "telegram", "55") != address_hash(b"k" * 32, "email", "55")
