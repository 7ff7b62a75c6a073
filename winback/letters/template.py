"""A letter compiled for one language: values in, finished texts out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

from jinja2 import Environment, Template, TemplateSyntaxError

from winback.errors import Problem, TemplateError
from winback.letters import locales, sandbox
from winback.letters.source import TOO_DEEP, Flat

_BUTTON = re.compile(r'\s*<button href="([^"]*)">(.*?)</button>\s*', re.DOTALL)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An e-mail's texts."""

    subject: str  # one line
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A messenger's text in Telegram's HTML, and its link buttons as (label, URL)."""

    text: str
    buttons: tuple[tuple[str, str], ...]


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
    subject: Text
    html: Text
    text: Text

    def render(self, values: Mapping[str, Any]) -> Rendered:
        """The finished texts out of `values.for_letter(...)`. Raises TemplateError."""
        subject = " ".join(self.subject.fill(values).split())
        return Rendered(subject, self.html.fill(values), _airy(self.text.fill(values)))


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A messenger text in one language."""

    name: str
    locale: str
    text: Text

    def render(self, values: Mapping[str, Any]) -> RenderedMessage:
        """The finished text out of `values.for_letter(...)`, its `<button href>` elements taken out as buttons. Raises TemplateError."""
        filled = self.text.fill(values)
        buttons = tuple((html.unescape(label.strip()), html.unescape(url)) for url, label in _BUTTON.findall(filled))
        return RenderedMessage(_airy(_BUTTON.sub("\n", filled)).strip(), buttons)


def compiled(flat: Flat, source: str, environment: Environment) -> Text:
    """`source` (the flat text, styles put in where it is HTML) ready to be filled. Raises TemplateError."""
    code = _code(source, flat.name, bool(environment.autoescape))
    return Text(flat, source, Template.from_code(environment, code, environment.make_globals(None)))


@lru_cache(maxsize=256)
def _code(source: str, name: str, markup: bool) -> CodeType:
    """Jinja's Python for a text: the same in every language, as nothing is translated or written before it runs."""
    try:
        return sandbox.environment(locales.untranslated(), markup=markup).compile(source, name=name, filename=name)
    except TemplateSyntaxError as error:
        raise TemplateError(Problem(name, None, f"it can't be compiled: {error.message}.", "Check its {% %} and {{ }}.")) from error
    except (SyntaxError, RecursionError) as error:  # of the Python that Jinja writes: blocks a hundred deep
        raise TemplateError(Problem(name, 1, *TOO_DEEP)) from error


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
