"""`winback people`, as it is typed."""

from __future__ import annotations

import io
import json
import re

import pytest

from tests.commands.terminal import winback
from winback import clock, settings
from winback.operations import accounts, signing_in
from winback.store import database

WORDS = "four words of tea"


@pytest.fixture
def named(shop, monkeypatch):
    monkeypatch.setenv("WINBACK_USER", "root")
    return shop


def typed(monkeypatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_somebody_is_added_with_a_link_and_listed(named, capsys):
    code, out, _ = winback(capsys, "people", "add", "Olena@zerno.example", "--name", "Olena Savchenko", "--role", "admin", "--role", "approver")
    assert code == 0
    token = re.search(r"^http://127\.0\.0\.1:8010/invitation/([A-Za-z0-9_-]{43})$", out, re.MULTILINE)[1]
    assert "olena@zerno.example was added." in out
    assert "within 7 days; the link works once" in out
    engine = database.open_engine(settings.open_project(named).database_url)
    assert accounts.invited(engine, token, now=clock.now()).name == "Olena Savchenko"
    engine.dispose()
    (person,) = json.loads(winback(capsys, "people", "list", "--json")[1])["people"]
    assert {name: person[name] for name in ("email", "name", "roles", "state", "signed_in")} == {
        "email": "olena@zerno.example", "name": "Olena Savchenko", "roles": ["approver", "admin"], "state": "invited", "signed_in": 0,
    }  # fmt: skip
    assert "Olena Savchenko" in winback(capsys, "people", "list")[1]
    another = winback(capsys, "people", "invite", "olena@zerno.example")[1]
    assert token not in another
    told = json.loads(winback(capsys, "audit", "list", "--json")[1])["deeds"]
    assert [(each["who"], each["deed"], each["about"]) for each in told] == [
        ("root", "invited", "person 1"),
        ("root", "invited", "person 1"),
        ("root", "added", "person 1"),
    ]


def test_the_link_leads_to_where_the_studio_is_reached(named, capsys):
    path = named / "config" / "settings.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nstudio: {address: https://Studio.zerno.example/}\n", encoding="utf-8")
    out = winback(capsys, "people", "add", "olena@zerno.example", "--name", "Olena", "--role", "admin")[1]
    assert "\nhttps://studio.zerno.example/invitation/" in out


def test_a_password_is_asked_for_and_never_shown(named, capsys, monkeypatch):
    typed(monkeypatch, f"{WORDS}\n")
    code, out, _ = winback(capsys, "people", "add", "olena@zerno.example", "--name", "Olena", "--role", "admin", "--password")
    assert (code, WORDS in out, "The password is kept." in out) == (0, False, True)
    typed(monkeypatch, "short\n")
    code, _, err = winback(capsys, "people", "password", "olena@zerno.example")
    assert (code, "The password is too short. Take at least 12 characters" in err) == (1, True)
    project = settings.open_project(named)
    engine = database.open_engine(project.database_url)
    assert signing_in.sign_in(project, engine, "olena@zerno.example", WORDS, network="", now=clock.now())
    engine.dispose()


def test_roles_names_and_doors_are_changed(named, capsys, monkeypatch):
    for email, role in (("olena@zerno.example", "admin"), ("ivan@zerno.example", "marketer")):
        typed(monkeypatch, f"{WORDS}\n")
        winback(capsys, "people", "add", email, "--name", email[:5], "--role", role, "--password")
    assert (
        "is manager, marketer from now on" in winback(capsys, "people", "roles", "ivan@zerno.example", "--role", "manager", "--role", "marketer")[1]
    )
    assert winback(capsys, "people", "rename", "ivan@zerno.example", "--name", "Ivan Koval")[0] == 0
    assert "is not let in any more" in winback(capsys, "people", "disable", "ivan@zerno.example")[1]
    (_, ivan) = json.loads(winback(capsys, "people", "list", "--json")[1])["people"]
    assert (ivan["name"], ivan["roles"], ivan["state"]) == ("Ivan Koval", ["marketer", "manager"], "disabled")
    assert winback(capsys, "people", "enable", "ivan@zerno.example")[0] == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("add", "olena", "--name", "Olena", "--role", "admin"), "`olena` is no e-mail address."),
        (("add", "o@zerno.example", "--name", "Olena", "--role", "owner"), "`owner` is no role."),
        (("disable", "o@zerno.example"), "nobody has the address o@zerno.example. There are: none yet."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(named, capsys, command, sentence):
    code, _, err = winback(capsys, "people", *command)
    assert code == 1
    assert sentence in err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("address: http://studio.zerno.example", "pages that show customers go by https"),
        ("address: https://studio.zerno.example/winback", "at a name of their own"),
        ("oidc: {issuer: http://login.zerno.example, client_id: x}", "a provider of identities has an https address"),
    ],
)
def test_where_the_studio_is_reached_must_be_meant(named, capsys, line, sentence):
    path = named / "config" / "settings.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\nstudio:\n  {line}\n", encoding="utf-8")
    code, _, err = winback(capsys, "people", "list")
    assert code == 1
    assert sentence in err
