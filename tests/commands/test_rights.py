"""Export, forget, audit and retention as they are typed."""

from __future__ import annotations

import json

import pytest

from tests.commands.terminal import winback


@pytest.fixture
def imported(shop, capsys, monkeypatch):
    monkeypatch.setenv("WINBACK_USER", "olha")
    assert winback(capsys, "import")[0] == 0
    return shop


def test_a_customer_is_handed_what_is_held_of_them_and_then_forgotten(imported, capsys):
    code, out, _ = winback(capsys, "customer", "export", "A2", "--out", "her.json")
    assert code == 0
    assert "of A2 are in her.json. Hand it over, then remove it." in out
    told = json.loads((imported / "her.json").read_text(encoding="utf-8"))
    assert told["format"] == "winback-customer/1"
    assert told["held"]["customers"]["rows"][0]["given_name"] == "Олена"
    code, out, _ = winback(capsys, "customer", "forget", "A2", "--yes")
    assert code == 0
    assert "Forgotten: 1 of the shop's records, 2 addresses (never written to again)" in out
    code, _, err = winback(capsys, "customer", "forget", "A2", "--yes")
    assert code == 1
    assert "`A2` was forgotten on" in err
    _, out, _ = winback(capsys, "import")
    assert "1 rows from customers are of customers who asked to be forgotten: left out." in out
    (imported / "her.json").unlink()
    kept = list(imported.glob("winback.db*"))
    assert kept
    assert not [path for path in kept if "olena@post.example" in path.read_bytes().decode("utf-8", "replace")]


def test_without_a_yes_nobody_is_forgotten(imported, capsys):
    code, _, err = winback(capsys, "customer", "forget", "A2")
    assert code == 1
    assert "nobody is erased: nobody is here to ask. See what is held of them, then: winback customer forget A2 --yes" in err
    assert winback(capsys, "customer", "show", "A2")[0] == 0


def test_deeds_are_listed_and_held_against_the_head_of_before(imported, capsys):
    winback(capsys, "customer", "export", "A1", "--out", "his.json")
    deeds = json.loads(winback(capsys, "audit", "list", "--customer", "A1", "--json")[1])["deeds"]
    assert [(each["who"], each["deed"]) for each in deeds] == [("olha", "exported")]
    told = json.loads(winback(capsys, "audit", "verify", "--json")[1])
    assert told["holds"] is True
    assert winback(capsys, "audit", "verify", "--head", told["head"])[0] == 0
    code, out, _ = winback(capsys, "audit", "verify", "--head", f"99-{'0' * 64}")
    assert code == 1
    assert "The audit doesn't hold: deed" in out


def test_retention_says_what_it_would_clear(imported, capsys):
    told = json.loads(winback(capsys, "retention", "--dry-run", "--json")[1])
    assert told["dry_run"] is True
    assert told["kept_for"]["hits"] == "90 days"
    assert set(told["cleared"].values()) == {0}
