"""The nouns that every room shares. One word, one thing: the same in tables, YAML, CLI and pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from winback.money import Money as Money  # noqa: PLC0414  said twice so that others may take it from here, where all nouns are
from winback.money import minor_digits as minor_digits  # noqa: PLC0414  the same


class ChannelName(StrEnum):
    """How a letter travels."""

    EMAIL = "email"  # by SMTP
    TELEGRAM = "telegram"  # by the Bot API, to those who joined
    SMS = "sms"  # by a provider's HTTP gateway, to a phone number
    VIBER = "viber"  # the same
    WHATSAPP = "whatsapp"  # the same

    @property
    def written_as(self) -> ChannelName:
        """Whose texts it carries: e-mail its own, every other channel messenger texts."""
        return self if self is ChannelName.EMAIL else ChannelName.TELEGRAM

    @property
    def goes_by_phone(self) -> bool:
        """Whether its addresses are customers' phone numbers, and its way out a gateway of settings.yaml."""
        return self in BY_PHONE


BY_PHONE: Final = frozenset({ChannelName.SMS, ChannelName.VIBER, ChannelName.WHATSAPP})
WRITTEN: Final = (ChannelName.EMAIL, ChannelName.TELEGRAM)
"""Channels with texts of their own."""


class Environment(StrEnum):
    """Where a project runs, and so whom its letters may reach."""

    PRODUCTION = "production"  # customers
    DEVELOPMENT = "development"  # only addresses on the allow-list of settings.yaml


class OrderStatus(StrEnum):
    """What became of an order row."""

    PLACED = "placed"  # a purchase, if its amount is above zero
    CANCELLED = "cancelled"  # called off: counts nowhere
    RETURNED = "returned"  # goods brought back: its (negative) amount lowers revenue, it is no purchase


class AddressFault(StrEnum):
    """What speaks against writing to an address. One may have several."""

    BOUNCED = "bounced"  # letters to it came back for good, or the bot is blocked there
    MISTYPED = "mistyped"  # its domain is a slip of a well-known one: anna@gmail.con
    OLD = "old"  # it showed no life for longer than the settings' `old_after`
    UNKNOWN = "unknown"  # nobody knows when it last showed life


class FeedbackKind(StrEnum):
    """What a customer said of a purchase."""

    COMPLAINT = "complaint"  # something was wrong
    SURVEY = "survey"  # an answer with a score


class ReasonSource(StrEnum):
    """Who told why a customer left."""

    STAFF = "staff"  # who served them
    SURVEY = "survey"  # they themselves


class CodeStatus(StrEnum):
    """What became of one code of an offer."""

    FREE = "free"  # in the pool
    RESERVED = "reserved"  # a customer's, and no letter has carried it yet
    GIVEN = "given"  # a letter with it has left, or may have
    RELEASED = "released"  # nobody was told of it: a pooled one is free again, one of the customer's own is never used
    REDEEMED = "redeemed"  # an order used it
    EXPIRED = "expired"  # its last day passed without an order


class CodeSource(StrEnum):
    """Where a code comes from."""

    POOL = "pool"  # a line of the shop's file
    OWN = "own"  # made for this customer
    SHARED = "shared"  # one word for everybody


class TaskKind(StrEnum):
    """What a person is asked to do."""

    CALL = "call"  # ring the customer up
    VISIT = "visit"  # go and see them
    CARD = "card"  # write them by hand


class TaskStatus(StrEnum):
    """What became of a task."""

    OPEN = "open"  # waits for its manager
    DONE = "done"  # the customer was spoken or written to
    DECLINED = "declined"  # the customer was reached and doesn't want to be
    DROPPED = "dropped"  # not done: nobody answered, or it wasn't worth it


class RunStatus(StrEnum):
    """The state of one run of a campaign."""

    ACTIVE = "active"  # enrols and sends
    WAITING = "waiting"  # sends nothing until somebody approves what has changed
    PAUSED = "paused"  # sends nothing until resumed
    CANCELLED = "cancelled"  # never sends again
    FINISHED = "finished"  # every recipient came to an end


UNFINISHED = frozenset({RunStatus.ACTIVE, RunStatus.WAITING, RunStatus.PAUSED})  # may still send, now or once a person says so


class RecipientStatus(StrEnum):
    """Where one customer stands in a campaign run: cohort = active + stopped + finished + held_out + skipped."""

    ACTIVE = "active"  # stages are still to come
    STOPPED = "stopped"  # ordered, replied, unsubscribed...: `reason` says which
    FINISHED = "finished"  # every stage is behind
    HELD_OUT = "held_out"  # deliberately left alone, to compare with
    SKIPPED = "skipped"  # in the cohort, but not to be written to: `reason` says why


