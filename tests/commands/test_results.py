"""winback report, winback tactics, as they are typed."""

from __future__ import annotations

import csv
import json

import pytest

from winback import cli


@pytest.fixture
def winback(shop, capsys):
    """The command, at a shop whose campaign has begun."""

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out + said.err

    for arguments in (("import",), ("run", "winter-tea")):
        code, said = run(*arguments)
        assert code == 0, said
    return run


def test_a_report_speaks_the_language_that_is_asked_for_else_the_projects(winback, shop):
    assert "Did winter-tea bring people back?" in winback("report", "winter-tea")[1]
    assert "Чи повернула людей кампанія winter-tea?" in winback("report", "winter-tea", "--language", "uk")[1]
    settings = shop / "config/settings.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("report_language: en", "report_language: ro"), encoding="utf-8")
    assert "A readus oamenii campania winter-tea?" in winback("report", "winter-tea")[1]
    assert winback("report", "winter-tea", "--language", "xx")[0] == 2
    settings.write_text(settings.read_text(encoding="utf-8").replace("report_language: ro", "report_language: de"), encoding="utf-8")
    code, said = winback("report", "winter-tea")
    assert code == 1
    assert "is de; a language of reports is one of en, uk, ru, ro, uz, mn" in said


def test_a_report_is_a_page_tables_and_json_at_once(winback, tmp_path):
    code, said = winback("report", "winter-tea", "--json", "--html", str(tmp_path / "r.html"), "--export", str(tmp_path / "tables"))
    assert code == 0
    told = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert told["plan"][0]["what"] == "written-to"
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with (tmp_path / "tables/arms.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["arm"] for row in csv.DictReader(stream)] == [arm["arm"] for arm in told["arms"]]
    assert winback("report", "winter-tea", "--export", str(tmp_path / "columns"), "--parquet")[0] == 0
    assert (tmp_path / "columns/arms.parquet").exists()


def test_a_quarter_is_told_and_what_is_none_refused(winback, tmp_path):
    code, said = winback("report", "--quarter", "2020Q1", "--html", str(tmp_path / "q.html"))
    assert code == 0
    assert "2020-Q1: who left, and who came back" in said
    assert (tmp_path / "q.html").exists()
    code, said = winback("report", "--quarter", "spring")
    assert (code, "`spring` is no quarter." in said) == (1, True)
    assert "Write winback report CAMPAIGN, --quarter 2026Q3, or --from-csv FILE." in winback("report")[1]


def test_the_library_of_tactics_is_empty_until_windows_close(winback):
    code, said = winback("tactics")
    assert code == 0
    assert "the library fills when return windows close" in said
    assert json.loads(winback("tactics", "--json")[1]) == {"tactics": []}
    assert json.loads(winback("plan", "winter-tea", "--json")[1])["learnt"] == []
