"""The way into the chat as a QR code in a letter: what a camera reads, and that nobody pays for it who doesn't ask."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from tests.letters import camera
from tests.letters.drafts import sample_values
from winback.channels import mime
from winback.letters import joining_code
from winback.model import ChannelName, Email

EMAIL = ChannelName.EMAIL


@pytest.mark.parametrize(
    "url",
    [
        "https://t.me/zerno_bot?start=AbCdEfGhIjKlMnOpQrStUvWxYz-_23456789abcd",
        f"https://t.me/{'a' * 28}_bot?start={'Z' * 40}",  # the longest name of a bot
        *(f"https://t.me/zerno_bot?start={seed * 7919**10 % 10**40:040}" for seed in range(1, 6)),
    ],
)
def test_a_camera_reads_the_address(url):
    assert camera.read(joining_code.picture(url).data) == url


def test_a_letter_that_shows_the_code_carries_it_and_nothing_else_of_the_customer(letters):
    url = "https://t.me/zerno_bot?start=AbCdEfGhIjKlMnOpQrStUvWxYz-_23456789abcd"
    values = sample_values(letters, EMAIL, "thank-you", "uk", telegram_url=url, telegram_code_url=joining_code.address(url))
    rendered = letters.email("thank-you", "uk").render(values)
    (code,) = rendered.pictures
    assert f'src="{code.url}"' in rendered.html
    assert camera.read(code.data) == url
    assert len(code.data) < 1000
    message = message_from_bytes(mime.build(_email(rendered)), policy=policy.default)
    (travels,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert travels.get_content() == code.data
    assert travels["Content-ID"] == f"<{code.content_id}>"
    assert travels.get_filename() == "code.png"


def test_a_personal_picture_is_kept_for_no_other_letter(letters):
    url = "https://t.me/zerno_bot?start=once"
    before = mime._packed.cache_info()
    values = sample_values(letters, EMAIL, "thank-you", "en", telegram_url=url, telegram_code_url=joining_code.address(url))
    mime.build(_email(letters.email("thank-you", "en").render(values)))
    assert mime._packed.cache_info() == before


def test_a_letter_that_does_not_ask_for_it_has_none(letters):
    rendered = letters.email("tips", "en").render(sample_values(letters, EMAIL, "tips", "en"))
    assert "t.me/zerno_bot" in rendered.html
    assert rendered.pictures == ()


def test_without_a_way_into_the_chat_there_is_no_code(letters):
    assert joining_code.address("") == ""
    values = sample_values(letters, EMAIL, "thank-you", "en", telegram_url="", telegram_code_url="")
    rendered = letters.email("thank-you", "en").render(values)
    assert rendered.pictures == ()
    assert "QR" not in rendered.html


def _email(rendered) -> Email:
    return Email(
        delivery_id=1,
        to="iryna@example.com",
        sender_name="Zerno",
        sender_address="olena@zerno.example",
        reply_to="olena@zerno.example",
        mail_from="olena@zerno.example",
        message_id="<1@zerno.example>",
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        language="en",
        sent_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        list_id="a.zerno.example",
        feedback_id="a:en:b:winback",
        unsubscribe_url="https://u.zerno.example/u/1",
        unsubscribe_mailto="",
        pictures=rendered.pictures,
    )
