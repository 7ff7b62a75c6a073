"""Letters written for one test, in a project of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winback.letters import check, joining_code, library, sender
from winback.letters.library import Library
from winback.model import ChannelName
from winback.settings import Project

SAMPLE = """\
kind: offer
about: Written for a test.
customer: {given_name: {en: Iryna, uk: Ірина}, sex: f}
offer: {text: {en: a tin of tea, uk: баночка чаю}, code: TEA, ends_on: 2026-12-29}
occasion: {en: Easter, uk: Великдень}
last_order_on: 2025-09-14
orders_count: 6
today: 2026-11-24
"""
PLAIN_TEXT = '{% extends "_base/letter.txt" %}\n{% block body %}\nText.\n{% endblock %}\n'


@dataclass(frozen=True)
class Shop:
    """A project folder whose letters a test writes."""

    project: Project

    def write(self, name: str, content: str) -> Path:
        """A file below templates/."""
        path = self.project.templates / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def email(
        self,
        body: str,
        *,
        subject: str = "Subject",
        preheader: str = "What the letter is about.",
        text: str | None = PLAIN_TEXT,
        sample: str = SAMPLE,
    ) -> None:
        """The letter `draft`, its body inside the shop's layout; no text: it is made from the body."""
        self.write("emails/draft/subject.txt", subject)
        blocks = f"{{% block body %}}\n{body}\n{{% endblock %}}\n{{% block preheader %}}{preheader}{{% endblock %}}\n"
        self.write("emails/draft/body.html", f'{{% extends "_base/letter.html" %}}\n{blocks}')
        if text is not None:
            self.write("emails/draft/body.txt", text)
        self.write("emails/draft/sample.yaml", sample)

    def message(self, text: str, *, sample: str = SAMPLE) -> None:
        """The messenger text `draft`."""
        self.write("messages/draft/text.html", text)
        self.write("messages/draft/sample.yaml", sample)

    def problems(self) -> list[str]:
        """What is said of the draft."""
        signing = sender.pick(sender.read(self.project), "", "olena")
        letters, names = self.library(), [(channel, "draft") for channel in ChannelName]
        known = [(channel, name) for channel, name in names if name in letters.names(channel)]
        return [str(problem) for problem in check.in_order(problem for letter in known for problem in check.of_letter(letters, *letter, signing))]

    def library(self) -> Library:
        """The letters as they are now."""
        return library.open_library(self.project)


def sample_values(letters: Library, channel: ChannelName, name: str, locale: str, **changes: Any) -> dict[str, Any]:
    """The values of a letter's sample with every link there is, some of them changed."""
    senders = sender.read(letters.project)
    filled = check.sample_values(letters, channel, name, locale, sender.pick(senders, "", "olena"))
    joining = "https://t.me/zerno_bot?start=sample"
    code = joining_code.address(joining) if channel is ChannelName.EMAIL else ""
    return filled | {"pixel_url": "https://u.zerno.example/o/sample.gif", "telegram_url": joining, "telegram_code_url": code} | changes
