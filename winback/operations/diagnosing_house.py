"""The doctor's look at what lies on this machine: files, secrets, the database, its clock, the lanes."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta

from winback.errors import ConfigError, Refused
from winback.operations import checking, diagnosis, lane_words, mail_servers
from winback.operations.diagnosis import Finding
from winback.sending import lanes
from winback.settings import Project
from winback.store import clocks, database, fuses

_AREA = "house"
_FAST_OR_SLOW = timedelta(seconds=60)
"""Leases last minutes and are compared between machines: their clocks may differ by so much."""


def look(project: Project, now: datetime) -> Iterator[Finding]:
    """Everything, in the order in which it is needed."""
    yield _files(project)
    yield from _schedules(project)
    yield from _secrets(project)
    yield from _replies(project)
    yield from _store(project, now)


def _files(project: Project) -> Finding:
    problems = checking.problems(project)
    if not problems:
        return diagnosis.ok(_AREA, "settings and letters", "config/ and templates/ fit together.")
    more = f" ({len(problems) - 1} more: winback check)" if len(problems) > 1 else ""
    return diagnosis.wrong(_AREA, "settings and letters", problems[0], f"{problems[0].how}{more}")


def _schedules(project: Project) -> Iterator[Finding]:
    """Whether schedules go by the shop's clock; deployments that a page of Prefect's changed aren't seen from here."""
    wanted = project.settings.time_zone
    for name in ("prefect.yaml", "prefect-many.yaml"):
        path = project.root / name
        named = set(_TIME_ZONE.findall(path.read_text(encoding="utf-8"))) if path.is_file() else set()
        if others := sorted(named - {wanted}):
            message = f"its schedules go by the clock of {', '.join(others)}, and `time_zone:` of config/settings.yaml is {wanted}."
            how = f"Write `timezone: {wanted}` in each, and deploy anew (docs/schedules.md)."
            yield diagnosis.missing(_AREA, name, message, how, optional=True)


_TIME_ZONE = re.compile(r"^[^#\n]*\btimezone:\s*[\"']?([\w/+-]+)", re.MULTILINE)


def _secrets(project: Project) -> Iterator[Finding]:
    """Whether they are there; what they are is never said."""
    settings = project.settings
    yield _key(project)
    for server in mail_servers.listed(project) if settings.email.via == "smtp" else []:
        if server.user:
            yield _is_set(project, server.secret, f"{server.name} is to let {server.user} in", f"Set it, or {server.secret}_FILE.")
    if settings.telegram.via == "bot-api":
        yield _is_set(project, "WINBACK_TELEGRAM_TOKEN", "texts leave over the Bot API", "Set it to the token that BotFather shows.")
    if settings.email.dkim:
        try:
            keys = lanes.signers(project)
            yield diagnosis.ok(_AREA, "DKIM keys", f"{', '.join(f'{key.selector} ({key.algorithm})' for key in keys)}: each is there and can sign.")
        except ConfigError as error:
            yield from (diagnosis.wrong(_AREA, "DKIM keys", problem) for problem in error.problems)
    if not project.secret("WINBACK_ALARM_URLS"):
        how = "Set it to addresses of apprise (mailto://..., tgram://..., json://...), with blanks between."
        yield diagnosis.missing(_AREA, "WINBACK_ALARM_URLS", "nobody is told when a lane stops, but for the log.", how, optional=True)
    else:
        yield diagnosis.ok(_AREA, "WINBACK_ALARM_URLS", f"{len(project.secret('WINBACK_ALARM_URLS').split())} addresses hear of alarms.")


def _is_set(project: Project, name: str, why: str, how: str) -> Finding:
    if project.secret(name):
        return diagnosis.ok(_AREA, name, "is set.")
    return diagnosis.missing(_AREA, name, f"is not set, and {why}.", how)


