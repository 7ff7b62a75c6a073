"""Whom letters may reach: in production everybody, elsewhere the allow-list of settings.yaml alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from winback.channels.allowed import AllowedChannel, AllowList
from winback.channels.channel import Channel
from winback.errors import ConfigError, Problem
from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send, SkipStage, Verdict
from winback.model import ChannelName, Environment, Reason
from winback.settings import Project

_SAY = "Write `environment: production` to write to customers, or `environment: development` and whom letters may reach in `allow:`."


def allow_list(project: Project, name: ChannelName) -> AllowList | None:
    """Whom this channel may write to; None: everybody.

    Raises ConfigError when letters would leave for another machine, and nobody said whether this is production.
    """
    if project.runs_in is Environment.DEVELOPMENT:
        return AllowList(project.settings.allow)
    if project.runs_in is None and (unsaid := _unsaid(project, name)):
        raise ConfigError(unsaid)
    return None


def check(channel: Channel[Any], verdict: Verdict, candidate: Candidate) -> Verdict:
    """The verdict on a delivery, unless it is to send, and outside production, and the address isn't on the list: then the stage is skipped.

    Nobody else is tried in its place, and no person asked: what would have happened in production is kept from leaving, not replaced.
    """
    if isinstance(verdict, Send) and isinstance(channel, AllowedChannel) and channel.holds_back(candidate.reach[verdict.channel].address):
        return SkipStage(Reason.NOT_ALLOWED_HERE)
    return verdict


def held_back(channels: Iterable[Channel[Any]]) -> int:
    """How many letters the channels, or the check in front of them, kept from leaving."""
    return sum(channel.held_back for channel in channels if isinstance(channel, AllowedChannel))


def told(project: Project, held: int) -> str:
    """What a command that sends says of it; empty in production, and where nobody said."""
    if project.runs_in is not Environment.DEVELOPMENT:
        return ""
    if not any(_sends(project, name) for name in project.settings.channels):
        return "This is development: letters lie in a folder, and nothing leaves."
    kept = f"{held:,} {'was' if held == 1 else 'were'} held back" if held else "nothing was held back"
    return f"This is development: only addresses on the allow-list are written to; {kept}."


def problems(project: Project) -> list[Problem]:
    """What of the environment and the allow-list can't be meant together."""
    settings, problem = project.settings, project.document.problem
    try:
        here = project.runs_in
    except ConfigError as error:
        return list(error.problems)
    if settings.environment is Environment.PRODUCTION and settings.allow:  # by the variable alone a machine may turn the file's list off
        return [problem(("allow",), "there is an allow-list, and in production it holds nobody back.", "Take it out, or mend `environment:`.")]
    if here is None and settings.allow:
        return [problem(("allow",), "there is an allow-list, and nothing says that this is development.", _SAY)]
    if here is Environment.DEVELOPMENT and not settings.allow and (sends := [name for name in project.settings.channels if _sends(project, name)]):
        how = 'Write whom letters may reach, for example `allow: [olena@zerno.example, "@zerno.example"]`, or `via: file`.'
        return [problem((*place_of(sends[0]), "via"), "this is development without an allow-list: nobody would be written to.", how)]
    return [unsaid for name in project.settings.channels if here is None and (unsaid := _unsaid(project, name))][:1]


def _unsaid(project: Project, name: ChannelName) -> Problem | None:
    if not project.settings.way(name).leaves:
        return None
    return project.document.problem((*place_of(name), "via"), "letters would leave, and nothing says whether this is production.", _SAY)


def _sends(project: Project, name: ChannelName) -> bool:
    return project.settings.way(name).via != "file"


def place_of(name: ChannelName) -> tuple[str, ...]:
    """Where a channel's way out stands in settings.yaml."""
    return ("gateways", str(name)) if name.goes_by_phone else (str(name),)
