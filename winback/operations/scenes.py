"""What there is to look at: a letter, or all those of a campaign, for each person, language, tactic and stage."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from winback import clock
from winback.errors import ConfigError, Problem
from winback.journey import campaign as campaigns
from winback.journey.campaign import Campaign
from winback.letters import check, library, locales, promised, sender, values
from winback.letters.circumstances import Circumstances, Customer, Promise
from winback.letters.library import Library
from winback.letters.sender import Sender
from winback.model import WRITTEN, ChannelName
from winback.operations import explaining
from winback.settings import Project
from winback.store import candidates, database
from winback.store.as_of import AsOf
from winback.strictyaml import Document, nearest


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks to see. Nothing said: everything there is of it."""

    letter: str | None = None
    locale: str | None = None
    customers: tuple[str, ...] = ()  # the shop's ids; none: the sample's person
    campaign: str | None = None
    tactic: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One letter as one person would get it."""

    channel: ChannelName
    letter: str
    language: str
    customer: str  # the shop's id, empty for the sample's person
    stage: str  # empty without a campaign
    tactic: str
    signing: Sender
    values: dict[str, Any] = field(repr=False)
    rank: int  # of the language among those that the reader may be written to in; the sample's person reads all that the shop's customers do

    @property
    def signer(self) -> str:
        return values.sender_name(self.signing, self.language)


@dataclass(frozen=True, slots=True)
class _Part:
    """A letter in its place: of a campaign, or alone."""

    channel: ChannelName
    letter: str
    stage: str = ""
    tactic: str = ""
    passed: timedelta = timedelta()  # since the campaign's first day


def gather(project: Project, engine: Engine | None, wanted: Wanted, *, now: datetime, texts: Library | None = None) -> list[Scene]:
    """Every scene that is wanted, in the order of stages, tactics, letters, languages, people.

    An engine is needed for customers only; `texts` are the project's letters, where they are open already. Raises ConfigError when something is named that isn't there, TemplateError for a language that
    has no letters.
    """
    texts = texts or library.open_library(project)
    if wanted.locale:
        texts.catalogue(wanted.locale)
    plan = campaigns.read(project, wanted.campaign) if wanted.campaign else None
    if plan and (unknown := list(_unknown_links(plan, texts))):
        raise ConfigError(unknown)
    parts = list(_of_campaign(plan, wanted)) if plan else _alone(texts, wanted)
    people: list[tuple[str, Customer | None]] = [("", None)]
    if engine is not None and wanted.customers:
        people = [(key, _customer(project, engine, key, now)) for key in wanted.customers]
    languages = [wanted.locale] if wanted.locale else texts.languages()
    setting = _Setting(project, texts, plan)
    places = [(part, language) for part, language in itertools.product(parts, languages) if wanted.locale or not setting.unspoken(part, language)]
    if not places:
        unspoken = dict.fromkeys(problem for part, language in itertools.product(parts, languages) for problem in setting.unspoken(part, language))
        nowhere = Problem(
            plan.file if plan else "", None, "no stage has this letter for this tactic.", "Ask without --stage or --tactic to see where it is."
        )
        raise ConfigError(unspoken or nowhere)
    return [setting.scene(part, language, key, customer) for (part, language), (key, customer) in itertools.product(places, people)]


def _alone(texts: Library, wanted: Wanted) -> list[_Part]:
    for option, named in (("--tactic", wanted.tactic), ("--stage", wanted.stage)):
        if named:
            raise ConfigError(Problem("", None, f"{option} {named} belongs to a campaign.", "Add --campaign NAME."))
    if wanted.letter is None:
        raise ConfigError(Problem("", None, "nothing is named to look at.", "Give a letter, or --campaign NAME for all of its letters."))
    parts = [_Part(channel, wanted.letter) for channel in WRITTEN if wanted.letter in texts.names(channel)]
    if not parts:
        known = sorted({name for channel in WRITTEN for name in texts.names(channel)})
        raise ConfigError(Problem("", None, f"there is no letter `{wanted.letter}`.", nearest(wanted.letter, known, "Letters")))
    return parts


def _of_campaign(document: Document[Campaign], wanted: Wanted) -> Iterator[_Part]:
    """The letters of a campaign's stages and tactics, each once for each."""
    plan = document.value
    _known(document, "tactic", wanted.tactic, list(plan.tactics))
    _known(document, "stage", wanted.stage, [stage.name for stage in plan.stages])
    sent = sorted({text for letters in plan.letters().values() for _, text in letters})
    _known(document, "letter", wanted.letter, sent)
    for stage, passed in zip(plan.stages, plan.offsets(), strict=True):
        for tactic, channel in itertools.product(plan.tactics, stage.channels):
            text = stage.text_for(channel, tactic)
            if text and wanted.letter in {None, text} and wanted.tactic in {None, tactic} and wanted.stage in {None, stage.name}:
                yield _Part(channel, text, stage.name, tactic, passed)