def _key(project: Project) -> Finding:
    subject = "signing key"
    try:
        is_set = bool(project.secret("WINBACK_SECRET"))
        _ = project.link_keys
    except ConfigError as error:
        return diagnosis.wrong(_AREA, subject, error.problems[0])
    if project.key not in project.link_keys:
        message = (
            "WINBACK_LINK_KEYS leaves out the project's own: links in letters that were signed with it, unsubscribing too, are nothing any more."
        )
        how = "Add the word `secret` at the end, unless its links shall be dead."
        return diagnosis.missing(_AREA, subject, message, how, optional=True)
    path = project.root / ".winback" / "secret"
    if is_set or not path.exists():
        return diagnosis.ok(_AREA, subject, "WINBACK_SECRET is set.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return diagnosis.wrong(_AREA, subject, ".winback/secret can be read by others on this machine.", "Write chmod 600 .winback/secret")
    return diagnosis.ok(_AREA, subject, "it lies in .winback/secret: keep it with the backups; other machines need the same as WINBACK_SECRET.")


def _replies(project: Project) -> Iterator[Finding]:
    settings = project.settings
    if settings.imap.host and not settings.replies:
        yield from _imap(project)
        return
    if not settings.replies:
        if settings.email.via == "smtp":
            message = "answers and bounces are read from no mailbox: nobody's reply stops a journey, and the fuse sees refusals at once only."
            yield diagnosis.missing(_AREA, "replies", message, "Name a Maildir in `replies:` of config/settings.yaml.", optional=True)
        return
    folder = project.root / settings.replies
    if (folder / "new").is_dir() and (folder / "cur").is_dir():
        yield diagnosis.ok(_AREA, "replies", f"{settings.replies} is a Maildir.")
    else:
        yield diagnosis.wrong(_AREA, "replies", f"{settings.replies} is not a Maildir.", "Name the folder that holds `new` and `cur`.")


def _imap(project: Project) -> Iterator[Finding]:
    """Whether the mailbox lets us in; nothing is read."""
    from winback.channels import imap

    settings = project.settings.imap
    try:
        imap.open_mailbox(settings, project.secret("WINBACK_IMAP_PASSWORD")).close()
    except Refused as refused:
        yield diagnosis.wrong(_AREA, "replies", refused.problems[0])
        return
    yield diagnosis.ok(_AREA, "replies", f"{settings.host} lets {settings.user} in; {settings.folder} is there.")


def _store(project: Project, now: datetime) -> Iterator[Finding]:
    try:
        engine = database.open_engine(project.database_url)
    except Refused as refused:
        yield diagnosis.wrong(_AREA, "database", refused.problems[0])
        return
    try:
        with database.reading(engine) as connection:
            version, its_now, latest = clocks.version(connection), clocks.now(connection), clocks.latest_work(connection)
            standing = fuses.standing(connection)
    finally:
        engine.dispose()
    yield diagnosis.ok(_AREA, "database", f"{version} answers, and its tables are the newest.")
    yield _clock(now, its_now, latest)
    for lane, fuse in standing.items():
        yield diagnosis.wrong(_AREA, f"lane {lane}", lane_words.happened(fuse), lane_words.to_do(fuse))


def _clock(now: datetime, its_now: datetime | None, latest: datetime | None) -> Finding:
    if latest is not None and latest > now + _FAST_OR_SLOW:
        return diagnosis.wrong(_AREA, "clock", f"a run was worked at at {latest:%Y-%m-%d %H:%M} UTC, and this machine shows an earlier time.", _SET)
    if its_now is None:
        return diagnosis.ok(_AREA, "clock", f"{now:%Y-%m-%d %H:%M} UTC; the database lies on this machine.")
    if abs(its_now - now) > _FAST_OR_SLOW:
        return diagnosis.wrong(_AREA, "clock", f"this machine shows {now:%H:%M:%S}, the database {its_now:%H:%M:%S} UTC.", _SET)
    return diagnosis.ok(_AREA, "clock", f"{now:%Y-%m-%d %H:%M} UTC, as the database's.")


_SET = "Set the clock right (chrony, systemd-timesyncd): who may hold a letter, and whether it is due, is told by it."
