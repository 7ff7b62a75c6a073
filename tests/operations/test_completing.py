"""What the editor of a cohort offers, wherever the cursor stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests import projects
from tests.store import world
from winback.operations import cohort_vocabulary, completing, schemas, yaml_place
from winback.operations.completing import Vocabulary
from winback.store import database

CASES = yaml.safe_load(Path(__file__).with_name("completing.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("words")
    custom = "      id: id\n      custom: {points: loyalty_points, size: {column: size, kind: text}}\n"
    project = projects.make(folder / "shop", ("config/sources.yaml", "      id: id\n", custom))
    engine = database.open_engine(f"sqlite:///{folder / 'words.db'}")
    with database.writing(engine) as connection:
        world.customer(connection, "c1", country="NO", locale="nb", city='O"slo', tags="|vip-guest|b2b|")
    found = cohort_vocabulary.vocabulary(project, engine)
    engine.dispose()
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_what_is_offered(case, words):
    offset = case["text"].index("^")
    text = case["text"].replace("^", "", 1)
    found = completing.complete(words, text, offset)
    offered = [each.word for each in found.suggestions]
    if case.get("none"):
        assert offered == []
        return
    assert offered
    assert offered[0] == case.get("first", offered[0])
    assert set(case.get("has", ())) <= set(offered)
    assert not set(case.get("not", ())) & set(offered)
    best = found.suggestions[0]
    if "becomes" in case:
        assert f"{text[: found.start]}{best.insert[: best.caret]}^{best.insert[best.caret :]}{text[found.end :]}" == case["becomes"]
    assert case.get("meaning", "") in best.meaning


def test_every_word_that_is_offered_says_what_it_means(words):
    for text in ("", "rules:\n  - ", "exclude:\n  ", "order_by: ", "rules:\n  - sign: [", "rules:\n  - stage: [", "rules:\n  - reason: ["):
        found = completing.complete(words, text, len(text))
        assert [each.word for each in found.suggestions if not each.meaning] == [], text


def test_a_city_with_a_quotation_mark_is_quoted(words):
    text = "rules:\n  - city: ["
    assert completing.complete(words, text, len(text)).suggestions[0].insert == '"O\\"slo"'


def test_files_that_cannot_be_read_add_no_words(tmp_path):
    project = projects.make(tmp_path / "shop")
    (project.root / "config/reasons.yaml").write_text("reasons: 5\n", encoding="utf-8")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'words.db'}")
    found = cohort_vocabulary.vocabulary(project, engine)
    engine.dispose()
    assert found.known["reason"] == {}
    assert found.known["lapsed"]["clothing"]


SHIPPED = sorted((Path(__file__).resolve().parents[2] / "config" / "cohorts").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_at_every_character_of_a_file_something_is_offered_that_the_schema_knows_or_nothing(path, words):
    text = path.read_text(encoding="utf-8")
    for offset in range(len(text) + 1):
        found = completing.complete(words, text, offset)
        assert 0 <= found.start <= found.end == offset
        assert "\n" not in text[found.start : found.end]


@given(st.text(alphabet="ab:-{}[],#'\" \n\t", max_size=60), st.integers(0, 60))
def test_no_text_is_too_strange(text, offset):
    vocabulary = Vocabulary(schemas.schema("cohort"), {}, {})
    found = completing.complete(vocabulary, text, min(offset, len(text)))
    assert found.start <= found.end


def test_what_is_far_too_long_is_left_alone():
    assert yaml_place.find("a" * 200_000, 5) is None
    assert yaml_place.find("a", 5) is None
