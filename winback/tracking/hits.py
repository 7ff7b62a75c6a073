"""Hits on pixels and links: as they come, as a line in a file, and as events with verdicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from winback.model import EventKind
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import addresses, machines, surroundings
from winback.tracking.machines import Judged, Signals
from winback.tracking.surroundings import Seen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a pixel or a link, as it came."""

    kind: EventKind
    delivery_id: int
    link_id: int | None  # of a click; addresses.TRAP: the one that nobody sees
    happened_at: datetime
    method: str
    user_agent: str
    prefetch: str
    network: str = ""  # a keyed mark of the network it came from: two hits of one network have the same
    refuses: str = ""  # how the reader's browser says that they don't want to be tracked: gpc, dnt; empty: it doesn't

    @property
    def line(self) -> bytes:
        """As it is written down: JSON, without line breaks."""
        seen = self.method, self.user_agent, self.prefetch, self.network, self.refuses
        return line(self.kind, self.delivery_id, self.link_id, self.happened_at, seen)

    @classmethod
    def read(cls, line: bytes) -> Hit | None:
        """What was written down; None for a line that is none, or only a part of one."""
        try:
            kind, delivery_id, link_id, moment, *seen = json.loads(line)
            method, user_agent, prefetch, network, *refuses = seen  # an earlier release wrote no refusals
            return cls(EventKind(kind), delivery_id, link_id, _EPOCH + moment * _MICROSECOND, method, user_agent, prefetch, network, *refuses)
        except (ValueError, TypeError):
            return None

    @property
    def dedupe_key(self) -> str:
        """The same request, written twice, is one event: letter, link, microsecond and what it looked like."""
        look = hashlib.blake2s(f"{self.method}\n{self.user_agent}\n{self.prefetch}".encode(errors="replace"), digest_size=8).hexdigest()
        return f"{self.kind}:{self.delivery_id}:{self.link_id or 0}:{self.happened_at.isoformat()}:{look}"

    @property
    def seen(self) -> Seen:
        return Seen(self.delivery_id, self.link_id if self.kind is EventKind.CLICK else None, self.happened_at, self.network)


_NONE: Mapping[str, str] = {}
_encode = json.JSONEncoder(separators=(",", ":")).encode


def line(kind: str, delivery_id: int, link_id: int | None, happened_at: datetime, seen: tuple[str, str, str, str, str]) -> bytes:
    """What `Hit.read` reads. `seen`: method, user agent, prefetch, network, refuses; people look alike, so how they look is written once."""
    moment = (happened_at - _EPOCH) // _MICROSECOND
    return b'["%b",%d,%b,%d,%b' % (kind.encode(), delivery_id, b"null" if link_id is None else b"%d" % link_id, moment, _looks(seen))


@lru_cache(maxsize=5_000)
def _looks(seen: tuple[str, str, str, str, str]) -> bytes:
    return _encode(seen).encode("ascii")[1:] + b"\n"


def verdicts(hits: Sequence[Hit], correspondents: Mapping[int, Correspondent], proxies: Mapping[str, str] = _NONE) -> list[tuple[Hit, Judged]]:
    """Each hit on a letter that is known, with who was behind it: seen among all of these. `proxies`: marks of networks -> whose."""
    known = [hit for hit in hits if hit.delivery_id in correspondents]
    looks = surroundings.look([hit.seen for hit in known])
    return [(hit, _judged(hit, correspondents[hit.delivery_id], look, proxies)) for hit, look in zip(known, looks, strict=True)]


def _judged(hit: Hit, who: Correspondent, look: surroundings.Look, proxies: Mapping[str, str]) -> Judged:
    seconds = None if who.accepted_at is None else (hit.happened_at - who.accepted_at).total_seconds()
    proxy = proxies.get(hit.network, "")
    signals = Signals(hit.method, hit.user_agent, hit.prefetch, seconds, look.is_trapped, look.links, look.letters, proxy)
    return machines.judge(hit.kind, who.channel, signals)


def event(hit: Hit, who: Correspondent, judged: Judged) -> Event:
    """A hit as it is kept: what was seen, and what follows from it beside."""
    return Event(
        dedupe_key=hit.dedupe_key,
        kind=hit.kind,
        customer_id=who.customer_id,
        delivery_id=hit.delivery_id,
        link_id=hit.link_id or None,
        happened_at=hit.happened_at,
        verdict=judged.verdict,
        signals=_signals(hit, who, judged),
    )


def _signals(hit: Hit, who: Correspondent, judged: Judged) -> dict[str, Any]:
    seconds = None if who.accepted_at is None else (hit.happened_at - who.accepted_at).total_seconds()
    kept = {"method": hit.method, "user_agent": hit.user_agent, "prefetch": hit.prefetch, "seconds": seconds, "why": judged.why}
    if hit.network:
        kept["network"] = hit.network
    if hit.refuses:
        kept["refuses"] = hit.refuses
    if hit.kind is EventKind.CLICK and hit.link_id == addresses.TRAP:
        kept["honeypot"] = True
    return kept


def events_of(judged: Iterable[tuple[Hit, Judged]], correspondents: Mapping[int, Correspondent]) -> list[Event]:
    """Hits with their verdicts as events."""
    return [event(hit, correspondents[hit.delivery_id], verdict) for hit, verdict in judged]
