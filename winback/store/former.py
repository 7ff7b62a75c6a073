"""What the store knows already of people whom a former tool tells of: who has their address, who has spoken of consent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, and_, func, select

from winback.audience.consents import MARKETING
from winback.model import ChannelName, Reason
from winback.store import persons
from winback.store.tables import consents, contacts, customers, suppressions

_AT_ONCE = 500  # values in one statement


def keys_by_address(connection: Connection, hashes: Sequence[bytes], *, but: str) -> dict[bytes, str]:
    """The shop's customers who have these e-mail addresses, by the addresses' hashes; of several the one known longest.

    Records whose id begins with `but` are left out: the tool's own.
    """
    found: dict[bytes, str] = {}
    for part in _parts(sorted(set(hashes))):
        rows = connection.execute(
            select(contacts.c.address_hash, customers.c.key)
            .join(customers, customers.c.id == contacts.c.customer_id)
            .where(
                contacts.c.channel == ChannelName.EMAIL,
                contacts.c.address_hash.in_(part),
                persons.is_person(),
                func.substr(customers.c.key, 1, len(but)) != but,
            )
            .order_by(customers.c.id.desc())
        )
        found |= {row.address_hash: row.key for row in rows}
    return found


def have_spoken(connection: Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the customers of whom a yes or a no to letters by e-mail is stored."""
    found: set[str] = set()
    for part in _parts(sorted(set(keys))):
        on = and_(consents.c.customer_id == persons.person_id(), consents.c.channel == ChannelName.EMAIL, consents.c.purpose == MARKETING)
        found.update(connection.execute(select(customers.c.key).join(consents, on).where(customers.c.key.in_(part))).scalars())
    return frozenset(found)


def forgotten_addresses(connection: Connection, hashes: Sequence[bytes]) -> frozenset[bytes]:
    """Those of the e-mail addresses that were somebody's who asked to be forgotten: a former tool must not bring them back."""
    found: set[bytes] = set()
    for part in _parts(sorted(set(hashes))):
        mine = (suppressions.c.channel == ChannelName.EMAIL, suppressions.c.reason == Reason.FORGOTTEN)
        found.update(connection.execute(select(suppressions.c.address_hash).where(*mine, suppressions.c.address_hash.in_(part))).scalars())
    return frozenset(found)


def known(connection: Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys that customers have."""
    found: set[str] = set()
    for part in _parts(sorted(set(keys))):
        found.update(connection.execute(select(customers.c.key).where(customers.c.key.in_(part))).scalars())
    return frozenset(found)


def _parts(values: Sequence[bytes] | Sequence[str]) -> Iterator[Sequence[bytes] | Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
