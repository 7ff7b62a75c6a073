"""A person's traces in the files of a project's out/ folder: letters that were kept, samples, rows that an import didn't take.

Text is looked through for addresses, phones and Message-IDs. A chat's number and the shop's id may be any short number: they are looked for
where nothing else can stand, as the chat of a messenger text and as a cell of a table.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from pathlib import Path

from winback.audience import rejects
from winback.channels import mailbox
from winback.settings import Project
from winback.store.forgetting import Known

_READ = frozenset({".eml", ".json", ".txt", ".html", ".csv"})
_LARGEST = 40_000_000
_SAMPLES = ("approval", "mailbox/tests")
"""Below out/: letters that were shown, not sent. They may name anybody by first name alone, so all of them go."""


def files(project: Project, known: Known) -> list[Path]:
    """Files of the out/ folder that name the person."""
    found, cells = _finder(known), _cells(known)
    return [path for path in _candidates(project) if _names(path, found, cells)]


def read(path: Path, known: Known) -> bytes:
    """What such a file holds of the person: of a table of rejected rows its header and their rows only, of any other file all of it."""
    return path.read_bytes() if path.suffix != ".csv" else rejects.table(_rows(path, known, theirs=True, header=True)).encode()


def erase(project: Project, known: Known) -> list[str]:
    """Remove what names the person: of a table only their rows, any other file whole; and all samples. Returns the files, by their shown names."""
    gone = []
    samples = {path for folder in _SAMPLES for path in (project.out / folder).rglob("*") if path.is_file()}
    for path in sorted({*files(project, known), *samples}):
        if path.suffix == ".csv" and path not in samples:
            _put(path, rejects.table(_rows(path, known, theirs=False)))
        else:
            path.unlink(missing_ok=True)
        gone.append(project.shown(path))
    return gone


def _candidates(project: Project) -> Iterator[Path]:
    """No links: a link could lead anywhere."""
    for path in sorted(project.out.rglob("*")):
        if path.suffix in _READ and path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
            yield path


def _names(path: Path, found: re.Pattern[str] | None, cells: frozenset[str]) -> bool:
    try:
        content = path.read_bytes()
    except OSError:  # gone meanwhile
        return False
    if path.suffix == ".csv":
        return any(_is_named(row, found, cells) for row in csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"))))
    if path.suffix == ".json" and mailbox.head_of_message(content).to in cells:
        return True
    texts = _texts(content) if path.suffix == ".eml" else [content.decode("utf-8", "replace")]
    return found is not None and any(map(found.search, texts))


def _is_named(row: Iterable[str], found: re.Pattern[str] | None, cells: frozenset[str]) -> bool:
    """Whether a row of a table is the person's. Cells that look like formulas have an apostrophe before them (audience/rejects.py)."""
    return any(cell.removeprefix("'").strip().casefold() in cells or (found is not None and found.search(cell)) for cell in row)


def _texts(content: bytes) -> Iterable[str]:
    """A letter's headers and texts, decoded."""
    message = message_from_bytes(content)
    yield "\n".join(mailbox.in_words(str(value)) for value in message.values())
    for part in message.walk():
        if part.get_content_maintype() == "text" and isinstance(payload := part.get_payload(decode=True), bytes):
            yield payload.decode("utf-8", "replace")  # ours are UTF-8; addresses and numbers are ASCII in any case


def _finder(known: Known) -> re.Pattern[str] | None:
    """A word of theirs that stands for itself: anna@x.ua isn't found in joanna@x.ua."""
    addresses = (address for _, address, _ in known.addresses if "@" in address)
    words = sorted({re.escape(word) for word in (*addresses, *known.phones, *known.message_ids)}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.+@-])(?:{'|'.join(words)})(?![\w@-]|\.\w)", re.IGNORECASE) if words else None


def _cells(known: Known) -> frozenset[str]:
    return frozenset(word.casefold() for word in known.words)


def _rows(path: Path, known: Known, *, theirs: bool, header: bool = False) -> list[list[str]]:
    """The rows that name the person, or those that don't."""
    found, cells = _finder(known), _cells(known)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    return [row for number, row in enumerate(rows) if (header and number == 0) or theirs == _is_named(row, found, cells)]


def _put(path: Path, text: str) -> None:
    """Written anew beside it and put in its place at once: whoever reads it sees the one or the other."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8-sig", newline="")
    draft.replace(path)
