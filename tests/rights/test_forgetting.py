"""Somebody asks to be forgotten: nothing tells of them any more, and figures stay as they were."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from tests.rights import person
from tests.rights.person import NOW, THEN, TRACES, WINDOW
from winback.errors import ConfigError
from winback.operations import forgetting
from winback.store import audit, chats, correspondence, database, outcomes
from winback.store import tables as t
from winback.store.holdings import HOLDINGS, Fate


@pytest.fixture
def world(engine, project):
    return person.world(engine, project)


def forget(engine, project, key="K-4711"):
    return forgetting.forget(project, engine, key, by="olha", now=NOW)


def rows(engine, table, **where):
    with database.reading(engine) as connection:
        return connection.execute(select(table).filter_by(**where)).all()


def report(engine, run):
    with database.writing(engine) as connection:
        outcomes.measure(connection, run, WINDOW, NOW)
        return outcomes.aggregates(connection, run, WINDOW, NOW, "UAH")


def test_every_table_says_what_becomes_of_it():
    undeclared = set(t.metadata.tables) - set(HOLDINGS)
    assert not undeclared, f"{undeclared}: say in store/holdings.py what they hold of a person, and what becomes of it when somebody is forgotten"


def test_whatever_points_to_a_customer_is_somebodys():
    pointing = {table.name for table in t.metadata.sorted_tables if any(key.column.table.name == "customers" for key in table.foreign_keys)}
    pointing |= {table.name for table in t.metadata.sorted_tables if "customer_id" in table.c}
    assert len(pointing) > 10
    assert not {name for name in pointing if HOLDINGS[name].fate is Fate.NOBODYS}


def test_the_test_holds_something_in_every_table_of_a_person(engine, world, project):
    report(engine, world[0])
    theirs = {name for name, holding in HOLDINGS.items() if holding.fate is not Fate.NOBODYS and name in t.metadata.tables}
    empty = {name for name in theirs if not rows(engine, t.metadata.tables[name])}
    assert empty <= {"facts", "outcomes_due", "scores"}, f"person.hold puts nothing into {empty}: a trace left there would not be found"


def test_nothing_in_the_database_or_the_files_tells_of_them_any_more(engine, world, project, tmp_path):
    before = person.dump(engine)
    missing = [trace for trace in TRACES if trace not in before and trace != "zozulia@alt.example"]
    assert not missing
    done = forget(engine, project)
    assert done.is_scrubbed
    engine.dispose()
    after = person.dump(engine)
    assert not [trace for trace in TRACES if trace in after]
    assert "Petro" in after
    assert "a reply of his" in after
    for path in [path for path in project.root.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        assert not [trace for trace in TRACES if trace.encode() in content], path
    assert (project.out / "mailbox/email/2.eml").exists()
    assert (project.out / "mailbox/telegram/4.json").exists()
    assert "petro@post.example" in (project.out / "rejects/customers-1.csv").read_text(encoding="utf-8-sig")


def test_the_bytes_of_the_sqlite_file_and_its_log_hold_nothing(engine, world, project):
    if engine.dialect.name == "postgresql":
        pytest.skip("its files are the server's; docs/rights.md says what they keep")
    forget(engine, project)
    kept = [path.read_bytes() for path in Path(engine.url.database).parent.glob("winback.db*")]
    assert kept
    assert not [trace for trace in TRACES for content in kept if trace.encode() in content]


def test_reports_are_the_same_before_and_after(engine, world, project):
    before = report(engine, world[0])
    assert before.arms[0].returned == 2
    forget(engine, project)
    assert report(engine, world[0]) == before


def test_only_orders_that_a_result_counts_stay_and_they_are_nobodys(engine, world, project):
    forget(engine, project)
    (order,) = rows(engine, t.orders, customer_id=world[1])
    assert order.ordered_at == THEN + timedelta(days=5)
    assert order.key == f"forgotten:{order.id}"
    assert order.code == ""


def test_their_addresses_are_closed_for_good_and_say_nothing_of_any_letter(engine, world, project):
    hashes = {row.address_hash for row in rows(engine, t.contacts, customer_id=world[1])}
    forget(engine, project)
    closed = {row.address_hash: row for row in rows(engine, t.suppressions)}
    assert hashes <= set(closed)
    assert {closed[each].delivery_id for each in hashes} == {None}
    assert {closed[each].reason for each in hashes} == {"unsubscribed", "forgotten"}


def test_again_it_does_nothing_and_says_so(engine, world, project):
    forget(engine, project)
    before = person.dump(engine)
    for key in ("K-4711", "K-4712"):
        with pytest.raises(ConfigError, match=rf"`{key}` was forgotten on 2026-11-26\. There is nothing left"):
            forget(engine, project, key)
    assert person.dump(engine) == before
    with pytest.raises(ConfigError, match="there is no customer `K-9`"):
        forget(engine, project, "K-9")


def test_a_merged_record_takes_the_person_along(engine, world, project):
    assert forget(engine, project, "K-4712").records == 2
    assert {row.key for row in rows(engine, t.customers)} == {f"forgotten:{world[1]}", f"forgotten:{world[2]}", "K-5000"}


@pytest.mark.parametrize("status", ["claimed", "handed_over"])
def test_while_a_letter_is_on_its_way_they_are_not_erased_but_nothing_more_is_written(engine, world, project, status):
    run, her, _, _ = world
    place = {"run_id": run, "customer_id": her, "tactic": "word", "due_at": NOW}
    with database.writing(engine) as connection:
        connection.execute(update(t.campaign_runs).values(status="active"))
        connection.execute(insert(t.deliveries), [{**place, "stage": "second", "status": status}, {**place, "stage": "third", "status": "planned"}])
        connection.execute(update(t.recipients).where(t.recipients.c.customer_id == her).values(status="active", reason="", ended_at=None))
    with pytest.raises(ConfigError, match=r"can't be erased just now: a letter of the campaign `spring` to the customer is on its way\. Nothing is"):
        forget(engine, project)
    assert [row.status for row in rows(engine, t.deliveries, stage="third")] == ["stopped"]
    assert rows(engine, t.customers, key="K-4711")
    with database.writing(engine) as connection:
        connection.execute(update(t.deliveries).where(t.deliveries.c.stage == "second").values(status="sent"))
    assert forget(engine, project).records == 2


def test_broken_off_after_the_files_the_next_try_finishes_it(engine, world, project):
    (project.out / "mailbox/email/1.eml").unlink()
    assert forget(engine, project).records == 2


def test_what_comes_back_of_their_letters_is_nobodys(engine, world, project):
    letter = rows(engine, t.deliveries, customer_id=world[1])[0].id
    with database.reading(engine) as connection:
        assert correspondence.by_delivery(connection, [letter])
    forget(engine, project)
    with database.reading(engine) as connection:
        assert correspondence.by_delivery(connection, [letter]) == {}
        assert chats.invited(connection, world[1]) is None


def test_it_is_in_the_audit_and_the_audit_tells_nothing_of_them(engine, world, project):
    forget(engine, project)
    with database.reading(engine) as connection:
        (deed,) = audit.listed(connection)
        assert (deed.who, deed.deed, deed.about) == ("olha", "forgotten", f"customer {world[1]}")
        assert audit.verify(connection) is None
