"""One process at work on the line: what all that it does there has in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from winback.bot import answers
from winback.bot.answers import Phrasebook
from winback.bot.dialogue import Scene
from winback.bot.line import Line
from winback.errors import ConfigError, LaneError
from winback.model import ChannelName
from winback.sending import allowing, lanes
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Shift:
    """`counts` is what was done, by word."""

    line: Line
    engine: Engine
    project: Project
    phrasebook: Phrasebook
    now: Callable[[], datetime]
    owner: str = ""  # who we are, where several processes would have the line
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def scene(self) -> Scene:
        """Of what is heard now."""
        return Scene(self.project, self.phrasebook, self.now())


def begin(project: Project, engine: Engine, now: Callable[[], datetime], owner: str = "") -> Shift:
    """A shift of the project's bot; its line isn't entered yet. Raises ConfigError."""
    settings = project.settings.telegram
    if settings.via != "bot-api":
        what = "the bot isn't connected: messenger texts stay in out/mailbox/."
        raise ConfigError(project.document.problem(("telegram", "via"), what, "Write `via: bot-api`, and set WINBACK_TELEGRAM_TOKEN."))
    line = Line(
        lanes.bot_token(project),
        api_url=settings.api_url,
        messages_per_second=settings.messages_per_second,
        allowed=allowing.allow_list(project, ChannelName.TELEGRAM),
    )
    return Shift(line, engine, project, answers.read(project), now, owner)


def problem(project: Project, error: LaneError) -> ConfigError:
    """A line that doesn't let us in, in the words of whoever can mend it."""
    return ConfigError(lanes.problem(project, ChannelName.TELEGRAM, error))
