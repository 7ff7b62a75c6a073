"""winback consent ask: letters that ask customers to confirm what they agreed to, where their country's rules want that (double opt-in)."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.channels.channel import Channel
from winback.channels.file import FileChannel
from winback.errors import ChannelError, ConfigError, LaneError, Problem, TemplateError, UncertainError
from winback.journey import policy
from winback.journey.notices import NoticeStatus
from winback.journey.policy import Policy
from winback.letters import library, locales, pages, sender, values
from winback.letters.library import Library
from winback.letters.sender import Sender
from winback.model import ChannelName, Email, Person, Reason
from winback.operations.request_turns import RequestTurns
from winback.sending import lanes
from winback.settings import Project
from winback.store import audit, consent_requests, consents, database
from winback.store.consent_requests import Request
from winback.tracking import addresses, own_words

LETTER = "confirm-consent"
_AT_ONCE = 200
_NOT_ASKED = ("waiting", "not-now", "no-language", Reason.PACE, Reason.LANE_STOPPED)
OpenChannel = Callable[[Project, ChannelName], AbstractAsyncContextManager[Channel[Any]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """How many letters there were, by what became of them; `waiting`: asked not long ago, or often enough; `not-now`: hours, caps or wishes."""

    counts: Mapping[str, int] = field(default_factory=dict)
    stopped_by: str = ""  # why the rest wasn't sent: the channel is closed to all of them

    def as_json(self) -> dict[str, Any]:
        return {"letters": dict(self.counts), "stopped_by": self.stopped_by}


@dataclass(frozen=True, slots=True)
class Asker:
    """What every letter is written with."""

    project: Project
    engine: Engine
    policy: Policy
    letters: Library
    signing: Sender
    now: datetime
    turns: RequestTurns


def open_channel(project: Project, name: ChannelName) -> AbstractAsyncContextManager[Channel[Any]]:
    """As letters leave; on a development machine into a folder of its own, for the numbers of requests are not those of deliveries."""
    return FileChannel(project.out / "mailbox" / "consents") if project.settings.email.via == "file" else lanes.open_channel(project, name)


async def ask(
    project: Project, engine: Engine, *, signer: str, limit: int, now: datetime, open_channel: OpenChannel = open_channel, dry_run: bool = False
) -> Asked:
    """Ask up to `limit` customers, each at most as often as policy.yaml says.

    The mark comes first: a crash in between leaves `handed_over`, which is shown, and never a second letter before its time. Only who
    agreed is asked: a letter to anybody else would be the advertising that it asks leave for. Contact policy, hours, wishes and pace hold
    as for every other letter, and it counts as one. Raises ConfigError or TemplateError.
    """
    rules = policy.read(project)
    turns = RequestTurns(project, engine, rules, LETTER)
    asker = Asker(project, engine, rules, library.open_library(project), _signer(project, signer), now, turns)
    if faults := asker.letters.faults(ChannelName.EMAIL, LETTER):
        raise TemplateError(faults)
    counts = Counter[str]()
    try:
        async with open_channel(project, ChannelName.EMAIL) as channel:
            stopped_by = await _ask_all(asker, channel, counts, limit, dry_run=dry_run)
    finally:
        _write_down(asker, counts)
    return Asked(counts, stopped_by)


async def _ask_all(asker: Asker, channel: Channel[Any], counts: Counter[str], limit: int, *, dry_run: bool) -> str:
    """Counts what becomes of each letter; returns why the rest wasn't sent."""
    after = 0
    while (left := limit - counts.total() + sum(counts[word] for word in _NOT_ASKED)) > 0:
        with database.reading(asker.engine) as connection:
            rows = consent_requests.unconfirmed(connection, **_countries(asker.policy), after=after, limit=min(_AT_ONCE, left))
        for row in rows:
            word, stopped_by = await _ask(asker, row, channel, dry_run=dry_run)
            counts[word] += 1
            if stopped_by:
                return stopped_by
        if not rows:
            break
        after = rows[-1].id
    return ""


def _write_down(asker: Asker, counts: Counter[str]) -> None:
    """Who asked, and how many."""
    detail = {word: count for word, count in sorted(counts.items()) if word in set(NoticeStatus)}
    if detail:
        with database.writing(asker.engine) as connection:
            audit.record(connection, who=asker.project.user, deed=audit.Deed.ASKED, about="consents", detail=detail, now=asker.now)


def _countries(rules: Policy) -> dict[str, Any]:
    """Countries whose rules want a confirmed consent: those named, and all others if the default does."""
    wanted = [country for country in rules.countries if rules.for_country(country).consent == "confirmed"]
    return {"countries": wanted, "other_than": list(rules.countries) if rules.default.consent == "confirmed" else None}


def _signer(project: Project, name: str) -> Sender:
    known = sender.read(project).senders
    if name not in known:
        raise ConfigError(Problem("config/senders.yaml", None, f"there is no sender `{name}`.", f"Write one of {', '.join(sorted(known))}."))
    return known[name]


