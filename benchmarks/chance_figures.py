"""The chance of no purchase: the fit on CDNOW against lifetimes and the published parameters, and scores of a million customers.

lifetimes is old and heavy and no dependency: it is installed into a temporary folder of its own, and run in a process of its own. Where
that can't be had the fit is shown alone, and says so.
"""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, Unavailable, alone, compared
from winback.audience import chance, purchase_days, value_classes
from winback.audience.chance import Fitted, History, Unit
from winback.audience.value import RegularityLimits, ValueShares

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
LIFETIMES = "lifetimes==0.11.3"
INSTALL_SECONDS = 600


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
        alone("audience", "value classes and fifths, 1,000,000 customers", _seconds(_classes()), bar=SCORES_BAR_SECONDS),
    ]


def _fits(everybody: History) -> list[Figure]:
    ours = _seconds(lambda: _fit(everybody))
    with tempfile.TemporaryDirectory() as folder:
        if not _has_lifetimes(Path(folder)):
            return [alone("audience", "BG/NBD fit, 23,570 CDNOW customers; not compared, lifetimes can't be installed", ours)]
        np.save(Path(folder) / "history.npy", np.array([everybody.x, everybody.tx, everybody.T]))
        return compared("audience", "BG/NBD fit, 23,570 CDNOW customers", ours, ("lifetimes", lambda: _by_lifetimes(Path(folder)), FIT_BAR))


def _has_lifetimes(folder: Path) -> bool:
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder), LIFETIMES]
    try:
        return subprocess.run(words, check=False, capture_output=True, timeout=INSTALL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _by_lifetimes(folder: Path) -> float:
    """Seconds of its fit alone; what its process imports isn't counted."""
    words = [sys.executable, "-I", "-c", _LIFETIMES_FIT, str(folder)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


_LIFETIMES_FIT = """
import sys, time, warnings
warnings.simplefilter("ignore")  # its dependencies have moved on
sys.path.insert(0, sys.argv[1])
import numpy
from lifetimes import BetaGeoFitter
history = numpy.load(sys.argv[1] + "/history.npy")
begin = time.perf_counter()
BetaGeoFitter().fit(*history)
print(time.perf_counter() - begin)
"""


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


def _classes() -> Callable[[], object]:
    """ABC, XYZ over eight quarters, and RFM of a million customers."""
    dice = np.random.default_rng(20261123)
    amounts = np.rint(dice.lognormal(10, 1.5, MILLION)).astype(np.int64)
    keys = np.char.mod("c%08d", np.arange(MILLION)).astype(object)
    quarters = np.rint(dice.lognormal(8, 1, (MILLION, 8)) * (dice.random((MILLION, 8)) < 0.4)).astype(np.int64)
    since, silent, purchases = dice.integers(0, 8, MILLION), dice.integers(0, 2000, MILLION), dice.geometric(0.1, MILLION)

    def classes() -> None:
        value_classes.abc(amounts, keys, ValueShares())
        value_classes.xyz(value_classes.variation(quarters, since), RegularityLimits())
        value_classes.rfm(silent, purchases, amounts)

    return classes


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
