"""The past judged by today's rules: verdicts change, what was seen stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from winback.model import EventKind, Verdict
from winback.store import correspondence, database, freshness, hits_again
from winback.store.hits_again import Kept
from winback.tracking import addresses, machines, surroundings
from winback.tracking.machines import Judged, Signals
from winback.tracking.surroundings import Look, Seen

_NONE: Mapping[str, str] = {}
_AROUND = timedelta(seconds=surroundings.MINUTE)


@dataclass(slots=True)
class Rejudged:
    """How many hits were looked at, and how many verdicts became which, by (before, after)."""

    hits: int = 0
    changes: Counter[tuple[Verdict, Verdict]] = field(default_factory=Counter)
    reasons: int = 0  # hits whose verdict stays, and rests on another signal


def rejudge(
    engine: Engine, *, since: datetime | None = None, dry_run: bool = False, batch: int = 20_000, proxies: Mapping[str, str] = _NONE
) -> Rejudged:
    """Judge every hit again, or those from a moment on, in batches of one transaction each. A second time changes nothing.

    It may be broken off and begun anew; `dry_run` only counts. `proxies`: marks of networks -> whose (networks.known_proxies).
    """
    found = Rejudged()
    for hits in _batches(engine, since, batch, proxies):
        changed = [(hit, judged) for hit, judged in hits if (hit.verdict, hit.signals.get("why", "")) != (judged.verdict, judged.why)]
        if changed and not dry_run:
            with database.writing(engine) as connection:
                hits_again.judge_again(connection, ((hit, judged.verdict, judged.why) for hit, judged in changed))
                _follow(connection, [(hit, judged.verdict) for hit, judged in changed if hit.kind is EventKind.CLICK])
        found.hits += len(hits)
        found.changes.update((hit.verdict, judged.verdict) for hit, judged in changed if hit.verdict != judged.verdict)
        found.reasons += sum(hit.verdict == judged.verdict for hit, judged in changed)
    return found


def _follow(connection: Connection, clicks: Sequence[tuple[Kept, Verdict]]) -> None:
    """What was written down because of clicks: when an address last showed life. All else asks for verdicts when it is decided."""
    turned = [(hit, verdict) for hit, verdict in clicks if (hit.verdict is Verdict.HUMAN) != (verdict is Verdict.HUMAN)]
    known = correspondence.by_delivery(connection, {hit.delivery_id for hit, _ in turned})
    alive = [(known[hit.delivery_id], hit) for hit, verdict in turned if verdict is Verdict.HUMAN and hit.delivery_id in known]
    freshness.confirm(connection, [(who.customer_id, who.channel, hit.happened_at) for who, hit in alive if not who.is_former])
    freshness.take_back(connection, [(hit.customer_id, hit.channel, hit.happened_at) for hit, verdict in turned if verdict is not Verdict.HUMAN])


def _batches(engine: Engine, since: datetime | None, batch: int, proxies: Mapping[str, str]) -> Iterator[list[tuple[Kept, Judged]]]:
    """Hits with today's verdicts, each among all that happened within a minute before and after it."""
    begins = None if since is None else since - _AROUND
    window: list[Kept] = []
    told = 0  # of the window, how many from its beginning on were judged before
    last: Kept | None = None
    while True:
        with database.reading(engine) as connection:
            page = hits_again.page(connection, since=begins, after=last, limit=batch)
        window += page
        ready = len(window) if len(page) < batch else sum(hit.happened_at < window[-1].happened_at - _AROUND for hit in window)
        judged = judge(window, proxies)
        yield [
            (hit, verdict) for hit, verdict in zip(window[told:ready], judged[told:ready], strict=True) if since is None or hit.happened_at >= since
        ]
        if len(page) < batch:
            return
        last, told = window[-1], max(told, ready)
        gone = sum(hit.happened_at < window[-1].happened_at - 2 * _AROUND for hit in window[:told])
        window, told = window[gone:], told - gone


def judge(hits: Sequence[Kept], proxies: Mapping[str, str] = _NONE) -> list[Judged]:
    """Who was behind each of these hits, seen among all of them."""
    looks = surroundings.look([_seen(hit) for hit in hits])
    return [machines.judge(hit.kind, hit.channel, _signals(hit, look, proxies)) for hit, look in zip(hits, looks, strict=True)]


def _seen(hit: Kept) -> Seen:
    link = None if hit.kind is EventKind.OPEN else addresses.TRAP if hit.signals.get("honeypot") else hit.link_id
    return Seen(hit.delivery_id, link, hit.happened_at, hit.signals.get("network", ""))


def _signals(hit: Kept, look: Look, proxies: Mapping[str, str]) -> Signals:
    said = hit.signals
    return Signals(
        said.get("method", "GET"),
        said.get("user_agent", ""),
        said.get("prefetch", ""),
        said.get("seconds"),
        look.is_trapped,
        look.links,
        look.letters,
        proxies.get(said.get("network", ""), ""),
    )
