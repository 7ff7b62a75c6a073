"""Words that give a letter away, by language: what filters and readers take for spam, and what has no place in a greeting.

Each is a beginning of words, written small; a blank stands for any blanks. Only what no honest letter of a shop would say in its
subject, or no congratulation at all, stands here. A native speaker can add lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

Phrases: TypeAlias = Mapping[str, tuple[str, ...]]

SPAM: Phrases = {
    "en": (
        "100% free", "act now", "cash bonus", "click below", "click here", "earn money", "extra cash", "lowest price", "make money",
        "no obligation", "once in a lifetime", "risk-free", "this is not spam", "you are a winner", "you have won", "you've won",
    ),
    "uk": (
        "100% безкоштовно", "ви виграли", "ви переможець", "жми сюди", "заробіток без вкладень", "клікніть тут", "легкі гроші",
        "натисніть тут", "тисни тут", "це не спам", "швидкий заробіток",
    ),
    "ru": (
        "100% бесплатно", "быстрый заработок", "вы выиграли", "вы победитель", "жми сюда", "заработок без вложений", "кликните здесь",
        "легкие деньги", "лёгкие деньги", "нажми здесь", "нажмите здесь", "это не спам",
    ),
    "ro": (
        "100% gratuit", "acesta nu este spam", "ai câștigat", "apasă aici", "apăsați aici", "ați câștigat", "bani ușori", "clic aici",
        "click aici", "câștigă bani", "fără nicio obligație",
    ),
    "uz": (
        "100% bepul", "bu spam emas", "bu yerga bosing", "bu yerni bosing", "oson pul", "shu yerga bosing",
        "shu yerni bosing", "siz yutdingiz", "tez daromad", "yutib oldingiz",
    ),
    "mn": (
        "100% үнэгүй", "амархан мөнгө", "та хожлоо", "та яллаа", "хурдан мөнгө", "энд дар", "энэ спам биш",
    ),
}  # fmt: skip
"""What subjects don't say."""

ASKS: Phrases = {
    "en": (
        "buy now", "coupon", "discount", "free delivery", "free shipping", "gift card", "leave a review", "on sale", "order now",
        "outstanding payment", "overdue payment", "place an order", "promo code", "promocode", "rate us", "shop now", "special offer",
        "voucher", "your debt",
    ),
    "uk": (
        "безкоштовна доставк", "безкоштовну доставк", "ваучер", "вигідна пропозиці", "заборгованіст", "залиште відгук", "замовляйте", "замовте",
        "знижк", "знижок", "купон", "купуйте", "купіть", "оцініть нас", "придбайте", "промо-код", "промокод", "пройдіть опитуванн", "розпродаж",
        "спецпропозиці",
    ),
    "ru": (
        "бесплатная доставк", "бесплатную доставк", "ваучер", "выгодное предложени", "задолженност", "заказывайте", "закажите", "купите", "купон",
        "оставьте отзыв", "оцените нас", "покупайте", "приобретайте", "приобретите", "пройдите опрос", "промо-код", "промокод", "распродаж",
        "скидк", "скидок", "спецпредложени",
    ),
    "ro": (
        "cod promo", "comandați", "comandă acum", "completați chestionar", "cumpărați", "cumpără acum", "cupon", "la promoție",
        "lasă o recenzie", "livrare gratuită", "lăsați o recenzie", "oferta special", "ofertă special", "promoții", "reducere de",
        "reducere la", "reduceri", "restanț", "voucher",
    ),
    "uz": (
        "aksiya", "bepul yetkaz", "buyurtma bering", "chegirma", "kupon", "maxsus taklif", "promokod", "qarzdor", "sharh qoldiring",
        "so'rovnoma", "sotib oling", "vaucher", "xarid qiling",
    ),
    "mn": (
        "захиалаарай", "захиалга өг", "купон", "онцгой санал", "промо код", "промокод", "сэтгэгдэл үлдээ", "төлбөрөө төл", "худалдаж ав",
        "хямдрал", "хөнгөлөлт", "өр төлбөр", "үнэгүй хүргэлт",
    ),
}  # fmt: skip
"""What a congratulation doesn't say: offers, prices, requests, reminders of debts."""

_APOSTROPHES = str.maketrans("ʻʼ’‘`´", "''''''")
_PRICE = re.compile(
    r"[₴€$£₽₮]\s?\d[\d .,]*|(?<!\d)(?!100%)\d[\d .,]*(?:[₴€$£₽₮%]|(?:грн|руб|сум|төгрөг|lei|so'm|uah|usd|eur|rub|ron|mdl|uzs|mnt)\b)",
)


def said(phrases: Phrases, text: str, language: str) -> str:
    """The first of the phrases that a text says, as it says it; empty when it says none."""
    plain = _plain(text)
    found = _pattern(phrases.get(language.partition("-")[0].partition("_")[0], ())).search(plain)
    return found[0].strip() if found else ""


def price(text: str) -> str:
    """The first sum of money or share in per cent, with what stands before it; empty when there is none."""
    found = _PRICE.search(_plain(text))
    return found[0].strip() if found else ""


def _plain(text: str) -> str:
    """Small, composed, with one kind of apostrophe and blank, and no blank before %."""
    small = unicodedata.normalize("NFC", text).casefold().translate(_APOSTROPHES)
    return " ".join(small.split()).replace(" %", "%")


@cache
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, phrases)) + ")" if phrases else r"(?!)")
