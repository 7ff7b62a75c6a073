from __future__ import annotations

import io
import json
import sys

import pytest

from tests import letterbox
from winback import cli
from winback.demo import mailbox

MAIL = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<anna@mail.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n"
HARD = {"recipient": "anna@mail.example", "kind": "bounce", "status": "5.1.1", "verdict": "hard"}
REPLY = b"From: ivan@mail.example\nSubject: Re: x\n\nThank you!\n"


def told(capsys, *arguments: str):
    with pytest.raises(SystemExit) as left:
        cli.main(["bounces", *arguments, "--json"])
    assert left.value.code == 0
    return json.loads(capsys.readouterr().out)["messages"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_looked_at_without_a_project(folder, capsys):
    (folder / "mails" / "deep").mkdir(parents=True)
    (folder / "mails" / "a.eml").write_bytes(MAIL)
    (folder / "mails" / "deep" / "b").write_bytes(REPLY)
    found = told(capsys, "--from", "mails", "--dry-run")
    assert found == [
        {"file": "a.eml", **HARD},
        {"file": "deep/b", "recipient": "ivan@mail.example", "kind": "reply", "status": "", "verdict": "reply"},
    ]


def test_a_single_mail_is_looked_at(folder, capsys):
    (folder / "a.eml").write_bytes(MAIL)
    assert told(capsys, "--from", "a.eml", "--dry-run") == [{"file": "a.eml", **HARD}]


def test_an_mbox_is_taken_apart(folder, capsys):
    line = b"From MAILER-DAEMON Tue Nov 24 12:00:00 2026\n"
    (folder / "box").write_bytes(line + MAIL + b"\n" + line + REPLY)
    assert [(each["file"], each["verdict"]) for each in told(capsys, "--from", "box", "--dry-run")] == [("box#1", "hard"), ("box#2", "reply")]


def test_the_standard_input_is_read(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MAIL)))
    assert told(capsys, "--from", "-", "--dry-run") == [{"file": "-", **HARD}]


def test_a_maildir_is_looked_at_and_stays_as_it_is(folder, capsys):
    mailbox.make_maildir(folder / "in")
    (folder / "in" / "new" / "1.x").write_bytes(MAIL)
    assert told(capsys, "--from", "in", "--dry-run") == [{"file": "new/1.x", **HARD}]
    assert (folder / "in" / "new" / "1.x").exists()


def test_a_place_that_is_not_there_is_refused(folder, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["bounces", "--from", "nowhere", "--dry-run"])
    assert left.value.code == 1
    assert "there is no such file or folder. Name a Maildir" in capsys.readouterr().err


def test_without_dry_run_a_project_is_needed(folder, capsys):
    (folder / "a.eml").write_bytes(MAIL)
    with pytest.raises(SystemExit) as left:
        cli.main(["bounces", "--from", "a.eml"])
    assert left.value.code == 1
    assert "there is no winback project" in capsys.readouterr().err


def test_with_a_project_what_is_read_is_taken_in_once(folder, capsys):
    letterbox.project(folder)
    (folder / "a.eml").write_bytes(REPLY)
    for _ in range(2):
        assert [each["verdict"] for each in told(capsys, "--from", "a.eml")] == ["reply"]
