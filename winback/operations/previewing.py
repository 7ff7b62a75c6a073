"""Write letters as their readers would get them, into files that a browser opens. Nothing is tracked, nothing is stored."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from winback.errors import Problem, TemplateError
from winback.letters import looks, pictures, rendering
from winback.letters.locales import language_tag
from winback.letters.looks import Card
from winback.letters.rendering import Finished, Order
from winback.model import Picture
from winback.operations import scenes
from winback.operations.scenes import Scene, Wanted
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Previewed:
    """Where the previews lie, the sheet that shows them all last, and what mailboxes would not show well."""

    paths: tuple[Path, ...]
    notes: tuple[Problem, ...]


def preview(project: Project, engine: Engine | None, wanted: Wanted, *, folder: Path, now: datetime) -> Previewed:
    """Write each scene that is wanted, in each language it exists in (or in the one asked for), and a sheet of all.

    Templates are filled in within a process with limits; nothing is written when one is wrong. Raises ConfigError when something is named
    that isn't there, TemplateError when a letter isn't right or not there in the language asked for.
    """
    gathered = scenes.gather(project, engine, wanted, now=now)
    return show(project, gathered, folder=folder, title=_title(wanted), whole=bool(wanted.locale))


def show(project: Project, gathered: Sequence[Scene], *, folder: Path, title: str, whole: bool) -> Previewed:
    """The same of scenes that were gathered. `whole`: a letter that doesn't exist in its language is refused, not left out."""
    finished = rendering.render(project, [Order(scene.channel, scene.letter, scene.language, scene.values) for scene in gathered])
    shown = [(scene, letter) for scene, letter in zip(gathered, finished, strict=True) if letter.email or letter.message]
    wrong = [problem for letter in finished for problem in letter.wrong]
    if not shown or whole:
        wrong += [problem for letter in finished for problem in letter.absent]
    if wrong:
        raise TemplateError(dict.fromkeys(wrong))
    folder.mkdir(parents=True, exist_ok=True)
    names = _names([scene for scene, _ in shown])
    files = [(scene, letter, folder / name) for (scene, letter), name in zip(shown, names, strict=True)]
    paths = [path for scene, letter, stem in files for path in _write(scene, letter, stem)]
    sheet = folder / "index.html"
    sheet.write_text(looks.sheet(title, _rows(files)), encoding="utf-8")
    return Previewed((*paths, sheet), tuple(dict.fromkeys(note for letter in finished for note in letter.notes)))


def _names(shown: Sequence[Scene]) -> list[str]:
    """Names without their endings: letter.language, with stage and tactic where a campaign was asked for, and the customer where several were."""
    customers = list(dict.fromkeys(scene.customer for scene in shown))
    numbers = {customer: f"{number}-{_harmless(customer)}" for number, customer in enumerate(customers, 1)} if len(customers) > 1 else {}
    parts = ((scene.letter, scene.stage, scene.tactic, scene.language, numbers.get(scene.customer, "")) for scene in shown)
    return [".".join(part for part in each if part) for each in parts]


def _harmless(key: str) -> str:
    """A customer's id as a part of a file's name."""
    return re.sub(r"[^\w-]+", "-", key)[:40]


def _write(scene: Scene, letter: Finished, stem: Path) -> Iterator[Path]:
    for ending, content in _texts(scene, letter).items():
        path = stem.with_name(f"{stem.name}.{ending}")
        path.write_text(content, encoding="utf-8")
        yield path


def _texts(scene: Scene, letter: Finished) -> dict[str, str]:
    if letter.email:
        return {
            "html": pictures.with_pictures_inside(letter.email.html, letter.email.pictures),
            "txt": f"{letter.email.subject}\n\n{letter.email.text}",
        }
    assert letter.message is not None
    buttons = [*map(str, letter.message.buttons), *(f"[picture] {_named(picture)}" for picture in letter.message.pictures)]
    page = looks.bubble(letter.message, sender=_shop(scene), language=language_tag(scene.language))
    return {"telegram.txt": "\n".join([letter.message.text, "", *buttons]), "telegram.html": page}


def _named(picture: Picture | str) -> str:
    return picture if isinstance(picture, str) else picture.name


def _rows(files: Sequence[tuple[Scene, Finished, Path]]) -> list[tuple[str, list[Card]]]:
    """One row for each stage and tactic."""
    grouped = itertools.groupby(files, key=lambda file: (file[0].stage, file[0].tactic))
    return [(" · ".join(part for part in key if part), [_card(*file) for file in group]) for key, group in grouped]


def _card(scene: Scene, letter: Finished, stem: Path) -> Card:
    email, message = letter.email, letter.message
    return Card(
        letter=scene.letter,
        language=scene.language,
        customer=scene.customer,
        sender=scene.signer if email else _shop(scene),
        subject=email.subject if email else None,
        preheader=letter.preheader,
        size=f"{len(email.html.encode()) / 1000:.0f} kB" if email else f"{len(message.text if message else ''):,} characters",
        text=email.text if email else "",
        name=f"{stem.name}.html" if email else f"{stem.name}.telegram.html",
        notes=tuple(f"{note.message} {note.how}" for note in letter.notes),
    )


def _shop(scene: Scene) -> str:
    """The name that a bot shows: the shop's."""
    return str(scene.values["brand"]["name"])


def _title(wanted: Wanted) -> str:
    return " · ".join(part for part in (wanted.campaign, wanted.letter, wanted.stage, wanted.tactic) if part)
