"""Layouts, parts and lines."""

from __future__ import annotations

import re

import pytest

from winback.errors import TemplateError
from winback.letters import source


@pytest.fixture
def flatten(tmp_path):
    """Write files, put the last one together."""

    def flattened(**files: str):
        for name, content in files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        return source.flatten(tmp_path, next(reversed(files)), "t")

    return flattened


def test_a_letter_fills_the_blocks_of_its_layout_and_leaves_the_others(flatten):
    flat = flatten(
        base="A{% block one %}1{% endblock %}B{% block two %}2{% endblock %}C",
        letter='{% extends "base" %}{% block one %}{{ x }}{% endblock %}',
    )
    assert flat.text == "A{{ x }}B2C"


def test_layouts_may_stand_on_layouts_and_parts_in_parts(flatten):
    flat = flatten(
        page="[{% block all %}{% endblock %}]",
        base='{% extends "page" %}{% block all %}<{% block body %}{% endblock %}>{% endblock %}',
        inner="inner",
        part='({% include "inner" %})',
        letter='{% extends "base" %}{% block body %}{% include "part" %}{% include "part" %}{% endblock %}',
    )
    assert flat.text == "[<(inner)(inner)>]"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a\n{% if x %}\nb\n{% endif %}\nc", "a\n{% if x %}b\n{% endif %}c"),
        ("  {% if x %}  \n  b\n  {% endif %}\n", "{% if x %}  b\n{% endif %}"),
        ("a\n{# why #}\nb", "a\nb"),
        ("a {# why #} b", "a  b"),
        ("{% set y = x %}\na", "{% set y = x %}a"),
        ("a {% if x %}b{% endif %}\nc", "a {% if x %}b{% endif %}\nc"),
        ("{{ x }}\n{{ y }}", "{{ x }}\n{{ y }}"),
        ("{% trans %}a{% endtrans %}\nb", "{% trans %}a{% endtrans %}\nb"),
        ("{% if x %}\n\n{% endif %}\n", "{% if x %}\n{% endif %}"),
        ("{% if x %}  {{ y }}\n{% endif %}", "{% if x %}  {{ y }}\n{% endif %}"),
        ("{% if x %}{{ y }}\n{% endif %}\n\n", "{% if x %}{{ y }}\n{% endif %}"),
        ("s\n{% if x %}\r\ns\r\n{% endif %}", "s\n{% if x %}s\n{% endif %}"),
        ("{% if x %}\n{% if y %}\nb\n{% endif %}\n{% endif %}\nc", "{% if x %}{% if y %}b\n{% endif %}{% endif %}c"),
    ],
)
def test_a_line_with_nothing_but_a_statement_is_not_sent(flatten, written, sent):
    assert flatten(letter=written).text == sent


def test_a_part_keeps_the_line_it_stands_in(flatten):
    assert flatten(part="1\n2\n", letter='a\n{% include "part" %}\nb').text == "a\n1\n2\nb"


def test_every_construct_remembers_where_it_was_written(flatten):
    flat = flatten(
        base="\n<p>{{ first }}</p>\n{% block body %}\n{% endblock %}\n",
        part="{# first line #}\n{{ third }}",
        letter='{% extends "base" %}\n{% block body %}\n\n{% if a %}\n{{ second }}\n{% endif %}\n{% include "part" %}\n{% endblock %}',
    )
    assert [(piece.text, piece.file, piece.line) for piece in flat.constructs] == [
        ("{{ first }}", "t/base", 2),
        ("{% if a %}", "t/letter", 4),
        ("{{ second }}", "t/letter", 5),
        ("{% endif %}", "t/letter", 6),
        ("{{ third }}", "t/part", 2),
    ]
    assert [flat.construct_at(line).text for line in range(1, 6)] == [piece.text for piece in flat.constructs]


@pytest.mark.parametrize(
    ("letter", "message"),
    [
        ('a\n{% include "patr" %}', "t/letter:2: there is no `patr`."),
        ('{% include "../secret" %}', "t/letter:1: there is no `../secret`."),
        ('\n{% extends "bsae" %}', "t/letter:2: there is no `bsae`."),
        ('{% include "letter" %}', "t/letter:1: `letter` comes back to itself."),
        ('{% extends "base" %}{% block bdoy %}{% endblock %}', "t/letter:1: `base` has no block `bdoy`. Did you mean `body`?"),
        ('{% extends "base" %}\n\n<p>Lost</p>', "t/letter:3: this stands outside of every block, so it would never be sent."),
        ("{% include name %}", "t/letter:1: the file is not named by a plain text."),
        ("a\n{% raw %}{{ x }}{% endraw %}", "t/letter:2: {% raw %} is not read here."),
        ("a\n\n{% if x %}", "t/letter:3: it can't be read: "),
        ("a\n{{ x }", "t/letter:2: it can't be read: "),
        ("{% trans %}a {{ b.c }}{% endtrans %}", "t/letter:1: it can't be read: "),
        ("{% trans %}\n{% if x %}{% endif %}{% endtrans %}", "A sentence to translate holds text and {{ names }} only."),
    ],
)
def test_what_cannot_be_put_together_is_named_with_file_and_line(flatten, letter, message):
    with pytest.raises(TemplateError, match=re.escape(message)):
        flatten(base="{% block body %}{% endblock %}", letter=letter)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "letter").write_bytes("Вітаємо".encode("cp1251"))
    with pytest.raises(TemplateError, match=r"t/letter: byte 2 is not UTF-8\. Save the file as UTF-8\."):
        source.flatten(tmp_path, "letter", "t")
