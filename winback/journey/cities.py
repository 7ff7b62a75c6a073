"""Cities that tell a time zone: those that zones are named after, as several languages write them. A shop adds its own in policy.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from winback.journey import zone_table

_WORD_FOR_CITY = re.compile(r"(?:м|г|mun|or|ш)\.\s*")  # м. Київ, г. Казань, mun. Chișinău, ш. Тошкент
_NO_LETTERS = re.compile(r"[\W_]+")


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """A city's name as it is compared: without what stands before it or after a comma, without capitals, accents, hyphens and apostrophes."""
    first = _WORD_FOR_CITY.sub("", name.casefold().partition(",")[0].strip(), count=1)
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", first) if not unicodedata.combining(letter))
    return " ".join(_NO_LETTERS.sub(" ", re.sub("['’‘ʼʻ`]", "", letters)).split())


def table(translated: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Zones by the plain name of their city; more than one where several cities have that name.

    `translated` holds by language the names that it has for the cities of zones. Each zone's city is also known by the zone's own name.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for names in zone_table.by_country().values():
        for zone in names:
            found[plain(zone.rpartition("/")[2])].add(zone)
    for cities in translated.values():
        for zone, city in cities.items():
            found[plain(city)].add(zone_table.current_names().get(zone, zone))
    return {city: tuple(sorted(zones)) for city, zones in found.items() if city}
