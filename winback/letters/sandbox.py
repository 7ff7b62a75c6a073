"""The Jinja that templates are written in: strict about what is missing, and able to do nothing but write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from winback.letters import locales
from winback.letters.locales import Catalogue

_I18N = "jinja2.ext.i18n"

SYNTAX = Environment(extensions=[_I18N], autoescape=True)
"""Reads templates, never runs them."""
SYNTAX.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's own switch

FILTERS = frozenset({"date", "day", "number", "money", "upper", "lower", "capitalize", "trim"})
"""What a value may be passed through."""


_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})


class _Environment(ImmutableSandboxedEnvironment):
    """Writes values and joins texts; calculates nothing, so that no short template makes a gigabyte out of one letter (`'a' * 10**9`).

    `reading` refuses calculations with their line before anything is compiled; this is for what it might miss. Intercepted operators are
    not reckoned while compiling either.
    """

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


def environment(catalogue: Catalogue, *, markup: bool) -> Environment:
    """Where one language's templates are compiled; values are escaped where the text is markup."""
    made = _Environment(extensions=[_I18N], autoescape=markup, undefined=StrictUndefined, finalize=_written, cache_size=0)
    made.globals.clear()
    made.install_gettext_callables(  # type: ignore[attr-defined]  # put there by the extension
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext, npgettext=catalogue.npgettext
    )
    made.filters = {name: made.filters[name] for name in FILTERS & made.filters.keys()} | {
        name: _not_while_compiling(write) for name, write in locales.filters(catalogue.locale).items()
    }
    made.tests = {"none": made.tests["none"]}
    return made


def _not_while_compiling(write: Callable[..., str]) -> Callable[..., str]:
    """A filter that Jinja doesn't reckon in advance: what is compiled is the same for every language."""

    @pass_context
    def written(_context: Context, *values: Any) -> str:
        return write(*values)

    return written


def _written(value: Any) -> Any:
    """Every value on its way into the text: nothing that a reader couldn't read."""
    if value is None or isinstance(value, date | dict | float):
        raise TypeError(f"{value!r} would be written as it is")
    return value
