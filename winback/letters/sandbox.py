"""The Jinja that templates are written in: strict about what is missing, and able to do nothing but write."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from jinja2 import Environment, StrictUndefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from winback.letters import apostrophes, formats, locales, sentences
from winback.letters.locales import Catalogue

_I18N = "jinja2.ext.i18n"

SYNTAX = Environment(extensions=[_I18N], autoescape=True)
"""Reads templates, never runs them."""
SYNTAX.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's own switch

FILTERS = frozenset({*formats.FILTERS, "upper", "lower", "capitalize", "trim"})
"""What a value may be passed through."""


_UNREADABLE = (date, dict, float)
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})


class _ShortCodeGenerator(CodeGenerator):
    """Puts every value out by one call: `finalize` looks at it and escapes it, instead of two, and an object that says it is escaped."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002  # Jinja's own signature
        self.write("environment.finalize(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002  # as above
        self.write(")")


class LetterEnvironment(ImmutableSandboxedEnvironment):
    """Writes values and joins texts; calculates nothing, so that no short template makes a gigabyte out of one letter (`'a' * 10**9`).

    `reading` refuses calculations with their line before anything is compiled; this is for what it might miss. Intercepted operators are
    not reckoned while compiling either. Items of plain dicts are read without asking whether they might be methods: a third of a letter's
    time otherwise.
    """

    catalogue: Catalogue
    code_generator_class = _ShortCodeGenerator
    intercepted_binops = _OPERATORS
    intercepted_unops = frozenset({"+", "-"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002  # Jinja's own signature
        raise SecurityError("templates do not calculate")

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002  # as above
        raise SecurityError("templates do not calculate")

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Parts of our dicts, and what a loop knows of itself; no methods (`'a'.center(10**9)`), which needn't be asked for then."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute) if type(obj) is LoopContext else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, str(argument))


def environment(catalogue: Catalogue, *, markup: bool, image: Callable[[str], str] | None = None) -> LetterEnvironment:
    """Where one language's templates are compiled; values are escaped where the text is markup. `image` gives the URL of a picture."""
    read = _read_in_uzbek if catalogue.locale == "uz" else _read
    finalize = _escaped_by(read) if markup else lambda value: str(read(value))
    made = LetterEnvironment(extensions=[_I18N], autoescape=markup, undefined=StrictUndefined, finalize=finalize, cache_size=0)
    made.globals.clear()
    if image:
        made.globals["image"] = image
    made.catalogue = catalogue
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # as in SYNTAX; sentences.py puts the translations in
    made.filters = {name: made.filters[name] for name in FILTERS & made.filters.keys()} | _writing(catalogue.locale)
    made.filters[sentences.PLURAL_FORM] = catalogue.plural
    made.tests = {"none": made.tests["none"]}
    return made


def _writing(language: str) -> dict[str, Callable[..., str]]:
    """The filters of formats.py, each in the reader's own locale: the letter's language as their country writes it."""

    def filter_for(name: str) -> Callable[..., str]:
        @pass_context
        def write(context: Context, value: Any, *arguments: Any) -> str:
            reader = context.get("customer")
            locale = locales.babel_name(language, reader["country"] if type(reader) is dict else "")
            if name == "ago":
                arguments = (*arguments, context["today"])
            return formats.FILTERS[name](value, *arguments, locale=locale)

        return write

    return {name: filter_for(name) for name in formats.FILTERS}


def _escaped_by(read: Callable[[Any], Any]) -> Callable[[Any], str]:
    """Values as markup shows them. Most are words without a sign to escape, in which `_read` finds nothing either."""
    reads_words = read is not _read

    find = _SIGNS.search

    def escaped(value: Any) -> str:
        if type(value) is not str or reads_words:
            value = read(value)
        return value if type(value) is str and not find(value) else str(escape(value))

    return escaped


_SIGNS = re.compile("[&<>'\"]")


def _read(value: Any) -> Any:
    """Every value on its way into the text: nothing that a reader couldn't read."""
    if value is None or isinstance(value, _UNREADABLE):
        raise TypeError(f"{value!r} would be written as it is")
    return value


def _read_in_uzbek(value: Any) -> Any:
    """The same, whatever apostrophes the shop's data are typed with: Farg'ona beside soʻm would look pieced together. Addresses stay."""
    value = _read(value)
    if not isinstance(value, str) or "://" in value:
        return value
    printed = apostrophes.uzbek(value)
    return Markup(printed) if isinstance(value, Markup) else printed  # noqa: S704  # it was markup before, and no sign of markup was added
