from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.letterbox import Letterbox
from tests.operations import talking
from winback import clock
from winback.cli import main
from winback.store import database
from winback.store.tables import thread_words


@pytest.fixture
def shop(tmp_path):
    project = talking.project(tmp_path / "shop")
    engine = database.open_engine(project.database_url)
    yield project, Letterbox(engine, project.key)
    engine.dispose()


@pytest.fixture
def said(shop, capsys, monkeypatch):
    """Run a command in the project's folder; what it prints."""
    project, _ = shop
    monkeypatch.setenv("WINBACK_SECRET", project.environment["WINBACK_SECRET"])
    monkeypatch.setenv("COLUMNS", "200")

    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit) as left:
            main(["--project", str(project.root), *arguments])
        printed = capsys.readouterr()
        assert left.value.code == 0, printed.err
        return printed.out

    return said


@pytest.fixture
def thread(shop):
    project, box = shop
    return talking.asks(box, project, box.customer("olena", chat="501"), "1", "Де замовлення?", at=clock.now() - timedelta(days=4))


def test_a_thread_is_found_read_answered_and_closed(said, shop, thread):
    listed = json.loads(said("threads", "--json"))
    assert [each["id"] for each in listed["threads"]] == [thread]
    assert (listed["threads"][0]["is_overdue"], listed["counts"]["overdue"]) == (True, 1)
    assert listed["threads"][0]["feels_minutes"] == pytest.approx(listed["threads"][0]["waits_minutes"] * 4 / 3, abs=1)
    assert "Де замовлення?" in said("threads")
    assert said("thread", "answer", str(thread), "Вже їде.", "--by", "olena").startswith("Answer 2: sent.")
    shown = json.loads(said("thread", "show", str(thread), "--json"))
    assert [(word["author"], word["status"]) for word in shown["words"]] == [("customer", "heard"), ("manager", "sent")]
    assert "olena (telegram)" in said("thread", "show", str(thread))
    assert json.loads(said("threads", "--overdue", "--json"))["threads"] == []
    assert "is andriy's now" in said("thread", "assign", str(thread), "andriy")
    assert "is closed" in said("thread", "close", str(thread))
    assert json.loads(said("threads", "--json"))["threads"] == []
    assert [each["status"] for each in json.loads(said("threads", "--all", "--json"))["threads"]] == ["closed"]
    assert "goes on" in said("thread", "reopen", str(thread))


def test_figures_tell_what_became_of_the_promise(said, shop, thread):
    said("thread", "answer", str(thread), "Вже їде.", "--by", "olena")
    told = json.loads(said("threads", "figures", "--json"))
    assert (told["promise_minutes"], told["everybody"]["answered"], told["everybody"]["kept"]) == (120, 1, 0)
    assert "olena" in said("threads", "figures")


def test_looking_after_threads_reminds_of_what_is_late_and_says_what_it_did(said, shop, thread):
    done = json.loads(said("threads", "send", "--json"))
    assert set(done) <= {"reminder-sent"}, "in the office's hours; nothing else waits"
    _, box = shop
    assert len(box.rows(thread_words)) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("thread", "show", "77"), "there is no thread 77."),
        (("threads", "--status", "opne"), "a thread is never `opne`."),
        (("thread", "answer", "1", " ", "--by", "olena"), "the answer says nothing."),
        (("thread", "answer", "1", "Так", "--by", "olenna"), "Did you mean `olena`?"),
        (("thread", "resolve", "1", "maybe"), "`maybe` says nothing about an answer."),
        (("thread", "resolve", "1", "sent"), "is in no doubt"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(shop, thread, capsys, monkeypatch, arguments, sentence):
    project, _ = shop
    monkeypatch.setenv("WINBACK_SECRET", project.environment["WINBACK_SECRET"])
    with pytest.raises(SystemExit) as left:
        main(["--project", str(project.root), *arguments])
    assert left.value.code == 1
    assert sentence in capsys.readouterr().err
