"""A messenger text without any markup, for phones that show none: links and buttons become their addresses."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from winback.letters.template import RenderedMessage

_BLANK_LINES = re.compile(r"\n{3,}")


def text(rendered: RenderedMessage) -> str:
    """The words, each button's address on a line of its own behind its label."""
    reader = _Reader()
    reader.feed(rendered.text)
    reader.close()
    lines = [line.strip() for line in "".join(reader.said).split("\n")]
    links = [f"{button.label}: {button.url}" for button in rendered.buttons if button.url]
    return _BLANK_LINES.sub("\n\n", "\n".join([*lines, *(["", *links] if links else [])])).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self.said.append(f" {self._links.pop()}")

    def handle_data(self, data: str) -> None:
        self.said.append(data)
