"""Whatever somebody does to a campaign, a lane or a customer is in the audit, with who did it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests import letterbox, projects
from tests.operations import lost, shopdata
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.model import Reason, RunStatus
from winback.operations import approving, auditing, lane_control, merging, reasons, steering, suppressing, tasks
from winback.sending import prepared
from winback.store import audit, database
from winback.store import tasks as given
from winback.store.contacts import address_hash

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def deeds(engine):
    """The oldest first: who, what, about what."""
    with database.reading(engine) as connection:
        found = audit.listed(connection)
        assert audit.verify(connection) is None
    return [(row.who, row.deed, row.about, row.detail) for row in reversed(found)]


@pytest.fixture
def shop(project, engine):
    return letterbox.Letterbox(engine, project.key)


def test_pausing_resuming_and_cancelling_a_campaign(engine, shop):
    shop.run()
    for verb in ("pause", "resume", "cancel"):
        steering.steer(engine, "spring", verb, now=NOW, by="olha")
    assert deeds(engine) == [("olha", verb, "campaign spring", '{"run":1}') for verb in ("paused", "resumed", "cancelled")]


def test_what_was_refused_is_no_deed(engine, shop):
    shop.run(status=RunStatus.CANCELLED)
    with pytest.raises(ConfigError):
        steering.steer(engine, "spring", "pause", now=NOW, by="olha")
    with pytest.raises(ConfigError):
        steering.resolve(engine, 5, "sent", now=NOW, by="olha")
    assert deeds(engine) == []


def test_stopping_a_lane_and_letting_it_go_on_without_the_words_of_the_note(engine):
    lane_control.stop(engine, "email", by="olha", note="anna@post.example complained", now=NOW)
    lane_control.resume(engine, "email", by="ivan", note="spoke with anna@post.example", now=NOW)
    assert deeds(engine) == [("olha", "stopped", "lane email", "{}"), ("ivan", "resumed", "lane email", '{"waiting":0}')]


def test_settling_a_letter_in_doubt(engine, shop):
    _, letter = shop.written_to("K-1", email="k@post.example")
    shop.doubt(letter)
    steering.resolve(engine, letter, "not-sent", now=NOW, by="olha")
    assert deeds(engine) == [("olha", "resolved", f"delivery {letter}", '{"answer":"not-sent"}')]


def test_merging_two_customers_but_not_its_rehearsal(engine, shop):
    one, other = shop.customer("K-1"), shop.customer("K-2")
    merging.merge(engine, "K-2", "K-1", now=NOW, dry_run=True, by="olha")
    merging.merge(engine, "K-2", "K-1", now=NOW, by="olha")
    assert deeds(engine) == [("olha", "merged", f"customer {one}", f'{{"from":"customer {other}"}}')]


def test_a_reason_that_was_recorded_tells_its_word_and_not_the_note(engine, shop, tmp_path):
    project = projects.make(tmp_path / "shop", environment={"WINBACK_USER": "olha"})
    who = shop.customer("K-1")
    for _ in range(2):
        reasons.record(project, engine, "K-1", "price", now=NOW, note="she told me of her divorce")
    assert deeds(engine) == [("olha", "told-reason", f"customer {who}", '{"by":"","reason":"price"}')]


def test_who_it_is_the_environment_says_else_the_account(tmp_path):
    named = projects.make(tmp_path / "one", environment={"WINBACK_USER": " Olha "})
    nameless = projects.make(tmp_path / "two")
    assert named.user == "Olha"
    assert nameless.user


def test_a_chain_that_was_cut_off_is_noticed_by_the_head_of_the_last_look(engine, project):
    lane_control.stop(engine, "email", by="olha", note="", now=NOW)
    first = auditing.verify(project, engine)
    assert first.misfit is None
    lane_control.resume(engine, "email", by="olha", note="mended", now=NOW)
    assert auditing.verify(project, engine).misfit is None
    kept = project.root / ".winback" / "audit-head"
    number, _, digits = kept.read_text().strip().partition("-")
    kept.write_text(f"{int(number) + 1}-{digits}")  # as if the chain had been longer at the last look
    found = auditing.verify(project, engine)
    assert found.misfit.number == int(number) + 1
    assert "cut off" in found.sentence()
    assert auditing.verify(project, engine, heads=[str(first.head)]).misfit is not None
    kept.unlink()
    assert auditing.verify(project, engine, heads=[str(first.head)]).misfit is None
    with pytest.raises(ConfigError, match="`nonsense` is no head of the audit"):
        auditing.verify(project, engine, heads=["nonsense"])


def test_a_campaigns_whole_way_is_told_from_the_first_question_to_a_change_that_was_approved(engine, tmp_path):
    above = ("config/settings.yaml", "approve_above: 200", "approve_above: 20")
    project = projects.make(tmp_path / "shop", above, environment={"WINBACK_USER": "worker"})
    lost.populate(engine)

    def ready():
        return prepared.prepare(project, lost.CAMPAIGN)

    def go():
        return lost.go(ready(), engine, lost.START, MemoryChannel())

    def approve():
        waiting, _ = approving.show(engine, ready(), now=lost.START)
        approving.approve(engine, project, lost.CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=lost.START)

    approve()
    go()
    body = "templates/emails/we-miss-you/body.html"
    projects.edit(project.root / body, "{% block body %}", "{% block body %}<p>Hello again.</p>")
    approve()
    told = [(who, deed, about) for who, deed, about, _ in deeds(engine)]
    assert told == [
        ("worker", "asked", "campaign winter-tea"),
        ("Olena", "approved", "campaign winter-tea"),
        ("worker", "started", "campaign winter-tea"),
        ("worker", "asked", "campaign winter-tea"),
        ("Olena", "approved", "campaign winter-tea"),
        ("Olena", "changed", "campaign winter-tea"),
    ]
    details = [detail for *_, detail in deeds(engine)]
    assert f'"files":["{body} ' in details[-1]
    assert all("Emma" not in detail and "@" not in detail for detail in details)


def test_an_import_is_a_deed_and_one_that_brings_nothing_new_is_none(engine, tmp_path):
    project = shopdata.shop(tmp_path, shopdata.CUSTOMERS, environment={"WINBACK_USER": "olha"})
    for _ in range(2):
        shopdata.run(project, engine)
    assert deeds(engine) == [("olha", "imported", "source people", '{"changed":0,"new":2,"rejected":0}')]


@pytest.mark.parametrize(("verb", "deed"), [("done", "done"), ("drop", "dropped"), ("declined", "declined")])
def test_what_came_of_a_task_is_a_deed_and_its_note_is_not_in_it(engine, tmp_path, verb, deed):
    project = projects.make(tmp_path / "shop", environment={"WINBACK_USER": "olha"})
    shop = letterbox.Letterbox(engine, project.key)
    who, letter = shop.written_to("K-1", email="k@post.example")
    asked = {"delivery_id": letter, "customer_id": who, "kind": "call", "manager": "olena", "text": "Ask", "due_at": NOW}
    with database.writing(engine) as connection:
        given.give(connection, [asked], now=NOW)
    more = ("price",) if verb == "declined" else ()
    getattr(tasks, verb)(project, engine, letter, *more, by="", note="k@post.example is angry", now=NOW)
    with pytest.raises(ConfigError):
        getattr(tasks, verb)(project, engine, letter, *more, by="", note="", now=NOW)
    (told,) = deeds(engine)
    assert told[:3] == ("olha", deed, f"customer {who}")
    assert json.loads(told[3]) == {"task": letter, "kind": "call", "by": "olena"} | ({"reason": "price", "journeys": 1} if more else {})


def test_closing_addresses_and_opening_one_but_not_what_changes_nothing(engine, project, tmp_path):
    stopped = tmp_path / "list.txt"
    stopped.write_text("anna@post.example\npetro@post.example\n", encoding="utf-8")
    for _ in range(2):
        suppressing.import_list(project, engine, stopped, reason=Reason.UNSUBSCRIBED, everywhere=False, now=NOW)
        suppressing.add(project, engine, "olha@post.example", reason=Reason.COMPLAINED, everywhere=True, by="ivan", now=NOW)
    for _ in range(2):
        suppressing.lift(project, engine, "anna@post.example", now=NOW)
    anna, olha = (audit.address(address_hash(project.key, "email", f"{name}@post.example")) for name in ("anna", "olha"))
    assert deeds(engine) == [
        (project.user, "closed", "a list of addresses", '{"everywhere":false,"known":0,"new":2}'),
        ("ivan", "closed", olha, '{"everywhere":true,"reason":"complained"}'),
        (project.user, "opened", anna, "{}"),
    ]
