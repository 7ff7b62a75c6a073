"""Our signatures, verified by dkimpy: the referee that receivers' libraries agree with."""

from __future__ import annotations

import base64
from dataclasses import replace

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.test_email import letter
from winback.channels import dkim, mime
from winback.channels.dkim import Signer
from winback.channels.email import SmtpChannel
from winback.demo.mailbox import MailServer

DOMAIN = "zerno.example"
KEYS = {kind: dkim.new_key(kind) for kind in ("rsa", "ed25519")}
SIGNERS = [Signer(DOMAIN, f"wb-{kind}", key) for kind, (key, _) in KEYS.items()]
AT = 1_790_000_000


def verified(message: bytes, signers=SIGNERS) -> list[bool]:
    """What a receiver finds of each signature who asks DNS for the published records."""
    records = {f"{name}.".encode(): text.encode() for name, text in (signer.record() for signer in signers)}
    judge, found = dkimpy.DKIM(message), []
    for index in range(message.count(b"DKIM-Signature:")):
        try:
            found.append(judge.verify(index, dnsfunc=lambda name, timeout=5: records.get(name)))
        except dkimpy.ValidationError:  # the body is another
            found.append(False)
    return found


def test_both_kinds_of_keys_sign_one_letter():
    message = dkim.signed(mime.build(letter()), SIGNERS, AT)
    assert verified(message) == [True, True]
    assert max(map(len, message.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: List-Unsubscribe=Two-Clicks"),
        (b"List-Unsubscribe: <https://u.zerno.example/", b"List-Unsubscribe: <https://u.evil.example/"),
        (b"To: olena@", b"To: somebody@"),
        (b"\r\nSubject:", b"\r\nSubject: Another\r\nSubject:"),
        (b"\r\nFrom:", b"\r\nFrom: Somebody <else@news.zerno.example>\r\nFrom:"),
        (b"\r\nList-Unsubscribe-Post:", b"\r\nList-Unsubscribe-Post: x\r\nList-Unsubscribe-Post:"),
        (b"\r\nMIME-Version:", b"\r\nCc: everybody@post.example\r\nMIME-Version:"),
        (b"\r\n--=_winback", b"\r\nx\r\n--=_winback"),
    ],
)
def test_a_letter_changed_on_the_way_does_not_verify(old, new):
    message = dkim.signed(mime.build(letter()), SIGNERS, AT)
    start, body = message.split(b"\r\nFrom:", 1)
    assert old in b"\r\nFrom:" + body
    assert verified(start + (b"\r\nFrom:" + body).replace(old, new, 1)) == [False, False]


def test_blanks_that_relays_change_do_not_break_a_signature():
    message = dkim.signed(mime.build(letter()), SIGNERS, AT)
    start, body = message.split(b"\r\nFrom:", 1)
    relayed = (b"\r\nFrom:" + body).replace(b"\r\nSubject: ", b"\r\nsubject:   ", 1) + b"\r\n\r\n"
    assert verified(start + relayed) == [True, True]


@given(
    st.text("ab\t .=é\r\n", max_size=60).map(lambda text: text.replace("\r", "").replace("\n", "\r\n")),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=80),
)
def test_any_body_and_subject_verify(body, subject):
    head = mime.build(replace(letter(), subject=subject)).partition(b"\r\n\r\n")[0]
    message = dkim.signed(head + b"\r\n\r\n" + body.encode() + b"\r\n", SIGNERS[1:], AT)
    assert verified(message) == [True]


async def test_letters_leave_signed_by_the_keys_of_their_own_domain_only(tmp_path):
    other = Signer("another.example", "wb1", KEYS["rsa"][0])
    with MailServer(tmp_path) as server:
        async with SmtpChannel(server.host, server.port, security="none", connections=1, signers=[*SIGNERS, other]) as out:
            await out.send(letter())
        message = server.received[0].path.read_bytes()
    assert verified(message) == [True, True]
    assert b"d=another.example" not in message


@pytest.mark.parametrize(
    ("address", "covered"),
    [("olena@zerno.example", True), ("olena@news.Zerno.example", True), ("olena@notzerno.example", False), ("olena@example", False)],
)
def test_a_key_covers_its_domain_and_what_lies_below(address, covered):
    assert SIGNERS[0].covers(address) is covered


def pem(key) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----", "no private key"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
    ],
    ids=["nothing", "nonsense", "short", "another kind"],
)
def test_a_key_that_cannot_be_used_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        dkim.read_key(text)


@pytest.mark.parametrize("kind", KEYS)
def test_a_new_key_is_read_back_and_its_record_is_what_receivers_ask_for(kind):
    key, text = KEYS[kind]
    signer = Signer(DOMAIN, "wb1", dkim.read_key(text))
    assert signer.record() == Signer(DOMAIN, "wb1", key).record()
    name, record = signer.record()
    assert name == "wb1._domainkey.zerno.example"
    assert len(base64.b64decode(record.rpartition("p=")[2])) == (294 if kind == "rsa" else 32)
    assert "key" not in repr(signer).lower()
