"""The files of config/ that say how a project is set up: which there are, what may stand in them, and that no secret does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from zoneinfo import available_timezones

from winback import strictyaml
from winback.audience import reasons
from winback.errors import Problem, Refused
from winback.journey import policy
from winback.letters import sender
from winback.operations import schemas
from winback.operations.completing import Meant, Vocabulary
from winback.settings import Project
from winback.speech import N_, Language, said

NAMES = (
    "senders",
    "brand",
    "policy",
    "settings",
    "pace",
    "reasons",
    "occasions",
    "businesses",
    "value",
    "lifecycle",
    "signs",
    "retention",
    "sources",
)
"""Of each the file is config/NAME.yaml; most of them may be missing."""

_AT_START = frozenset({"settings"})
_PASSWORD = re.compile(r"://[^\s/@:'\"]*:(?!\$\{)[^\s/@'\"]+@")


def path(name: str) -> str:
    """The file, as `editing` names it."""
    return f"config/{name}.yaml"


def is_read_at_the_start(name: str) -> bool:
    """Whether programs that run go by the file as it was when they were started."""
    return name in _AT_START


def secrets(name: str, text: str) -> list[Problem]:
    """Lines that hold a password inside an address: such a text is neither shown nor saved."""
    return [
        Problem(
            path(name),
            line,
            said(N_("an address with a password stands here.")),
            said(N_("Take it out in an editor of text, and set it in the environment instead: %(name)s."), name="${SHOP_PASSWORD}"),
        )
        for line, content in enumerate(text.split("\n"), 1)
        if _PASSWORD.search(content)
    ]


def problems(name: str, text: str) -> list[Problem]:
    """What can't be meant in the file alone, told at once: how it goes with the project's other files is the check's to say."""
    try:
        strictyaml.parse(text, schemas.SHAPES[name], shown=path(name))
    except Refused as refused:
        return [*secrets(name, text), *refused.problems]
    return secrets(name, text)


def vocabulary(project: Project, name: str) -> Vocabulary:
    """What may be written in the file: its schema's keys and words, and names of the project that the schema can't know."""
    readers: Mapping[str, Callable[[], Meant]] = {
        "manager": lambda: {key: each.email for key, each in sender.read(project).senders.items()},
        "reason": lambda: {word: reason.title for word, reason in reasons.read(project).reasons.items()},
        "countries": lambda: dict.fromkeys(sorted(policy.read(project).countries), ""),
    }
    known = {word: _read(read) for word, read in readers.items()}
    known |= {"time_zone": dict.fromkeys(sorted(available_timezones()), ""), "locales": dict.fromkeys(map(str, Language), "")}
    return Vocabulary(schemas.schema(name), {}, known)


def _read(read: Callable[[], Meant]) -> Meant:
    try:
        return read()
    except Refused:
        return {}
