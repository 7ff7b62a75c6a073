"""What a person wrote themselves in a reply: without the letter they answered, and whether they ask to be left alone."""

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


_BLOCKS = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3"})
_QUOTED = "//head | //style | //script | //blockquote | //*[contains(@class, 'gmail_quote')] | //comment()"


def from_html(page: str) -> str:
    """The text of a page's body, line by line; quotations left out. Any text will do for a page: lxml mends what is broken."""
    content = f"<html><body>{page[: 200 * LENGTH]}".replace("\n", " ").encode("utf-8", "replace")
    root: Any = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8"))
    for quoted in root.xpath(_QUOTED):
        if quoted.getparent() is not None:
            quoted.drop_tree()
    for element in root.iter():
        if element.tag in _BLOCKS:
            element.text = f"\n{element.text or ''}"
        if element.tag in _BLOCKS or element.tag == "br":
            element.tail = f"\n{element.tail or ''}"
    lines = re.sub(r"[ \t\xa0]+", " ", root.text_content()).split("\n")
    return "\n".join(line.strip() for line in lines)


# As the whole reply these words ask to stop; inside a sentence they may mean anything.
_WHOLE = frozenset({"stop", "стоп", "remove", "no", "ні", "нет", "nu", "yo'q", "үгүй", "досить", "хватит", "leave me alone"})
# These say it wherever they stand in a short reply.
_ANYWHERE = re.compile(
    r"unsubscrib|opt[ -]?out|take me off|remove me|stop (writing|sending|e-?mailing|messaging)"
    r"|відпи(ш|с)|не (пишіть|надсилайте)|припиніть|видаліть мене|приберіть мене"
    r"|отпи(ш|с)|не (пишите|присылайте)|прекратите|удалите меня|уберите меня"
    r"|dezabon|nu (îmi|imi|mai|vă mai|va mai) .{0,10}(trimite|scri)|nu-mi mai (trimite|scri)"
    r"|obunani bekor|obunadan chiq|(yozmang|yubormang)|бүртгэлээс хас|битгий (бич|илгээ)|илгээхээ боль",
    re.IGNORECASE,
)
_SHORT = 200


def ask_to_stop(words: str, subject: str = "") -> bool:
    """Whether somebody asks not to be written to. A mail without words of its own is judged by its subject, unless it answers ours.

    A short reply in doubt counts as a request: one letter less is a smaller harm than one too many.
    """
    said = words or ("" if re.match(r"\s*(re|aw|відп|отв)\s*:", subject, re.IGNORECASE) else subject)
    if re.sub(r"[^\w' ]+", " ", said.replace("\u2019", "'").replace("\u02bb", "'")).strip().casefold() in _WHOLE:
        return True
    return len(said) <= _SHORT and _ANYWHERE.search(said) is not None
