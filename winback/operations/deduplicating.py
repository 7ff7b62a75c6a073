"""Who seems to be one person: groups of customers with what they share, and what may be merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from winback.audience import duplicates
from winback.audience.duplicates import Common, Group, Shared
from winback.store import database
from winback.store import duplicates as stored


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Groups, the larger first, and signs that so many share that they say nothing."""

    groups: tuple[Group, ...]
    common: tuple[Common, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "groups": [
                {
                    "customers": [record.key for record in group.records],
                    "shared": [{"what": each.sign, "customers": _keys(group, each)} for each in group.shared],
                    "maybe_a_family": group.is_family,
                    "merges": [{"into": part[0].key, "merge": [record.key for record in part[1:]]} for part in group.merges],
                }
                for group in self.groups
            ],
            "too_common": [{"what": each.sign, "customers": each.customers} for each in self.common],
        }


def find(engine: Engine) -> Duplicates:
    """All groups there are."""
    with database.reading(engine) as connection:
        shared, common = stored.find(connection)
        records = stored.records(connection, sorted({customer_id for each in shared for customer_id in each.ids}))
    return Duplicates(tuple(duplicates.groups(shared, records)), tuple(common))


def why(group: Group) -> str:
    """What holds a group together: `e-mail: A1, A2; phone: A2, A7`; without the customers where all of them share it."""
    everybody = len(group.records)
    return "; ".join(each.sign if len(each.ids) == everybody else f"{each.sign}: {', '.join(_keys(group, each))}" for each in group.shared)


def _keys(group: Group, shared: Shared) -> list[str]:
    return [record.key for record in group.records if record.id in shared.ids]
