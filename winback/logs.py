"""Logs of winback: sentences for people, or with WINBACK_LOG=json one object a line for programs. From `info` up they name no customer.

Who did what to whom is told by the store (`winback explain`, `winback audit list`); a log is read by people who needn't know customers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from winback.errors import ConfigError, Problem

_FORMS = ("json", "text")
_LEVELS = ("debug", "info", "warning", "error")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


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
        if record.exc_info and record.exc_info[0] is not None:
            said |= {"error": record.exc_info[0].__name__, "raised_at": _places(record)}
        return json.dumps(said, ensure_ascii=False, default=str)


def _places(record: logging.LogRecord) -> list[str]:
    places, frame = [], record.exc_info[2] if record.exc_info else None
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
    if not form and not level:
        return
    handler = logging.StreamHandler()
    handler.set_name("winback")
    handler.setFormatter(AsJson() if form == "json" else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    for other in [each for each in root.handlers if each.get_name() == "winback"]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries: some tell addresses and tokens at `info`
    logging.getLogger("winback").setLevel((level or "info").upper())
