"""Questions to DNS: what stands in it, or that it can't be asked from here."""

from __future__ import annotations

import ipaddress
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename


class DnsUnreachableError(Exception):
    """No name server gave an answer; that says nothing about the name."""


class Lookup:
    """Asks the system's name servers, or the one at `server` (`192.0.2.1` or `192.0.2.1:5353`).

    Each question returns an empty list for what isn't there, and raises DnsUnreachableError where nobody answers; after the first that
    took longer than `seconds`, at once: a machine without a network needn't wait for each.
    """

    def __init__(self, server: str = "", seconds: float = 4.0) -> None:
        self._seconds = seconds
        self.gave_up = ""  # why nothing is asked any more
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
        except dns.resolver.NoResolverConfiguration as error:
            self._resolver = dns.resolver.Resolver(configure=False)
            self.gave_up = str(error)
        if server:
            host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port)

    def texts(self, name: str) -> list[str]:
        """TXT records, each with its strings joined (RFC 7208, 3.3; RFC 6376, 3.6.2.2)."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def addresses(self, host: str) -> list[str]:
        """Of IPv4 and of IPv6."""
        return [str(record.address) for kind in ("A", "AAAA") for record in self._ask(host, kind)]

    def mail_hosts(self, domain: str) -> list[str]:
        """The hosts that take a domain's mail, the preferred first. A domain that takes none says so with an empty name (RFC 7505)."""
        found = sorted((record.preference, str(record.exchange).rstrip(".")) for record in self._ask(domain, "MX"))
        return [host for _, host in found]

    def names(self, address: str) -> list[str]:
        """What an address is called (PTR)."""
        reverse = dns.reversename.from_address(str(ipaddress.ip_address(address)))
        return [str(record.target).rstrip(".") for record in self._ask(str(reverse), "PTR")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        if self.gave_up:
            raise DnsUnreachableError(self.gave_up)
        try:
            return list(self._resolver.resolve(name, kind, lifetime=self._seconds, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except dns.resolver.LifetimeTimeout as error:
            self.gave_up = f"no name server answered within {self._seconds:g} seconds"
            raise DnsUnreachableError(self.gave_up) from error
        except dns.resolver.NoNameservers as error:
            if not any(response for *_, response in error.kwargs["errors"]):
                self.gave_up = "there is no name server at the address that was to be asked"
                raise DnsUnreachableError(self.gave_up) from error
            raise DnsUnreachableError(f"the name servers have no answer about {name}") from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnreachableError(f"the name servers have no answer about {name}") from error
