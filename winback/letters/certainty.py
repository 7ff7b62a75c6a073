"""What a condition of a template makes certain: inside `{% if offer.code %}` both `offer` and `offer.code` are there."""

from __future__ import annotations

from jinja2 import nodes

from winback.letters import vocabulary


def of(test: nodes.Node) -> tuple[frozenset[str], frozenset[str]]:
    """Paths that are certainly there when the test holds, and when it doesn't."""
    nothing: frozenset[str] = frozenset()
    asked = path(test)
    if asked is not None:
        return frozenset(vocabulary.owners(asked)), nothing
    match test:
        case nodes.Not():
            when_true, when_false = of(test.node)
            return when_false, when_true
        case nodes.And() | nodes.Or():
            (left_true, left_false), (right_true, right_false) = of(test.left), of(test.right)
            if isinstance(test, nodes.And):
                return left_true | right_true, left_false & right_false
            return left_true & right_true, left_false | right_false
        case nodes.Test(name="none") if (asked := path(test.node)) is not None:
            return nothing, frozenset(vocabulary.owners(asked))
    return nothing, nothing


def path(node: nodes.Node) -> str | None:
    """`customer.given_name` out of a chain of attributes; None for every other expression."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            owner = path(node.node)
            return None if owner is None else f"{owner}.{node.attr}"
    return None
