"""People told from machines: what a hit on a pixel or a link looked like, and who was behind it.

The hit is stored as it came, so that rules which learn more later can be run over the past. Nothing here is proof: scanners that
pass for a browser and wait for a minute count as people, and that is why decisions rest on clicks, replies and orders, never on opens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from winback.model import ChannelName, EventKind, Verdict


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of one hit."""

    method: str
    user_agent: str
    prefetch: str = ""  # what a browser or proxy said about fetching ahead
    seconds: float | None = None  # since the other side accepted the letter; None: not known
    is_trapped: bool = False  # the link that no person sees was followed, on this letter and about now
    links: int = 0  # different links of the letter that were followed within seconds
    letters: int = 1  # different letters that were fetched from the same network within a minute
    proxy: str = ""  # whose network it came from, where that is known to fetch pictures for readers


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the one signal that it rests on ("" when nothing spoke against a person)."""

    verdict: Verdict
    why: str


def judge(kind: EventKind, channel: ChannelName, signals: Signals) -> Judged:
    """Who was behind this open or click. The first signal that speaks decides; of haste and company, the one that says more."""
    if signals.method != "GET":
        return Judged(Verdict.MACHINE, "method")  # browsers and mail programs fetch with GET; HEAD and OPTIONS look ahead
    if signals.prefetch:
        return _PREFETCH
    if signals.is_trapped:
        return _TRAPPED
    if named := _by_user_agent(signals.user_agent):
        return named
    found = [each for each in (_by_haste(kind, channel, signals.seconds), _by_network(kind, signals), _by_company(signals)) if each]
    return next((each for each in found if each.verdict is Verdict.MACHINE), found[0] if found else _PERSON)


_PREFETCH, _TRAPPED, _PERSON = Judged(Verdict.MACHINE, "prefetch"), Judged(Verdict.MACHINE, "honeypot"), Judged(Verdict.HUMAN, "")


_AGENTS: tuple[tuple[str, Verdict, re.Pattern[str]], ...] = tuple(
    (name, verdict, re.compile(pattern, re.IGNORECASE))
    for name, verdict, pattern in (
        # proxies that fetch when a person opens the letter (and sometimes when nobody does)
        ("gmail-proxy", Verdict.UNVERIFIED, r"GoogleImageProxy"),
        ("yahoo-proxy", Verdict.UNVERIFIED, r"YahooMailProxy"),
        ("mail-ru-proxy", Verdict.UNVERIFIED, r"Mail\.RU_Bot/Img"),
        # fetched at delivery, whether the letter is opened or not
        ("gmail-prefetch", Verdict.MACHINE, r"Edge/12\.246 Mozilla/5\.0$"),
        ("apple-privacy", Verdict.MACHINE, r"^Mozilla/5\.0$"),
        # programs
        ("no-agent", Verdict.MACHINE, r"^\s*$"),
        ("program", Verdict.MACHINE, r"^(curl|wget|python|aiohttp|httpx|go-http-client|java|okhttp|axios|node|libwww-perl|ruby|php|powershell)\b"),
        ("headless", Verdict.MACHINE, r"headless|phantomjs|puppeteer|playwright|selenium"),
        ("preview", Verdict.MACHINE, r"TelegramBot|facebookexternalhit|WhatsApp/|SkypeUriPreview|BingPreview|vkShare"),
        ("scanner", Verdict.MACHINE, r"barracuda|mimecast|proofpoint|fireeye|trendmicro|cloudmark|Microsoft Office (Existence|Protocol) Discovery"),
        ("robot", Verdict.MACHINE, r"bot\b|crawl|spider|scan(ner)?\b"),
    )
)


@lru_cache(maxsize=4096)  # there are far fewer than hits
def _by_user_agent(user_agent: str) -> Judged | None:
    return next((Judged(verdict, name) for name, verdict, pattern in _AGENTS if pattern.search(user_agent)), None)


def _by_network(kind: EventKind, signals: Signals) -> Judged | None:
    """A proxy fetches pictures when a person opens the letter, and sometimes when nobody does; links are followed by people themselves."""
    return Judged(Verdict.UNVERIFIED, f"{signals.proxy}-network") if signals.proxy and kind is EventKind.OPEN else None


_MANY_LINKS = 3  # a scanner follows all of a letter's links; a person who opens two in tabs is quick too
_CROWD = 25  # letters from one network: a company's filter or a provider's proxy - or a mobile network on a busy day


def _by_company(signals: Signals) -> Judged | None:
    """By what happens around it: several links at once are a scanner's; many people's letters from one network may be."""
    if signals.links >= _MANY_LINKS:
        return Judged(Verdict.MACHINE, "many-links")
    return Judged(Verdict.UNVERIFIED, "crowd") if signals.letters >= _CROWD else None


# Seconds after acceptance below which a hit is a machine's, and below which it may be one. Filters fetch while a letter is being
# delivered; measured bursts had their median at 43 s. A person needs the notification, the letter, and for a click the reading.
_HASTE: Mapping[EventKind, tuple[float, float]] = {EventKind.OPEN: (2, 10), EventKind.CLICK: (10, 60)}


def _by_haste(kind: EventKind, channel: ChannelName, seconds: float | None) -> Judged | None:
    if seconds is None or channel is not ChannelName.EMAIL:
        return None  # nothing scans messengers, and a person looking at the chat is quick
    machine, doubtful = _HASTE[kind]
    if seconds < machine:
        return Judged(Verdict.MACHINE, "haste")
    return Judged(Verdict.UNVERIFIED, "haste") if seconds < doubtful else None
