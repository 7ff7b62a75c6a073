"""The bot at work: hearing and answering until it is told to stop, in a process of its own or beside `winback serve`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from sqlalchemy import Engine

from winback import logs
from winback.bot import polling, shift, speaker
from winback.bot.answers import Answer, Phrasebook
from winback.bot.shift import Shift
from winback.errors import ChannelError, ConfigError, LaneError, Problem, WinbackError
from winback.settings import Project
from winback.tracking import addresses, hook_secret

log = logging.getLogger(__name__)

_COMMANDS = (
    ("settings", Answer.SETTINGS_COMMAND),
    ("language", Answer.LANGUAGE_COMMAND),
    ("stop", Answer.STOP_COMMAND),
    ("help", Answer.HELP_COMMAND),
)


async def poll(at_work: Shift, until: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Hear by long polling and answer, until it is over: then what was taken in is answered too. `ready` hears the bot's name.

    Raises ConfigError where Telegram tells updates to a webhook, or doesn't let the bot in.
    """
    silent = asyncio.Event()
    async with _reached(at_work):
        if url := await at_work.line.webhook():
            raise _by_webhook(url)
        await at_work.line.show_commands(commands(at_work.phrasebook))
        ready(at_work.line.name)
        saying = asyncio.create_task(speaker.keep_saying(at_work, silent))
        try:
            await polling.listen(at_work, until)
        finally:
            silent.set()
            await saying


async def set_webhook(at_work: Shift, *, on: bool) -> str:
    """Let Telegram tell updates to `winback serve`, or to whoever asks. Returns the address. Raises ConfigError."""
    url = f"{at_work.project.settings.public_url}{addresses.BOT}" if on else ""
    if on and not url.startswith("https://") and at_work.project.settings.telegram.leaves:
        what = f"is {at_work.project.settings.public_url}; Telegram tells updates to https addresses only."
        raise ConfigError(at_work.project.document.problem(("public_url",), f"`public_url` {what}", "Write the https address of `winback serve`."))
    async with _reached(at_work):
        await at_work.line.set_webhook(url, hook_secret.of(at_work.project.key))
        if on:
            await at_work.line.show_commands(commands(at_work.phrasebook))
    return url


async def webhook(at_work: Shift) -> str:
    """Where Telegram tells updates to; empty: to whoever asks. Raises ConfigError."""
    async with _reached(at_work):
        return await at_work.line.webhook()


@contextlib.asynccontextmanager
async def _reached(at_work: Shift) -> AsyncIterator[None]:
    """The line, entered; what it refuses is said in the words of whoever can mend it."""
    try:
        async with at_work.line:
            yield
    except LaneError as error:
        raise shift.problem(at_work.project, error) from error
    except ChannelError as error:
        raise ConfigError(Problem("", None, f"Telegram can't be reached now: {error}.", "Nothing is lost: start it again later.")) from error


def commands(phrasebook: Phrasebook) -> dict[str, list[tuple[str, str]]]:
    """What the app offers behind "/", in every language of the answers; for other languages in English."""
    known = phrasebook.languages(Answer.HELP_COMMAND)
    return {language: [(name, phrasebook.in_language(answer, language)) for name, answer in _COMMANDS] for language in ("", *known)}


def _by_webhook(url: str) -> ConfigError:
    how = "Either run `winback serve` with `telegram: {webhook: true}`, or end it: winback bot webhook delete"
    return ConfigError(Problem("", None, f"Telegram tells the bot's updates to {url}, and nobody else hears them.", how))


class Voice:
    """Says what is owed, from a thread of its own: beside `winback serve`, which is told updates by the webhook."""

    def __init__(self, project: Project, engine: Engine, now: Callable[[], datetime], owner: str) -> None:
        self._shift = shift.begin(project, engine, now, owner)
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """What is due now is said first."""
        if self._loop is not None and self._over is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._speak())
        except RuntimeError:
            logs.broke(log, "the bot's voice ended")

    async def _speak(self) -> None:
        self._over, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self._begun.set()
        pause = 1.0
        while not self._over.is_set():
            try:
                async with self._shift.line:
                    await speaker.keep_saying(self._shift, self._over)
                    return
            except WinbackError as error:
                log.warning("the bot can't speak now (%s); again in %.0f s", getattr(error, "reason", error), pause)
                await speaker.unless_over(self._over, pause)
                pause = min(pause * 2, 60.0)
