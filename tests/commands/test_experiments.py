"""winback report --from-csv, as it is typed."""

from __future__ import annotations

import json

import pytest

from tests.commands.terminal import winback

ROWS = [("Mens E-Mail", 1, 20.5, 60), ("Mens E-Mail", 0, 0, 140), ("No E-Mail", 1, 19, 25), ("No E-Mail", 0, 0, 175)]


@pytest.fixture
def mails(tmp_path):
    path = tmp_path / "mails.csv"
    lines = [f"{arm},{('new', 'old')[n % 2]},{visit},{spend},{visit}" for arm, visit, spend, count in ROWS for n in range(count)]
    path.write_text("\n".join(["segment,age,visit,spend,orders", *lines, ""]), encoding="utf-8")
    return str(path)


def asked(mails, *more):
    return ("report", "--from-csv", mails, "--arm", "segment", "--control", "No E-Mail", "--outcome", "visit", *more)


def test_every_question_is_answered_as_json(mails, capsys):
    more = (
        "--money",
        "spend",
        "--ratio",
        "spend/orders",
        "--by",
        "age",
        "--strata",
        "age",
        "--cap",
        "15",
        "--uplift",
        "--shares",
        "Mens E-Mail=1/2,No E-Mail=0.5",
    )
    code, out, _ = winback(capsys, *asked(mails, *more, "--json"))
    found = json.loads(out)
    assert code == 0
    assert [(one["outcome"], round(one["difference"], 6)) for one in found["comparisons"]] == [
        ("visit", 0.175),
        ("spend", 3.775),
        ("spend/orders", 1.5),
    ]
    assert found["sample_ratio"] == {**found["sample_ratio"], "chi2": 0.0, "equal_shares_assumed": False}
    assert [(one["cap"], round(one["difference"], 6)) for one in found["capped"]] == [(15.0, 2.625)]
    assert [row["value"] for row in found["segments"][0]["segments"]] == ["new", "old"]
    assert [(one["strata"], round(one["difference"], 3)) for one in found["stratified"]] == [(["age"], 0.175), (["age"], 3.775)]
    assert [one["by"] for one in found["uplift"]] == [["age"]]


def test_the_terminal_says_it_in_words_first(mails, capsys):
    code, out, _ = winback(capsys, *asked(mails, "--money", "spend", "--by", "age", "--uplift"))
    text = " ".join(out.split())
    assert code == 0
    assert text.startswith("• Mens E-Mail does better than No E-Mail in visit: 30.0% against 12.5%, 17.5 points more")
    for heading in (
        "visit, against No E-Mail",
        "chance to be best",
        "Money by the bootstrap",
        "visit by age: Mens E-Mail less No E-Mail",
        "Who to write to first",
        "Kinds, best first: visit, Mens E-Mail",
        "This order isn't shown to be better than any other.",
    ):
        assert heading in text


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--shares", "mail"), "--shares has `mail`, which is no arm with its share. Write --shares mail=0.5,none=0.5, or mail=1/2."),
        (("--shares", "Mens E-Mail=1/0"), "--shares has `Mens E-Mail=1/0`"),
        (("--shares", "Women=0.5,No E-Mail=0.5"), "no customer's `segment` is `Women`, which has a share."),
        (("--ratio", "spend"), "--ratio spend names no two columns. Write --ratio spend/orders."),
        (("--cap", "-5"), "--cap is -5; a cap is above zero."),
        (("--uplift",), "a ranking needs kinds of customers and a yes/no outcome. Add --by COLUMN and --outcome COLUMN."),
        (("--by", "agee"), "there is no column `agee`. Did you mean `age`?"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(mails, capsys, more, sentence):
    code, _, err = winback(capsys, *asked(mails, *more))
    assert code == 1
    assert sentence in " ".join(err.split())
