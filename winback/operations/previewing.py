"""Write a letter as a customer would get it, into files that a browser opens. Nothing is tracked, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.errors import ConfigError, Problem, TemplateError
from winback.letters import library, pictures, sender, values
from winback.letters.library import Library
from winback.letters.wording import in_locale
from winback.model import ChannelName, Person
from winback.operations import explaining
from winback.settings import Project
from winback.store import candidates, database
from winback.store.as_of import AsOf
from winback.strictyaml import nearest


def preview(
    project: Project, engine: Engine | None, letter: str, *, locale: str | None, customer: str | None, folder: Path, now: datetime
) -> list[Path]:
    """Write `letter` in each language it exists in (or in `locale`), with its sample's values or a customer's own name and orders.

    Raises ConfigError when there is no such letter, TemplateError when it isn't right or not there in the language asked for.
    """
    texts = library.open_library(project)
    channels = [channel for channel in ChannelName if letter in texts.names(channel)]
    if not channels:
        known = sorted({name for channel in ChannelName for name in texts.names(channel)})
        raise ConfigError(Problem("", None, f"there is no letter `{letter}`.", nearest(letter, known, "Letters")))
    somebody = _customer(project, engine, customer, now) if engine is not None and customer else None
    folder.mkdir(parents=True, exist_ok=True)
    previews = [_Preview(project, texts, channel, letter, somebody) for channel in channels]
    written = [path for each in previews for path in each.write(folder, locale)]
    if not written:
        problems = {problem for each in previews for language in texts.languages() for problem in texts.problems_in(each.channel, letter, language)}
        raise TemplateError(sorted(problems, key=str))
    return written


@dataclass(frozen=True, slots=True)
class _Preview:
    """One letter on one channel, for its sample's person or somebody real (a person, their last order's day, how many orders)."""

    project: Project
    texts: Library
    channel: ChannelName
    letter: str
    somebody: tuple[Person, date | None, int] | None

    def write(self, folder: Path, locale: str | None) -> Iterator[Path]:
        """A file for each text of each language that the letter exists in, or of `locale`."""
        for language in self.texts.languages() if locale is None else [locale]:
            if locale is None and self.texts.problems_in(self.channel, self.letter, language):
                continue
            for ending, content in self._texts(language).items():
                path = folder / f"{self.letter}.{language}.{ending}"
                path.write_text(content, encoding="utf-8")
                yield path

    def _texts(self, language: str) -> dict[str, str]:
        if self.channel is ChannelName.EMAIL:
            rendered = self.texts.email(self.letter, language).render(self._values(language))
            return {"html": pictures.with_pictures_inside(rendered.html, rendered.pictures), "txt": f"{rendered.subject}\n\n{rendered.text}"}
        message = self.texts.message(self.letter, language).render(self._values(language))
        return {"telegram.txt": "\n".join([message.text, "", *(f"[{label}] {url}" for label, url in message.buttons)])}

    def _values(self, language: str) -> dict[str, Any]:
        sample = self.texts.sample(self.channel, self.letter).value
        senders = sender.read(self.project)
        person, last_order_on, orders_count = self.somebody or (sample.person(language), sample.last_order_on, sample.orders_count)
        return values.for_letter(
            person=person,
            locale=language,
            sender=sender.pick(senders, person.manager, senders.names()[0]),
            brand=self.texts.brand,
            offer=sample.offer_values(language),
            occasion=in_locale(sample.occasion, language) if sample.occasion else None,
            last_order_on=last_order_on,
            orders_count=orders_count,
            told=sample.told(language, self.project.settings.currency, self.texts.brand.links.__getitem__),
            standing=sample.standing(language, self.project.settings.currency),
            today=sample.today,
            link=self.texts.brand.links.__getitem__,
            unsubscribe_url=f"{self.project.settings.public_url}/u/preview",
            pixel_url="",
            telegram_url="",
            preview=True,
        )


def _customer(project: Project, engine: Engine, key: str, now: datetime) -> tuple[Person, date | None, int]:
    """A customer's name and orders, without their address."""
    who = explaining.customer_id(engine, key)
    with database.reading(engine) as connection:
        found = candidates.find(connection, [who], AsOf.of(project, now), run_id=None)[who]
    last = clock.local_day(found.last_order_at, project.zone) if found.last_order_at else None
    return found.person, last, found.orders
