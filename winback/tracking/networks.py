"""Marks of networks: whether two hits came from one network can be told, which one it was can't."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from functools import lru_cache

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
        network = ipaddress.ip_network((own, _SIZES[own.version]), strict=False)
        return hmac.digest(self._key, str(network).encode(), "sha256")[:_MARK_BYTES].hex()
