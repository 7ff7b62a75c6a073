"""DKIM (RFC 6376) over our letters, signed and verified by dkimpy after they have gone through SMTP.

RFC 8058 lets receivers offer one-click unsubscribing only where both of its headers are signed. Letters are signed behind us, by the mail
server that they leave through; here that server is dkimpy. What it signs must survive the transport byte for byte.
"""

from __future__ import annotations

import base64
import smtplib
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.referees import finished
from tests.referees.finished import DOMAIN, Finished
from winback.channels import mime
from winback.channels.email import SmtpChannel
from winback.demo.mailbox import MailServer

SIGNED = (
    "from to reply-to subject date message-id mime-version content-type content-language list-unsubscribe list-unsubscribe-post list-id feedback-id"
)
TWICE = "from subject to date reply-to list-unsubscribe list-unsubscribe-post"  # so that a second one added on the way breaks the signature


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def letters() -> list[Finished]:
    return finished.shipped()


def signed(message: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """The message as a mail server sends it on."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    headers = [name.encode() for name in f"{SIGNED} {TWICE}".split()]
    header = dkim.sign(message, b"s1", DOMAIN.encode(), pem, canonicalize=(b"relaxed", b"relaxed"), include_headers=headers)
    return header + message


def verified(message: bytes, key: rsa.RSAPrivateKey) -> bool:
    """What a receiver finds who asks DNS for the key."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    return bool(dkim.verify(message, dnsfunc=lambda name, timeout=5: record if name == f"s1._domainkey.{DOMAIN}.".encode() else None))


def arrived(server: MailServer) -> list[bytes]:
    """What came out of the wire, without the lines that the server writes on top."""
    return [one.path.read_bytes() for one in server.received]


async def test_letters_arrive_byte_for_byte_and_verify_when_the_server_behind_us_signs_them(tmp_path: Path, letters, key):
    with MailServer(tmp_path / "first") as server:
        async with SmtpChannel(server.host, server.port, security="none", connections=1) as channel:
            for letter in letters:
                await channel.send(letter.email)
        first = arrived(server)
    built = [mime.build(letter.email) for letter in letters]
    assert all(got.endswith(sent) for got, sent in zip(first, built, strict=True))

    with MailServer(tmp_path / "second") as server:
        with smtplib.SMTP(server.host, server.port) as relay:
            for message in built:
                relay.sendmail(f"bounces@{DOMAIN}", ["customer@post.example"], signed(message, key))
        second = arrived(server)
    assert len(second) == len(letters) > 0
    assert [verified(message, key) for message in second] == [True] * len(letters)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: List-Unsubscribe=Two-Clicks"),
        (b"List-Unsubscribe: <https://u.zerno.example/", b"List-Unsubscribe: <https://u.evil.example/"),
        (b"Content-Language:", b"Content-Language: xx-"),
        (b"To: customer@", b"To: somebody@"),
        (b"\r\nSubject:", b"\r\nSubject: Another\r\nSubject:"),
        (b"\r\nFrom:", b"\r\nFrom: Somebody <else@news.zerno.example>\r\nFrom:"),
        (b"\r\nList-Unsubscribe-Post:", b"\r\nList-Unsubscribe-Post: x\r\nList-Unsubscribe-Post:"),
        (b"\r\n--=_winback", b"\r\nx\r\n--=_winback"),
    ],
)
def test_a_letter_changed_on_the_way_does_not_verify(letters, key, old, new):
    message = signed(mime.build(letters[0].email), key)
    assert verified(message, key)
    assert message.count(old) >= 1
    start, body = message.split(b"\r\nFrom:", 1)  # the signature's own h= names the headers too
    changed = start + (b"\r\nFrom:" + body).replace(old, new, 1)
    assert changed != message
    assert not verified(changed, key)


def test_a_key_that_is_not_ours_does_not_verify(letters, key):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not verified(signed(mime.build(letters[0].email), other), key)
