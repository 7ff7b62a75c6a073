"""winback doctor, as it is typed."""

from __future__ import annotations

import json

import pytest

from tests.channels.name_server import NameServer
from tests.commands.terminal import winback

RECORDS = {
    "news.zerno.example TXT": ["v=spf1 a:localhost -all"],
    "_dmarc.news.zerno.example TXT": ["v=DMARC1; p=none"],
    "news.zerno.example MX": ["10 mx.zerno.example."],
    "mx.zerno.example A": ["203.0.113.25"],
}


def test_a_project_in_order_is_told_so(shop, capsys):
    with NameServer(RECORDS) as server:
        code, said, _ = winback(capsys, "doctor", "--dns", server.address)
        assert code == 0, said
        assert "Nothing stands in the way." in said
        assert "ok       MX of news.zerno.example" in said
        code, said, _ = winback(capsys, "doctor", "--dns", server.address, "--json")
    told = json.loads(said)
    assert (code, told["to_mend"]) == (0, 0)
    assert {finding["state"] for finding in told["findings"]} <= {"ok", "unknown", "missing"}


def test_what_stands_in_the_way_is_shown_and_the_command_fails(shop, capsys):
    with NameServer(RECORDS) as server:
        code, said, _ = winback(capsys, "doctor", "--dns", server.address, "--from-ip", "203.0.113.25")
        _, again, _ = winback(capsys, "doctor", "--dns", server.address, "--from-ip", "203.0.113.25", "--json")
    assert code == 1
    assert "news.zerno.example TXT v=spf1 ip4:203.0.113.25 a:localhost -all" in said
    assert "1 to mend." in said
    assert "lacking  PTR of 203.0.113.25" in said, "letters stay in a folder as yet"
    bad = {finding["subject"]: finding["state"] for finding in json.loads(again)["findings"] if finding["state"] in {"wrong", "missing"}}
    assert {"SPF of news.zerno.example", "PTR of 203.0.113.25"} <= set(bad)


@pytest.mark.parametrize("arguments", [["--dns", "nonsense"], ["--dns", "192.0.2.1:x"], ["--from-ip", "mail.example"]])
def test_what_is_no_address_is_refused(shop, capsys, arguments):
    code, _, told = winback(capsys, "doctor", *arguments)
    assert (code, f"{arguments[0]} {arguments[1]}: this is no address." in told) == (1, True)
