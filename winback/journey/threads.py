"""The words of conversations between customers and the shop's people: the same in the store, on pages, in JSON."""

from __future__ import annotations

from enum import StrEnum


class ThreadStatus(StrEnum):
    """Whose turn it is."""

    OPEN = "open"  # the customer waits for us
    WAITING = "waiting"  # we answered, and wait for the customer
    CLOSED = "closed"  # nothing is left to say; what comes next begins a new thread


class Why(StrEnum):
    """What made a person's attention necessary first."""

    REPLY = "reply"  # answered a letter
    WORDS = "unknown-words"  # wrote to the bot what it doesn't know
    BAD_SCORE = "bad-score"  # gave one
    COMPLAINT = "complaint"  # isn't interested any more, for a reason that is one
    PERSON = "asked"  # said so, or pressed the button
    ORDER = "order-status"  # asked where an order is
    PHONE = "unknown-phone"  # shared a phone number that belongs to nobody, or to several
    TWO = "two-customers"  # opened the link of another customer than the one whose chat it is


class Author(StrEnum):
    """Who said it."""

    CUSTOMER = "customer"
    MANAGER = "manager"  # one of the shop's people
    BOT = "bot"  # notes for the shop's people that the customer doesn't see


class WordStatus(StrEnum):
    """What became of words on their way to the other side."""

    HEARD = "heard"  # the customer's own, and notes: they go nowhere
    PLANNED = "planned"  # an answer that waits to leave
    HANDED_OVER = "handed_over"  # it may have left: whoever sent it hasn't come back yet
    SENT = "sent"  # the other side accepted it
    FAILED = "failed"  # the other side refused it for good, or tries ran out
    UNCERTAIN = "uncertain"  # it may have left; never sent again by itself


class Topic(StrEnum):
    """How a thread stands in the group of the shop's people."""

    NONE = ""  # nothing was shown there yet
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"  # the group doesn't know it any more, or it was deleted


MOST_TRIES = 10
"""After so many refusals that might have passed an answer has failed."""
