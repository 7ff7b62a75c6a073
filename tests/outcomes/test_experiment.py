"""Any table with arms and outcomes, and what is said of tables that can't be meant."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from tests.outcomes import tables
from winback.errors import SourceError
from winback.operations import experiment
from winback.outcomes import analysis_tables, statistics
from winback.outcomes.comparison import Finding
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


EVERYTHING = experiment.Questions(
    by=("womens", "history_segment"), strata=("history_segment",), cap=150.0, ratios=(("spend", "orders"),), uplift=True
)
COLUMNS = {"arm": "segment", "control": "No E-Mail", "outcomes": ["visit", "conversion"], "money": ["spend"]}


@pytest.fixture(scope="module")
def published_like(tmp_path_factory):
    """64,000 customers in three arms, as the randomised e-mail test of 2008 that everybody knows has them."""
    drawn = tables.draw(64_000, 20080320)
    return drawn, drawn.write(tmp_path_factory.mktemp("experiment") / "mails.csv")


def test_a_published_shape_is_counted_to_the_last_customer(published_like):
    """Against sums and textbook formulas over the columns themselves."""
    drawn, path = published_like
    found = experiment.analyse(path, **COLUMNS).as_json()
    for arm in found["arms"]:
        there = drawn.segment == tables.ARMS.index(arm["arm"])
        assert arm["assigned"] == there.sum()
        assert [arm["rates"][name]["count"] for name in ("visit", "conversion")] == [drawn.visit[there].sum(), drawn.conversion[there].sum()]
        assert arm["money"]["spend"]["total"] == pytest.approx(drawn.spend[there].sum(), rel=1e-12)
    assert len(found["comparisons"]) == 6
    for one in found["comparisons"]:
        values = {"visit": drawn.visit, "conversion": drawn.conversion, "spend": drawn.spend}[one["outcome"]]
        ours, theirs = (values[drawn.segment == tables.ARMS.index(name)].astype(float) for name in (one["arm"], one["against"]))
        assert one["difference"] == pytest.approx(ours.mean() - theirs.mean(), rel=1e-9)
        if one["outcome"] == "spend":
            z = (ours.mean() - theirs.mean()) / math.sqrt(ours.var(ddof=1) / ours.size + theirs.var(ddof=1) / theirs.size)
            assert one["p_value"] == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=5e-3)  # 40,000 degrees of freedom
        else:
            both = np.concatenate([ours, theirs]).mean()
            z = (ours.mean() - theirs.mean()) / math.sqrt(both * (1 - both) * (1 / ours.size + 1 / theirs.size))
            assert one["p_value"] == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-8)
    sizes = np.bincount(drawn.segment)
    assert found["sample_ratio"]["chi2"] == pytest.approx(((sizes - 64_000 / 3) ** 2 / (64_000 / 3)).sum())


def test_columns_and_rows_are_read_to_the_same_answers(published_like, tmp_path):
    """A word that only the slow reading understands makes the whole table be read slowly."""
    drawn, path = published_like
    slowly = tmp_path / "slowly.csv"
    slowly.write_bytes(path.read_bytes().replace(b"\r\n", b"\r\n\r\n", 3) + b"1,5) $500+,1,No E-Mail,0,0,1_0,1\r\n")  # float() knows 1_0
    quickly = drawn.write(tmp_path / "quickly.csv.gz")
    with gzip.open(quickly, "ab") as more:
        more.write(b"1,5) $500+,1,No E-Mail,0,0,10,1\r\n")
    ours, theirs = (experiment.analyse(one, **COLUMNS, questions=EVERYTHING).as_json() for one in (slowly, quickly))
    assert flattened(ours) == pytest.approx(flattened(theirs), rel=1e-8, abs=1e-12)
    assert words_of(ours) == words_of(theirs)


def flattened(value, into=None):
    """Every number in it, in order."""
    into = [] if into is None else into
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            flattened(part, into)
    elif isinstance(value, int | float):
        into.append(float(value))
    return into


def words_of(value):
    if isinstance(value, dict):
        return [(key, words_of(part)) for key, part in value.items()]
    return [words_of(part) for part in value] if isinstance(value, list) else value if isinstance(value, str) else None


def test_what_else_is_asked_is_answered_in_a_stable_shape(published_like):
    drawn, path = published_like
    found = experiment.analyse(path, **COLUMNS, questions=EVERYTHING).as_json()
    json.dumps(found, allow_nan=False)
    assert {name: len(rows) for name, rows in found.items() if isinstance(rows, list)} == {
        "comparisons": 8, "arms": 3, "verdicts": 6, "best": 6, "bootstrap": 2, "capped": 2, "stratified": 6, "segments": 12, "uplift": 4,
    }  # fmt: skip
    assert list(found["segments"][0]) == ["column", "outcome", "arm", "against", "spread", "segments"]
    assert list(found["segments"][0]["segments"][0]) == ["value", "assigned", "against_assigned", "difference", "shrunken", "low", "high", "positive"]
    assert list(found["uplift"][0]) == ["outcome", "arm", "against", "by", "qini", "low", "high", "helps", "curve", "kinds"]
    assert all(one["agrees"] for one in found["bootstrap"])
    mens = (drawn.segment == 0, drawn.segment == 2)
    capped = np.minimum(drawn.spend, 150.0)
    assert found["capped"][0]["difference"] == pytest.approx(capped[mens[0]].mean() - capped[mens[1]].mean())
    checks = [drawn.spend[there].sum() / drawn.orders[there].sum() for there in mens]
    assert next(one for one in found["comparisons"] if one["outcome"] == "spend/orders")["difference"] == pytest.approx(checks[0] - checks[1])


def test_true_effects_by_segment_and_the_true_ranking_are_found(published_like):
    """The women's letter brings 1.5 points more visits to the half that never bought from the women's range, and 7.5 to the other."""
    found = experiment.analyse(published_like[1], **COLUMNS, questions=EVERYTHING).as_json()
    womens = next(one for one in found["segments"] if (one["column"], one["outcome"], one["arm"]) == ("womens", "visit", "Womens E-Mail"))
    for row, true in zip(womens["segments"], (0.015, 0.075), strict=True):
        assert row["low"] < true < row["high"]
    ranked = next(one for one in found["uplift"] if (one["outcome"], one["arm"]) == ("visit", "Womens E-Mail"))
    assert ranked["helps"]
    kinds = ranked["kinds"]
    assert kinds[0]["kind"]["womens"] == "1", "the half for whom it does five times as much stands before the other"
    assert [each["kind"]["womens"] for each in kinds] == sorted((each["kind"]["womens"] for each in kinds), reverse=True)
    assert [each["believed"] for each in kinds] == sorted((each["believed"] for each in kinds), reverse=True)
    sizes = {arm["arm"]: arm["assigned"] for arm in found["arms"]}
    assert sum(each["customers"] for each in kinds) == sizes["Womens E-Mail"] + sizes["No E-Mail"]


def test_numbers_as_kinds_stand_in_their_own_order(published_like):
    asked = experiment.Questions(by=("recency",))
    found = experiment.analyse(published_like[1], arm="segment", control="No E-Mail", outcomes=["visit"], questions=asked)
    assert [row.value for row in found.segments[0].found.rows] == [str(month) for month in range(1, 13)]


def test_a_million_lines_need_little_more_memory_than_a_thousand(tmp_path):
    """Only what was paid is kept, eight bytes for each who paid."""
    program = (
        "import resource, sys; from pathlib import Path; from winback.operations import experiment\n"
        "experiment.analyse(Path(sys.argv[1]), arm='segment', control='No E-Mail', outcomes=['visit'], money=['spend'])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    small = tables.draw(20_000, 1).write(tmp_path / "small.csv")
    large, text = tmp_path / "large.csv", small.read_bytes()
    body = text[text.index(b"\n") + 1 :]
    with large.open("wb") as file:
        file.write(text)
        for _ in range(49):
            file.write(body)
    used = [
        int(subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=True, text=True).stdout) for path in (small, large)
    ]
    assert used[1] - used[0] < 80_000, "kilobytes"


def test_a_ranking_without_kinds_or_outcome_is_refused(tmp_path):
    with pytest.raises(SourceError, match="a ranking needs kinds of customers and a yes/no outcome"):
        experiment.analyse(table(tmp_path, SMALL), **ASKED, questions=experiment.Questions(uplift=True))


def test_a_column_of_too_many_kinds_is_refused_with_its_line(tmp_path):
    path = table(tmp_path, "segment,visit,age\n" + "".join(f"{'mail' if n % 2 else 'none'},1,{n}\n" for n in range(300)))
    with pytest.raises(SourceError, match="experiment.csv:202: `age` has more than 200 different values"):
        experiment.analyse(path, arm="segment", control="none", outcomes=["visit"], questions=experiment.Questions(by=("age",)))


def test_where_few_paid_nothing_is_concluded_of_money(tmp_path):
    """Nine payers of 900 against none of 100: Welch's test is sure, and nobody should be."""
    rows = [f"c{number},{'mail' if number < 900 else 'none'},0,{20 + number if number < 9 else 0}" for number in range(1_000)]
    path = table(tmp_path, "\n".join(["customer,segment,visit,spend", *rows]))
    found = experiment.analyse(path, arm="segment", control="none", outcomes=[], money=["spend"])
    (one,) = found.said
    assert one.compared.p_value < 0.01
    assert one.finding is Finding.TOO_FEW
    assert one.sentence.endswith("Fewer than 20 customers of an arm paid anything: interval and p are too sure of themselves.")
    (checked,) = (table.rows for table in analysis_tables.tables(found) if table.title == "Money by the bootstrap")
    assert [row[-1] for row in checked] == ["too few paid"]


def test_verdicts_are_plain_sentences(tmp_path):
    larger = rows(("mail", 1, "12.50", 60), ("mail", 0, "0", 140), ("none", 1, "10", 24), ("none", 0, "0", 176))
    found = experiment.analyse(table(tmp_path, larger), arm="segment", control="none", outcomes=["visit"], money=["spend"])
    assert [one.sentence.replace("\N{NO-BREAK SPACE}", " ") for one in found.said] == [
        "mail does better than none in visit: 30.0% against 12.0%, 18.0 points more (95% interval 10.1 to 25.7, p < 0.001).",
        "mail does better than none in spend: 3.750 against 1.200, 2.550 more (95% interval 1.631 to 3.469, p < 0.001).",
    ]
