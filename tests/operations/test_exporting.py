"""Every table of a report as a file."""

from __future__ import annotations

import csv

from pyarrow import parquet

from tests.outcomes import sample
from winback.operations import exporting


def rows(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_table_of_the_json_has_a_file(tmp_path):
    told = sample.report().as_json()
    paths = exporting.write(told, tmp_path / "new" / "folder")
    assert {path.stem.replace("-", "_") for path in paths} == {
        "summary",
        *(name for name, value in told.items() if isinstance(value, list) and value),
    }
    arms = rows(tmp_path / "new/folder/arms.csv")
    assert [(row["arm"], row["assigned"], row["returned"]) for row in arms] == [
        ("warm-word", "4000", "232"), ("gift-first", "4000", "300"), ("holdout", "2000", "70"),
    ]  # fmt: skip
    assert float(arms[0]["rate"]) == 0.058
    (summary,) = rows(tmp_path / "new/folder/summary.csv")
    assert (summary["campaign"], summary["sample_ratio_alarm"]) == ("spring", "False")
    assert rows(tmp_path / "new/folder/mailboxes.csv")[2]["troubles"] == "spam; unseen"


def test_a_table_that_has_no_rows_any_more_leaves_no_file_of_an_earlier_report(tmp_path):
    told = sample.report().as_json()
    exporting.write(told, tmp_path)
    assert (tmp_path / "mailboxes.csv").exists()
    (tmp_path / "mine.csv").write_text("kept", encoding="utf-8")
    paths = exporting.write({**told, "mailboxes": []}, tmp_path)
    assert tmp_path / "mailboxes.csv" not in paths
    assert {path.name for path in tmp_path.iterdir()} == {*(path.name for path in paths), "mine.csv"}


def test_words_that_are_formulas_are_shown_and_numbers_stay_numbers(tmp_path):
    told = {"arms": [{"arm": "=HYPERLINK(1)", "difference": -0.02, "note": "@sum"}, {"arm": "plain", "difference": None, "note": "-1"}]}
    (arms, _) = exporting.write(told, tmp_path)
    assert rows(arms) == [
        {"arm": "'=HYPERLINK(1)", "difference": "-0.02", "note": "'@sum"},
        {"arm": "plain", "difference": "", "note": "'-1"},
    ]


def test_parquet_keeps_types_and_what_is_not_known(tmp_path):
    told = {"arms": [{"arm": "a", "assigned": 10, "rate": 0, "roi": None}, {"arm": "b", "assigned": 20, "rate": 0.5, "roi": None, "late": True}]}
    table = parquet.read_table(exporting.write(told, tmp_path, parquet=True)[0])
    assert {field.name: str(field.type) for field in table.schema} == {
        "arm": "string", "assigned": "int64", "rate": "double", "roi": "null", "late": "bool",
    }  # fmt: skip
    assert table.to_pylist()[0] == {"arm": "a", "assigned": 10, "rate": 0.0, "roi": None, "late": None}


def test_the_whole_report_goes_into_parquet_too(tmp_path):
    paths = exporting.write(sample.report().as_json(), tmp_path, parquet=True)
    assert {path.suffix for path in paths} == {".parquet"}
    assert parquet.read_table(tmp_path / "curve.parquet").num_rows == len(sample.report().as_json()["curve"])
