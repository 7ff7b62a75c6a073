"""Letters in a folder: whole or not at all, and none in another's place."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from winback.channels.file import FileChannel
from winback.errors import LaneError
from winback.model import Button, Email, Message

EMAIL = Email(
    7, "olena@zerno.example", "Zerno", "hello@zerno.example", "", "", "<7@zerno.example>", "Tea", "<p>Tea", "Tea", "en", datetime(2026, 11, 24, tzinfo=UTC)
)  # fmt: skip


async def test_a_letter_is_never_overwritten(tmp_path):
    async with FileChannel(tmp_path / "email") as channel:
        names = [(await channel.send(replace(EMAIL, subject=f"Tea {number}"))).remote_id for number in range(3)]
        message = await channel.send(Message(7, "77", "Tea", "en", (Button("Look", "https://zerno.example"),)))
    assert names == ["7.eml", "7-2.eml", "7-3.eml"]
    subjects = [message_from_bytes((tmp_path / "email" / name).read_bytes(), policy=policy.default)["Subject"] for name in names]
    assert subjects == ["Tea 0", "Tea 1", "Tea 2"]
    assert json.loads((tmp_path / "email" / message.remote_id).read_text(encoding="utf-8"))["buttons"] == [
        {"label": "Look", "url": "https://zerno.example", "data": "", "copies": ""}
    ]
    assert {path.name for path in (tmp_path / "email").iterdir()} == {*names, "7.json"}, "no draft is left behind"


def write_some(folder) -> list[str]:
    async def write():
        async with FileChannel(folder) as channel:
            return [(await channel.send(EMAIL)).remote_id for _ in range(40)]

    return asyncio.run(write())


def test_two_processes_that_write_the_same_number_take_different_names(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        names = [name for written in pool.map(write_some, [tmp_path, tmp_path]) for name in written]
    assert len(set(names)) == 80
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1, "each of them whole"


async def test_a_folder_that_takes_nothing_stops_the_lane(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LaneError, match="folder-not-writable"):
        async with FileChannel(tmp_path / "file"):
            pass
    with pytest.raises(LaneError, match="folder-not-writable"):
        await FileChannel(tmp_path / "file" / "below").send(EMAIL)
