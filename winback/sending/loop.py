"""Claim -> last check -> write -> hand over -> send -> record, batch by batch, until nothing is due."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row

from winback.channels import smtp_replies
from winback.channels.channel import Channel
from winback.errors import ChannelError, LaneError, PermanentError, Problem, TemplateError, TemporaryError, UncertainError
from winback.journey import last_check
from winback.journey.eligibility import Candidate
from winback.journey.last_check import Postpone, Send, Since, SkipStage, Stop, Verdict
from winback.model import ChannelName, DeliveryStatus, Email, Message, Reason, Receipt, RecipientStatus
from winback.sending.compose import Writer
from winback.sending.queue import following
from winback.store import candidates, database, deliveries, merged_journeys, runs
from winback.store.as_of import AsOf
from winback.store.deliveries import Claimed, Outcome
from winback.store.runs import Run

_CONCLUDED = {DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.SKIPPED}
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
        return len(claimed)

    def settle_dead_claims(self) -> int:
        """Settle what dead workers left; the journeys of the uncertain ones go on. Returns how many became uncertain."""
        with database.writing(self.engine) as connection:
            lost = deliveries.settle_dead_claims(connection, self.run.id, self.now())
            self._advance(connection, {row.customer_id: row.handed_over_at for row in lost})
        return len(lost)

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
            reached = merged_journeys.reached(connection, self.run.id, ids)
        letters: list[_Letter] = []
        outcomes: list[tuple[Claimed, Outcome]] = []
        for delivery in claimed:
            candidate, recipient = known[delivery.customer_id], standing[delivery.customer_id]
            verdict = self._verdict(delivery, candidate, recipient, since[delivery.customer_id])
            if (delivery.customer_id, delivery.stage) in reached and isinstance(verdict, Send):
                verdict = SkipStage(Reason.MERGED)
            if isinstance(verdict, Send):
                try:
                    content = self.writer.write(delivery, candidate, recipient, verdict, now=now)
                except TemplateError as error:
                    self.faults.update(error.problems)
                    outcomes.append((delivery, _put_off(delivery, error, now)))
                else:
                    letters.append(_Letter(delivery, verdict.channel, verdict.letter, content))
            else:
                outcomes.append((delivery, _not_sent(delivery, verdict)))
        with database.writing(self.engine) as connection:
            self._record(connection, outcomes)
        return letters

    def _verdict(self, delivery: Claimed, candidate: Candidate, recipient: Row[Any], since: Since) -> Verdict:
        if recipient.status != RecipientStatus.ACTIVE:
            return Stop(Reason(recipient.reason))
        if delivery.locale not in self.writer.prepared.languages:
            return SkipStage(Reason.NO_LANGUAGE)
        return last_check.decide(
            campaign=self.writer.campaign,
            stage=self.writer.campaign.stages[recipient.next_stage],
            tactic=delivery.tactic,
            candidate=candidate,
            since=since,
            rules=self.writer.rules(candidate.person.country),
            zone=recipient.time_zone,
            now=self.now(),
            offer_is_over=self.writer.offer_is_over(delivery.tactic, recipient, self.now()),
            speaks_of_offer=self.writer.speaks_of_offer,
            lacks=partial(self.writer.lacks, candidate, recipient, self.now()),
            signs=recipient.facts.get("signs", {}),
        )

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
                outcome = outcome_of(letter.claimed, answer, schedule, now)
                if isinstance(answer, PermanentError) and answer.reason in _BLOCKS_ADDRESS:
                    deliveries.block_contact(connection, letter.claimed.customer_id, name, answer.reason, now)
                    if self._has_another_way(letter, name):  # tried at once; the next claim's check finds the channel
                        outcome = replace(outcome, status=DeliveryStatus.PLANNED, due_at=now)
                pairs.append((letter.claimed, outcome))
            self._record(connection, pairs)

    def _has_another_way(self, letter: _Letter, name: ChannelName) -> bool:
        stage = next(stage for stage in self.writer.campaign.stages if stage.name == letter.claimed.stage)
        return any(channel is not name and stage.text_for(channel, letter.claimed.tactic) for channel in stage.channels)

    def _hand_over(self, letters: Sequence[_Letter]) -> list[_Letter]:
        """Mark letters as handed over; only those whose claim still stands may be sent."""
        rows = [
            {
                "id": letter.claimed.id,
                "channel": letter.channel,
                "letter": letter.name,
                "message_id": letter.content.message_id if isinstance(letter.content, Email) else "",
                "cost_micros": self.writer.cost_micros(letter.channel),
            }
            for letter in letters
        ]
        with database.writing(self.engine) as connection:
            mine = deliveries.record_hand_over(connection, rows, worker=self.lanes.worker, now=self.now(), lease=self._lease)
        return [letter for letter in letters if letter.claimed.id in mine]

    def _record(self, connection: Connection, pairs: Sequence[tuple[Claimed, Outcome]]) -> None:
        """Write outcomes of this worker's deliveries and move their recipients on."""
        mine = deliveries.record(connection, [outcome for _, outcome in pairs], worker=self.lanes.worker)
        own = [(claimed, outcome) for claimed, outcome in pairs if outcome.delivery_id in mine]
        now = self.now()
        self._advance(connection, {claimed.customer_id: outcome.sent_at or now for claimed, outcome in own if outcome.status in _CONCLUDED})
        stopped = {claimed.customer_id: outcome.reason for claimed, outcome in own if outcome.status is DeliveryStatus.STOPPED}
        runs.end(connection, self.run.id, stopped, RecipientStatus.STOPPED, now)
        self.sent.update(outcome.status for _, outcome in own)

    def _advance(self, connection: Connection, concluded: Mapping[int, datetime]) -> None:
        """Recipients whose stage was concluded at these moments go on to the next one, or have come to the end."""
        standing = runs.get_recipients(connection, self.run.id, concluded)
        countries = candidates.countries(connection, list(concluded))
        changes = [
            {
                "customer_id": who,
                **following(self.writer.campaign, row.next_stage, concluded[who], row.time_zone, self.writer.rules(countries[who])),
            }
            for who, row in standing.items()
        ]
        runs.advance(connection, self.run.id, changes)
        ended = {change["customer_id"]: "" for change in changes if change["next_due_at"] is None}
        runs.end(connection, self.run.id, ended, RecipientStatus.FINISHED, self.now())


