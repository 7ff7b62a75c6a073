"""winback consent and winback suppress, as they are typed: what they do is in the audit, with the name of who did it."""

from __future__ import annotations

import json

import pytest

from tests.commands.terminal import table, winback


@pytest.fixture
def command(shop, monkeypatch, capsys):
    monkeypatch.setenv("WINBACK_USER", "olha")
    assert winback(capsys, "import")[0] == 0

    def run(*arguments):
        return winback(capsys, *arguments)

    return run


def deeds(command) -> list[tuple[str, str]]:
    """The oldest first, without the import."""
    code, said, _ = command("audit", "list", "--json")
    assert code == 0
    found = [(row["who"], row["deed"]) for row in reversed(json.loads(said)["deeds"])]
    return [each for each in found if each[1] != "imported"]


def test_whoever_takes_a_consent_back_for_a_customer_is_named(command, shop):
    code, said, _ = command("consent", "withdraw", "A1")
    assert (code, said) == (0, "They aren't written to any more. Journeys that ended: 0.\n")
    assert command("consent", "withdraw", "A2", "--open-tracking", "--by", "ivan")[0] == 0
    assert deeds(command) == [("olha", "took-back"), ("ivan", "took-back")]
    assert table(shop, "suppressions") == 1, "who only says no to being tracked is still written to"


def test_a_customer_who_is_not_there_gets_a_sentence_and_no_deed(command):
    code, _, said = command("consent", "withdraw", "A9")
    assert code == 1
    assert "there is no customer `A9`" in said
    assert deeds(command) == []


def test_closing_and_opening_an_address_is_a_deed_and_saying_it_twice_is_none(command):
    for _ in range(2):
        assert command("suppress", "add", "emma@post.example")[0] == 0
        assert command("suppress", "lift", "emma@post.example")[0] == 0
    command("suppress", "lift", "emma@post.example")
    assert deeds(command) == [("olha", "closed"), ("olha", "opened")] * 2
