"""Send one letter to one of us, as a customer would get it: over the real channel, with real headers, and marked as a test.

No delivery or event is written, nobody's click or wish to unsubscribe is touched: links lead straight to the shop.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback.channels.channel import Channel
from winback.channels.file import FileChannel
from winback.errors import ChannelError, ConfigError, LaneError, PermanentError, Problem, Refused, TemplateError, UncertainError
from winback.letters import library, locales
from winback.letters.library import Library
from winback.model import BY_PHONE, ChannelName, Email, Message, Reason
from winback.operations import scenes
from winback.operations.scenes import Scene, Wanted
from winback.sending import allowing, lanes, messages
from winback.settings import Project
from winback.speech import N_, said

_REALLY = {ChannelName.EMAIL: "smtp", ChannelName.TELEGRAM: "bot-api"} | dict.fromkeys(BY_PHONE, "http")

MARK = "[test]"
"""What the subject begins with."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was sent where: the other side's id for it, or the file it lies in."""

    what: str  # the letter with its language, and its place in the campaign
    receipt: str
    file: Path | None = None
    how: str = ""  # how to send it really, where it was written to a file


_NOT_TO_A_PHONE = N_("`%(letter)s` doesn't go to a phone like %(to)s.")
_NOT_THERE = {
    ChannelName.EMAIL: N_("`%(letter)s` doesn't go to an e-mail address like %(to)s."),
    ChannelName.TELEGRAM: N_("`%(letter)s` doesn't go to the number of a chat like %(to)s."),
}
_AN_ADDRESS = N_("Write an e-mail address.")
_A_CHAT = N_("Write the number of a chat.")


async def send(project: Project, engine: Engine | None, wanted: Wanted, to: str, *, now: datetime) -> list[Tried]:
    """Send a letter to `to`, an e-mail address or the number of a Telegram chat; in the language asked for, else the first of the reader's chain.

    Raises ConfigError when something named isn't there or the settings can't send, TemplateError when the letter isn't right, Refused when
    the other side didn't take it.
    """
    channel = _channel(project, to)
    if wanted.letter is None and wanted.campaign is None:
        raise ConfigError(Problem("", None, "nothing is named to send.", "Give a letter, or --campaign NAME."))
    letters = library.open_library(project)
    chosen = [scene for scene in scenes.gather(project, engine, wanted, now=now) if scene.channel is channel.written_as]
    if not chosen:
        what = said(_NOT_THERE.get(channel, _NOT_TO_A_PHONE), letter=wanted.letter or wanted.campaign, to=to)
        raise ConfigError(Problem("", None, what, said(_A_CHAT if channel is ChannelName.EMAIL else _AN_ADDRESS)))
    chosen = chosen if wanted.locale else _in_first_language(letters, chosen)
    written = [_written(project, letters, scene, channel, to, now, number) for number, scene in enumerate(chosen)]
    return await _send(project, channel, list(zip(chosen, written, strict=True)), to)


def _channel(project: Project, to: str) -> ChannelName:
    if re.fullmatch(r"\+\d{8,15}", to):
        if project.settings.gateways:
            return next(iter(project.settings.gateways))
        raise ConfigError(project.document.problem(("gateways",), f"there is no gateway that writes to {to}.", "Describe one: docs/gateways.md."))
    if re.fullmatch(r"-?\d+", to):
        return ChannelName.TELEGRAM
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", to):
        return ChannelName.EMAIL
    raise ConfigError(
        Problem("", None, f"`{to}` is neither an e-mail address nor the number of a chat.", "Write for example --to olena@zerno.example.")
    )


def _in_first_language(letters: Library, chosen: Sequence[Scene]) -> list[Scene]:
    """Each letter once: in the first language of its reader's chain that it exists in."""
    firsts: dict[tuple[str, str, str], Scene] = {}
    for scene in sorted(chosen, key=lambda scene: scene.rank):
        if not letters.problems_in(scene.channel, scene.letter, scene.language):
            firsts.setdefault((scene.letter, scene.stage, scene.tactic), scene)
    if not firsts:
        raise TemplateError(problem for scene in chosen for problem in letters.problems_in(scene.channel, scene.letter, scene.language))
    return [scene for scene in chosen if scene in firsts.values()]


