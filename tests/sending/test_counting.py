"""What a worker counts for the fuse: by committed transactions alone, and seen by those who write at the same moment."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.channels.test_email import letter
from tests.sending import lane_shop
from tests.sending.lane_shop import START
from winback.errors import PermanentError
from winback.model import DeliveryStatus
from winback.sending.fuse import Watch
from winback.sending.ledger import Ledger
from winback.store import database, lane_counts

UNKNOWN = PermanentError("no-such-mailbox", "550 5.1.1 No such user")
SIXTY = [(letter(1, f"c{each}@gmail.com"), UNKNOWN) for each in range(60)]


@pytest.fixture
def ledger(engine, tmp_path):
    ready = lane_shop.make(tmp_path / "shop")
    return Ledger(engine, SimpleNamespace(id=1), SimpleNamespace(project=ready.project), "one", lambda: START)


def test_what_a_failed_transaction_counted_is_counted_once_when_it_is_repeated(engine, ledger):
    def exchange(connection):
        ledger.fuse.watch(connection, SIXTY[:30], START)
        ledger.fuse.write(connection, START)
        ledger.fuse.watch(connection, SIXTY[30:], START)
        ledger.sent[DeliveryStatus.FAILED] += 60

    def broken():
        with ledger.writing() as connection:
            exchange(connection)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert not ledger.sent
    assert not ledger.fuse.is_suspicious
    with ledger.writing() as connection:
        exchange(connection)
    ledger.release([])
    with database.reading(engine) as connection:
        (row,) = lane_counts.newest(connection, ["group:gmail"], START, 1000)["group:gmail"]
    assert (row.answered, row.refused) == (60, 60)
    assert ledger.sent == {DeliveryStatus.FAILED: 60}
    assert not ledger.fuse.standing, "sixty are too few"


def test_two_workers_that_end_at_the_same_moment_see_each_other(engine, ledger, monkeypatch):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    other = Watch(ledger.writer.project.settings.fuse, "other")
    write = Watch.write

    def written_at_the_same_moment(watch, connection, now):
        write(watch, connection, now)
        with database.writing(engine) as second:
            other.watch(second, SIXTY, START)
            write(other, second, START)

    monkeypatch.setattr(Watch, "write", written_at_the_same_moment)
    with ledger.writing() as connection:
        ledger.fuse.watch(connection, SIXTY, START)
    ledger.release([])
    assert ledger.fuse.standing == {"email", "group:gmail"}, "together they are a hundred and twenty"
