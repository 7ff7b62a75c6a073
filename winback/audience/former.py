"""Tools that letters were sent with before: what their databases and exports say of people, refusals and past letters (docs/moving.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from winback.audience import addresses, cells, delimited, shop_database, suppression_lists
from winback.audience.delimited import Delimited
from winback.audience.rows import Chunk, Rows
from winback.audience.shop_database import Place
from winback.audience.source import Source
from winback.audience.suppression_lists import Among, Part
from winback.errors import ConfigError, Problem, SourceError
from winback.settings import Project
from winback.strictyaml import nearest

LETTERS = "letters"
TOOLS = ("listmonk", "mautic", "csv", LETTERS)
"""Whose data can be read; csv is any tool's list of people, letters a list of what left: a mail server's log as a table."""

_QUERIES = Path(__file__).with_name("former")
_CLOSED = {"listmonk": ("closed",), "mautic": ("closed", "closed-phones")}
_MARK = {"listmonk": "subscriber_lists", "mautic": "lead_donotcontact"}
"""The table by which a tool's database is known, and the prefix of all its tables."""

_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("uuid", "id", "contact id", "subscriber id", "euid", "leid"),
    "email": suppression_lists.ADDRESS,
    "name": ("name", "full name", "full_name"),
    "given_name": ("firstname", "first name", "first_name", "given_name", "fname"),
    "family_name": ("lastname", "last name", "last_name", "family_name", "surname", "lname"),
    "phone": ("mobile", "phone", "mobile phone", "mobile number", "phone number", "phone_number", "tel", "telephone"),
    "city": ("city", "town"),
    "country": ("country", "country code", "country_code", "cc"),
    "locale": ("preferred_locale", "locale", "language"),
    "time_zone": ("timezone", "time zone", "time_zone"),
    "status": ("status", "dnc reason", "dnc_reason"),
    "given_at": ("optin_time", "opt-in time", "consented_at", "consent_date", "subscribed_at", "agreed_at"),
    "confirmed_at": ("confirm_time", "confirmed_at", "confirmation time"),
    "source": ("consent_source", "signup source", "signup_source", "optin_source", "agreed_where"),
    "ip": ("confirm_ip", "optin_ip", "opt-in ip"),
}
"""What exports call their columns, without regard to capitals; the first that is there counts."""

_LETTERS: dict[str, tuple[str, ...]] = {
    "email": ("to", "recipient", "rcpt", *suppression_lists.ADDRESS),
    "touched_at": ("sent_at", "sent", "touched_at", "date", "time", "timestamp"),
    "id": ("message_id", "message-id", "queue_id", "queue id", "id"),
}
"""The same of a list of letters."""

_PEOPLE = ("given_name", "family_name", "city", "country", "locale", "time_zone")
_UNSETTLED = frozenset({"unconfirmed", "pending", "transactional", "non-subscribed", "non subscribed", "nonsubscribed"})
"""Words of those who aren't refused and never agreed, as suppression_lists.plain writes them."""


@dataclass(frozen=True, slots=True)
class Former:
    """One tool's data: a database by its URL, or a file."""

    project: Project
    tool: str
    place: str

    @property
    def is_database(self) -> bool:
        return "://" in self.place or self.place.startswith("${")

    @property
    def path(self) -> Path:
        return Path(self.place)

    @property
    def shown(self) -> str:
        """How messages call it; a URL isn't shown, since passwords stand in them."""
        return f"the database of {self.tool}" if self.is_database else self.project.shown(self.path)


def named(project: Project, tool: str, place: str) -> Former:
    """What --from says. Raises ConfigError for a tool that nobody knows, a password in the URL, and a file that isn't there."""
    if tool not in TOOLS:
        raise ConfigError(Problem("", None, f"--from is {tool}; that tool isn't known.", nearest(tool, TOOLS, "Tools")))
    former = Former(project, tool, place)
    if former.is_database and tool not in _MARK:
        raise ConfigError(
            Problem("", None, f"--from {tool} reads a file, not a database.", "Write listmonk or mautic, or describe it in sources.yaml.")
        )
    if former.is_database and re.search(r"://[^/@]*:(?!\$\{)[^/@]+@", place):
        how = "Write '${OLD_PASSWORD}' in its place, in single quotes, and set OLD_PASSWORD in the environment."
        raise ConfigError(Problem("", None, "the URL holds a password, which everybody on this machine could read.", how))
    if not former.is_database and not former.path.is_file():
        raise SourceError(Problem(former.shown, None, "there is no such file.", "Name the file that the other tool exported, or a database's URL."))
    return former


