"""What a marketer may write, and what each slip is answered with. The cases are in strictyaml.yaml, for anybody to extend."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from winback import strictyaml
from winback.errors import ConfigError
from winback.model import ChannelName
from winback.shapes import Amount, Channel, Duration, Hours, Share, Weekday, Zone
from winback.strictyaml import Shape

CASES = yaml.safe_load(Path(__file__).with_suffix(".yaml").with_name("strictyaml.yaml").read_text(encoding="utf-8"))


class Leaf(Shape):
    name: str
    count: int = 0


class File(Shape):
    title: str = ""
    share: Share | None = None
    wait: Duration | None = None
    price: Amount | None = None
    hours: Hours | None = None
    day: date | None = None
    zone: Zone | None = None
    ratio: float | None = None
    wanted: bool | None = None
    weekdays: tuple[Weekday, ...] = ()
    channels: tuple[Channel, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    by_name: dict[str, Leaf] = Field(default_factory=dict)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["says"][:60])
def test_a_slip_is_refused_with_its_line_and_how_to_write_it(case):
    with pytest.raises(ConfigError) as refused:
        strictyaml.parse(case["yaml"], File, shown="config/x.yaml")
    assert case["says"] in str(refused.value)


@pytest.mark.parametrize("case", CASES["read"], ids=lambda case: case["yaml"][:40])
def test_what_is_well_written_is_read_as_it_looks(case):
    value = strictyaml.parse(case["yaml"], File, shown="config/x.yaml").value
    assert repr(getattr(value, case["key"])) == case["as"]


def test_every_problem_of_a_file_is_told_at_once():
    with pytest.raises(ConfigError) as refused:
        strictyaml.parse("share: 15\nwait: soon\nsharre: 1\n", File, shown="x.yaml")
    assert [problem.line for problem in sorted(refused.value.problems, key=lambda p: p.line)] == [1, 2, 3]


def test_the_values_have_their_types():
    text = 'share: 0.15\nwait: 2 weeks\nprice: 19.90\nhours: "10:00-13:00"\nday: 2026-03-09\nzone: Asia/Tashkent\nweekdays: [tue]\nchannels: [telegram]\n'
    value = strictyaml.parse(text, File, shown="x.yaml").value
    assert value.share == 0.15
    assert value.wait == timedelta(days=14)
    assert value.price == Decimal("19.90")
    assert value.hours == (time(10), time(13))
    assert value.day == date(2026, 3, 9)
    assert value.weekdays == (1,)
    assert value.channels == (ChannelName.TELEGRAM,)


def test_lines_are_known_for_checks_that_need_other_files():
    document = strictyaml.parse("title: x\nleaves:\n  - name: a\n  - name: b\n", File, shown="x.yaml")
    assert document.line("leaves", 1, "name") == 4
    assert document.line("leaves", 1, "count") == 4
    assert str(document.problem(("leaves", 1, "name"), "is odd.", "Write even.")) == "x.yaml:4: is odd. Write even."


def test_a_missing_file_and_a_file_that_is_not_utf8_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"config/none\.yaml: there is no such file"):
        strictyaml.read(tmp_path / "none.yaml", File, shown="config/none.yaml")
    (tmp_path / "cp1251.yaml").write_bytes("title: Привіт".encode("cp1251"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        strictyaml.read(tmp_path / "cp1251.yaml", File, shown="cp1251.yaml")
    (tmp_path / "bom.yaml").write_bytes("title: Привіт".encode("utf-8-sig"))
    assert strictyaml.read(tmp_path / "bom.yaml", File, shown="bom.yaml").value.title == "Привіт"


@given(st.text())
def test_no_text_at_all_makes_it_fall_over(text):
    try:
        strictyaml.parse(text, File, shown="x.yaml")
    except ConfigError as refused:
        assert all(problem.message for problem in refused.problems)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_plain_word_is_read_as_itself_or_refused(word):
    """Never as something else: what YAML 1.1 would turn into a number or a boolean doesn't get through as text, nor the other way round."""
    try:
        title = strictyaml.parse(f"title: {word}\n", File, shown="x.yaml").value.title
    except ConfigError:
        return
    assert title == yaml.compose(f"title: {word}\n", Loader=strictyaml._QUICK).value[0][1].value  # `|#` is text to libyaml, and none to PyYAML


@pytest.mark.parametrize("deep", ["[" * 60 + "]" * 60, "[" * 200_000])
def test_what_lies_too_deep_is_refused_before_anything_follows_it_down(deep):
    with pytest.raises(ConfigError, match="more than 50 deep"):
        strictyaml.parse(f"a: 1\nname: {deep}\n", Shape, shown="x.yaml")
