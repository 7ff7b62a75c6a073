"""The plain text of a letter that has none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.letters import locales, pieces, plaintext, sandbox, template
from winback.letters.source import Flat
from winback.model import ChannelName

CASES = yaml.safe_load(Path(__file__).with_name("plaintexts.yaml").read_text(encoding="utf-8"))
ENVIRONMENT = sandbox.environment(locales.untranslated(), markup=False)
EMAIL = ChannelName.EMAIL


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["html"])
def test_html_becomes_the_text_that_the_table_says(case):
    flat = Flat("letter", plaintext.of(pieces.cut(case["html"], "letter"), "letter"))
    filled = template.compiled(flat, flat.text, ENVIRONMENT).fill({"a": "A", "url": "https://z.example/?a=1&b=2", "no": None})
    assert plaintext.tidy(filled).strip().replace("\xa0", " ") == case["text"]


def test_a_letter_without_a_text_gets_the_words_of_its_body_in_the_plain_layout(shop):
    shop.email("<p>Only <b>this</b>.</p>", text=None)
    text = shop.library().email("draft", "en").render(sample_values(shop.library(), EMAIL, "draft", "en")).text
    assert text.startswith("Hello Iryna,\n\nOnly this.\n\nWarmly,\n\nOlena Savchenko\n")
    assert "Unsubscribe: https://" in text


def test_a_text_of_its_own_is_taken_as_it_was_written(shop):
    shop.email("<p>This.</p>", text='{% extends "_base/letter.txt" %}{% block body %}\n   That,\n   indented.\n{% endblock %}')
    assert "\n   That,\n   indented.\n" in shop.library().email("draft", "en").render(sample_values(shop.library(), EMAIL, "draft", "en")).text


def test_a_letter_in_a_layout_without_a_plain_one_is_made_into_text_as_a_whole(shop):
    shop.write(
        "emails/_base/bare.html",
        "<html><head><title>T</title><style>p { color: red }</style></head><body><i>B</i>{% block body %}{% endblock %}</body></html>",
    )
    shop.email("x", text=None)
    shop.write(
        "emails/draft/body.html", '{% extends "_base/bare.html" %}{% block body %}<p><a href="{{ unsubscribe_url }}">Out</a></p>{% endblock %}'
    )
    text = shop.library().email("draft", "en").render(sample_values(shop.library(), EMAIL, "draft", "en")).text
    assert text == "B\n\nOut: https://u.example.com/sample\n"


def test_what_is_wrong_in_the_html_is_told_once_with_its_place(shop):
    shop.email("<p>x</p>\n<p>{{ custmer.city }}</p>", text=None)
    with pytest.raises(TemplateError) as refused:
        shop.library().email("draft", "en")
    assert [str(problem).partition(" is not")[0] for problem in dict.fromkeys(refused.value.problems)] == [
        "templates/emails/draft/body.html:4: `custmer.city`"
    ]


def test_an_own_body_in_a_language_wins_there_and_needs_no_translation(shop):
    shop.email("<p>{% trans %}Nobody translated this{% endtrans %}</p>", text=None)
    assert shop.library().problems_in(EMAIL, "draft", "uk")
    shop.write("emails/draft/body.uk.html", '{% extends "_base/letter.html" %}{% block body %}<p class="text">Зовсім інший лист.</p>{% endblock %}')
    texts = shop.library()
    ukrainian, english = (texts.email("draft", locale).render(sample_values(texts, EMAIL, "draft", locale)) for locale in ("uk", "en"))
    assert "Зовсім інший лист." in ukrainian.html
    assert "Зовсім інший лист." in ukrainian.text
    assert "Nobody translated this" in english.html
    assert "font-size:16px" in ukrainian.html.partition("Зовсім")[0][-200:]


def test_an_own_body_is_checked_like_any_other(shop):
    shop.email("<p>x</p>", text=None)
    shop.write("emails/draft/body.uk.html", '{% extends "_base/letter.html" %}{% block body %}<p>{{ offr.text }}{% endblock %}')
    said = [str(problem) for problem in shop.library().faults(EMAIL, "draft")]
    assert any(problem.startswith("templates/emails/draft/body.uk.html:1: `offr.text` is not known here.") for problem in said)
    assert any(problem.startswith("templates/emails/draft/body.uk.html:1: <p> is never closed.") for problem in said)


def test_a_line_end_in_a_value_parts_no_subject(shop):
    shop.email("<p>x</p>", subject="{{ offer.text }}\n\nSecond", text=None)
    filled = sample_values(shop.library(), EMAIL, "draft", "en")
    filled["offer"] = filled["offer"] | {"text": "tea\n and\r\ncake"}
    letter = shop.library().email("draft", "en")
    assert {letter.render(filled, str(number)).subject for number in range(20)} == {"tea and cake", "Second"}
