"""A plan as the studio keeps and shows it: its figures, its tree, what it says in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winback.operations import plan_tree, plan_words
from winback.operations.plan_tree import Node
from winback.operations.planning import Plan
from winback.sending.prepared import Prepared


def as_json(prepared: Prepared, plan: Plan) -> dict[str, Any]:
    """What `winback plan --json` prints, with the tree, the sentences and the campaign's own days."""
    campaign = prepared.campaign
    return plan.as_json() | {
        "starts_on": campaign.starts_on.isoformat(),
        "ends_on": campaign.ends_on.isoformat(),
        "people": plan.people,
        "tree": _tree(plan_tree.of(plan)),
        "sentences": {
            "days": list(plan_words.days(plan.daily)),
            "pace": list(plan_words.pace(plan)),
            "money": list(plan_words.money(plan)),
            "power": list(plan_words.power(plan)),
        },
    }


def _tree(node: Node) -> dict[str, Any]:
    return {"says": node.says, "count": node.count, "parts": [_tree(part) for part in node.parts]}


def tree(told: Mapping[str, Any]) -> Node:
    """The tree again."""
    return Node(told["says"], told["count"], tuple(tree(part) for part in told["parts"]))
