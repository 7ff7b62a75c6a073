"""Getting in: nothing secret is said before the connection is safe, and every way of being turned away has its reason."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from tests.channels import certificates
from tests.channels.test_email import letter
from tests.channels.test_smtp_dialogue import OFFERS, Scripted, but, listening, scripted, usual
from winback.channels.email import SmtpChannel
from winback.channels.smtp_server import Server
from winback.demo.mailbox import MailServer
from winback.errors import ConfigError, NotLetInError, Problem


def over_tls(server: MailServer, trust=None, *, host="localhost", security="starttls") -> SmtpChannel:
    return SmtpChannel(host, server.port, user="shop", password="s3cret", security=security, trust=trust, timeout=5, connections=1)


async def test_a_letter_goes_out_over_starttls_to_a_server_whose_certificate_is_trusted(tmp_path):
    file = certificates.make(tmp_path)
    with MailServer(tmp_path / "mail", user="shop", password="s3cret", certificate=certificates.shown(file)) as server:
        async with over_tls(server, certificates.trusted(file)) as out:
            await out.send(letter())
        assert (server.accepted, server.logins) == (1, 1)


@pytest.mark.parametrize(
    ("host", "shown_for", "lasts_for", "is_known"),
    [
        ("localhost", "localhost", timedelta(days=2), False),
        ("127.0.0.1", "localhost", timedelta(days=2), True),
        ("localhost", "post.example", timedelta(days=2), True),
        ("localhost", "localhost", timedelta(days=-2), True),
    ],
    ids=["signed by a stranger", "for a name, asked for by number", "for another host", "expired"],
)
async def test_a_certificate_that_cant_be_trusted_is_refused_before_the_password_is_told(tmp_path, host, shown_for, lasts_for, is_known):
    file = certificates.make(tmp_path, shown_for, lasts_for=lasts_for)
    with MailServer(tmp_path / "mail", user="shop", password="s3cret", certificate=certificates.shown(file)) as server:
        with pytest.raises(NotLetInError, match="certificate-refused"):
            async with over_tls(server, certificates.trusted(file) if is_known else None, host=host):
                pass
        assert server.logins == 0


async def turned_away(answer=usual, *, offers=OFFERS, shows=None, **options) -> tuple[Scripted, NotLetInError]:
    """What a scripted server heard of somebody who didn't get in, and why they didn't."""
    async with listening(answer, offers=offers, shows=shows) as (script, port):
        settings = {"host": "127.0.0.1", "port": port, "security": "none", "user": "shop", "password": "s3cret", "timeout": 1, **options}
        with pytest.raises(NotLetInError) as refused:
            async with SmtpChannel(**settings):
                pass
    assert "MAIL" not in script.verbs
    return script, refused.value


@pytest.mark.parametrize(
    ("answer", "offers", "reason"),
    [
        (usual, "250-AUTH PLAIN LOGIN\r\n250 SIZE", "not-supported"),
        (but("EHLO", 1, "502 what?"), "250 SIZE", "not-supported"),
        (but("STARTTLS", 1, "454 4.7.0 not now"), "250-STARTTLS\r\n250 AUTH PLAIN LOGIN", "server-refused"),
        (but("STARTTLS", 1, "220 go on\r\n250-hello\r\n250 AUTH PLAIN"), "250-STARTTLS\r\n250 AUTH PLAIN LOGIN", "unreachable"),
        (but("STARTTLS", 1, None), "250-STARTTLS\r\n250 AUTH PLAIN LOGIN", "unreachable"),
    ],
    ids=["STARTTLS taken out of the offer", "EHLO refused on the way", "STARTTLS refused", "answered in plain text instead", "cut off"],
)
async def test_without_the_tls_that_was_asked_for_nothing_is_told(answer, offers, reason):
    script, error = await turned_away(answer, offers=offers, security="starttls")
    assert error.reason == reason
    assert script.connections == 1
    assert not any(b"AUTH" in piece for piece in script.pieces)


async def test_tls_from_the_first_byte(tmp_path):
    file = certificates.make(tmp_path)
    async with (
        listening(shows=certificates.shown(file)) as (script, port),
        SmtpChannel("localhost", port, security="tls", trust=certificates.trusted(file), timeout=5) as channel,
    ):
        await channel.send(letter())
    assert len(script.messages) == 1
    script, error = await turned_away(shows=certificates.shown(file), host="localhost", security="tls")
    assert error.reason == "certificate-refused"
    assert script.verbs == []


async def test_a_server_that_speaks_plainly_where_tls_was_asked_for_is_refused():
    script, _ = await turned_away(security="tls")
    assert not any(b"AUTH" in piece for piece in script.pieces)


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ("CRAM-MD5 LOGIN PLAIN", [b"AUTH PLAIN " + base64.b64encode(b"\0shop\0s3cret")]),
        ("LOGIN", [b"AUTH LOGIN " + base64.b64encode(b"shop"), base64.b64encode(b"s3cret")]),
    ],
)
async def test_the_login_is_by_plain_or_login(offered, said):
    def answer(verb, _time):
        return {"AUTH": "334 UGFzc3dvcmQ6" if offered == "LOGIN" else "235 come in", said[-1].decode().upper(): "235 come in"}.get(verb, "usual")

    async with scripted(answer, offers=f"250 AUTH {offered}", user="shop", password="s3cret") as (script, channel):
        await channel.send(letter())
    assert [line.rstrip() for line in script.pieces[1:-1] if b"AUTH" in line or line.rstrip() in said] == said


async def test_a_refused_login_is_tried_once():
    script, error = await turned_away(but("AUTH", 1, "535 5.7.8 no"), offers="250 AUTH PLAIN LOGIN")
    assert (error.reason, script.verbs.count("AUTH")) == ("login-refused", 1)


@pytest.mark.parametrize(("token", "offered"), [(None, "250 AUTH CRAM-MD5 XOAUTH2"), (lambda: "t0ken", "250 AUTH PLAIN LOGIN"), (None, "250 SIZE")])
async def test_a_login_that_the_server_doesnt_offer_isnt_tried(token, offered):
    script, error = await turned_away(offers=offered, token=token)
    assert error.reason == "login-not-offered"
    assert "AUTH" not in script.verbs


async def test_the_token_is_asked_for_at_each_login_so_that_a_renewed_one_is_taken_up():
    tokens = iter(["old", "new"])

    def expired(verb, _time):
        return {"AUTH": "334 eyJzdGF0dXMiOiI0MDEifQ==", "": "535 5.7.8 expired"}.get(verb, "usual")

    def token():
        return next(tokens)

    first, error = await turned_away(expired, offers="250 AUTH XOAUTH2", user="shop@post.example", token=token)
    assert (error.reason, error.text) == ("login-refused", "535 5.7.8 expired")
    async with scripted(but("AUTH", 1, "235 come in"), offers="250 AUTH XOAUTH2", user="shop@post.example", token=token) as (second, channel):
        await channel.send(letter())
    told = [base64.b64decode(piece.split()[2]) for each in (first, second) for piece in each.pieces if piece.startswith(b"AUTH XOAUTH2")]
    assert told == [b"user=shop@post.example\1auth=Bearer old\1\1", b"user=shop@post.example\1auth=Bearer new\1\1"]


def unreadable() -> str:
    raise ConfigError(Problem("", None, "WINBACK_SMTP_TOKEN_FILE names a file that can't be read."))


@pytest.mark.parametrize(("token", "said"), [(lambda: "", "there is none"), (unreadable, "can't be read")])
async def test_without_a_token_nobody_logs_in(token, said):
    script, error = await turned_away(offers="250 AUTH XOAUTH2", token=token)
    assert error.reason == "no-token"
    assert said in error.text
    assert "AUTH" not in script.verbs


def test_neither_password_nor_token_is_shown():
    assert "s3cret" not in repr(Server("mail.example", 587, "shop", "s3cret"))
