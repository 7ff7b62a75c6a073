from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
import yaml

from winback.audience import addresses, typos
from winback.sending import domain_groups

CASES = yaml.safe_load(Path(__file__).with_name("domain_groups.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["address"])
def test_an_address_is_its_providers(case):
    assert domain_groups.group_of(case["address"]) == case["group"]


def test_no_domain_is_two_providers_and_each_is_one_as_the_import_writes_them():
    domains = list(chain.from_iterable(domain_groups.GROUPS.values()))
    assert sorted(domains) == sorted(set(domains))
    assert [domain for domain in domains if addresses.email(f"anna@{domain}") != f"anna@{domain}"] == []
    assert not any("." in group for group in domain_groups.GROUPS)


def test_no_providers_domain_is_taken_for_a_slip():
    assert [domain for domain in chain.from_iterable(domain_groups.GROUPS.values()) if typos.domain_meant(domain)] == []