def customers_source(columns: Sequence[str], former: Former, *, only_consent: bool) -> Source:
    """How shaped rows of people are read. `only_consent`: of customers whom the shop told us of, of whom it knows the rest better."""
    have = frozenset(columns)
    consent: dict[str, Any] = {"column": "agreed", "agreed": ("yes",), "declined": ("no",)}
    consent |= {name: name for name in ("given_at", "confirmed_at", "withdrawn_at", "source") if name in have}
    consent["evidence"] = {name: name for name in ("list", "ip") if name in have}
    block: dict[str, Any] = {"id": "key", "consent": consent}
    if not only_consent:
        block |= {"email": "email"} | {name: name for name in _PEOPLE if name in have}
        block |= {"phone": "phone"} if "phone" in have else {}
    return Source.model_validate({"file": former.shown, "time_zone": "UTC", "dates": _DATES, "customers": block})


def sends_source(former: Former) -> Source:
    """How shaped rows of past letters are read."""
    block = {"id": "id", "customer": "key", "touched_at": "touched_at", "channel": "channel", "reacted_at": "reacted_at"}
    return Source.model_validate({"file": former.shown, "time_zone": "UTC", "dates": _DATES, "touches": block})


_DATES = ("iso", "YYYY-MM-DD hh:mm:ss", "MM/DD/YYYY hh:mm:ss", "DD.MM.YYYY hh:mm", "DD.MM.YYYY")


@contextmanager
def people(former: Former) -> Iterator[Rows]:
    """Everybody the tool knows, with the columns `key` (the tool's own id), `email`, `agreed` and what else there is of _NAMES.

    Raises SourceError as reading a file or a database does.
    """
    if former.is_database:
        with _queried(former, "customers") as rows:
            yield Rows(_header(rows.header), (_shaped(chunk, former.tool) for chunk in rows.chunks))
        return
    with _exported(former, _NAMES, ("email",)) as (rows, columns):
        named_chunks = (Chunk({ours: chunk.columns[theirs] for ours, theirs in columns.items()}, chunk.lines, chunk.rejects) for chunk in rows.chunks)
        shaped = (_shaped(_agreeing(chunk, former), former.tool) for chunk in named_chunks)
        yield Rows(_header((*columns, "agreed", "source")), shaped)


@contextmanager
def sends(former: Former) -> Iterator[Rows | None]:
    """Past letters with the column `key` of whose they are, empty where only their address tells; None: exports of people tell of none."""
    if former.tool == LETTERS:
        with _exported(former, _LETTERS, ("email", "touched_at")) as (listed, columns):
            yield Rows(_LISTED, (_of_list(chunk, columns) for chunk in listed.chunks))
        return
    if not former.is_database:
        yield None
        return
    with _queried(former, "sends") as rows:
        yield Rows((*rows.header, "key"), (_of_letters(chunk, former.tool) for chunk in rows.chunks))


def closed(former: Former) -> Iterator[Part]:
    """Addresses that aren't written to any more, and why."""
    if former.is_database:
        for name in _CLOSED[former.tool]:
            with _queried(former, name) as rows:
                yield from suppression_lists.parts(rows, former.shown, name)
        return
    with _exported(former, _NAMES, ("email",)) as (_, columns):
        says = columns.get("status")
    if says:
        yield from suppression_lists.read(former.path, former.shown, among=Among(says, _UNSETTLED | {""}))


@contextmanager
def _queried(former: Former, name: str) -> Iterator[Rows]:
    query = (_QUERIES / f"{former.tool}-{name}.sql").read_text(encoding="utf-8")
    query = "\n".join(line for line in query.splitlines() if not line.startswith("--")).replace("{prefix}", _prefix(former))
    place = Place("--from", None, former.place, query=query)
    wanted = _WANTED[name]
    with shop_database.opened(former.project, place, wanted, above=None) as rows:
        first = next(rows.chunks, None)  # what is wrong with the database is told before anything is stored
        yield Rows(tuple(name for name in rows.header if name in wanted), chain([first] if first else [], rows.chunks))


_WANTED = {
    "customers": (*_NAMES, "agreed", "withdrawn_at", "list"),
    "sends": ("id", "customer", "email", "touched_at", "channel", "reacted_at"),
    "closed": ("email", "status", "since"),
    "closed-phones": ("phone", "status", "since"),
}


def _prefix(former: Former) -> str:
    """What stands before the names of all tables. Raises SourceError where the database isn't this tool's."""
    place = Place("--from", None, former.place)
    mark = _MARK[former.tool]
    known = shop_database.tables(former.project, place)
    found = sorted((name for name in known if name.endswith(mark)), key=len)
    if not found:
        raise place.refusal(
            f"the database has no table `{mark}`: it isn't {former.tool}'s.", "Name the database that the tool keeps its contacts in."
        )
    return found[0].removesuffix(mark)