def outcome_of(claimed: Claimed, result: Receipt | BaseException, schedule: Sequence[timedelta], now: datetime) -> Outcome:
    """What a channel's answer means for a delivery. Something unforeseen while sending is doubt, never a reason to repeat."""
    tries = claimed.attempts + 1
    match result:
        case Receipt():
            return Outcome(claimed.id, DeliveryStatus.SENT, remote_id=result.remote_id, attempts=tries, sent_at=now)
        case TemporaryError(reason=smtp_replies.GREYLISTED):
            return Outcome(
                claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=claimed.attempts, due_at=now + schedule[0]
            )
        case TemporaryError() if claimed.attempts < len(schedule):
            due_at = now + (result.after or schedule[claimed.attempts])
            return Outcome(claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=tries, due_at=due_at)
        case TemporaryError():
            return Outcome(claimed.id, DeliveryStatus.FAILED, reason=Reason.TRIES_RAN_OUT, detail=result.text, attempts=tries)
        case PermanentError():
            return Outcome(claimed.id, DeliveryStatus.FAILED, reason=result.reason, detail=result.text, attempts=tries)
        case LaneError():
            return Outcome(claimed.id, DeliveryStatus.PLANNED, reason=result.reason, detail=result.text, attempts=claimed.attempts, due_at=now)
        case UncertainError():
            return Outcome(claimed.id, DeliveryStatus.UNCERTAIN, reason=result.reason, detail=result.text, attempts=tries)
    return Outcome(claimed.id, DeliveryStatus.UNCERTAIN, reason=Reason.NO_ANSWER, detail=repr(result), attempts=tries)


def _channel(letter: _Letter) -> ChannelName:
    return letter.channel


def _answer(future: asyncio.Future[Receipt]) -> Receipt | BaseException:
    return future.exception() or future.result()


def _put_off(delivery: Claimed, error: TemplateError, now: datetime) -> Outcome:
    """Long enough for the letters behind it to leave, short enough to go out soon after it was mended."""
    again = now + timedelta(minutes=15)
    return Outcome(delivery.id, DeliveryStatus.PLANNED, reason=Reason.LETTER_BROKEN, detail=str(error), attempts=delivery.attempts, due_at=again)


def _not_sent(delivery: Claimed, verdict: Postpone | SkipStage | Stop) -> Outcome:
    match verdict:
        case Postpone(due_at):
            return Outcome(delivery.id, DeliveryStatus.PLANNED, attempts=delivery.attempts, due_at=due_at)
        case SkipStage(reason):
            return Outcome(delivery.id, DeliveryStatus.SKIPPED, reason=reason, attempts=delivery.attempts)
        case Stop(reason):
            return Outcome(delivery.id, DeliveryStatus.STOPPED, reason=reason, attempts=delivery.attempts)


def _raise_what_stops(name: ChannelName, results: Sequence[Receipt | BaseException]) -> None:
    for result in results:
        if isinstance(result, LaneError):
            raise LaneStoppedError(name, result)
        if isinstance(result, BaseException) and not isinstance(result, ChannelError):
            raise result
