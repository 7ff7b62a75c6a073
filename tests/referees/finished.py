"""Every shipped letter in every language, finished as it leaves: what the referees judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tests import projects
from tests.letters.drafts import sample_values
from winback import settings
from winback.channels import mime
from winback.letters import library, locales, pictures, sender
from winback.letters import values as letter_values
from winback.letters.library import Library
from winback.model import ChannelName, Email

DOMAIN = "news.zerno.example"
TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_A"  # as long as a real one


@dataclass(frozen=True, slots=True)
class Finished:
    """One letter in one language."""

    name: str
    locale: str
    email: Email

    @property
    def label(self) -> str:
        return f"{self.name}.{self.locale}"

    @property
    def page(self) -> str:
        """The HTML as a browser shows it alone."""
        return pictures.with_pictures_inside(self.email.html, self.email.pictures)


def shipped() -> list[Finished]:
    """All of them, in order of name and language; letters that don't exist in a language aren't there in it."""
    letters = library.open_library(settings.open_project(projects.ROOT, {}))
    found = [
        (name, locale)
        for name in letters.names(ChannelName.EMAIL)
        for locale in letters.languages()
        if not letters.problems_in(ChannelName.EMAIL, name, locale)
    ]
    return [Finished(name, locale, _email(letters, name, locale, number)) for number, (name, locale) in enumerate(found, start=1)]


def _email(letters: Library, name: str, locale: str, number: int) -> Email:
    """The letter with its sample's values, every link there is, and the headers of a campaign."""
    senders = sender.read(letters.project)
    signing = senders.senders[senders.names()[0]]
    unsubscribe = f"https://u.zerno.example/u/{TOKEN}"
    filled = sample_values(letters, ChannelName.EMAIL, name, locale, unsubscribe_url=unsubscribe)
    rendered = letters.email(name, locale).render(filled)
    return Email(
        delivery_id=number,
        to="customer@post.example",
        sender_name=letter_values.sender_name(signing, locale),
        sender_address=signing.email,
        reply_to=signing.reply_to,
        mail_from=f"bounces+{TOKEN}@{DOMAIN}",
        message_id=mime.message_id("winter-tea", number, DOMAIN, b"k" * 32),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        language=locales.language_tag(locale),
        sent_at=datetime(2026, 11, 24, 10, 30, tzinfo=UTC),
        list_id=f"winter-tea.{DOMAIN}",
        feedback_id=f"winter-tea:{locale}:gift:winback",
        unsubscribe_url=unsubscribe,
        unsubscribe_mailto=f"mailto:unsubscribe+{TOKEN}@zerno.example?subject=unsubscribe",
        pictures=rendered.pictures,
    )
