"""Every shipped letter, read back by the standard library's parser as a mailbox would."""

from __future__ import annotations

from email import message_from_bytes, policy

from tests.referees import finished
from winback.channels import mime
from winback.letters import locales


def test_every_letter_in_every_language_is_read_back_as_it_was_written():
    letters = finished.shipped()
    for letter in letters:
        raw = mime.build(letter.email)
        message = message_from_bytes(raw, policy=policy.default)
        assert message["Subject"] == letter.email.subject
        assert message["From"].addresses[0].display_name == letter.email.sender_name
        assert message["Content-Language"] == locales.language_tag(letter.locale)
        for kind, written in (("plain", letter.email.text), ("html", letter.email.html)):
            assert message.get_body((kind,)).get_content().replace("\r\n", "\n").rstrip("\n") == written.rstrip("\n"), letter.label
        assert not message.defects
        assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert len({letter.email.message_id for letter in letters}) == len(letters) > 0
    assert all(f'<html lang="{locales.language_tag(letter.locale)}"' in letter.email.html for letter in letters)
