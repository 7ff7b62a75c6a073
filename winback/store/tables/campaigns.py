"""What campaigns do and what comes of it: runs, recipients, letters, events, returns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, UniqueConstraint, false, text
from sqlalchemy.types import JSON

from winback.store.tables.kinds import Day, Id, Utc, metadata, row_id, to

campaign_runs = Table(
    "campaign_runs",
    metadata,
    row_id(),
    Column("campaign", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("salt", String(200), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("enrolled_at", Utc),  # None: the cohort is still being decided on, or every day those who came into it
    Column("enrolling_at", Utc),  # of a daily campaign: the moment as of which a day's decisions are being made; None: none just now
    Column("enrolled_on", Day),  # of a daily campaign: the last day whose decisions are all made
    Column("fingerprint", String(64), nullable=False, server_default=""),  # of the files that it last went on with
    Column("made_of", JSON),  # what that fingerprint was made of; None: of before fingerprints
    Column("went_on_at", Utc),  # the latest moment at which it was worked at: a clock that shows an earlier one has gone back
    Column("restored_at", Utc),  # a backup was restored while it took people in: whom it took in since that was made, nobody has told yet
    Column("greets", Boolean, nullable=False, server_default=false()),  # on occasions: keeps nobody from another campaign
    Column("looked_at", Utc),  # when the occasions of recipients whose cards had changed were looked at last
    Column("looked_at_all", Utc),  # when those of all recipients were
    Column("looked_by", String(64), nullable=False, server_default=""),  # the fingerprint of the calendar by which they were
    Column("priority", Integer, nullable=False, server_default="0"),  # who writes first when two want the same customer: the higher
    Column("plan", JSON, nullable=False),  # planned shares, the window, and the campaign file as it was when the run began
    UniqueConstraint("campaign", "number"),
)

recipients = Table(
    "recipients",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    to("customers.id", "customer_id", primary_key=True),
    Column("status", String(20), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("arm", String(100), nullable=False, server_default=""),  # tactic, "holdout", or empty when skipped
    Column("bucket", String(20), nullable=False, server_default=""),  # the hash share, as decimal text, to redo by hand
    Column("locale", String(35), nullable=False, server_default=""),  # language of the letters
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("facts", JSON, nullable=False),  # what the decision was made on
    Column("assigned_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("next_stage", Integer, nullable=False, server_default="0"),
    Column("next_due_at", Utc),  # None: a delivery is under way, or nothing is to come
    Column("next_occasion", String(120), nullable=False, server_default=""),  # of a greeting: what falls due at next_due_at
    # what reports look at parts by: as it was when they were assigned, whatever becomes of it later
    Column("value_class", String(10), nullable=False, server_default=""),
    Column("sign", String(30), nullable=False, server_default=""),  # of being lost: the most urgent one that they showed
    Column("silence", String(20), nullable=False, server_default=""),  # outcomes.level.silence: 365-729
    Column("country", String(2), nullable=False, server_default=""),
    Column("domain", String(40), nullable=False, server_default=""),  # of their address, where many people have one there; else "other"
    Column("manager", String(100), nullable=False, server_default=""),
    Column("level_minor", BigInteger, nullable=False, server_default="0"),  # what they used to spend in as long a time as the window
    Column("wave", Integer, nullable=False, server_default="0"),  # by whose shares the arm was drawn; 0: by the campaign's own
    Column("stratum", String(200), nullable=False, server_default=""),  # within which it was drawn; empty: the campaign has no strata
    Column("place", Integer),  # in the stratum, the first is 0
    Index(None, "run_id", "next_due_at"),
    Index(None, "customer_id"),
)

back_fill = Table(
    "back_fill",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    to("customers.id", "customer_id", primary_key=True),
    Column("place", Integer, nullable=False),  # the first is 1; who has a row in `recipients` doesn't wait any more
    Index(None, "run_id", "place"),
)

left_alone = Table(
    "left_alone",
    metadata,
    to("customers.id", "customer_id", primary_key=True),
    Column("period", String(40), primary_key=True),  # of the settings: 2026-Q4, ever; of before there was this table, the run: run-17
    Column("decided_at", Utc, nullable=False),  # as of which a campaign found first that it would have written to them
    Column("until", Utc),  # the period's end; None: it has none, or isn't known
)
"""Whom the global holdout left alone; made by store/left_alone.py alone. Recipients tell the last decision of each run, and not this."""

_BY_PHONE = "channel IN ('sms', 'viber', 'whatsapp')"
"""Deliveries that a gateway's reports may name by its own ids."""

