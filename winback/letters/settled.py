"""A text for letters that share much: who signs, the shop, the day and the country are written into it once more before it is compiled.

Two thirds of what a letter puts out is the same in thousands of them. What can't be known beforehand stays as it is, also where it would
fail: then it fails for the customer whose letter it is, in the line where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from winback.letters import formats
from winback.letters.sandbox import LetterEnvironment
from winback.letters.template import EmailTemplate, Text, compiled

SHARED = ("sender", "brand", "language", "channel", "today")
"""Values that are settled; dates and amounts are, for one `customer.country`, as that writes them."""


def email(template: EmailTemplate, values: Mapping[str, Any]) -> EmailTemplate:
    """The same e-mail for all letters whose SHARED values, and whose customer's country, are these: `render` comes to the same."""
    subject, html, text = (_settled(part, values) for part in (template.subject, template.html, template.text))
    return replace(template, subject=subject, html=html, text=text)


def _settled(text: Text, values: Mapping[str, Any]) -> Text:
    environment = text.template.environment
    assert isinstance(environment, LetterEnvironment)
    return compiled(text.flat, text.source, environment, _Settling(environment, values).put_in)


class _OpenError(Exception):
    """It isn't known before the letter is."""


class _Settling(NodeTransformer):
    def __init__(self, environment: LetterEnvironment, values: Mapping[str, Any]) -> None:
        self._environment = environment
        assert environment.finalize is not None
        self._finalize = environment.finalize
        self._known = {name: values[name] for name in SHARED}
        self._reader = {"customer": {"country": values["customer"]["country"]}, "today": values["today"]}  # all that filters ask

    def put_in(self, tree: nodes.Template) -> None:
        for found in tree.find_all(nodes.Name):
            if found.ctx != "load":  # loops and {% set %} may call theirs the same
                self._known.pop(found.name, None)
        self.visit(tree)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802  # the visitor's own way of naming
        node.nodes = [self._put_out(each) for each in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:  # noqa: N802  # as above
        try:
            holds = self._value(node.test)
        except _OpenError:
            self.generic_visit(node)
            return node
        if holds:
            return self._all(node.body)
        if node.elif_:
            first, *others = node.elif_
            return self._all([nodes.If(first.test, first.body, others, node.else_, lineno=first.lineno)])
        return self._all(node.else_)

    def _all(self, body: list[nodes.Node]) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for each in body:
            settled = self.visit(each)
            found += settled if isinstance(settled, list) else [settled]
        return found

    def _put_out(self, node: nodes.Expr) -> nodes.Expr:
        try:
            return nodes.TemplateData(self._finalize(self._value(node)), lineno=node.lineno)
        except (_OpenError, TypeError):  # a value that can't be written is refused when a letter is
            return node

    def _value(self, node: nodes.Node) -> Any:
        match node:
            case nodes.Const(value=value):
                return value
            case nodes.Name(name=name) if name in self._known:
                return self._known[name]
            case nodes.Getattr(node=of, attr=attribute):
                found = self._value(of)
                if type(found) is dict and attribute in found:
                    return found[attribute]
            case nodes.Not(node=of):
                return not self._value(of)
            case nodes.And(left=left, right=right):
                return self._value(left) and self._value(right)
            case nodes.Or(left=left, right=right):
                return self._value(left) or self._value(right)
            case nodes.Filter(node=nodes.Expr() as of, name=name, args=args, kwargs=[], dyn_args=None, dyn_kwargs=None) if name in formats.FILTERS:
                return self._written(name, self._value(of), *map(self._value, args))
        raise _OpenError

    def _written(self, name: str, *values: Any) -> Any:
        try:
            return self._environment.filters[name](self._reader, *values)
        except Exception as error:  # as `Text.fill` has it: whatever a template does, its letter is to blame
            raise _OpenError from error