class DeliveryStatus(StrEnum):
    """The life of one letter: planned -> claimed -> handed_over -> sent, or one of the ends."""

    PLANNED = "planned"  # waiting until due
    CLAIMED = "claimed"  # a worker holds it under a lease; nothing has left
    HANDED_OVER = "handed_over"  # given to the channel: from here on it may have left
    SENT = "sent"  # the other side accepted it
    FAILED = "failed"  # the other side refused it for good, or tries ran out
    UNCERTAIN = "uncertain"  # it may have left: resolved by a person or by a later bounce, open or reply
    STOPPED = "stopped"  # no longer wanted when its turn came (ordered, replied, unsubscribed, cancelled)
    SKIPPED = "skipped"  # could not be written: no address on the stage's channels, no letter in the language
    HELD_OUT = "held_out"  # the holdout's row: what would have been sent


class EventKind(StrEnum):
    """What came back."""

    OPEN = "open"  # the pixel was fetched
    CLICK = "click"  # a link was followed
    UNSUBSCRIBE = "unsubscribe"  # asked not to be written to (POST, /stop, or words in a reply)
    REPLY = "reply"  # a person answered
    BOUNCE = "bounce"  # the letter came back
    COMPLAINT = "complaint"  # marked as spam
    ANSWER = "answer"  # a survey was filled in
    BLOCKED = "blocked"  # the bot was blocked by the customer
    LATER = "later"  # asked to be reminded on another day


class Verdict(StrEnum):
    """Who was behind a hit."""

    HUMAN = "human"  # nothing speaks against a person
    UNVERIFIED = "unverified"  # fetched through a mail provider's proxy: may be a person
    MACHINE = "machine"  # a scanner, a prefetch, a bot


class Reason(StrEnum):
    """Why somebody is not written to. The word is stored, shown, counted and explained."""

    BLACK_LISTED = "black-listed"  # the shop's own black list
    NO_CHANNEL = "no-channel"  # no usable address on any channel of the campaign
    NO_CONSENT = "no-consent"  # never agreed to advertising on these channels
    CONSENT_WITHOUT_PROOF = "consent-without-proof"  # agreed, it is said, but not when and where
    CONSENT_NOT_CONFIRMED = "consent-not-confirmed"  # agreed, but the country asks for a yes from the address itself (double opt-in)
    CONSENT_LAPSED = "consent-lapsed"  # agreed long ago, and nothing was heard of them since
    CONSENT_WITHDRAWN = "consent-withdrawn"  # took the consent back, or objected without ever having given one
    SOFT_OPT_IN_OVER = "soft-opt-in-over"  # bought, without a consent, longer ago than the country's soft opt-in lasts
    CHANNEL_NOT_ALLOWED = "channel-not-allowed"  # the country's policy allows none of the channels
    SUPPRESSED = "suppressed"  # asked not to be written to, bounced or complained
    CHANNEL_OFF = "channel-off"  # wants no letters on these channels, by their preferences
    TOPIC_OFF = "topic-off"  # wants no letters of this topic, by their preferences
    PAUSED = "paused"  # asked for a pause, by their preferences
    NOT_ALLOWED_HERE = "not-allowed-here"  # outside production, and the address is not on the allow-list
    NO_LANGUAGE = "no-language"  # the letters exist in no language of this customer's chain
    IN_OTHER_CAMPAIGN = "in-other-campaign"  # another campaign that is under way writes to them, or holds them out
    NOT_FOR_TACTIC = "not-for-tactic"  # the stage has no letter for this tactic
    NOT_WORTH_IT = "not-worth-it"  # less is expected of a return than the whole sequence costs, and the campaign asks for more
    LETTER_BROKEN = "letter-broken"  # it couldn't be filled in; tried again when somebody had time to mend it
    OFFER_OVER = "offer-over"  # the letter promises something whose last day has passed
    OTHER_CURRENCY = "other-currency"  # the letter names amounts in another currency than the country's rules ask for
    NOTHING_TO_TELL = "nothing-to-tell"  # the letter speaks of what this customer doesn't have: an order gone wrong, benefits, orders
    SAME_ADDRESS = "same-address"  # another customer has this address too: one person, it seems; merge them
    MERGED = "merged"  # the same person as another customer, who goes on in their place
    ORDERED = "ordered"  # bought again
    REPLIED = "replied"  # answered: a person takes over
    CLICKED = "clicked"  # followed a link, in a campaign that stops there
    UNSUBSCRIBED = "unsubscribed"  # asked to stop, in this campaign
    COMPLAINED = "complained"  # marked a letter as spam
    BOUNCED = "bounced"  # the address doesn't exist any more
    SOFT_BOUNCED = "soft-bounced"  # letters to the address failed to arrive again and again, for weeks
    BLOCKED = "blocked"  # the bot was blocked
    CANCELLED = "cancelled"  # the campaign was cancelled
    TRIES_RAN_OUT = "tries-ran-out"  # put off by the other side until the schedule ended
    NO_ANSWER = "no-answer"  # a worker died after handing the letter over
    RESOLVED_NOT_SENT = "resolved-not-sent"  # a person found that an uncertain letter had not left
    EXPIRED = "expired"  # the campaign ended before the letter's turn came
    CONDITION = "condition"  # the stage asks for something that this customer isn't or didn't do
    CAPPED = "capped"  # as many contacts as the policy allows in a week, month or year
    TOO_SOON = "too-soon"  # the contact before is closer than the policy's gap
    DAY_OF_SILENCE = "day-of-silence"  # a day of mourning: nobody of that country is written to
    PACE = "pace"  # its provider, relay or channel takes only so many letters an hour or a day; it leaves when its place comes
    OTHER_FIRST = "other-first"  # another campaign with a higher priority writes to them first
    HAS_CODE = "has-code"  # a code of another campaign is still theirs to use
    NO_CODE_LEFT = "no-code-left"  # the file of codes is used up
    BUDGET_PROMISED = "budget-promised"  # what the offer may cost is promised already
    DECLINED = "declined"  # told a person that they don't want to
    ANSWERED = "answered"  # answered the survey
    EXHAUSTED = "exhausted"  # every stage and the farewell brought no answer: left alone for good
    WRITTEN_LATELY = "written-lately"  # the same campaign wrote to them not long ago
    GLOBAL_HOLDOUT = "global-holdout"  # no campaign writes to them for a while, so that all campaigns together can be compared with somebody
    OTHER_LAYER = "other-layer"  # another campaign's part of the layer that the two share
    DAY_PASSED = "day-passed"  # the stage's own day was over before its turn came
    FORGOTTEN = "forgotten"  # asked to be erased
    NO_OCCASION = "no-occasion"  # the occasion doesn't come for this customer, or not while the campaign lasts
    LANE_STOPPED = "lane-stopped"  # the fuse of its lane has blown: it leaves once a person lets the lane go on
    LANE_CLOSED = "lane-closed"  # nobody takes letters on its channel just now: it is looked at again some minutes later


