"""Batches of due deliveries: claimed, and asked about for the last time by what is true now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Row

from winback import clock, tracing
from winback.channels.channel import Channel
from winback.journey import last_check, repeats, send_hour, stage_times, zones
from winback.journey.eligibility import Candidate
from winback.journey.last_check import Ask, Send, Since, SkipStage, Stop, Verdict
from winback.journey.stage import Stage
from winback.model import ChannelName, Reason, RecipientStatus
from winback.sending import allowing, asking, fuse, meeting, offering, outcomes, pacing, turns
from winback.sending.asking import Asking
from winback.sending.compose import Writer
from winback.sending.ledger import Ledger
from winback.sending.offering import Codes
from winback.sending.outgoing import Passed
from winback.sending.queue import traveller
from winback.sending.turns import Terms, Turns
from winback.store import candidates, database, deliveries, fuses, greeted, merged_journeys, preferences, run_files, runs
from winback.store.as_of import AsOf
from winback.store.deliveries import Claimed, Outcome


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed at once: how many, and those of them who are to be written to."""

    claimed: int
    passed: Sequence[Passed] = ()


@dataclass(frozen=True)
class Desk:
    """Where one worker looks at what is due in a run."""

    ledger: Ledger
    channels: Mapping[ChannelName, Channel[Any]]
    batch: int  # deliveries at once
    closed: set[ChannelName] = field(default_factory=set)  # channels that can't be reached just now

    @property
    def _writer(self) -> Writer:
        return self.ledger.writer

    def next(self) -> Batch:
        """Claim what is due, settle it or let it pass. Waits for the database; may be called from any thread."""
        ledger = self.ledger
        with ledger.writing() as connection:
            ledger.settle_dead_claims(connection)
            with tracing.span("claim", run=ledger.run.id):
                claimed = deliveries.claim(connection, ledger.run.id, worker=ledger.worker, now=ledger.now(), lease=ledger.lease, limit=self.batch)
            if claimed:
                run_files.went_on(connection, ledger.run.id, ledger.now())
        return Batch(len(claimed), self._check(claimed)) if claimed else Batch(0)

    def _check(self, claimed: Sequence[Claimed]) -> list[Passed]:
        """The last check for a batch; what becomes of those who don't pass is written down, and tasks are given."""
        ledger, now = self.ledger, self.ledger.now()
        ids = [delivery.customer_id for delivery in claimed]
        as_of = AsOf.of(self._writer.project, now)
        with database.reading(ledger.engine) as connection:
            known = candidates.find(connection, ids, as_of, run_id=ledger.run.id)
            standing = runs.get_recipients(connection, ledger.run.id, ids)
            since = candidates.since(connection, list(standing.values()), now)
            unmet = meeting.unmet(connection, self._writer.prepared, ledger.run.id, list(standing.values()), since=since, as_of=as_of)
            reached = merged_journeys.reached(connection, ledger.run.id, ids)
            turn = turns.read(connection, self._writer.prepared.policy, ledger.run.id, claimed, now)
            had = greeted.left(connection, ids) if ledger.greeter else {}
            stopped = fuses.stopped(connection)
        claimed = self._in_their_languages(claimed, known)
        holding = offering.held(ledger.engine, self._writer.prepared, ledger.run, standing, now)
        passed: list[Passed] = []
        asked: list[Asking] = []
        settled: list[tuple[Claimed, Outcome]] = []
        for delivery in claimed:
            candidate, recipient = known[delivery.customer_id], standing[delivery.customer_id]
            held = holding.live(delivery.customer_id)
            verdict = self._verdict(
                delivery, candidate, recipient, since[delivery.customer_id], turn=turn, holding=holding, unmet=unmet.get(delivery.customer_id, "")
            )
            if ledger.greeter:
                verdict = ledger.greeter.check(verdict, delivery, candidate, recipient, had=had.get(delivery.customer_id, ()), now=now)
            if (delivery.customer_id, delivery.stage) in reached and isinstance(verdict, Send | Ask):
                verdict = SkipStage(Reason.MERGED)
            verdict = fuse.check_open(fuse.check(verdict, candidate, stopped, now), self.closed, now)
            if isinstance(verdict, Send):
                verdict = allowing.check(self.channels[verdict.channel], verdict, candidate)
            if isinstance(verdict, Send):
                passed.append(Passed(delivery, candidate, recipient, verdict, self._terms(delivery, candidate, recipient), held))
            elif isinstance(verdict, Ask):
                told = self._writer.ask(delivery, candidate, recipient, verdict.task, now=now, held=held)
                code = held.id if held and held.code in told.text else None
                asked.append(Asking(told, self._terms(delivery, candidate, recipient), code))
            else:
                settled.append((delivery, outcomes.not_sent(delivery, verdict)))
        passed, settled = pacing.hold(ledger.writing, self._writer.prepared, ledger.run, passed, settled, now=now)
        if settled or asked:
            self._settle(settled, asked)
        return passed

    def _in_their_languages(self, claimed: Sequence[Claimed], known: Mapping[int, Candidate]) -> list[Claimed]:
        """Letters in the language that a customer has chosen themselves, maybe after it was decided; written down where it changes."""
        prepared, found = self._writer.prepared, dict[int, str]()
        for delivery in claimed:
            who = known[delivery.customer_id]
            if who.wishes.locale:
                spoken = prepared.language_for(who.person, who.wishes.languages(self._writer.rules(who.person.country)))
                if spoken is not None and spoken != delivery.locale:
                    found[delivery.customer_id] = spoken
        if found:
            with self.ledger.writing() as connection:
                preferences.respeak(connection, self.ledger.run.id, found)
        return [replace(delivery, locale=found.get(delivery.customer_id, delivery.locale)) for delivery in claimed]

    def _settle(self, settled: Sequence[tuple[Claimed, Outcome]], asked: Sequence[Asking]) -> None:
        ledger, now = self.ledger, self.ledger.now()
        with ledger.writing() as connection:
            ledger.record(connection, settled)
            if asked:
                ends_on = self._writer.campaign.ends_on
                given, late = asking.give(connection, asked, ends_on=ends_on, worker=ledger.worker, now=now, lease=ledger.lease)
                ledger.record(connection, [*given, *((claimed, outcomes.not_sent(claimed, verdict)) for claimed, verdict in late)])

    def _verdict(
        self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], since: Since, *, turn: Turns, holding: Codes, unmet: str
    ) -> Verdict:
        if recipient.status != RecipientStatus.ACTIVE:
            return Stop(Reason(recipient.reason))
        if delivery.locale not in self._writer.prepared.languages:
            return SkipStage(Reason.NO_LANGUAGE)
        now, writer = self.ledger.now(), self._writer
        contacts, rival = turn.of(delivery.customer_id)
        campaign, stage = writer.campaign, self._stage(delivery, recipient)
        rules = writer.rules(candidate.person.country)
        who = traveller(recipient, candidate.person.country, rules)
        return last_check.decide(
            campaign=campaign,
            stage=stage,
            tactic=delivery.tactic,
            candidate=candidate,
            since=since,
            rules=rules,
            zone=recipient.time_zone,
            now=now,
            hour=send_hour.of(recipient.facts),
            offer_is_over=writer.offer_is_over(delivery.tactic, recipient, now, holding.live(delivery.customer_id)),
            speaks_of_offer=writer.speaks_of_offer,
            names_other_currency=partial(writer.names_other_currency, rules),
            lacks=partial(writer.lacks, candidate, recipient, now),
            topic=writer.prepared.topic,
            signs=recipient.facts.get("signs", {}),
            contacts=contacts,
            rival=rival,
            no_code=holding.lacking(delivery.customer_id),
            day=stage_times.day_of(campaign, stage, who, writer.prepared.calendar),
            unmet=unmet,
        )

    def _stage(self, delivery: Claimed, recipient: Row[Any]) -> Stage:
        """The recipient's stage. A reminder that they asked for is put off by the contact policy, never left out."""
        stage: Stage = self._writer.campaign.stages[recipient.next_stage]
        return stage.model_copy(update={"if_capped": "postpone"}) if repeats.number_of(delivery.stage) else stage

    def _terms(self, delivery: Claimed, candidate: Candidate, recipient: Row[Any]) -> Terms:
        rules, zone = self._writer.rules(candidate.person.country), recipient.time_zone
        day = clock.local_day(self.ledger.now(), zones.calendar(zone, rules)) if self.ledger.greeter else None
        return Terms(self._stage(delivery, recipient), rules, zone, candidate.wishes, day)
