"""A picture of the project on its way into a mailbox."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

from tests import projects
from tests.letters.test_pictures import TEA, png
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels import mime
from winback.channels.memory import MemoryChannel
from winback.sending import prepared


def test_a_letter_arrives_with_its_pictures(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    images = project.templates / "images"
    images.mkdir(exist_ok=True)
    (images / "tea.png").write_bytes(png())
    projects.edit(project.templates / "emails/we-miss-you/body.html", "{% block body %}\n", f"{{% block body %}}\n{TEA}\n")
    populate(engine, 3)
    channel = MemoryChannel()
    go(prepared.prepare(project, CAMPAIGN), engine, START, channel)
    go(prepared.prepare(project, CAMPAIGN), engine, START + timedelta(days=7), channel)
    letters = [letter for letter in channel.letters if letter.pictures]
    assert letters
    message = message_from_bytes(mime.build(letters[0]), policy=policy.default)
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == png()
    assert f"cid:{picture['Content-ID'].strip('<>')}" in message.get_body(("html",)).get_content()