@contextmanager
def _exported(former: Former, names: Mapping[str, Sequence[str]], needed: Sequence[str]) -> Iterator[tuple[Rows, Mapping[str, str]]]:
    """The file's rows, and its columns by our names. Raises SourceError when one that is needed isn't there."""
    separator = suppression_lists.delimiter(former.path) or ","
    with delimited.opened(Delimited(former.path, former.shown, delimiter=separator, described=False)) as rows:
        by_name = {cells.text(name).casefold(): name for name in reversed(rows.header)}
        found = {ours: next((by_name[word] for word in words if word in by_name), None) for ours, words in names.items()}
        columns = {ours: theirs for ours, theirs in found.items() if theirs}
        if missing := [name for name in needed if name not in columns]:
            what = {"email": "e-mail addresses", "touched_at": "moments of sending"}[missing[0]]
            how = nearest(names[missing[0]][0], rows.header, "Its columns")
            raise SourceError(Problem(former.shown, 1, f"no column is called like one of {what}.", how))
        yield rows, columns


def _agreeing(chunk: Chunk, former: Former) -> Chunk:
    """What an export says of consent: a no by its status; a yes only with its day. A tool that merely goes on writing proves nothing."""
    count = len(chunk.lines)
    words = [suppression_lists.plain(word) for word in cells.texts(chunk.columns["status"])] if "status" in chunk.columns else [""] * count
    days = cells.texts(chunk.columns["given_at"]) if "given_at" in chunk.columns else [""] * count
    doubly = cells.texts(chunk.columns["confirmed_at"]) if "confirmed_at" in chunk.columns else [""] * count
    days = [day or confirmed for day, confirmed in zip(days, doubly, strict=True)]
    agreed = [_agreed(word, day) for word, day in zip(words, days, strict=True)]
    places = cells.texts(chunk.columns["source"]) if "source" in chunk.columns else [""] * count
    source = [place or f"{former.tool}, {former.path.name}" for place in places]
    given = {"given_at": days} if "given_at" in chunk.columns or "confirmed_at" in chunk.columns else {}
    return Chunk({**chunk.columns, **given, "agreed": agreed, "source": source}, chunk.lines, chunk.rejects)


def _agreed(word: str, day: str) -> str:
    if word in _UNSETTLED:
        return ""
    if word and suppression_lists.meaning(word) is not None:
        return "no"
    return "yes" if day else ""


def _header(names: Sequence[str]) -> tuple[str, ...]:
    """The columns of shaped rows."""
    shaped = dict.fromkeys(name for name in names if name not in {"id", "name"})
    return tuple(shaped | dict.fromkeys(("given_name", "family_name") if "name" in names else ()) | {"key": None})


def _shaped(chunk: Chunk, tool: str) -> Chunk:
    """With our key, and a name in its parts."""
    columns: dict[str, Sequence[Any]] = dict(chunk.columns)
    if "name" in columns:
        names = [text.partition(" ") for text in cells.texts(columns.pop("name"))]
        columns.setdefault("given_name", [given for given, _, _ in names])
        columns.setdefault("family_name", [family for _, _, family in names])
    ids = cells.texts(columns.pop("id")) if "id" in columns else [""] * len(chunk.lines)
    emails = cells.texts(columns["email"])
    return Chunk({**columns, "key": _keys(ids, tool), "email": emails}, chunk.lines, chunk.rejects)


def _of_letters(chunk: Chunk, tool: str) -> Chunk:
    columns = {name: values for name, values in chunk.columns.items() if name != "customer"}
    ids, whose = cells.texts(chunk.columns["id"]), cells.texts(chunk.columns["customer"])
    return Chunk({**columns, "id": _keys(ids, tool), "key": _keys(whose, tool)}, chunk.lines, chunk.rejects)


_LISTED = ("id", "key", "email", "touched_at", "channel", "reacted_at")


def _of_list(chunk: Chunk, columns: Mapping[str, str]) -> Chunk:
    """A list of letters tells neither whose they are nor who answered."""
    count = len(chunk.lines)
    told = {ours: cells.texts(chunk.columns[theirs]) for ours, theirs in columns.items()}
    return Chunk(
        {"id": [""] * count, "key": [""] * count, "channel": ["email"] * count, "reacted_at": [""] * count, **told}, chunk.lines, chunk.rejects
    )


def _keys(ids: Sequence[str], tool: str) -> list[str]:
    return [each and f"{tool}:{each}" for each in ids]


def address(text: str) -> str | None:
    """An e-mail address as the store keeps it, None for anything else."""
    return addresses.email(text) if text else None
