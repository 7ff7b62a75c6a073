"""A letter compiled for one language: values in, finished texts out."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes

from winback.errors import Problem, TemplateError
from winback.letters import buttons, joining_code, pictures, plaintext, sentences
from winback.letters.buttons import Pressed
from winback.letters.pieces import PieceKind
from winback.letters.sandbox import LetterEnvironment
from winback.letters.source import TOO_DEEP, Flat
from winback.model import Picture

VARIANT = "\x00"
"""Parts the variants of a subject; no value can hold it."""

_PICTURE = re.compile(r'\s*<img [^>]*?src="([^"]*)"[^>]*>\s*')
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An e-mail's texts."""

    subject: str  # one line
    html: str
    text: str
    pictures: tuple[Picture, ...] = ()  # that travel with it


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A messenger's text in Telegram's HTML, the buttons below it, and its pictures: ours, or addresses of others."""

    text: str
    buttons: tuple[Pressed, ...] = ()
    pictures: tuple[Picture | str, ...] = ()


@dataclass(frozen=True)
class Text:
    """One compiled text."""

    flat: Flat
    source: str  # what was compiled: the flat text, styles put in
    template: Template

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with its values. Raises TemplateError when one is missing or can't be written."""
        try:
            return self.template.render(values)
        except Exception as error:  # whatever a template does, its file is to blame
            raise TemplateError(self._problem(error)) from error

    def _problem(self, error: Exception) -> Problem:
        file, line = self._place(_line(error.__traceback__, self.flat.name))
        if isinstance(error, MemoryError | TimeoutError):
            what = "memory" if isinstance(error, MemoryError) else "time"
            return Problem(file, line, f"it takes more {what} than a letter may.", "Look for loops, and for names that are made of themselves.")
        return Problem(file, line, f"it can't be filled in: {error}.", "Ask {% if ... %} for what may be absent.")

    def _place(self, line: int | None) -> tuple[str, int | None]:
        """Where the construct was written that stands in a line of what was compiled, or begins last before it."""
        place: tuple[str, int | None] = (self.flat.name, None)
        if line is None:
            return place
        offset = 0
        for construct in self.flat.constructs:
            offset = self.source.find(construct.text, offset)
            if offset < 0 or self.source.count("\n", 0, offset) >= line:
                break
            place, offset = (construct.file, construct.line), offset + len(construct.text)
        return place


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """An e-mail in one language."""

    name: str
    locale: str
    subject: Text  # one variant a line, parted by VARIANT
    html: Text
    text: Text
    derived: bool  # whether the text is made from the HTML
    pictures: tuple[Picture, ...] = ()  # that it may show

    def subjects(self, values: Mapping[str, Any]) -> list[str]:
        """The variants of the subject, each one line; none where it comes out empty. Raises TemplateError."""
        return [words for line in self.subject.fill(values).split(VARIANT) if (words := " ".join(line.split()))]

    def render(self, values: Mapping[str, Any], chosen_by: str = "") -> Rendered:
        """The finished texts out of `values.for_letter(...)`. Raises TemplateError.

        Of a subject's variants the same one comes for the same `chosen_by`, each about as often; empty: the first.
        """
        subject, html, text = _chosen(self.subjects(values), chosen_by), self.html.fill(values), self.text.fill(values)
        shown = (*pictures.shown_in(html, self.pictures), *joining_code.shown_in(html, values))
        return Rendered(subject, html, _airy(plaintext.tidy(text) if self.derived else text), shown)


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A messenger text in one language."""

    name: str
    locale: str
    text: Text
    pictures: tuple[Picture, ...] = ()  # ours, that it may show

    def render(self, values: Mapping[str, Any]) -> RenderedMessage:
        """The finished text out of `values.for_letter(...)`, its buttons and pictures taken out of it. Raises TemplateError."""
        words, pressed = buttons.taken_out(self.text.fill(values))
        ours = {picture.url: picture for picture in self.pictures}
        shown = dict.fromkeys(html.unescape(source) for source in _PICTURE.findall(words))
        return RenderedMessage(_airy(buttons.without(_PICTURE, words)).strip(), pressed, tuple(ours.get(source, source) for source in shown))


def compiled(flat: Flat, source: str, environment: LetterEnvironment, change: Callable[[nodes.Template], object] | None = None) -> Text:
    """`source` (the flat text, styles put in where it is HTML) ready to be filled, what was read of it changed first. Raises TemplateError."""
    try:
        tree = sentences.put_in(environment.parse(source, flat.name, flat.name), environment.catalogue)
        if change:
            change(tree)
        sentences.join(tree)
        tree.set_environment(environment)
        code = environment.compile(tree, name=flat.name, filename=flat.name)
    except TemplateSyntaxError as error:
        raise TemplateError(Problem(flat.name, None, f"it can't be compiled: {error.message}.", "Check its {% %} and {{ }}.")) from error
    except (SyntaxError, RecursionError) as error:  # of the Python that Jinja writes: blocks a hundred deep
        raise TemplateError(Problem(flat.name, 1, *TOO_DEEP)) from error
    return Text(flat, source, Template.from_code(environment, code, dict(environment.globals)))


def with_variants(flat: Flat) -> Flat:
    """A subject whose lines are variants: line ends that the template itself holds part them, those of values don't."""
    parted = (replace(piece, text=piece.text.replace("\n", f"{VARIANT}\n")) if piece.kind is PieceKind.DATA else piece for piece in flat.pieces)
    return replace(flat, pieces=tuple(parted))


def _chosen(variants: list[str], by: str) -> str:
    if not variants:
        return ""
    return variants[int.from_bytes(hashlib.sha256(by.encode()).digest()[:8]) % len(variants) if by else 0]


def _airy(text: str) -> str:
    """Paragraphs parted by one empty line, and one line end at the end."""
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _line(trace: TracebackType | None, name: str) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
