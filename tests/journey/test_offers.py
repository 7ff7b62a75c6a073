"""Kinds of offers, what they come to for one customer, codes as words, and what is left to promise."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import projects
from winback import strictyaml
from winback.errors import ConfigError
from winback.journey import assignment, code_words, promises
from winback.journey.eligibility import Candidate
from winback.journey.offer import Offer, OfferKind
from winback.journey.promises import Promised
from winback.journey.purse import Left, Purse
from winback.letters import promised
from winback.model import Money, Person, ProblemOrder, Reason

TABLE = yaml.safe_load((Path(__file__).parent / "offers.yaml").read_text(encoding="utf-8"))
DRAW = {"kind": "draw", "prizes": [{"text": {"en": "a tin"}, "share": 0.7, "cost": 100}, {"text": {"en": "a grinder"}, "share": 0.3, "cost": 2000}]}
STEPS = {"kind": "progressive", "levels": [{"orders": 3, "discount": 0.05}, {"orders": 10, "discount": 0.1}]}


def offer(**values) -> Offer:
    return strictyaml.parse(yaml.safe_dump({"text": {"en": "tea"}, **values}), Offer, shown="spring.yaml").value


def promise(of: Offer, *, key="k", rates=None, **facts) -> Promised | None:
    return promises.to(of, Candidate(1, Person(key), **facts), salt="s", currency="UAH", rates=rates or {})


@pytest.mark.parametrize("row", TABLE, ids=lambda row: str(row["is"]))
def test_an_offer_is_its_kind_as_the_table_says(row):
    if "refused" in row:
        with pytest.raises(ConfigError) as refused:
            offer(**row["is"])
        assert row["refused"] in str(refused.value)
        return
    found = offer(**row["is"])
    assert found.has == set(row["has"])
    assert found.usual == tuple(Decimal(str(part)) for part in row["usual"])


@pytest.mark.parametrize(
    ("of", "facts", "fixed", "discount", "at_most"),
    [
        ({"cost": 85}, {}, 85, 0, 85),
        ({"kind": "percentage", "discount": 0.1, "cost": 5}, {"average_order_minor": 123_45}, 5, "0.1", "17.35"),  # rounded up: a budget is kept
        ({"kind": "percentage", "discount": 0.1}, {"average_order_minor": -500}, 0, "0.1", 0),
        ({"kind": "amount", "amount": 150}, {"average_order_minor": 100}, 150, 0, 150),
        (STEPS, {"orders": 3, "average_order_minor": 100_00}, 0, "0.05", 5),
        (STEPS, {"orders": 40, "average_order_minor": 100_00}, 0, "0.1", 10),
        ({"kind": "compensation", "share": 0.2}, {"problem_order": ProblemOrder("7", date(2026, 5, 1), Money(Decimal("99.99"), "UAH"))}, 20, 0, 20),
    ],
)
def test_what_an_offer_comes_to_for_one_customer(of, facts, fixed, discount, at_most):
    found = promise(offer(**of), **facts)
    assert found is not None
    assert (found.fixed, found.discount, found.at_most) == (Decimal(fixed), Decimal(discount), Decimal(at_most))
    assert Promised.from_fact(found.as_fact()) == found


@pytest.mark.parametrize(
    ("of", "facts"),
    [
        (STEPS, {"orders": 2}),
        ({"kind": "compensation", "share": 0.2}, {}),
        (
            {"kind": "compensation", "share": 0.2},
            {"problem_order": ProblemOrder("7", date(2026, 5, 1), Money(Decimal(9), "XAU"))},
        ),  # nobody knows its worth
    ],
)
def test_who_has_nothing_that_it_could_be_counted_from_is_promised_nothing(of, facts):
    assert promise(offer(**of), **facts) is None


def test_a_compensation_is_told_in_the_money_of_its_order_and_costs_ours():
    wrong = ProblemOrder("7", date(2026, 5, 1), Money(Decimal(50), "EUR"))
    given_back = offer(kind="compensation", share=0.2)
    found = promise(given_back, problem_order=wrong, rates={"EUR": Decimal("45.2")})
    assert found is not None
    assert (found.amount, found.fixed) == (Money(Decimal("10.00"), "EUR"), Decimal("452.000"))
    assert promised.values(given_back, found, locale="en", code="", ends_on=date(2026, 6, 1)).amount == "€10"


def test_everybody_wins_something_and_anybody_can_redo_the_draw():
    draw = offer(**DRAW)
    prizes = {f"c{number}": promise(draw, key=f"c{number}") for number in range(2000)}
    assert {found.prize for found in prizes.values()} == {0, 1}
    won = Counter(found.prize for found in prizes.values())
    assert abs(won[1] / 2000 - 0.3) < 0.05
    assert prizes["c7"] == promise(draw, key="c7")
    place = assignment.bucket("s-draw", "c7")
    assert prizes["c7"].prize == (0 if place < 0.7 else 1)
    assert {found.fixed for found in prizes.values()} == {Decimal(100), Decimal(2000)}


@given(st.floats(0, 1, exclude_max=True))
def test_every_place_of_the_draw_has_a_prize(place):
    assert promises.drawn(offer(**DRAW), place) in {0, 1}


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ({"kind": "percentage", "discount": 0.075}, {"discount": 0.075}),
        ({"kind": "amount", "amount": 1500}, {"amount": "UAH\xa01,500"}),
        ({"kind": "points", "points": 300}, {"points": 300}),
        (DRAW, {"prize": "a tin"}),
        ({"cost": 5}, {}),
    ],
)
def test_letters_call_an_offer_by_what_its_kind_has(of, words):
    shown = promised.example(offer(**of), locale="en", currency="UAH", ends_on=date(2026, 6, 1))
    assert {word: getattr(shown, word) for word in ("discount", "amount", "points", "prize") if getattr(shown, word) is not None} == words


@given(st.text(), st.text(), st.integers(0, 9))
def test_a_code_is_made_the_same_every_time_and_can_be_read_out(run, customer, number):
    made = code_words.made(b"k" * 32, run, customer, number, "WB")
    assert made == code_words.made(b"k" * 32, run, customer, number, "WB")
    prefix, *groups = made.split("-")
    assert (prefix, [len(group) for group in groups]) == ("WB", [4, 4])
    assert set("".join(groups)) <= set(code_words.ALPHABET)
    assert not set(code_words.ALPHABET) & set("01OILSB8AEU") - {"8"}
    assert made != code_words.made(b"k" * 32, run, customer, number + 1, "WB")


@pytest.mark.parametrize("written", ["wb-7k3m-9qxt", " WB-7K3M-9QXT ", "WB-7K3M -9QXT"])
def test_a_code_is_the_same_however_it_is_typed(written):
    assert code_words.same(written) == code_words.same("WB-7K3M-9QXT")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TEA-1\n# for the winter\n\n tea-2 \n", {"TEA-1": 1, "tea-2": 4}),
        ("TEA-1\nTEA-2\ntea-1\n", "config/codes/tea.txt:3: `tea-1` stands in line 1 too. Take one of them out"),
        ("# none yet\n", "config/codes/tea.txt: there is no code in it."),
        ("A" * 101, "config/codes/tea.txt:1: this is no code"),
        (None, "config/codes/tea.txt: there is no such file of codes. Write it, one code a line."),
    ],
)
def test_a_file_of_codes_is_read_line_by_line(tmp_path, text, found):
    project = projects.make(tmp_path / "shop")
    path = project.config("codes", "tea.txt")
    if text is not None:
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    pooled = offer(codes={"file": "codes/tea.txt"})
    if isinstance(found, dict):
        assert code_words.of_file(project, pooled) == found
        return
    with pytest.raises(ConfigError) as refused:
        code_words.of_file(project, pooled)
    assert found in str(refused.value)


@pytest.mark.parametrize(
    ("left", "asked", "reason"),
    [
        ({}, {"tea": 500}, None),
        ({"tea": Left(minor=500)}, {"tea": 500}, None),
        ({"tea": Left(minor=499)}, {"tea": 500}, Reason.BUDGET_PROMISED),
        ({"tea": Left(codes=0)}, {"tea": 0}, Reason.NO_CODE_LEFT),
        ({"tea": Left(minor=499, codes=1)}, {}, None),  # it comes to nothing for them
        ({"tea": Left(), "cup": Left(codes=0)}, {"tea": 5, "cup": 5}, Reason.NO_CODE_LEFT),  # whichever they would be drawn for
    ],
)
def test_who_is_promised_something_as_long_as_there_is_something(left, asked, reason):
    assert Purse(left).refuses(asked) == reason


@given(st.integers(0, 10_000), st.lists(st.integers(0, 3000)))
def test_never_more_is_promised_than_the_budget(budget, asked):
    purse, promised_so_far = Purse({"tea": Left(minor=budget)}), 0
    for at_most in asked:
        if purse.refuses({"tea": at_most}) is None:
            purse.pay("tea", at_most)
            promised_so_far += at_most
    assert promised_so_far <= budget


def test_the_page_on_campaigns_has_an_offer_of_every_kind_that_can_be_meant():
    page = (projects.ROOT / "docs/campaigns.md").read_text(encoding="utf-8").partition("## Offers and codes")[2]
    examples = yaml.safe_load(page.partition("```yaml")[2].partition("```")[0])["offers"]
    kinds = Counter(offer(**values).kind for values in examples.values())
    assert kinds == Counter(OfferKind)
    assert set(Offer.model_fields) <= set(re.findall(r"[a-z_]+", page))
