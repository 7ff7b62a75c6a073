"""Who seems to be one person: names as they are compared, groups that hang together, and families that don't."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.audience.duplicates import Group, Record, Shared, Sign, groups, plain, same_names

TABLE = yaml.safe_load(Path(__file__).with_name("duplicates.yaml").read_text(encoding="utf-8"))
BORN = date(1987, 5, 19)


@pytest.mark.parametrize(("one", "other"), TABLE["same"])
def test_names_written_in_two_ways_are_one(one, other):
    assert plain(one) == plain(other) != ""


@pytest.mark.parametrize(("one", "other"), TABLE["other"])
def test_other_names_are_others(one, other):
    assert plain(one) != plain(other)


def group(*shared: Shared, **names: str) -> Group:
    """The only group of people a, b, c... (1, 2, 3...) with these given names."""
    people = {number: Record(number, key, *name.split("/")) for number, (key, name) in enumerate(names.items(), 1)}
    (found,) = groups(shared, people)
    return found


def merges(found: Group) -> list[list[int]]:
    return [[record.id for record in part] for part in found.merges]


def test_who_shares_with_somebody_who_shares_with_a_third_is_of_their_group():
    found = group(Shared(Sign.EMAIL, (2, 3)), Shared(Sign.PHONE, (1, 3)), a="Anna", b="anna", c="")
    assert [record.key for record in found.records] == ["a", "b", "c"]
    assert found.shared == (Shared(Sign.EMAIL, (2, 3)), Shared(Sign.PHONE, (1, 3)))
    assert (found.is_family, merges(found)) == (False, [[1, 2, 3]])


def test_people_of_other_given_names_may_be_a_family_and_are_not_proposed():
    found = group(Shared(Sign.EMAIL, (1, 2)), a="Anna", b="Bohdan")
    assert (found.is_family, merges(found)) == (True, [])


def test_in_a_family_two_records_of_one_of_them_are_proposed():
    found = group(Shared(Sign.PHONE, (1, 2, 3, 4)), a="Anna", b="Bohdan", c="ANNA", d="")
    assert (found.is_family, merges(found)) == (True, [[1, 3]])


def test_namesakes_of_a_family_who_share_nothing_themselves_are_not_proposed():
    found = group(Shared(Sign.PHONE, (1, 2)), Shared(Sign.EMAIL, (2, 3)), a="Anna", b="Bohdan", c="Anna")
    assert (found.is_family, merges(found)) == (True, [])


@pytest.mark.parametrize(("one", "other", "is_family"), [("Іванович", "Петрович", True), ("Іванович", "", False), ("Іванович", "ІВАНОВИЧ", False)])
def test_a_father_and_a_son_of_one_name_are_told_apart_by_their_patronymics(one, other, is_family):
    found = group(Shared(Sign.PHONE, (1, 2)), a=f"Іван/{one}", b=f"Іван/{other}")
    assert (found.is_family, merges(found)) == (is_family, [] if is_family else [[1, 2]])


def test_two_birthdays_are_two_people():
    people = {1: Record(1, "a", "Anna", birthday=BORN), 2: Record(2, "b", "Anna", birthday=date(2010, 1, 1)), 3: Record(3, "c", "Anna")}
    (found,) = groups([Shared(Sign.EMAIL, (1, 2, 3))], people)
    assert (found.is_family, found.merges) == (True, ())


def test_larger_groups_come_first_and_then_the_oldest_customers():
    people = {number: Record(number, str(number)) for number in range(1, 8)}
    found = groups([Shared(Sign.EMAIL, (6, 7)), Shared(Sign.EMAIL, (1, 2)), Shared(Sign.CHAT, (3, 4, 5))], people)
    assert [[record.id for record in group.records] for group in found] == [[3, 4, 5], [1, 2], [6, 7]]


def test_names_and_birthdays_meet_in_either_order_of_the_names():
    records = [
        Record(1, "a", "Олена", "Іванівна", "Коваль", BORN),
        Record(2, "b", "КОВАЛЬ", "", "Oлена", BORN),
        Record(3, "c", "Олена", "", "Коваленко", BORN),
        Record(4, "d", "Олена", "", "Коваль", date(1987, 5, 20)),
        Record(5, "e", "Олена", "", "Коваль", date(1987, 5, 20)),
    ]
    assert list(same_names(records)) == [(1, 2), (4, 5)]


def test_two_patronymics_leave_the_one_without_in_doubt():
    people = [("Іванівна", 1), ("Петрівна", 2), ("", 3), ("іванівна", 4)]
    assert list(same_names([Record(number, "", "Олена", patronymic, "Коваль", BORN) for patronymic, number in people])) == [(1, 4)]


def test_a_name_that_is_nothing_but_an_apostrophe_is_no_name():
    assert list(same_names([Record(number, "", "'", "", "Коваль", BORN) for number in (1, 2)])) == []


IDS = st.lists(st.integers(1, 30), min_size=2, max_size=4, unique=True).map(lambda ids: tuple(sorted(ids)))


@given(
    st.lists(st.builds(Shared, st.sampled_from(Sign), IDS), max_size=20), st.lists(st.sampled_from(["", "Anna", "Bohdan"]), min_size=31, max_size=31)
)
def test_everybody_is_in_one_group_with_all_they_share_anything_with(shared, names):
    people = {number: Record(number, str(number), name) for number, name in enumerate(names)}
    found = groups(shared, people)
    placed = [record.id for group in found for record in group.records]
    assert len(placed) == len(set(placed)) == len({customer_id for each in shared for customer_id in each.ids})
    for each in shared:
        assert sum(set(each.ids) <= {record.id for record in group.records} for group in found) == 1
    for group in found:
        proposed = [record.id for part in group.merges for record in part]
        assert len(proposed) == len(set(proposed))
        for part in group.merges:
            assert len(part) > 1
            assert len({plain(record.given_name) for record in part} - {""}) <= 1
