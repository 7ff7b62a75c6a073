"""Styles once per template must give the same as styles for every finished letter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import event, given, settings
from lxml import html

from tests.letters import drawn
from tests.letters.drafts import sample_values
from winback.errors import Problem, TemplateError
from winback.letters import catalogue, locales, marks, markup, sandbox, source, styles, template
from winback.letters.source import Flat
from winback.model import ChannelName

EMAIL = ChannelName.EMAIL
ENVIRONMENT = sandbox.environment(locales.untranslated(), markup=True)
URLS = {"href", "src", "action"}
KEPT_IN_URLS = "".join(map(chr, range(0x21, 0x7F))).replace('"', "")


def tree(page: str) -> list[object]:
    """A document as what a reader's program makes of it: elements with their depth, attributes, texts and comments, in order.

    Two things may differ in writing and don't here. A character may stand as itself or by its name (`"` and `&quot;`, a no-break space
    and `&nbsp;`): parsing makes them one. In URLs premailer's serialiser writes blanks and letters beyond ASCII as %XX, and cuts blanks
    before the URL, where a value put in after it stays as it is: programs do the same before they ask for the page (RFC 3987, 3.1).
    """
    return list(_elements(html.document_fromstring(page), 0))


def _elements(element: html.HtmlElement, depth: int) -> Iterator[object]:
    attributes = sorted(map(_attribute, element.attrib.items())) if isinstance(element.tag, str) else None
    yield depth, element.tag, attributes, element.text or "", element.tail or ""
    for inner in element:
        yield from _elements(inner, depth + 1)


def _attribute(item: tuple[str, str]) -> tuple[str, str]:
    name, value = item
    return (name, quote(value.lstrip(" "), safe=KEPT_IN_URLS)) if name in URLS else item


def both_ways(flat: Flat, values: dict[str, object], environment=ENVIRONMENT) -> tuple[list[object], list[object]]:
    once = template.compiled(flat, styles.inline(flat), environment).fill(values)
    each = styles.inlined(template.compiled(flat, flat.text, environment).fill(values))
    return tree(once), tree(each)


BARE = {"occasion": None, "months_silent": None, "last_order_on": None, "pixel_url": "", "telegram_url": "", "telegram_code_url": ""}


def test_every_shipped_letter_in_every_language_is_the_same_both_ways(letters):
    compared = 0
    for name in letters.names(EMAIL):
        flat = letters.flats(EMAIL, name)["body.html"]
        for language in letters.languages():
            if letters.problems_in(EMAIL, name, language):
                continue
            environment = sandbox.environment(letters.catalogue(language), markup=True)
            filled = sample_values(letters, EMAIL, name, language)
            needed = {need.partition(".")[0] for need in letters.needs(EMAIL, name)}
            without = {word: value for word, value in BARE.items() if word in filled and word not in needed}
            for values in (filled, filled | without):
                once, each = both_ways(flat, values, environment)
                assert once == each, (name, language)
                compared += 1
    assert compared >= 2 * len(letters.names(EMAIL))


def written(root: Path, files: dict[str, str]) -> Flat:
    for name, content in files.items():
        (root / name).write_text(content, encoding="utf-8")
    return source.flatten(root, "letter.html", "templates")


def refusals(flat: Flat) -> list[Problem]:
    return [*markup.in_email(flat), *catalogue.badly_written(flat)]


@settings(max_examples=100, deadline=None)
@given(files=drawn.SOUND, values=drawn.VALUES)
def test_letters_written_with_care_are_taken_and_are_the_same_both_ways(tmp_path_factory, files, values):
    flat = written(tmp_path_factory.mktemp("templates"), files)
    assert refusals(flat) == []
    once, each = both_ways(flat, values)
    assert once == each


@settings(max_examples=200, deadline=None)
@given(files=drawn.HASTY, values=drawn.VALUES)
def test_letters_written_in_a_hurry_are_refused_or_the_same_both_ways(tmp_path_factory, files, values):
    flat = written(tmp_path_factory.mktemp("templates"), files)
    problems = refusals(flat)
    event("refused" if problems else "taken")
    assert all(problem.file.startswith("templates/") and problem.line and problem.how for problem in problems)
    if not problems:
        once, each = both_ways(flat, values)
        assert once == each


@pytest.mark.parametrize("tag", ["li", "dd", "dt", "option"])
def test_what_follows_an_empty_item_stays_behind_it(tmp_path, tag):
    items = f'<{tag} class="a">{{% if flag %}}x{{% endif %}}</{tag}>\n<{tag}></{tag}> after'
    page = f"<!doctype html><html lang='en'><head><title>x</title><style>.a {{ color: #010101 }}</style></head><body><div>{items}</div></body></html>"
    flat = written(tmp_path, {"letter.html": page})
    once, each = both_ways(flat, {"flag": False})
    assert once == each
    assert [text for _, name, _, text, tail in once if name == tag] == ["", ""]
    assert [tail for _, name, _, text, tail in once if name == tag] == ["\n", " after"]


ROWS = "<table>{% for item in items %}<tr><td data-kind='{{ item }}'><p>x</p></td></tr>{% endfor %}</table>"
CHOICE = "{% if flag %}<p class='a'>1</p>{% endif %}<p class='b'>2</p><p class='a b'>3</p>"


@pytest.mark.parametrize("rule", ["", *drawn.HASTY_RULES])
@pytest.mark.parametrize("leaf", ["", *drawn.HASTY_LEAVES])
def test_each_thing_that_depends_on_values_is_refused_or_the_same_whatever_they_are(tmp_path, leaf, rule):
    sheet = f"<style>div .b {{ color: #abcdef }}\n{rule}</style>"
    flat = written(tmp_path, {"letter.html": f"<html><head>{sheet}</head><body>{leaf}<span>and</span><div>{CHOICE}</div>{ROWS}</body></html>"})
    if refusals(flat):
        return
    assert not rule
    for text in ("lt;", "60", "a", "one"):
        for flag in (True, False):
            values = {"text": text, "flag": flag, "items": ["one", "two"], "shop_url": "https://zerno.example/?x"}
            once, each = both_ways(flat, values)
            assert once == each, values


def test_rules_for_dark_mode_and_phones_keep_their_importance(letters):
    rendered = letters.email("we-miss-you", "en").render(sample_values(letters, EMAIL, "we-miss-you", "en")).html
    assert "prefers-color-scheme: dark" in rendered
    assert "background: #1a1613 !important" in rendered
    assert '<p class="text" style="margin:0 0 16px;' in rendered


@pytest.mark.parametrize("doctype", ["<!doctype html>", "<!DOCTYPE html>"])
def test_the_doctype_stays(doctype):
    assert styles.inlined(f"{doctype}<html><head></head><body></body></html>").startswith("<!DOCTYPE html>")


def test_a_colour_that_the_brand_lacks_is_named_with_its_line(shop):
    shop.write("emails/_base/plain.html", "<style>\n.a { color: var(--acent); }\n</style>")
    shop.write("emails/draft/body.html", '{% extends "_base/plain.html" %}')
    flat = source.flatten(shop.project.templates / "emails", "draft/body.html", "templates/emails")
    with pytest.raises(TemplateError, match=r"_base/plain.html:2: there is no colour `acent` in config/brand.yaml. Did you mean `accent`\?"):
        styles.paint(flat, {"accent": "#7a3b1d", "ink": "#2b2420"})


def test_a_construct_that_got_lost_or_moved_is_named(shop):
    shop.write("emails/draft/body.html", "<p>\n{{ a }}\n{{ b }}</p>")
    marked = marks.mark(source.flatten(shop.project.templates / "emails", "draft/body.html", "templates/emails"))
    assert marked.restore(marked.text) == "<p>\n{{ a }}\n{{ b }}</p>"
    for broken in ("<p>wbmark0x</p>", "<p>wbmark1xwbmark0x</p>", "<p>wbmark0xwbmark0xwbmark1x</p>"):
        with pytest.raises(TemplateError, match=r"draft/body\.html:[23]: this stands where HTML allows no text"):
            marked.restore(broken)


SHEET = """
/* a note { of } ours */
@import url(no.css);
body, .card { color: #010101 }
.card:hover, .card { color: #020202 }
.nowhere { color: #030303 }
[data-ogsc] .card { color: #040404 }
.ExternalClass, #outlook a { width: 100% }
.cell { width: 10px }
@font-face { font-family: Tea; src: url(tea.woff2) }
@media (max-width: 480px) { .card { color: #050505 !important } .nowhere { color: #060606 } }
"""


def test_of_the_sheet_stays_what_no_element_can_hold():
    page = f"""<!DOCTYPE html><html><head><title>x</title><style>{SHEET}</style><style media="print">.card {{ color: #070707 }}</style></head>
    <body><p class="card">x</p><!--[if mso]><table><tr><td class="cell"><![endif]--></body></html>"""
    document = html.document_fromstring(styles.inlined(page))
    left, of_paper = document.xpath("//style/text()")
    assert left.split("\n") == [
        "",
        "@import url(no.css);",
        ".card:hover { color: #020202 }",
        "[data-ogsc] .card { color: #040404 }",
        ".ExternalClass, #outlook a { width: 100% }",
        ".cell { width: 10px }",
        "@font-face { font-family: Tea; src: url(tea.woff2) }",
        "@media (max-width: 480px) { .card { color: #050505 !important } .nowhere { color: #060606 } }",
        "",
    ]
    assert of_paper == ".card { color: #070707 }"
    assert document.xpath("string(//p/@style)") == "color:#020202"


@pytest.mark.parametrize(
    "sheet", [".card { color: #010101 } }", ".card { color: #010101", "@media print { @supports (x: y) { .card { color: #010101 } } }"]
)
def test_a_sheet_that_cant_be_taken_apart_stays_whole(sheet):
    page = f"<!DOCTYPE html><html><head><title>x</title><style>{sheet}</style></head><body><p class='card'>x</p></body></html>"
    assert html.document_fromstring(styles.inlined(page)).xpath("string(//style)") == sheet
