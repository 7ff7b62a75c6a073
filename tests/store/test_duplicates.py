"""What customers share, found by the database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store import world
from winback.audience.duplicates import MOST, Common, Shared, Sign
from winback.model import ChannelName
from winback.store import database, duplicates, merging

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BORN = date(1987, 5, 19)


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        yield connection


def people(connection, count: int, **values) -> list[int]:
    return [world.customer(connection, f"{values}-{number}", **values) for number in range(count)]


def found(connection) -> list[Shared]:
    shared, common = duplicates.find(connection)
    assert common == []
    return shared


def test_an_address_is_shared_whatever_its_capitals(connection):
    a, b, c, d = people(connection, 4)
    for who, address in ((a, "Anna@post.example"), (b, "anna@post.example"), (c, "hanna@post.example")):
        world.reach(connection, who, address=address)
    for who in (c, d):
        world.reach(connection, who, ChannelName.TELEGRAM, "77")
    world.reach(connection, a, ChannelName.TELEGRAM, "7")
    assert found(connection) == [Shared(Sign.EMAIL, (a, b)), Shared(Sign.CHAT, (c, d))]


def test_phones_and_names_with_birthdays_are_shared(connection):
    a, b = people(connection, 2, phone="+380671234567")
    people(connection, 2, phone="")
    c, d = people(connection, 2, given_name="Мар’яна", family_name="Коваль", birthday=BORN)
    e = world.customer(connection, "e", given_name="Коваль", family_name="Мар'яна", birthday=BORN)
    people(connection, 2, given_name="Олена", family_name="Коваль")
    people(connection, 2, given_name="Олена", birthday=BORN)
    assert found(connection) == [Shared(Sign.PHONE, (a, b)), Shared(Sign.NAME, (c, d, e))]


def test_an_erased_address_is_shared_with_nobody(connection):
    for who in people(connection, 2):
        world.reach(connection, who, address="x@post.example")
    connection.execute(world.contacts_table.update().values(address=""))
    assert found(connection) == []


def test_what_too_many_share_is_nobodys_own(connection):
    for who in people(connection, MOST + 1, phone="+380000000000"):
        world.reach(connection, who, address="no@post.example")
    for who in people(connection, MOST, city="Київ"):
        world.reach(connection, who, address="team@post.example")
    people(connection, MOST + 1, given_name="Тест", family_name="Тест", birthday=date(1990, 1, 1))
    shared, common = duplicates.find(connection)
    assert [(each.sign, len(each.ids)) for each in shared] == [(Sign.EMAIL, MOST)]
    assert common == [Common(Sign.EMAIL, MOST + 1), Common(Sign.PHONE, MOST + 1)]


def test_merged_records_are_found_no_more(connection):
    a, b = people(connection, 2, phone="+380671234567", given_name="Олена", family_name="Коваль", birthday=BORN)
    for who in (a, b):
        world.reach(connection, who, address="o@post.example")
    assert {each.sign for each in found(connection)} == {Sign.EMAIL, Sign.PHONE, Sign.NAME}
    merging.merge(connection, b, a, NOW)
    assert found(connection) == []


def test_records_are_read_by_id(connection):
    ids = people(connection, 3, given_name="Олена", patronymic="Іванівна", family_name="Коваль", birthday=BORN)
    records = duplicates.records(connection, ids[:2])
    assert set(records) == set(ids[:2])
    assert (records[ids[0]].given_name, records[ids[0]].patronymic, records[ids[0]].family_name) == ("Олена", "Іванівна", "Коваль")
    assert (records[ids[0]].birthday, records[ids[0]].id) == (BORN, ids[0])


VALUES = st.sampled_from(["", "1", "2", "3"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(VALUES, VALUES), max_size=12))
def test_the_database_finds_whom_plain_python_finds(engine, shop):
    with database.writing(engine) as connection:
        ids = [world.customer(connection, str(number), phone=phone) for number, (phone, _) in enumerate(shop)]
        for who, (_, address) in zip(ids, shop, strict=True):
            if address:
                world.reach(connection, who, address=f"{address}@post.example", consent=False)
        expected = []
        for sign, column in ((Sign.EMAIL, 1), (Sign.PHONE, 0)):
            for value in "123":
                alike = tuple(who for who, values in zip(ids, shop, strict=True) if values[column] == value)
                expected += [Shared(sign, alike)] if 2 <= len(alike) <= MOST else []
        assert duplicates.find(connection)[0] == expected
        connection.rollback()
