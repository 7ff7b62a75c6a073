"""Logs of winback: sentences for people, or with WINBACK_LOG=json one object a line for programs. From `info` up they name no customer.

Who did what to whom is told by the store (`winback explain`, `winback audit list`); a log is read by people who needn't know customers.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from winback.errors import ConfigError, Problem

_FORMS = ("json", "text")
_LEVELS = ("debug", "info", "warning", "error")
_ADDRESS = re.compile(r"(?:\"[^\"\s]{1,100}\"|[^\s<>,;:\"()\[\]]{1,100})@[^\s<>,;:\"()\[\]]{1,255}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def without_addresses(text: str) -> str:
    """What another side said, such as a mail server, with `...` for each address in it."""
    return _ADDRESS.sub("...", text)


def broke(log: logging.Logger, message: str, *of: object) -> None:
    """Log the error that is being handled, by its kind and place. Whichever program's handler prints it has no words of the error to print."""
    log.error(message, *of, extra=_of(sys.exception()), stacklevel=2)


class AsJson(logging.Formatter):
    """One object a line: at, level, logger, message, whatever was given as `extra`, and of an error its kind and where it was raised.

    What an error says isn't in it: drivers quote rows.
    """

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            said |= _of(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False, default=str)


class AsText(logging.Formatter):
    """A line for a person, and below it the kind of an error and where it was raised, not what it says."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        error = _of(record.exc_info[1]) if record.exc_info else vars(record)
        if not error.get("error"):
            return self.formatMessage(record)
        return "\n  ".join((self.formatMessage(record), str(error["error"]), *error.get("raised_at", ())))


def _of(error: BaseException | None) -> dict[str, Any]:
    return {} if error is None else {"error": type(error).__name__, "raised_at": _places(error)}


def _places(error: BaseException) -> list[str]:
    places, frame = [], error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        places.append(f"{code.co_filename}:{frame.tb_lineno} {code.co_qualname}")
        frame = frame.tb_next
    return places


def configure(environment: Mapping[str, str]) -> None:
    """Set up our loggers as WINBACK_LOG and WINBACK_LOG_LEVEL say; without them warnings go to stderr, as Python does it. Raises ConfigError."""
    form, level = environment.get("WINBACK_LOG", ""), environment.get("WINBACK_LOG_LEVEL", "")
    for name, said, known in (("WINBACK_LOG", form, _FORMS), ("WINBACK_LOG_LEVEL", level, _LEVELS)):
        if said and said not in known:
            raise ConfigError(Problem("", None, f"{name} is `{said}`.", f"Set it to one of {', '.join(known)}."))
    if logging.lastResort:  # where nobody set up anything
        logging.lastResort.setFormatter(AsText())
    if not form and not level:
        return
    handler = logging.StreamHandler()
    handler.set_name("winback")
    handler.setFormatter(AsJson() if form == "json" else AsText("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    for other in [each for each in root.handlers if each.get_name() == "winback"]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries: some tell addresses and tokens at `info`
    logging.getLogger("winback").setLevel((level or "info").upper())
