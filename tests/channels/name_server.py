"""A DNS server on this machine, over UDP: answers what it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from winback.channels.dns_lookup import Lookup


class NameServer:
    """At `address` between entering and leaving. `records`: "name TYPE" -> values as zone files write them; `fails`: names it has trouble with.

    A silent one never answers.
    """

    def __init__(self, records: Mapping[str, Sequence[str]], *, fails: Sequence[str] = (), silent: bool = False) -> None:
        self.records = {key.lower(): list(values) for key, values in records.items()}
        self.asked: list[str] = []
        self._fails, self._silent = {each.lower() for each in fails}, silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def lookup(self, seconds: float = 4.0) -> Lookup:
        return Lookup(self.address, seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            if not self._silent:
                self._socket.sendto(self._answer(wire), sender)

    def _answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name, kind = str(question.name).rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        known = {each.partition(" ")[0] for each in self.records}
        if name in self._fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.records.get(f"{name} {kind}".lower()):
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, dns.rdataclass.IN, question.rdtype, [_written(kind, v) for v in values]))
        elif name not in known:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


def _written(kind: str, value: str) -> str:
    """Texts in strings of 255 characters, as name servers keep long ones."""
    if kind != "TXT":
        return value
    return " ".join('"' + value[start : start + 255].replace('"', '\\"') + '"' for start in range(0, max(len(value), 1), 255))
