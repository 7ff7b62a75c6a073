"""What conversation scripts ask of the store afterwards, and what they begin with. Add a question where a script needs one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update

from tests.letterbox import SENT_AT, Letterbox
from winback.operations import forgetting as erasing
from winback.settings import Project
from winback.store import chats, consents, database, preferences
from winback.store import tables as t


def arrange(shop: Letterbox, who: int, told: dict[str, Any], chat: str) -> None:
    """What the script says of a customer beside their name."""
    with database.writing(shop.engine) as connection:
        connection.execute(
            update(t.customers).where(t.customers.c.id == who).values(phone=str(told.get("phone", "")), country=told.get("country", ""))
        )
        if chat:
            consent = {"customer_id": who, "channel": "telegram", "purpose": "marketing", "given_at": SENT_AT, "source": "telegram /start"}
            connection.execute(insert(t.consents).values(consent))


def forget(project: Project, shop: Letterbox, name: str, now: datetime) -> None:
    assert erasing.forget(project, shop.engine, name, by="olena", now=now).records == 1


def joined(shop: Letterbox, who: int) -> bool:
    with database.reading(shop.engine) as connection:
        return any(chats.is_open(connection, each, row.given_at) for each in [who] for row in shop.rows(t.consents, customer_id=who) if row.given_at)


def chat(shop: Letterbox, who: int) -> str:
    return next((row.address for row in shop.rows(t.contacts, customer_id=who, channel="telegram")), "")


def proofs(shop: Letterbox, who: int) -> list[str]:
    with database.reading(shop.engine) as connection:
        return [f"{row.deed} by {row.way}" for row in consents.proofs(connection, who) if row.channel == "telegram"]


def proven_words(shop: Letterbox, who: int) -> list[str]:
    with database.reading(shop.engine) as connection:
        return [row.wording for row in consents.proofs(connection, who) if row.channel == "telegram"]


def events(shop: Letterbox, who: int) -> list[str]:
    return [row.kind for row in shop.rows(t.events, customer_id=who)]


def replies(shop: Letterbox, who: int) -> list[str]:
    return [row.text for row in shop.rows(t.events, customer_id=who, kind="reply")]


def journey(shop: Letterbox, who: int) -> str:
    return " ".join(word for word in shop.standing(who)[0] if word)


def wishes(shop: Letterbox, who: int) -> dict[str, Any]:
    """What they said of our letters, without what they didn't."""
    with database.reading(shop.engine) as connection:
        found = preferences.of(connection, [who]).get(who)
    if found is None:
        return {}
    told = {
        "closed": sorted(found.channels_off),
        "topics off": sorted(found.topics_off),
        "most": found.most_letters,
        "until": found.paused_until.isoformat() if found.paused_until else None,
        "language": found.locale,
    }
    return {name: value for name, value in told.items() if value}


def threads(shop: Letterbox, who: int) -> list[str]:
    """How each stands, and why it began; of nobody in particular those of strangers."""
    return [f"{row.status}: {row.why}" for row in shop.rows(t.threads, customer_id=who or None)]


def thread_words(shop: Letterbox, who: int) -> list[str]:
    """What was said in their threads, by whom, and what became of answers."""
    theirs = {row.id for row in shop.rows(t.threads, customer_id=who or None)}
    said = [row for row in shop.rows(t.thread_words) if row.thread_id in theirs]
    return [f"{row.author}{f' ({row.status})' if row.author == 'manager' else ''}: {row.text or '(a file)'}" for row in said]


def assignee(shop: Letterbox, who: int) -> str:
    return shop.rows(t.threads, customer_id=who or None)[-1].assignee


def topic(shop: Letterbox, who: int, chat: int) -> int:
    """Of their newest thread in the staff's group."""
    return max((row for row in shop.rows(t.threads) if (who and row.customer_id == who) or row.chat_id == str(chat)), key=lambda row: row.id).topic


QUESTIONS: dict[str, Callable[[Letterbox, int], Any]] = {
    "joined": joined,  # may we write to their chat?
    "chat": chat,  # its number
    "proofs": proofs,  # of consents and withdrawals on this channel, the oldest first
    "proven words": proven_words,  # what was agreed to, word for word; compared with answers by their keys
    "events": events,  # by kind
    "replies": replies,  # their words
    "journey": journey,  # "active", "stopped replied"
    "wishes": wishes,
    "threads": threads,  # "open: unknown-words", the oldest first
    "said": thread_words,  # "customer: ...", "manager (sent): ..."
    "assignee": assignee,  # of the newest thread
}
