"""Sentences put in at compile time say what Jinja's own extension would have said at run time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from winback.errors import TemplateError
from winback.letters import locales, sandbox, template
from winback.letters.locales import Catalogue, Translation
from winback.letters.pieces import Piece, PieceKind
from winback.letters.source import Flat


def said(*forms: str, plural: str | None = None) -> Translation:
    return Translation(forms, plural, fuzzy=False, line=1)


SENTENCES = {
    (None, "Hello!"): said("Вітаємо!"),
    (None, "Hello %(name)s, %(name)s of %(city)s!"): said("%(city)s: вітаємо, %(name)s, так, %(name)s!"),
    (None, "Save 15%% of %(sum)s"): said("%(sum)s, і 15%% ваші"),
    (None, "100%%"): said("100%%%%"),
    (None, "a & <b>"): said("а & <б>"),
    ("button", "Order"): said("Замовити"),
    (None, "%(count)s month"): said("%(count)s місяць", "%(count)s місяці", "%(count)s місяців", plural="%(count)s months"),
    (None, "%(num)s day"): said("%(num)s день, %(name)s", "%(num)s дні, %(name)s", "%(num)s днів, %(name)s", plural="%(num)s days"),
    ("ago", "one hour"): said("годину", "%(hours)s години", "%(hours)s годин", plural="%(hours)s hours"),
}


def plural(number: int) -> int:
    if number % 10 == 1 and number % 100 != 11:
        return 0
    return 1 if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else 2


UKRAINIAN = Catalogue("uk", "letters.po", SENTENCES, 3, plural)
TEXTS = [
    "{% trans %}Hello!{% endtrans %}",
    "<p>{% trans %}Hello {{ name }}, {{ name }} of {{ city }}!{% endtrans %}</p>",
    "{% trans sum=name | upper %}Save 15% of {{ sum }}{% endtrans %}",
    "{% trans %}100%{% endtrans %}",
    "{% trans %}a & <b>{% endtrans %}",
    '{% trans "button" %}Order{% endtrans %}',
    "{% trans count=number %}{{ count }} month{% pluralize %}{{ count }} months{% endtrans %}",
    "{% trans num=number, name=name %}{{ num }} day{% pluralize %}{{ num }} days{% endtrans %}",
    '{% trans "ago" hours=number %}one hour{% pluralize %}{{ hours }} hours{% endtrans %}',
    "{% set label %}{% trans %}Hello!{% endtrans %} {{ name }}{% endset %}[{{ label }}]",
    "{% for x in items %}{% trans name=x, city=city %}Hello {{ name }}, {{ name }} of {{ city }}!{% endtrans %}{% endfor %}",
    "{% trans trimmed name=name,\n city=city %}\nHello {{ name }},\n {{ name }} of {{ city }}!\n{% endtrans %}",
]


def ours(text: str, catalogue: Catalogue, *, markup: bool, **values: object) -> str:
    flat = Flat("letter", (Piece(PieceKind.SENTENCE, text, "letter", 1),))
    return template.compiled(flat, text, sandbox.environment(catalogue, markup=markup)).fill(values)


def jinjas(text: str, catalogue: Catalogue, *, markup: bool, **values: object) -> str:
    plain = Environment(extensions=["jinja2.ext.i18n"], autoescape=markup)
    plain.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext, npgettext=catalogue.npgettext)
    return plain.from_string(text).render(values)


@pytest.mark.parametrize("catalogue", [UKRAINIAN, locales.untranslated()], ids=["uk", "en"])
@pytest.mark.parametrize("markup", [True, False])
@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=25)
@given(name=st.text(max_size=12), city=st.sampled_from(["Київ", "<b>&amp;", "%(name)s", "%%", "{{ x }}"]), number=st.integers(0, 130))
def test_a_sentence_reads_as_jinja_would_have_written_it(text, markup, catalogue, name, city, number):
    values = {"name": name, "city": city, "number": number, "items": [name, city]}
    assert ours(text, catalogue, markup=markup, **values) == jinjas(text, catalogue, markup=markup, **values)


def test_a_value_inside_a_sentence_is_as_strict_as_outside():
    text = "{% trans name=name, city=name %}Hello {{ name }}, {{ name }} of {{ city }}!{% endtrans %}"
    for unreadable in (None, 1.5, {}):
        with pytest.raises(TemplateError, match="would be written as it is"):
            ours(text, UKRAINIAN, markup=True, name=unreadable)
    with pytest.raises(TemplateError, match="'name' is undefined"):
        ours(text, UKRAINIAN, markup=True)


def test_nothing_is_looked_up_while_a_letter_is_filled_in():
    made = sandbox.environment(UKRAINIAN, markup=True)
    assert "gettext" not in made.globals
    code = made.compile(template.sentences.put_in(made.parse("<p>{% trans %}Hello!{% endtrans %}</p>"), UKRAINIAN), raw=True)
    assert "Вітаємо!" in code
    assert "gettext" not in code