def _known(document: Document[Campaign], what: str, named: str | None, there: Sequence[str]) -> None:
    if named is not None and named not in there:
        raise ConfigError(Problem(document.file, None, f"it has no {what} `{named}`.", nearest(named, there, f"{what.capitalize()}s")))


def _unknown_links(document: Document[Campaign], texts: Library) -> Iterator[Problem]:
    for place, link in document.value.content.links():
        if link not in texts.brand.links:
            how = nearest(link, texts.brand.links, "Links")
            yield document.problem(("content", *place), f"there is no link `{link}` in config/brand.yaml.", how)


@dataclass(frozen=True, slots=True)
class _Setting:
    """Where scenes play: the project, and a campaign or none."""

    project: Project
    texts: Library
    document: Document[Campaign] | None

    def unspoken(self, part: _Part, language: str) -> list[Problem]:
        """The campaign's own words, its offer, occasion and content, that don't exist in a language."""
        if self.document is None:
            return []
        plan = self.document.value
        other_offers = [("offers", name) for name in plan.offers if name != plan.tactics[part.tactic].offer]
        return [
            self.document.problem(place, f"`{'.'.join(map(str, place))}` has no `{language}`.", f"Add `{language}:`.")
            for place, wording in plan.texts()
            if language not in wording and place[:2] not in other_offers
        ]

    def scene(self, part: _Part, language: str, key: str, customer: Customer | None) -> Scene:
        senders = sender.read(self.project)
        named = self.document.value.sender if self.document else ""
        default = named if named in senders.names() else senders.names()[0]
        signing = sender.pick(senders, customer.person.manager if customer else "", default)
        circumstances = Circumstances(customer, self._promise(self.document.value, part, language) if self.document else None)
        filled = check.sample_values(self.texts, part.channel, part.letter, language, signing, circumstances=circumstances)
        for page, path in (("unsubscribe", "u"), ("view", "v"), ("preferences", "p")):
            filled[f"{page}_url"] = f"{self.project.settings.public_url}/{path}/preview"  # nobody's: they change nothing
        chain = self._chain(customer)
        rank = chain.index(language) if language in chain else len(chain)
        return Scene(part.channel, part.letter, language, key, part.stage, part.tactic, signing, filled, rank)

    def _chain(self, customer: Customer | None) -> list[str]:
        chains = self.project.settings.locales
        if customer is not None:
            return list(locales.choose(customer.person.locale, customer.person.country, chains))
        return [language for chain in chains.values() for language in chain]

    def _promise(self, plan: Campaign, part: _Part, language: str) -> Promise:
        if missing := self.unspoken(part, language):
            raise ConfigError(missing)
        offer, currency = plan.offer_of(part.tactic), self.project.settings.currency
        return Promise(
            offer=promised.example(offer, locale=language, currency=currency, ends_on=plan.starts_on + offer.valid_for) if offer else None,
            occasion=plan.occasion[language] if plan.occasion else None,
            content=plan.content,
            begins_on=plan.starts_on,
            today=plan.starts_on + part.passed,
            tone=plan.tone,
        )


def _customer(project: Project, engine: Engine, key: str, now: datetime) -> Customer:
    """A customer's name and orders, without their address."""
    who = explaining.customer_id(engine, key)
    with database.reading(engine) as connection:
        found = candidates.find(connection, [who], AsOf.of(project, now), run_id=None)[who]
    first, last = (clock.local_day(moment, project.zone) if moment else None for moment in (found.first_order_at, found.last_order_at))
    return Customer(found.person, found.orders, first, last, found.benefits, found.problem_order)
