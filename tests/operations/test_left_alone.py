"""The global holdout beside a daily campaign: whom it left alone stays known when a period ends, and when they may not be written to any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests import projects
from tests.operations import daily
from tests.operations.daily import CAMPAIGN, lapse
from tests.store import world
from winback.model import Reason
from winback.operations import campaign_run, enrolment, forgetting, merging, quarter
from winback.outcomes.statistics import Counted
from winback.sending import prepared
from winback.store import database, refreshing
from winback.store.tables import customers, left_alone, orders, recipients

pytestmark = pytest.mark.both_databases  # the row that is kept goes by what each of them does where there is one already

EVE = datetime(2026, 12, 31, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = EVE + 60 * DAY


@pytest.fixture
def ready(tmp_path):
    made = daily.make(tmp_path / "shop", back_fill=None)
    path = made.project.config("settings.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "\nglobal_holdout: {share: 0.3, for: quarter}\n", encoding="utf-8")
    return prepared.prepare(projects.settings.open_project(made.project.root, {"WINBACK_SECRET": "k" * 32}), CAMPAIGN)


@pytest.fixture
def left(ready, engine):
    """Sixty lapsed on the last day but one of a quarter; those of them who were left alone on the last."""
    lapse(engine, [0] * 60, moment=EVE - DAY)
    enrol(ready, engine, EVE)
    return skipped(engine)


def enrol(ready, engine, now) -> None:
    enrolment.enrol(engine, ready, campaign_run.current(engine, ready, now=now), now=now)


def skipped(engine) -> list[int]:
    with database.reading(engine) as connection:
        found = select(recipients.c.customer_id).where(recipients.c.reason == Reason.GLOBAL_HOLDOUT).order_by(recipients.c.customer_id)
        return list(connection.execute(found).scalars())


def assigned(engine) -> list[int]:
    with database.reading(engine) as connection:
        return list(connection.execute(select(recipients.c.customer_id).where(recipients.c.arm != "").order_by(recipients.c.customer_id)).scalars())


def buy(engine, ids, moment) -> None:
    with database.writing(engine) as connection:
        for who in ids:
            world.order(connection, who, moment, 100)
        refreshing.due(connection, ids)


def black_list(engine, ids) -> None:
    with database.writing(engine) as connection:
        connection.execute(update(customers).where(customers.c.id.in_(ids)).values(black_list="debtor"))


def told(ready, engine, name, now=LATER) -> tuple[Counted, Counted]:
    """Campaigns, left alone: who returned, of how many."""
    found = quarter.tell(ready.project, engine, name, now=now).together
    assert found is not None
    return found.campaigns.returned, found.left_alone.returned


def test_a_quarter_that_ended_keeps_those_who_were_left_alone_and_did_not_return(ready, engine, left):
    written = assigned(engine)
    assert (len(written), len(left)) == (60 - len(left), len(left))
    buy(engine, left[:2], EVE + timedelta(hours=1))
    before = told(ready, engine, "2026Q4", EVE + timedelta(hours=2))
    assert before == (Counted(0, len(written)), Counted(2, len(left)))
    enrol(ready, engine, EVE + DAY)
    newly = set(assigned(engine)) - set(written)
    assert newly, "some of them are written to in the new quarter"
    assert told(ready, engine, "2026Q4") == before
    assert told(ready, engine, "2027Q1") == (Counted(0, len(newly)), Counted(0, len(left) - 2 - len(newly)))


def test_each_period_has_a_first_decision_of_its_own(ready, engine, left):
    for day in range(1, 4):
        enrol(ready, engine, EVE + day * DAY)
    with database.reading(engine) as connection:
        rows = connection.execute(select(left_alone).order_by(left_alone.c.customer_id, left_alone.c.period)).all()
    again = [row.customer_id for row in rows if row.period == "2027-Q1"]
    assert {row.decided_at for row in rows if row.period == "2027-Q1"} == {EVE + DAY}
    assert {row.decided_at for row in rows if row.period == "2026-Q4"} == {EVE}
    assert 0 < len(again) < len(left)
    assert again == skipped(engine)


def test_who_may_not_be_written_to_any_more_is_missed_on_neither_side(ready, engine, left):
    written = set(assigned(engine))
    enrol(ready, engine, EVE + DAY)
    before, alone = told(ready, engine, "2027Q1"), skipped(engine)
    black_list(engine, [*alone[::2], *sorted(set(assigned(engine)) - written)[::2]])
    enrol(ready, engine, EVE + 2 * DAY)
    assert skipped(engine) == alone[1::2]
    assert told(ready, engine, "2027Q1") == before
    assert before[1].n == len(alone) > 1


def test_a_record_that_was_left_alone_and_merged_counts_as_the_one_that_stays(ready, engine, left):
    """A person belongs where the first decision on any record of theirs put them."""
    written = assigned(engine)
    with database.writing(engine) as connection:
        keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
        connection.execute(update(recipients).where(recipients.c.customer_id == written[0]).values(assigned_at=EVE + timedelta(minutes=1)))
    buy(engine, [left[0]], EVE + timedelta(hours=1))
    for merged, into in ((left[0], left[1]), (left[2], written[0])):
        merging.merge(engine, keys[merged], keys[into], now=EVE + timedelta(hours=2))
    assert told(ready, engine, "2026Q4") == (Counted(0, len(written) - 1), Counted(1, len(left) - 1))


def test_somebody_who_was_left_alone_and_is_forgotten_is_counted_on(ready, engine, left):
    with database.reading(engine) as connection:
        keys = dict(connection.execute(select(customers.c.id, customers.c.key)).all())
    buy(engine, left[:3], EVE + timedelta(hours=1))
    buy(engine, left[:3], EVE + DAY)
    before = told(ready, engine, "2026Q4")
    forgetting.forget(ready.project, engine, keys[left[0]], by="olha", now=EVE + 2 * DAY)
    assert told(ready, engine, "2026Q4") == before == (Counted(0, 60 - len(left)), Counted(3, len(left)))
    with database.reading(engine) as connection:
        kept = connection.execute(select(orders.c.ordered_at).where(orders.c.customer_id == left[0])).scalars().all()
    assert kept == [EVE + timedelta(hours=1)], "what was bought before, and after the period, is in no result"
