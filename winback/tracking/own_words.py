"""What a person wrote themselves in a reply: without the letter they answered."""

from __future__ import annotations

import re
from typing import Any

from lxml import html

LENGTH = 2_000
"""Characters of a reply that are kept."""

_WROTE = r"wrote|writes|пише|написа(в|ла)|пишет|написал\(?а?\)?|a scris|yozdi|бич(сэн|лээ)"
_MAIL_PROGRAM = r"Sent from my|Get Outlook for|Надіслано з|Отправлено (с|из)|Trimis de pe"
_HEADERS = r"(From|Від|От|De la|Kimdan|Хэнээс)"
_REST = re.compile(
    "|".join(
        (
            rf"^(?=[^\n]*(\d|@))[^\n]*(\n[^\n]+)?\b({_WROTE})[^\n:]{{0,80}}:[ \t]*$",  # "On Tuesday 24 November, the shop wrote:", also on two lines
            r"^[^\n]*<[^<>\s]{1,100}@[^<>\s]{1,100}>[^\n]{0,20}:[ \t]*$",  # the same in any other language
            r"^-{3,} ?\w[^\n]{0,60}-{3,}[ \t]*$",  # ----- Original Message -----
            r"^_{8,}[ \t]*$",
            rf"^\*?{_HEADERS}:\*?[ \t][^\n]*$",
            r"^--[ \t]?$",  # a signature (RFC 3676, section 4.3)
            rf"^({_MAIL_PROGRAM})\b[^\n]*$",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)


def of(text: str) -> str:
    """The words above and between what is quoted, at most LENGTH characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")[: 20 * LENGTH]
    found = _REST.search(text)
    own = text[: found.start()] if found else text
    lines = [line.rstrip() for line in own.split("\n") if not line.lstrip().startswith(">")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:LENGTH].rstrip()


_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML, and lxml with it, takes in no text. HTML may write it as `&#1;` as well."""
_BY_NUMBER = re.compile(r"&#(?:x([0-9a-f]{1,8})|([0-9]{1,8}));?", re.IGNORECASE)


def _without_controls(page: str) -> str:
    return _BY_NUMBER.sub(_if_allowed, _NO_XML.sub("", page))


def _if_allowed(reference: re.Match[str]) -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number < 0x110000 and not _NO_XML.match(chr(number)) else ""


_BLOCKS = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3", "legend", "label"})
_UNSEEN = "//head | //style | //script | //comment()"
_QUOTED = f"{_UNSEEN} | //blockquote | //*[contains(@class, 'gmail_quote')]"


def from_html(page: str, *, quotes: bool = False, part: str = "") -> str:
    """The text of a page's body, line by line, or of the element with the id `part`; quotations left out.

    Any text will do for a page: lxml mends what is broken.
    """
    content = f"<html><body>{_without_controls(page[: 200 * LENGTH])}".replace("\n", " ").encode("utf-8", "replace")
    root: Any = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8"))
    if part:
        root = next(iter(root.xpath("//*[@id=$part]", part=part)), root)
    for quoted in root.xpath(_UNSEEN if quotes else _QUOTED):
        if quoted.getparent() is not None:
            quoted.drop_tree()
    for element in root.iter():
        if element.tag in _BLOCKS:
            element.text = f"\n{element.text or ''}"
        if element.tag in _BLOCKS or element.tag == "br":
            element.tail = f"\n{element.tail or ''}"
    lines = re.sub(r"[ \t\xa0]+", " ", root.text_content()).split("\n")
    return "\n".join(line.strip() for line in lines)
