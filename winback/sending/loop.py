"""Claim -> last check -> write -> hand over -> send -> record, batch by batch, until nothing is due."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback import clock
from winback.channels import smtp_replies
from winback.channels.channel import Channel
from winback.errors import ChannelError, LaneError, PermanentError, Problem, TemplateError
from winback.journey import last_check, send_hour, stage_times, sunset, zones
from winback.journey.eligibility import Candidate
from winback.journey.last_check import Ask, Send, Since, SkipStage, Stop, Verdict
from winback.journey.stage import Stage
from winback.model import ChannelName, DeliveryStatus, Email, Message, Reason, Receipt, RecipientStatus
from winback.sending import allowing, asking, greeting, meeting, offering, outcomes, turns
from winback.sending.asking import Asking
from winback.sending.compose import Writer
from winback.sending.greeting import Greeter
from winback.sending.offering import Codes
from winback.sending.queue import following, traveller
from winback.sending.turns import Terms, Turns
from winback.store import candidates, database, deliveries, events, greeted, merged_journeys, run_files, runs
from winback.store.as_of import AsOf
from winback.store.deliveries import Claimed, Outcome
from winback.store.runs import Run

_CONCLUDED = {DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.SKIPPED}
_LEFT = {DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN}
_BLOCKS_ADDRESS = {smtp_replies.NO_SUCH_MAILBOX, "blocked", "no-such-chat"}


@dataclass(frozen=True, slots=True)
class Lanes:
    """The channels of a campaign, entered, and the pace of one worker."""

    channels: Mapping[ChannelName, Channel[Any]]
    worker: str  # this worker's fencing token, never used by another
    batch: int


class LaneStoppedError(Exception):
    """A channel stopped in the middle; everything not handed over was given back."""

    def __init__(self, channel: ChannelName, error: LaneError) -> None:
        self.channel = channel
        self.error = error
        super().__init__(f"{channel}: {error}")


@dataclass(frozen=True, slots=True)
class _Letter:
    """A delivery on its way out."""

    claimed: Claimed
    channel: ChannelName
    name: str
    content: Email | Message
    terms: Terms
    code: int | None = None  # the row of the code that it carries


@dataclass(frozen=True)
class Worker:
    """One worker at one run: sends what is due, and counts in `sent` what became of it."""

    engine: Engine
    run: Run
    writer: Writer
    lanes: Lanes
    now: Callable[[], datetime]
    sent: Counter[DeliveryStatus] = field(default_factory=Counter)
    faults: set[Problem] = field(default_factory=set)  # letters that couldn't be filled in: each fault once, however many it concerns

    async def send_due(self, progress: Callable[[int], None] | None = None) -> Counter[DeliveryStatus]:
        """Send everything of the run that is due, batch by batch, and record what became of it.

        Raises what send_batch raises, and TemplateError at the end when letters couldn't be filled in.
        """
        while claimed := await self.send_batch():
            if progress:
                progress(claimed)
        if self.faults:
            raise TemplateError(sorted(self.faults, key=str))
        return self.sent

    async def send_batch(self) -> int:
        """Claim one batch, check it, write and send it. Returns how many were claimed; 0 means that nothing is due.

        Raises LaneStoppedError when a channel's own side fails: what was claimed and not handed over is planned again, and what had
        been handed over is recorded. A letter that can't be filled in is put off, its fault kept in `faults`; the others go out.
        """
        self.settle_dead_claims()
        if not (claimed := self._claim()):
            return 0
        try:
            letters = self._check_and_write(claimed)
            for channel, group in itertools.groupby(sorted(letters, key=_channel), key=_channel):
                await self._send(channel, list(group))
        finally:
            with database.writing(self.engine) as connection:
                deliveries.release(connection, self.run.id, worker=self.lanes.worker)
                deliveries.stop_those_of_ended(connection, [delivery.id for delivery in claimed])
                run_files.went_on(connection, self.run.id, self.now())
        return len(claimed)

    def settle_dead_claims(self) -> int:
        """Settle what dead workers left; the journeys of the uncertain ones go on. Returns how many became uncertain."""
        with database.writing(self.engine) as connection:
            lost = deliveries.settle_dead_claims(connection, self.run.id, self.now())
            self._advance(connection, {row.customer_id: row.handed_over_at for row in lost}, left={row.customer_id for row in lost})
        return len(lost)

    @cached_property
    def _greeter(self) -> Greeter | None:
        return Greeter.of(self.writer.prepared)

    @property
    def _lease(self) -> timedelta:
        return self.writer.project.settings.lease

    def _claim(self) -> list[Claimed]:
        with database.writing(self.engine) as connection:
            return deliveries.claim(connection, self.run.id, worker=self.lanes.worker, now=self.now(), lease=self._lease, limit=self.lanes.batch)

    def _check_and_write(self, claimed: Sequence[Claimed]) -> list[_Letter]:
        """The last check for a batch; those who pass come back as finished letters, the others are recorded."""
        now = self.now()
        ids = [delivery.customer_id for delivery in claimed]
        as_of = AsOf.of(self.writer.project, now)
        with database.reading(self.engine) as connection:
            known = candidates.find(connection, ids, as_of, run_id=self.run.id)
            standing = runs.get_recipients(connection, self.run.id, ids)
            since = candidates.since(connection, list(standing.values()), now)
            unmet = meeting.unmet(connection, self.writer.prepared, self.run.id, list(standing.values()), since=since, as_of=as_of)
            reached = merged_journeys.reached(connection, self.run.id, ids)
            turn = turns.read(connection, self.writer.prepared.policy, self.run.id, claimed, now)
            had = greeted.left(connection, ids) if self._greeter else {}
        holding = offering.held(self.engine, self.writer.prepared, self.run, standing, now)
        letters: list[_Letter] = []
        asked: list[Asking] = []
        settled: list[tuple[Claimed, Outcome]] = []
        for delivery in claimed:
            candidate, recipient = known[delivery.customer_id], standing[delivery.customer_id]
            held = holding.live(delivery.customer_id)
            verdict = self._verdict(
                delivery, candidate, recipient, since[delivery.customer_id], turn=turn, holding=holding, unmet=unmet.get(delivery.customer_id, "")
            )
            if self._greeter:
                verdict = self._greeter.check(verdict, delivery, candidate, recipient, had=had.get(delivery.customer_id, ()), now=now)
            if (delivery.customer_id, delivery.stage) in reached and isinstance(verdict, Send | Ask):
                verdict = SkipStage(Reason.MERGED)
            if isinstance(verdict, Send):
                verdict = allowing.check(self.lanes.channels[verdict.channel], verdict, candidate)
            if isinstance(verdict, Send):
                try:
                    content = self.writer.write(delivery, candidate, recipient, verdict, now=now, held=held)
                except TemplateError as error:
                    self.faults.update(error.problems)
                    settled.append((delivery, outcomes.put_off(delivery, error, now)))
                else:
                    code = held.id if held and offering.carries(content, held) else None
                    letters.append(_Letter(delivery, verdict.channel, verdict.letter, content, self._terms(candidate, recipient), code))
            elif isinstance(verdict, Ask):
                told = self.writer.ask(delivery, candidate, recipient, verdict.task, now=now, held=held)
                code = held.id if held and held.code in told.text else None
                asked.append(Asking(told, self._terms(candidate, recipient), code))
            else:
                settled.append((delivery, outcomes.not_sent(delivery, verdict)))
        with database.writing(self.engine) as connection:
            self._record(connection, settled)
            if asked:
                given, late = asking.give(
                    connection, asked, ends_on=self.writer.campaign.ends_on, worker=self.lanes.worker, now=now, lease=self._lease
                )
                self._record(connection, [*given, *((claimed, outcomes.not_sent(claimed, verdict)) for claimed, verdict in late)])
        return letters

    def _verdict(
        self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], since: Since, *, turn: Turns, holding: Codes, unmet: str
    ) -> Verdict:
        if recipient.status != RecipientStatus.ACTIVE:
            return Stop(Reason(recipient.reason))
        if delivery.locale not in self.writer.prepared.languages:
            return SkipStage(Reason.NO_LANGUAGE)
        contacts, rival = turn.of(delivery.customer_id)
        campaign, stage = self.writer.campaign, self.writer.campaign.stages[recipient.next_stage]
        who = traveller(recipient, candidate.person.country, self.writer.rules(candidate.person.country))
        return last_check.decide(
            campaign=campaign,
            stage=stage,
            tactic=delivery.tactic,
            candidate=candidate,
            since=since,
            rules=self.writer.rules(candidate.person.country),
            zone=recipient.time_zone,
            now=self.now(),
            hour=send_hour.of(recipient.facts),
            offer_is_over=self.writer.offer_is_over(delivery.tactic, recipient, self.now(), holding.live(delivery.customer_id)),
            speaks_of_offer=self.writer.speaks_of_offer,
            names_other_currency=partial(self.writer.names_other_currency, self.writer.rules(candidate.person.country)),
            lacks=partial(self.writer.lacks, candidate, recipient, self.now()),
            signs=recipient.facts.get("signs", {}),
            contacts=contacts,
            rival=rival,
            no_code=holding.lacking(delivery.customer_id),
            day=stage_times.day_of(campaign, stage, who, self.writer.prepared.calendar),
            unmet=unmet,
        )

    def _terms(self, candidate: Candidate, recipient: Row[Any]) -> Terms:
        rules, zone = self.writer.rules(candidate.person.country), recipient.time_zone
        day = clock.local_day(self.now(), zones.calendar(zone, rules)) if self._greeter else None
        return Terms(self.writer.campaign.stages[recipient.next_stage], rules, zone, day)

    async def _send(self, name: ChannelName, letters: Sequence[_Letter]) -> None:
        """Send in groups as large as the channel carries at once: never more letters in doubt than that."""
        channel = self.lanes.channels[name]
        for start in range(0, len(letters), channel.in_flight):
            group = self._hand_over(letters[start : start + channel.in_flight])
            sending = [asyncio.ensure_future(channel.send(letter.content)) for letter in group]
            try:
                if sending:
                    await asyncio.wait(sending)
            finally:  # when we are stopped in the middle, what is known is kept; only the rest is in doubt
                answered = [
                    (letter, _answer(future)) for letter, future in zip(group, sending, strict=True) if future.done() and not future.cancelled()
                ]
                self._record_answers(name, answered)
            _raise_what_stops(name, [answer for _, answer in answered])

    def _record_answers(self, name: ChannelName, answered: Sequence[tuple[_Letter, Receipt | BaseException]]) -> None:
        now, schedule = self.now(), self.writer.project.settings.retry_after
        with database.writing(self.engine) as connection:
            pairs = []
            for letter, answer in answered:
                outcome = outcomes.of(letter.claimed, answer, schedule, now)
                if isinstance(answer, PermanentError) and answer.reason in _BLOCKS_ADDRESS:
                    deliveries.block_contact(connection, letter.claimed.customer_id, name, answer.reason, now)
                    if self._has_another_way(letter, name):  # tried at once; the next claim's check finds the channel
                        outcome = replace(outcome, status=DeliveryStatus.PLANNED, due_at=now)
                pairs.append((letter.claimed, outcome))
            self._record(connection, pairs)

    def _has_another_way(self, letter: _Letter, name: ChannelName) -> bool:
        stage = self.writer.campaign.stage_of(letter.claimed.stage)
        return any(way != name and stage.reaches(way, letter.claimed.tactic) for way in stage.ways)

    def _hand_over(self, letters: Sequence[_Letter]) -> list[_Letter]:
        """Mark letters as handed over; only those whose claim still stands, and whose turn it still is, may be sent."""
        with database.writing(self.engine) as connection:
            late = turns.late(connection, self.writer.campaign.ends_on, [(letter.claimed, letter.terms) for letter in letters], self.now())
            rows = [self._handed_over(letter) for letter in letters if letter.claimed.id not in late]
            mine = deliveries.record_hand_over(connection, rows, worker=self.lanes.worker, now=self.now(), lease=self._lease)
            self._record(
                connection, [(each.claimed, outcomes.not_sent(each.claimed, late[each.claimed.id])) for each in letters if each.claimed.id in late]
            )
            carried = {letter.claimed.id: letter.code for letter in letters if letter.code is not None and letter.claimed.id in mine}
            mine -= offering.lose(connection, carried, worker=self.lanes.worker, now=self.now())
        return [letter for letter in letters if letter.claimed.id in mine]

    def _handed_over(self, letter: _Letter) -> dict[str, Any]:
        return {
            "id": letter.claimed.id,
            "channel": letter.channel,
            "letter": letter.name,
            "message_id": letter.content.message_id if isinstance(letter.content, Email) else "",
            "cost_micros": self.writer.cost_micros(letter.channel),
        }

    def _record(self, connection: Connection, pairs: Sequence[tuple[Claimed, Outcome]]) -> None:
        """Write outcomes of this worker's deliveries and move their recipients on."""
        mine = deliveries.record(connection, [outcome for _, outcome in pairs], worker=self.lanes.worker)
        own = [(claimed, outcome) for claimed, outcome in pairs if outcome.delivery_id in mine]
        now = self.now()
        self._advance(
            connection,
            {claimed.customer_id: outcome.sent_at or now for claimed, outcome in own if outcome.status in _CONCLUDED},
            left={claimed.customer_id for claimed, outcome in own if outcome.status in _LEFT},
        )
        stopped = {claimed.customer_id: outcome.reason for claimed, outcome in own if outcome.status is DeliveryStatus.STOPPED}
        runs.end(connection, self.run.id, stopped, RecipientStatus.STOPPED, now)
        self.sent.update(outcome.status for _, outcome in own)

    def _advance(self, connection: Connection, concluded: Mapping[int, datetime], *, left: Collection[int]) -> None:
        """Recipients whose stage was concluded at these moments go on to the next one, or have come to the end.

        Those of them whose letter left, or may have, are exhausted when it was the farewell.
        """
        standing = runs.get_recipients(connection, self.run.id, concluded)
        if self._greeter:
            greeting.advance(connection, self._greeter, self.run, list(standing.values()), self.now())
            return
        countries = candidates.countries(connection, list(concluded))
        prepared = self.writer.prepared
        changes = [
            {
                "customer_id": who,
                **following(
                    prepared.campaign, row, concluded[who], traveller(row, countries[who], self.writer.rules(countries[who])), prepared.calendar
                ),
            }
            for who, row in standing.items()
        ]
        runs.advance(connection, self.run.id, changes)
        said_farewell = {who for who in left if who in standing and sunset.is_sunset(self._stage(standing[who].next_stage))}
        ended = {
            change["customer_id"]: Reason.EXHAUSTED if change["customer_id"] in said_farewell else ""
            for change in changes
            if change["next_due_at"] is None
        }
        runs.end(connection, self.run.id, ended, RecipientStatus.FINISHED, self.now())
        for who in sorted(said_farewell):  # greetings too end with a farewell
            events.stop(connection, who, Reason.EXHAUSTED, self.now())

    def _stage(self, number: int) -> Stage | None:
        """None after the last one."""
        stages = self.writer.campaign.stages
        return stages[number] if number < len(stages) else None


def _channel(letter: _Letter) -> ChannelName:
    return letter.channel


def _answer(future: asyncio.Future[Receipt]) -> Receipt | BaseException:
    return future.exception() or future.result()


def _raise_what_stops(name: ChannelName, results: Sequence[Receipt | BaseException]) -> None:
    for result in results:
        if isinstance(result, LaneError):
            raise LaneStoppedError(name, result)
        if isinstance(result, BaseException) and not isinstance(result, ChannelError):
            raise result