deliveries = Table(
    "deliveries",
    metadata,
    row_id(),
    to("campaign_runs.id", "run_id", nullable=False),
    Column("stage", String(100), nullable=False),
    to("customers.id", "customer_id", nullable=False),
    Column("tactic", String(100), nullable=False),
    Column("channel", String(20), nullable=False, server_default=""),
    Column("letter", String(100), nullable=False, server_default=""),
    Column("occasion", String(120), nullable=False, server_default=""),  # what is congratulated on, and its day: new-year@2027-01-01
    Column("locale", String(35), nullable=False, server_default=""),
    Column("status", String(20), nullable=False),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),  # what the other side said
    Column("due_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(64), nullable=False, server_default=""),  # fencing token of the worker
    Column("lease_until", Utc),
    Column("handed_over_at", Utc),
    Column("first_tried_at", Utc),  # when it was handed over for the first time
    Column("relay", String(40), nullable=False, server_default=""),  # that it was last given to, of mail servers
    Column("sent_at", Utc),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("remote_id", Text, nullable=False, server_default=""),
    Column("cost_micros", BigInteger, nullable=False, server_default="0"),  # millionths of the project's currency
    UniqueConstraint("run_id", "stage", "customer_id"),
    Index(None, "run_id", "status", "due_at", "id"),  # a claim takes the first of thousands that fall due at one moment
    Index(None, "customer_id"),
    # only of those that have any: a delivery that is planned goes into no more indexes than it must
    Index(None, "message_id", sqlite_where=text("message_id <> ''"), postgresql_where=text("message_id <> ''")),
    Index("ix_deliveries_remote_id", "remote_id", sqlite_where=text(_BY_PHONE), postgresql_where=text(_BY_PHONE)),
    Index(None, "sent_at", sqlite_where=text("sent_at IS NOT NULL"), postgresql_where=text("sent_at IS NOT NULL")),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)

stops_looked = Table(
    "stops_looked",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: its row was made with it
    Column("is_due", Boolean, nullable=False),  # something came in since
    Column("newest_order", Id),  # the last order of the table when everybody's journey was last looked at
    Column("next_order_at", Utc),  # of the orders that lay in the future by then, the first
)
"""Whether journeys may have to end, see store/stops_due.py."""

links = Table(
    "links",
    metadata,
    row_id(),
    Column("url", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,  # its numbers leave the house: one is given once (decision 0245)
)

events = Table(
    "events",
    metadata,
    row_id(),
    Column("dedupe_key", String(200), nullable=False, unique=True),  # the same happening twice is one event
    Column("kind", String(20), nullable=False),
    to("customers.id", "customer_id", nullable=False),
    to("deliveries.id", "delivery_id"),
    to("links.id", "link_id"),
    Column("happened_at", Utc, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("signals", JSON, nullable=False),  # raw: method, user agent, seconds since acceptance...
    Column("text", Text, nullable=False, server_default=""),  # a reply's words
    Index(None, "delivery_id", "kind"),
    Index(None, "customer_id", "kind", "happened_at", "delivery_id", "verdict"),  # all that measuring asks of an event: the row needn't be read
)

outcomes = Table(
    "outcomes",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    to("customers.id", "customer_id", primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("returned_at", Utc),  # the first purchase in the window; None: goods were only brought back
    Column("orders", Integer, nullable=False),
    Column("revenue_minor", BigInteger, nullable=False),
    Column("margin_minor", BigInteger, nullable=False, server_default="0"),  # of the revenue, where orders tell it
    Column("margin_known_minor", BigInteger, nullable=False, server_default="0"),  # the part of the revenue that they tell it of
    Column("first_minor", BigInteger, nullable=False, server_default="0"),  # of the first purchase
    Column("second_at", Utc),  # the next purchase in any currency, a day after the person's first or later, at most a window after it
    Column("window_closed", Boolean, nullable=False),
    Column("measured_at", Utc, nullable=False),
    CheckConstraint("orders >= 0", name="orders_not_negative"),
)
"""One row per customer and currency; made by store/outcomes.py alone."""

RARE = "(marks & 448) <> 0"
"""Of whom few did it: replied, unsubscribed, complained."""
came_back = Table(
    "came_back",
    metadata,
    Column("run_id", Id, primary_key=True),  # no foreign keys: they are copied from rows that have them, a million at a time
    Column("customer_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True),  # of six stages; -1: of what named no letter
    Column("marks", Integer, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Index("ix_came_back_rare", "run_id", "customer_id", sqlite_where=text(RARE), postgresql_where=text(RARE)),
)
"""What came back, as marks; made by store/came_back.py alone."""

outcomes_due = Table(
    "outcomes_due",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    to("customers.id", "customer_id", primary_key=True),
)
"""Recipients of whom something changed since their run was measured: handed on by store/refreshing.py, emptied by store/outcomes.py."""

measurings = Table(
    "measurings",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    Column("window_seconds", BigInteger, nullable=False),
    Column("measured_at", Utc, nullable=False),  # outcomes are what was known then
    Column("assigned_from", Utc),  # somebody was assigned since, as of that moment or later; None: nobody
    Column("stages", JSON),  # in the order in which `came_back` has its marks; None: it has none yet
)
"""Until when the outcomes of each run are counted."""

waves = Table(
    "waves",
    metadata,
    to("campaign_runs.id", "run_id", primary_key=True),
    Column("number", Integer, primary_key=True),  # the first is 1
    Column("began_at", Utc, nullable=False),
    Column("shares", JSON, nullable=False),  # of every arm, the holdout among them, in the order by which arms are drawn
    Column("basis", JSON, nullable=False),  # what they were reckoned from: by tactic, who was assigned and who returned
)
"""Shares of a campaign that changes them: who was assigned in a wave was drawn by its shares."""
