"""Every value that a template may use. Templates get plain dicts of texts, numbers and days: nothing in them can act.

What may be absent is None in the type: a template asks `{% if offer %}` before it uses it, and a check finds where it doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from winback.letters import joining_code, names
from winback.letters.brand import Brand, Logo
from winback.letters.locales import language_tag
from winback.letters.names import Tone
from winback.letters.sender import Sender
from winback.letters.standing import BenefitValues, CompensationValues, Standing, TogetherValues
from winback.letters.telling import EventValues, GreetingValues, MendedValues, ProductValues, ProgrammeValues, SurveyValues, TipValues, Told
from winback.letters.wording import in_locale
from winback.model import ChannelName, Person

NOTHING_TOLD = Told()
NO_STANDING = Standing()


@dataclass(frozen=True, slots=True)
class CustomerValues:
    """What letters call `customer`."""

    given_name: str | None  # None: there is none that could be used; `salutation` knows what to do then
    called: str | None  # the same, as it is called out in the middle of a sentence: Олено
    city: str | None
    country: str


@dataclass(frozen=True, slots=True)
class SenderValues:
    """What letters call `sender`, who signs. Texts that the shop left out are empty."""

    name: str
    position: str
    company: str
    phone: str
    phone_url: str  # tel:+380445550142; empty where there is no phone
    email: str
    site: str
    address: str
    hours: str
    photo_url: str


@dataclass(frozen=True, slots=True)
class LogoValues:
    """What letters call `brand.logo`: `<img src="{{ image(brand.logo.image) }}" ...>`."""

    image: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class BrandValues:
    """What letters call `brand`."""

    name: str
    tagline: str  # what the shop is, in a few words; may be empty
    company: str
    site: str
    address: str
    reason: str
    logo: LogoValues | None


@dataclass(frozen=True, slots=True)
class OfferValues:
    """What letters call `offer`: what this customer is promised, in their language."""

    text: str
    code: str | None  # None or empty: nothing to enter
    ends_on: date
    days_left: int = 0  # to that day on the customer's calendar; 0: it is today
    discount: float | None = None  # a share off the order: `{{ offer.discount | percent }}`
    amount: str | None = None  # a sum off it, or given back, with its currency
    points: int | None = None
    prize: str | None = None  # what was drawn for them


@dataclass(frozen=True, slots=True)
class LetterValues:
    """Everything at the top of a template's world."""

    salutation: str  # a whole line with its comma or exclamation mark
    customer: CustomerValues
    sender: SenderValues
    brand: BrandValues
    offer: OfferValues | None
    occasion: str | None
    last_order_on: date | None
    months_silent: int | None  # whole months since the last order
    orders_count: int
    products: tuple[ProductValues, ...] | None  # goods to show: name, text, price, page_url, image_url
    event: EventValues | None  # something to come to: title, text, day, hours, place
    mended: MendedValues | None  # trouble and repair, two whole sentences
    tips: tuple[TipValues, ...] | None  # advice: title, text
    programme: ProgrammeValues | None  # period and levels: from which amount on which percent
    survey: SurveyValues | None  # the first question, its answers to press, how many questions there are, page_url
    period: str | None  # what a thank-you looks back on: month, quarter or half-year
    greeting: GreetingValues | None  # kind, name, wish, years
    benefits: BenefitValues | None  # what the customer already has: points, percent, code, ends_on
    together: TogetherValues | None  # results so far: orders, first_order_on, years, favourites
    compensation: CompensationValues | None  # amount, and the order that went wrong: order, ordered_on; ends_on
    today: date
    language: str  # BCP 47
    channel: str  # email, telegram, sms, viber or whatsapp: how the letter travels
    link: Callable[[str], str]  # URL of a name in brand.yaml's `links:`
    unsubscribe_url: str
    view_url: str  # the same letter in a browser; empty where it is kept nowhere
    preferences_url: str  # where the customer chooses what they are written
    pixel_url: str  # empty where opens may not be tracked
    trap_url: str  # a link that nobody sees: only machines follow it; empty where clicks may not be tracked
    telegram_url: str  # empty where there is no bot, or the customer has joined
    telegram_code_url: str  # a picture of it, a QR code: `<img src="{{ telegram_code_url }}" ...>`; empty where that is, and outside of e-mail
    confirm_url: str | None  # where a consent is confirmed: of the letter that asks for it alone
    preview: bool  # shown to a marketer, not sent


