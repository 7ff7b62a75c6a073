"""What the Jinja of letters can't do, even where reading the template has missed it; and what is the same in every language."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import SecurityError, UndefinedError

from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.letters import locales, sandbox, source, template
from winback.model import ChannelName

EMAIL = ChannelName.EMAIL


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ 'a' * 10**9 }}", SecurityError),
        ("{{ [1] * 10**9 }}", SecurityError),
        ("{{ '%1000000000d' % 1 }}", SecurityError),
        ("{{ 9 ** 9 ** 9 }}", SecurityError),
        ("{{ 1 + 1 }}", SecurityError),
        ("{{ -1 }}", SecurityError),
        ("{{ 'a'.center(1000000000) }}", UndefinedError),
        ("{{ '{:>1000000000}'.format(1) }}", UndefinedError),
        ("{{ ''['join'](['a', 'b']) }}", UndefinedError),
        ("{{ ''.__class__ }}", UndefinedError),
        ("{{ values.pop }}", UndefinedError),
        ("{% for x in range(10) %}{% endfor %}", UndefinedError),
        ("{{ 'a' | attr('upper') }}", JinjaError),
        ("{{ 'a' | center(1000000000) }}", JinjaError),
        ("{{ values.b }}", TypeError),
        ("{{ day }}", TypeError),
    ],
)
def test_it_only_writes(text, error):
    environment = sandbox.environment(locales.untranslated(), markup=True)
    tracemalloc.start()
    with pytest.raises(error):
        environment.from_string(text).render(values={"a": 1, "b": None}, day=date(2026, 3, 9))
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ 'a' ~ 'b' }}", "ab"),
        ("{{ values.a }}{% for x in ['y', 'z'] %}{{ loop.index }}{{ x }}{% endfor %}", "11y2z"),
        ("{{ 'a' | upper }}", "A"),
        ("{{ '<b>' }}", "&lt;b&gt;"),
    ],
)
def test_it_does_write(text, written):
    assert sandbox.environment(locales.untranslated(), markup=True).from_string(text).render(values={"a": 1}) == written


def test_a_text_compiled_once_is_written_as_each_language_does(letters, tmp_path):
    (tmp_path / "letter").write_text("{{ 1234.5 | number }} {{ day | day }} {% trans %}Warmly,{% endtrans %}", encoding="utf-8")
    flat = source.flatten(tmp_path, "letter", "t")
    texts = {
        language: template.compiled(flat, flat.text, sandbox.environment(letters.catalogue(language), markup=False))
        for language in ("en", "uk", "en")
    }
    assert {language: text.fill({"day": date(2026, 3, 9)}) for language, text in texts.items()} == {
        "en": "1,234.5 March 9 Warmly,",
        "uk": "1\xa0234,5 9 березня З теплом,",
    }


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("<p>\n\n{{ offer.text }}</p>", "templates/emails/draft/body.html:5"),
        ("<p>{{ salutation }}\n\n{{ salutation }} {{ offer.text }}</p>\n\n{{ offer.text }}", "templates/emails/draft/body.html:5"),
        ("<p>\n{% trans trimmed %}\nUntil\n{{ occasion }}{% endtrans %}</p>{% include '_parts/gift.html' %}", "templates/emails/_parts/gift.html:3"),
        ("{% if orders_count %}<p>x</p>{% endif %}\n{% if offer.text %}<p>x</p>{% endif %}", "templates/emails/draft/body.html:4"),
    ],
)
def test_a_value_that_is_missing_is_told_with_the_line_that_wants_it(shop, body, place):
    shop.email(body)
    letters = shop.library()
    with pytest.raises(TemplateError) as refused:
        letters.email("draft", "en").render(sample_values(letters, EMAIL, "draft", "en", offer=None))
    assert str(refused.value).startswith(f"{place}: it can't be filled in: 'None' has no attribute 'text'.")


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
        "{% if a %}" * 150 + "x" + "{% endif %}" * 150,
        "{% if a %}" * 500 + "x" + "{% endif %}" * 500,
        "{{ a" + ".b" * 3000 + " }}",
        "{{ " + "'a' if a else " * 1000 + "'b' }}",
    ],
    ids=["brackets", "150 ifs", "500 ifs", "dots", "else"],
)
def test_what_lies_too_deep_is_told_and_breaks_nothing(shop, text):
    shop.email(f"<p>{text.replace('a', 'today')}</p>")
    with pytest.raises(TemplateError, match=r"templates/emails/draft/body\.html:\d+: "):
        shop.library().email("draft", "en")


def test_a_file_that_is_no_letter_is_not_read(tmp_path: Path):
    (tmp_path / "letter").write_text("x" * (source.LARGEST_FILE + 1), encoding="utf-8")
    with pytest.raises(TemplateError, match=r"t/letter:1: it has 500,001 bytes; no text of a letter needs more than 500,000\."):
        source.flatten(tmp_path, "letter", "t")
