"""What can go wrong, sorted by what the caller must do about it.

WinbackError
├── Refused            a person must change something; the message says where, what, and what to write
│   ├── ConfigError        a YAML file, the environment, or a name in one of them
│   ├── TemplateError      a letter's folder or catalogue
│   ├── SourceError        a shop file or shop database that can't be read
│   └── StoreError         our own database: missing, newer than the code, unreachable
└── ChannelError       a letter was not (certainly) sent
    ├── TemporaryError     try this letter again later
    ├── PermanentError     never again at this address
    ├── LaneError          it is us, not the address: stop the lane, a person mends it
    │   └── NotLetInError      nothing has left: another way out may be tried at once
    └── UncertainError     it may have left: never repeat it by itself
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from winback.speech import joined


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it stands, what was found, and how to write it."""

    file: str
    line: int | None
    message: str
    how: str = ""

    def __str__(self) -> str:
        """In one line, which pages say in the language of who reads as far as its parts know what they were made of."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return joined(filter(None, (f"{place}:" if place else "", self.message, self.how)), " ")

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class WinbackError(Exception):
    """Everything that this package raises on purpose."""


class Refused(WinbackError):
    """A person must change something. Carries one or more problems; nothing was changed."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigError(Refused):
    """A configuration file or the environment says something that can't be meant."""


class TemplateError(Refused):
    """A letter can't be compiled or filled in."""


class SourceError(Refused):
    """A shop's file or database can't be read."""


class StoreError(Refused):
    """Our own database is missing, unreachable, or newer than the code."""


class ChannelError(WinbackError):
    """A letter was not certainly sent. `reason` is a short word kept with the delivery; `text` what the other side said.

    `relay` names the one that it was to leave through, where mail leaves through relays.
    """

    relay: str = ""

    def __init__(self, reason: str, text: str = "") -> None:
        self.reason = reason
        self.text = text
        super().__init__(f"{reason}: {text}" if text else reason)


class TemporaryError(ChannelError):
    """Try this letter again, not before `after` has passed (None: by the usual schedule)."""

    def __init__(self, reason: str, text: str = "", after: timedelta | None = None) -> None:
        super().__init__(reason, text)
        self.after = after


class PermanentError(ChannelError):
    """Never write to this address again; `reason` says why."""


class LaneError(ChannelError):
    """Our own side is wrong (login, network, reputation): stop sending, the address is innocent."""


class NotLetInError(LaneError):
    """The other side isn't there, can't be trusted, or doesn't let us in. Nothing has left."""


class UncertainError(ChannelError):
    """The letter may have left. It is shown to a person and never repeated by itself."""
