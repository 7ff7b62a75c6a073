"""config/pace.yaml: what it may say, and which lanes a letter takes by it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml

from tests import projects
from winback import strictyaml
from winback.errors import ConfigError
from winback.model import ChannelName
from winback.operations import checking
from winback.sending import pace
from winback.sending.pace import Pace

FILES = yaml.safe_load(Path(__file__).with_name("pace_files.yaml").read_text(encoding="utf-8"))
SAID = """
email: {per_hour: 9000, burst: 20}
telegram: {per_hour: unlimited}
relays: {main: {per_hour: 5000}, second: {per_hour: 3}}
groups: {gmail: {per_hour: 2000}, outlook: {per_hour: unlimited}, "*": {per_hour: 500}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("paced") / "shop")


@pytest.mark.parametrize("case", FILES, ids=lambda case: case["situation"])
def test_what_is_said_of_a_pace_file(project, case):
    project.config("pace.yaml").write_text(case["text"] + "\n", encoding="utf-8")
    try:
        pace.read(project)
        found = []
    except ConfigError as error:
        found = error.problems
    assert [(problem.file, problem.line) for problem in found] == ([("config/pace.yaml", case["line"])] if "says" in case else [])
    assert all(case["says"] in str(problem) for problem in found)


def test_check_tells_it(project):
    project.config("pace.yaml").write_text("groups:\n  gmial: {per_hour: 2000}\n", encoding="utf-8")
    assert [(problem.file, problem.line) for problem in checking.problems(project)] == [("config/pace.yaml", 2)]


def test_a_project_without_the_file_and_the_one_that_comes_with_winback_limit_nothing(project):
    project.config("pace.yaml").unlink()
    assert pace.read(project) == Pace()
    shipped = strictyaml.read(projects.ROOT / "config" / "pace.yaml", Pace, shown="pace.yaml").value
    assert Pace().is_unlimited
    assert shipped.is_unlimited
    assert shipped.lanes(ChannelName.EMAIL, "anna@gmail.com") == ()


def test_what_the_shipped_file_proposes_can_be_meant(project):
    lines = (projects.ROOT / "config" / "pace.yaml").read_text(encoding="utf-8").splitlines()
    proposed = [
        line.removeprefix("# ") for line in lines if line.startswith("# ") and (line[2:].split(":")[0].strip(' "') in KEYS or line[2:4] == "  ")
    ]
    project.config("pace.yaml").write_text("\n".join(proposed) + "\n", encoding="utf-8")
    meant = pace.read(project)
    assert {name for name in Pace.model_fields if getattr(meant, name)} == set(Pace.model_fields) - {"email"}


KEYS = set(Pace.model_fields)


@pytest.mark.parametrize(
    ("channel", "address", "relay", "lanes"),
    [
        ("email", "anna@gmail.com", "", {"group:gmail": 2000, "relay:main": 5000, "email": 9000}),
        ("email", "anna@googlemail.com", "second", {"group:gmail": 2000, "relay:second": 3, "email": 9000}),
        ("email", "anna@hotmail.com", "", {"relay:main": 5000, "email": 9000}),
        ("email", "anna@zerno.example", "third", {"group:zerno.example": 500, "email": 9000}),
        ("telegram", "4711", "", {}),
    ],
)
def test_which_lanes_a_letter_takes(channel, address, relay, lanes):
    said = strictyaml.parse(SAID, Pace, shown="pace.yaml").value
    assert {each.lane: each.per_hour for each in said.lanes(ChannelName(channel), address, relay)} == lanes


def test_without_a_word_a_bucket_holds_what_a_quarter_of_an_hour_brings():
    said = strictyaml.parse(SAID, Pace, shown="pace.yaml").value
    bursts = {each.lane: each.burst for relay in ("main", "second") for each in said.lanes(ChannelName.EMAIL, "anna@gmail.com", relay)}
    assert bursts == {"group:gmail": 500, "relay:main": 1250, "relay:second": 1, "email": 20}


def test_a_warm_up_is_of_all_e_mail_together_or_of_some_providers_each_by_itself():
    for groups, warming in (("all", {"email"}), ("[gmail]", {"group:gmail"})):
        said = strictyaml.parse(f"warm_up: {{starts_on: 2026-12-01, per_day: [5, 10], groups: {groups}}}", Pace, shown="pace.yaml").value
        assert not said.is_unlimited
        found = itertools.chain.from_iterable(said.lanes(ChannelName.EMAIL, f"anna@{domain}") for domain in ("gmail.com", "ukr.net"))
        assert {each.lane for each in found if each.per_day == (5, 10)} == warming
