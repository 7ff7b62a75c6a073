"""The headers that mailbox providers ask for (RFC 5322, 2047, 2369, 2919, 8058; Gmail's Feedback-ID), as their parsers read them."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.test_mime import LETTER, TOKEN
from tests.letters.test_pictures import png
from winback.channels import mime
from winback.model import Email, Picture

# Everything that leaves, in this order; no header else, and each of them once.
EXPECTED = {
    "From": "Олена з «Зерна» <olena@news.zerno.example>",
    "To": "olena@post.example",
    "Reply-To": "care@zerno.example",
    "Subject": LETTER.subject,
    "Date": "Mon, 23 Nov 2026 09:30:00 +0000",
    "Message-ID": "<wb.spring.7@news.zerno.example>",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/alternative; boundary="=_winback_7"',
    "Content-Language": "uk",
    "List-Unsubscribe": f"<https://u.zerno.example/u/{TOKEN}>, <mailto:unsub+{TOKEN}@news.zerno.example?subject=unsubscribe>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Id": "<winback-uk.news.zerno.example>",
    "Feedback-ID": "spring:uk:winback:zernomail",
    "Precedence": "bulk",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
}
PICTURE = Picture("tea.png", "image/png", "0123456789abcdef.tea.png@images.winback", png())


def head(email: Email) -> list[str]:
    return mime.build(email).split(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def read(email: Email) -> EmailMessage:
    message = message_from_bytes(mime.build(email), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_has_these_headers_and_no_others():
    assert {name: str(value) for name, value in read(LETTER).items()} == EXPECTED
    assert [line.partition(":")[0] for line in head(LETTER) if not line.startswith(" ")] == list(EXPECTED)


@pytest.mark.parametrize("length", [39, 75, 76, 77, 120, 200, 900])
def test_a_way_to_unsubscribe_stays_one_readable_address_however_long(length):
    url = f"https://u.zerno.example/u/{'t' * length}"[: max(length, 30)]
    letter = replace(LETTER, unsubscribe_url=url)
    assert f"List-Unsubscribe: <{url}>," in head(letter)
    assert re.findall("<(.*?)>", str(read(letter)["List-Unsubscribe"])) == [url, LETTER.unsubscribe_mailto]


def test_there_is_one_https_way_and_it_comes_first():
    ways = re.findall("<(.*?)>", str(read(LETTER)["List-Unsubscribe"]))
    assert [way.partition(":")[0] for way in ways] == ["https", "mailto"]


WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
ADDRESSES = st.from_regex(r"[a-z]{1,60}@[a-z]{1,60}\.example", fullmatch=True)


@given(subject=WRITTEN, name=WRITTEN, sender=ADDRESSES, campaign=st.text(max_size=60))
def test_no_header_line_is_longer_than_78_but_what_cannot_be_folded_and_no_encoded_word_longer_than_75(subject, name, sender, campaign):
    message_id = mime.message_id(campaign, 7, "news.zerno.example", b"k" * 32)
    letter = replace(LETTER, subject=subject, sender_name=name, sender_address=sender, message_id=message_id)
    for line in head(letter):
        assert len(line) <= 998
        assert len(line) <= 78 or re.fullmatch(r"(?:[A-Za-z-]+: | )\S+", line), line
        assert all(len(word) <= 75 for word in re.findall(r"=\?.*?\?=", line))
    assert all(re.fullmatch(r"=\?utf-8\?b\?[A-Za-z0-9+/]*={0,2}\?=", word) for word in re.findall(r"=\?.*?\?=", "\n".join(head(letter))))


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        ("Tea \u202egnp.exe", "Tea gnp.exe"),  # a bidirectional override turns the name of a file around
        ("\u2066Zerno\u2069\u200f", "Zerno"),
        ("Te\x00a\x1b[31m", "Tea[31m"),
        ("Tea\r\nBcc: all@post.example", "Tea Bcc: all@post.example"),
        ("Чай\r\nBcc: all@post.example", "Чай Bcc: all@post.example"),
        ("Tea\u2028and\u200bcoffee", "Tea andcoffee"),
    ],
)
def test_what_turns_breaks_or_hides_text_is_taken_out(written, arrives):
    message = read(replace(LETTER, subject=written, sender_name=written))
    assert message["Subject"] == arrives
    assert message["From"].addresses[0].display_name == arrives
    assert message["Bcc"] is None


def test_a_letter_goes_to_one_person():
    message = read(LETTER)
    assert len(message["To"].addresses) == 1
    assert message["Cc"] is None
    assert message["Bcc"] is None


def test_a_message_id_belongs_to_one_delivery_for_ever():
    key = b"k" * 32
    ids = {mime.message_id(campaign, number, "news.zerno.example", key) for campaign in ("spring", "winter") for number in range(50)}
    assert len(ids) == 100
    assert mime.message_id("spring", 7, "news.zerno.example", key) == mime.message_id("spring", 7, "news.zerno.example", key)
    assert all(re.fullmatch(r"<[A-Za-z0-9.-]+@news\.zerno\.example>", each) for each in ids)


def test_pictures_lie_beside_the_html_and_not_among_the_attachments():
    message = read(replace(LETTER, html=f'<img src="{PICTURE.url}" alt="">', pictures=(PICTURE,)))
    text, shown = message.iter_parts()
    assert (text.get_content_type(), shown.get_content_type()) == ("text/plain", "multipart/related")
    html, picture = shown.iter_parts()
    assert html.get_content_type() == shown.get_param("type") == "text/html"
    assert picture["Content-ID"] == "<0123456789abcdef.tea.png@images.winback>"
    assert (picture.get_content_disposition(), picture.get_filename()) == ("inline", "tea.png")
    assert picture.get_content() == png()
    assert message.get_body(("html",)).get_content().strip() == f'<img src="{PICTURE.url}" alt="">'


def test_no_boundary_begins_with_the_one_around_it():
    message = read(replace(LETTER, pictures=(PICTURE,)))
    outer, inner = (part.get_boundary() for part in message.walk() if part.is_multipart())
    assert not inner.startswith(outer), "RFC 2046, 5.1.1: it would look like the end of a part"
    assert not outer.startswith(inner)


def test_a_pictures_name_cannot_add_a_header():
    message = read(replace(LETTER, pictures=(replace(PICTURE, name='a"\r\nX: y.png', content_id="x>\r\nX: y@z"),)))
    assert not any(part["X"] for part in message.walk())
