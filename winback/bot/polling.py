"""Asking for updates by long polling, for as long as it takes: networks come back, and so does Telegram."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from winback.bot import listening
from winback.bot.shift import Shift
from winback.bot.updates import Heard
from winback.errors import ChannelError, LaneError, TemporaryError
from winback.store import database

log = logging.getLogger(__name__)

WAIT_SECONDS = 25
"""How long Telegram keeps a question open when there is nothing to tell."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_FINAL = frozenset({"bot-token-refused", "not-a-bot-api"})


async def listen(shift: Shift, until: asyncio.Event) -> None:
    """Take in what is told until it is over; a batch that has been told by then is taken in whole.

    Where Telegram can't be reached, is out of order, or somebody else asks in our place, it is asked again after 1, 2, 4... 60 seconds; a
    database that can't be written is waited for in the same way, since what isn't stored is told again. Raises LaneError where no waiting helps.
    """
    pause = _FIRST_PAUSE
    while not until.is_set():
        try:
            heard = await _hear(shift, until)
            if heard:
                await asyncio.to_thread(listening.take_in_batch, shift.engine, heard, shift.scene, shift.counts)
        except ChannelError as error:
            if isinstance(error, LaneError) and error.reason in _FINAL:
                raise
            wait = error.after.total_seconds() if isinstance(error, TemporaryError) and error.after else pause
            log.warning("Telegram can't be asked now (%s); again in %.0f s", error.reason, wait)
        except database.Failure as error:
            wait = pause
            log.warning("updates can't be stored now (%s); again in %.0f s", type(error).__name__, wait)
        else:
            pause = _FIRST_PAUSE
            continue
        pause = min(pause * 2, _LONGEST_PAUSE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), wait)


async def _hear(shift: Shift, until: asyncio.Event) -> list[Heard]:
    """What is told; nothing once it is over. A question that is dropped loses nothing: what was told to it is told again."""
    offset = await asyncio.to_thread(listening.offset, shift.engine, shift.now())
    asking = asyncio.create_task(shift.line.listen(offset, wait_seconds=WAIT_SECONDS))
    over = asyncio.create_task(until.wait())
    await asyncio.wait({asking, over}, return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    if asking.done():
        return asking.result()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    return []
