"""A letter as one reader would get it, out of texts that nobody has saved: what its editor sees while typing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from winback.errors import Problem, Refused
from winback.letters import confined, library, looks, pictures, rendering, stem
from winback.letters.locales import language_tag
from winback.letters.rendering import Finished, Order
from winback.operations import as_if, letter_words, project_files, scenes
from winback.operations.letter_texts import Named
from winback.operations.letter_words import Entry, Filled
from winback.operations.scenes import Scene, Wanted
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a letter is looked at: in which language, as which customer, in which place of a campaign."""

    language: str
    customer: str = ""  # the shop's id; empty: the sample's person
    campaign: str = ""
    tactic: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """What is seen. Without a page there are problems that say why."""

    reader: Reader
    page: str = ""  # HTML that needs nothing from elsewhere
    sender: str = ""
    subject: str = ""
    preheader: str = ""
    text: str = ""  # as plain text
    size: int = 0  # bytes of an e-mail's HTML; characters of a messenger text
    problems: tuple[Problem, ...] = ()
    lacking: tuple[Entry, ...] = ()  # sentences that some language hasn't yet


def look(  # noqa: PLR0917  what is looked at, and by whom
    project: Project,
    engine: Engine,
    letter: Named,
    texts: Mapping[str, str],
    filled: Filled,
    reader: Reader,
    *,
    now: datetime,
) -> Glance:
    """The letter with these texts, by path, and translations; nothing is written. Whatever is wrong is among the problems."""
    try:
        contents = {path: project_files.as_written(project, path, text) for path, text in texts.items()}
        with as_if.changed(project, contents) as after:
            catalogues = letter_words.provisional(after, letter, filled)
        with as_if.changed(project, {**contents, **catalogues}) as after:
            return _look(after, engine, letter, reader, now=now)
    except Refused as refused:
        return Glance(reader, problems=_once(refused.problems))


def ready() -> None:
    """Who looks first waits no longer than who looks second."""
    stem.stem().warm(confined.__name__, rendering.__name__)


def _look(after: Project, engine: Engine, letter: Named, reader: Reader, *, now: datetime) -> Glance:
    lacking, problems = list[Entry](), list[Problem]()
    letters = library.open_library(after)
    try:
        lacking = letter_words.lacking(letters, letter)
        scene = _scene(after, engine, letter, reader, now)
    except Refused as refused:
        return Glance(reader, problems=_once([*letters.faults(letter.channel, letter.name), *refused.problems]), lacking=tuple(lacking))
    (finished,) = rendering.render(after, [Order(scene.channel, scene.letter, scene.language, scene.values)])
    problems += [*finished.wrong, *finished.notes, *finished.absent]
    return replace(_seen(reader, scene, finished), problems=_once(problems), lacking=tuple(lacking))


def _scene(after: Project, engine: Engine, letter: Named, reader: Reader, now: datetime) -> Scene:
    wanted = Wanted(
        letter.name,
        reader.language,
        (reader.customer,) if reader.customer else (),
        reader.campaign or None,
        (reader.tactic or None) if reader.campaign else None,
        (reader.stage or None) if reader.campaign else None,
    )
    gathered = scenes.gather(after, engine, wanted, now=now)
    return next((scene for scene in gathered if scene.channel is letter.channel), gathered[0])


def _seen(reader: Reader, scene: Scene, finished: Finished) -> Glance:
    email, message = finished.email, finished.message
    if email is not None:
        page = pictures.with_pictures_inside(email.html, email.pictures)
        return Glance(reader, page, scene.signer, email.subject, finished.preheader, email.text, len(email.html.encode()))
    if message is not None:
        shop = str(scene.values["brand"]["name"])
        page = looks.bubble(message, sender=shop, language=language_tag(scene.language))
        return Glance(reader, page, shop, text=message.text, size=len(message.text))
    return Glance(reader)


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))
