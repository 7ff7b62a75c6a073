"""The made-up Bot API in a process of its own, so that it takes no time from who is measured; it tells when each message arrived."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from winback.demo import bot_api
from winback.demo.bot_api import BotApi

_ROOT = Path(__file__).resolve().parents[1]


class Apart:
    """Spoken to over a pipe: one command a line."""

    def __init__(self, said: IO[str], heard: IO[str]) -> None:
        self._said, self._heard = said, heard
        self.url, self.token = self._heard.readline().split()

    def arrived(self) -> list[tuple[str, float]]:
        """Chat and moment of everything that arrived since the last time."""
        return [(chat, at) for chat, at in json.loads(self._ask("arrived"))]

    def fail(self, chat: int, seconds: int) -> None:
        """The chat's next message is refused with 429."""
        self._ask(f"fail {chat} {seconds}")

    def _ask(self, command: str) -> str:
        self._said.write(f"{command}\n")
        self._said.flush()
        return self._heard.readline()


@contextlib.contextmanager
def apart() -> Iterator[Apart]:
    """The server, as long as it is needed."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bot_api_apart"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Apart(process.stdin, process.stdout)
        process.stdin.close()


def main() -> None:
    with BotApi() as api:
        print(api.url, api.token, flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            if command == "fail":
                api.fail(int(arguments[0]), bot_api.too_fast(int(arguments[1])))
                print("done", flush=True)
            else:
                told, api.sent[:] = [(message.chat_id, message.at) for message in api.sent], []
                api.calls.clear()
                print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
