"""Where conversations stand, and whose they are, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.letterbox import NOW, SENT_AT, Letterbox
from winback.model import CodeStatus
from winback.store import database, last_orders, talks, thanks
from winback.store.tables import campaign_runs, codes, orders
from winback.store.talks import About

DAY = timedelta(days=1)
OFFER = {"text": {"uk": "кава"}, "valid_for": "30 days"}


@pytest.fixture
def shop(engine):
    return Letterbox(engine, b"a secret of thirty-two characters")


def test_one_question_waits_at_a_time_and_words_wait_for_a_day(engine, shop):
    who, letter = shop.written_to("olena", chat="501")
    other = shop.letter(shop.run(), who, channel="telegram")
    with database.writing(engine) as connection:
        assert talks.newest(connection, who) is None
        talks.ask(connection, who, letter, About.SURVEY, question=2, now=NOW)
        talks.ask(connection, who, letter, About.SURVEY, question=3, now=NOW)
        survey = talks.newest(connection, who)
        talks.note_words(connection, who, survey, 2, 4711)
        talks.ask(connection, who, other, About.LEAVING, question=1, now=NOW + DAY)
        rests, newest = talks.of(connection, who, letter, About.SURVEY), talks.newest(connection, who)
        assert talks.of(connection, who + 1, letter, About.SURVEY) is None
    assert (survey.question, survey.asked_at) == (3, NOW)
    assert (rests.question, rests.answered_by(4711), rests.answered_by(1)) == (0, 2, 0)
    assert (newest.about, newest.question, newest.delivery_id) == (About.LEAVING, 1, other)
    assert newest.waits_for_words(NOW + 2 * DAY)
    assert not newest.waits_for_words(NOW + 2 * DAY + timedelta(seconds=1))
    assert not rests.waits_for_words(NOW)


@pytest.mark.parametrize(
    ("status", "offer", "given"),
    [
        (None, {}, None),
        (None, OFFER, ""),
        (None, {**OFFER, "valid_for": "1 hour"}, None),
        (CodeStatus.RESERVED, {**OFFER, "codes": {}}, "WB-1"),
        (CodeStatus.REDEEMED, {**OFFER, "codes": {}}, None),
        (None, {**OFFER, "codes": {}}, None),
    ],
)
def test_what_is_given_for_answering_is_theirs_still(engine, shop, status, offer, given):
    who, letter = shop.written_to("olena", chat="501")
    with database.writing(engine) as connection:
        plan = {"stop_when": [], "tactics": {"word": {"offer": "gift" if offer else None}}, "offers": {"gift": offer}}
        connection.execute(campaign_runs.update().values(plan=plan))
        if status:
            code = {"code": "WB-1", "matched": "WB1", "source": "own", "campaign": "spring", "offer": "gift", "status": status, "customer_id": who}
            connection.execute(insert(codes).values(**code, run_id=1, reserved_at=SENT_AT, expires_at=NOW + DAY))
        gift = thanks.gift(connection, letter, NOW)
        assert (gift and gift.code) == given
        if gift and gift.code:
            assert thanks.give(connection, letter, gift, NOW)
            assert connection.execute(codes.select()).one().status == CodeStatus.GIVEN
            connection.execute(codes.update().values(status=CodeStatus.REDEEMED))
            assert not thanks.give(connection, letter, gift, NOW), "somebody used it in between"


def test_the_newest_order_is_the_one_that_is_asked_about(engine, shop):
    who = shop.customer("olena")
    with database.writing(engine) as connection:
        assert last_orders.last_order(connection, who, NOW) is None
        for key, moment in (("old", SENT_AT - DAY), ("new", SENT_AT), ("to come", NOW + DAY)):
            values = {"amount_minor": 100, "currency": "UAH", "quantity": 1, "status": "placed"}
            connection.execute(insert(orders).values(key=key, customer_id=who, ordered_at=moment, **values))
        assert last_orders.last_order(connection, who, NOW).key == "new"
