"""What commands say outside production, and what leaves then."""

from __future__ import annotations

import json
import re

from tests import projects
from tests.commands.terminal import winback
from winback.demo.mailbox import MailServer

SETTINGS = "config/settings.yaml"


def make_development(shop, mail, *allow: str):
    for file, old, new in projects.through(mail.host, mail.port):
        projects.edit(shop / file, old, new)
    projects.edit(shop / SETTINGS, "currency: UAH", f"environment: development\nallow: {json.dumps(allow)}\ncurrency: UAH")


def test_commands_that_send_say_that_it_is_development(shop, capsys, tmp_path):
    winback(capsys, "import")
    with MailServer(tmp_path / "mail") as mail:
        make_development(shop, mail, "@zerno.example")
        code, out, _ = winback(capsys, "run", "winter-tea")
        assert code == 0
        assert "This is development: only addresses on the allow-list are written to; " in out
        assert re.search(r"(nothing was|[12] (was|were)) held back\.", out), "by the hour at which this runs, letters are due or not"
        assert isinstance(json.loads(winback(capsys, "run", "winter-tea", "--json")[1])["held_back"], int)
        code, out, err = winback(capsys, "send-test", "we-miss-you", "--to", "emma@post.example")
        assert (code, "emma@post.example is not written to: this is development" in out + err) == (1, True)
        assert mail.received == []
        code, out, _ = winback(capsys, "send-test", "we-miss-you", "--to", "olena@zerno.example")
        assert "taken for olena@zerno.example" in out
        assert "This is development: only addresses on the allow-list are written to; nothing was held back." in out
        assert "This is development" in winback(capsys, "tasks", "remind")[1]
        assert [letter.recipient for letter in mail.received] == ["olena@zerno.example"]


def test_with_nothing_said_and_nothing_leaving_nothing_is_said(shop, capsys):
    winback(capsys, "import")
    assert "development" not in winback(capsys, "run", "winter-tea")[1]


def test_check_refuses_a_development_that_could_write_to_nobody(shop, capsys, tmp_path):
    with MailServer(tmp_path / "mail") as mail:
        make_development(shop, mail)
    code, out, _ = winback(capsys, "check")
    assert code == 1
    assert "this is development without an allow-list: nobody would be written to. Write whom letters may reach" in out
    projects.edit(shop / SETTINGS, "allow: []", "allow: [olena@zerno.example]")
    assert winback(capsys, "check")[0] == 0
    projects.edit(shop / SETTINGS, "environment: development", "environment: production")
    code, out, _ = winback(capsys, "check")
    assert (code, "in production it holds nobody back" in out) == (1, True)


def test_the_variable_alone_makes_a_copy_of_production_harmless(shop, capsys, tmp_path, monkeypatch):
    winback(capsys, "import")
    monkeypatch.setenv("WINBACK_ENVIRONMENT", "development")
    with MailServer(tmp_path / "mail") as mail:
        for file, old, new in projects.through(mail.host, mail.port):
            projects.edit(shop / file, old, new)
        projects.edit(shop / SETTINGS, "currency: UAH", "environment: production\ncurrency: UAH")
        code, out, _ = winback(capsys, "run", "winter-tea")
        assert (code, mail.received) == (0, [])
        assert "This is development" in out