def _written(  # noqa: PLR0917  one use
    project: Project, letters: Library, scene: Scene, channel: ChannelName, to: str, now: datetime, number: int
) -> Email | Message:
    language = locales.language_tag(scene.language)
    if channel is not ChannelName.EMAIL:
        rendered = letters.message(scene.letter, scene.language).render({**scene.values, "channel": str(channel)})
        return messages.written(replace(rendered, text=f"{MARK}\n{rendered.text}"), channel, 0, to, language, project.link_keys)
    email = letters.email(scene.letter, scene.language).render(scene.values)
    signing = scene.signing
    domain = signing.email.rpartition("@")[2]
    mark = hmac.digest(project.key, f"test:{scene.letter}:{to}:{now.isoformat()}:{number}".encode(), "sha256")[:12].hex()
    return Email(
        delivery_id=0,
        to=to,
        sender_name=scene.signer,
        sender_address=signing.email,
        reply_to=signing.reply_to or signing.email,
        mail_from=project.settings.email.bounces_to or signing.email,
        message_id=f"<test.{mark}@{domain}>",  # no delivery's, so that an answer to it is nobody's
        subject=f"{MARK} {email.subject}",
        html=email.html,
        text=email.text,
        language=language,
        sent_at=now,
        list_id=f"test.{domain}",
        unsubscribe_url=str(scene.values["unsubscribe_url"]),
        pictures=email.pictures,
    )


async def _send(project: Project, name: ChannelName, letters: list[tuple[Scene, Email | Message]], to: str) -> list[Tried]:
    settings = project.settings.way(name)
    folder = project.out / "mailbox" / "tests" / name if settings.via == "file" else None
    tried = []
    try:
        async with _open(project, name, folder) as channel:
            for scene, content in letters:
                numbered = replace(content, delivery_id=_free_number(folder)) if folder else content
                receipt = await channel.send(numbered)
                what = f"{scene.letter} ({', '.join(part for part in (scene.language, scene.stage, scene.tactic) if part)})"
                how = f"Write `via: {_REALLY[name]}` under `{'.'.join(allowing.place_of(name))}:` in config/settings.yaml to send it to {to}."
                tried.append(Tried(what, "", folder / receipt.remote_id, how) if folder else Tried(what, receipt.remote_id))
    except LaneError as error:
        raise ConfigError(lanes.problem(project, name, error)) from error
    except ChannelError as error:
        raise Refused(_refusal(project, to, error)) from error
    return tried


def _open(project: Project, name: ChannelName, folder: Path | None) -> Channel[Any]:
    return FileChannel(folder) if folder else lanes.open_channel(project, name)


def _free_number(folder: Path) -> int:
    """The next number that no file of the folder has."""
    return max((int(path.stem) for path in folder.glob("*") if path.stem.isdecimal()), default=0) + 1


def _refusal(project: Project, to: str, error: ChannelError) -> Problem:
    match error:
        case PermanentError(reason=Reason.NOT_ALLOWED_HERE):
            message = said(N_("%(to)s is not written to: this is development, and the address is not on the allow-list."), to=to)
            return project.document.problem(("allow",), message, said(N_("Add it to `allow:`.")))
        case UncertainError():
            what, how = N_("nobody knows whether it reached %(to)s: %(answer)s."), N_("Look into the mailbox before you send it again.")
        case PermanentError():
            what, how = N_("%(to)s was refused: %(answer)s."), N_("Write another address.")
        case _:
            what, how = N_("%(to)s is put off: %(answer)s."), N_("Try again in some minutes.")
    return Problem("", None, said(what, to=to, answer=error.text or error.reason), said(how))
