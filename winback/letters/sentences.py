"""Sentences put into a template in the letter's language while it is compiled, so that filling one in looks nothing up.

A sentence without values becomes part of the text around it. One with values becomes text and values in the translator's order; one that
counts becomes a choice between its plural forms. Values are escaped and refused (`None`, days, floats) like everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from winback.letters.locales import Catalogue
from winback.letters.wording import SOURCE

PLURAL_FORM = "which plural form"
"""The filter that a choice asks; no template can name it."""

_FUNCTIONS = frozenset({"gettext", "ngettext", "pgettext", "npgettext"})
_PARTS = re.compile(r"%\((\w+)\)s|(%%)")


def put_in(template: nodes.Template, catalogue: Catalogue) -> nodes.Template:
    """The template with every sentence in the catalogue's language. Its environment must have the filter PLURAL_FORM."""
    _Translating(catalogue).visit(template)
    return template


def join(node: nodes.Node) -> None:
    """Texts that follow one another become one: what was parted by a sentence is put out at once."""
    for _, value in node.iter_fields():
        if isinstance(value, list):
            joined: list[Any] = []
            for each in value:
                if isinstance(each, nodes.Output) and joined and isinstance(joined[-1], nodes.Output):
                    joined[-1].nodes += each.nodes
                else:
                    joined.append(each)
            value[:] = joined
    for child in node.iter_child_nodes():
        join(child)


class _Translating(NodeTransformer):
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802  # the visitor's own way of naming
        match node.nodes:
            case [nodes.Call(node=nodes.Name(name=name)) as call] if name in _FUNCTIONS:
                return self._sentence(name, call).set_lineno(node.lineno)
        return node

    def _sentence(self, function: str, call: nodes.Call) -> nodes.Node:
        """{% trans %} as Jinja's own extension reads it: a call with its texts, the number it counts, and its values by name."""
        arguments = list(call.args)
        context = _text(arguments.pop(0)) if function.startswith(("p", "np")) else None
        values = {keyword.key: keyword.value for keyword in call.kwargs}
        singular = _text(arguments[0])
        if not function.startswith("n"):
            return nodes.Output(list(_parts(self._forms(context, singular, None)[0], values)))
        count = arguments[2]
        forms = self._forms(context, singular, _text(arguments[1]))
        written = [nodes.Output(list(_parts(form, {"num": count} | values))) for form in forms]
        return _choice(count, written)

    def _forms(self, context: str | None, singular: str, plural: str | None) -> tuple[str, ...]:
        if self.catalogue.locale == SOURCE:
            return (singular,) if plural is None else (singular, plural)
        return self.catalogue.translations[context, singular].forms


def _choice(count: nodes.Expr, written: list[nodes.Output]) -> nodes.Node:
    """The form that the number asks for; the last one where it asks for none of the others."""

    def is_form(index: int) -> nodes.Expr:
        asked = nodes.Filter(count, PLURAL_FORM, [], [], None, None)
        return nodes.Compare(asked, [nodes.Operand("eq", nodes.Const(index))])

    if len(written) == 1:
        return written[0]
    others: list[nodes.If] = [nodes.If(is_form(index), [form], [], []) for index, form in enumerate(written[1:-1], start=1)]
    return nodes.If(is_form(0), [written[0]], others, [written[-1]])


def _parts(form: str, values: Mapping[str, nodes.Expr]) -> Iterator[nodes.Expr]:
    """Text and values of a sentence, in order."""
    end = 0
    for found in _PARTS.finditer(form):
        yield nodes.TemplateData(form[end : found.start()] + ("%" if found[2] else ""))
        if found[1]:
            yield values[found[1]]
        end = found.end()
    yield nodes.TemplateData(form[end:])


def _text(node: nodes.Expr) -> str:
    assert isinstance(node, nodes.Const)
    return str(node.value)
