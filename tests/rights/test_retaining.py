"""Details go when their time is over; figures stay."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.rights import person
from tests.rights.person import NOW, THEN, WINDOW
from winback.audience import retention
from winback.audience.consents import ConsentWay
from winback.errors import ConfigError
from winback.model import ChannelName
from winback.operations import auditing, held, retaining
from winback.store import audit, consents, database, expiring, outcomes
from winback.store import tables as t

LATER = THEN + timedelta(days=2000)
_AT_ONCE = dict.fromkeys(("opened_at", "first_due_at", "closed_at"), THEN)


@pytest.fixture
def world(engine, project):
    found = person.world(engine, project)
    with database.writing(engine) as connection:
        connection.execute(update(t.tasks).values(status="done", done_at=THEN))
        connection.execute(update(t.threads).values(status="closed", closed_at=THEN))
        connection.execute(insert(t.threads).values(chat_id="808", name="A stranger", channel="telegram", status="closed", why="asked", **_AT_ONCE))
        counted = {"lane": "email", "counted_by": "w", "number": 1, "counted_at": THEN}
        connection.execute(insert(t.lane_counts).values(**counted, accepted=1, refused=0, errors=0, refused_at_end=0, bounced=0, complained=0))
    for path in project.out.rglob("*.*"):
        os.utime(path, (THEN.timestamp(), THEN.timestamp()))
    return found


def column(engine, name):
    with database.reading(engine) as connection:
        return set(connection.execute(select(name)).scalars())


def test_what_is_over_its_time_goes_and_figures_stay(engine, world, project):
    with database.writing(engine) as connection:
        outcomes.measure(connection, world[0], WINDOW, NOW)
        before = outcomes.aggregates(connection, world[0], WINDOW, NOW, "UAH")
    done = retaining.apply(project, engine, now=LATER)
    assert done.cleared == {
        "hits": 2,
        "replies": 2,
        "answers": 2,
        "decisions": 2,
        "server_answers": 6,
        "tasks": 2,
        "threads": 2,
        "strangers": 1,
        "evidence": 0,
        "letters": 6,
        "rejects": 1,
        "lane_counts": 1,
    }
    assert done.is_scrubbed
    assert column(engine, t.events.c.text) == {""}
    assert column(engine, t.thread_words.c.text) == {""}
    assert column(engine, t.threads.c.name) == {"Vasylyna", "Petro", ""}
    assert [row for row in column(engine, t.deliveries.c.message_id) if row] == []
    with database.reading(engine) as connection:
        assert {str(row) for row in connection.execute(select(t.events.c.signals)).scalars()} == {"{}"}
        assert outcomes.aggregates(connection, world[0], WINDOW, NOW, "UAH") == before
        assert audit.verify(connection) is None
        assert audit.listed(connection)[0].deed == "expired"
    assert list(project.out.rglob("*.eml")) == []


def test_evidence_goes_with_its_time_where_nothing_rests_on_it_any_more_and_the_proof_stays(engine, world, project):
    _, hers = world[:2]
    with database.writing(engine) as connection:
        wish = consents.Withdrawn(hers, ConsentWay.PAGE, ChannelName.EMAIL, evidence={"form": "unsubscribe"})
        consents.withdraw(connection, wish, THEN + timedelta(days=1))
        before = connection.execute(select(t.consent_proofs).where(t.consent_proofs.c.customer_id == hers)).mappings().all()
    assert retaining.apply(project, engine, now=THEN + timedelta(days=1095)).cleared["evidence"] == 0
    assert retaining.apply(project, engine, now=LATER).cleared["evidence"] == 2
    with database.reading(engine) as connection:
        after = connection.execute(select(t.consent_proofs).order_by(t.consent_proofs.c.id)).mappings().all()
    assert [dict(row) for row in after if row["customer_id"] == hers] == [{**row, "evidence": {}} for row in before]
    assert [row["evidence"] for row in after if row["customer_id"] != hers] == [{"ip": "address of his"}], "his consent still stands on it"


def test_again_there_is_nothing_left_and_no_deed(engine, world, project):
    retaining.apply(project, engine, now=LATER)
    assert set(retaining.apply(project, engine, now=LATER).cleared.values()) == {0}
    with database.reading(engine) as connection:
        assert len(audit.listed(connection)) == 1


def test_a_dry_run_says_the_same_and_clears_nothing(engine, world, project):
    before = person.dump(engine)
    told = retaining.apply(project, engine, now=LATER, dry_run=True).cleared
    assert person.dump(engine) == before
    assert retaining.apply(project, engine, now=LATER).cleared == told


def test_what_is_still_in_its_time_stays(engine, world, project):
    assert set(retaining.apply(project, engine, now=THEN + timedelta(days=1)).cleared.values()) == {0}
    kept = retaining.apply(project, engine, now=THEN + timedelta(days=91)).cleared
    assert (kept["hits"], kept["replies"], kept["letters"]) == (2, 0, 6)


def test_it_is_cleared_part_by_part(engine, world):
    with database.writing(engine) as connection:
        rows = [
            {"dedupe_key": f"many:{n}", "kind": "open", "customer_id": world[1], "happened_at": THEN, "verdict": "human", "signals": {"ua": "x"}}
            for n in range(expiring.AT_ONCE)
        ]
        connection.execute(insert(t.events), rows)
    parts = []
    while not parts or parts[-1]:
        with database.writing(engine) as connection:
            parts.append(expiring.clear(connection, "hits", LATER))
    assert parts == [expiring.AT_ONCE, 2, 0]


def test_periods_are_the_projects_own(project):
    assert retention.read(project).hits == timedelta(days=90)
    path = project.config("retention.yaml")
    path.write_text("hits: never\nletters: 10 days\n")
    assert (retention.read(project).hits, retention.read(project).letters) == (None, timedelta(days=10))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "letters: 2 hours",
            r"retention\.yaml:2: letters is less than a day; what came today is still needed\. Write for example 30 days, or never\.",
        ),
        ("letters: soon", r"retention\.yaml:2: letters is soon; a duration is a whole number with its unit\."),
        ("lane_counts: 2 days", r"retention\.yaml:2: lane_counts is less than 30 days"),
        ("customers: 30 days", r"retention\.yaml:2:.*customers"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused_with_its_line(project, line, sentence):
    project.config("retention.yaml").write_text(f"hits: 90 days\n{line}\n")
    with pytest.raises(ConfigError, match=sentence):
        retention.read(project)


def test_every_period_clears_something():
    assert set(retention.Retention.model_fields) == {*expiring.CLEARINGS, "letters", "rejects"}


def test_what_retention_clears_is_written_into_the_chain_of_deeds_which_still_holds(engine, world, project):
    held.gather(project, engine, "K-4711", by="olha", now=NOW)
    before = auditing.verify(project, engine)
    retaining.apply(project, engine, now=LATER)
    after = auditing.verify(project, engine, heads=[str(before.head)])
    assert (after.misfit, after.head.number - before.head.number) == (None, 1)
