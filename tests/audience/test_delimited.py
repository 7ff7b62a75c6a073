from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.audience import delimited
from winback.audience.delimited import Delimited
from winback.audience.rows import Chunk, Reject
from winback.errors import SourceError


def read(path: Path, *, size: int = delimited.CHUNK, **how: str) -> tuple[list[tuple[int, list[str]]], list[Reject]]:
    """Every row with its line, and every reject."""
    with delimited.opened(Delimited(path, path.name, **how), size=size) as rows:
        chunks = list(rows.chunks)
    return [row for chunk in chunks for row in _rows(chunk)], [reject for chunk in chunks for reject in chunk.rejects]


def _rows(chunk: Chunk) -> list[tuple[int, list[str]]]:
    return [(line, chunk.cells(position)) for position, line in enumerate(chunk.lines)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.csv"


def test_rows_have_the_lines_that_an_editor_shows(file):
    file.write_bytes(b'id,name\n1,Olena\n\n2,"two\nlines"\r\n3,"a ""quoted"" word"\n4,Ivan\n')
    rows, rejects = read(file)
    assert rows == [(2, ["1", "Olena"]), (4, ["2", "two\nlines"]), (6, ["3", 'a "quoted" word']), (7, ["4", "Ivan"])]
    assert rejects == []


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_all_systems_are_read(file, ending, last):
    text = "id,name\n1,Olena\n2,Ivan" + ("\n" if last else "")
    file.write_bytes(text.replace("\n", ending).encode())
    assert read(file)[0] == [(2, ["1", "Olena"]), (3, ["2", "Ivan"])]


def test_a_row_with_another_number_of_columns_is_rejected_with_its_cells(file):
    file.write_text("id,name\n1,Olena,Kyiv\n2\n3,Ivan\n", encoding="utf-8")
    rows, rejects = read(file)
    assert rows == [(4, ["3", "Ivan"])]
    assert [(reject.line, reject.cells) for reject in rejects] == [(2, ["1", "Olena", "Kyiv"]), (3, ["2"])]
    assert rejects[0].reason == "The row has 3 columns, the header 2."


def test_a_quote_that_is_never_closed_costs_its_own_rows_and_is_told(file):
    file.write_text('id,name\n1,"Olena\n2,Ivan\n', encoding="utf-8")
    rows, rejects = read(file)
    assert rows == []
    assert [(reject.line, reject.cells) for reject in rejects] == [(2, ['1,"Olena\n2,Ivan'])]
    assert "lines 2 to 3" in rejects[0].reason


def test_a_stray_quote_costs_one_row_only(file):
    file.write_text('id,name\n1,"Olena" K\n2,12" pan\n', encoding="utf-8")
    rows, rejects = read(file)
    assert rows == [(3, ["2", '12" pan'])]
    assert [reject.line for reject in rejects] == [2]


@pytest.mark.parametrize(
    ("encoding", "written", "how"),
    [("utf-8", "utf-8", {}), ("utf-8-sig", "utf-8", {}), ("cp1251", "cp1251", {"encoding": "cp1251"}), ("utf-16", "utf-16", {"encoding": "utf-16"})],
)
def test_encodings_are_read_as_the_mapping_says_and_a_byte_order_mark_is_no_letter(file, encoding, written, how):
    file.write_bytes("номер;ім'я\n1;Олена\n".encode(encoding))
    with delimited.opened(Delimited(file, "shop.csv", delimiter=";", **how)) as rows:
        assert rows.header == ("номер", "ім'я")
        assert _rows(next(rows.chunks)) == [(2, ["1", "Олена"])]


def test_gzip_is_told_by_its_content_whatever_the_name_says(file):
    file.write_bytes(gzip.compress(b"id,name\n1,Olena\n", mtime=0))
    assert read(file)[0] == [(2, ["1", "Olena"])]


def test_a_name_that_stands_twice_in_the_header_is_numbered(file):
    file.write_text("id,date, date \n1,a,b\n", encoding="utf-8")
    with delimited.opened(Delimited(file, "shop.csv")) as rows:
        assert rows.header == ("id", "date", "date (2)")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "shop.csv: the file is empty."),
        (b"\n \n", "shop.csv: the file is empty."),
        ("id,name\n1,Ann\n2,Олена\n".encode("cp1251"), "shop.csv:3: byte 3 of this line (0xce) is not UTF-8. Write `encoding: cp1251`"),
        (
            gzip.compress("id,name\n1,Олена\n".encode("cp1251"), mtime=0),
            "shop.csv:2: byte 3 of this line (0xce) is not UTF-8. Write `encoding: cp1251`",
        ),
        ("id,name\n1,Ann\n".encode("utf-16"), "shop.csv: the file is UTF-16, not UTF-8. Write `encoding: utf-16`"),
        (gzip.compress(b"id,name\n1,Olena\n", mtime=0)[:-6], "shop.csv: the gzip file is damaged or was cut off."),
        (b"PK\x03\x04 and so on", "shop.csv: this is an Excel workbook or another archive. Save the sheet as CSV UTF-8."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(file, content, sentence):
    file.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        read(file)
    assert sentence in str(refused.value)


def test_what_is_unreadable_far_down_is_known_with_the_first_chunk(file):
    file.write_bytes(b"id,name\n" + b"1,Olena\n" * 1000 + b"2,\xce\n")
    with delimited.opened(Delimited(file, "shop.csv"), size=64) as rows, pytest.raises(SourceError, match=r"shop\.csv:1002: byte 3 "):
        next(rows.chunks)


CELL = st.text(st.sampled_from('ab,;" \nй'), max_size=4)


@settings(max_examples=300)
@given(st.lists(st.tuples(CELL, CELL, CELL)), st.integers(1, 40), st.booleans())
def test_in_chunks_of_any_size_the_rows_are_those_of_the_csv_module(tmp_path_factory, rows, size, quoted):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows([("a", "b", "c"), *rows])
    path = tmp_path_factory.mktemp("csv") / "shop.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found, rejects = read(path, size=size)
    assert [tuple(cells) for _, cells in found] == rows
    assert rejects == []
    assert [line for line, _ in found] == _true_lines(text.getvalue())


def _true_lines(text: str) -> list[int]:
    reader = csv.reader(io.StringIO(text))
    lines = [0]
    lines += [reader.line_num for _ in reader]
    return [line + 1 for line in lines[1:-1]]


@given(st.lists(st.lists(st.text("ab", max_size=2), min_size=1, max_size=4)))
def test_rows_of_any_width_are_kept_or_rejected_never_shifted(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "shop.csv"
    path.write_text("\n".join(["a,b", *(",".join(row) for row in rows)]), encoding="utf-8")
    found, rejects = read(path)
    lines = {line: row for line, row in enumerate(rows, start=2) if row != [""]}
    assert dict(found) == {line: row for line, row in lines.items() if len(row) == 2}
    assert {reject.line: list(reject.cells) for reject in rejects} == {line: row for line, row in lines.items() if len(row) != 2}
