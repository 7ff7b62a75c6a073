"""Tracking: pixels answered and stored beside nginx with the same gif as a file, a million of them, and a million hits classified."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks import bounces, front
from benchmarks.figure import Figure, alone
from benchmarks.front import Front
from winback.model import ChannelName, EventKind
from winback.store.correspondence import Correspondent
from winback.tracking import hits
from winback.tracking.hits import Hit

AREA = "tracking"
HITS = 1_000_000
BAR_NGINX = 1 / 0.3  # of nginx's time for a request
BAR_P99_MS = 20
BAR_CLASSIFYING_S = 20
BAR_GROWTH = 1.2
ROUNDS = 5
SECONDS = 5.0
_CONNECTIONS = 64
_SENT_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
)


def figures() -> list[Figure]:
    with front.front() as pages, front.nginx() as gif:
        pages.start()
        beside, rate = _beside_nginx(pages, gif)
        calm = _at_half_load(pages, rate)
        _rest(pages)
        many = _a_million(pages)
    return [beside, calm, *many, alone(AREA, f"classifying {HITS:,} hits", _classifying(), bar=BAR_CLASSIFYING_S, rounds=2), *bounces.figures()]


def _beside_nginx(pages: Front, gif: str) -> tuple[Figure, float]:
    """Ours and nginx take turns; microseconds a request, and our rate. What is left to be stored of a round is stored before the next."""
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        theirs.append(1e6 / front.wrk(gif, [front.GIF] * front.LETTERS, SECONDS).a_second)
        ours.append(1e6 / pages.load(SECONDS).a_second)
        _rest(pages)
    mine = statistics.median(ours[1:])
    spread = (max(ours[1:]) - min(ours[1:])) / mine
    figure = Figure(
        AREA, "one open pixel, verified and stored / nginx, the gif as a file", mine, "us", ROUNDS, spread, statistics.median(theirs[1:]), BAR_NGINX
    )
    return figure, 1e6 / mine


def _at_half_load(pages: Front, rate: float) -> Figure:
    pause = round(_CONNECTIONS / (rate / 2) * 1000)
    found = [pages.load(SECONDS, connections=_CONNECTIONS, pause_ms=max(pause, 1)) for _ in range(ROUNDS)]
    late = [each.p99_ms for each in found]
    middle = statistics.median(late)
    name = f"the 99th of 100 pixels at half that load ({statistics.median(each.a_second for each in found):,.0f} a second)"
    return Figure(AREA, name, middle, "ms", ROUNDS, (max(late) - min(late)) / middle, bar=BAR_P99_MS)


def _a_million(pages: Front) -> list[Figure]:
    """As many as make a million, counted where they were answered and where they are stored."""
    before, answered, memory = pages.stored(), 0, []
    begun = time.perf_counter()
    while answered < HITS:
        answered += pages.load(SECONDS).requests
        memory.append(pages.memory_mb())
    told = time.perf_counter()
    _rest(pages)
    stored_in = time.perf_counter() - told
    memory.append(pages.memory_mb())
    pages.stop()
    lost = max(answered - (pages.stored() - before), 0)
    early = statistics.median(memory[1:4])
    growth = statistics.median(memory[-3:])
    return [
        Figure(AREA, f"{answered:,} opens: lost", lost, "events", 1, 0.0, bar=0),
        Figure(AREA, f"{answered:,} opens: memory at the end / after {3 * SECONDS:.0f} seconds", growth, "MB", 1, 0.0, early, BAR_GROWTH),
        Figure(AREA, f"{answered:,} opens in {told - begun:.0f} s: until the last is stored", stored_in, "s", 1, 0.0),
    ]


def _rest(pages: Front) -> None:
    """Until nothing waits for the store."""
    while pages.waiting():
        time.sleep(0.2)


def _classifying() -> Callable[[], float]:
    """A week of hits on 200,000 letters: opens, clicks, bursts of several links, and networks with many readers."""
    seen = [_hit(number) for number in range(HITS)]
    people = {number: Correspondent(number, ChannelName.EMAIL, "uk", None, number, _SENT_AT) for number in range(HITS // 5)}

    def measure() -> float:
        begun = time.perf_counter()
        judged = hits.verdicts(seen, people)
        taken = time.perf_counter() - begun
        assert len({verdict.why for _, verdict in judged}) >= len(_AGENTS)
        return taken

    return measure


def _hit(number: int) -> Hit:
    letter = number * 7919 % (HITS // 5)
    is_click = number % 4 == 0
    burst = number % 40 == 0
    moment = _SENT_AT + timedelta(seconds=(letter if burst else number * 104_729 % HITS) * 0.6)
    link = number // (HITS // 5) + 1 if is_click else None
    network = f"n{number * 31 % 50_000}"
    return Hit(EventKind.CLICK if is_click else EventKind.OPEN, letter, link, moment, "GET", _AGENTS[number % 7 % 4], "", network)
