"""The letters of a project, by channel and name: read, checked, and compiled once for each language they exist in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from winback.errors import Problem, TemplateError
from winback.letters import brand, catalogue, locales, markup, names, pictures, plaintext, reading, sample, sandbox, sender, source, styles, template
from winback.letters.brand import Brand, Logo
from winback.letters.locales import Catalogue
from winback.letters.pictures import Album
from winback.letters.reading import Said
from winback.letters.sample import Sample
from winback.letters.sandbox import LetterEnvironment
from winback.letters.source import Flat
from winback.letters.template import EmailTemplate, MessageTemplate
from winback.letters.values import LetterValues
from winback.letters.wording import SOURCE
from winback.model import WRITTEN, ChannelName, Picture
from winback.settings import Project
from winback.strictyaml import Document, nearest

T = TypeVar("T")

FOLDERS = {channel: "emails" if channel is ChannelName.EMAIL else "messages" for channel in ChannelName}
"""Where a channel's letters lie below the templates."""
FILES = {channel: ("subject.txt", "body.html", "body.txt") if channel is ChannelName.EMAIL else ("text.html",) for channel in ChannelName}
"""What a letter is made of on a channel. body.txt may be left out: it is made from the HTML then. body.uk.html is a whole own body in a language."""


@dataclass(frozen=True)
class Library:
    """All letters. What was read or compiled once is kept; open the library anew after a file has changed."""

    project: Project
    brand: Brand
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    def names(self, channel: ChannelName) -> list[str]:
        """Names of a channel's letters: its folders, without those for layouts and parts."""
        return sorted(path.name for path in self._root(channel).glob("[!_]*") if path.is_dir())

    def languages(self) -> list[str]:
        """Languages that have a catalogue and in which we can address somebody."""
        return [language for language in self._catalogue_languages if language in names.languages()]

    def email(self, name: str, locale: str) -> EmailTemplate:
        """An e-mail in a language. Raises TemplateError when it isn't right, or doesn't exist in that language."""
        return self._keep((EmailTemplate, name, locale), lambda: self._email(name, locale))

    def message(self, name: str, locale: str) -> MessageTemplate:
        """A messenger text in a language. Raises TemplateError as `email` does."""
        return self._keep((MessageTemplate, name, locale), lambda: self._message(name, locale))

    def needs(self, channel: ChannelName, name: str) -> frozenset[str]:
        """Values that may be absent and that a letter can't do without: `offer`, `offer.code`, `occasion`... Raises TemplateError."""
        return self._keep(("needs", channel, name), lambda: frozenset().union(*(said.needs for said in self.said(channel, name).values())))

    def problems_in(self, channel: ChannelName, name: str, language: str) -> list[Problem]:
        """Why a letter doesn't exist in a language; empty when it does. Raises TemplateError when it is right in none."""
        return self._keep(("missing", channel, name, language), lambda: self._problems_in(channel, name, language))

    def _problems_in(self, channel: ChannelName, name: str, language: str) -> list[Problem]:
        try:
            known = self.catalogue(language)
        except TemplateError as error:
            return list(error.problems)
        texts = self.flats(channel, name)
        missing = [problem for file in FILES[channel] for problem in catalogue.missing(texts[_own(file, language, texts)], known)]
        return [*missing, *self.unworded(language)]

    def unworded(self, language: str) -> list[Problem]:
        """Texts of config/ that every letter shows and that aren't written in this language. Raises ConfigError."""
        return self._keep(("unworded", language), lambda: [*brand.unworded(self.project, language), *sender.unworded(self.project, language)])

    def language_for(self, chain: Iterable[str], letters: Iterable[tuple[ChannelName, str]]) -> str | None:
        """The first language of a chain in which all these letters exist; None when there is none."""
        wanted, known = list(letters), self.languages()
        exists = (language for language in chain if language in known and not any(self.problems_in(*letter, language) for letter in wanted))
        return next(exists, None)

    def pictures(self, name: str) -> tuple[Picture, ...]:
        """Every picture that an e-mail may show, whatever the language. Raises TemplateError as `flats` does."""
        pages = [(file, flat) for file, flat in self.flats(ChannelName.EMAIL, name).items() if file.endswith(".html")]
        found = (picture for file, page in pages for picture in pictures.used(self.album, page, self._logo_in(name, file)))
        return tuple(dict.fromkeys(found))

    def sample(self, channel: ChannelName, name: str) -> Document[Sample]:
        """What a letter is for, and made-up values. Raises ConfigError."""
        return self._keep((Sample, channel, name), lambda: sample.read(self._root(channel) / name, f"{self._shown_root(channel)}/{name}"))

    def flats(self, channel: ChannelName, name: str) -> Mapping[str, Flat]:
        """A letter's texts by file name, layout and parts put in, in the brand's colours. Raises TemplateError when one can't be put together.

        Beside those of FILES there may be own bodies in a language, each with its text: body.uk.html, body.uk.txt.
        """
        return self._keep((Flat, channel, name), lambda: self._flats(channel, name))

    def texts(self) -> list[Flat]:
        """Every text of every letter: what there is to translate. Raises TemplateError."""
        return [flat for channel in WRITTEN for name in self.names(channel) for flat in self.flats(channel, name).values()]

    def said(self, channel: ChannelName, name: str) -> Mapping[str, Said]:
        """What each text of a letter says, by file name. Raises TemplateError as `flats` does."""
        return self._keep(
            (Said, channel, name),
            lambda: {
                file: reading.read(flat, LetterValues, self.brand.links, pictures=file.endswith(".html"))
                for file, flat in self.flats(channel, name).items()
            },
        )

    def faults(self, channel: ChannelName, name: str) -> list[Problem]:
        """What is wrong with a letter in every language."""
        return self._keep(("faults", channel, name), lambda: self._faults(channel, name))

    def _faults(self, channel: ChannelName, name: str) -> list[Problem]:
        try:
            flats, said = self.flats(channel, name), self.said(channel, name)
        except TemplateError as error:
            return list(error.problems)
        problems = [problem for file in flats for problem in (*said[file].problems, *catalogue.badly_written(flats[file]))]
        if channel is not ChannelName.EMAIL:
            problems += _marked_up(markup.in_message, flats["text.html"])
            return problems + pictures.faults(self.album, flats["text.html"], self._logo_in(name, "text.html", channel), self._at_logo)
        pages = [(file, flat) for file, flat in flats.items() if file.endswith(".html")]
        problems += [problem for _, page in pages for problem in _marked_up(markup.in_email, page)]
        problems += [problem for file, flat in flats.items() if file.endswith(".txt") for problem in _marked_up(markup.in_plain_text, flat)]
        problems += [problem for file, page in pages for problem in pictures.faults(self.album, page, self._logo_in(name, file), self._at_logo)]
        return list(dict.fromkeys(problems))  # a text that is made from the HTML says the same of the same line

    def catalogue(self, language: str) -> Catalogue:
        """The sentences of a language. Raises TemplateError when there is no catalogue, or it can't be read."""
        return self._keep((Catalogue, language), lambda: self._catalogue(language))

    def _email(self, name: str, locale: str) -> EmailTemplate:
        flats = self._sound(ChannelName.EMAIL, name, locale)
        body, plain = _own("body.html", locale, flats), _own("body.txt", locale, flats)
        subject, text, page = template.with_variants(flats["subject.txt"]), flats[plain], flats[body]
        words = self._environment(locale, markup=False)
        marked_up = self._environment(locale, markup=True, image=self.album.url)
        return EmailTemplate(
            name,
            locale,
            subject=template.compiled(subject, subject.text, words),
            html=template.compiled(page, self._keep((styles, name, body), lambda: styles.inline(page)), marked_up),
            text=template.compiled(text, text.text, words),
            derived=not (self._root(ChannelName.EMAIL) / name / plain).exists(),
            pictures=pictures.used(self.album, page, self._logo_in(name, body)),
        )

    def _message(self, name: str, locale: str) -> MessageTemplate:
        flat = self._sound(ChannelName.TELEGRAM, name, locale)["text.html"]
        text = template.compiled(flat, flat.text, self._environment(locale, markup=True, image=self.album.url))
        return MessageTemplate(name, locale, text, pictures.used(self.album, flat, self._logo_in(name, "text.html", ChannelName.TELEGRAM)))

    def _sound(self, channel: ChannelName, name: str, locale: str) -> Mapping[str, Flat]:
        """A letter's texts, when nothing is wrong with them in this language."""
        if problems := self.faults(channel, name) or self.problems_in(channel, name, locale):
            raise TemplateError(problems)
        return self.flats(channel, name)

    def _flats(self, channel: ChannelName, name: str) -> dict[str, Flat]:
        shown = self._shown_root(channel)
        if name not in self.names(channel):
            how = nearest(name, self.names(channel), "Letters")
            raise TemplateError(Problem(f"{shown}/{name}", None, "there is no such letter.", how))
        root = self._root(channel)
        files = [*FILES[channel], *(file for path in sorted((root / name).glob("body.*.html")) for file in (path.name, f"{path.stem}.txt"))]
        flats = {
            file: plaintext.derived(root, f"{name}/{file}", shown)
            if file.endswith(".txt") and file.startswith("body.") and not (root / name / file).exists()
            else source.flatten(root, f"{name}/{file}", shown)
            for file in (files if channel is ChannelName.EMAIL else FILES[channel])
        }
        return {file: styles.paint(flat, self.brand.colours) for file, flat in flats.items()}

    def _catalogue(self, language: str) -> Catalogue:
        if language == SOURCE:
            return locales.untranslated()
        path = catalogue.path(self.project.templates, language)
        if language not in names.languages():
            how = f"Letters can be in: {', '.join(sorted(names.languages()))}."
            raise TemplateError(Problem(self.project.shown(path), None, "nobody can be addressed in this language yet.", how))
        return locales.read_catalogue(path, language, self.project.shown(path))

    def _environment(self, locale: str, *, markup: bool, image: Callable[[str], str] | None = None) -> LetterEnvironment:
        made = (LetterEnvironment, locale, markup, image is None)
        return self._keep(made, lambda: sandbox.environment(self.catalogue(locale), markup=markup, image=image))

    def _logo_in(self, name: str, file: str, channel: ChannelName = ChannelName.EMAIL) -> Logo | None:
        """The brand's logo where a text shows it."""
        shows = any(word.startswith("brand.logo") for word in self.said(channel, name)[file].used)
        return self.brand.logo if shows else None

    def _at_logo(self, message: str, how: str) -> Problem:
        return self.project.read(Brand, "brand.yaml").problem(("logo", "image"), message, how)

    @cached_property
    def album(self) -> Album:
        """The pictures that may travel inside letters."""
        return pictures.open_album(self.project)

    @cached_property
    def _catalogue_languages(self) -> list[str]:
        return catalogue.languages(self.project.templates)

    def _root(self, channel: ChannelName) -> Path:
        return self.project.templates / FOLDERS[channel]

    def _shown_root(self, channel: ChannelName) -> str:
        return self.project.shown(self._root(channel))

    def _keep(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept


@lru_cache(maxsize=1_000)
def _marked_up(look: Callable[[Flat], list[Problem]], flat: Flat) -> tuple[Problem, ...]:
    """What is wrong with a text's markup, kept by the text: a library is opened anew for each turn of a campaign, and most texts are as they were."""
    return tuple(look(flat))


def _own(file: str, language: str, texts: Mapping[str, Flat]) -> str:
    """The name of a text's own version in a language where the letter has one: body.uk.html."""
    stem, _, ending = file.rpartition(".")
    own = f"{stem}.{language}.{ending}"
    return own if own in texts else file


def open_library(project: Project) -> Library:
    """The project's letters. Nothing is read before it is asked for but config/brand.yaml. Raises ConfigError."""
    return Library(project, brand.read(project))
