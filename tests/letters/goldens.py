"""What every shipped letter and page looks like with its sample values: the golden files."""

from __future__ import annotations

from pathlib import Path

from tests.letters.drafts import sample_values
from winback.letters import pages
from winback.letters.library import Library
from winback.model import ChannelName

FOLDER = Path(__file__).with_name("golden")


def finished(letters: Library) -> dict[str, str]:
    """Content by file name, for every letter, page and language."""
    files: dict[str, str] = {}
    for locale in letters.languages():
        for name in letters.names(ChannelName.EMAIL):
            email = letters.email(name, locale).render(sample_values(letters, ChannelName.EMAIL, name, locale))
            files[f"{name}.{locale}.html"] = email.html
            files[f"{name}.{locale}.txt"] = f"{email.subject}\n\n{email.text}"
        for name in letters.names(ChannelName.TELEGRAM):
            message = letters.message(name, locale).render(sample_values(letters, ChannelName.TELEGRAM, name, locale))
            shown = [picture if isinstance(picture, str) else picture.name for picture in message.pictures]
            buttons = [*map(str, message.buttons), *(f"[picture] {each}" for each in shown)]
            files[f"{name}.{locale}.telegram.txt"] = "\n".join([message.text, "", *buttons, ""])
        for name in pages.NAMES:
            files[f"page-{name}.{locale}.html"] = pages.render(letters.project, name, locale, action="/u/sample")
    return files
