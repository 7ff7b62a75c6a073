"""Simulated customers: they read what arrived, open, click, answer, unsubscribe, and some of them buy again."""

from __future__ import annotations

import email
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from pathlib import Path
from random import Random

import httpx

from winback.demo import mailbox
from winback.demo.bot_api import BotApi
from winback.demo.mailbox import MailServer
from winback.demo.shop import BASE_RATE, EFFECTS, Shop, Shopper, amount

_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_PROXY = "X-Forwarded-For"  # everybody asks from a network of their own, as if through the shop's web server
_APPLE_PROXY = {"User-Agent": "Mozilla/5.0", _PROXY: "17.58.1.9"}
_ANSWERS = {
    "uk": ("Дякую, що згадали! Зайду на вихідних.", "А доставка до Луцька ще працює?", "Переїхала, тепер далеко. Але дякую!"),
    "en": (
        "Thank you for the note! Do you still ship to Ireland?",
        "I moved house and simply forgot. Lovely to hear from you.",
        "Is the smoky one back?",
    ),
}


_CODE = re.compile(r"\bWB-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_REMEMBER = 0.7


class Customers:
    """Everybody in the made-up shop. `arrived` is where their letters lie, `replies` where their answers go."""

    def __init__(self, shop: Shop, arrived: MailServer, bot: BotApi, replies: Path, *, seed: int) -> None:
        self._shop = shop
        self._arrived = arrived
        self._bot = bot
        self.replies = replies
        self._random = Random(seed)
        self._read_letters = 0
        self._read_messages = 0
        self._written_to: set[str] = set()
        self._coming = sorted(shop.returns)
        self._codes: dict[str, str] = {}
        self._memory = Random(f"{seed} codes")  # dice of their own: the story stays as it was
        self._by_address = {shopper.email: shopper for shopper in shop.shoppers.values()}
        self._from_home = {key: {_PROXY: f"10.{number >> 8}.{number & 255}.9"} for number, key in enumerate(shop.shoppers)}

    def buy(self, until: datetime) -> int:
        """Those whose day has come place their orders. Returns how many."""
        due = [entry for entry in self._coming if entry[0] <= until]
        self._coming = [entry for entry in self._coming if entry[0] > until]
        for moment, key in sorted(due):
            self._shop.order(key, moment, amount(self._random), self._code_of(key))
        return len(due)

    def _code_of(self, key: str) -> str:
        """The code that they say at the counter: most who were told one do, and each once."""
        code = self._codes.pop(key, "")
        return code if self._memory.random() < _REMEMBER else ""

    def react(self, now: datetime) -> int:
        """Read what arrived since the last time and do what people do with it. Returns how many letters were read."""
        letters = self._arrived.received[self._read_letters :]
        self._read_letters += len(letters)
        with httpx.Client(timeout=30, headers={"User-Agent": _BROWSER}) as web:
            for received in letters:
                if shopper := self._by_address.get(received.recipient):  # answers that are forwarded go to the shop's own people
                    self._read(email.message_from_bytes(received.path.read_bytes()), shopper, web, now)
        messages = self._bot.sent[self._read_messages :]
        self._read_messages += len(messages)
        for message in messages:
            if self._random.random() < 0.02:
                self._bot.customer_says(int(message.chat_id), "Дякую! Якраз збиралася замовити.")
        return len(letters) + len(messages)

    def _read(self, letter: Message, shopper: Shopper, web: httpx.Client, now: datetime) -> None:
        first, home = shopper.key not in self._written_to, self._from_home[shopper.key]
        self._written_to.add(shopper.key)
        if code := _CODE.search(_part(letter, "text/plain")):
            self._codes[shopper.key] = code[0]
        dice = self._random.random()
        page = _page(letter) if dice < 0.6 else ""
        if pixel := re.search(r'src="(http[^"]*/o/[^"]*)"', page):
            if 0.42 < dice < 0.6:  # the mail provider fetches pictures by itself
                web.get(pixel[1], headers=_APPLE_PROXY)
            if dice < 0.5:
                web.get(pixel[1], headers=home)
        if dice < 0.13 and (link := re.search(r'href="(http[^"]*/c/[^"]*)"(?![^>]*aria-hidden)', page)):
            web.get(link[1], headers=home, follow_redirects=False)
        if 0.5 <= dice < 0.515:
            self._unsubscribe(letter, web, home)
        elif 0.6 <= dice < 0.615:
            self._answer(letter, shopper, now)
        if first:
            self._be_moved(letter, shopper, now)

    def _be_moved(self, letter: Message, shopper: Shopper, now: datetime) -> None:
        """The first letter of a tactic brings back its share of those who wouldn't have come by themselves."""
        tactic = str(letter["Feedback-ID"]).split(":")[2]
        if not shopper.comes_back_anyway and shopper.moved_by < EFFECTS[tactic] / (1 - BASE_RATE):
            self._coming.append((now + timedelta(days=self._random.uniform(0.2, 25)), shopper.key))

    @staticmethod
    def _unsubscribe(letter: Message, web: httpx.Client, home: Mapping[str, str]) -> None:
        """As a mail provider's one-click button does it (RFC 8058)."""
        if url := re.search(r"<(http[^>]*)>", str(letter["List-Unsubscribe"])):
            web.post(url[1], data={"List-Unsubscribe": "One-Click"}, headers=home)

    def _answer(self, letter: Message, shopper: Shopper, now: datetime) -> None:
        answer = EmailMessage()
        answer["From"] = shopper.email
        answer["To"] = str(letter["Reply-To"])
        answer["Subject"] = f"Re: {make_header(decode_header(letter['Subject']))}"
        answer["Date"] = now
        answer["Message-ID"] = f"<{shopper.key}.{int(now.timestamp())}@post.example>"
        answer["In-Reply-To"] = str(letter["Message-ID"])
        answer.set_content(self._random.choice(_ANSWERS["uk" if shopper.who.country == "UA" else "en"]))
        mailbox.deliver(self.replies, answer.as_bytes(), mail_from=shopper.email, recipient=str(letter["Reply-To"]))


def _page(letter: Message) -> str:
    """The letter's HTML."""
    return _part(letter, "text/html")


def _part(letter: Message, kind: str) -> str:
    parts = (part.get_payload(decode=True) for part in letter.walk() if part.get_content_type() == kind)
    return "".join(part.decode() for part in parts if isinstance(part, bytes))
