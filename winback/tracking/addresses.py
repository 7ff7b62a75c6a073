"""Where the links of a letter lead: the paths that the endpoints answer, the joining link, and the address that bounces come to."""

from __future__ import annotations

from datetime import date, timedelta

from winback.tracking import tokens
from winback.tracking.tokens import Purpose

OPEN = "/o/"
CLICK = "/c/"
UNSUBSCRIBE = "/u/"
CONFIRM = "/k/"
PREFERENCES = "/p/"
SURVEY = "/s/"
VIEW = "/v/"
BOT = "/telegram"
PIXEL = ".gif"
_PAGE = 1 << 39  # the last bit of a token's second number: no letter has one as large
_FIRST_DAY = date(2026, 1, 1)
_DAYS = 1_000_000
TRAP = 0
"""The link of every letter that no person sees: what follows it is a machine."""


def pixel(public_url: str, key: bytes, delivery_id: int) -> str:
    return f"{public_url}{OPEN}{tokens.sign(key, Purpose.OPEN, delivery_id)}{PIXEL}"


def click(public_url: str, key: bytes, delivery_id: int, link_id: int) -> str:
    """A link to a stored target (store.events.link_id): the address holds numbers only, so nobody can make it lead elsewhere."""
    return f"{public_url}{CLICK}{tokens.sign(key, Purpose.CLICK, delivery_id, link_id)}"


def unsubscribe(public_url: str, key: bytes, delivery_id: int) -> str:
    """For the letter's footer and its List-Unsubscribe header alike."""
    return f"{public_url}{UNSUBSCRIBE}{tokens.sign(key, Purpose.UNSUBSCRIBE, delivery_id)}"


def confirm(public_url: str, key: bytes, customer_id: int, request_id: int) -> str:
    """The page where a consent is confirmed, or refused: of one letter that asked for it (store/consent_requests.py)."""
    return f"{public_url}{CONFIRM}{tokens.sign(key, Purpose.CONFIRM, customer_id, request_id)}"


def preferences(public_url: str, key: bytes, customer_id: int) -> str:
    """Where a customer chooses what they are written."""
    return f"{public_url}{PREFERENCES}{tokens.sign(key, Purpose.PREFERENCES, customer_id)}"


def survey(public_url: str, key: bytes, delivery_id: int, score: int | None = None) -> str:
    """A letter's survey; with the first answer given by the link, which counts once the form is sent."""
    return f"{public_url}{SURVEY}{tokens.sign(key, Purpose.SURVEY, delivery_id, 0 if score is None else score + 1)}"


def view(public_url: str, key: bytes, delivery_id: int) -> str:
    """The letter itself, in a browser."""
    return f"{public_url}{VIEW}{tokens.sign(key, Purpose.VIEW, delivery_id)}"


def unsubscribe_mailbox(mailbox: str, key: bytes, delivery_id: int) -> str:
    """An address whose mail unsubscribes: `care@zerno.example` -> `care+TOKEN@zerno.example` (RFC 5233, subaddresses)."""
    return _tagged(mailbox, tokens.sign(key, Purpose.UNSUBSCRIBE, delivery_id))


def bounces(mailbox: str, key: bytes, delivery_id: int) -> str:
    """The envelope sender of one letter (VERP): whose bounce it is can be told from the address it comes to."""
    return _tagged(mailbox, tokens.sign(key, Purpose.BOUNCE, delivery_id))


def join(bot: str, key: bytes, customer_id: int, delivery_id: int = 0) -> str:
    """A deep link that opens the bot knowing who comes, from a letter; `bot` is its user name, with or without @."""
    return f"https://t.me/{bot.removeprefix('@')}?start={tokens.sign(key, Purpose.JOIN, customer_id, delivery_id)}"


def join_from_page(bot: str, key: bytes, customer_id: int, today: date) -> str:
    """The same from a page: what says how old it is, is the day on which the page was shown."""
    return join(bot, key, customer_id, _PAGE + (today - _FIRST_DAY).days)


def page_day(number: int) -> date | None:
    """The day of a joining link from a page, by its token's second number; None: that is a letter's."""
    return _FIRST_DAY + timedelta(days=number - _PAGE) if _PAGE <= number < _PAGE + _DAYS else None


def _tagged(mailbox: str, token: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{token}@{domain}"
