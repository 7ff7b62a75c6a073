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
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx

Find: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port, the best first."""

_WITHIN = 10.0  # seconds, for the whole of a try
_CONNECTED_WITHIN = 4.0  # to one address; then the next is tried
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


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """As this machine is told them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def post(
    url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False, trusted: ssl.SSLContext | None = None, find: Find = addresses_of
) -> Answer:
    """Post it once, to an address that was looked at: the name isn't asked for again, nor is anybody sent on elsewhere.

    The certificate must be the name's, not the address's. `trusted` knows who may vouch for it; without it, whoever vouches for the world's sites.
    """
    try:
        async with asyncio.timeout(_WITHIN):
            return await _post(url, body, headers, private=private, verify=trusted or True, find=find)
    except TimeoutError:
        return Answer(0, "no answer in time")
    except (httpx.HTTPError, OSError, ValueError) as error:
        return Answer(0, "a certificate that nobody vouches for" if _is_untrusted(error) else type(error).__name__)


async def _post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool, verify: ssl.SSLContext | bool, find: Find) -> Answer:
    place = urlsplit(url)
    host = place.hostname or ""
    addresses = await find(host, place.port or (443 if place.scheme == "https" else 80))
    if not private and not all(map(is_public, addresses)):
        return Answer(0, "a private address")
    own = {"host": place.netloc, "user-agent": "winback", **headers}
    async with httpx.AsyncClient(verify=verify, timeout=_TIMEOUTS, follow_redirects=False, trust_env=False) as client:
        for address in addresses:
            target = httpx.URL(url).copy_with(host=address)
            request = client.build_request("POST", target, content=body, headers=own, extensions={"sni_hostname": host})
            try:
                answer = await client.send(request, stream=True)  # its body says nothing to us, and may be endless
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing has left yet
                if address == addresses[-1] or _is_untrusted(error):
                    raise
                continue
            await answer.aclose()
            return Answer(answer.status_code, f"{answer.status_code}", _seconds(answer.headers.get("retry-after", "")))
    return Answer(0, "no address")


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was refused, however deep below that is told."""
    return error is not None and (isinstance(error, ssl.SSLCertVerificationError) or _is_untrusted(error.__context__))


_TIMEOUTS = httpx.Timeout(_WITHIN, connect=_CONNECTED_WITHIN)


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
