"""Where a phone number is at home, by its first digits (phonenumbers, which is Google's libphonenumber in Python)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Home:
    """What a number's digits say: its country, and the time zones that it may be in."""

    country: str  # ISO 3166-1 alpha-2; empty for numbers of no country
    zones: tuple[str, ...]  # IANA names, some of them old ones


def home(phone: str) -> Home | None:
    """Of a number such as +380671234567; None when no country gives out such numbers. Mobile numbers may be at home anywhere in most countries."""
    import phonenumbers
    from phonenumbers import timezone

    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    zones = timezone.time_zones_for_number(number)
    if timezone.UNKNOWN_TIMEZONE in zones:
        return None
    return Home(phonenumbers.region_code_for_number(number) or "", tuple(zones))
