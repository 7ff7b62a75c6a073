"""How long texts can get, as a table, and as a promise: what isn't refused stays short."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.errors import Problem
from winback.letters import growth, locales, sandbox, source

CASES = yaml.safe_load(Path(__file__).with_name("growths.yaml").read_text(encoding="utf-8"))


def written(says: str) -> str:
    """A row's template: what stands in {repeat ...} twenty times, each in a line of its own."""
    return re.sub(r"\{repeat (.*?[%}]\})\}", lambda found: ("\n" + found[1]) * 20, says)


def reckoned(folder: Path, text: str) -> list[Problem]:
    (folder / "letter").write_text(text, encoding="utf-8")
    return list(growth.problems(source.flatten(folder, "letter", "t")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_growth_is_seen_where_the_table_says(tmp_path, case):
    problems = reckoned(tmp_path, written(case["says"]))
    assert [(problem.file, problem.line) for problem in problems] == ([("t/letter", case["line"])] if "line" in case else [])
    assert not problems or problems[0].message == "from here on the text may get longer than 1,000,000 characters."


STATEMENTS = st.recursive(
    st.sampled_from(
        [
            "{{ x }}",
            "{{ salutation }}tea",
            "{% set x = x ~ x %}",
            "{% set y = x ~ salutation ~ x %}",
            "{% set x %}{{ y }}{{ x }}{{ y }}{% endset %}",
            "{% set x = [x, y, x] %}",
            "{% set x = x if salutation else y %}",
            "{% set y = x | upper %}",
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=6).map("".join),
        inner.map("{{% for z in [x, y, 'tea'] %}}{}{{{{ z }}}}{{% endfor %}}".format),
        inner.map("{{% for z in products %}}{}{{{{ z }}}}{{% endfor %}}".format),
        inner.map("{{% if salutation %}}{}{{% endif %}}".format),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(body=STATEMENTS)
def test_what_is_not_refused_stays_short(body):
    text = "{% set x = salutation %}{% set y = 'tea' %}" + body
    with tempfile.TemporaryDirectory() as folder:
        problems = reckoned(Path(folder), text)
    if not problems:
        finished = sandbox.environment(locales.untranslated(), markup=False).from_string(text).render(salutation="ß" * 200, products=["ß" * 200] * 20)
        assert len(finished) <= growth.LONGEST
