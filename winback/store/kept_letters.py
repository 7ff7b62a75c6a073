"""Which deliveries the letters of the development mailbox are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from winback.model import ChannelName
from winback.store.tables import campaign_runs, customers, deliveries


def find(connection: Connection, channel: ChannelName, names: Collection[str]) -> dict[str, Row[Any]]:
    """By the files' names, which a channel gives as its own ids: campaign, run, stage, tactic, locale, customer, sent_at.

    A file is only taken for a delivery that says so itself: numbers begin anew with every database, files don't.
    """
    numbers = {int(digits) for name in names if (digits := name.partition(".")[0].partition("-")[0]).isdecimal() and len(digits) < 19}
    if not numbers:
        return {}
    wanted = (
        select(
            deliveries.c.remote_id,
            deliveries.c.stage,
            deliveries.c.tactic,
            deliveries.c.locale,
            deliveries.c.sent_at,
            campaign_runs.c.campaign,
            campaign_runs.c.number,
            customers.c.key,
        )
        .join_from(deliveries, campaign_runs)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(deliveries.c.id.in_(numbers), deliveries.c.channel == channel)
    )
    rows: Iterable[Row[Any]] = connection.execute(wanted)
    return {row.remote_id: row for row in rows if row.remote_id in names}