HOLDOUT = "holdout"  # the arm of those left alone; no tactic may take this name

TASK: Final = "task"
"""The way of a stage that isn't a letter's: a person does something. It stands beside the channels in a stage and with deliveries."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a letter may know of a customer."""

    key: str
    given_name: str = ""
    patronymic: str = ""
    family_name: str = ""
    sex: str = ""  # "f", "m" or unknown
    locale: str = ""  # as stored: "uk", "uz", "ro-MD"...
    country: str = ""  # ISO 3166-1 alpha-2
    city: str = ""
    time_zone: str = ""  # IANA, or unknown
    birthday: date | None = None
    manager: str = ""  # key of a sender in config/senders.yaml


@dataclass(frozen=True, slots=True)
class ProblemOrder:
    """An order that went wrong: what a compensation is counted from."""

    key: str  # as the shop numbers it
    ordered_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Benefits:
    """What a customer already has with the shop, used or not."""

    points: int = 0  # on their account
    discount: float = 0  # standing, a share: 0.05
    code: str = ""  # given to them earlier, not used yet
    ends_on: date | None = None  # the last day of it


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that travels inside a letter."""

    name: str  # of its file
    content_type: str  # image/png...
    content_id: str  # without angle brackets; the same for the same picture, always
    data: bytes = field(repr=False)
    personal: bool = False  # made for one letter, and for no other

    @property
    def url(self) -> str:
        """What the letter's HTML calls it (RFC 2392)."""
        return f"cid:{self.content_id}"


@dataclass(frozen=True, slots=True)
class Email:
    """A finished letter for one mailbox, before MIME."""

    delivery_id: int
    to: str
    sender_name: str
    sender_address: str
    reply_to: str
    mail_from: str  # envelope sender: where bounces go
    message_id: str  # with angle brackets; the same for the same delivery, always
    subject: str
    html: str
    text: str
    language: str  # BCP 47
    sent_at: datetime
    list_id: str = ""
    feedback_id: str = ""
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""
    pictures: tuple[Picture, ...] = ()  # that `html` shows by their `url`
    relay: str = ""  # through which one of several; empty: whichever's turn it is
    answers_to: str | None = None  # of a person's own answer: the Message-ID of the letter that it belongs to, or nothing


@dataclass(frozen=True, slots=True)
class Button:
    """What stands below a messenger text and is pressed: it opens an address, says something to the bot, or copies a text."""

    label: str
    url: str = ""
    data: str = ""  # for the bot: tracking/presses.py
    copies: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A finished messenger text: for one chat in Telegram's HTML subset, for a phone number plain."""

    delivery_id: int
    chat_id: str  # or the phone number: +380671234567
    text: str  # with pictures, their caption
    language: str
    buttons: tuple[Button, ...] = field(default=())
    pictures: tuple[Picture | str, ...] = ()  # ours, or at https addresses; of several an album is made, which has no buttons
    channel: ChannelName = ChannelName.TELEGRAM
    reference: str = ""  # by which a gateway's reports name it
    copy_of: tuple[str, int] | None = None  # chat and number of a message that is sent as it is; `text` is its caption, empty: the one it has


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side accepted a letter: its own id for it, and what it said."""

    remote_id: str
    text: str = ""
    relay: str = ""  # that took it, where mail leaves through relays
