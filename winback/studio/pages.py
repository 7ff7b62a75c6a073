"""The studio's page templates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from winback.letters import formats, locales
from winback.speech import Language
from winback.studio import words
from winback.studio.words import NP_


def render(name: str, *, language: Language = Language.EN, **values: object) -> str:
    """A page's HTML; every value is escaped."""
    return templates(language).get_template(name).render(**values)


@cache
def templates(language: Language) -> jinja2.Environment:
    """The templates as they speak a language.

    A sentence holds no markup, whoever wrote it: what a page says by `_` is escaped like any value. So `_` may be given what isn't in the
    catalogues too, such as a message that names what somebody typed.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("winback.studio"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    gettext, ngettext = words.sayings(language)

    def say(sentence: str, /, **values: object) -> Markup:
        return _filled(gettext(sentence), values)

    def count(singular: str, plural: str, number: int, /, **values: object) -> Markup:
        return _filled(ngettext(singular, plural, number), {"num": formats.write_number(number, locale=language), **values})

    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's: `trans` hands values over instead of filling them in
    tag = locales.language_tag(language)
    environment.globals.update({"_": say, "gettext": say, "ngettext": count, "pgettext": lambda context, word: say(NP_(context, word)), "lang": tag})
    environment.filters["number"] = lambda value: formats.write_number(value, locale=language)
    return environment


def _filled(sentence: str, values: Mapping[str, Any]) -> Markup:
    """The sentence with its values, all escaped; `%%` is a percent sign in both."""
    return escape(sentence) % values if values else escape(sentence.replace("%%", "%"))
