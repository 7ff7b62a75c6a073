"""A messenger text for a page: Telegram's few elements kept, everything else shown as it is written, links not to be pressed."""

from __future__ import annotations

from html.parser import HTMLParser

from markupsafe import Markup, escape

_AS = {
    "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-spoiler": "span", "span": "span", "a": "u",
}  # fmt: skip
"""What Telegram knows (core.telegram.org/bots/api#html-style) -> what stands for it here. A link is underlined."""


_LONGEST = 10_000
"""Signs. Telegram takes 4,096, elements aside; Python's parser takes the square of the time for what opens and never closes."""


def draw(text: str) -> Markup:
    """HTML of the text, line breaks kept by the style; of one that no messenger would take, its beginning."""
    pen = _Pen()
    pen.feed(text[:_LONGEST])
    pen.close()
    return Markup("").join([*pen.drawn, *(Markup("</{}>").format(_AS[tag]) for tag in reversed(pen.open))])


class _Pen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.drawn: list[Markup] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  HTMLParser's
        if tag in _AS:
            self.open.append(tag)
            self.drawn.append(Markup("<{}>").format(_AS[tag]))
        else:
            self.drawn.append(escape(self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open:
                last = self.open.pop()
                self.drawn.append(Markup("</{}>").format(_AS[last]))
                if last == tag:
                    break
        else:
            self.drawn.append(escape(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        self.drawn.append(escape(data))