async def _ask(asker: Asker, row: Row[Any], channel: Channel[Any], *, dry_run: bool) -> tuple[str, str]:
    """What became of one letter, and why no other one can be sent."""
    language = _language(asker, row)
    if language is None:
        return "no-language", ""
    if asker.turns.stands(row.address):
        return Reason.LANE_STOPPED, ""
    if (word := _refusal(asker, row)) or dry_run:
        return word or "would-be-asked", ""
    relay = lanes.relay_of(asker.project.settings.email, asker.turns.paced_relays, row.id)
    if asker.turns.waits(row.id, row.address, relay, asker.now):
        return Reason.PACE, ""
    number = _hand_over(asker, row, language)
    if number is None:  # somebody else was quicker
        return "waiting", ""
    status, detail, stopped_by = NoticeStatus.FAILED, "", ""
    try:
        letter = replace(_written(asker, row, number, language), relay=relay)
        status = NoticeStatus.HANDED_OVER  # from here on it may leave
        await channel.send(letter)
        status = NoticeStatus.SENT
    except UncertainError as error:
        status, detail = NoticeStatus.UNCERTAIN, str(error)
    except LaneError as error:
        status, detail, stopped_by = NoticeStatus.FAILED, str(error), str(lanes.problem(asker.project, ChannelName.EMAIL, error))
    except ChannelError as error:
        status, detail = NoticeStatus.FAILED, str(error)
    finally:
        if status is not NoticeStatus.HANDED_OVER:
            with database.writing(asker.engine) as connection:
                consent_requests.record(connection, number, status, detail)
    return status, stopped_by


def _refusal(asker: Asker, row: Row[Any]) -> str:
    """The word for why the customer isn't asked now; empty: they may be."""
    asking = asker.policy.asking
    with database.writing(asker.engine) as connection:
        asked = Request(row.id, row.address_hash, wording_id=0)
        if not consent_requests.may_ask(connection, asked, again_after=asking.again_after, times=asking.times, now=asker.now):
            return "waiting"
        return "not-now" if asker.turns.is_late(connection, row, asker.now) else ""


def _hand_over(asker: Asker, row: Row[Any], language: str) -> int | None:
    """The number of the letter, which may leave now; None: another one left a moment ago."""
    asking = asker.policy.asking
    words = own_words.from_html(pages.render(asker.project, "confirm", language)).strip()
    with database.writing(asker.engine) as connection:
        if asker.turns.is_late(connection, row, asker.now):
            return None
        asked = Request(row.id, row.address_hash, consents.wording_id(connection, words, asker.now))
        return consent_requests.hand_over(connection, asked, again_after=asking.again_after, times=asking.times, now=asker.now)


def _language(asker: Asker, row: Row[Any]) -> str | None:
    demanded = asker.policy.for_country(row.country).languages
    chain = demanded or locales.choose(row.locale, row.country, asker.project.settings.locales)
    return next((language for language in chain if not asker.letters.problems_in(ChannelName.EMAIL, LETTER, language)), None)


def _written(asker: Asker, row: Row[Any], number: int, language: str) -> Email:
    project, signing = asker.project, asker.signing
    url = addresses.confirm(project.settings.public_url, project.link_keys[0], row.id, number)
    filled = values.for_letter(
        person=Person(row.key, row.given_name, row.patronymic, row.family_name, row.sex, row.locale, row.country, row.city),
        locale=language,
        sender=signing,
        brand=asker.letters.brand,
        offer=None,
        occasion=None,
        last_order_on=None,
        orders_count=0,
        today=clock.local_day(asker.now, project.zone),
        link=asker.letters.brand.links.__getitem__,  # plain addresses: who is only asked isn't followed
        unsubscribe_url=url,
        view_url="",  # it is no delivery
        preferences_url=addresses.preferences(project.settings.public_url, project.link_keys[0], row.id),
        pixel_url="",
        telegram_url="",
        confirm_url=url,
    )
    rendered = asker.letters.email(LETTER, language).render(filled, f"consent {number}")
    domain = signing.email.rpartition("@")[2]
    bounces_to = project.settings.email.bounces_to
    mark = hmac.digest(project.key, f"consent:{number}".encode(), "sha256")[:8].hex()
    return Email(
        delivery_id=number,
        to=row.address,
        sender_name=values.sender_name(signing, language),
        sender_address=signing.email,
        reply_to=signing.reply_to or signing.email,
        mail_from=addresses.request_bounces(bounces_to, project.link_keys[0], row.id, number) if bounces_to else signing.email,
        message_id=f"<consent.{number}.{mark}@{domain}>",  # no delivery's
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        language=locales.language_tag(language),
        sent_at=asker.now,
        list_id=f"consents.{domain}",
        unsubscribe_url=url,  # one click there means no
        pictures=rendered.pictures,
    )
