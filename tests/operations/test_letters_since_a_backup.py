"""After a restore no campaign begins before somebody says that the letters which left since the backup are in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.operations.test_backing_up import LATER, elsewhere, enrolled, project, written_to  # noqa: F401  fixtures
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, SourceError
from winback.operations import backing_up, beginning, moving, steering
from winback.sending import prepared
from winback.store import database
from winback.store.tables import audit, touches

pytestmark = pytest.mark.both_databases


@pytest.fixture
def restored(engine, project, elsewhere, tmp_path):  # noqa: F811  fixtures
    """A store whose backup was made before the campaign began, and the letters that left since."""
    populate(engine, 12)
    backing_up.backup(project, engine, tmp_path / "b")
    before = MemoryChannel()
    go(prepared.prepare(project, CAMPAIGN), engine, START, before)
    assert before.letters
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER)
    new = database.open_engine(elsewhere.database_url)
    yield new, before
    new.dispose()


def as_a_table(channel, path):
    rows = [f"{letter.to},{START:%Y-%m-%dT%H:%M:%S}+00:00,queued" for letter in channel.letters]
    path.write_text("\n".join(["To,Sent_at,what", *rows, "stranger@post.example,2026-11-24T10:31:00+00:00,queued"]) + "\n", encoding="utf-8")
    return str(path)


def test_nobody_gets_a_letter_of_the_new_campaign_on_top_of_one_that_the_backup_does_not_know(restored, elsewhere, tmp_path):  # noqa: F811
    new, before = restored
    ready, after = prepared.prepare(elsewhere, CAMPAIGN), MemoryChannel()
    with pytest.raises(ConfigError, match=r"a backup was restored on 2026-11-25: nobody here knows .*winback run winter-tea --letters-are-in"):
        go(ready, new, LATER, after)
    listed = as_a_table(before, tmp_path / "sent.csv")
    rehearsed = moving.run(elsewhere, new, "letters", listed, now=LATER, dry_run=True)
    brought = moving.run(elsewhere, new, "letters", listed, now=LATER)
    assert [each.inserted for each in (*rehearsed.sources, *brought.sources)] == [len(before.letters)] * 2
    assert brought.warnings == ("Letters to addresses that no customer has, left out: 1.",)
    (again,) = moving.run(elsewhere, new, "letters", listed, now=LATER).sources
    assert (again.inserted, again.unchanged) == (0, len(before.letters))
    with pytest.raises(ConfigError):
        go(ready, new, LATER, after)
    beginning.vouch_for_letters(new, by="olha", now=LATER)
    for hours in range(0, 72, 3):
        go(ready, new, LATER + timedelta(hours=hours), after)
    assert not written_to(before) & written_to(after), "a gap of the contact policy lies between"
    with database.reading(new) as connection:
        assert {row.touched_at for row in connection.execute(select(touches))} == {START}
        assert [(row.who, row.deed) for row in connection.execute(select(audit).where(audit.c.about == "database").order_by(audit.c.number))] == [
            (elsewhere.user, "restored"),
            ("olha", "vouched"),
        ]


def test_who_vouches_without_bringing_them_in_writes_to_the_same_people_again(restored, elsewhere):  # noqa: F811  fixtures
    """What the word is asked for."""
    new, before = restored
    beginning.vouch_for_letters(new, by="olha", now=LATER)
    after = MemoryChannel()
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER, after)
    assert written_to(before) & written_to(after)


def test_a_campaign_that_the_backup_knows_goes_on_without_that_word(engine, project, elsewhere, tmp_path):  # noqa: F811
    enrolled(engine, project)
    backing_up.backup(project, engine, tmp_path / "b")
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER)
    new = database.open_engine(elsewhere.database_url)
    steering.steer(new, CAMPAIGN, "resume", now=LATER)
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER, MemoryChannel())
    new.dispose()


def test_where_nothing_was_sent_since_nobody_is_asked(engine, project, elsewhere, tmp_path):  # noqa: F811
    populate(engine, 2)
    backing_up.backup(project, engine, tmp_path / "b")
    backing_up.restore(elsewhere, tmp_path / "b", now=LATER, nothing_sent=True)
    new = database.open_engine(elsewhere.database_url)
    go(prepared.prepare(elsewhere, CAMPAIGN), new, LATER, MemoryChannel())
    with pytest.raises(ConfigError, match=r"no backup was restored that lacks letters\. Leave out --letters-are-in"):
        beginning.vouch_for_letters(new, by="olha", now=LATER)
    new.dispose()


def test_a_list_without_moments_is_refused(engine, project, tmp_path):  # noqa: F811
    (tmp_path / "sent.csv").write_text("to,what\nemma@post.example,letter\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no column is called like one of moments of sending"):
        moving.run(project, engine, "letters", str(tmp_path / "sent.csv"), now=LATER)
