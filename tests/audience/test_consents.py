"""Two records of one person: which consent holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.audience.consents import Consent, Side, Strictness, strictest, strictness

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


PROVEN = Consent(ago(500), "checkout")
SAID = Consent(None, "checkout")
WITHDRAWN = Consent(ago(500), "checkout", ago(100), withdrawn_through="import")
CONFIRMED = Consent(ago(500), "checkout", confirmed_at=ago(499))
NOBODY = Side(has_address=False)
NEVER = Side(has_address=True)


def agreed(consent: Consent) -> Side:
    return Side(has_address=True, consent=consent)


@pytest.mark.parametrize(
    ("into", "merged", "holds"),
    [
        (NOBODY, NOBODY, None),
        (NEVER, NEVER, None),
        (NOBODY, agreed(PROVEN), PROVEN),
        (agreed(PROVEN), NOBODY, PROVEN),
        (NOBODY, agreed(WITHDRAWN), WITHDRAWN),
        (agreed(PROVEN), agreed(SAID), SAID),
        (agreed(CONFIRMED), agreed(PROVEN), PROVEN),
        (agreed(CONFIRMED), agreed(CONFIRMED), CONFIRMED),
        (agreed(SAID), agreed(PROVEN), SAID),
        (agreed(PROVEN), agreed(Consent(ago(9), "shop")), PROVEN),
        (agreed(PROVEN), NEVER, Consent(ago(500), "checkout", NOW, withdrawn_through="merge")),
        (NEVER, agreed(PROVEN), Consent(ago(500), "checkout", NOW, withdrawn_through="merge")),
        (agreed(PROVEN), agreed(WITHDRAWN), WITHDRAWN),
        # a consent later than the other record's withdrawal doesn't open the channel again, and mustn't by the next import
        (agreed(Consent(ago(50), "shop")), agreed(WITHDRAWN), Consent(ago(50), "shop", NOW, withdrawn_through="merge")),
        # somebody who asked from one of the two addresses to be left alone asked as a person
        (agreed(PROVEN), Side(has_address=True, consent=PROVEN, left_at=ago(7)), Consent(ago(500), "checkout", ago(7), withdrawn_through="merge")),
        (NEVER, Side(has_address=True, left_at=ago(7)), Consent(None, "", ago(7), withdrawn_through="merge")),
        (NEVER, agreed(WITHDRAWN), WITHDRAWN),
    ],
)
def test_the_stricter_word_counts(into, merged, holds):
    assert strictest([into, merged], NOW) == holds


DAYS = st.integers(1, 900).map(ago)
CONSENTS = st.builds(Consent, st.none() | DAYS, st.sampled_from(["", "checkout"]), st.none() | DAYS, st.none() | DAYS)
SIDES = st.builds(Side, st.booleans(), st.none() | CONSENTS, st.none() | DAYS)


@given(st.lists(SIDES, min_size=1, max_size=6))
def test_no_order_of_merges_makes_a_consent_looser_than_the_strictest_of_its_parts(sides):
    whole = sides[0]
    for side in sides[1:]:
        whole = Side(has_address=whole.has_address or side.has_address, consent=strictest([whole, side], NOW))
    told = [strictness(side) for side in sides if side.speaks]
    assert strictness(whole) == (min(told) if told else Strictness.CLOSED)


@given(SIDES, SIDES)
def test_what_was_withdrawn_is_opened_only_by_a_consent_given_after_that_day(one, other):
    holds = strictest([one, other], NOW)
    if holds is not None and holds.withdrawn_at is not None:
        given = [side.consent.given_at for side in (one, other) if side.consent and side.consent.given_at]
        assert all(day < holds.withdrawn_at <= NOW for day in given)
