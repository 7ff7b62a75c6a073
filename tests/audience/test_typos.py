"""Slips in e-mail addresses: the table typos.yaml, and what holds whatever is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import addresses, typos

TABLE = yaml.safe_load(Path(__file__).with_name("typos.yaml").read_text(encoding="utf-8"))
KNOWN = sorted(f"{name}.{ending}" for name, endings in typos.PROVIDERS.items() for ending in endings.split())
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def as_imported(domain: str) -> str:
    """As an import keeps an address of that domain."""
    return addresses.email(f"Anna.K@{domain}") or f"Anna.K@{domain.encode('idna').decode()}"


@pytest.mark.parametrize(("written", "meant"), TABLE["mistyped"].items())
def test_a_slip_is_told_with_what_was_meant(written, meant):
    assert typos.meant(as_imported(written)) == f"Anna.K@{meant}"


@pytest.mark.parametrize("domain", [*TABLE["real"], *KNOWN])
def test_a_real_domain_is_never_called_mistyped(domain):
    assert typos.meant(as_imported(domain)) == ""


def slips(domain: str) -> st.SearchStrategy[str]:
    places = st.integers(0, len(domain) - 1)
    return st.one_of(
        places.map(lambda at: domain[:at] + domain[at + 1 :]),
        st.tuples(places, st.sampled_from(LETTERS)).map(lambda slip: domain[: slip[0]] + slip[1] + domain[slip[0] :]),
        st.tuples(places, st.sampled_from(LETTERS)).map(lambda slip: domain[: slip[0]] + slip[1] + domain[slip[0] + 1 :]),
        places.map(lambda at: domain[:at] + domain[at : at + 2][::-1] + domain[at + 2 :]),
    )


@given(st.sampled_from(KNOWN).flatmap(slips))
def test_what_was_meant_is_itself_not_mistyped(slip):
    meant = typos.domain_meant(slip)
    assert meant == "" or (meant != slip and typos.domain_meant(meant) == "")


@given(slips("gmail.com"))
def test_a_slip_in_the_commonest_domain_is_told_as_that_or_not_at_all(slip):
    assert typos.domain_meant(slip) in {"", "gmail.com", "mail.com"}


@given(st.text(LETTERS + "0123456789-.", min_size=1, max_size=30))
def test_any_text_after_the_at_sign_is_judged_without_fuss(domain):
    meant = typos.meant(f"a@{domain}")
    assert meant == "" or meant.startswith("a@")
