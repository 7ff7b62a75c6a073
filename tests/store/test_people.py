from __future__ import annotations

import pytest

from tests.store import world
from winback.model import Person
from winback.store import database, people


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_every_customer_is_read_once_in_the_order_they_came_however_large_a_page_is(engine, size):
    with database.writing(engine) as connection:
        for key in ("c", "a", "b"):
            world.customer(connection, key, given_name="Олена", patronymic="Василівна", family_name="Коваль", sex="f", locale="uk", country="UA")
    with database.reading(engine) as connection:
        read = list(people.pages(connection, size=size))
    assert all(len(page) <= size for page in read)
    found = [person for page in read for person in page]
    assert [person.key for person in found] == ["c", "a", "b"]
    assert found[0] == Person("c", "Олена", "Василівна", "Коваль", "f", "uk", "UA")


def test_a_shop_without_customers_has_no_pages(engine):
    with database.reading(engine) as connection:
        assert list(people.pages(connection)) == []
