"""E-mail against a real SMTP server in this process: what is accepted, refused, put off, and what stays in doubt."""

from __future__ import annotations

import asyncio
import email
import email.policy
import inspect
import socket
from datetime import UTC, datetime

import aiosmtplib
import pytest

from winback.channels import email as module
from winback.channels import smtp_server
from winback.channels.email import DEEPEST, DEPTH, SmtpChannel
from winback.demo.mailbox import MailServer
from winback.errors import ChannelError, LaneError, NotLetInError, PermanentError, TemporaryError, UncertainError
from winback.model import Email


def letter(number: int = 1, to: str = "olena@post.example") -> Email:
    return Email(
        delivery_id=number,
        to=to,
        sender_name="Олена Савчук",
        sender_address="olena@news.zerno.example",
        reply_to="olena@zerno.example",
        mail_from="bounces@news.zerno.example",
        message_id=f"<wb.spring.{number}@news.zerno.example>",
        subject="Оленo, ми сумували за вами",
        html="<p>Вітаємо!</p>",
        text="Вітаємо!\n",
        language="uk",
        sent_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
        unsubscribe_url="https://u.zerno.example/u/" + "t" * 39,
    )


def channel(server: MailServer, **options) -> SmtpChannel:
    return SmtpChannel(server.host, server.port, **{"security": "none", "timeout": 5, "connections": 3, **options})


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
def pipelining(request) -> bool:
    """Whether the server takes several commands at once."""
    return bool(request.param)


async def test_a_letter_arrives_whole_and_its_receipt_names_the_queue(tmp_path):
    with MailServer(tmp_path) as server:
        async with channel(server) as out:
            receipt = await out.send(letter())
        assert "queued as" in receipt.remote_id
        received = email.message_from_bytes(server.received[0].path.read_bytes(), policy=email.policy.default)
    assert received["Subject"] == "Оленo, ми сумували за вами"
    assert received["Return-Path"] == "<bounces@news.zerno.example>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_connections_are_kept_and_shared(tmp_path, pipelining):
    with MailServer(tmp_path, pipelining=pipelining) as server:
        async with channel(server, connections=3) as out:
            await asyncio.gather(*(out.send(letter(number)) for number in range(30)))
        assert server.accepted == 30
        assert 1 <= server.connections <= 3


@pytest.mark.parametrize(("soon", "depth"), [(1e-9, DEPTH), (1e9, DEEPEST)], ids=["slow", "quick"])
async def test_a_server_that_is_quick_is_given_more_at_once_and_one_that_grows_slow_less_again(tmp_path, monkeypatch, soon, depth):
    monkeypatch.setattr(module, "_LOOK_EVERY", 5)
    monkeypatch.setattr(module, "_SOON", soon)
    with MailServer(tmp_path) as server:
        async with channel(server, connections=3) as out:
            assert out.in_flight == 3 * DEPTH, "nothing is known of it"
            for number in range(10):
                await out.send(letter(number))
            assert out.in_flight == 3 * depth
            monkeypatch.setattr(module, "_SOON", 1e-9)
            for number in range(10, 15):
                await out.send(letter(number))
            assert out.in_flight == 3 * DEPTH


@pytest.mark.parametrize(
    ("reply", "error", "reason"),
    [
        ("550 5.1.1 No such user", PermanentError, "no-such-mailbox"),
        ("450 4.7.1 Greylisted, try again", TemporaryError, "greylisted"),
        ("421 4.3.2 Too busy", TemporaryError, "slow-down"),
        ("550 5.7.26 Unauthenticated sender", LaneError, "refused-by-policy"),
    ],
)
async def test_a_refusal_at_rcpt_or_after_data_is_told_from_our_own_faults(tmp_path, reply, error, reason, pipelining):
    for where in ("replies", "after_data"):
        with MailServer(tmp_path / where, pipelining=pipelining, **{where: {"olena@post.example": reply}}) as server:
            async with channel(server, connections=1) as out:
                with pytest.raises(error) as refused:
                    await out.send(letter())
                assert refused.value.reason == reason
                await out.send(letter(2, "taras@post.example"))
            assert [each.recipient for each in server.received] == ["taras@post.example"]


async def test_a_connection_lost_after_the_letter_was_given_is_doubt_and_the_next_letter_goes_out(tmp_path, pipelining):
    with MailServer(tmp_path, drops=["olena@post.example"], pipelining=pipelining) as server:
        async with channel(server, connections=1) as out:
            with pytest.raises(UncertainError, match="no-answer-after-data"):
                await out.send(letter())
            await out.send(letter(2, "taras@post.example"))
        assert [each.recipient for each in server.received] == ["olena@post.example", "taras@post.example"]


async def test_a_server_that_is_not_there_closes_the_lane_before_anything_is_sent():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LaneError, match="unreachable"):
        async with SmtpChannel("127.0.0.1", port, security="none", timeout=2):
            pass


@pytest.mark.parametrize(("password", "let_in"), [("right", True), ("wrong", False)])
async def test_the_login_is_tried_on_entering(tmp_path, password, let_in):
    with MailServer(tmp_path, user="shop", password="right") as server:
        out = channel(server, user="shop", password=password)
        if let_in:
            async with out:
                await out.send(letter())
            assert server.accepted == 1
        else:
            with pytest.raises(LaneError, match="login-refused"):
                async with out:
                    pass
            assert "wrong" not in repr(out)


async def test_nothing_gets_in_through_an_address(tmp_path):
    with MailServer(tmp_path) as server:
        async with channel(server) as out:
            with pytest.raises(ChannelError):
                await out.send(letter(1, "a@post.example>\r\nRCPT TO:<evil@post.example"))
        assert server.received == []


def exceptions() -> list[type[Exception]]:
    found = [member for _, member in inspect.getmembers(aiosmtplib.errors, inspect.isclass) if issubclass(member, Exception)]
    return [each for each in found if each.__module__.startswith("aiosmtplib")]


def made(kind: type[Exception]) -> Exception:
    if kind is aiosmtplib.SMTPRecipientsRefused:
        return kind([aiosmtplib.SMTPRecipientRefused(550, "5.1.1 no", "a@b.example")])
    if kind in {aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused}:
        return kind(550, "5.1.1 no", "a@b.example")
    return kind(550, "5.1.1 no") if issubclass(kind, aiosmtplib.SMTPResponseException) else kind("no")


@pytest.mark.parametrize("kind", exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_library_closes_the_lane(kind):
    """It only connects, secures and logs in: the address is innocent of whatever goes wrong there."""
    assert len(exceptions()) >= 15
    assert isinstance(smtp_server.connecting_error(made(kind)), NotLetInError)
