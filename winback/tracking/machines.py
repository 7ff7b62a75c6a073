"""People told from machines: what a hit on a pixel or a link looked like, and who was behind it.

The hit is stored as it came, so that rules which learn more later can be run over the past. Nothing here is proof: scanners that
pass for a browser and wait for a minute count as people, and that is why decisions rest on clicks, replies and orders, never on opens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from winback.model import ChannelName, EventKind, Verdict


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of one hit."""

    method: str
    user_agent: str
    prefetch: str = ""  # what a browser or proxy said about fetching ahead
    seconds: float | None = None  # since the other side accepted the letter; None: not known


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the one signal that it rests on ("" when nothing spoke against a person)."""

    verdict: Verdict
    why: str

    def with_signals(self, signals: Signals) -> dict[str, Any]:
        """What is kept with the event."""
        return {**asdict(signals), "why": self.why}


def judge(kind: EventKind, channel: ChannelName, signals: Signals) -> Judged:
    """Who was behind this open or click. The first signal that speaks decides."""
    if signals.method != "GET":
        return Judged(Verdict.MACHINE, "method")  # browsers and mail programs fetch with GET; HEAD and OPTIONS look ahead
    if signals.prefetch:
        return Judged(Verdict.MACHINE, "prefetch")
    if named := _by_user_agent(signals.user_agent):
        return named
    return _by_haste(kind, channel, signals.seconds) or Judged(Verdict.HUMAN, "")


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


def _by_user_agent(user_agent: str) -> Judged | None:
    return next((Judged(verdict, name) for name, verdict, pattern in _AGENTS if pattern.search(user_agent)), None)


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
