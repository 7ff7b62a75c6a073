"""A whole report of a made-up run, with something in every part of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from winback.journey.ends import EndState
from winback.model import HOLDOUT
from winback.outcomes import composing
from winback.outcomes.backdrop import Backdrop, Expected, MailboxFigures, ReasonFigures
from winback.outcomes.figures import (
    ArmFigures,
    CellFigures,
    CodeFigures,
    CostFigures,
    CurveCell,
    DayFigures,
    Dimension,
    EndFigures,
    Figures,
    LocaleFigures,
    MoneyCell,
    OtherRevenue,
    StageFigures,
)
from winback.outcomes.report import Report
from winback.outcomes.sentences import ENGLISH, Words
from winback.outcomes.statistics import Moments

BEGUN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WINDOW = timedelta(days=60)
SHARES = {"warm-word": 0.4, "gift-first": 0.4, HOLDOUT: 0.2}
_BACK = {"warm-word": (4000, 232), "gift-first": (4000, 300), HOLDOUT: (2000, 70)}
_ORDER = 84_000.0


def _arm(name: str) -> ArmFigures:
    assigned, back = _BACK[name]
    left = 0 if name == HOLDOUT else assigned - 60
    share = 0 if name == HOLDOUT else 1
    return ArmFigures(
        arm=name, assigned=assigned, closed=assigned, first_assigned_at=BEGUN, last_assigned_at=BEGUN, returned=back, orders=back + back // 3,
        revenue=Moments(assigned, back * _ORDER, back * _ORDER**2 * 1.4), delivered=left, failed=40 * share, uncertain=2 * share, opened_human=1310 * share,
        opened_unverified=420 * share, opened_machine=150 * share, clicked=410 * share, replied=52 * share, interested=1480 * share,
        unsubscribed=61 * share, complained=3 * share, contacted=left, kept=back // 3, kept_closed=back,
        margin=Moments(assigned, back * _ORDER * 0.3, back * (_ORDER * 0.3) ** 2 * 1.4),
        ordered=Moments(assigned, back * 1.3, back * 2.1), revenue_by_orders=back * _ORDER * 1.7,
        level=Moments(assigned, assigned * 60_000.0, assigned * 60_000.0**2 * 1.5), revenue_by_level=back * _ORDER * 66_000.0,
        cost=CostFigures(9_000 * share, 310_000 * share, 120_000 * (name == "gift-first"), 40_000 * (name == "gift-first")),
    )  # fmt: skip


def figures() -> Figures:
    days = (1, 2, 3, 5, 8, 12, 17, 23, 30, 38, 47, 60)
    return Figures(
        arms=tuple(_arm(name) for name in sorted(_BACK)),
        stages=(
            *(StageFigures("we-miss-you", arm, 0, 3900, 40, 2, 0, 58, 0, 1310, 410) for arm in ("warm-word", "gift-first")),
            *(StageFigures("gift", arm, 0, 3500, 10, 0, 310, 180, 0, 900, 260) for arm in ("warm-word", "gift-first")),
        ),
        curve=tuple(
            CurveCell(arm, 60, day, customers)
            for arm, (assigned, back) in _BACK.items()
            for day, customers in (*((day, back // len(days)) for day in days), (None, assigned - len(days) * (back // len(days))))
        ),
        skips=(("no-consent", 812), ("no-language", 44), ("written-lately", 9)),
        locales=tuple(LocaleFigures(locale, arm, _BACK[arm][0] // 2, _BACK[arm][1] // 2) for locale in ("uk", "ro") for arm in _BACK),
        others=(OtherRevenue("gift-first", "EUR", 3, 12_050),),
        codes=(CodeFigures("gift-first", 3600, 4_000_000, 211, 310_000),),
        ends=tuple(
            EndFigures(arm, end, count)
            for arm in ("warm-word", "gift-first")
            for end, count in ((EndState.RETURNED, 210), (EndState.ANSWERED, 52), (EndState.COMPLETED, 3600), (EndState.UNSUBSCRIBED, 61))
        ),
        strata=tuple(
            CellFigures(dimension, value, arm, _BACK[arm][0] // parts, int(_BACK[arm][1] / parts * weight), Moments(0, 0.0, 0.0))
            for dimension, values in (
                (Dimension.VALUE_CLASS, {"gold": 1.5, "silver": 1.0, "copper": 0.5}),
                (Dimension.SIGN, {"no-inquiries": 1.0, "volume-dropped": 1.2}),
                (Dimension.COUNTRY, {"UA": 1.1, "MD": 0.9}),
            )
            for parts in (len(values),)
            for value, weight in values.items()
            for arm in _BACK
        ),
        money=tuple(MoneyCell(arm, back, back * _ORDER, back * _ORDER**2 * 1.4) for arm, (_, back) in sorted(_BACK.items())),
        days=tuple(
            DayFigures(arm, day, assigned, back * (place + 1) // len(days), Moments(0, 0.0, 0.0))
            for arm, (assigned, back) in _BACK.items()
            for place, day in enumerate(days)
        ),
    )


BACKDROP = Backdrop(
    mailboxes=(
        MailboxFigures("gmail", 5000, 10, 20, 1, 2000),
        MailboxFigures("ukr-net", 1500, 240, 30, 0, 320),
        MailboxFigures("outlook", 700, 2, 3, 9, 60),
        MailboxFigures("zerno.example", 20, 0, 0, 0, 8),
    ),
    reasons=(
        ReasonFigures("service", "Poor service", False, 500, 41),
        ReasonFigures("service", "Poor service", True, 120, 3),
        ReasonFigures("price", "Too dear", False, 90, 4),
        ReasonFigures("", "", False, 7410, 487),
        ReasonFigures("", "", True, 1880, 67),
    ),
    expected=Expected(8100, 2025, {"we-miss-you": 8100, "gift": 8000}, Decimal("16.10"), 0.03, {"warm-word": 0.0127, "gift-first": None}),
)


def report(words: Words = ENGLISH, *, days: float = 90) -> Report:
    return composing.compose(
        figures(), run_id=1, campaign="spring", shares=SHARES, window=WINDOW, currency="UAH", now=BEGUN + timedelta(days=days),
        backdrop=BACKDROP, words=words,
    )  # fmt: skip
