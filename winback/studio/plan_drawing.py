"""A plan's tree for a page: nested lists, every branch with a bar as long as its share of the whole."""

from __future__ import annotations

from markupsafe import Markup

from winback.operations.plan_tree import Node

_BRANCH = Markup('<li><span>{says}</span> <b>{count}</b> <meter value="{value}" max="{whole}"></meter>{parts}</li>')


def draw(node: Node) -> Markup:
    """HTML of the tree, names escaped."""
    return Markup('<ul class="plan">{}</ul>').format(_branch(node, node.count))


def _branch(node: Node, whole: int) -> Markup:
    parts = Markup("").join(_branch(part, whole) for part in node.parts)
    listed = Markup("<ul>{}</ul>").format(parts) if node.parts else Markup("")
    return _BRANCH.format(says=node.says, count=f"{node.count:,}", value=node.count, whole=max(whole, 1), parts=listed)
