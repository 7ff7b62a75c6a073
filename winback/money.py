"""Amounts of money, exact, with their currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

_MINOR_DIGITS = {  # ISO 4217: currencies whose minor unit isn't a hundredth
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def minor_digits(currency: str) -> int:
    """Decimal places of a currency's minor unit by ISO 4217 (UAH 2, JPY 0, KWD 3)."""
    return _MINOR_DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount with its ISO 4217 currency code."""

    amount: Decimal
    currency: str

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        return cls(Decimal(minor).scaleb(-minor_digits(currency)), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units (cents), rounded half to even."""
        return int(self.amount.scaleb(minor_digits(self.currency)).quantize(Decimal(1), ROUND_HALF_EVEN))

    def part(self, share: float) -> Money:
        """A share of it, rounded half up to what can be paid."""
        smallest = Decimal(1).scaleb(-minor_digits(self.currency))
        return Money((self.amount * Decimal(str(share))).quantize(smallest, ROUND_HALF_UP), self.currency)
