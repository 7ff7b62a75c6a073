from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import projects
from winback import strictyaml
from winback.audience import reasons
from winback.audience.reasons import Reasons
from winback.errors import ConfigError

DAY = date(2026, 11, 23)


def parse(text: str) -> Reasons:
    return strictyaml.parse(text, Reasons, shown="config/reasons.yaml").value


def test_the_shipped_file_says_what_holds_without_it(tmp_path):
    project = projects.make(tmp_path / "shop")
    shipped = reasons.read(project)
    project.config("reasons.yaml").unlink()
    plain = {word: reason.model_copy(update={"says": {}}) for word, reason in shipped.reasons.items()}
    assert reasons.read(project) == Reasons(reasons=plain) == Reasons()
    assert list(shipped.reasons) == "service indifference goods price competitor acquaintances moved forgot need-ended other".split()
    assert all(reason.method for reason in shipped.reasons.values())


@pytest.mark.parametrize(
    ("written", "word"),
    [("service", "service"), ("SERVICE", "service"), ("Poor service", "service"), ("poor SERVICE", "service"), ("serv", None), ("", None)],
)
def test_a_reason_is_named_by_its_word_or_its_title(written, word):
    assert Reasons().word(written) == word


def test_a_reason_that_nobody_knows_gets_the_nearest_one_or_all():
    assert Reasons().hint("competiter") == "Did you mean `competitor`?"
    assert Reasons().hint("zzz").startswith("Reasons: acquaintances, competitor,")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("reasons: {}", "config/reasons.yaml:1: `reasons`"),
        ("reasons: {Late delivery: {title: x}}", "reasons has a reason `Late delivery`; names are small Latin letters, digits and hyphens."),
        (f"reasons: {{{'x' * 41}: {{title: x}}}}", "Write for example late-delivery."),
        ("reasons: {late: {}}", "`title` is missing in reasons.late. Add `title:`."),
        ("reasons: {late: {title: x, methods: ask}}", "`methods` is not known here. Did you mean `method`?"),
        ("reasons: {late: {title: ''}}", "`reasons.late.title`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_line_and_what_to_write(text, sentence):
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert sentence in str(refused.value)


def test_a_reason_without_an_id_is_one_for_each_teller_customer_day_and_word():
    assert reasons.key("staff", "A1", DAY, "price") == "staff:A1:2026-11-23:price"
    others = [
        ("survey", "A1", DAY, "price"),
        ("staff", "A2", DAY, "price"),
        ("staff", "A1", date(2026, 11, 24), "price"),
        ("staff", "A1", DAY, "goods"),
    ]
    assert len({reasons.key(*told) for told in [*others, ("staff", "A1", DAY, "price")]}) == 5


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_the_key_of_however_long_an_id_has_room_in_the_store_and_is_nobody_elses(one, other):
    first, second = (reasons.key("staff", customer, DAY, "x" * 40) for customer in (one, other))
    assert max(len(first), len(second)) <= 200
    assert (first == second) == (one == other)
