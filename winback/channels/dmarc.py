"""What a domain asks of receivers (DMARC, RFC 9989), and whether two domains are of one house: by the walk up the DNS tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from winback.channels.dns_lookup import Lookup

_MOST_LABELS = 8
"""The walk asks about so many names at the most (4.10)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A record, and the domain that it stands at."""

    domain: str
    record: str
    tags: Mapping[str, str]

    @property
    def asks(self) -> str:
        """none, quarantine or reject; empty where it isn't said."""
        return self.tags.get("p", "").lower()


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain with what holds for it."""

    name: str
    organization: str  # the highest domain of the same house
    policy: Policy | None


def read(text: str) -> dict[str, str] | None:
    """The tags of a record; None: it is none."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    tags = {name.strip().lower(): value.strip() for name, _, value in parts}
    return tags if parts and parts[0][0].strip().lower() == "v" and tags["v"] == "DMARC1" else None


def walk(name: str) -> Iterator[str]:
    """The names to ask about, from a domain upwards; a very long one is cut to seven labels after the first question."""
    labels = name.rstrip(".").split(".")
    yield ".".join(labels)
    rest = labels[1:] if len(labels) < _MOST_LABELS else labels[-(_MOST_LABELS - 1) :]
    for start in range(len(rest)):
        yield ".".join(rest[start:])


def find(lookup: Lookup, name: str) -> Domain:
    """The domain's policy - its own, else its house's; a public suffix's is not the sender's - and its house. Raises DnsUnreachableError."""
    name = name.lower().rstrip(".")
    found: list[Policy] = []
    for each in walk(name):
        records = [(text, tags) for text in lookup.texts(f"_dmarc.{each}") if (tags := read(text))]
        if len(records) == 1:  # of two, receivers take neither
            found.append(Policy(each, *records[0]))
            if records[0][1].get("psd", "").lower() in {"y", "n"}:
                break
    organization = _organization(name, found)
    policy = next((each for each in found if each.domain in {name, organization}), None)
    return Domain(name, organization, policy)


def _organization(name: str, found: list[Policy]) -> str:
    """Where the walk ended: at a domain that says so, below a public suffix, else at the highest that has a record (4.10.2)."""
    if not found:
        return name
    last = found[-1]
    if last.tags.get("psd", "").lower() == "y" and last.domain != name:
        below = name.removesuffix(f".{last.domain}").rpartition(".")[2]
        return f"{below}.{last.domain}"
    return last.domain


def aligned(author: Domain, other: Domain, *, strict: bool) -> bool:
    """Whether a signature's or an envelope's domain speaks for the letter's From (4.4)."""
    return author.name == other.name if strict else author.organization == other.organization
