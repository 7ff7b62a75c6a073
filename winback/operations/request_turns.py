"""Whose turn it is to be asked for a yes: the contact policy, quiet hours and wishes hold for such a letter as for any other, and so does the pace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback.journey import last_check, zones
from winback.journey.policy import Policy
from winback.journey.stage import Stage
from winback.journey.wishes import NO_WISHES
from winback.journey.zones import Whereabouts
from winback.model import ChannelName
from winback.sending import fuse, pace, pacing
from winback.sending.pace import Pace, Terms
from winback.sending.pacing import Letter
from winback.sending.prepared import city_zones
from winback.settings import Project
from winback.store import contact_log, database, fuses, preferences

_NO_RUN = 0
"""No run has this number: these letters are of none."""


@dataclass(frozen=True)
class RequestTurns:
    """Asks for one letter at a time."""

    project: Project
    engine: Engine
    policy: Policy
    letter: str  # a folder of templates/emails/
    _full: set[tuple[Terms, ...]] = field(default_factory=set)

    def is_late(self, connection: Connection, row: Row[Any], now: datetime) -> bool:
        """Whether nothing may come to this customer now; until the transaction ends, nobody else hands a letter to them over."""
        rules = self.policy.for_country(row.country)
        known = Whereabouts(stored=row.time_zone, country=row.country, city=row.city, phone=row.phone)
        home = zones.find(known, rules, self.project.settings.time_zone, city_zones)
        contact_log.hold(connection, [row.id])
        contacts = contact_log.contacts(connection, [row.id], now).get(row.id, ())
        wishes = preferences.of(connection, [row.id]).get(row.id, NO_WISHES)
        if ChannelName.EMAIL in wishes.channels_off:
            return True
        return last_check.turn(date.max, self._stage, rules, home.zone, now, contacts, wishes=wishes) is not None

    def stands(self, address: str) -> bool:
        """Whether the lane of an address is stopped."""
        with database.reading(self.engine) as connection:
            return not fuses.stopped(connection).isdisjoint(fuse.lanes_of(ChannelName.EMAIL, address))

    def waits(self, customer_id: int, address: str, relay: str, now: datetime) -> bool:
        """Whether the letter has to wait for the pace of its lanes, and with it all others of these lanes; else it has taken its turn."""
        lanes = () if self._pace.is_unlimited else self._pace.lanes(ChannelName.EMAIL, address, relay)
        if lanes and lanes not in self._full:
            letter = Letter(-customer_id, lanes)  # no delivery has such a number
            if pacing.take(self._writing, self._pace, _NO_RUN, [letter], now=now, zone=self.project.zone):
                self._full.add(lanes)
        return lanes in self._full

    @cached_property
    def paced_relays(self) -> tuple[str, ...]:
        return self._pace.paced_relays

    @cached_property
    def _pace(self) -> Pace:
        return pace.read(self.project)

    @cached_property
    def _stage(self) -> Stage:
        return Stage.model_validate({"name": self.letter, "letter": self.letter})

    @property
    def _writing(self) -> Callable[[], AbstractContextManager[Connection]]:
        return lambda: database.writing(self.engine)
