"""winback customer, duplicates and addresses as they are typed."""

from __future__ import annotations

import json

import pytest

from tests import projects
from tests.commands.terminal import winback

CUSTOMERS = (
    "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n"
    "A1,olena@ukr.net,,Олена,,Коваль,f,uk,UA,Київ,Europe/Kyiv,andriy,,yes,2025-05-01,checkout\n"
    "A2,Olena@ukr.net,77,Олена,Іванівна,,f,uk,UA,,Europe/Kyiv,andriy,,,,\n"
    "A3,olena@ukr.net,,Богдан,,Коваль,m,uk,UA,Київ,Europe/Kyiv,,,yes,2020-05-01,checkout\n"
    "A4,emma@gmail.con,,Emma,,Shaw,f,en,GB,Leeds,Europe/London,olena,,yes,2026-05-01,checkout\n"
)
ORDERS = "order,customer,placed,items,total\n1,A1,2025-01-01 12:00:00,1,250\n2,A2,2025-03-01 12:00:00,1,250\n"


@pytest.fixture
def shop(tmp_path, monkeypatch, capsys):
    """A project with three records at one address, and a mistyped one."""
    project = projects.make(tmp_path / "shop")
    data = project.root / "data"
    data.mkdir()
    (data / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (data / "orders.csv").write_text(ORDERS, encoding="utf-8")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)
    monkeypatch.setenv("COLUMNS", "160")
    assert winback(capsys, "import")[0] == 0
    return project.root


def asked(capsys, *arguments: str):
    code, out, err = winback(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_duplicates_are_listed_with_what_may_be_merged(shop, capsys):
    assert asked(capsys, "duplicates") == {
        "groups": [
            {
                "customers": ["A1", "A2", "A3"],
                "shared": [{"what": "e-mail", "customers": ["A1", "A2", "A3"]}],
                "maybe_a_family": True,
                "merges": [{"into": "A1", "merge": ["A2"]}],
            }
        ],
        "too_common": [],
    }
    told = winback(capsys, "duplicates")[1]
    assert "maybe a family" in told
    assert "A2 into A1" in told


def test_a_merge_is_rehearsed_then_done_then_shown(shop, capsys):
    rehearsed = asked(capsys, "customer", "merge", "A2", "A1", "--dry-run")
    assert "Nothing was changed." in winback(capsys, "customer", "merge", "A2", "A1", "--dry-run")[1]
    done = asked(capsys, "customer", "merge", "A2", "A1")
    assert done == rehearsed | {"dry_run": False}
    assert done["moved"] == {"orders": 1}
    assert done["filled"] == ["patronymic"]
    assert done["addresses"] == [{"channel": "email", "fate": "same"}, {"channel": "telegram", "fate": "moved"}]
    assert {consent["now"] for consent in done["consents"]} == {"no"}
    for key in ("A1", "A2"):
        card = asked(capsys, "customer", "show", key)
        assert (card["customer"], card["merged"], card["counts"]["orders"]) == ("A1", ["A2"], 2)
        assert (card["first_order_on"], card["last_order_on"]) == ("2025-01-01", "2025-03-01")
        assert [(row["channel"], row["address"]) for row in card["addresses"]] == [("email", "olena@ukr.net"), ("telegram", "77")]
    told = winback(capsys, "customer", "show", "A2")[1]
    assert "A2 was merged into A1, who is shown here." in told
    assert "Іванівна" in told
    code, _, err = winback(capsys, "customer", "merge", "A2", "A1")
    assert (code, "`A2` was merged into `A1` before." in err) == (1, True)


def test_addresses_are_checked_with_examples_and_confirmed_by_the_staff(shop, capsys):
    checked = asked(capsys, "addresses", "check")
    assert {word: checked[word]["count"] for word in ("bounced", "mistyped", "old", "unknown")} == {
        "bounced": 0,
        "mistyped": 1,
        "old": 1,
        "unknown": 2,
    }
    assert (checked["addresses"], checked["fresh"], checked["remarked"]) == (5, 1, 0)
    assert checked["mistyped"]["examples"] == [{"customer": "A4", "channel": "email", "address": "emma@gmail.con", "why": "meant: emma@gmail.com"}]
    assert checked["old"]["examples"][0]["why"] == "last sign of life on 2020-05-01"
    assert "known to be alive since today" in winback(capsys, "addresses", "confirm", "A3")[1]
    assert asked(capsys, "addresses", "check", "--examples", "0")["old"] == {"count": 0, "examples": []}
    projects.edit(shop / "config/settings.yaml", "  old_after: 730 days ", "  real_domains: [gmail.con]\n  old_after: 730 days ")
    told = winback(capsys, "addresses", "check")[1]
    assert "Judged otherwise than before as to typing mistakes: 1." in told
    assert asked(capsys, "addresses", "check")["mistyped"]["count"] == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["customer", "show", "Z"], "there is no customer `Z`."),
        (["customer", "merge", "A1", "A1"], "can't be merged into itself"),
        (["addresses", "confirm", "Z"], "there is no customer `Z`."),
        (["addresses", "confirm", "A1", "--channel", "telegram"], "`A1` has no telegram address."),
        (["addresses", "confirm", "A1", "--channel", "pigeon"], "there is no channel `pigeon`. Write one of email, telegram, sms, viber, whatsapp."),
    ],
)
def test_bad_input_gets_a_sentence(shop, capsys, command, sentence):
    code, _, err = winback(capsys, *command)
    assert (code, sentence in err) == (1, True), err


def test_a_real_domain_in_the_settings_is_a_domain(shop, capsys):
    projects.edit(shop / "config/settings.yaml", "  old_after: 730 days ", "  real_domains: [anna@gmail.con]\n  old_after: 730 days ")
    code, out, err = winback(capsys, "addresses", "check")
    assert (code, "a domain is what stands after @" in out + err) == (1, True)
