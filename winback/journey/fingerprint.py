"""What a campaign's letters and its choice of people are made of, as one word, and what differs between two of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from winback.speech import N_, said

_LONGEST = 60  # letters of a value that a sentence shows
_WHAT = {"changed": N_("%(file)s is another now"), "new": N_("%(file)s is new"), "gone": N_("%(file)s is gone")}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Every file that counts, by its name in messages."""

    files: Mapping[str, str]  # sha256 of what each one says
    values: Mapping[str, Any] = field(default_factory=dict)  # what YAML files say, to tell later what of it was changed

    @property
    def digest(self) -> str:
        """64 hexadecimal digits; the same for the same content, whatever the order."""
        return _hashed(_written(dict(self.files)))

    def as_json(self) -> dict[str, Any]:
        return {"files": dict(self.files), "values": dict(self.values)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Fingerprint:
        """One that the store kept; None: of nothing."""
        return cls(stored["files"], stored["values"]) if stored else cls({})


@dataclass(frozen=True, slots=True)
class Changed:
    """One file that is another now."""

    file: str
    what: str  # "changed", "new" or "gone"
    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of a YAML file: place -> (before, now); empty text: not there

    def told(self, since: date | None = None) -> Iterator[str]:
        """A sentence for each thing that differs; `since`: the day of the approval that it is held against."""
        for each in self._differences():
            yield (
                said("%(what)s.", what=each)
                if since is None
                else said(N_("%(what)s, since the approval of %(day)s."), what=each, day=f"{since:%Y-%m-%d}")
            )

    def _differences(self) -> Iterator[str]:
        if not self.keys:
            yield said(_WHAT[self.what], file=self.file)
        for place, (before, now) in self.keys.items():
            was, is_now = _short(before) or said(N_("not there")), _short(now) or said(N_("gone"))
            yield said(N_("%(file)s: %(place)s was %(before)s, and is %(now)s"), file=self.file, place=place, before=was, now=is_now)

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "what": self.what, "keys": {place: list(pair) for place, pair in self.keys.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Changed:
        return cls(stored["file"], stored["what"], {place: (before, now) for place, (before, now) in stored["keys"].items()})


def of(values: Mapping[str, Any], others: Mapping[str, Any]) -> Fingerprint:
    """The fingerprint of YAML files by what they say, and of others by their bytes (or what else stands for them).

    Comments, line endings and the order of keys of YAML files make no difference.
    """
    plain = {file: json.loads(_written(value)) for file, value in values.items()}
    hashes = {file: _hashed(content if isinstance(content, bytes) else _written(content)) for file, content in (plain | dict(others)).items()}
    return Fingerprint(dict(sorted(hashes.items())), plain)


def differing(before: Fingerprint, now: Fingerprint) -> list[Changed]:
    """Every file that differs, by name."""
    return [
        Changed(file, _what(before.files.get(file), now.files.get(file)), _keys(before.values.get(file), now.values.get(file)))
        for file in sorted(before.files.keys() | now.files.keys())
        if before.files.get(file) != now.files.get(file)
    ]


def _what(before: str | None, now: str | None) -> str:
    return "new" if before is None else "gone" if now is None else "changed"


def _keys(before: Any, now: Any) -> dict[str, tuple[str, str]]:
    if before is None or now is None:
        return {}
    old, new = dict(_places(before)), dict(_places(now))
    return {
        place: (old.get(place, ""), new.get(place, ""))
        for place in [*old, *(place for place in new if place not in old)]
        if old.get(place) != new.get(place)
    }


def _places(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its place; the parts of a list go by their names, where they have some."""
    match value:
        case dict():
            for key, part in value.items():
                yield from _places(part, f"{place}.{key}" if place else key)
        case list() if any(isinstance(part, dict | list) for part in value):
            for number, part in enumerate(value, 1):
                name = part.get("name", number) if isinstance(part, dict) else number
                yield from _places(part, f"{place}.{name if isinstance(name, str) else number}")
        case list():
            yield place, ", ".join(map(str, value))
        case _:
            yield place, json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _hashed(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
