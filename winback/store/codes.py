"""The codes of offers: whose each is, and what became of it.

    free ──reserve──> reserved ──a letter carries it──> given ──an order──> redeemed
      ^                  │ the journey ends before         │ its last day passes: expired
      └── a pool's ──────┴ (one of the customer's own: released, and never used)

Nobody holds two codes at once: `uq_codes_live` guards it, whatever campaigns and workers do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, not_, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from winback.journey import code_words
from winback.journey.offer import Offer
from winback.model import CodeSource, CodeStatus, DeliveryStatus
from winback.store.among import among_these
from winback.store.runs import Run
from winback.store.tables import codes, customers, deliveries, recipients

LIVE = (CodeStatus.RESERVED, CodeStatus.GIVEN)
_LOCKS = 0x636F646573 << 20  # "codes": customers' numbers come on top
_IN_ORDER = "FROM (SELECT unnest(CAST(:ids AS bigint[])) AS id ORDER BY 1) AS numbers"
_MOST_TRIES = 50
_MAY_HAVE_LEFT = (DeliveryStatus.HANDED_OVER, DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Wish:
    """A code that a recipient is to have."""

    customer_id: int
    key: str  # the shop's id
    offer: str
    expires_at: datetime
    promised_minor: int
    fixed_minor: int
    discount: float


@dataclass(frozen=True, slots=True)
class Held:
    """A recipient's code."""

    id: int
    code: str
    status: CodeStatus
    expires_at: datetime


def of(connection: Connection, run_id: int, ids: Collection[int]) -> dict[int, Held]:
    """By customer, the code that they have of this run."""
    rows = connection.execute(
        select(codes.c.customer_id, codes.c.id, codes.c.code, codes.c.status, codes.c.expires_at).where(
            codes.c.run_id == run_id, codes.c.customer_id.in_(list(ids))
        )
    )
    return {who: Held(row_id, code, CodeStatus(status), expires_at) for who, row_id, code, status, expires_at in rows}


def elsewhere(connection: Connection, ids: Collection[int], now: datetime, *, run_id: int | None) -> set[int]:
    """Those of `ids` who hold a code of another run, or one of any run as a record that was merged into theirs."""
    held = or_(codes.c.status == CodeStatus.RESERVED, and_(codes.c.status == CodeStatus.GIVEN, codes.c.expires_at >= now))
    own = select(codes.c.customer_id).where(codes.c.customer_id.in_(list(ids)), codes.c.run_id.is_distinct_from(run_id), held)
    merged = select(customers.c.merged_into).join(codes, codes.c.customer_id == customers.c.id).where(customers.c.merged_into.in_(list(ids)), held)
    return {*connection.execute(own).scalars(), *connection.execute(merged).scalars()}


def reserve(
    connection: Connection, run: Run, wishes: Sequence[Wish], *, offers: Mapping[str, Offer], make: Callable[[Wish, int], str], now: datetime
) -> set[int]:
    """Give each wish its code, in their order where a pool is short. Returns the customers who have one of this run now.

    Who holds another one gets none. `make` gives a customer's own code; its number counts on when another customer has that one already.
    """
    ids = sorted(wish.customer_id for wish in wishes)
    if not ids:
        return set()
    hold(connection, ids)
    live = (among_these(codes.c.customer_id, ids), codes.c.status.in_(LIVE))
    if over := connection.execute(select(codes.c.id).where(*live, codes.c.expires_at < now)).scalars().all():
        expire(connection, now, codes.c.id.in_(over))
    have = set(of(connection, run.id, ids))
    busy = have | elsewhere(connection, ids, now, run_id=run.id)
    for name, offer in offers.items():
        mine = [(wish, _values(wish, run, now)) for wish in wishes if wish.offer == name and wish.customer_id not in busy]
        if offer.file:
            have |= _take_from_pool(connection, run.campaign, name, [values for _, values in mine])
        elif offer.codes is None:
            have |= _insert(connection, [values | _as(offer.code, CodeSource.SHARED) for _, values in mine])
        else:
            have |= _make(connection, mine, make)
    return have


