"""Everything a marketer wrote, read and held against each other: what `winback check` refuses."""

from __future__ import annotations

from collections.abc import Callable, Collection

from winback.audience import businesses, cohort, lifecycle, reasons, retention, signs, source, value
from winback.errors import ConfigError, Problem, Refused
from winback.journey import campaign, occasions, office, policy
from winback.letters import brand, check, occasion_names, sender
from winback.model import ChannelName
from winback.operations import translating, webhook_file
from winback.sending import allowing, pace, prepared
from winback.settings import Project


def problems(project: Project, letters: Collection[tuple[ChannelName, str]] | None = None, campaigns: Collection[str] | None = None) -> list[Problem]:
    """All problems of a project's configuration, letters and campaigns; each once, in order of file and line.

    `letters`, `campaigns`: only these are looked at, as where nothing was changed that the others are made of.
    """
    found = unread(project)
    if not found:
        found += check.problems(project, letters) if letters is None or letters else []
        found += _refused(lambda: _beside_letters(project))
        found += occasion_names.problems(project)
        for name in project.names("campaigns"):
            found += campaign.twins(project, name)
            if campaigns is None or name in campaigns:
                found += _refused(lambda name=name: prepared.prepare(project, name))  # type: ignore[misc]
    found += allowing.problems(project)
    return sorted(set(found), key=lambda problem: (problem.file, problem.line or 0, problem.message))


def unread(project: Project) -> list[Problem]:
    """What keeps the configuration from being read; as long as there is any, letters and campaigns aren't looked at."""
    readers: list[Callable[[], object]] = [
        lambda: source.read(project),
        lambda: policy.read(project),
        lambda: brand.read(project),
        lambda: sender.read(project),
        lambda: value.read(project),
        lambda: lifecycle.read(project),
        lambda: signs.read(project),
        lambda: businesses.read(project),
        lambda: reasons.read(project),
        lambda: occasions.read(project),
        lambda: pace.read(project),
        lambda: retention.read(project),
        lambda: office.read(project),
        lambda: webhook_file.check(project),
    ]
    found = [problem for reader in readers for problem in _refused(reader)]
    for name in project.names("cohorts"):
        found += _refused(lambda name=name: cohort.selection(project, cohort.read(project, name)))  # type: ignore[misc]
    return found


def _beside_letters(project: Project) -> None:
    """Raises ConfigError when the bot's answers or the chains of languages don't go with the letters."""
    if problems := translating.beside_letters(project):
        raise ConfigError(problems)


def _refused(read: Callable[[], object]) -> list[Problem]:
    try:
        read()
    except Refused as refused:
        return list(refused.problems)
    return []
