"""Customers who seem to be one person, from what they share: an address, a phone, or their name and birthday. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

MOST = 10
"""A sign that more customers share is nobody's own: the shop's phone, no@mail.ru, the first of January."""


class Sign(StrEnum):
    """What two records have in common."""

    EMAIL = "e-mail"  # the same address, capitals or not
    CHAT = "chat"  # the same Telegram chat
    PHONE = "phone"  # the same number
    NAME = "name and birthday"  # given and family name, in either order, and the day of birth


@dataclass(frozen=True, slots=True)
class Record:
    """A customer as the shop knows them."""

    id: int
    key: str
    given_name: str = ""
    patronymic: str = ""
    family_name: str = ""
    birthday: date | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """Customers who have a sign in common."""

    sign: Sign
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """A sign that too many customers share."""

    sign: Sign
    customers: int


@dataclass(frozen=True, slots=True)
class Group:
    """Records that hang together by what they share."""

    records: tuple[Record, ...]  # the oldest first
    shared: tuple[Shared, ...]
    is_family: bool  # maybe several people: they have different given names, patronymics or birthdays
    merges: tuple[tuple[Record, ...], ...]  # what may be merged, each into its first


def groups(shared: Iterable[Shared], records: Mapping[int, Record]) -> list[Group]:
    """Groups by everything that is shared, the larger first. A shares with B, B with C: all three are one group."""
    told = list(shared)
    found = defaultdict(list)
    parts = _connected(each.ids for each in told)
    for each in told:
        found[parts[each.ids[0]]].append(each)
    made = [_group(sorted(members, key=lambda each: (each.sign, each.ids)), records) for members in found.values()]
    return sorted(made, key=lambda group: (-len(group.records), group.records[0].id))


def same_names(records: Iterable[Record]) -> Iterator[tuple[int, ...]]:
    """Ids of records with the same name and birthday; `records` come in the order of their birthdays.

    Two different patronymics are two people; then nobody can say whose record one without a patronymic is.
    """
    for _, born in groupby(records, key=lambda record: record.birthday):
        same = defaultdict(list)
        for record in born:
            same[_names(record)].append(record)
        for names, namesakes in same.items():
            if len(namesakes) > 1 and "" not in names:
                yield from _by_patronymic(namesakes)


@lru_cache(maxsize=100_000)
def plain(name: str) -> str:
    """A name as it is compared: without capitals, apostrophes and accents written apart, ё as е, spaces single.

    Latin letters in a Cyrillic word are taken for the Cyrillic ones that look the same (Iван with a Latin I).
    """
    text = unicodedata.normalize("NFC", name).translate(_APOSTROPHES)
    if any("Ѐ" <= letter <= "ӿ" for letter in text):
        text = text.translate(_SAME_LOOK)
    return " ".join(text.casefold().replace("ё", "е").split())


_APOSTROPHES = str.maketrans("", "", "'`´ʹʻʼʽ‘’′")
_SAME_LOOK = str.maketrans("ABCEHIÏKMOPTXaceiïopxy", "АВСЕНІЇКМОРТХасеіїорху")


def _names(record: Record) -> tuple[str, ...]:
    return tuple(sorted((plain(record.given_name), plain(record.family_name))))


def _by_patronymic(namesakes: Sequence[Record]) -> Iterator[tuple[int, ...]]:
    by_patronymic = defaultdict(list)
    for record in namesakes:
        by_patronymic[plain(record.patronymic)].append(record.id)
    if len(by_patronymic.keys() - {""}) <= 1:
        yield tuple(sorted(record.id for record in namesakes))
        return
    yield from (tuple(sorted(ids)) for patronymic, ids in by_patronymic.items() if patronymic and len(ids) > 1)


def _group(shared: Sequence[Shared], records: Mapping[int, Record]) -> Group:
    members = tuple(records[each] for each in sorted({customer_id for each in shared for customer_id in each.ids}))
    is_family = _differ(members)
    parts = [members] if not is_family else [part for part in _namesakes(shared, members) if not _differ(part)]
    return Group(members, tuple(shared), is_family, tuple(part for part in parts if len(part) > 1))


def _namesakes(shared: Sequence[Shared], members: Collection[Record]) -> list[tuple[Record, ...]]:
    """Among people of a family, records of one given name that share something with each other."""
    parts = []
    for name in sorted({plain(record.given_name) for record in members} - {""}):
        own = {record.id: record for record in members if plain(record.given_name) == name}
        linked = [ids for each in shared if len(ids := tuple(customer_id for customer_id in each.ids if customer_id in own)) > 1]
        roots = _connected(linked)
        by_root = defaultdict(list)
        for customer_id in sorted(roots):
            by_root[roots[customer_id]].append(own[customer_id])
        parts += [tuple(part) for part in by_root.values()]
    return sorted(parts, key=lambda part: part[0].id)


def _differ(members: Iterable[Record]) -> bool:
    """Whether what is known of these records can't be true of one person."""
    people = list(members)
    known = (
        {plain(record.given_name) for record in people} - {""},
        {plain(record.patronymic) for record in people} - {""},
        {record.birthday for record in people} - {None},
    )
    return any(len(values) > 1 for values in known)


def _connected(links: Iterable[Sequence[int]]) -> dict[int, int]:
    """The smallest id that each one hangs together with (union-find, Tarjan 1975)."""
    above: dict[int, int] = {}

    def root(one: int) -> int:
        above.setdefault(one, one)
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for ids in links:
        for other in ids:
            first, second = sorted((root(ids[0]), root(other)))
            above[second] = first
    return {one: root(one) for one in above}