def for_letter(
    *,
    person: Person,
    locale: str,
    sender: Sender,
    brand: Brand,
    offer: OfferValues | None,
    occasion: str | None,
    last_order_on: date | None,
    orders_count: int,
    told: Told = NOTHING_TOLD,
    standing: Standing = NO_STANDING,
    today: date,
    link: Callable[[str], str],
    unsubscribe_url: str,
    view_url: str,
    preferences_url: str,
    pixel_url: str,
    telegram_url: str,
    trap_url: str = "",
    confirm_url: str | None = None,
    channel: str = ChannelName.EMAIL,
    tone: str = Tone.NEUTRAL,
    preview: bool = False,
) -> dict[str, Any]:
    """The values of one letter, ready for `EmailTemplate.render` and `MessageTemplate.render`."""
    signing, shop = _signature(_Itself(sender), _Itself(brand), locale)
    return plain(
        LetterValues(
            salutation=names.salutation(person, locale, Tone(tone)),
            customer=CustomerValues(
                given_name=names.usable(person.given_name, locale) or None,
                called=names.address(person, locale).called or None,
                city=" ".join(person.city.split()) or None,
                country=person.country,
            ),
            sender=signing,
            brand=shop,
            offer=offer and replace(offer, code=offer.code or None, days_left=max(0, (offer.ends_on - today).days)),
            occasion=occasion or None,
            last_order_on=last_order_on,
            months_silent=_whole_months(last_order_on, today) if last_order_on else None,
            orders_count=orders_count,
            **{part.name: getattr(told, part.name) for part in fields(Told)},
            **{part.name: getattr(standing, part.name) for part in fields(Standing)},
            today=today,
            language=language_tag(locale),
            channel=str(channel),
            link=link,
            unsubscribe_url=unsubscribe_url,
            view_url=view_url,
            preferences_url=preferences_url,
            pixel_url=pixel_url,
            trap_url=trap_url,
            telegram_url=telegram_url,
            telegram_code_url=joining_code.address(telegram_url) if channel == ChannelName.EMAIL else "",
            confirm_url=confirm_url,
            preview=preview,
        )
    )


def sender_name(sender: Sender, locale: str) -> str:
    """The name that the mailbox shows beside the subject."""
    return in_locale(sender.name, locale)


def brand_values(brand: Brand, locale: str) -> BrandValues:
    """The brand's texts in a language."""
    return BrandValues(
        name=in_locale(brand.name, locale),
        tagline=in_locale(brand.tagline, locale),
        logo=_logo(brand.logo, locale) if brand.logo else None,
        company=in_locale(brand.company, locale),
        site=brand.site,
        address=in_locale(brand.address, locale),
        reason=in_locale(brand.reason, locale),
    )


def plain(values: Any) -> dict[str, Any]:
    """A frozen dataclass, and those inside it, as the dicts that templates read."""
    return {name: _plain(getattr(values, name)) for name in _names_in(type(values))}


_SIMPLE = frozenset({str, int, float, bool, date, type(None)})


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if _names_in(kind):
        return plain(value)
    return tuple(_plain(each) for each in value) if isinstance(value, tuple) else value


_NAMES: dict[type, tuple[str, ...]] = {}


def _names_in(kind: type) -> tuple[str, ...]:
    """Of a dataclass; nothing of anything else. Found once for each kind."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()
    return _NAMES[kind]


class _Itself:
    """What is the same only as itself: to be looked up by what it is, not by what it holds."""

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.it is other.it


@lru_cache(maxsize=1024)
def _signature(sender: _Itself, brand: _Itself, locale: str) -> tuple[SenderValues, BrandValues]:
    """Who signs, and for whom: the same in thousands of letters."""
    return _sender(sender.it, brand.it, locale), brand_values(brand.it, locale)


def _logo(logo: Logo, locale: str) -> LogoValues:
    return LogoValues(logo.image, logo.width, logo.height, in_locale(logo.alt, locale))


def _sender(sender: Sender, brand: Brand, locale: str) -> SenderValues:
    return SenderValues(
        name=in_locale(sender.name, locale),
        position=in_locale(sender.position, locale),
        company=in_locale(sender.company or brand.name, locale),
        phone=sender.phone,
        phone_url=f"tel:{re.sub('[^+0-9]', '', sender.phone)}" if sender.phone else "",
        email=sender.reply_to or sender.email,
        site=sender.site or brand.site,
        address=in_locale(sender.address, locale),
        hours=in_locale(sender.hours, locale),
        photo_url=sender.photo,
    )


def _whole_months(start: date, end: date) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months - (end.day < start.day))
