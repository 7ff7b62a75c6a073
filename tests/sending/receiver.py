"""A mail server that writes into its log what it takes, before it says so, and that misbehaves by a script: the judge of "twice"."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
GONE = "gone-"
"""Recipients whose address begins so don't exist."""
_MESSAGE_ID = re.compile(rb"(?im)^Message-ID:\s*(<[^>\s]+>)")
_CODE = re.compile(rb"WB-[0-9A-Z]{4}-[0-9A-Z]{4}")
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """What the server does instead of what it should, when a stage of the dialogue comes for the `number`-th time since the script began.

    Stages: connect, EHLO, MAIL, RCPT, DATA, body (its first line has come), dot (all of it has come, nothing is taken), accepted (it
    stands in the log, nothing was said), answered (250 was said). What it does: hang up; silence; slow; garbage; half (of a reply, then it
    hangs up); goodbye (the usual answer, then it hangs up); or it says this line, and hangs up if that is a 421.
    """

    stage: str
    does: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter that the server took: a line of its log."""

    recipient: str
    message_id: str
    code: str  # that stands in it, if any


def taken(log: Path) -> list[Taken]:
    """What the log says, in order of arrival."""
    return [Taken(*line.split("\t")) for line in log.read_text(encoding="utf-8").splitlines()]


class _HungUpError(Exception):
    """This connection is over."""


class Receiver:
    """An SMTP server; `serve` it in a loop, or enter it: it then runs in a thread of its own.

    `pause` is the longest time that it waits between taking a letter and saying so. The script is given by `follow`.
    """

    def __init__(self, log: Path, *, pause: float = 0.0, pipelining: bool = True, slowness: float = 0.2, host: str = HOST) -> None:
        self.log, self.host = log, host
        self.pipelining = pipelining
        self.port = 0
        self.connections = 0
        self._file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._pause, self._slowness = pause, slowness
        self._script: tuple[Fault, ...] = ()
        self._came: Counter[str] = Counter()
        self._talks: set[asyncio.Task[None]] = set()
        self._dice = random.Random(len(str(log)))

    def follow(self, *script: Fault) -> None:
        """Misbehave like this from now on."""
        self._script, self._came = script, Counter()

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._talk, self.host, 0, limit=_LONGEST)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self.serve())
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        os.close(self._file)

    async def _stop(self) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        self.connections += 1
        try:
            await self._say(writer, "connect", "220 receiver ESMTP")
            recipients: list[str] = []
            while await self._answer(reader, writer, recipients):
                pass
        except (_HungUpError, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
        except asyncio.CancelledError:  # the server stops
            writer.transport.abort()
        finally:
            writer.close()
            self._talks.discard(talk)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: list[str]) -> bool:
        line = await reader.readline()
        if not line:
            return False
        verb = line[:4].decode("ascii", "replace").upper()
        match verb:
            case "EHLO":
                offers = "250-PIPELINING\r\n" if self.pipelining else ""
                await self._say(writer, "EHLO", f"250-receiver\r\n{offers}250 SIZE {_LONGEST}")
            case "MAIL":
                recipients.clear()
                await self._say(writer, "MAIL", "250 2.1.0 OK")
            case "RCPT":
                address = line[line.index(b"<") + 1 : line.index(b">")].decode()
                usual = "550 5.1.1 No such user" if address.startswith(GONE) else "250 2.1.5 OK"
                said = await self._say(writer, "RCPT", usual)
                if said.startswith("2"):
                    recipients.append(address)
            case "DATA":
                said = await self._say(writer, "DATA", "354 go on")
                if said.startswith("3"):
                    await self._take(reader, writer, recipients)
            case "QUIT":
                await self._say(writer, "QUIT", "221 bye")
                return False
            case _:
                await self._say(writer, verb, "250 OK")
        return True

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: Sequence[str]) -> None:
        first = await reader.readline()
        if not first.endswith(b"\n"):
            raise _HungUpError
        if first == b".\r\n":
            writer.write(b"554 5.5.1 nobody to deliver to\r\n")
            return
        await self._say(writer, "body", "")
        message = first + await reader.readuntil(b"\r\n.\r\n")
        if (await self._say(writer, "dot", ""))[:1] in {"4", "5"}:
            return
        found, code = _MESSAGE_ID.search(message), _CODE.search(message)
        message_id = found[1].decode() if found else ""
        for recipient in recipients:
            os.write(self._file, f"{recipient}\t{message_id}\t{code[0].decode() if code else ''}\n".encode())
        if self._pause:
            await asyncio.sleep(self._dice.uniform(0, self._pause))
        await self._say(writer, "accepted", f"250 2.0.0 OK queued as {message_id.strip('<>')}")
        await self._say(writer, "answered", "")

    async def _say(self, writer: asyncio.StreamWriter, stage: str, usual: str) -> str:
        """Answer as one should, or as the script says. Returns what was said."""
        self._came[stage] += 1
        does = next((fault.does for fault in self._script if (fault.stage, fault.number) == (stage, self._came[stage])), "")
        match does:
            case "hang up":
                raise _HungUpError
            case "silence":
                await asyncio.sleep(3600)
            case "slow":
                await asyncio.sleep(self._slowness)
            case "garbage":
                writer.write(b"\xff\x00 what is this?\r\n")
                return "garbage"
            case "half":
                writer.write(usual[:2].encode())
                await writer.drain()
                await self._hang_up(writer)
            case "" | "goodbye":
                pass
            case line:
                writer.write(f"{line}\r\n".encode())
                if line.startswith("421"):
                    await self._hang_up(writer)
                return line
        if usual:
            writer.write(f"{usual}\r\n".encode())
        if does == "goodbye":
            await self._hang_up(writer)
        return usual

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Once what was said has left."""
        writer.close()
        await writer.wait_closed()
        raise _HungUpError


class Apart:
    """The same server as a process of its own."""

    def __init__(self, log: Path, *, pause: float, host: str = HOST) -> None:
        self.log = log
        log.touch()
        command = [sys.executable, "-m", "tests.sending.receiver", str(log), "--pause", str(pause), "--host", host]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._seen, self._count = log.open("rb"), 0

    def count(self) -> int:
        """How many letters it has taken so far."""
        self._count += self._seen.read().count(b"\n")
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._seen.close()
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


async def _run(log: Path, pause: float, host: str) -> None:
    receiver = Receiver(log, pause=pause, host=host)
    await receiver.serve()
    print(receiver.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until whoever started it goes


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--host", default=HOST)
    said = parser.parse_args(arguments)
    asyncio.run(_run(said.log, said.pause, said.host))


if __name__ == "__main__":
    main()
