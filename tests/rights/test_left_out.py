"""The shop goes on listing somebody who was forgotten: the import leaves them out, and keeps nothing of their rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.operations.shopdata import NOW, shop
from winback.errors import ConfigError
from winback.operations import forgetting, importing, suppressing
from winback.store import audit, candidates, database
from winback.store import tables as t
from winback.store.as_of import AsOf

SOURCES = """
people: {file: people.csv, customers: {id: id, email: email, given_name: name, recommended_by: by, birthday: born}}
orders: {file: orders.csv, orders: {id: nr, customer: who, ordered_at: day, amount: sum}}
"""
PEOPLE = "id,email,name,by,born\nA,anna@zerno.example,Anna,,\nB,b@zerno.example,Bohdan,A,\n"
ORDERS = "nr,who,day,sum\n1,A,2026-03-01,100\n2,B,2026-03-01,100\n"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def bring(tmp_path, engine):
    def bring(now, people=PEOPLE, orders=ORDERS):
        project = shop(tmp_path, SOURCES, people=people, orders=orders)
        return project, {each.name: each for each in importing.run(project, engine, now=now).sources}

    return bring


def names(engine):
    with database.reading(engine) as connection:
        return dict(connection.execute(select(t.customers.c.given_name, t.customers.c.recommended_by)).all())


def test_the_next_import_leaves_them_out_with_their_orders_and_says_how_many(bring, engine):
    project, _ = bring(NOW)
    assert names(engine) == {"Anna": "", "Bohdan": "A"}
    forgetting.forget(project, engine, "A", by="olha", now=NOW)
    _, told = bring(LATER, orders=ORDERS + "3,A,2026-11-01,50\n4,B,2026-11-01,50\n")
    assert names(engine) == {"": "", "Bohdan": ""}
    people, orders = told["people"], told["orders"]
    assert (people.inserted, people.updated, people.unchanged, people.rejected, people.forgotten) == (0, 0, 1, 0, 1)
    assert (orders.inserted, orders.unchanged, orders.rejected, orders.forgotten) == (1, 1, 0, 2)
    assert people.as_json()["forgotten"] == 1


def test_a_fault_in_their_row_is_not_kept_in_the_rejects(bring, engine):
    project, _ = bring(NOW)
    forgetting.forget(project, engine, "A", by="olha", now=NOW)
    _, told = bring(LATER, people=PEOPLE.replace("Anna,,", "Anna,,no birthday").replace("Bohdan,A,", "Bohdan,A,neither"))
    rejects = (project.root / told["people"].rejects_file).read_text(encoding="utf-8-sig")
    assert "Bohdan" in rejects
    assert "Anna" not in rejects


def test_while_nobody_is_forgotten_an_import_tells_nothing_of_it(bring):
    _, told = bring(NOW)
    assert "forgotten" not in told["people"].as_json()


def test_somebody_who_comes_again_by_themselves_is_let_in_as_somebody_new(bring, engine):
    project, _ = bring(NOW)
    forgetting.forget(project, engine, "A", by="olha", now=NOW)
    assert "winback suppress lift" in forgetting.readmit(project, engine, "A", by="olha", now=NOW)
    with pytest.raises(ConfigError, match="`A` was not forgotten"):
        forgetting.readmit(project, engine, "A", by="olha", now=NOW)
    _, told = bring(LATER)
    assert (told["people"].inserted, told["people"].forgotten) == (1, 0)
    with database.reading(engine) as connection:
        rows = connection.execute(select(t.customers).order_by(t.customers.c.id)).all()
        deeds = [(row.who, row.deed, row.about) for row in audit.listed(connection)]
        found = candidates.find(connection, [rows[-1].id], AsOf.of(project, LATER), run_id=None)[rows[-1].id]
    assert [(row.given_name, row.forgotten_at is not None) for row in rows] == [("", True), ("Bohdan", False), ("Anna", False)]
    assert {reach.suppressed for reach in found.reach.values()} == {"forgotten"}, "only a consent of their own opens the address again"
    assert ("olha", "readmitted", "a customer who was forgotten") in deeds
    suppressing.lift(project, engine, "anna@zerno.example", now=LATER)
    with database.reading(engine) as connection:
        again = candidates.find(connection, [rows[-1].id], AsOf.of(project, LATER), run_id=None)[rows[-1].id]
    assert {(reach.suppressed, reach.consented) for reach in again.reach.values()} == {("", False)}
