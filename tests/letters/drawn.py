"""Letters drawn by hypothesis: well-formed ones, and ones that somebody in a hurry might write."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="{}#%<>&"), max_size=12)
VALUES = st.fixed_dictionaries(
    {
        "text": WORDS | st.sampled_from(["<b>", "a & b", '"', "'", "wbmark0x", "}}", "lt;", "-->", "&amp;", " a  b "]),
        "part": st.fixed_dictionaries({"text": WORDS}),
        "shop_url": st.sampled_from(["https://zerno.example/?a=1&b=2", "https://зерно.example/кава?сорт=два смаки", "https://zerno.example/a'b"]),
        "flag": st.booleans(),
        "other": st.booleans(),
        "items": st.lists(st.sampled_from(["one", "two & three", "<i>"]), max_size=3),
    }
)

_SOUND_RULES = st.sampled_from(
    [
        ".a { color: #112233; padding: 3px }",
        "div .b { margin: 0 0 4px; font-family: Georgia, 'Times New Roman', serif }",
        "div > .a { color: #445566 !important }",
        "span.b, td { line-height: 20px; text-align: center }",
        "table td p, #one { font-size: 15px }",
        "img { float: left; width: 20px }",
        ".a:hover { color: #778899 }",
        "[data-ogsc] .a { color: #ffffff }",
        "/* td + td { */",
        "@media (prefers-color-scheme: dark) { .a { color: #fff !important } .b + .b, tr:nth-child(2n) td { color: #eee !important } }",
    ]
)
HASTY_RULES = [
    "tr:nth-child(2) td { color: #010101 }",
    "p:first-child { color: #020202 }",
    ".b:last-child { color: #030303 }",
    ".a + .b { color: #040404 }",
    ".a ~ p { color: #050505 }",
    "[data-kind='one'] { color: #060606 }",
    "a[href] { color: #070707 }",
    "div * { color: #080808 }",
    ".{{ text }} { color: #090909 }",
    "@import 'more.css'; .a + .b { color: #0b0b0b }",
]
_CLASSES = st.sampled_from(["", ' class="a"', ' class="b"', ' class="a b"', ' id="one"', ' data-ogsc=""', ' style="color: #aabbcc"'])
_SOUND_LEAVES = st.one_of(
    WORDS,
    st.sampled_from(
        [
            "{{ text }}",
            "{{ part.text }}",
            "{{ text | upper }}",
            " {{- text -}} ",
            "{% trans name=text %}Hello {{ name }}!{% endtrans %}",
            "{# not sent #}",
            "{% set local = text %}{{ local }}",
            "{% set local %}so {{ text }}{% endset %}{{ local }}",
            "&nbsp;&mdash;",
            "a &lt;b&gt; &amp;lt; &#8212; &copy;",
            "AT&T & Co",
            "<!-- a note -->",
            "<!--[if mso]><i>{{ text }}</i><![endif]-->",
            "<!--[if !mso]><!--><b>{{ text }}</b><!--<![endif]-->",
            '<a href="{{ shop_url }}" class="a" title="{{ text }}">x</a>',
            "<a href='https://зерно.example/чай?a=1&amp;b={{ text }}'>x</a>",
            '<img src="{{ shop_url }}" alt="{% if flag %}{{ part.text }}{% else %}tea{% endif %}" class="b">',
            '<p class="b" title=\'{{ text }} & "so"\'>x</p>',
            "<br>",
        ]
    ),
)
HASTY_LEAVES = [
    "&{{ text }}",
    "&#{{ text }};",
    '<a href="{{ shop_url }}&{{ text }}">x</a>',
    '<p class="{{ text }}">x</p>',
    '<p data-kind="{{ text }}">x</p>',
    "<p>x{% if flag %}<table><tr><td>y</td></tr></table>{% endif %} {{ text }}</p>",
    "{% set later %}<b class='b'>x</b>{% endset %}<div>{{ later }}</div>",
    "<style>.a { font-size: 10px }</style>",
    "{% if flag %}<style>.a { font-size: 12px }</style>{% endif %}",
    "a < b {{ text }} > c",
    "</p>",
    "<td>x</td>",
    "<tr>",
    "{% if flag %}</div>{% endif %}",
]


def _nested(inner: st.SearchStrategy[str], tags: list[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds(lambda tag, css, body: f"<{tag}{css}>{body}</{tag}>", st.sampled_from(tags), _CLASSES, several),
        st.builds("{{% if flag %}}{}{{% endif %}}".format, several),
        st.builds("{{% if flag and text %}}\n{}\n{{% elif other %}}{}{{% else %}}{}{{% endif %}}".format, several, several, several),
        st.builds("{{% for item in items %}}{}{{{{ item }}}}{{% else %}}{}{{% endfor %}}".format, several, several),
        st.builds("{{% with local = text %}}{}{{{{ local }}}}{{% endwith %}}".format, several),
        st.builds('<table class="b">{{% for item in items %}}<tr><td{}>{}</td></tr>{{% endfor %}}</table>'.format, _CLASSES, several),
        st.builds(
            "<table><tbody><tr>{{% if flag %}}<td{}>{}</td>{{% else %}}<td colspan='2'>{}</td><td>x</td>{{% endif %}}<td>{{{{ text }}}}</td></tr>"
            "{{% if other %}}<tr{}><th>{}</th></tr>{{% endif %}}</tbody></table>".format,
            _CLASSES,
            several,
            several,
            _CLASSES,
            several,
        ),
    )


def _letters(leaves: st.SearchStrategy[str], rules: st.SearchStrategy[str], tags: list[str]) -> st.SearchStrategy[dict[str, str]]:
    """Files by name: letter.html in a layout, with parts that include each other."""
    bodies = st.lists(st.recursive(leaves, lambda inner: _nested(inner, tags), max_leaves=12), max_size=4).map("\n".join)
    return st.builds(
        lambda sheet, before, body, part, inner: {
            "layout.html": f"<!doctype html><html lang='en'><head><title>{{{{ text }}}}</title><style>\n{sheet}\n</style></head>"
            f'<body class="b">{before}\n{{% block body %}}{{% endblock %}}\n{{% include "inner.html" %}}</body></html>',
            "letter.html": f'{{% extends "layout.html" %}}\n{{% block body %}}<div>{body}{{% include "part.html" %}}</div>{{% endblock %}}\n',
            "part.html": f'<div class="a">\n{part}\n{{% if other %}}\n{{% include "inner.html" %}}\n{{% endif %}}\n</div>',
            "inner.html": inner,
        },
        st.lists(rules, max_size=6).map("\n".join),
        *[bodies] * 4,
    )


SOUND = _letters(_SOUND_LEAVES, _SOUND_RULES, ["div", "span", "center"])
"""What a careful person writes: nothing in them may be refused."""
HASTY = _letters(
    _SOUND_LEAVES | _SOUND_LEAVES | _SOUND_LEAVES | st.sampled_from(HASTY_LEAVES),
    _SOUND_RULES | st.sampled_from(HASTY_RULES),
    ["div", "p", "a", "td", "tr", "li", "ul", "h1", "pre"],
)
"""What may have to be refused."""
