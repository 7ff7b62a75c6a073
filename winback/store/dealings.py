"""What customers asked, what reached them, and what they said, counted from their last purchase on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, and_, case, func, not_, or_, select, union_all

from winback.model import TASK, EventKind, FeedbackKind, Verdict
from winback.store.as_of import AsOf, Whose, of
from winback.store.tables import customers, deliveries, events, feedback, inquiries, touches

REACTIONS = (EventKind.CLICK, EventKind.REPLY, EventKind.ANSWER, EventKind.LATER, EventKind.UNSUBSCRIBE, EventKind.COMPLAINT)
"""What shows that a letter reached a person. Being opened doesn't: it is not an answer."""


def inquiries_of(as_of: AsOf, bought: FromClause, whose: Whose = None) -> Select[Any]:
    """How many inquiries, and how many of them after the last purchase. `bought`: customer_id and last_order_at."""
    after = or_(bought.c.last_order_at.is_(None), inquiries.c.inquired_at > bought.c.last_order_at)
    return (
        select(
            inquiries.c.customer_id,
            func.count().label("inquiries"),
            func.max(inquiries.c.inquired_at).label("last_inquiry_at"),
            func.count(case((after, 1))).label("inquiries_since_order"),
        )
        .select_from(inquiries.outerjoin(bought, bought.c.customer_id == inquiries.c.customer_id))
        .where(inquiries.c.inquired_at <= as_of.now, of(inquiries.c.customer_id, whose))
        .group_by(inquiries.c.customer_id)
    )


def touches_of(as_of: AsOf, bought: FromClause, whose: Whose = None) -> Select[Any]:
    """Touches of ours and from elsewhere, and how many of them since the last reaction or purchase."""
    made = union_all(
        select(touches.c.customer_id, touches.c.touched_at.label("at")).where(touches.c.touched_at <= as_of.now, of(touches.c.customer_id, whose)),
        select(deliveries.c.customer_id, deliveries.c.sent_at).where(_letter_left(as_of), of(deliveries.c.customer_id, whose)),
        # letters that stayed with a record which was merged into this customer
        select(customers.c.merged_into, deliveries.c.sent_at)
        .join(customers, customers.c.id == deliveries.c.customer_id)
        .where(customers.c.merged_into.is_not(None), _letter_left(as_of), of(customers.c.merged_into, whose)),
    ).subquery("made")
    answered = _reactions(as_of, whose)
    since = and_(
        or_(answered.c.at.is_(None), made.c.at > answered.c.at),
        or_(bought.c.last_order_at.is_(None), made.c.at > bought.c.last_order_at),
    )
    return (
        select(
            made.c.customer_id,
            func.count().label("touches"),
            func.max(made.c.at).label("last_touch_at"),
            func.max(answered.c.at).label("last_reaction_at"),
            func.count(case((since, 1))).label("touches_since_reaction"),
        )
        .select_from(
            made.outerjoin(answered, answered.c.customer_id == made.c.customer_id).outerjoin(bought, bought.c.customer_id == made.c.customer_id)
        )
        .group_by(made.c.customer_id)
    )


def _letter_left(as_of: AsOf) -> ColumnElement[bool]:
    """A task that was given to a person is no touch yet: when it is done, it is one of `touches`."""
    return and_(deliveries.c.sent_at <= as_of.now, deliveries.c.channel != TASK)


def touches_after(customer_id: ColumnElement[int], moment: ColumnElement[Any]) -> list[Select[Any]]:
    """How many touches of one customer came later than a moment, in the same three parts as above: statements within another one."""
    letter = and_(deliveries.c.sent_at > moment, deliveries.c.channel != TASK)
    return [
        select(func.count()).where(touches.c.customer_id == customer_id, touches.c.touched_at > moment),
        select(func.count()).where(deliveries.c.customer_id == customer_id, letter),
        select(func.count()).where(customers.c.merged_into == customer_id, deliveries.c.customer_id == customers.c.id, letter),
    ]


def _reactions(as_of: AsOf, whose: Whose) -> Subquery:
    reacted = union_all(
        select(touches.c.customer_id, touches.c.reacted_at.label("at")).where(touches.c.reacted_at <= as_of.now, of(touches.c.customer_id, whose)),
        select(events.c.customer_id, events.c.happened_at).where(
            events.c.kind.in_(REACTIONS), events.c.verdict == Verdict.HUMAN, events.c.happened_at <= as_of.now, of(events.c.customer_id, whose)
        ),
    ).subquery("reacted")
    return select(reacted.c.customer_id, func.max(reacted.c.at).label("at")).group_by(reacted.c.customer_id).subquery("answered")


def feedback_of(as_of: AsOf, whose: Whose = None) -> Select[Any]:
    """Complaints, and the last score; of two scores at one moment the lower counts."""
    complains, scored = feedback.c.kind == FeedbackKind.COMPLAINT, feedback.c.score.is_not(None)
    is_mended = and_(feedback.c.mended_at.is_not(None), feedback.c.mended_at <= as_of.now)
    place = func.row_number().over(
        partition_by=(feedback.c.customer_id, feedback.c.score.is_(None)), order_by=(feedback.c.said_at.desc(), feedback.c.score)
    )
    said = (
        select(
            feedback.c.customer_id,
            case((complains, 1)).label("complaint"),
            case((and_(complains, not_(is_mended)), feedback.c.said_at)).label("open_since"),
            case((scored, feedback.c.said_at)).label("scored_at"),
            feedback.c.score,
            case((scored, place)).label("place"),
        )
        .where(feedback.c.said_at <= as_of.now, of(feedback.c.customer_id, whose))
        .subquery("said")
    )
    return select(
        said.c.customer_id,
        func.count(said.c.complaint).label("complaints"),
        func.max(said.c.open_since).label("last_complaint_at"),
        func.count(said.c.score).label("scores"),
        func.max(case((said.c.place == 1, said.c.score))).label("last_score"),
        func.max(said.c.scored_at).label("last_score_at"),
    ).group_by(said.c.customer_id)
