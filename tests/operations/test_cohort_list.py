"""Every cohort with its campaigns, its problems, and how many it had when last counted."""

from __future__ import annotations

import json

import pytest

from tests import projects
from tests.operations.lost import START
from winback.audience import cohort
from winback.operations import cohort_list, cohort_presets

NAME = "dear-and-silent"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


def listed(project, name=NAME):
    return next(each for each in cohort_list.Shelf(project).every() if each.name == name)


def test_every_cohort_is_listed_with_the_campaigns_that_use_it(project):
    rows = cohort_list.Shelf(project).every()
    assert [row.name for row in rows] == project.names("cohorts")
    used = {campaign for row in rows for campaign in row.campaigns}
    assert used == set(project.names("campaigns"))
    assert all(row.problems == () and row.title for row in rows)


def test_a_campaign_with_another_fault_still_counts_as_using_it(project):
    name = cohort_list.uses(project)
    cohort_of = next(iter(name))
    campaign = name[cohort_of][0]
    path = project.root / f"config/campaigns/{campaign}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("holdout:", "holdouts:"), encoding="utf-8")
    assert campaign in cohort_list.uses(project)[cohort_of]


def test_a_broken_file_says_what_is_wrong_and_keeps_its_place(project):
    projects.edit(project.root / f"config/cohorts/{NAME}.yaml", "orders: {at_least: 3}", "orders: {atleast: 3}")
    row = listed(project)
    assert row.title == ""
    assert [problem.line for problem in row.problems] == [6]


def test_what_was_counted_is_remembered_with_the_rules_it_was_counted_by(project):
    assert listed(project).counted is None
    cohort_list.keep(project, NAME, cohort_list.text(project, NAME), matched=7, customers=40, now=START)
    counted = listed(project).counted
    assert (counted.matched, counted.customers, counted.at, counted.is_of_file) == (7, 40, START, True)
    projects.edit(project.root / f"config/cohorts/{NAME}.yaml", "at_least: 3", "at_least: 4")
    assert not listed(project).counted.is_of_file
    (project.root / ".winback/cohort-counts.json").write_text("{", encoding="utf-8")
    assert listed(project).counted is None, "notes that can't be read are no loss"
    cohort_list.keep(project, NAME, "x", matched=7, customers=40, now=START)
    assert set(json.loads((project.root / ".winback/cohort-counts.json").read_text(encoding="utf-8"))) == {NAME}


def test_files_are_read_anew_when_one_was_saved(project):
    shelf = cohort_list.Shelf(project)
    assert shelf.one(NAME).problems == ()
    assert shelf.one("nobody") is None
    first = shelf.every()
    assert all(one is other for one, other in zip(first, shelf.every(), strict=True)), "nothing was saved, nothing was read"
    projects.edit(project.root / f"config/cohorts/{NAME}.yaml", "orders: {at_least: 3}", "lapsed: florist")
    assert len(shelf.one(NAME).problems) == 1
    projects.edit(project.root / "config/businesses.yaml", "  clothing:", "  florist:")
    assert shelf.one(NAME).problems == ()


@pytest.mark.parametrize("preset", cohort_presets.presets(), ids=lambda preset: preset.name)
def test_every_preset_can_be_meant_in_a_new_project(preset, project):
    cohort.selection(project, cohort.parse("new", preset.text))
    assert cohort_presets.text(project, preset.name) == preset.text


def test_a_copy_says_what_the_other_says(project):
    assert cohort_presets.text(project, NAME) == (project.root / f"config/cohorts/{NAME}.yaml").read_text(encoding="utf-8")
    assert cohort_presets.text(project, "nobody") is None
