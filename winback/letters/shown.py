"""What a reader sees of a finished letter: its visible text, where its links lead, and the preheader that mailboxes show beside the subject."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_HIDDEN = re.compile(r"(?:^|;)\s*display\s*:\s*none", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "td", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol", "br", "body", "blockquote", "button"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished HTML text as it is seen."""

    text: str  # visible words, blanks single
    hrefs: frozenset[str]  # of visible links
    preheader: str  # hidden words before the first visible one; empty when there are none


def look(html: str) -> Shown:
    """What is to be seen of finished HTML, its styles inlined."""
    eye = _Eye()
    eye.feed(html)
    eye.close()
    return Shown(_single(eye.visible), frozenset(eye.hrefs), _single(eye.before))


@dataclass
class _Eye(HTMLParser):
    visible: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    hrefs: set[str] = field(default_factory=set)
    open_elements: list[tuple[str, bool]] = field(default_factory=list)  # tag, and whether it hides what is inside

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS:
            self.visible.append(" ")
        if tag == "a" and not self._hides and given.get("href"):
            self.hrefs.add(given["href"] or "")
        if tag not in _VOID:
            self.open_elements.append((tag, tag in _UNSEEN or bool(_HIDDEN.search(given.get("style") or ""))))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == name for name, _ in self.open_elements):
            while self.open_elements.pop()[0] != tag:
                pass
        if tag in _BLOCKS:
            self.visible.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hides:
            self.visible.append(data)
        elif not any(name in _UNSEEN for name, _ in self.open_elements) and not "".join(self.visible).strip():
            self.before.append(data)

    @property
    def _hides(self) -> bool:
        return any(hides for _, hides in self.open_elements)


def _single(words: list[str]) -> str:
    return " ".join("".join(words).split())
