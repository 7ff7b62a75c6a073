"""Whether a domain lets an address send for it (SPF, RFC 7208), as a receiver reckons it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from winback.channels.dns_lookup import Lookup

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_LOOKUPS = 10
"""Terms that ask DNS, of a record and all that it includes (4.6.4); with more, receivers take it for no record."""
MOST_VOID = 2
"""Of them, those that found nothing."""


class Result(StrEnum):
    """What a receiver concludes."""

    NONE = "none"  # the domain says nothing
    NEUTRAL = "neutral"  # it says nothing of this address
    PASS = "pass"  # it lets the address send  # noqa: S105
    FAIL = "fail"  # it doesn't
    SOFT_FAIL = "softfail"  # it doesn't, probably
    BROKEN = "permerror"  # the record can't be read, or asks too much


class BrokenError(Exception):
    """A record that receivers can't use; the message says why, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A domain's word on an address."""

    result: Result
    record: str = ""
    why: str = ""  # of a broken one


_QUALIFIERS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFT_FAIL, "?": Result.NEUTRAL}
_TERM = re.compile(r"(?P<sign>[-+~?]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>[:/].*)?$")
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)$")
_PREFIX = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?", re.ASCII)
_MACRO = re.compile(r"%(?:\{([slodiphcrtv])([0-9]{0,3})(r?)([.\-+,/_=]*)\}|([%_-]))", re.IGNORECASE)


def records(texts: list[str]) -> list[str]:
    """Those of a domain's TXT records that are SPF records."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def check(lookup: Lookup, domain: str, address: str, sender: str) -> Verdict:
    """What receivers conclude about `address` sending for `sender`, a mailbox of `domain`. Raises DnsUnreachableError."""
    found = records(lookup.texts(domain))
    try:
        return Verdict(_Check(lookup, ipaddress.ip_address(address), sender).of(domain), *found[:1])
    except BrokenError as broken:
        return Verdict(Result.BROKEN, " | ".join(found), str(broken))


@dataclass
class _Check:
    """One evaluation, with what it has asked so far."""

    lookup: Lookup
    address: Address
    sender: str
    asked: int = 0
    void: int = 0
    within: list[str] = field(default_factory=list)

    def of(self, domain: str) -> Result:
        found = records(self.lookup.texts(domain))
        if not found:
            return Result.NONE
        if len(found) > 1:
            raise BrokenError(f"{domain} has {len(found)} SPF records, and only one may be there")
        if domain in self.within:
            raise BrokenError(f"{domain} includes itself")
        self.within.append(domain)
        redirect, terms = "", found[0].split()[1:]
        mechanisms = []
        for term in terms:  # all of them are read first: one that can't be makes the whole record useless
            if modifier := _MODIFIER.match(term):
                redirect = modifier["value"] if modifier["name"].lower() == "redirect" else redirect
            else:
                mechanisms.append(self._read(term, domain))
        for result, name, target, prefix in mechanisms:
            if self._matches(name, target, prefix, domain):
                self.within.pop()
                return result
        if redirect and not any(name == "all" for _, name, _, _ in mechanisms):
            self._count()
            result = self.of(self._expand(redirect, domain))
            if result is Result.NONE:
                raise BrokenError(f"{domain} refers to {redirect}, which has no SPF record")
            self.within.pop()
            return result
        self.within.pop()
        return Result.NEUTRAL

    def _read(self, term: str, domain: str) -> tuple[Result, str, str, str]:
        """(its result, its name, what it points to, the length of the prefix as it is written)."""
        found = _TERM.match(term)
        if found is None or found["name"].lower() not in {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"}:
            raise BrokenError(f"`{term}` in the record of {domain} can't be read")
        name, rest = found["name"].lower(), found["rest"] or ""
        target, slash, prefix = rest.removeprefix(":").partition("/") if name not in {"ip4", "ip6"} else (rest.removeprefix(":"), "", "")
        if (name in {"include", "ip4", "ip6", "exists"}) != bool(target) and name not in {"a", "mx", "ptr"}:
            raise BrokenError(f"`{term}` in the record of {domain} can't be read")
        if name in {"ip4", "ip6"}:
            try:
                network = ipaddress.ip_network(target, strict=False)
            except ValueError as error:
                raise BrokenError(f"`{term}` in the record of {domain} holds no address") from error
            if network.version != int(name[-1]):
                raise BrokenError(f"`{term}` in the record of {domain} holds an address of the other kind")
        lengths = _PREFIX.fullmatch(slash + prefix)
        if lengths is None or int(lengths[1] or 0) > 32 or int(lengths[2] or 0) > 128:
            raise BrokenError(f"`{term}` in the record of {domain} has a prefix that no address has")
        return _QUALIFIERS[found["sign"] or "+"], name, target, slash + prefix

    def _matches(self, name: str, target: str, prefix: str, domain: str) -> bool:
        match name:
            case "all":
                return True
            case "ip4" | "ip6":
                return self.address in ipaddress.ip_network(target, strict=False)
        self._count()
        host = self._expand(target, domain) if target else domain
        match name:
            case "include":
                result = self.of(host)
                if result is Result.NONE:
                    raise BrokenError(f"{domain} includes {host}, which has no SPF record")
                return result is Result.PASS
            case "exists":
                return bool(self._found(self.lookup.addresses(host)))
            case "ptr":
                names = self._found(self.lookup.names(str(self.address)))[:MOST_LOOKUPS]
                own = [each for each in names if each == host or each.endswith(f".{host}")]
                return any(str(self.address) in self.lookup.addresses(each) for each in own)
        hosts = [host] if name == "a" else self._found(self.lookup.mail_hosts(host))[:MOST_LOOKUPS]
        return any(self._covers(each, prefix) for host in hosts for each in self._found(self.lookup.addresses(host)))

    def _covers(self, found: str, prefix: str) -> bool:
        """Whether our address is in the network of this one: `/24`, `//64` or `/24//64` (5.6)."""
        four, _, six = prefix.removeprefix("/").partition("//") if not prefix.startswith("//") else ("", "", prefix[2:])
        other = ipaddress.ip_address(found)
        length = (four or "32") if other.version == 4 else (six or "128")
        return other.version == self.address.version and self.address in ipaddress.ip_network(f"{found}/{length}", strict=False)

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MOST_LOOKUPS:
            raise BrokenError(f"it takes more than {MOST_LOOKUPS} questions to DNS: take out an `include:`")

    def _found(self, answers: list[str]) -> list[str]:
        if not answers:
            self.void += 1
            if self.void > MOST_VOID:
                raise BrokenError(f"more than {MOST_VOID} of its terms point to names that aren't there")
        return answers

    def _expand(self, text: str, domain: str) -> str:
        """Macros (7): what `%{i}` and its like stand for here."""
        local, _, host = self.sender.rpartition("@")
        reverse = "in-addr" if self.address.version == 4 else "ip6"
        shown = str(self.address) if self.address.version == 4 else ".".join(self.address.exploded.replace(":", ""))
        values = {"s": self.sender, "l": local, "o": host, "d": domain, "i": shown, "h": host, "v": reverse, "p": "unknown"}

        def value(found: re.Match[str]) -> str:
            letter, digits, turned, delimiters, sign = found.groups()
            if sign:
                return {"%": "%", "_": " ", "-": "%20"}[sign]
            parts = re.split(f"[{re.escape(delimiters or '.')}]", values.get(letter.lower(), ""))
            parts = parts[::-1] if turned else parts
            return ".".join(parts[-int(digits) :] if digits and int(digits) else parts)

        return _MACRO.sub(value, text)
