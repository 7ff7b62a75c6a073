"""Which letters and campaigns are others when files are changed: the rest needn't be looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from winback.errors import Refused
from winback.journey import campaign
from winback.letters import catalogue, library, po
from winback.letters.library import FOLDERS, Library
from winback.letters.po import Entry
from winback.model import WRITTEN, ChannelName
from winback.settings import Project

Named = tuple[ChannelName, str]


def letters(before: Project, after: Project, paths: Collection[str]) -> set[Named] | None:
    """The letters that the changed files make other than they were; None: any may be, and what all of them share."""
    root = f"{after.shown(after.templates)}/"
    if all(path.startswith(("config/cohorts/", "config/campaigns/")) for path in paths):
        return set()
    if not all(path.startswith((f"{root}emails/", f"{root}messages/", f"{root}locales/", "config/cohorts/", "config/campaigns/")) for path in paths):
        return None
    try:
        texts = library.open_library(after)
        said = _sentences_changed(before, after, [path for path in paths if path.startswith(f"{root}locales/")])
    except Refused:
        return None
    return None if said is None else {letter for letter in _every(texts) if _concerned(texts, root, letter, paths, said)}


def campaigns(after: Project, paths: Collection[str], touched: Collection[Named] | None) -> set[str] | None:
    """The campaigns that send one of the letters that were touched; None: any may be made of what was changed."""
    if touched is None or any(path.startswith("config/") for path in paths):
        return None
    return {name for name in after.names("campaigns") if _sends(after, name, touched)}


def _sends(after: Project, name: str, touched: Collection[Named]) -> bool:
    try:
        sent = campaign.read(after, name).value.letters().values()
    except Refused:
        return True
    return any((channel.written_as, text) in touched for letters in sent for channel, text in letters)


def _every(texts: Library) -> Iterator[Named]:
    return ((channel, name) for channel in WRITTEN for name in texts.names(channel))


def _concerned(texts: Library, root: str, letter: Named, paths: Collection[str], said: set[tuple[str | None, str]]) -> bool:
    channel, name = letter
    if any(path.startswith(f"{root}{FOLDERS[channel]}/{name}/") for path in paths):
        return True
    try:
        flats = texts.flats(channel, name).values()
    except Refused:
        return True
    if any(piece.file in paths for flat in flats for piece in flat.pieces):
        return True
    return bool(said) and any((each.context, each.text) in said for flat in flats for each in catalogue.sentences(flat))


def _sentences_changed(before: Project, after: Project, paths: Collection[str]) -> set[tuple[str | None, str]] | None:
    """Those whose translation isn't what it was; None where the catalogues count otherwise than before. Raises TemplateError."""
    changed = set[tuple[str | None, str]]()
    for path in paths:
        if not path.endswith("/letters.po"):
            return None
        (heads, olds), (head, news) = _entries(before, path), _entries(after, path)
        if heads != head:
            return None
        changed |= {key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key)}
    return changed


def _entries(project: Project, path: str) -> tuple[str, dict[tuple[str | None, str], tuple[object, ...]]]:
    file = project.root / path
    read = po.read(file.read_bytes() if file.exists() else b"", path)
    return read.header.get("plural-forms", ""), {(each.context, each.text): _content(each) for each in read.entries}


def _content(entry: Entry) -> tuple[object, ...]:
    return entry.plural, entry.forms, entry.fuzzy, entry.obsolete
