"""Whom a cohort leaves out, whatever its rules say, as SQL: each part by its word, in the order of audience/conditions.describe_excludes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, cast, exists, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from winback import clock
from winback.store import freshness, under_way
from winback.store.ground import Ground
from winback.store.tables import campaign_runs, customers, outcomes, recipients


def excludes(ground: Ground, words: list[str]) -> list[ColumnElement[bool]]:
    """One condition for each word, which holds for those who stay."""
    made: dict[str, Callable[[], ColumnElement[bool]]] = {
        "lists": lambda: _not_listed(ground),
        "black_list": lambda: ground.people.c.black_list == "",
        "contacted_within": lambda: _not_contacted(ground),
        "in_another_campaign": lambda: _in_no_other_campaign(ground),
        "returned_within": lambda: _did_not_return(ground),
        "addresses": lambda: _has_good_address(ground),
    }
    return [made[word]() for word in words]


def _not_listed(ground: Ground) -> ColumnElement[bool]:
    """Lists travel as one JSON value, so that ten thousand ids are still one statement with one parameter.

    Who is listed by the id of a record merged into theirs is listed too.
    """
    text = literal(json.dumps(sorted(ground.selection.excluded)))
    listed = (
        func.jsonb_array_elements_text(cast(text, JSONB)).table_valued("value")
        if ground.dialect == "postgresql"
        else func.json_each(text).table_valued("value")
    )
    merged = customers.alias("merged")
    theirs = select(merged.c.merged_into).where(merged.c.merged_into.is_not(None), merged.c.key.in_(select(listed.c.value)))
    return and_(ground.people.c.key.not_in(select(listed.c.value)), ground.customer_id.not_in(theirs))


def _not_contacted(ground: Ground) -> ColumnElement[bool]:
    within = ground.selection.cohort.exclude.contacted_within
    assert within is not None
    last = ground.facts.c.last_touch_at
    return or_(last.is_(None), last < clock.start_of_day(ground.today - timedelta(days=within.days - 1), ZoneInfo(ground.as_of.zone)))


def _in_no_other_campaign(ground: Ground) -> ColumnElement[bool]:
    """Another run keeps them: written to or held out alike."""
    return ~exists().where(
        recipients.c.customer_id == ground.customer_id,
        campaign_runs.c.id == recipients.c.run_id,
        campaign_runs.c.id != ground.run_id,
        under_way.keeps(ground.as_of.now),
    )


def _did_not_return(ground: Ground) -> ColumnElement[bool]:
    within = ground.selection.cohort.exclude.returned_within
    assert within is not None
    since = clock.start_of_day(ground.today - timedelta(days=within.days - 1), ZoneInfo(ground.as_of.zone))
    return ~exists().where(outcomes.c.customer_id == ground.customer_id, outcomes.c.returned_at >= since, outcomes.c.returned_at <= ground.as_of.now)


def _has_good_address(ground: Ground) -> ColumnElement[bool]:
    """Has an address without such a fault. Who has none at all is left to eligibility, which says so."""
    now, faults = ground.as_of.now, ground.selection.cohort.exclude.addresses
    return not_(freshness.stale(ground.facts, faults, now=now, before=now - ground.selection.old_after, key="customer_id"))
