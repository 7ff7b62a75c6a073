from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from winback.audience import phones

TABLE = yaml.safe_load((Path(__file__).parent / "phones.yaml").read_text(encoding="utf-8"))
COUNTRIES = ["UA", "RO", "MD", "UZ", "KZ", "MN", "GB", "US", "DE", ""]


@pytest.mark.parametrize(("written", "country", "kept"), TABLE)
def test_a_number_is_kept_so_that_it_can_be_dialled_from_anywhere_or_not_at_all(written, country, kept):
    assert (phones.international(written, country) or "") == kept


@given(st.text("0123456789+()- .x", max_size=25), st.sampled_from(COUNTRIES))
def test_whatever_is_written_the_number_is_international_or_none_and_reads_the_same_again(written, country):
    found = phones.international(written, country)
    assert found is None or re.fullmatch(r"\+[1-9][0-9]{7,14}", found)
    assert found is None or phones.international(found, country) == found


@given(st.text("0123456789", min_size=4, max_size=12))
def test_without_a_country_or_a_code_nothing_is_completed(digits):
    assert phones.international(f"1{digits}") is None
