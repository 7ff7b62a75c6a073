"""The customers behind one number of a report, page by page, counted as the number was: store/responses.py and its neighbours say how.

Each statement walks along the recipients of one run in the order of their numbers, and stops when a page is full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, case, exists, func, literal, not_, or_, select, union

from winback.journey import ends
from winback.journey.ends import EndState
from winback.model import HOLDOUT, TASK, ChannelName, CodeStatus, DeliveryStatus, EventKind, Reason, RecipientStatus, TaskStatus, Verdict
from winback.outcomes.figures import Dimension
from winback.outcomes.questions import MAILBOX, NOT_TOLD, WRITTEN_TO, Question, What
from winback.store import came_back as marks
from winback.store import leaving_reasons, mailbox_counts, outcome_parts
from winback.store.codes import LIVE
from winback.store.jumps import plan_anew
from winback.store.measured import Measured
from winback.store.moments import later
from winback.store.tables import Utc, came_back, codes, contacts, customers, deliveries, events, outcomes, recipients, tasks

_LETTERS = {
    What.PLANNED: (DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER),
    What.FAILED: (DeliveryStatus.FAILED,),
    What.UNCERTAIN: (DeliveryStatus.UNCERTAIN,),
    What.STOPPED: (DeliveryStatus.STOPPED,),
    What.LEFT_OUT: (DeliveryStatus.SKIPPED,),
}
_CAME_BACK = {
    What.OPENED: ((EventKind.OPEN,), Verdict.HUMAN),
    What.OPENED_UNVERIFIED: ((EventKind.OPEN,), Verdict.UNVERIFIED),
    What.OPENED_MACHINE: ((EventKind.OPEN,), Verdict.MACHINE),
    What.CLICKED: ((EventKind.CLICK,), Verdict.HUMAN),
    What.CLICKED_UNVERIFIED: ((EventKind.CLICK,), Verdict.UNVERIFIED),
    What.CLICKED_MACHINE: ((EventKind.CLICK,), Verdict.MACHINE),
    What.REPLIED: ((EventKind.REPLY, EventKind.ANSWER), Verdict.HUMAN),
    What.UNSUBSCRIBED: ((EventKind.UNSUBSCRIBE,), None),
    What.COMPLAINED: ((EventKind.COMPLAINT,), None),
    What.BOUNCED: ((EventKind.BOUNCE,), None),
}
_SIGNS = {
    What.OPENED: "opened_human",
    What.OPENED_UNVERIFIED: "opened_unverified",
    What.OPENED_MACHINE: "opened_machine",
    What.CLICKED: "clicked",
    What.CLICKED_UNVERIFIED: "clicked_unverified",
    What.CLICKED_MACHINE: "clicked_machine",
    What.REPLIED: "replied",
    What.UNSUBSCRIBED: "unsubscribed",
    What.COMPLAINED: "complained",
}
"""As store/came_back.py marks them."""
_BETTER = {
    What.OPENED_UNVERIFIED: (What.OPENED,),
    What.OPENED_MACHINE: (What.OPENED, What.OPENED_UNVERIFIED),
    What.CLICKED_UNVERIFIED: (What.CLICKED,),
    What.CLICKED_MACHINE: (What.CLICKED, What.CLICKED_UNVERIFIED),
}
"""Of several verdicts on one person the first counts."""


def page(
    connection: Connection, measured: Measured, question: Question, currency: str, *, after: int = 0, limit: int, domains: Collection[str] = ()
) -> Sequence[Row[Any]]:
    """Customers: customer_id, key, names, arm, status, reason, assigned_at, returned_at, revenue_minor (in `currency`); those after `after`.

    `domains`: at which the keeper of mailboxes that is asked for gives them.
    """
    mine = outcomes.c.run_id == measured.run_id, outcomes.c.customer_id == recipients.c.customer_id
    returned = select(func.min(outcomes.c.returned_at, type_=Utc())).where(*mine).scalar_subquery()
    revenue = select(func.sum(outcomes.c.revenue_minor)).where(*mine, outcomes.c.currency == currency).scalar_subquery()
    plan_anew(connection)
    names = ("customer_id", "arm", "status", "reason", "assigned_at")
    columns: Sequence[Any] = (
        *(recipients.c[name] for name in names),
        *(customers.c[name] for name in ("key", "given_name", "patronymic", "family_name")),
        returned.label("returned_at"),
        revenue.label("revenue_minor"),
    )
    statement = (
        select(*columns)
        .join(customers, customers.c.id == recipients.c.customer_id)
        .where(
            recipients.c.run_id == measured.run_id,
            recipients.c.customer_id.in_(select(_first(connection, measured, question, limit, after=after, domains=domains))),
        )
    )
    return connection.execute(statement.order_by(recipients.c.customer_id).limit(limit)).all()


def count(connection: Connection, measured: Measured, question: Question, *, up_to: int, domains: Collection[str] = ()) -> int:
    """How many they are; not counted beyond `up_to`."""
    plan_anew(connection)
    found = select(_first(connection, measured, question, up_to, domains=domains)).limit(up_to).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _first(connection: Connection, measured: Measured, question: Question, limit: int, *, after: int = 0, domains: Collection[str] = ()) -> Subquery:
    """The first so many by each way to be one of them, each once: a way alone is a join that stops early, "one or the other" goes through everybody."""
    of_mailbox = question.dimension == MAILBOX
    conditions = [[_at_mailbox(connection, measured, question, domains)]] if of_mailbox else _ways(connection, measured, question)
    ways = [
        select(recipients.c.customer_id)
        .where(*_asked(connection, measured, question), *way, recipients.c.customer_id > after)
        .order_by(recipients.c.customer_id)
        .limit(limit)
        .subquery()
        for way in conditions
    ]
    return union(*(select(way.c.customer_id) for way in ways)).subquery("first") if len(ways) > 1 else ways[0]


def _asked(connection: Connection, measured: Measured, question: Question) -> Iterable[ColumnElement[bool]]:
    if question.what is What.SKIPPED:
        yield and_(recipients.c.run_id == measured.run_id, recipients.c.assigned_at <= measured.now)
        yield and_(recipients.c.status == RecipientStatus.SKIPPED, recipients.c.reason == question.word)
    else:
        yield measured.assigned()
    if question.arm:
        yield recipients.c.arm != HOLDOUT if question.arm == WRITTEN_TO else recipients.c.arm == question.arm
    if question.dimension and question.dimension != MAILBOX:
        yield outcome_parts.known_then(connection, Dimension(question.dimension)) == question.value


def _ways(connection: Connection, measured: Measured, question: Question) -> list[list[ColumnElement[bool]]]:
    """Conditions, of which all of one list must hold."""
    what = question.what
    if what not in _CAME_BACK:
        return [[] if what in {What.ASSIGNED, What.SKIPPED} else [_is(measured, question)]]
    if question.stage:
        return [[exists(_letters(measured, question.stage).where(_was_sent(measured))), _on_letters(measured, what, question.stage)]]
    if what is What.BOUNCED:
        return [[_on_letters(measured, what)], [_by_itself(measured, what)]]
    return [[_did(connection, measured, what), *(not_(_did(connection, measured, better)) for better in _BETTER.get(what, ()))]]


def _is(measured: Measured, question: Question) -> ColumnElement[bool]:
    match question.what:
        case What.RETURNED | What.ORDERED_AGAIN:
            moment = outcomes.c.returned_at if question.what is What.RETURNED else outcomes.c.second_at
            return exists().where(outcomes.c.run_id == measured.run_id, outcomes.c.customer_id == recipients.c.customer_id, moment.is_not(None))
        case What.HAD_CODE | What.USED_CODE:
            return _code(measured, used=question.what is What.USED_CODE)
        case What.ENDED:
            return _ended(measured, EndState(question.word))
        case What.CONTACTED:
            return _contacted(measured)
        case What.MOVED_MONEY:
            mine = outcomes.c.run_id == measured.run_id, outcomes.c.customer_id == recipients.c.customer_id
            moved = outcomes.c.currency == question.word, outcomes.c.revenue_minor != 0
            return exists().where(*mine, *moved)
        case What.LEFT_FOR:
            return _left_for(measured, question.word)
        case What.BACK_AFTER:
            return and_(_left_for(measured, question.word), _is(measured, Question(What.RETURNED)))
        case What.REACHED | What.SENT:
            return exists(_letters(measured, question.stage).where(_was_sent(measured)))
    return exists(_letters(measured, question.stage).where(deliveries.c.status.in_(_LETTERS[question.what])))


def _at_mailbox(connection: Connection, measured: Measured, question: Question, domains: Collection[str]) -> ColumnElement[bool]:
    """By the e-mail address as it is now, as store/mailbox_counts.py has it; without domains, who has none."""
    mails = _letters(measured).where(deliveries.c.channel == ChannelName.EMAIL)
    if question.what is What.FAILED:
        done = exists(mails.where(deliveries.c.status == DeliveryStatus.FAILED))
    else:
        mails = mails.where(_was_sent(measured))
        came = mails.join(events, events.c.delivery_id == deliveries.c.id).where(events.c.happened_at <= measured.now)
        done = exists(mails) if question.what is What.REACHED else exists(came.where(_told(question.what)))
    domain = mailbox_counts.domain_of(connection.dialect.name)
    theirs = exists().where(contacts.c.customer_id == recipients.c.customer_id, contacts.c.channel == ChannelName.EMAIL)
    return and_(done, theirs.where(domain.in_(sorted(domains))) if domains else not_(theirs.where(domain != "")))


def _left_for(measured: Measured, reason: str) -> ColumnElement[bool]:
    """By the latest reason that was known when the run was measured."""
    told = leaving_reasons.latest(measured.now).subquery("told")
    known = exists().where(told.c.customer_id == recipients.c.customer_id)
    return not_(known) if reason == NOT_TOLD else known.where(told.c.reason == reason)


def _letters(measured: Measured, stage: str = "") -> Select[Any]:
    """Letters of the recipient, of one stage where it is named."""
    mine = select(deliveries.c.id).where(deliveries.c.run_id == measured.run_id, deliveries.c.customer_id == recipients.c.customer_id)
    return (mine.where(deliveries.c.stage == stage) if stage else mine).correlate(recipients)


def _was_sent(measured: Measured) -> ColumnElement[bool]:
    return and_(deliveries.c.status == DeliveryStatus.SENT, deliveries.c.sent_at <= measured.now)


def _contacted(measured: Measured) -> ColumnElement[bool]:
    """A task counts when somebody did it: who declined was called too."""
    done = exists().where(
        tasks.c.delivery_id == deliveries.c.id, tasks.c.status.in_((TaskStatus.DONE, TaskStatus.DECLINED)), tasks.c.done_at <= measured.now
    )
    left = deliveries.c.status.in_((DeliveryStatus.UNCERTAIN, DeliveryStatus.HANDED_OVER))
    sent = case((deliveries.c.channel == TASK, and_(_was_sent(measured), done)), else_=_was_sent(measured))
    return exists(_letters(measured).where(or_(left, sent)))


def _did(connection: Connection, measured: Measured, what: What) -> ColumnElement[bool]:
    """By the marks that measuring made of what came back: the number was counted by them."""
    marked = came_back.c.run_id == measured.run_id, marks.has_mark(came_back.c.marks, _SIGNS[what])
    if connection.dialect.name == "postgresql" and _SIGNS[what] in marks.RARELY:  # it would take them for many, and go through everybody
        few = select(came_back.c.customer_id).where(*marked).scalar_subquery()
        return recipients.c.customer_id == func.any(func.array(few))
    return exists().where(*marked, came_back.c.customer_id == recipients.c.customer_id)


def _by_itself(measured: Measured, what: What) -> ColumnElement[bool]:
    """It names no letter, and came inside the return window."""
    return exists().where(
        events.c.customer_id == recipients.c.customer_id,
        events.c.delivery_id.is_(None),
        _told(what),
        events.c.happened_at > recipients.c.assigned_at,
        events.c.happened_at <= later(recipients.c.assigned_at, measured.window),
        events.c.happened_at <= measured.now,
    )


def _on_letters(measured: Measured, what: What, stage: str = "") -> ColumnElement[bool]:
    """The event may lie with another record of the person than the letter: the letter says whose it is."""
    came = _letters(measured, stage).join(events, events.c.delivery_id == deliveries.c.id)
    return exists(came.where(_told(what), events.c.happened_at <= measured.now))


def _told(what: What) -> ColumnElement[bool]:
    kinds, verdict = _CAME_BACK[what]
    return and_(events.c.kind.in_(kinds), literal(True) if verdict is None else events.c.verdict == verdict)


def _code(measured: Measured, *, used: bool) -> ColumnElement[bool]:
    mine = codes.c.run_id == measured.run_id, codes.c.customer_id == recipients.c.customer_id
    redeemed = codes.c.status == CodeStatus.REDEEMED
    if used:
        return exists().where(*mine, redeemed, codes.c.redeemed_at <= measured.now)
    return exists().where(*mine, codes.c.status.in_((*LIVE, CodeStatus.REDEEMED, CodeStatus.EXPIRED)))


def _ended(measured: Measured, end: EndState) -> ColumnElement[bool]:
    """By statuses and reasons that come to this end; the holdout has no journey that could end."""
    is_over = and_(recipients.c.ended_at.is_not(None), recipients.c.ended_at <= measured.now)
    written_to = recipients.c.status != RecipientStatus.HELD_OUT
    ways = [
        and_(recipients.c.status == status, recipients.c.reason.in_(reasons))
        for status in RecipientStatus
        if (reasons := [reason for reason in ("", *map(str, Reason)) if ends.of(status, reason) is end])
    ]
    here = and_(is_over, or_(literal(False), *ways))
    return and_(written_to, or_(here, not_(is_over)) if end is EndState.UNDER_WAY else here)
