"""Who of a batch meets the conditions of the stage that they stand at, by what is true at the claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from winback.audience import conditions
from winback.audience.cohort import Rule, Selection, flat
from winback.journey.condition import Deed
from winback.journey.last_check import Since
from winback.journey.stage import Stage
from winback.sending.prepared import Prepared
from winback.speech import N_, said
from winback.store import cohorts, deeds
from winback.store.as_of import AsOf


def unmet(
    connection: Connection, prepared: Prepared, run_id: int, standing: Sequence[Row[Any]], *, since: Mapping[int, Since], as_of: AsOf
) -> dict[int, str]:
    """Of those who don't meet their stage's conditions, the first that doesn't hold, in words. One statement for each stage with conditions.

    `standing` are recipients, `since` what each did since the decision on them. Facts and scores are as true as they were last made.
    """
    at: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in standing:
        if row.next_stage < len(prepared.campaign.stages):
            at[prepared.campaign.stages[row.next_stage].name].append(row)
    found: dict[int, str] = {}
    for stage in prepared.campaign.stages:
        if stage.name in prepared.asked and at[stage.name]:
            found |= _of_stage(connection, stage, prepared.asked[stage.name], run_id, at[stage.name], since, as_of)
    return found


def _of_stage(  # noqa: PLR0917  one use
    connection: Connection, stage: Stage, asked: Selection, run_id: int, standing: Sequence[Row[Any]], since: Mapping[int, Since], as_of: AsOf
) -> dict[int, str]:
    ids = [row.customer_id for row in standing]
    done = deeds.done(connection, wanted(asked), standing, since, as_of.now)
    ground = replace(cohorts.ground(connection, asked, as_of, run_id=run_id, whose=ids), done=done)
    rules = asked.cohort.rules
    held = deeds.meeting(connection, ground, rules, ids)
    nothing_known = [False] * len(rules)
    return {who: told(stage, rules[holds.index(False)], asked) for who in ids if not all(holds := held.get(who, nothing_known))}


def asks_deeds(rule: Rule) -> bool:
    """Whether a condition, or one nested in it, asks what was done since the assignment."""
    return any(getattr(each, "did", None) for each in flat((rule,)))


def wanted(asked: Selection) -> frozenset[Deed]:
    """Every deed that the conditions ask about."""
    return frozenset(deed for rule in flat(asked.cohort.rules) for deed in getattr(rule, "did", None) or ())


def told(stage: Stage, rule: Rule, asked: Selection) -> str:
    """A condition of a stage as a person says it: it holds only if, or unless."""
    number = asked.cohort.rules.index(rule)
    if number < len(stage.only_if or ()):
        return said(N_("only if: %(condition)s"), condition=conditions.describe(rule, asked))
    unless = (stage.unless or ())[number - len(stage.only_if or ())]
    return said(N_("unless: %(condition)s"), condition=conditions.describe(unless, asked))
