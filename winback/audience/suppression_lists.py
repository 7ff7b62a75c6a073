"""Lists of addresses that other tools don't write to any more: which column is what, and what their words mean here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from winback.audience import addresses, cells, delimited, phones
from winback.audience.delimited import Delimited
from winback.audience.rows import Chunk, Reject, Rows
from winback.errors import Problem, SourceError
from winback.model import BY_PHONE, ChannelName, Reason
from winback.strictyaml import nearest

ADDRESS = ("email address", "email", "e-mail", "e-mail address", "email_address", "mail", "address", "recipient", "subscriber", "contact email")
_CHAT = ("chat", "chat id", "chat_id", "telegram", "telegram_id")
_PHONE = (
    "phone",
    "phone number",
    "phone_number",
    "phonenumber",
    "mobile",
    "mobile number",
    "mobile_number",
    "mobile phone",
    "msisdn",
    "number",
    "tel",
    "telephone",
    "cell phone",
    "viber",
    "whatsapp",
    "wa_id",
)
_WORDS = ("status", "type", "event", "reason", "dnc reason", "dnc_reason", "list type", "suppression reason", "state")
_LEFT = ("unsub_time", "clean_time", "unsubscribed", "unsubscribed_at", "updated_at")
"""When somebody left, or was changed last; the others may be when they came."""
_MOMENTS = (*_LEFT, "created", "created_at", "date added", "date_added", "time", "date", "since")

_MEANING: dict[str, Reason | None] = {
    **dict.fromkeys(
        ("unsubscribed", "unsubscribe", "unsub", "opt-out", "opted out", "optout", "global unsubscribe", "group unsubscribe"), Reason.UNSUBSCRIBED
    ),
    **dict.fromkeys(
        ("blocklisted", "blacklisted", "blocked by admin", "manual", "suppressed", "do not contact", "dnc", "archived"), Reason.UNSUBSCRIBED
    ),
    **dict.fromkeys(("stop", "stopped", "optedout", "opt out", "stop all", "stopall"), Reason.UNSUBSCRIBED),
    **dict.fromkeys(("complained", "complaint", "spam", "spam report", "spamreport", "abuse", "reported as spam"), Reason.COMPLAINED),
    **dict.fromkeys(
        ("bounced", "bounce", "hard bounce", "hardbounce", "cleaned", "invalid", "invalid email", "invalid number", "undeliverable"), Reason.BOUNCED
    ),
    "soft-bounced": Reason.SOFT_BOUNCED,  # our own word, in what winback export wrote
    # still written to there: nothing of them belongs into a list of those who aren't
    **dict.fromkeys(
        ("enabled", "subscribed", "confirmed", "active", "unconfirmed", "transactional", "pending", "soft bounce", "deferred", "block"),
        None,
    ),
}
_OF_MAUTIC = {"1": Reason.UNSUBSCRIBED, "2": Reason.BOUNCED, "3": Reason.UNSUBSCRIBED}
"""The numbers of Mautic's do-not-contact reasons; zero is contactable."""
_ENHANCED = re.compile(r"5(\.\d{1,3}){0,2}|[2-4](\.\d{1,3}){1,2}|[45]\d\d")
_SAMPLE = 64 * 1024
_BY_PHONE = tuple(sorted(BY_PHONE))
"""A phone is closed to every channel that reaches it, whichever tool the list is of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One address that isn't written to."""

    line: int
    channels: tuple[ChannelName, ...]  # that it is an address of: of a phone several
    address: str
    reason: Reason
    since: datetime | None  # None: not said


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a list's rows; every one of them is an entry, passed over, or rejected."""

    entries: Sequence[Entry]
    passed_over: int  # whom that tool still writes to
    rejects: Sequence[Reject]
    header: Sequence[str]


@dataclass(frozen=True, slots=True)
class Among:
    """Of a list of everybody, those who aren't written to too: the column that tells of it, and the words that say neither yes nor no."""

    word: str
    silent: frozenset[str]  # as plain() writes them


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a list is what."""

    address: str
    channels: tuple[ChannelName, ...]
    word: str | None = None
    moment: str | None = None
    default: Reason = Reason.UNSUBSCRIBED
    silent: frozenset[str] = frozenset()


def read(path: Path, shown: str, *, reason: Reason | None = None, among: Among | None = None) -> Iterator[Part]:
    """The list's parts. `reason` holds for all of it; else its words tell, and where there are none everybody unsubscribed.

    `among`: the list is of everybody, and where its words are silent nobody is closed. Raises SourceError when the file can't be read, or no column of it holds addresses.
    """
    if not path.is_file():
        raise SourceError(Problem(shown, None, "there is no such file.", "Name the file that the other tool exported."))
    separator = delimiter(path)
    if separator is None:
        yield from _plain(path, shown, reason)
        return
    with delimited.opened(Delimited(path, shown, delimiter=separator, described=False)) as rows:
        yield from parts(rows, shown, path.name, reason=reason, among=among)


def parts(rows: Rows, shown: str, name: str, *, reason: Reason | None = None, among: Among | None = None) -> Iterator[Part]:
    """The same of rows that are open already, of a file or a query of this name."""
    columns = _columns(rows.header, shown, name, _LEFT if among else _MOMENTS)
    if among:
        columns = replace(columns, word=among.word, silent=among.silent)
    for chunk in rows.chunks:
        yield _part(chunk, columns, rows.header, reason)


def meaning(word: str) -> Reason | None:
    """Why somebody with this status, or number of Mautic's, isn't written to; None: they are. A word that nobody knows closes the address."""
    return _meaning(word, Columns("", (), word="dnc reason"))


def plain(word: str) -> str:
    """A status as its meaning is looked for: in small letters, its words apart by a blank."""
    return re.sub(r"[\s_]+", " ", word).strip().casefold()


def delimiter(path: Path) -> str | None:
    """What parts the columns of the first line; None for a plain list of addresses."""
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE)
    if start.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff")):
        return ","  # the reader of CSV files says what is wrong, or unpacks it
    lines = start.decode("utf-8-sig", "replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    found = max(",;\t|", key=first.count)
    if found in first:
        return found
    return "," if first.strip().strip('"').casefold() in {*ADDRESS, *_CHAT, *_PHONE} and "," not in first else None


def _plain(path: Path, shown: str, reason: Reason | None) -> Iterator[Part]:
    """One address a line, phones with their +; empty lines and those that begin with # say nothing."""
    entries: list[Entry] = []
    rejects: list[Reject] = []
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for line, raw in enumerate(stream, start=1):
                text = cells.text(raw)
                if text and not text.startswith("#"):
                    entry = _entry(line, _plainly(text), text, reason or Reason.UNSUBSCRIBED, None)
                    if isinstance(entry, Reject):
                        rejects.append(entry)
                    else:
                        entries.append(entry)
    except UnicodeDecodeError as error:
        raise SourceError(Problem(shown, None, "this is no text in UTF-8.", "Save it as UTF-8 and try again.")) from error
    yield Part(entries, 0, rejects, ("address",))


