"""A small IMAP server in the test's own process, with TLS: as much of RFC 9051 as reading a mailbox takes. It can hang up in the middle."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.channels import certificates

USER, PASSWORD, HOST = "care", "correct-horse", "localhost"


@dataclass
class SmallServer:
    """One mailbox with folders; a mail is its number and its bytes."""

    certificate: Path
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    uid_validity: int = 7
    can_move: bool = True
    hangs_up_after: int | None = None  # commands
    commands: list[str] = field(default_factory=list)
    _next: int = 1

    def deliver(self, content: bytes, name: str = "") -> None:
        self.put("INBOX", content)

    def put(self, folder: str, content: bytes) -> None:
        self.folders.setdefault(folder, {})[self._next] = content
        self._next += 1

    def renumber(self) -> None:
        """The same mails under other numbers."""
        mails = list(self.folders["INBOX"].values())
        self.uid_validity, self._next, self.folders["INBOX"] = self.uid_validity + 1, 1, {}
        for content in mails:
            self.put("INBOX", content)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        owner, tls = self, certificates.shown(self.certificate)

        class Talk(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                self.request.settimeout(10)
                with suppress(ssl.SSLError, OSError):
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                with suppress(OSError, ssl.SSLError):
                    owner._talk(self.rfile, self.wfile)

            def finish(self) -> None:
                with suppress(OSError, ssl.SSLError):
                    super().finish()
                with suppress(OSError):
                    self.request.close()

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, reader, writer) -> None:
        writer.write(b"* OK ready\r\n")
        folder = "INBOX"
        while line := reader.readline():
            text = line.decode().strip()
            while found := re.search(r"\{(\d+)\+?\}$", text):
                writer.write(b"+ go on\r\n")
                text = text[: found.start()] + reader.read(int(found[1])).decode() + reader.readline().decode().rstrip()
            tag, _, command = text.partition(" ")
            self.commands.append(command)
            if self.hangs_up_after is not None and len(self.commands) > self.hangs_up_after:
                return
            word, _, rest = command.partition(" ")
            if word in {"SELECT", "EXAMINE"}:
                folder = rest.strip('"')
            answers, end = self._answer(word.upper(), rest, folder)
            for answer in answers:
                writer.write(answer + b"\r\n")
            writer.write(f"{tag} {end}\r\n".encode())
            writer.flush()
            if word.upper() == "LOGOUT":
                return

    def _answer(self, word: str, rest: str, folder: str) -> tuple[list[bytes], str]:
        mails = self.folders.get(folder, {})
        match word:
            case "CAPABILITY":
                return [f"* CAPABILITY IMAP4rev1{' MOVE' if self.can_move else ''}".encode()], "OK done"
            case "LOGIN":
                given = [part.strip('"') for part in rest.split(" ", 1)]
                return [], "OK in" if given == [USER, PASSWORD] else "NO [AUTHENTICATIONFAILED] who are you"
            case "SELECT" | "EXAMINE" if folder in self.folders:
                return [f"* {len(mails)} EXISTS".encode(), f"* OK [UIDVALIDITY {self.uid_validity}] valid".encode()], "OK open"
            case "SELECT" | "EXAMINE":
                return [], "NO no such folder"
            case "LIST":
                name = rest.split()[-1].strip('"')
                return ([f'* LIST () "/" "{name}"'.encode()] if name in self.folders else []), "OK listed"
            case "CREATE":
                self.folders[rest.strip('"')] = {}
                return [], "OK made"
            case "UID":
                return self._numbered(rest, mails)
            case "LOGOUT":
                return [b"* BYE"], "OK bye"
        return [], "OK done" if word == "NOOP" else "BAD what"

    def _numbered(self, rest: str, mails: dict[int, bytes]) -> tuple[list[bytes], str]:
        word, _, rest = rest.partition(" ")
        if word == "SEARCH":
            first = int(re.search(r"(\d+):\*", rest)[1])
            found = [uid for uid in mails if uid >= first] or list(mails)[-1:]
            return [("* SEARCH " + " ".join(map(str, found))).encode()], "OK done"
        numbers, _, what = rest.partition(" ")
        wanted = [uid for uid in _numbers(numbers) if uid in mails]
        if word == "MOVE":
            for uid in wanted:
                self.put(what.strip('"'), mails.pop(uid))
            return [], "OK moved"
        answers = []
        for place, uid in enumerate(wanted, 1):
            if "SIZE" in what:
                answers.append(f"* {place} FETCH (UID {uid} RFC822.SIZE {len(mails[uid])})".encode())
            else:
                content = mails[uid][: int(re.search(r"<0\.(\d+)>", what)[1])]
                answers.append(f"* {place} FETCH (UID {uid} BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")")
        return answers, "OK done"


def _numbers(text: str) -> list[int]:
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found
