"""Marks of networks: whether two hits came from one network can be told, which one it was can't."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from winback.settings import Project
from winback.tracking import guard

_SIZES = {4: 24, 6: 48}  # what one company or provider is given together
_MARK_BYTES = 8


class Networks:
    """Marks under the project's key. A mark isn't an address, and whoever has no key makes none of an address they guess."""

    def __init__(self, key: bytes, trusted_proxies: Iterable[str] = ()) -> None:
        self._key = hmac.digest(key, b"winback network", "sha256")
        self._trusted = tuple(ipaddress.ip_network(each, strict=False) for each in trusted_proxies)
        self.mark = lru_cache(maxsize=20_000)(self._mark)

    def _mark(self, peer: str, forwarded: bytes = b"") -> str:
        """The network of whoever asks: of the peer, or behind a trusted proxy of whom X-Forwarded-For names. Empty where it isn't known."""
        address = guard.client({"client": (peer, 0), "headers": [(b"x-forwarded-for", forwarded)]}, self._trusted)
        try:
            own = ipaddress.ip_address(address)
        except ValueError:
            return ""
        return self._of(str(ipaddress.ip_network((own, _SIZES[own.version]), strict=False)))

    def of_proxies(self, proxies: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """The marks of known networks -> whose they are: a hit that was kept can be told to be a proxy's, whenever the proxy came to be known."""
        known = ((name, ipaddress.ip_network(each)) for name, networks in proxies.items() for each in networks)
        return {self._of(part): name for name, network in known for part in _parts(network)}

    def _of(self, network: str) -> str:
        return hmac.digest(self._key, network.encode(), "sha256")[:_MARK_BYTES].hex()


def _parts(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Iterator[str]:
    """In pieces of the size that marks are made of. Apple's has 65,536 of them, which `ipaddress` takes seconds to write."""
    if isinstance(network, ipaddress.IPv4Network) and network.prefixlen <= _SIZES[4]:
        first = int(network.network_address) >> 8
        for each in range(first, first + network.num_addresses // 256):
            yield f"{each >> 16}.{each >> 8 & 255}.{each & 255}.0/24"
    elif network.prefixlen < _SIZES[network.version]:
        yield from map(str, network.subnets(new_prefix=_SIZES[network.version]))
    else:
        yield str(network.supernet(new_prefix=_SIZES[network.version]))


def known_proxies(project: Project) -> dict[str, str]:
    """Those of a project: marks -> names."""
    return Networks(project.key).of_proxies(project.settings.tracking.proxies)
