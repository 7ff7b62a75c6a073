"""The CDNOW purchases (Fader & Hardie), where they lie beside the checkout, and the published tenth of their customers."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.cdnow import PLACES
from winback.audience import chance, purchase_days
from winback.audience.chance import History, Unit
from winback.audience.purchase_days import PurchaseDays

PURCHASES = next((place / "purchases.csv.gz" for place in PLACES if (place / "purchases.csv.gz").is_file()), None)
SAMPLE = Path(__file__).with_name("cdnow_sample.txt")
CALIBRATED_TO = date(1997, 9, 30).toordinal()
needed = pytest.mark.skipif(PURCHASES is None, reason=f"the CDNOW data isn't here: put purchases.csv.gz into {PLACES[0]}")


def days(*, zero_amounts: bool) -> PurchaseDays:
    """Purchase days of all 23,570 customers; the literature counts the 80 rows of amount zero too."""
    with gzip.open(PURCHASES, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if zero_amounts or float(row["amount_usd"]) > 0]
    return purchase_days.distinct([int(row["customer_id"]) for row in rows], [date.fromisoformat(row["ordered_on"]).toordinal() for row in rows])


def purchases() -> dict[int, list[tuple[date, int]]]:
    """Of each customer who paid for anything, days and cents; the last day of the data is 1998-06-30."""
    bought: dict[int, list[tuple[date, int]]] = {}
    with gzip.open(PURCHASES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if cents := round(float(row["amount_usd"]) * 100):
                bought.setdefault(int(row["customer_id"]), []).append((date.fromisoformat(row["ordered_on"]), cents))
    return {who: sorted(history) for who, history in sorted(bought.items())}


def published() -> tuple[History, History]:
    """Histories to 1997-09-30 in weeks, as the paper counts them: of everybody, and of the published sample of 2,357."""
    known = days(zero_amounts=True)
    everybody = chance.history(known, CALIBRATED_TO, Unit.WEEK)
    sampled = np.isin(known.until(CALIBRATED_TO).customers, [int(word) for word in SAMPLE.read_text(encoding="utf-8").split()])
    return everybody, History(everybody.x[sampled], everybody.tx[sampled], everybody.T[sampled], Unit.WEEK)
