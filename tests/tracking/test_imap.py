"""A mailbox on a server: read over TLS, each mail once, none deleted. By a small server of our own, and by dovecot where it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from tests.channels import certificates, imap_server
from tests.letterbox import NOW
from tests.referees import dovecot
from winback.channels import imap
from winback.errors import ConfigError, Refused
from winback.store import database, mailboxes
from winback.store.tables import events, mails
from winback.tracking import incoming
from winback.ways_in import ImapSettings

LETTER = "<wb.spring.7@zerno.example>"
PASSWORD = imap_server.PASSWORD


@contextmanager
def _small(folder):
    with imap_server.SmallServer(certificates.make(folder, imap_server.HOST)) as server:
        yield server


@pytest.fixture
def small(tmp_path):
    with _small(tmp_path) as server:
        yield server


@pytest.fixture(params=["small", pytest.param("dovecot", marks=pytest.mark.referee)])
def server(request, tmp_path):
    with _small(tmp_path) if request.param == "small" else dovecot.running() as server:
        yield server


@pytest.fixture
def olena(shop):
    return shop.written_to("olena", email="olena@mail.example", message_id=LETTER)


def reply(number: int, words: str = "Зайду на вихідних.") -> bytes:
    head = f"From: olena@mail.example\r\nTo: care@zerno.example\r\nMessage-ID: <{number}@mail.example>\r\nIn-Reply-To: {LETTER}\r\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n".encode()


def at(server, **more) -> ImapSettings:
    return ImapSettings(host=imap_server.HOST, port=server.port, user=imap_server.USER, **more)


def read(server, shop, project, settings=None) -> list[str]:
    settings = settings or at(server)
    tls = certificates.trusted(server.certificate)
    with closing(imap.open_mailbox(settings, PASSWORD, tls)) as mailbox:
        return [word for _, _, word in incoming.take_in_mailbox(mailbox, shop.engine, project, settings, NOW)]


def lying(server, folder: str = "INBOX") -> list[bytes]:
    settings = at(server, folder=folder)
    with closing(imap.open_mailbox(settings, PASSWORD, certificates.trusted(server.certificate))) as mailbox:
        return [content for _, content in mailbox.mails(mailbox.uids())]


def test_each_mail_is_taken_in_once_and_stays_unread_where_it_is(server, shop, project, olena):
    for number in range(3):
        server.deliver(reply(number), f"{number}.x")
    assert read(server, shop, project) == ["reply"] * 3
    server.deliver(reply(9), "9.x")
    assert read(server, shop, project) == ["reply"]
    assert read(server, shop, project) == []
    assert len(shop.rows(events)) == 4
    assert lying(server) == [reply(number) for number in (0, 1, 2, 9)]


def test_a_mail_that_has_two_numbers_is_one(server, shop, project, olena):
    server.deliver(reply(1), "1.x")
    server.deliver(reply(1), "2.x")
    read(server, shop, project)
    assert (len(shop.rows(events)), len(shop.rows(mails))) == (1, 1)


def test_other_numbers_for_the_same_mails_change_nothing(server, shop, project, olena):
    for number in range(3):
        server.deliver(reply(number), f"{number}.x")
    read(server, shop, project)
    server.renumber()
    shop.recipient(shop.run(), olena[0])  # a journey that began since
    assert read(server, shop, project) == ["reply"] * 3
    assert len(shop.rows(events)) == 3
    assert shop.standing(olena[0]) == [("stopped", "replied"), ("active", "")]


def test_mails_that_are_taken_in_are_moved_where_the_settings_say(server, shop, project, olena):
    server.deliver(reply(1), "1.x")
    settings = at(server, move_to="Taken")
    assert read(server, shop, project, settings) == ["reply"]
    assert (lying(server), lying(server, "Taken")) == ([], [reply(1)])
    assert read(server, shop, project, settings) == []


def test_what_was_stored_before_a_crash_and_not_moved_is_moved_the_next_time(server, shop, project, olena):
    server.deliver(reply(1), "1.x")
    read(server, shop, project)
    assert read(server, shop, project, at(server, move_to="Taken")) == []
    assert (lying(server), lying(server, "Taken")) == ([], [reply(1)])


def test_a_server_that_cannot_move_keeps_them(small, shop, project, olena):
    small.can_move = False
    small.deliver(reply(1))
    assert read(small, shop, project, at(small, move_to="Taken")) == ["reply"]
    assert lying(small) == [reply(1)]
    assert not any("STORE" in command or "EXPUNGE" in command or "COPY" in command for command in small.commands)


@pytest.mark.parametrize("after", range(1, 9))
def test_a_server_that_hangs_up_anywhere_loses_nothing_and_repeats_nothing(small, shop, project, olena, after):
    for number in range(3):
        small.deliver(reply(number))
    small.hangs_up_after = after
    settings = at(small, move_to="Taken")
    try:
        read(small, shop, project, settings)
    except Refused as refused:
        assert "Nothing is lost" in str(refused)
    small.hangs_up_after = None
    read(small, shop, project, settings)
    assert len(shop.rows(events)) == 3
    assert sorted(small.folders["Taken"].values()) == [reply(number) for number in range(3)]


def test_of_a_huge_mail_only_the_beginning_is_fetched(server, shop, project, olena):
    server.deliver(reply(1) + b"x" * 5_000_000, "1.x")
    assert read(server, shop, project) == ["reply"]
    assert [len(content) for content in lying(server)] == [2_000_000]


def test_a_wrong_password_is_told_as_such(server):
    with pytest.raises(ConfigError, match=r"doesn't let care in.*Look at `user:` and WINBACK_IMAP_PASSWORD"):
        imap.open_mailbox(at(server), "wrong", certificates.trusted(server.certificate))


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(server):
    with pytest.raises(Refused, match="certificate"):
        imap.open_mailbox(at(server), PASSWORD)


def test_a_folder_that_is_not_there_is_named(server):
    with pytest.raises(ConfigError, match="has no folder Nowhere"):
        imap.open_mailbox(at(server, folder="Nowhere"), PASSWORD, certificates.trusted(server.certificate))


def test_the_watermark_of_other_numbers_counts_for_nothing(shop):
    with database.writing(shop.engine) as connection:
        mailboxes.record_last_uid(connection, "a", 7, 100, NOW)
        mailboxes.record_last_uid(connection, "a", 7, 50, NOW)
        assert [mailboxes.last_uid(connection, "a", validity) for validity in (7, 8)] == [100, 0]
        mailboxes.record_last_uid(connection, "a", 8, 3, NOW)
        assert [mailboxes.last_uid(connection, "a", validity) for validity in (7, 8)] == [0, 3]


def test_the_command_says_what_lies_on_a_server_and_needs_no_project(small, tmp_path):
    small.deliver(reply(1))
    environment = {"SSL_CERT_FILE": str(small.certificate), "WINBACK_IMAP_PASSWORD": PASSWORD, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "winback.cli", "bounces", "--from", f"imap:care@localhost:{small.port}", "--dry-run", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    told = {"file": "INBOX/1", "recipient": "olena@mail.example", "kind": "reply", "status": "", "verdict": "reply"}
    assert json.loads(done.stdout) == {"messages": [told]}
    assert lying(small) == [reply(1)]
