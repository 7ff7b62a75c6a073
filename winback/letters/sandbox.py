"""The Jinja that templates are written in: strict about what is missing, and able to do nothing but write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from winback.letters import locales
from winback.letters.locales import Catalogue

_I18N = "jinja2.ext.i18n"

SYNTAX = Environment(extensions=[_I18N], autoescape=True)
"""Reads templates, never runs them."""
SYNTAX.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's own switch

FILTERS = frozenset({"date", "day", "number", "money", "upper", "lower", "capitalize", "trim"})
"""What a value may be passed through."""


class _Environment(ImmutableSandboxedEnvironment):
    """Reads items of plain dicts without asking whether they might be methods: a third of a letter's time otherwise."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def environment(catalogue: Catalogue, *, markup: bool, image: Callable[[str], str] | None = None) -> Environment:
    """Where one language's templates are compiled; values are escaped where the text is markup. `image` gives the URL of a picture."""
    made = _Environment(extensions=[_I18N], autoescape=markup, undefined=StrictUndefined, finalize=_written, cache_size=0)
    made.globals.clear()
    if image:
        made.globals["image"] = image
    made.install_gettext_callables(  # type: ignore[attr-defined]  # put there by the extension
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext, npgettext=catalogue.npgettext
    )
    made.filters = {name: made.filters[name] for name in FILTERS & made.filters.keys()} | locales.filters(catalogue.locale)
    made.tests = {"none": made.tests["none"]}
    return made


def _written(value: Any) -> Any:
    """Every value on its way into the text: nothing that a reader couldn't read."""
    if value is None or isinstance(value, date | dict | float):
        raise TypeError(f"{value!r} would be written as it is")
    return value