def _plainly(text: str) -> tuple[ChannelName, ...]:
    if text.startswith("+"):
        return _BY_PHONE
    return (ChannelName.TELEGRAM,) if addresses.chat_id(text) else (ChannelName.EMAIL,)


def _columns(header: Sequence[str], shown: str, file: str, moments: Sequence[str]) -> Columns:
    by_name = {cells.text(name).casefold(): name for name in header}

    def named(words: Sequence[str]) -> str | None:
        return next((by_name[word] for word in words if word in by_name), None)

    found = ((ADDRESS, (ChannelName.EMAIL,)), (_CHAT, (ChannelName.TELEGRAM,)), (_PHONE, _BY_PHONE))
    place = next(((column, channels) for words, channels in found if (column := named(words)) is not None), None)
    if place is None:
        raise SourceError(Problem(shown, 1, "no column of this list is called like one of addresses.", nearest("email", header, "Its columns")))
    return Columns(*place, named(_WORDS), named(moments), _by_name(file, by_name))


def _by_name(file: str, columns: dict[str, str]) -> Reason:
    """What a whole file is of, where its rows don't say: by its columns (Mailchimp), or its name (SendGrid)."""
    told = file.casefold()
    if "clean_time" in columns or any(word in told for word in ("cleaned", "bounce", "invalid")):
        return Reason.BOUNCED
    if "spam" in told or "complain" in told or "abuse" in told:
        return Reason.COMPLAINED
    return Reason.UNSUBSCRIBED


def _part(chunk: Chunk, columns: Columns, header: Sequence[str], reason: Reason | None) -> Part:
    entries, rejects, passed_over = [], list(chunk.rejects), 0
    texts = cells.texts(chunk.columns[columns.address])
    words = cells.texts(chunk.columns[columns.word]) if columns.word else [""] * len(texts)
    moments = cells.texts(chunk.columns[columns.moment]) if columns.moment else [""] * len(texts)
    for at, (text, word, moment) in enumerate(zip(texts, words, moments, strict=True)):
        meant = reason or _meaning(word, columns)
        if meant is None:
            passed_over += 1
            continue
        entry = _entry(chunk.lines[at], columns.channels, text, meant, _moment(moment))
        if isinstance(entry, Reject):
            rejects.append(Reject(entry.line, entry.reason, chunk.cells(at)))
        else:
            entries.append(entry)
    return Part(entries, passed_over, rejects, header)


def _meaning(word: str, columns: Columns) -> Reason | None:
    """None: still written to. A word that nobody knows closes the address: one letter less is a smaller harm than one too many."""
    said = plain(word)
    if said in columns.silent:
        return None
    if not said:
        return columns.default
    if said in _MEANING:
        return _MEANING[said]
    if columns.word and "dnc" in columns.word.casefold() and said in {"0", *_OF_MAUTIC}:
        return _OF_MAUTIC.get(said)
    if _ENHANCED.fullmatch(said):  # SendGrid's bounces: the code that the other side answered with
        return Reason.BOUNCED if said.startswith("5") else None
    return columns.default


def _entry(line: int, channels: tuple[ChannelName, ...], text: str, reason: Reason, since: datetime | None) -> Entry | Reject:
    read_as, what = _READ_AS[channels]
    address = read_as(text)
    if address is None:
        return Reject(line, f"`{text}` is {what}." if text else "There is no address in this row.", [text])
    return Entry(line, channels, address, reason, since)


def _phone(text: str) -> str | None:
    """Tools that send to phones write the country's code, with or without a plus before it; a number without the code is a doubt."""
    return phones.international(text if text.startswith(("+", "00", "tel:")) else f"+{text}")


_READ_AS: dict[tuple[ChannelName, ...], tuple[Callable[[str], str | None], str]] = {
    (ChannelName.EMAIL,): (addresses.email, "no e-mail address"),
    (ChannelName.TELEGRAM,): (addresses.chat_id, "no number of a Telegram chat"),
    _BY_PHONE: (_phone, "no phone with the code of its country, such as +380671234567"),
}


def _moment(text: str) -> datetime | None:
    """By ISO 8601, or seconds since 1970; anything else says nothing, and the address is closed since now. Without a zone it is UTC."""
    try:
        if re.fullmatch("[0-9]{9,10}", text):
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