def hold(connection: Connection, ids: Collection[int]) -> None:
    """Let nobody else promise these customers anything until the transaction ends: what is read of their codes from now on stays true.

    PostgreSQL: locks by number, taken in order, far from the numbers that others lock by. SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCKS} + id) {_IN_ORDER}"), {"ids": sorted(set(ids))})


def hold_now(connection: Connection, ids: Collection[int]) -> bool:
    """The same without waiting: False where somebody is promising something to one of them just now."""
    if connection.dialect.name != "postgresql":
        return True
    taken = connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_LOCKS} + id) {_IN_ORDER}"), {"ids": sorted(set(ids))})
    return all(taken.scalars())


def give(connection: Connection, carried: Mapping[int, int], now: datetime) -> set[int]:
    """Mark codes as given by letters that are handed over in this transaction: code by delivery. Returns the deliveries whose code it is still.

    A letter whose code was released, redeemed or has expired meanwhile must not leave.
    """
    mine = set()
    for delivery, code in sorted(carried.items(), key=lambda pair: pair[1]):
        done = connection.execute(
            update(codes)
            .where(codes.c.id == code, codes.c.status.in_(LIVE), codes.c.expires_at >= now)
            .values(status=CodeStatus.GIVEN, delivery_id=func.coalesce(codes.c.delivery_id, delivery))
        )
        if done.rowcount:
            mine.add(delivery)
    return mine


def settle(connection: Connection, run: Run, now: datetime) -> int:
    """Codes of a campaign whose time is over, and those of its run whose journey ended before a letter with them left. Returns how many are free."""
    expire_those_of(connection, run.campaign, now)
    return release_those_of_ended(connection, run.campaign, run.id)


def release_those_of_ended(connection: Connection, campaign: str, run_id: int) -> int:
    """Codes that nobody was told of, and won't be: the journey is over, and no letter of it left since they were reserved, or may have.

    A code that was given by a letter which failed for good is one of them. Returns how many.
    """
    here = (recipients.c.run_id == run_id, recipients.c.customer_id == codes.c.customer_id, recipients.c.ended_at.is_not(None))
    told = (deliveries.c.run_id == run_id, deliveries.c.customer_id == codes.c.customer_id, deliveries.c.status.in_(_MAY_HAVE_LEFT))
    ended = and_(codes.c.campaign == campaign, codes.c.run_id == run_id, exists().where(*here))
    unread = and_(ended, codes.c.status == CodeStatus.GIVEN, not_(exists().where(*told)))
    connection.execute(update(codes).where(unread).values(status=CodeStatus.RESERVED))
    return release(connection, ended)


def expire_those_of(connection: Connection, campaign: str, now: datetime) -> None:
    """The codes of a campaign whose last day has passed."""
    expire(connection, now, codes.c.campaign == campaign)


def expire(connection: Connection, now: datetime, which: ColumnElement[bool]) -> None:
    """Codes that fulfil a condition and whose last day has passed: given ones expired, reserved ones are released."""
    over = and_(which, codes.c.expires_at < now)
    connection.execute(update(codes).where(over, codes.c.status == CodeStatus.GIVEN).values(status=CodeStatus.EXPIRED))
    release(connection, over)


def release(connection: Connection, which: Any) -> int:
    """Reserved codes that fulfil a condition are nobody's any more: a pool's are free again. Returns how many."""
    reserved = and_(which, codes.c.status == CodeStatus.RESERVED)
    own = connection.execute(update(codes).where(reserved, codes.c.source != CodeSource.POOL).values(status=CodeStatus.RELEASED))
    pooled = connection.execute(update(codes).where(reserved, codes.c.source == CodeSource.POOL).values(FREED))
    return own.rowcount + pooled.rowcount


def forget_later(connection: Connection, moment: datetime) -> None:
    """For a rehearsal that begins in the past: what was reserved, redeemed or has expired after that moment isn't so yet."""
    later = codes.c.reserved_at > moment
    connection.execute(delete(codes).where(later, codes.c.source != CodeSource.POOL))
    connection.execute(update(codes).where(later).values(FREED | {"order_key": "", "redeemed_at": None}))
    since = or_(codes.c.redeemed_at > moment, and_(codes.c.status == CodeStatus.EXPIRED, codes.c.expires_at > moment))
    connection.execute(update(codes).where(since).values(status=CodeStatus.GIVEN, order_key="", redeemed_at=None, cost_minor=0))


FREED = {
    "status": CodeStatus.FREE,
    **dict.fromkeys(("run_id", "customer_id", "reserved_at", "expires_at", "delivery_id")),
    **dict.fromkeys(("promised_minor", "fixed_minor", "discount", "cost_minor"), 0),
}
"""What a pool's code is that nobody has."""


def _values(wish: Wish, run: Run, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "campaign": run.campaign,
        "customer_id": wish.customer_id,
        "offer": wish.offer,
        "status": CodeStatus.RESERVED,
        "reserved_at": now,
        "expires_at": wish.expires_at,
        "promised_minor": wish.promised_minor,
        "fixed_minor": wish.fixed_minor,
        "discount": wish.discount,
    }


def _as(code: str, source: CodeSource) -> dict[str, Any]:
    return {"code": code, "matched": code_words.same(code), "source": source}


def _insert(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> set[int]:
    """Customers whose row could be written: their code was nobody's."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    wanted = list(rows)
    if not wanted:
        return set()
    return set(connection.execute(dialect.insert(codes).on_conflict_do_nothing().returning(codes.c.customer_id), wanted).scalars())


def _make(connection: Connection, wanted: Sequence[tuple[Wish, dict[str, Any]]], make: Callable[[Wish, int], str]) -> set[int]:
    """Codes of their own; one that somebody has already is made anew with the next number. Returns the customers who got theirs."""
    left, made = list(wanted), set[int]()
    for number in range(_MOST_TRIES):
        made |= _insert(connection, [values | _as(make(wish, number), CodeSource.OWN) for wish, values in left])
        left = [pair for pair in left if pair[0].customer_id not in made]
        if not left:
            return made
        live = (codes.c.customer_id.in_([wish.customer_id for wish, _ in left]), codes.c.status.in_(LIVE))
        holding = set(connection.execute(select(codes.c.customer_id).where(*live)).scalars())  # an order gave one back a moment ago
        left = [pair for pair in left if pair[0].customer_id not in holding]
    raise AssertionError(f"{_MOST_TRIES} codes in a row were somebody's already")


def _take_from_pool(connection: Connection, campaign: str, offer: str, wanted: Sequence[dict[str, Any]]) -> set[int]:
    """The next free codes; two workers who take at once each get others. Returns the customers who got one."""
    if not wanted:
        return set()
    free = (
        select(codes.c.id)
        .where(codes.c.campaign == campaign, codes.c.offer == offer, codes.c.status == CodeStatus.FREE)
        .order_by(codes.c.id)
        .limit(len(wanted))
        .with_for_update(skip_locked=True)
    )
    pairs = list(zip(connection.execute(free).scalars().all(), wanted, strict=False))
    if pairs:
        names = [name for name in pairs[0][1] if name not in {"campaign", "offer"}]
        connection.execute(
            update(codes).where(codes.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in names}),
            [{"b_id": row_id, **{f"b_{name}": values[name] for name in names}} for row_id, values in pairs],
        )
    return {values["customer_id"] for _, values in pairs}
