"""Mailboxes and reasons, counted on both databases."""

from __future__ import annotations

from sqlalchemy import insert, update

from tests.outcomes.conftest import WINDOW, at
from winback.model import HOLDOUT, DeliveryStatus, EventKind, ReasonSource, Verdict
from winback.outcomes.backdrop import MailboxFigures, ReasonFigures
from winback.store import database, leaving_reasons, mailbox_counts, reason_figures, tables
from winback.store.measured import Measured


def written_to(world, address: str, *, arm: str = "gift", status=DeliveryStatus.SENT, stage: str = "hello") -> tuple[int, int]:
    customer = world.recipient(arm)
    with database.writing(world.engine) as connection:
        connection.execute(insert(tables.contacts).values(customer_id=customer, channel="email", address=address, address_hash=b""))
        connection.execute(insert(tables.contacts).values(customer_id=customer, channel="telegram", address="77@nowhere", address_hash=b""))
    letter = world.delivery(customer, stage, status=status)
    with database.writing(world.engine) as connection:
        connection.execute(update(tables.deliveries).where(tables.deliveries.c.id == letter).values(channel="email"))
    return customer, letter


def counted(world, days: float = 100) -> dict[str, MailboxFigures]:
    with database.reading(world.engine) as connection:
        return {row.provider: row for row in mailbox_counts.by_domain(connection, Measured(world.run_id, WINDOW, at(days)))}


def test_letters_count_at_the_domain_they_went_to(world):
    first, letter = written_to(world, "anna@Gmail.com")
    written_to(world, "ion@gmail.com", status=DeliveryStatus.FAILED)
    bounced, back = written_to(world, "a@zerno.example")
    written_to(world, "x@zerno.example", status=DeliveryStatus.PLANNED)
    written_to(world, "held@zerno.example", arm=HOLDOUT, status=DeliveryStatus.HELD_OUT)
    world.event(first, EventKind.OPEN, delivery=letter)
    world.event(first, EventKind.OPEN, delivery=letter, days=5)
    world.event(first, EventKind.COMPLAINT, delivery=letter)
    world.event(bounced, EventKind.OPEN, delivery=back, verdict=Verdict.MACHINE)
    world.event(bounced, EventKind.BOUNCE, delivery=back, days=6)
    assert counted(world) == {
        "gmail.com": MailboxFigures("gmail.com", 1, 1, 0, 1, 1),
        "zerno.example": MailboxFigures("zerno.example", 1, 0, 1, 0, 0),
    }
    assert counted(world, days=3)["zerno.example"].bounced == 0, "what came later isn't known yet"


def test_a_letter_whose_address_is_gone_still_counts(world):
    customer, _ = written_to(world, "anna@gmail.com")
    with database.writing(world.engine) as connection:
        connection.execute(tables.contacts.delete().where(tables.contacts.c.customer_id == customer))
    assert counted(world) == {"": MailboxFigures("", 1, 0, 0, 0, 0)}


def test_reasons_count_for_those_written_to_and_those_left_alone(world):
    gift, letter, held, silent = (world.recipient(arm) for arm in ("gift", "letter", HOLDOUT, HOLDOUT))
    with database.writing(world.engine) as connection:
        for number, (who, reason, day) in enumerate(
            ((gift, "price", 1), (letter, "service", 1), (letter, "price", 2), (held, "price", 1), (gift, "goods", 80))
        ):
            leaving_reasons.record(connection, who, reason, ReasonSource.STAFF, key=str(number), recorded_at=at(day))
    world.order(letter, 5)
    world.order(held, 5)
    world.order(silent, 90)
    world.measure(70)
    with database.reading(world.engine) as connection:
        found = reason_figures.by_reason(connection, Measured(world.run_id, WINDOW, at(70)))
    assert found == [
        ReasonFigures("", "", True, 1, 0),
        ReasonFigures("price", "", False, 2, 1),
        ReasonFigures("price", "", True, 1, 1),
    ]
