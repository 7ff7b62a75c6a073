"""Hits into the store: each judged among those of the last minute, so that what comes later can still change what was thought of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, Engine

from winback.journey.policy import Policy
from winback.model import ChannelName, EventKind, Verdict
from winback.store import click_tracking, consents, correspondence, database, events, freshness, hits_again
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.tracking import hits as hit_events
from winback.tracking import surroundings
from winback.tracking.hits import Hit
from winback.tracking.machines import Judged

_MOST = 5_000  # hits of the last minute that are kept in mind


class Recorder:
    """Stores batches of hits. Of the last minute's it remembers what it thought, and sets right what new ones show in another light."""

    def __init__(self, engine: Engine, policy: Policy, proxies: Mapping[str, str] = MappingProxyType({})) -> None:
        """`proxies`: marks of networks that fetch pictures for readers -> whose (networks.known_proxies)."""
        self.engine = engine
        self.proxies = proxies
        self.policy = policy
        self._recent: dict[Hit, Judged] = {}
        self._people: dict[int, Correspondent] = {}

    def __call__(self, hits: Sequence[Hit]) -> None:
        """One transaction. Raises database.Failure, and then nothing has happened."""
        with database.writing(self.engine) as connection:
            found = correspondence.by_delivery(connection, {hit.delivery_id for hit in hits})
            known = {**self._people, **found}
            wanted = self._wanted(connection, hits, found)
            new = [hit for hit in wanted if hit not in self._recent]
            judged = dict(hit_events.verdicts([*self._recent, *new], known, self.proxies))
            happened = hit_events.events_of(((hit, judged[hit]) for hit in new), known)
            events.record(connection, happened)
            changed = [hit for hit, thought in self._recent.items() if judged[hit] != thought]
            hits_again.set_verdicts(connection, {hit.dedupe_key: (judged[hit].verdict, judged[hit].why) for hit in changed})
            freshness.confirm(connection, _signs_of_life(happened, known))
            freshness.take_back(connection, _no_signs(changed, self._recent, judged, known))
            events.confirm(connection, found)
        self._remember(judged, known)

    def _wanted(self, connection: Connection, hits: Sequence[Hit], known: Mapping[int, Correspondent]) -> list[Hit]:
        """Hits on letters that are known, of customers who may be tracked when they come, whatever held when their letters left.

        Where the browser says that its reader doesn't want that (docs/decisions/0131), only of who agreed to it by themselves.
        """
        people, now = {who.customer_id for who in known.values()}, max(hit.happened_at for hit in hits)
        may = {
            EventKind.OPEN: consents.may_track_opens(connection, self.policy, people, now),
            EventKind.CLICK: click_tracking.may_track_clicks(connection, self.policy, people, now),
        }
        refusing = {known[hit.delivery_id].customer_id for hit in hits if hit.refuses and hit.delivery_id in known}
        agreed = consents.agreed_to_tracking(connection, refusing, now) if refusing else set()
        heard = [(hit, known[hit.delivery_id].customer_id) for hit in hits if hit.delivery_id in known]
        return [hit for hit, who in heard if who in may[hit.kind] and (not hit.refuses or who in agreed)]

    def _remember(self, judged: Mapping[Hit, Judged], known: Mapping[int, Correspondent]) -> None:
        newest = max((hit.happened_at for hit in judged), default=None)
        if newest is None:
            return
        since = newest - timedelta(seconds=surroundings.MINUTE)
        recent = [(hit, thought) for hit, thought in judged.items() if hit.happened_at >= since]
        self._recent = dict(recent[-_MOST:])
        self._people = {hit.delivery_id: known[hit.delivery_id] for hit in self._recent}


def _signs_of_life(happened: Iterable[Event], known: Mapping[int, Correspondent]) -> Iterator[tuple[int, ChannelName, datetime]]:
    """Clicks by people: the letter arrived and was read, at the address that they still have."""
    for event in happened:
        who = known[event.delivery_id or 0]
        if event.kind is EventKind.CLICK and event.verdict == Verdict.HUMAN and not who.is_former:
            yield who.customer_id, who.channel, event.happened_at


def _no_signs(
    changed: Iterable[Hit], before: Mapping[Hit, Judged], judged: Mapping[Hit, Judged], known: Mapping[int, Correspondent]
) -> Iterator[tuple[int, ChannelName, datetime]]:
    """Clicks that were taken for a person's a moment ago, and aren't any more."""
    for hit in changed:
        if hit.kind is EventKind.CLICK and before[hit].verdict is Verdict.HUMAN is not judged[hit].verdict:
            who = known[hit.delivery_id]
            yield who.customer_id, who.channel, hit.happened_at
