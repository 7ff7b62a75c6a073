"""What servers offer beyond plain SMTP: made use of where they do, never assumed where they don't."""

from __future__ import annotations

import asyncio
import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.test_email import letter
from tests.channels.test_smtp_dialogue import outcomes, scripted
from winback.channels import mime, smtp_dialogue
from winback.channels.smtp_dialogue import Envelope, Offers
from winback.errors import PermanentError

INTERNATIONAL = "олена@пошта.укр"
PIPELINING = ["250-PIPELINING\r\n", ""]


def lines(script) -> list[str]:
    return b"".join(script.pieces).decode().split("\r\n")


def said(script, verb: str) -> list[str]:
    return [line for line in lines(script) if line.startswith(verb)]


@pytest.mark.parametrize("pipelining", PIPELINING)
async def test_a_letter_larger_than_the_server_says_it_takes_isnt_given_to_it(pipelining):
    async with scripted(offers=f"{pipelining}250 SIZE 200") as (script, channel):
        assert all(isinstance(each, PermanentError) and each.reason == "too-large" for each in await outcomes(channel, 3))
    assert script.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize("offer", ["SIZE", "SIZE 0", "SIZE many", "SIZE 1000000", "8BITMIME"])
async def test_a_server_that_names_no_limit_is_given_every_letter(offer):
    async with scripted(offers=f"250-PIPELINING\r\n250 {offer}") as (script, channel):
        await outcomes(channel, 2)
    assert len(script.messages) == 2
    assert all((" SIZE=" in line) == offer.startswith("SIZE") for line in said(script, "MAIL"))


async def test_nothing_wider_than_seven_bits_is_written_and_none_is_announced():
    async with scripted(offers="250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE") as (script, channel):
        await outcomes(channel, 1)
    assert script.messages[0].isascii()
    (mail,) = said(script, "MAIL")
    assert "BODY=" not in mail
    assert "SMTPUTF8" not in mail


async def test_a_domain_beyond_ascii_travels_in_ascii():
    async with scripted() as (script, channel):
        await channel.send(letter(1, "olena@пошта.укр"))
    assert said(script, "RCPT") == ["RCPT TO:<olena@xn--80a1acn3a.xn--j1amh>"]
    received = email.message_from_bytes(script.messages[0], policy=email.policy.default)
    assert received["To"] == "olena@xn--80a1acn3a.xn--j1amh"


@pytest.mark.parametrize("pipelining", PIPELINING)
async def test_an_address_beyond_ascii_is_written_to_where_the_server_offers_smtputf8(pipelining):
    async with scripted(offers=f"{pipelining}250-SMTPUTF8\r\n250 8BITMIME") as (script, channel):
        await channel.send(letter(1, INTERNATIONAL))
        await channel.send(letter(2))
    assert said(script, "RCPT") == ["RCPT TO:<олена@xn--80a1acn3a.xn--j1amh>", "RCPT TO:<olena@post.example>"]
    assert ["SMTPUTF8" in line for line in said(script, "MAIL")] == [True, False]
    header = next(line for line in script.messages[0].decode().split("\r\n") if line.startswith("To: "))
    assert header == "To: олена@xn--80a1acn3a.xn--j1amh"


@pytest.mark.parametrize("pipelining", PIPELINING)
async def test_elsewhere_it_isnt_and_the_letters_beside_it_leave(pipelining):
    async with scripted(offers=f"{pipelining}250 8BITMIME") as (script, channel):
        found = await asyncio.gather(*(channel.send(each) for each in (letter(1), letter(2, INTERNATIONAL), letter(3))), return_exceptions=True)
    assert [getattr(each, "reason", "") for each in found] == ["", "needs-smtputf8", ""]
    assert "before @" in found[1].text
    assert len(script.messages) == 2
    assert script.connections == 1


@pytest.mark.parametrize(
    "address", ["олена@", "олена", "оле на@пошта.укр", "о@@пошта.укр", "олена@пошта.укр>\r\nRCPT TO:<x@y.example", "\u202eолена@пошта.укр"]
)
def test_what_is_no_address_in_any_alphabet_is_refused(address):
    with pytest.raises(PermanentError, match="broken-address"):
        mime.build(letter(1, address))


NOTICES = "250-PIPELINING\r\n250 DSN"


async def test_notices_are_asked_for_where_the_settings_say_so_and_the_server_offers_them():
    async with scripted(offers=NOTICES, asks_for_notices=True) as (script, channel):
        await channel.send(letter(7, "olena+tea@post.example"))
    assert said(script, "MAIL") == ["MAIL FROM:<bounces@news.zerno.example> RET=HDRS ENVID=wb.spring.7@news.zerno.example"]
    assert said(script, "RCPT") == ["RCPT TO:<olena+tea@post.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;olena+2Btea@post.example"]


@pytest.mark.parametrize(("offers", "asks"), [(NOTICES, False), ("250 PIPELINING", True)])
async def test_elsewhere_nothing_is_said_of_notices(offers, asks):
    async with scripted(offers=offers, asks_for_notices=asks) as (script, channel):
        await channel.send(letter())
    assert not any(word in line for line in lines(script) for word in ("RET=", "ENVID=", "NOTIFY=", "ORCPT="))


def test_names_that_are_too_long_for_a_notice_are_left_out():
    mail, recipient, _ = Envelope("a@b.example", f"{'=' * 200}@d.example", b"", "x" * 101).commands(Offers(notices=True))
    assert mail == b"MAIL FROM:<a@b.example> RET=HDRS\r\n"
    assert recipient.endswith(b" NOTIFY=FAILURE,DELAY\r\n")


@given(st.text(st.characters(max_codepoint=127)))
def test_xtext_holds_what_it_may_and_can_be_read_back(text):
    written = smtp_dialogue.xtext(text)
    assert all("!" <= character <= "~" and character != "=" for character in written)
    parts = written.split("+")
    assert parts[0] + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts[1:]) == text
