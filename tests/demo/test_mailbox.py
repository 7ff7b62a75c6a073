from __future__ import annotations

import smtplib

import pytest

from winback.demo.mailbox import MailServer

LETTER = b"From: shop@zerno.example\r\nTo: olena@mail.example\r\nSubject: Hello\r\n\r\n.leading dot\r\nBye\r\n"


def send(server: MailServer, to: str = "olena@mail.example"):
    with smtplib.SMTP(server.host, server.port, timeout=10) as client:
        return client.sendmail("shop@zerno.example", [to], LETTER)


def test_a_letter_lands_in_the_maildir_byte_for_byte_below_its_envelope(tmp_path):
    with MailServer(tmp_path) as server:
        send(server)
        (received,) = server.received
        content = received.path.read_bytes()
    assert (received.recipient, received.mail_from) == ("olena@mail.example", "shop@zerno.example")
    assert content == b"Return-Path: <shop@zerno.example>\r\nDelivered-To: olena@mail.example\r\n" + LETTER
    assert list((tmp_path / "new").iterdir()) == [received.path]


def test_a_refused_recipient_is_counted_and_keeps_no_letter(tmp_path):
    with MailServer(tmp_path, replies={"gone@mail.example": "550 5.1.1 No such user"}) as server:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(server, "gone@mail.example")
        assert refused.value.recipients["gone@mail.example"] == (550, b"5.1.1 No such user")
        assert (server.accepted, server.refused["gone@mail.example"]) == (0, 1)


def test_a_421_is_said_before_the_server_hangs_up(tmp_path):
    with (
        MailServer(tmp_path, replies={"olena@mail.example": "421 4.3.2 Closing"}) as server,
        smtplib.SMTP(server.host, server.port, timeout=10) as client,
    ):
        client.ehlo()
        client.mail("shop@zerno.example")
        assert client.rcpt("olena@mail.example") == (421, b"4.3.2 Closing")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()


def test_a_letter_refused_after_its_data_is_not_kept(tmp_path):
    with MailServer(tmp_path, after_data={"olena@mail.example": "554 5.7.1 Looks like spam"}) as server:
        with pytest.raises(smtplib.SMTPDataError, match="Looks like spam"):
            send(server)
        assert server.accepted == 0


def test_a_dropped_connection_after_data_leaves_the_sender_in_doubt_and_the_letter_here(tmp_path):
    with MailServer(tmp_path, drops=["olena@mail.example"]) as server:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(server)
        assert server.accepted == 1


def test_greylisting_puts_the_first_try_off_and_takes_the_second(tmp_path):
    with MailServer(tmp_path, greylisting=True) as server:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(server)
        assert refused.value.recipients["olena@mail.example"][0] == 450
        send(server)
        assert server.accepted == 1


def test_a_server_with_a_login_takes_letters_only_after_the_right_one(tmp_path):
    with MailServer(tmp_path, user="shop", password="right") as server, smtplib.SMTP(server.host, server.port, timeout=10) as client:
        client.ehlo()
        assert client.mail("shop@zerno.example")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
            client.login("shop", "wrong")
        client.login("shop", "right")
        assert client.mail("shop@zerno.example")[0] == 250


def test_several_servers_run_beside_each_other(tmp_path):
    with MailServer(tmp_path / "one") as one, MailServer(tmp_path / "two") as two:
        send(two)
        assert (one.accepted, two.accepted) == (0, 1)
