"""Somebody asks what is held of them: all of it, in a file that they and machines read."""

from __future__ import annotations

import json
import re

import pytest

from tests import projects
from tests.rights import person
from tests.rights.person import NOW, TRACES
from winback.audience.retention import Retention
from winback.errors import ConfigError
from winback.operations import held
from winback.store import audit, database, expiring
from winback.store import tables as t
from winback.store.holdings import HOLDINGS, INTERNAL, KEPT, Fate


@pytest.fixture
def world(engine, project):
    return person.world(engine, project)


def export(engine, project, key="K-4711"):
    return held.gather(project, engine, key, by="olha", now=NOW).as_json()


def test_everything_that_is_held_of_them_is_in_it_and_nothing_of_anybody_else(engine, world, project):
    text = json.dumps(export(engine, project), ensure_ascii=False)
    assert not [trace for trace in TRACES if trace not in text]
    assert "Petro" not in text
    assert "a reply of his" not in text


def test_every_table_is_in_it_or_says_why_not(engine, world, project):
    told = export(engine, project)
    for name in t.metadata.tables:
        place = "not_about_you" if HOLDINGS[name].fate is Fate.NOBODYS else "held"
        assert name in told[place]
    assert all(each["says"].endswith(".") for each in told["held"].values())


def test_every_column_is_in_it_but_those_that_mean_something_to_the_program_only(engine, world, project):
    told = export(engine, project)["held"]
    for name, holding in told.items():
        for row in holding["rows"]:
            columns = {column.name for column in t.metadata.tables[name].c} - INTERNAL
            assert {column.removesuffix("_minor") for column in columns} == {column.removesuffix("_minor") for column in row}, name


def test_amounts_and_moments_are_written_as_people_read_them(engine, world, project):
    order = export(engine, project)["held"]["orders"]["rows"][0]
    assert (order["amount"], order["currency"]) == ("123.00", "UAH")
    assert order["ordered_at"].endswith("+00:00")
    assert order["key"] == "order-4711-in"


def test_their_letters_and_rejected_rows_are_in_it(engine, world, project):
    files = {each["file"]: each for each in export(engine, project)["files"]}
    assert set(files) == {
        *("out/mailbox/email/1.eml", "out/mailbox/telegram/3.json", "out/rehearsals/spring/1.eml", "out/approval/spring/1.html"),
        "out/rejects/customers-1.csv",
    }
    assert "Dear Vasylyna" in files["out/mailbox/email/1.eml"]["text"]
    assert "petro" not in files["out/rejects/customers-1.csv"]["text"]


def test_of_a_merged_record_it_is_the_person(engine, world, project):
    told = export(engine, project, "K-4712")
    assert told["also_known_as"] == ["K-4711"]
    assert len(told["held"]["customers"]["rows"]) == 2


def test_who_asked_for_it_is_in_the_audit(engine, world, project):
    export(engine, project)
    with database.reading(engine) as connection:
        (deed,) = audit.listed(connection)
    assert (deed.who, deed.deed, deed.about) == ("olha", "exported", f"customer {world[1]}")


def test_whoever_is_not_there_is_refused(engine, world, project):
    with pytest.raises(ConfigError, match="there is no customer `K-9`"):
        export(engine, project, "K-9")


def test_a_file_of_it_is_read_by_its_owner_only(tmp_path):
    path = tmp_path / "deep" / "her.json"
    held.write("{}", path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "{}\n"


def test_every_table_with_rows_of_persons_has_its_time_and_the_page_tells_it():
    assert set(KEPT) == {name for name, holding in HOLDINGS.items() if holding.fate is not Fate.NOBODYS}
    periods = set(re.findall(r"`([a-z_]+)`", " ".join(KEPT.values())))
    assert periods <= {*Retention.model_fields}, "each is in config/retention.yaml"
    cleared = {each.table.name for name in expiring.CLEARINGS for each in expiring.CLEARINGS[name]} & set(KEPT)
    assert cleared == {name for name, told in KEPT.items() if "`" in told.replace("`winback customer forget`", "")}
    page = (projects.ROOT / "docs/rights.md").read_text(encoding="utf-8")
    told = {name: row[1].strip() for row in re.findall(r"^\| ([a-z_, ]+) \|(.+)\|$", page, re.MULTILINE) for name in row[0].split(", ")}
    assert {name: told.get(name) for name in KEPT} == dict(KEPT)
