"""CSV files, plain or gzipped, in any encoding, quoted as RFC 4180 says."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from winback.audience.rows import Chunk, Reject, Rows
from winback.errors import Problem, SourceError

CHUNK = 8 * 2**20
"""Characters read at a time: about 200,000 orders; a chunk and what is made of it take a few hundred MB."""

_ASK = "Ask for the file again, or export it again."
_SAVE = "Save it as UTF-8 and try again."


@dataclass(frozen=True, slots=True)
class Delimited:
    """A CSV file, how it is written, and how messages call it."""

    path: Path
    shown: str
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    described: bool = True  # in config/sources.yaml, where its encoding can be written


@contextmanager
def opened(file: Delimited, *, size: int = CHUNK) -> Iterator[Rows]:
    """The file's rows. Raises SourceError, at the latest with the first chunk, when the file can't be read to its end in its encoding."""
    with ExitStack() as stack:
        with _told(file):
            stream = stack.enter_context(_stream(file))
            header, line = _header(file, stream)
        yield Rows(header, _chunks(file, stream, header, line, size))


def _chunks(file: Delimited, stream: IO[str], header: tuple[str, ...], line: int, size: int) -> Iterator[Chunk]:
    """Chunks that end where a row ends; `line` is the file's line that the next chunk begins on."""
    with _told(file):
        text = stream.read(size)
        if len(text) == size:  # more is to come: what can't be decoded there must be known before anything is stored
            _read_through(file)
        while text:
            text += stream.readline()
            chunk, lines = _plain(text, file.delimiter, header, line) or _quoted(text, stream, file.delimiter, header, line)
            yield chunk
            line += lines
            text = stream.read(size)


def _plain(text: str, delimiter: str, header: tuple[str, ...], line: int) -> tuple[Chunk, int] | None:
    """The chunk and its number of lines, several times as fast as the csv module: for text without quotes, where every row fits.

    After each line's end a delimiter is put in, so that one split gives all cells, and a line's first cell begins with the line end.
    If every width-th cell does so, and no other, then every row has its `width` cells.
    """
    width = len(header)
    if '"' in text or width < 2:
        return None
    lines = text.count("\n")
    body = text.rstrip("\n")
    cells = body.replace("\n", delimiter + "\n").split(delimiter)
    firsts = "".join(cells[::width]).split("\n")
    if len(cells) != width * len(firsts) or len(firsts) != body.count("\n") + 1:
        return None
    columns = [firsts, *(cells[index::width] for index in range(1, width))]
    return Chunk(dict(zip(header, columns, strict=True)), range(line, line + len(firsts))), lines


def _quoted(text: str, stream: IO[str], delimiter: str, header: tuple[str, ...], line: int) -> tuple[Chunk, int]:
    """The same for any text. The last row may go on beyond it: then the rest is taken from the stream."""
    raw = text.removesuffix("\n").split("\n")
    reader = csv.reader(chain(io.StringIO(text), stream), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    while reader.line_num < len(raw):
        begin = reader.line_num
        try:
            row = next(reader, [])
        except csv.Error:
            reason = f"The quotes don't match in lines {line + begin} to {line + reader.line_num - 1}: one is missing, or should be doubled."
            rejects.append(Reject(line + begin, reason, ["\n".join(raw[begin : reader.line_num])]))
            continue
        if len(row) == len(header):
            rows.append(row)
            lines.append(line + begin)
        elif row:
            rejects.append(Reject(line + begin, f"The row has {len(row)} columns, the header {len(header)}.", row))
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return Chunk(dict(zip(header, columns, strict=True)), lines, rejects), reader.line_num


def _header(file: Delimited, stream: IO[str]) -> tuple[tuple[str, ...], int]:
    """The names in the first line that isn't blank, each once, and the line that comes next."""
    reader = csv.reader(stream, delimiter=file.delimiter)
    for row in reader:
        names = [name.strip() for name in row]
        if any(names):
            return tuple(_numbered(names)), reader.line_num + 1
    raise SourceError(Problem(file.shown, None, "the file is empty.", _ASK))


def _numbered(names: list[str]) -> Iterator[str]:
    """Names that stand twice get a number: `date`, `date (2)`."""
    for index, name in enumerate(names):
        before = names[:index].count(name)
        yield f"{name} ({before + 1})" if before else name


@contextmanager
def _stream(file: Delimited) -> Iterator[IO[str]]:
    with file.path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if start == b"PK\x03\x04":
            raise SourceError(Problem(file.shown, None, "this is an Excel workbook or another archive.", "Save the sheet as CSV UTF-8."))
        binary = gzip.GzipFile(fileobj=raw) if start.startswith(b"\x1f\x8b") else raw
        # Line ends of all systems become \n, in quoted cells too, where they end up as blanks anyway.
        with io.TextIOWrapper(binary, encoding=file.encoding) as stream:
            yield stream


def _read_through(file: Delimited) -> None:
    with _stream(file) as stream:
        while stream.read(CHUNK):
            pass


@contextmanager
def _told(file: Delimited) -> Iterator[None]:
    """Turn what reading raises into sentences."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise SourceError(_undecodable(file)) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(Problem(file.shown, None, "the gzip file is damaged or was cut off.", _ASK)) from error
    except (UnicodeError, csv.Error) as error:
        raise SourceError(Problem(file.shown, None, f"the file can't be read as {_name(file.encoding)} text: {error}.", _ASK)) from error
    except OSError as error:
        raise SourceError(Problem(file.shown, None, f"the file can't be read: {error.strerror or error}.", _ASK)) from error


def _undecodable(file: Delimited) -> Problem:
    """Where the first byte stands that the encoding doesn't have, and what to write."""
    below = "below this source in config/sources.yaml"
    with file.path.open("rb") as raw:
        start = raw.read(2)
        raw.seek(0)
        if start in {b"\xff\xfe", b"\xfe\xff"}:
            how = f"Write `encoding: utf-16` {below}." if file.described else _SAVE
            return Problem(file.shown, None, f"the file is UTF-16, not {_name(file.encoding)}.", how)
        binary = gzip.GzipFile(fileobj=raw) if start == b"\x1f\x8b" else raw
        how = f"Write `encoding: cp1251`, or the encoding that it was saved in, {below}."
        if file.encoding != "utf-8-sig":
            how = f"Write the encoding that it was saved in {below}."
        if not file.described:
            how = _SAVE
        for number, content in enumerate(binary, start=1):
            try:
                content.decode(file.encoding)
            except UnicodeDecodeError as error:
                byte = content[error.start]
                return Problem(file.shown, number, f"byte {error.start + 1} of this line ({byte:#04x}) is not {_name(file.encoding)}.", how)
    return Problem(file.shown, None, f"the file is not {_name(file.encoding)} text.", how)


def _name(encoding: str) -> str:
    return "UTF-8" if encoding == "utf-8-sig" else encoding
