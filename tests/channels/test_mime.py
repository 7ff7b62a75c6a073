"""The finished message, read back by the standard library's parser as a mailbox would."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.channels import mime
from winback.errors import LaneError, PermanentError
from winback.model import Email

TOKEN = "A" * 120
LETTER = Email(
    delivery_id=7,
    to="olena@post.example",
    sender_name="Олена з «Зерна»",
    sender_address="olena@news.zerno.example",
    reply_to="care@zerno.example",
    mail_from="bounce+x@news.zerno.example",
    message_id="<wb.spring.7@news.zerno.example>",
    subject="Нова Ефіопія, про яку ви питали, вже на полиці - і ще дві новини",
    html="<p>Вітаємо, Олено!</p>",
    text="Вітаємо, Олено!\n\nДо зустрічі,\nМарта\n",
    language="uk",
    sent_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    list_id="winback-uk.news.zerno.example",
    feedback_id="spring:uk:winback:zernomail",
    unsubscribe_url=f"https://u.zerno.example/u/{TOKEN}",
    unsubscribe_mailto=f"mailto:unsub+{TOKEN}@news.zerno.example?subject=unsubscribe",
)


def read(email: Email) -> EmailMessage:
    message = message_from_bytes(mime.build(email), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def test_a_mailbox_reads_back_what_was_written():
    message = read(LETTER)
    assert message["Subject"] == LETTER.subject
    assert message["From"].addresses[0].display_name == LETTER.sender_name
    assert message["From"].addresses[0].addr_spec == LETTER.sender_address
    assert [address.addr_spec for address in message["To"].addresses] == [LETTER.to]
    assert message["Reply-To"] == LETTER.reply_to
    assert message["Message-ID"] == LETTER.message_id
    assert message["Content-Language"] == "uk"
    assert message["List-Id"] == "<winback-uk.news.zerno.example>"
    assert message["Feedback-ID"] == LETTER.feedback_id
    assert message["Precedence"] == "bulk"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert body(message, "plain").rstrip() == LETTER.text.rstrip()
    assert body(message, "html").rstrip() == LETTER.html


def test_a_long_way_to_unsubscribe_is_neither_folded_nor_encoded():
    raw = mime.build(LETTER).decode()
    assert f"List-Unsubscribe: <{LETTER.unsubscribe_url}>,\r\n <{LETTER.unsubscribe_mailto}>\r\n" in raw
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_a_letter_without_a_way_to_unsubscribe_claims_none():
    message = read(replace(LETTER, unsubscribe_url="", unsubscribe_mailto=""))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_the_date_is_written_in_utc():
    kyiv = LETTER.sent_at.astimezone(timezone(timedelta(hours=2)))
    assert b"Date: Mon, 23 Nov 2026 09:30:00 +0000\r\n" in mime.build(replace(LETTER, sent_at=kyiv))


@pytest.mark.parametrize("name", ["Zerno", "Zerno, Coffee & Tea", 'The "Zerno" shop', "back\\slash", "=?utf-8?q?x?=", ""])
def test_a_sender_name_survives_its_punctuation(name):
    assert read(replace(LETTER, sender_name=name))["From"].addresses[0].display_name == name


@pytest.mark.parametrize("name", ["a" * 90, "Крамниця кави, чаю та прянощів «Зерно» у Києві"])
def test_a_long_sender_name_is_cut_into_words_that_join_again(name):
    header = message_from_bytes(mime.build(replace(LETTER, sender_name=name)))["From"]
    assert str(make_header(decode_header(header))) == f"{name} <{LETTER.sender_address}>"
    assert max(map(len, str(header).splitlines())) <= 76


def test_mostly_latin_bodies_stay_readable_and_others_are_base64():
    raw = mime.build(replace(LETTER, html="<p>Hello Zoë, how are you doing?</p>")).decode()
    assert "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hello Zo=C3=AB" in raw
    assert "Content-Transfer-Encoding: base64" in raw


@pytest.mark.parametrize(
    "address", ["", "a", "a@x.example, b@x.example", "a@x.example\r\nRCPT TO:<b@x.example>", "<a@x.example>", "ї@", "ї b@x.example", "a b@x.example"]
)
def test_what_is_not_one_plain_address_is_never_written_to(address):
    with pytest.raises(PermanentError, match="broken-address"):
        mime.build(replace(LETTER, to=address))


@pytest.mark.parametrize("field", ["sender_address", "reply_to"])
def test_a_broken_address_of_ours_stops_the_lane(field):
    with pytest.raises(LaneError, match="broken-sender"):
        mime.build(replace(LETTER, **{field: "care\r\nBcc: all@x.example"}))


def test_the_same_delivery_always_has_the_same_message_id():
    key = b"k" * 32
    written = mime.message_id("spring-2027", 42, "news.zerno.example", key)
    assert re.fullmatch(r"<wb\.spring-2027\.42\.[0-9a-f]{16}@news\.zerno\.example>", written)
    assert mime.message_id("spring-2027", 42, "news.zerno.example", key) == written
    assert mime.message_id("spring-2027", 42, "news.zerno.example", b"l" * 32) != written
    assert mime.message_id("весна 2027", 42, "news.zerno.example", key).startswith("<wb.2027.42.")


def test_a_long_text_in_one_line_is_broken_as_the_wire_wants_it():
    raw = mime.build(replace(LETTER, html="<p>" + "Hello Zoë, how are you doing? " * 8 + "</p>"))
    assert b"Content-Transfer-Encoding: quoted-printable" in raw
    assert b"=\r\n" in raw
    assert not re.search(rb"(?<!\r)\n", raw)


ANY_TEXT = st.text(st.characters(codec=None), max_size=200)
HEADERS = [line.split(b":")[0] for line in mime.build(LETTER).split(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b" ")]


@given(subject=ANY_TEXT, name=ANY_TEXT, language=ANY_TEXT, message_id=ANY_TEXT, url=ANY_TEXT.filter(bool), list_id=ANY_TEXT.filter(bool))
def test_no_value_can_add_a_header_or_break_a_line(subject, name, language, message_id, url, list_id):
    letter = replace(LETTER, subject=subject, sender_name=name, language=language, message_id=message_id, unsubscribe_url=url, list_id=list_id)
    head = mime.build(letter).split(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    assert [line.split(b":")[0] for line in lines if not line.startswith(b" ")] == HEADERS
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert head.isascii()


WRITTEN = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=300)


@given(text=WRITTEN)
def test_every_subject_is_read_back_with_its_blanks_single(text):
    message = read(replace(LETTER, subject=text))
    assert " ".join(str(message["Subject"]).split()) == " ".join(text.split())


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=2000))
def test_every_body_is_read_back_and_no_line_is_longer_than_smtp_allows(text):
    raw = mime.build(replace(LETTER, text=text, html=text))
    message = message_from_bytes(raw, policy=policy.SMTP)
    parts = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in message.iter_parts()]
    assert [part.rstrip("\n") for part in parts] == [text.rstrip("\n")] * 2
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n", raw)
