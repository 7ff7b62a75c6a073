"""The studio's page templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from winback.errors import Problem
from winback.letters import locales
from winback.letters.completeness import Untranslated
from winback.outcomes import languages, wording
from winback.speech import Figure, Language, Said, amount, called, figure
from winback.studio import why_words, words
from winback.studio.words import NP_


def render(name: str, *, language: Language = Language.EN, **values: object) -> str:
    """A page's HTML; every value is escaped, and control characters, which no page may hold, are shown as what can't be shown.

    WHATWG HTML, "Preprocessing the input stream".
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", templates(language).get_template(name).render(**values))


def compile_all() -> None:
    """Have every template ready, so that nobody's first look at a page waits for that: as much as half of what such a look takes."""
    environment = templates(Language.EN)
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


class _Compiled(jinja2.BytecodeCache):
    """What templates are compiled to, once for all languages: they differ by what `_` says, and that is asked while a page is made."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._made.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key, bucket.checksum] = bucket.code


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_COMPILED = _Compiled()


@cache
def templates(language: Language) -> jinja2.Environment:
    """The templates as they speak a language.

    A sentence holds no markup, whoever wrote it: what a page says by `_` is escaped like any value. So `_` may be given what isn't in the
    catalogues too, such as a message that names what somebody typed.
    """
    gettext, ngettext = words.sayings(language)
    written = languages.words(language)

    def say(sentence: str, /, **values: object) -> Markup:
        if not isinstance(sentence, Said) or values:
            return _filled(gettext(sentence), {name: shown(value) for name, value in values.items()})
        if sentence.plural:
            return count(sentence.sentence, sentence.plural, sentence.number, **sentence.values)
        return say(sentence.sentence, **sentence.values)

    def count(singular: str, plural: str, number: int, /, **values: object) -> Markup:
        known = {"num": wording.number(number, words=written), **{name: shown(value) for name, value in values.items()}}
        return _filled(ngettext(singular, plural, number), known)

    def shown(value: Any) -> Any:
        """What knows what it was made of is said in the page's language wherever it stands; anything else stays as it is."""
        if isinstance(value, Figure):
            return (wording.percent if value.is_share else wording.number)(value.value, value.digits, written)
        value = str(value) if isinstance(value, Problem) else value
        return say(value) if isinstance(value, Said) else value

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("winback.studio"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
        extensions=["jinja2.ext.i18n"],
        finalize=shown,
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's: `trans` hands values over instead of filling them in
    tag = locales.language_tag(language)
    environment.globals.update({"_": say, "gettext": say, "ngettext": count, "pgettext": lambda context, word: say(NP_(context, word)), "lang": tag})
    environment.globals.update({"called": called, "amount": amount, "figure": figure})
    environment.globals.update({"why": why_words.why, "end": why_words.end, "part": why_words.part, "arm_word": why_words.arm})
    environment.filters["said"] = shown
    environment.tests["untranslated"] = lambda problem: isinstance(problem, Untranslated)
    environment.globals.update({each.__name__: partial(each, words=written) for each in (wording.number, wording.percent, wording.points)})
    return environment


def _filled(sentence: str, values: Mapping[str, Any]) -> Markup:
    """The sentence with its values, all escaped; `%%` is a percent sign in both."""
    return escape(sentence) % values if values else escape(sentence.replace("%%", "%"))
