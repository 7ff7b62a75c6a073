"""HTTP said by hand, so that it can be said wrongly, slowly or by halves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def connection(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        yield line


def said(line: socket.socket) -> bytes:
    """All that the server says until it hangs up."""
    heard = bytearray()
    while True:
        try:
            part = line.recv(65_536)
        except ConnectionResetError:
            return bytes(heard)
        if not part:
            return bytes(heard)
        heard += part


def answer(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """What one request is answered with, on a connection of its own that the server has to end."""
    with connection(url) as line:
        line.sendall(request)
        return read(said(line))


def read(heard: bytes) -> tuple[int, dict[str, str], bytes]:
    """(status, headers by their names in small letters, body); status 0: nothing was said."""
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]) if first else 0, headers, body
