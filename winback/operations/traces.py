"""A person's traces in the files of a project's out/ folder: letters that were kept, samples, rows that an import didn't take."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from winback.channels import mailbox
from winback.settings import Project
from winback.store.forgetting import Known

_READ = frozenset({".eml", ".json", ".txt", ".html", ".csv"})
_LARGEST = 40_000_000


def files(project: Project, known: Known) -> list[Path]:
    """Files of the out/ folder that name the person, by address, chat, phone, Message-ID or the shop's id of them."""
    found = _finder(known)
    return [path for path in _candidates(project) if _names(path, found, known)]


def read(path: Path, known: Known) -> bytes:
    """What such a file holds of the person: of a table of rejected rows its header and their rows only, of any other file all of it."""
    return path.read_bytes() if path.suffix != ".csv" else _table(_rows(path, known, theirs=True, header=True)).encode()


def erase(project: Project, known: Known) -> list[str]:
    """Remove what names the person: of a table of rejected rows only their rows, any other file whole. Returns the files, by their shown names."""
    gone = []
    for path in files(project, known):
        if path.suffix == ".csv":
            _put(path, _table(_rows(path, known, theirs=False)))
        else:
            path.unlink(missing_ok=True)
        gone.append(project.shown(path))
    return gone


def _candidates(project: Project) -> Iterator[Path]:
    """No links: a link could lead anywhere."""
    for path in sorted(project.out.rglob("*")):
        if path.suffix in _READ and path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
            yield path


def _names(path: Path, found: re.Pattern[str] | None, known: Known) -> bool:
    if found is None:
        return False
    try:
        content = path.read_bytes()
    except OSError:  # gone meanwhile
        return False
    if path.suffix == ".eml" and (to := mailbox.head_of_email(content[:16_384]).to):
        return bool(found.search(to)) or any(found.search(text) for text in _texts(content))
    if path.suffix == ".json":
        chat = mailbox.head_of_message(content).to
        if chat:
            return chat in {address for _, address, _ in known.addresses} or bool(found.search(content.decode("utf-8", "replace")))
    return bool(found.search(content.decode("utf-8", "replace")))


def _texts(content: bytes) -> Iterable[str]:
    """A letter's headers and texts, decoded."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    yield "\n".join(str(value) for value in message.values())
    for part in message.walk():
        if part.get_content_maintype() == "text":
            yield part.get_content()


def _finder(known: Known) -> re.Pattern[str] | None:
    """A word of theirs that stands for itself: `7` isn't found in `17`, nor anna@x.ua in joanna@x.ua."""
    words = sorted((re.escape(word) for word in known.words), key=len, reverse=True)
    return re.compile(rf"(?<![\w.+@-])(?:{'|'.join(words)})(?![\w@-])", re.IGNORECASE) if words else None


def _rows(path: Path, known: Known, *, theirs: bool, header: bool = False) -> list[list[str]]:
    """The rows that name the person, or those that don't."""
    found = _finder(known)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    return [row for number, row in enumerate(rows) if (header and number == 0) or theirs == bool(found and any(map(found.search, row)))]


def _table(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _put(path: Path, text: str) -> None:
    """Written anew beside it and put in its place at once: whoever reads it sees the one or the other."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8-sig", newline="")
    draft.replace(path)
