"""What an import does with customers who were merged, while the shop goes on listing both records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.operations.shopdata import NOW, run, shop, stored
from winback.operations import merging
from winback.store import database
from winback.store.tables import consents, customers

SOURCES = """
people:
  file: people.csv
  customers:
    id: id
    email: email
    telegram: chat
    given_name: name
    city: city
    black_list: bad
    consent: {column: agrees, agreed: ["yes"], declined: ["no"], given_at: since, source: where}
orders: {file: orders.csv, orders: {id: nr, customer: who, ordered_at: day, amount: sum, quantity: pieces}}
"""
HEADER = "id,email,chat,name,city,bad,agrees,since,where\n"
ORDERS = "nr,who,day,sum,pieces\n"
A = "A,,,Anna,,,yes,2025-01-02,checkout\n"
B = "B,anna@post.example,77,Anna,Lviv,,yes,2025-01-02,checkout\n"
C = "C,c@post.example,,Carl,,,yes,2025-01-02,checkout\n"
LATER = NOW + timedelta(days=3)


@pytest.fixture
def bring(tmp_path, engine):
    def bring(people: str, orders: str = "", now=NOW) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
        found = run(shop(tmp_path, SOURCES, people=HEADER + people, orders=ORDERS + orders), engine, now)
        return found["people"], found["orders"]

    return bring


@pytest.fixture
def merged(bring, engine):
    """B went into A, who has no address and no city of their own."""
    bring(A + B + C, "1,B,2025-03-01,100,1\n")
    merging.merge(engine, "B", "A", now=NOW)


def consent(engine, key: str = "A"):
    with database.reading(engine) as connection:
        statement = select(consents.c.given_at, consents.c.withdrawn_at).join(customers).where(customers.c.key == key, consents.c.channel == "email")
        return connection.execute(statement).one_or_none()


def fields(engine, key: str = "A"):
    with database.reading(engine) as connection:
        return connection.execute(select(customers).where(customers.c.key == key)).one()


def reached(engine) -> list[tuple[str, str]]:
    return [(row[0], row[2]) for row in stored(engine)["contacts"]]


def test_the_same_rows_again_bring_nothing_back_to_the_record_that_went(bring, engine, merged):
    before = stored(engine)
    assert bring(A + B + C, "1,B,2025-03-01,100,1\n") == ((0, 0, 3, 0), (0, 0, 1, 0))
    assert stored(engine) == before
    assert set(reached(engine)) == {("A", "77"), ("A", "anna@post.example"), ("C", "c@post.example")}
    assert {row[1] for row in stored(engine)["orders"]} == {"A"}


def test_orders_under_the_id_that_went_are_the_persons(bring, engine, merged):
    orders = "1,B,2025-03-01,150,1\n2,B,2026-03-01,100,1\n3,A,2026-04-01,100,1\n"
    assert bring(A + B + C, orders)[1] == (2, 1, 0, 0)
    assert bring(A + B + C, orders)[1] == (0, 0, 3, 0)
    assert [row[1] for row in stored(engine)["orders"]] == ["A", "A", "A"]


def test_what_the_row_of_the_record_that_went_says_is_not_taken(bring, engine, merged):
    changed = "B,hanna@post.example,88,Hanna,Odesa,,yes,2026-11-26,shop\n"
    assert bring(A + changed + C, now=LATER)[0] == (0, 0, 3, 0)
    assert (fields(engine).given_name, fields(engine).city) == ("Anna", "Lviv")
    assert fields(engine, "B").given_name == "Anna"
    assert len(reached(engine)) == 3


def test_an_empty_cell_of_the_record_that_stays_takes_nothing_away_and_a_filled_one_counts(bring, engine, merged):
    assert bring(A.replace("Anna,,", "Hanna,Kyiv,") + B + C)[0] == (0, 1, 2, 0)
    assert (fields(engine).given_name, fields(engine).city) == ("Hanna", "Kyiv")
    assert bring(A.replace("Anna,,", ",,") + B + C)[0] == (0, 0, 3, 0)
    assert (fields(engine).given_name, fields(engine).city) == ("Hanna", "Kyiv")
    assert bring(A.replace("A,,,", "A,new@post.example,,") + B + C)[0] == (0, 1, 2, 0)
    assert ("A", "new@post.example") in reached(engine)


def test_others_lose_what_the_shop_has_no_more_as_ever(bring, engine, merged):
    assert bring(A + B + "C,,,,,,,,\n")[0] == (0, 1, 2, 0)
    assert fields(engine, "C").given_name == ""
    assert {who for who, _ in reached(engine)} == {"A"}


def test_a_consent_taken_back_under_the_id_that_went_is_taken_back(bring, engine, merged):
    declined = A + B.replace("yes", "no") + C
    assert bring(declined, now=LATER)[0] == (0, 1, 2, 0)
    assert consent(engine).withdrawn_at == LATER
    assert bring(declined, now=LATER + timedelta(days=1))[0] == (0, 0, 3, 0)
    assert consent(engine).withdrawn_at == LATER


def test_who_is_put_on_the_black_list_under_the_id_that_went_is_on_it(bring, engine, merged):
    listed = A + B.replace("Lviv,,", "Lviv,debtor,") + C
    assert bring(listed, now=LATER)[0] == (0, 1, 2, 0)
    assert fields(engine).black_list == "debtor"
    assert bring(listed)[0] == bring(A + B + C)[0] == (0, 0, 3, 0)
    assert fields(engine).black_list == "debtor"


def test_the_next_import_makes_no_consent_looser_than_the_merge_left_it(bring, engine):
    with_address = A.replace("A,,,", "A,a@post.example,,")
    bring(with_address + B.replace("yes", "no") + C)
    merging.merge(engine, "B", "A", now=NOW)
    assert consent(engine).withdrawn_at == NOW
    assert bring(with_address + B.replace("yes", "no") + C, now=LATER)[0] == (0, 0, 3, 0)
    assert consent(engine).withdrawn_at == NOW
    again = with_address.replace("2025-01-02", "2026-11-25")
    assert bring(again + B.replace("yes", "") + C, now=LATER)[0] == (0, 1, 2, 0)
    assert consent(engine).withdrawn_at is None


def test_rows_that_come_twice_are_told_as_ever(bring, engine, merged):
    assert bring(A + B + B.replace("Lviv", "Odesa") + A.replace("Anna", "Olha") + A.replace("Anna", ""))[0] == (0, 0, 4, 1)
