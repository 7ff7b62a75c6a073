"""A catalogue file (.po) read strictly: every line is what it should be, or named with its number.

Babel's reader is kept for merging. It takes the last letter of a text whose quote isn't closed, keeps the first of two equal sentences,
fills up missing plural forms and says nothing of any of it; what letters are made from is read here.
Format: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from winback.errors import Problem, TemplateError

_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr|msgstr\[([0-9])\])[ \t]+)?"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence with its translation."""

    context: str | None
    text: str
    plural: str | None  # the English plural, None for a plain sentence
    forms: tuple[str, ...]  # as many as are written; empty text where nothing is
    fuzzy: bool
    line: int
    obsolete: bool  # kept in the file as #~, though no letter says it


@dataclass(frozen=True, slots=True)
class Po:
    """A catalogue file."""

    header: Mapping[str, str]  # names in small letters
    header_lines: Mapping[str, int]
    entries: tuple[Entry, ...]


def read(content: bytes, shown: str) -> Po:
    """The file's sentences in order. Raises TemplateError with every line that can't be meant; `shown` names the file."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        broken = content[: error.start].count(b"\n") + 1
        raise TemplateError(Problem(shown, broken, "it can't be read as a catalogue: this isn't UTF-8.", "Save the file as UTF-8.")) from error
    reader = _Reader(shown)
    for number, line in enumerate(lines, 1):
        reader.take(line.strip(), number)
    reader.close()
    if reader.problems:
        raise TemplateError(reader.problems)
    texts = [entry for entry in reader.entries if entry.text]
    return Po(reader.header, {name: _line_of(name, lines) for name in reader.header}, tuple(texts))


@dataclass
class _Draft:
    """The entry that is being read."""

    line: int = 0
    flags: set[str] = field(default_factory=set)
    obsolete: bool = False
    parts: dict[str, str] = field(default_factory=dict)  # msgid, msgstr[0]... in the order of the file

    def forms(self) -> tuple[str, ...]:
        if "msgstr" in self.parts:
            return (self.parts["msgstr"],)
        written = {int(keyword[7]): text for keyword, text in self.parts.items() if keyword.startswith("msgstr[")}
        return tuple(written.get(index, "") for index in range(max(written, default=-1) + 1))


class _Reader:
    """Takes line after line, keeping what stands where and what is wrong."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.problems: list[Problem] = []
        self.entries: list[Entry] = []
        self.header: dict[str, str] = {}
        self._draft = _Draft()
        self._keyword = ""
        self._seen: dict[tuple[str | None, str], int] = {}

    def take(self, line: str, number: int) -> None:
        obsolete = line.startswith("#~")
        content = line[2:].strip() if obsolete else line
        if content.startswith("|") or not content:  # the text that a fuzzy sentence had before, or an empty line
            return
        if not obsolete and content.startswith("#"):
            self._comment(content)
            return
        found = _LINE.fullmatch(content)
        if found is None:
            self._say(number, f"it can't be read as a catalogue: {content[:60]}", 'Write msgid "..." or msgstr "...", with \\" for a quote inside.')
            return
        self._text(found[1] or "", self._plain(found[3], number), number, obsolete)

    def close(self) -> None:
        """The entry is whole."""
        if not self._draft.parts:  # flags stand before the sentence they belong to
            return
        draft, self._draft, self._keyword = self._draft, _Draft(), ""
        if "msgid" not in draft.parts or not draft.forms():
            lacking = "msgid" if "msgid" not in draft.parts else "msgstr"
            self._say(draft.line, f"it can't be read as a catalogue: a sentence has no {lacking}.", f'Write {lacking} "...".')
            return
        text, context = draft.parts["msgid"], draft.parts.get("msgctxt")
        entry = Entry(context, text, draft.parts.get("msgid_plural"), draft.forms(), "fuzzy" in draft.flags, draft.line, draft.obsolete)
        if not entry.obsolete and (first := self._seen.setdefault((context, text), entry.line)) != entry.line:
            self._say(entry.line, f"“{text[:60]}” stands here a second time.", f"Keep one of the two; the other is in line {first}.")
        if not text and not entry.obsolete:
            self.header = {name.strip().lower(): value.strip() for name, _, value in _headers(entry.forms[0])}
        self.entries.append(entry)

    def _comment(self, content: str) -> None:
        if any(keyword.startswith("msgstr") for keyword in self._draft.parts):
            self.close()
        if content.startswith("#,"):
            self._draft.flags.update(flag.strip() for flag in content[2:].split(","))

    def _text(self, keyword: str, text: str, number: int, obsolete: bool) -> None:
        if not keyword:
            if not self._keyword:
                self._say(number, "it can't be read as a catalogue: a text belongs to nothing.", 'Write msgid "..." or msgstr "..." before it.')
                return
            self._draft.parts[self._keyword] += text
            return
        if keyword == "msgctxt" or (keyword == "msgid" and "msgid" in self._draft.parts):
            self.close()
        if keyword in self._draft.parts:
            self._say(number, f"it can't be read as a catalogue: a second {keyword}.", "Keep one of the two.")
        if keyword == "msgid" or not self._draft.line:
            self._draft.line = number
        self._draft.parts[keyword] = text
        self._draft.obsolete = obsolete
        self._keyword = keyword

    def _plain(self, quoted: str, number: int) -> str:
        for escape in re.findall(r"\\(.)", quoted):
            if escape not in _ESCAPES:
                self._say(number, f"it can't be read as a catalogue: \\{escape} means nothing.", "Write \\\\ for a backslash.")
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), quoted)

    def _say(self, line: int, message: str, how: str) -> None:
        self.problems.append(Problem(self.shown, line, message, how))


def _headers(text: str) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in text.splitlines() if ":" in line)


def _line_of(name: str, lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines, 1) if line.lower().startswith(f'"{name}:')), 1)
