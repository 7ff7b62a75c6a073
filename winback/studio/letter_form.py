"""What the editor of a letter sends: texts with the versions that they began from, translations, and for whom to show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from winback.operations import project_files
from winback.operations.drafts import Draft
from winback.operations.editing import Change
from winback.operations.letter_glance import Reader
from winback.operations.letter_texts import Texts

AT_MOST = 3_000_000
"""Bytes: a long letter of Cyrillic, each of its letters written as %D0%90, and its translations."""
FIELDS = 600

_WORD = re.compile(r"words:([a-z]{2}):([0-9a-f]{20}):([0-9])")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as somebody wrote it, saved or not."""

    texts: Mapping[str, str]  # by path, every file of the letter
    versions: Mapping[str, str]
    filled: Mapping[tuple[str, str], tuple[str, ...]]  # (language, the sentence's key) -> forms, where something was typed
    reader: Reader
    of: str = ""  # the cohort whose customers are leafed through

    def changes(self, texts: Texts) -> list[Change]:
        """The files that aren't what they say on the disk; those that don't exist and have no text are no change."""
        there = {file.path: file for file in texts.files}
        return [
            Change(path, text, self.versions.get(path, ""))
            for path, text in self.texts.items()
            if path in there and project_files.plain(text).rstrip("\n") != there[path].text.rstrip("\n")
        ]

    def as_words(self) -> dict[str, str]:
        """The translations as fields again, to be kept in a draft."""
        return {f"words:{language}:{key}:{form}": text for (language, key), forms in self.filled.items() for form, text in enumerate(forms)}


def of_files(texts: Texts, reader: Reader, of: str = "") -> Written:
    """The letter as it is saved."""
    return Written({file.path: file.text for file in texts.files}, {file.path: file.version for file in texts.files}, {}, reader, of)


def of_draft(texts: Texts, draft: Draft, reader: Reader, of: str = "") -> Written:
    """The letter as somebody left it unfinished; files that the draft hasn't are as they are."""
    saved = of_files(texts, reader, of)
    paths = set(texts.paths)
    kept = {path: text for path, text in draft.texts.items() if path in paths}
    versions = {path: version for path, version in draft.versions.items() if path in kept}
    return Written({**saved.texts, **kept}, {**saved.versions, **versions}, _filled(draft.more), reader, of)


def read(texts: Texts, fields: Mapping[str, str]) -> Written:
    """What came in. Files and fields that the letter hasn't are left out."""
    saved = of_files(texts, reader(fields))
    typed = {path: project_files.plain(fields[f"text:{path}"]) for path in texts.paths if f"text:{path}" in fields}
    versions = {path: fields.get(f"version:{path}", "") for path in typed}
    return Written({**saved.texts, **typed}, {**saved.versions, **versions}, _filled(fields), saved.reader, word(fields.get("of", "")))


def reader(fields: Mapping[str, str]) -> Reader:
    """For whom the letter is to be shown."""
    campaign = word(fields.get("campaign", ""))
    return Reader(
        word(fields.get("language", "")) or "en",
        fields.get("customer", "").replace("\0", "").strip()[:200],
        campaign,
        word(fields.get("tactic", "")) if campaign else "",
    )


def word(text: str) -> str:
    """A name of the project's own: anything else is none."""
    return text if re.fullmatch(r"[\w.-]{1,100}", text) else ""


def _filled(fields: Mapping[str, str]) -> dict[tuple[str, str], tuple[str, ...]]:
    forms: dict[tuple[str, str], dict[int, str]] = {}
    for name, text in fields.items():
        if found := _WORD.fullmatch(name):
            forms.setdefault((found[1], found[2]), {})[int(found[3])] = project_files.plain(text).strip()
    return {key: tuple(each.get(form, "") for form in range(max(each) + 1)) for key, each in forms.items() if any(each.values())}
