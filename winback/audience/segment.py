"""What customers are told apart by, where it is counted who left and who came back."""

from __future__ import annotations

from enum import StrEnum


class By(StrEnum):
    """A word of each customer."""

    COUNTRY = "country"
    LANGUAGE = "language"
    VALUE = "value"  # gold, silver, copper, as scored last
    REASON = "reason"  # the latest that is known of why they left
    MANAGER = "manager"
    STAGE = "stage"  # at the start of a period, for who came in it at its end
