"""A process that writes to chats through a project's Telegram channel, as a worker does: PROJECT FIRST COUNT."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from winback import settings
from winback.model import ChannelName, Message
from winback.sending import lanes


async def talk(folder: Path, first: int, count: int) -> None:
    channel = lanes.open_channel(settings.open_project(folder), ChannelName.TELEGRAM)
    async with channel:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(channel.send(Message(number, str(number), "Hello", "en")) for number in range(first, first + count)))


if __name__ == "__main__":
    asyncio.run(talk(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
