"""SPF as receivers reckon it, as a table, against a real name server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.channels.name_server import NameServer
from winback.channels import spf
from winback.channels.dns_lookup import DnsUnreachableError

ROWS = yaml.safe_load(Path(__file__).with_name("spf.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("situation", ROWS)
def test_whether_an_address_may_send(situation):
    row = ROWS[situation]
    with NameServer(row["records"]) as server:
        verdict = spf.check(server.lookup(), "shop.example", row.get("address", "192.0.2.10"), "a@shop.example")
    assert str(verdict.result) == row["result"]
    assert row.get("why", "") in verdict.why


def test_a_name_server_in_trouble_says_nothing_of_the_record():
    records = {"shop.example TXT": ["v=spf1 include:esp.example -all"]}
    with NameServer(records, fails=["esp.example"]) as server, pytest.raises(DnsUnreachableError):
        spf.check(server.lookup(), "shop.example", "192.0.2.10", "a@shop.example")
