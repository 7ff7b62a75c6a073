"""Any table with arms and outcomes, and what is said of tables that can't be meant."""

from __future__ import annotations

import gzip
import json
import math

import pytest

from winback.errors import SourceError
from winback.operations import experiment
from winback.outcomes import statistics
from winback.outcomes.statistics import Counted


def table(tmp_path, text, name="experiment.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(*groups):
    """`(arm, outcome, amount, how many)` as the lines of a CSV with a header."""
    lines = [f"{arm},{outcome},{amount}" for arm, outcome, amount, count in groups for _ in range(count)]
    return "\n".join(["segment,visit,spend", *lines, ""])


SMALL = rows(("mail", 1, "12.50", 30), ("mail", 0, "0", 70), ("none", 1, "10", 12), ("none", 0, "0", 88))


def test_arms_are_compared_with_the_control(tmp_path):
    found = experiment.analyse(table(tmp_path, SMALL), arm="segment", control="none", outcomes=["visit"], money=["spend"]).as_json()
    visit, spend = found["comparisons"]
    expected = statistics.newcombe(Counted(30, 100), Counted(12, 100))
    assert (visit["outcome"], visit["arm"], visit["against"]) == ("visit", "mail", "none")
    assert (visit["difference"], visit["low"], visit["high"]) == pytest.approx((0.18, expected.low, expected.high))
    assert visit["p_value"] == pytest.approx(0.00177873, rel=1e-5)  # chi-square 9.76492 with one degree of freedom
    assert (spend["outcome"], spend["difference"]) == ("spend", pytest.approx(3.75 - 1.2))
    error = math.sqrt((30 * 8.75**2 + 70 * 3.75**2) / 99 / 100 + (12 * 8.8**2 + 88 * 1.2**2) / 99 / 100)
    assert (spend["high"] - spend["low"]) / 2 == pytest.approx(1.975214 * error, rel=1e-6)  # t of 156.74 degrees of freedom
    assert [(arm["arm"], arm["assigned"], arm["rates"]["visit"]["count"], arm["money"]["spend"]["total"]) for arm in found["arms"]] == [
        ("mail", 100, 30, 375.0), ("none", 100, 12, 120.0),
    ]  # fmt: skip
    json.dumps(found, allow_nan=False)


def test_the_sample_ratio_is_held_against_equal_shares_or_those_given(tmp_path):
    path = table(tmp_path, rows(("mail", 1, 0, 10), ("mail", 0, 0, 790), ("none", 0, 0, 199), ("none", 1, 0, 1)))
    assumed = experiment.analyse(path, arm="segment", control="none", outcomes=["visit"])
    assert assumed.as_json()["sample_ratio"]["chi2"] == pytest.approx(360)
    assert assumed.as_json()["sample_ratio"]["equal_shares_assumed"] is True
    assert "if other shares were planned, this check says nothing" in assumed.sample_ratio.sentence
    given = experiment.analyse(path, arm="segment", control="none", outcomes=["visit"], shares={"mail": 0.8, "none": 0.2})
    assert given.as_json()["sample_ratio"]["p_value"] == 1.0
    assert given.as_json()["sample_ratio"]["equal_shares_assumed"] is False


def test_several_arms_are_allowed_for(tmp_path):
    path = table(tmp_path, rows(("a", 1, 0, 30), ("a", 0, 0, 70), ("b", 1, 0, 20), ("b", 0, 0, 80), ("none", 1, 0, 12), ("none", 0, 0, 88)))
    first, second = experiment.analyse(path, arm="segment", control="none", outcomes=["visit"]).comparisons
    assert (first.arm, first.p_adjusted) == ("a", pytest.approx(2 * first.p_value))
    assert (second.arm, second.p_adjusted) == ("b", pytest.approx(second.p_value))


@pytest.mark.parametrize("words", [("1", "0"), ("true", "false"), ("True", "False"), ("YES", "no"), (" y ", "N"), ("1.0", "0.0")])
def test_an_outcome_may_be_written_in_the_usual_ways(tmp_path, words):
    path = table(tmp_path, rows(("mail", words[0], 0, 3), ("mail", words[1], 0, 1), ("none", words[1], 0, 4)))
    assert experiment.analyse(path, arm="segment", control="none", outcomes=["visit"]).arms[0].rates["visit"] == Counted(3, 4)


def test_semicolons_tabs_a_byte_order_mark_and_gzip_are_read(tmp_path):
    expected = experiment.analyse(table(tmp_path, SMALL), arm="segment", control="none", outcomes=["visit"])
    for delimiter in ";\t":
        path = table(tmp_path, "\ufeff" + SMALL.replace(",", delimiter))
        assert experiment.analyse(path, arm="segment", control="none", outcomes=["visit"]) == expected
    packed = tmp_path / "experiment.csv.gz"
    packed.write_bytes(gzip.compress(SMALL.encode()))
    assert experiment.analyse(packed, arm="segment", control="none", outcomes=["visit"]) == expected


def test_money_nobody_spent_is_a_difference_without_an_interval(tmp_path):
    path = table(tmp_path, rows(("mail", 0, 0, 5), ("none", 0, 0, 5)))
    (spend,) = experiment.analyse(path, arm="segment", control="none", outcomes=[], money=["spend"]).as_json()["comparisons"]
    assert (spend["difference"], spend["low"], spend["p_value"]) == (0.0, None, None)


ASKED = {"arm": "segment", "control": "none", "outcomes": ["visit"], "money": ["spend"]}


@pytest.mark.parametrize(
    ("text", "asked", "sentence"),
    [
        (SMALL, {"arm": "segmnt"}, r"experiment.csv:1: there is no column `segmnt`. Did you mean `segment`?"),
        (SMALL, {"outcomes": ["conversion"]}, r"experiment.csv:1: there is no column `conversion`. Columns: segment, spend, visit."),
        (SMALL, {"control": "nome"}, r"experiment.csv: no customer's `segment` is `nome`. Did you mean `none`?"),
        (SMALL, {"outcomes": ["spend"]}, "experiment.csv:2: `spend` is 12.50; an outcome is yes or no. Write 1 or 0, true or false, yes or no. Name a column"),
        (SMALL, {"money": ["segment"]}, "experiment.csv:2: `segment` is mail; an amount is a number. Write 0 where nothing was spent, else 19.90."),
        (SMALL, {"outcomes": [], "money": []}, "experiment.csv: nothing to compare was named. Add --outcome COLUMN or --money COLUMN."),
        (SMALL, {"shares": {"post": 1.0}}, "experiment.csv: no customer's `segment` is `post`, which has a share."),
        ("", {}, "experiment.csv:1: the file is empty."),
        ("segment,visit,spend\n", {}, "experiment.csv: there are no customers below the first line."),
        ("segment,visit,spend\nmail,1\n", {}, "experiment.csv:2: 2 values stand here, and the first line names 3 columns."),
        ("segment,visit,spend\nmail,1,0\n\n,1,0\n", {}, "experiment.csv:4: `segment` is empty."),
        ("segment,visit,spend\nmail,,0\n", {}, "experiment.csv:2: `visit` is empty; an outcome is yes or no."),
        ("segment,visit,spend\nmail,1,inf\n", {}, "experiment.csv:2: `spend` is inf; an amount is a number."),
        ("segment,visit,visit\nmail,1,0\n", {"money": []}, "experiment.csv:1: there are 2 columns `visit`."),
        ("segment,visit,spend\nnone,1,0\n", {}, "experiment.csv: every customer's `segment` is `none`. A comparison needs at least two arms."),
        ("segment,visit,spend\n" + "".join(f"{n},1,0\n" for n in range(60)), {}, "experiment.csv:52: `segment` has more than 50 different values."),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_meant_is_refused_with_its_line(tmp_path, text, asked, sentence):
    with pytest.raises(SourceError) as refused:
        experiment.analyse(table(tmp_path, text), **{**ASKED, **asked})
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.csv", None, "there is no such file."),
        ("cyrillic.csv", "segment,visit\nлист,1\n".encode("cp1251"), "it is not UTF-8."),
        ("broken.csv.gz", gzip.compress(SMALL.encode(), mtime=0)[:-20], "it can't be read"),
        ("plain.csv.gz", SMALL.encode(), "it can't be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, content, sentence):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        experiment.analyse(path, **ASKED)
