"""Letters filled in for somebody to look at, in a process with limits. Values go there as JSON, finished texts or problems come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

from winback import settings
from winback.errors import Problem, Refused
from winback.letters import check, confined, library, shown
from winback.letters.buttons import Pressed
from winback.letters.confined import LETTER, Exceeded, Job, Limits
from winback.letters.filled import Looked
from winback.letters.library import Library
from winback.letters.template import Rendered, RenderedMessage
from winback.model import ChannelName, Picture
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Order:
    """A letter to fill in."""

    channel: ChannelName
    letter: str
    language: str
    values: Mapping[str, Any]  # of `values.for_letter`


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an order: an e-mail, a messenger text, or why there is none."""

    email: Rendered | None = None
    preheader: str = ""
    message: RenderedMessage | None = None
    absent: tuple[Problem, ...] = ()  # the letter doesn't exist in the language
    wrong: tuple[Problem, ...] = ()  # it isn't right, or can't be filled in
    notes: tuple[Problem, ...] = ()  # it is there, but mailboxes would not show it well


def render(project: Project, orders: Sequence[Order], limits: Limits = LETTER) -> list[Finished]:
    """Each order filled in; an order that takes too much of time or memory is wrong like any other."""
    letters = library.open_library(project)
    links = list(letters.brand.links)
    jobs = [
        {"channel": order.channel, "letter": order.letter, "language": order.language, "values": _packed(order.values, links)} for order in orders
    ]
    answers = confined.run(
        "winback.letters.rendering:filling",
        str(project.root),
        jobs,
        limits=limits,
        environment=project.environment,
        kin=itemgetter("channel", "letter"),
    )
    return [_finished(letters, order, answer) for order, answer in zip(orders, answers, strict=True)]


def filling(root: str) -> Job:
    """What the process of its own does: a letter's texts, or its problems."""
    letters = library.open_library(settings.open_project(Path(root), {}))

    def fill(job: dict[str, Any]) -> dict[str, Any]:
        channel, letter, language = ChannelName(job["channel"]), job["letter"], job["language"]
        try:
            if wrong := letters.faults(channel, letter):
                return {"wrong": _told(wrong)}
            if absent := letters.problems_in(channel, letter, language):
                return {"absent": _told(absent)}
            values = _unpacked(job["values"])
            if channel is not ChannelName.EMAIL:
                message = letters.message(letter, language).render(values)
                named = [picture if isinstance(picture, str) else picture.name for picture in message.pictures]
                return {"message": {"text": message.text, "buttons": [asdict(each) for each in message.buttons], "pictures": named}}
            template = letters.email(letter, language)
            email = template.render(values)
            preheader = shown.look(email.html).preheader
            seen = Looked(letters, channel, letter, language).in_mailbox(email, template.subjects(values), preheader)
            notes = [check.said_of(note, [language]) for note in seen]
            texts = {"subject": email.subject, "html": email.html, "text": email.text, "pictures": [picture.name for picture in email.pictures]}
            return {"email": texts, "preheader": preheader, "notes": _told(notes)}
        except Refused as refused:
            return {"wrong": _told(refused.problems)}

    return fill


def _told(problems: Iterable[Problem]) -> list[dict[str, object]]:
    return [problem.as_json() for problem in problems]


def _finished(letters: Library, order: Order, answer: Any) -> Finished:
    if isinstance(answer, Exceeded):
        return Finished(wrong=(check.too_much(answer, check.main_file(letters.project, order.channel, order.letter)),))
    email, message = answer.get("email"), answer.get("message")
    return Finished(
        email=Rendered(**{**email, "pictures": _pictures(letters, email["pictures"])}) if email else None,
        preheader=answer.get("preheader", ""),
        message=_message(letters, message) if message else None,
        **{kind: tuple(Problem(**told) for told in answer.get(kind, ())) for kind in ("absent", "wrong", "notes")},
    )


def _message(letters: Library, told: Any) -> RenderedMessage:
    """Pictures of ours came back by name, others by address."""
    shown = [*told["pictures"]]
    ours = {picture.name: picture for picture in _pictures(letters, [each for each in shown if not each.startswith("https://")])}
    return RenderedMessage(told["text"], tuple(Pressed(**each) for each in told["buttons"]), tuple(ours.get(each, each) for each in shown))


def _pictures(letters: Library, named: Iterable[str]) -> tuple[Picture, ...]:
    """Those that an e-mail shows: their names came back, their bytes are read here."""
    return tuple(found for name in named if isinstance(found := letters.album.find(name), Picture))


def _packed(value: Any, links: Sequence[str]) -> Any:
    """As JSON: days, exact numbers and the function of links in a shape of their own."""
    match value:
        case Mapping():
            return {name: _packed(part, links) for name, part in value.items()}
        case list() | tuple():
            return [_packed(part, links) for part in value]
        case date():
            return {"$day": value.isoformat()}
        case Decimal():
            return {"$number": str(value)}
    return {"$links": {name: value(name) for name in links}} if callable(value) else value


def _unpacked(value: Any) -> Any:
    match value:
        case {"$day": str(day)}:
            return date.fromisoformat(day)
        case {"$number": str(number)}:
            return Decimal(number)
        case {"$links": dict(links)}:
            return links.__getitem__
        case dict():
            return {name: _unpacked(part) for name, part in value.items()}
        case list():
            return [_unpacked(part) for part in value]
    return value
