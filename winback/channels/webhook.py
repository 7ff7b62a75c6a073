"""Messages to another program of the shop by HTTP, signed as Standard Webhooks says, and only to places that may be reached.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

_WITHIN = 10.0  # seconds, for the whole of a try
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. `status` 0: nobody answered, `said` is why."""

    status: int
    said: str
    after_seconds: int = 0  # that the other side asked us to wait

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The webhook-signature header: one `v1,` for each secret, so that one can be replaced without a gap."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{base64.b64encode(hmac.digest(_key(each), signed, 'sha256')).decode()}" for each in secrets)


async def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False) -> Answer:
    """Post it once, to an address that was looked at: the name isn't asked for again, nor is anybody sent on elsewhere."""
    try:
        async with asyncio.timeout(_WITHIN):
            return await _post(url, body, headers, private=private)
    except TimeoutError:
        return Answer(0, "no answer in time")
    except (httpx.HTTPError, OSError, ValueError) as error:
        return Answer(0, type(error).__name__)


async def _post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Answer:
    place = urlsplit(url)
    host = place.hostname or ""
    port = place.port or (443 if place.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not private and not all(map(is_public, addresses)):
        return Answer(0, "a private address")
    address = addresses[0]
    written = f"[{address}]" if ":" in address else address
    target = httpx.URL(url).copy_with(host=written.strip("[]"))
    own = {"host": place.netloc, "user-agent": "winback", **headers}
    async with httpx.AsyncClient(timeout=_WITHIN, follow_redirects=False, trust_env=False) as client:
        request = client.build_request("POST", target, content=body, headers=own, extensions={"sni_hostname": host, "timeout": _TIMEOUTS})
        answer = await client.send(request, stream=True)  # its body says nothing to us, and may be endless
        await answer.aclose()
    return Answer(answer.status_code, f"{answer.status_code}", _seconds(answer.headers.get("retry-after", "")))


_TIMEOUTS = {"connect": _WITHIN, "read": _WITHIN, "write": _WITHIN, "pool": _WITHIN}


def is_public(text: str) -> bool:
    """Whether an address is one of the world's: none of this machine, of a network inside, of a cloud's own services."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def _key(secret: str) -> bytes:
    """whsec_ and base64 as Standard Webhooks writes secrets; anything else is taken as it stands."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _seconds(text: str) -> int:
    """What Retry-After asks for, of at most a day; a moment in it is taken for nothing said."""
    return min(int(text), 86_400) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
