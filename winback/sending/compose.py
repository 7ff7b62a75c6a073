"""One finished letter out of a claimed delivery: language, names, offer, links, headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Engine, Row

from winback import clock
from winback.channels import mime
from winback.journey import eligibility, greeting_days, promises, script, zones
from winback.journey.campaign import Campaign
from winback.journey.eligibility import Candidate
from winback.journey.last_check import Send
from winback.journey.policy import Rules
from winback.journey.promises import Promised
from winback.journey.stage import Task
from winback.letters import locales, promised, sender, settled, standing, telling, values, wording
from winback.letters.sample import Kind
from winback.letters.sender import Sender
from winback.letters.standing import Standing
from winback.letters.telling import Told
from winback.letters.template import EmailTemplate
from winback.letters.values import OfferValues
from winback.model import ChannelName, Email, Message, TaskKind
from winback.sending import lanes, messages
from winback.sending.greeting import Greeter
from winback.sending.prepared import OF_SOME_CUSTOMERS, Prepared
from winback.settings import Project
from winback.store import database, events
from winback.store.codes import Held
from winback.store.deliveries import Claimed
from winback.tracking import addresses

_MANY = 500
"""Letters that share most of their values, after which the next ones get a template of their own: it takes as long as three dozen letters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A task as its manager gets it, out of a claimed delivery."""

    claimed: Claimed
    kind: TaskKind
    manager: str  # key in config/senders.yaml
    text: str
    due_at: datetime
    cost_micros: int  # in the project's currency


@dataclass(frozen=True)
class Writer:
    """Writes the letters of one campaign."""

    prepared: Prepared
    engine: Engine

    @property
    def campaign(self) -> Campaign:
        return self.prepared.campaign

    @property
    def project(self) -> Project:
        return self.prepared.project

    def rules(self, country: str) -> Rules:
        return self.prepared.policy.for_country(country)

    def cost_micros(self, channel: ChannelName) -> int:
        """What one letter on a channel costs, in millionths of the project's currency."""
        return int(self.project.settings.way(channel).cost * 1_000_000)

    def write(
        self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], send: Send, *, now: datetime, held: Held | None = None
    ) -> Email | Message:
        """The finished letter, with the code that the customer holds. Raises TemplateError when a value is missing."""
        signing = sender.pick(self.prepared.senders, candidate.person.manager, self.campaign.sender)
        today, link = self._day(now, recipient), self._link(delivery, candidate, send.channel)
        filled = values.for_letter(
            person=candidate.person,
            locale=delivery.locale,
            sender=signing,
            brand=self.prepared.brand,
            offer=self._offer(delivery, recipient, now, held) if self._may_offer(send) else None,
            occasion=self.campaign.occasion[delivery.locale] if self.campaign.occasion else None,
            last_order_on=self._shop_day(candidate.last_order_at),
            orders_count=candidate.orders,
            told=self._told(delivery, candidate, today, link),
            standing=self._standing(candidate, recipient, delivery.locale, today),
            today=today,
            link=link,
            tone=self.campaign.tone,
            unsubscribe_url=self._unsubscribe_url(delivery),
            view_url=addresses.view(self.project.settings.public_url, self.project.link_keys[0], delivery.id),
            preferences_url=addresses.preferences(self.project.settings.public_url, self.project.link_keys[0], delivery.customer_id),
            pixel_url=self._pixel_url(delivery, candidate),
            trap_url=self._trap_url(delivery, candidate, send.channel),
            telegram_url=self._telegram_url(delivery, candidate),
            channel=send.channel,
        )
        if send.channel is ChannelName.EMAIL:
            return self._email(delivery, candidate.reach[ChannelName.EMAIL].address, send.letter, signing, filled, now)
        rendered = self.prepared.library.message(send.letter, delivery.locale).render(filled)
        address, language = candidate.reach[send.channel].address, locales.language_tag(delivery.locale)
        return messages.written(rendered, send.channel, delivery.id, address, language, self.project.link_keys)

    def _email(self, delivery: Claimed, to: str, letter: str, signing: Sender, filled: dict[str, Any], now: datetime) -> Email:  # noqa: PLR0917  one use
        template = self._template(letter, delivery.locale, signing, filled)
        rendered = template.render(filled, f"{self.prepared.name} {delivery.id}")
        domain = signing.email.rpartition("@")[2]
        bounces_to = self.project.settings.email.bounces_to
        return Email(
            delivery_id=delivery.id,
            to=to,
            sender_name=values.sender_name(signing, delivery.locale),
            sender_address=signing.email,
            reply_to=signing.reply_to or signing.email,
            mail_from=addresses.bounces(bounces_to, self.project.link_keys[0], delivery.id) if bounces_to else signing.email,
            message_id=mime.message_id(self.prepared.name, delivery.id, domain, self.project.key),
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            language=locales.language_tag(delivery.locale),
            sent_at=now,
            list_id=f"{self.prepared.name}.{domain}",
            feedback_id=f"{self.prepared.name}:{delivery.locale}:{delivery.tactic}:winback",
            unsubscribe_url=filled["unsubscribe_url"],
            pictures=rendered.pictures,
            unsubscribe_mailto=addresses.unsubscribe_mailbox(signing.reply_to or signing.email, self.project.link_keys[0], delivery.id),
            relay=lanes.relay_of(self.project.settings.email, self.prepared.pace.paced_relays, delivery.id, delivery.attempts),
        )

    def _template(self, letter: str, locale: str, signing: Sender, filled: dict[str, Any]) -> EmailTemplate:
        """The letter, made anew for those that share most of their values as soon as there were many of them."""
        kind = (letter, locale, id(signing), filled["customer"]["country"], filled["today"])
        found = self._alike.get(kind, 0)
        if isinstance(found, EmailTemplate):
            return found
        template = self.prepared.library.email(letter, locale)
        if found >= _MANY:
            template = self._alike[kind] = settled.email(template, filled)
        else:
            self._alike[kind] = found + 1
        return template

    @cached_property
    def _alike(self) -> dict[tuple[object, ...], int | EmailTemplate]:
        """How many letters of a kind were written, or what is made for them by now."""
        return {}

    def ask(self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], task: Task, *, now: datetime, held: Held | None = None) -> Asked:
        """What is asked of a person, with what they are to say; the code is the one that the customer holds."""
        signing = sender.pick(self.prepared.senders, candidate.person.manager, self.campaign.sender)
        offer, brand = self._offer(delivery, recipient, now, held), self.prepared.brand
        last_order_on = self._shop_day(candidate.last_order_at)
        text = script.fill(
            script.in_language(task.say, delivery.locale),
            {
                "customer.name": f"{candidate.person.given_name} {candidate.person.family_name}".strip(),
                "customer.given_name": candidate.person.given_name,
                "customer.city": candidate.person.city,
                "sender.name": values.sender_name(signing, delivery.locale),
                "brand.name": wording.in_locale(brand.name, delivery.locale),
                "offer.text": offer and offer.text,
                "offer.code": offer and offer.code,
                "offer.ends_on": offer and offer.ends_on,
                "orders_count": candidate.orders,
                "last_order_on": last_order_on,
            },
        )
        manager = candidate.person.manager if candidate.person.manager in self.prepared.senders.names() else self.campaign.sender
        cost = self.project.settings.call_cost if task.kind is TaskKind.CALL else 0
        return Asked(delivery, task.kind, manager, text, now + task.within, int(cost * 1_000_000))

    def offer_ends_on(self, tactic: str, recipient: Row[Any], held: Held | None = None) -> date | None:
        """The last day of the tactic's offer for this recipient, which a code keeps; None when there is no offer."""
        offer = self.campaign.offer_of(tactic)
        if offer and held:
            return self._day(held.expires_at, recipient)
        return self._day(recipient.assigned_at + offer.valid_for, recipient) if offer else None

    def offer_is_over(self, tactic: str, recipient: Row[Any], now: datetime, held: Held | None = None) -> bool:
        ends_on = self.offer_ends_on(tactic, recipient, held)
        return ends_on is not None and self._day(now, recipient) > ends_on

    def speaks_of_offer(self, channel: ChannelName, text: str) -> bool:
        """Whether a text can't be written without an offer."""
        return any(needed.startswith("offer") for needed in self.prepared.library.needs(channel, text))

    def names_other_currency(self, rules: Rules, channel: ChannelName, text: str) -> bool:
        """Whether a text can't be written without amounts, which are in the project's currency, and the country's rules ask for another."""
        if not rules.currency or rules.currency == self.project.settings.currency:
            return False
        needed = self.prepared.library.needs(channel, text)
        priced = any(product.price is not None for product in self.campaign.content.products)
        return bool(needed & {"offer.amount", "programme"}) or ("products" in needed and priced)

    def lacks(self, candidate: Candidate, recipient: Row[Any], now: datetime, channel: ChannelName, text: str) -> bool:
        """Whether a text can't be written without something that this customer doesn't have: an order gone wrong, benefits, orders, an offer."""
        if self.speaks_of_offer(channel, text) and self._promised(recipient) is None:
            return True
        needed = {word for path in self.prepared.library.needs(channel, text) if (word := path.partition(".")[0]) in OF_SOME_CUSTOMERS}
        if not needed:
            return False
        known = self._standing(candidate, recipient, recipient.locale, self._day(now, recipient))
        return any(getattr(known, word) is None for word in needed)

    def _told(self, delivery: Claimed, candidate: Candidate, today: date, link: Callable[[str], str]) -> Told:
        """The campaign's content in the letter's language, with links that know the delivery; of a greeting, with its occasion."""
        first_order_on = self._shop_day(candidate.first_order_at)
        block, day = self.campaign.content, today
        if delivery.occasion and (greeter := Greeter.of(self.prepared)):
            block = block.model_copy(update={"greeting": greeter.told(delivery.occasion, greeter.celebrant(candidate), delivery.locale)})
            _, day = greeting_days.parse(delivery.occasion)
        return telling.of(
            block,
            locale=delivery.locale,
            currency=self.project.settings.currency,
            link=link,
            survey_link=partial(self._survey_url, delivery.id, link),
            years=standing.whole_years(first_order_on, day) if first_order_on else None,
            days=(day - today).days,
        )

    def _standing(self, candidate: Candidate, recipient: Row[Any], locale: str, today: date) -> Standing:
        """What the customer has and has had; a compensation lasts from the day of assignment, as an offer does."""
        rule = self.campaign.content.compensation
        begins_on = self._day(recipient.assigned_at, recipient)
        return Standing(
            benefits=standing.benefits(candidate.benefits, today),
            together=standing.together(candidate.orders, self._shop_day(candidate.first_order_at), today),
            compensation=standing.compensation(candidate.problem_order, rule, begins_on=begins_on, today=today, locale=locale),
        )

    def _day(self, moment: datetime, recipient: Row[Any]) -> date:
        """The day of a moment on the recipient's calendar."""
        return clock.local_day(moment, zones.calendar(recipient.time_zone, self.rules(recipient.facts.get("country", ""))))

    def _shop_day(self, moment: datetime | None) -> date | None:
        return clock.local_day(moment, self.project.zone) if moment else None

    def _may_offer(self, send: Send) -> bool:
        """A greeting knows of no offer, whatever its text says."""
        return self.prepared.library.sample(send.channel, send.letter).value.kind is not Kind.GREETING

    def _promised(self, recipient: Row[Any]) -> Promised | None:
        offer = self.campaign.offer_of(recipient.arm) if recipient.arm in self.campaign.tactics else None
        return promises.kept(offer, recipient.facts, self.prepared.currency) if offer else None

    def _offer(self, delivery: Claimed, recipient: Row[Any], now: datetime, held: Held | None) -> OfferValues | None:
        """The tactic's offer in the letter's language; it lasts from the day of assignment, so that every stage names the same last day.

        None for who has no code where others have one: nothing is promised that can't be taken up.
        """
        offer, given = self.campaign.offer_of(delivery.tactic), self._promised(recipient)
        ends_on = self.offer_ends_on(delivery.tactic, recipient, held)
        if offer is None or given is None or ends_on is None or self._day(now, recipient) > ends_on:
            return None
        if offer.has_code and held is None:
            return None
        return promised.values(offer, given, locale=delivery.locale, code=held.code if held else "", ends_on=ends_on)

    def _unsubscribe_url(self, delivery: Claimed) -> str:
        return addresses.unsubscribe(self.project.settings.public_url, self.project.link_keys[0], delivery.id)

    def _survey_url(self, delivery_id: int, link: Callable[[str], str], answer: int | None) -> str:
        """Our own page of the survey, or the shop's by the letter's links."""
        survey = self.campaign.content.survey
        if survey is not None and survey.link:
            return link(survey.link if answer is None else telling.answered(survey.link, answer))
        return addresses.survey(self.project.settings.public_url, self.project.link_keys[0], delivery_id, answer)

    def _pixel_url(self, delivery: Claimed, candidate: Candidate) -> str:
        """Empty where the country's policy, or the customer, doesn't let opens be tracked."""
        reach = candidate.reach.get(ChannelName.EMAIL)
        tracked = reach is not None and eligibility.may_track_opens(reach.tracking, self.rules(candidate.person.country))
        return addresses.pixel(self.project.settings.public_url, self.project.link_keys[0], delivery.id) if tracked else ""

    def _telegram_url(self, delivery: Claimed, candidate: Candidate) -> str:
        """Empty where there is no bot, the country's policy knows no such channel, or the customer has joined."""
        bot = self.project.settings.telegram.bot
        if not bot or ChannelName.TELEGRAM in candidate.reach or ChannelName.TELEGRAM not in self.rules(candidate.person.country).channels:
            return ""
        return addresses.join(bot, self.project.link_keys[0], candidate.customer_id, delivery.id)

    def _tracks_clicks(self, candidate: Candidate, channel: ChannelName) -> bool:
        reach = candidate.reach.get(channel)
        return reach is not None and eligibility.may_track_clicks(reach.tracking, self.rules(candidate.person.country))

    def _link(self, delivery: Claimed, candidate: Candidate, channel: ChannelName) -> Callable[[str], str]:
        """What makes links of names: they know the delivery, or, where nobody may learn who follows them, are the targets themselves."""
        if not self._tracks_clicks(candidate, channel):
            return self._links.__getitem__
        public_url, key = self.project.settings.public_url, self.project.link_keys[0]
        made: dict[str, str] = {}

        def link(name: str) -> str:
            if name not in made:
                made[name] = addresses.click(public_url, key, delivery.id, self._link_ids[name])
            return made[name]

        return link

    def _trap_url(self, delivery: Claimed, candidate: Candidate, channel: ChannelName) -> str:
        """The link that no person sees; empty where links tell nothing, and machines needn't be told from people."""
        if not self._tracks_clicks(candidate, channel):
            return ""
        return addresses.click(self.project.settings.public_url, self.project.link_keys[0], delivery.id, addresses.TRAP)

    @cached_property
    def _links(self) -> dict[str, str]:
        """Where the brand's links lead, and a survey's answers on the shop's own page."""
        links, survey = dict(self.prepared.brand.links), self.campaign.content.survey
        if survey and survey.link:
            links |= {telling.answered(survey.link, answer): telling.answered(links[survey.link], answer) for answer in telling.answers(survey)}
        return links

    @cached_property
    def _link_ids(self) -> dict[str, int]:
        """Ids of the links in the store, written there before the first letter that names them."""
        with database.writing(self.engine) as connection:
            return {name: events.link_id(connection, url) for name, url in self._links.items()}


class Viewer(Writer):
    """Writes letters once more, to be looked at: no pixel, no link that tells who followed it, none that joins a chat."""

    def _tracks_clicks(self, candidate: Candidate, channel: ChannelName) -> bool:  # noqa: ARG002  # the letter's own are counted, these aren't
        return False

    def _pixel_url(self, delivery: Claimed, candidate: Candidate) -> str:  # noqa: ARG002  # nothing is fetched
        return ""

    def _telegram_url(self, delivery: Claimed, candidate: Candidate) -> str:  # noqa: ARG002  # whoever it was passed on to would join
        return ""
