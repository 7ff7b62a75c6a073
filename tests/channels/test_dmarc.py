"""DMARC's walk up the tree, as a table, against a real name server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.channels.name_server import NameServer
from winback.channels import dmarc

ROWS = yaml.safe_load(Path(__file__).with_name("dmarc.yaml").read_text(encoding="utf-8"))


def records(told):
    return {f"_dmarc.{name} TXT": texts for name, texts in told.items()}


@pytest.mark.parametrize("situation", ROWS)
def test_whose_policy_holds_and_whose_house_it_is(situation):
    row = ROWS[situation]
    with NameServer(records(row["records"])) as server:
        found = dmarc.find(server.lookup(), row["domain"])
        assert len(server.asked) <= 8, "RFC 9989, 4.10: the walk ends after eight questions"
    assert found.organization == row["organization"]
    assert (found.policy.domain if found.policy else "none") == row["policy_at"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("v=DMARC1; p=none; rua=mailto:d@shop.example", {"v": "DMARC1", "p": "none", "rua": "mailto:d@shop.example"}),
        ("v=DMARC1;p=Reject;", {"v": "DMARC1", "p": "Reject"}),
        ("p=none; v=DMARC1", None),
        ("v=dmarc1; p=none", None),
        ("", None),
        (";", None),
    ],
)
def test_what_is_a_record(text, tags):
    assert dmarc.read(text) == tags


def test_domains_of_one_house_are_aligned_unless_strictly():
    with NameServer(records({"shop.example": ["v=DMARC1; p=none"], "esp.example": ["v=DMARC1; p=none"]})) as server:
        lookup = server.lookup()
        news, bounces, other = (dmarc.find(lookup, name) for name in ("news.shop.example", "bounces.shop.example", "shop.esp.example"))
    assert dmarc.aligned(news, bounces, strict=False)
    assert not dmarc.aligned(news, bounces, strict=True)
    assert dmarc.aligned(news, news, strict=True)
    assert not dmarc.aligned(news, other, strict=False)
