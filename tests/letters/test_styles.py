"""Styles once per template must give the same as styles for every finished letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from tests.letters.drafts import sample_values
from winback.errors import TemplateError
from winback.letters import locales, marks, markup, sandbox, source, styles, template
from winback.letters.source import Flat
from winback.model import ChannelName

EMAIL = ChannelName.EMAIL
ENVIRONMENT = sandbox.environment(locales.untranslated(), markup=True)


def tree(page: str) -> list[object]:
    """A document as its elements, whatever way its characters are written."""
    return [
        (element.tag, sorted(element.attrib.items()) if isinstance(element.tag, str) else None, element.text or "", element.tail or "")
        for element in html.document_fromstring(page).iter()
    ]


def both_ways(flat: Flat, values: dict[str, object]) -> tuple[list[object], list[object]]:
    once = template.compiled(flat, styles.inline(flat), ENVIRONMENT).fill(values)
    each = styles.inlined(template.compiled(flat, flat.text, ENVIRONMENT).fill(values))
    return tree(once), tree(each)


@pytest.mark.parametrize("name", ["gift-with-code", "last-day-of-offer", "we-miss-you"])
@pytest.mark.parametrize("changes", [{}, {"occasion": None, "months_silent": None, "pixel_url": "", "telegram_url": ""}])
def test_every_shipped_letter_is_the_same_both_ways(letters, name, changes):
    once, each = both_ways(letters.flats(EMAIL, name)["body.html"], sample_values(letters, EMAIL, name, "en", **changes))
    assert once == each


SHEET = """
<style>
.a { color: #112233; padding: 3px }
div .b { margin: 0 0 4px; font-family: Georgia, 'Times New Roman', serif }
div > .a { color: #445566 !important }
span.b, td { line-height: 20px }
.a:hover { color: #778899 }
@media (prefers-color-scheme: dark) { .a { color: #ffffff !important } .b + .b { color: #eeeeee !important } }
</style>
"""
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="{}#%<>&"), max_size=12)
CLASSES = st.sampled_from(["", ' class="a"', ' class="b"', ' class="a b"'])
LEAVES = st.one_of(
    WORDS,
    st.sampled_from(
        ["{{ text }}", "{{ part.text }}", "{{ text | upper }}", "&nbsp;&mdash;", "{# not sent #}", "<!--[if mso]><i>{{ text }}</i><![endif]-->"]
    ),
    st.sampled_from(
        ['<a href="{{ shop_url }}" class="a" title="{{ text }}">x</a>', '<img src="{{ shop_url }}" alt="{{ part.text }}" class="b">', "<br>"]
    ),
)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds(lambda tag, css, body: f"<{tag}{css}>{body}</{tag}>", st.sampled_from(["div", "span", "b"]), CLASSES, several),
        st.builds("{{% if flag %}}{}{{% endif %}}".format, several),
        st.builds("{{% if flag and text %}}\n{}\n{{% elif other %}}{}{{% else %}}{}{{% endif %}}".format, several, several, several),
        st.builds("{{% for item in items %}}{}{{{{ item }}}}{{% endfor %}}".format, several),
        st.builds('<table class="b">{{% for item in items %}}<tr><td{}>{}</td></tr>{{% endfor %}}</table>'.format, CLASSES, several),
        st.builds("{{% with local = text %}}{}{{{{ local }}}}{{% endwith %}}".format, several),
    )


BODIES = st.lists(st.recursive(LEAVES, _around, max_leaves=12), max_size=4).map("\n".join)
VALUES = st.fixed_dictionaries(
    {
        "text": WORDS | st.sampled_from(["<b>", "a & b", '"', "wbmark0x", "}}"]),
        "part": st.fixed_dictionaries({"text": WORDS}),
        "shop_url": st.just("https://zerno.example/?a=1&b=2"),
        "flag": st.booleans(),
        "other": st.booleans(),
        "items": st.lists(st.sampled_from(["one", "two & three", "<i>"]), max_size=3),
    }
)


@settings(max_examples=80, deadline=None)
@given(body=BODIES, values=VALUES)
def test_generated_letters_are_the_same_both_ways(tmp_path_factory, body, values):
    root = tmp_path_factory.mktemp("templates")
    page = f"<!doctype html><html><head><title>T</title>{SHEET}</head><body><div>{body}</div></body></html>"
    (root / "letter.html").write_text(page, encoding="utf-8")
    flat = source.flatten(root, "letter.html", "templates")
    assert markup.in_email(flat) == []
    once, each = both_ways(flat, values)
    assert once == each


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
