"""The chance of no purchase: the fit on CDNOW against lifetimes and the published parameters, and scores of a million customers.

lifetimes is old and heavy and no dependency: `pip install lifetimes` by hand where the comparison is wanted. Without it the fit is
shown alone, and says so.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, Unavailable, alone, compared
from winback.audience import chance, purchase_days
from winback.audience.chance import Fitted, History, Unit

REPOSITORY = Path(__file__).parents[1]
PLACES = (REPOSITORY / "examples" / "cdnow" / "data", REPOSITORY.parent / "shared" / "data" / "cdnow")
SAMPLE = REPOSITORY / "tests" / "audience" / "cdnow_sample.txt"
CALIBRATED_TO = date(1997, 9, 30).toordinal()
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
"""Fader, Hardie & Lee 2005, table 2."""
FIT_BAR = 5.0
SCORES_BAR_SECONDS = 10.0
PARAMETERS_BAR = 0.01
MILLION = 1_000_000


def figures() -> list[Figure]:
    everybody, sample = _histories()
    fitted = _fit(everybody)
    million = _million(everybody)
    return [
        *_fits(everybody),
        alone(
            "audience",
            "BG/NBD on the CDNOW sample, farthest parameter from the published",
            lambda: _farthest(_fit(sample)),
            unit="",
            bar=PARAMETERS_BAR,
            rounds=1,
        ),
        alone(
            "audience",
            "chance of no purchase, 1,000,000 customers",
            _seconds(lambda: chance.p_no_purchase(fitted, million, 26)),
            bar=SCORES_BAR_SECONDS,
        ),
        alone(
            "audience",
            "expected purchases, 1,000,000 customers",
            _seconds(lambda: chance.expected_purchases(fitted, million, 26)),
            bar=SCORES_BAR_SECONDS,
        ),
    ]


def _fits(everybody: History) -> list[Figure]:
    ours = _seconds(lambda: _fit(everybody))
    if not importlib.util.find_spec("lifetimes"):
        return [alone("audience", "BG/NBD fit, 23,570 CDNOW customers; not compared, lifetimes isn't installed", ours)]
    return compared("audience", "BG/NBD fit, 23,570 CDNOW customers", ours, ("lifetimes", _seconds(lambda: _by_lifetimes(everybody)), FIT_BAR))


def _by_lifetimes(history: History) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies have moved on
        from lifetimes import BetaGeoFitter

        BetaGeoFitter().fit(history.x, history.tx, history.T)


def _histories() -> tuple[History, History]:
    """Of all customers and of the published sample, to 1997-09-30 in weeks, rows of amount zero counted as the paper does."""
    path = next((place / "purchases.csv.gz" for place in PLACES if (place / "purchases.csv.gz").is_file()), None)
    if path is None:
        raise Unavailable(f"the CDNOW data is needed: put purchases.csv.gz into {PLACES[0].relative_to(REPOSITORY)}.")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [(int(row["customer_id"]), date.fromisoformat(row["ordered_on"]).toordinal()) for row in csv.DictReader(file)]
    days = purchase_days.distinct([who for who, _ in rows], [day for _, day in rows])
    everybody = chance.history(days, CALIBRATED_TO, Unit.WEEK)
    sampled = np.isin(days.until(CALIBRATED_TO).customers, [int(word) for word in SAMPLE.read_text(encoding="utf-8").split()])
    return everybody, History(everybody.x[sampled], everybody.tx[sampled], everybody.T[sampled], Unit.WEEK)


def _million(history: History) -> History:
    """As many customers, no two of them seen for equally long."""
    dice = np.random.default_rng(20261123)
    drawn = dice.integers(0, history.x.size, MILLION)
    stretched = dice.uniform(1, 3, MILLION)
    return History(history.x[drawn], history.tx[drawn] * stretched, history.T[drawn] * stretched, history.unit)


def _fit(history: History) -> Fitted:
    fitted = chance.fit(history)
    if not isinstance(fitted, Fitted):
        raise Unavailable(fitted.sentence)
    return fitted


def _farthest(fitted: Fitted) -> float:
    """The largest distance of a parameter from the published one, as a share of it."""
    return max(abs(getattr(fitted, name) / value - 1) for name, value in PUBLISHED.items())


def _seconds(work: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return measure
