"""What one worker writes down of a run's deliveries: handed over, and what became of them; journeys go on from there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine

from winback.channels import smtp_replies
from winback.errors import PermanentError
from winback.journey import repeats, sunset
from winback.journey.stage import Stage
from winback.journey.stage_times import Traveller
from winback.model import ChannelName, DeliveryStatus, Email, Reason, Receipt, RecipientStatus
from winback.sending import fuse, greeting, offering, outcomes, pacing, refused_softly, turns
from winback.sending.compose import Writer
from winback.sending.fuse import Watch
from winback.sending.greeting import Greeter
from winback.sending.outgoing import Letter
from winback.sending.queue import following
from winback.store import blocking, database, deliveries, events, runs
from winback.store.deliveries import Claimed, Outcome
from winback.store.repeats import last_stages
from winback.store.runs import Run

_CONCLUDED = {DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN, DeliveryStatus.SKIPPED}
_LEFT = {DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN}
_BLOCKS_ADDRESS = {smtp_replies.NO_SUCH_MAILBOX, "blocked", "no-such-chat", "no-such-number"}


@dataclass(frozen=True, slots=True)
class Answered:
    """A letter that was handed over, and what the channel said."""

    letter: Letter
    answer: Receipt | BaseException


@dataclass(frozen=True)
class Ledger:
    """One worker's pen. Its methods wait for the database and may be called from any thread; `writing` is for one of them at a time.

    `worker` is the fencing token: a worker whose lease ran out can write nothing down any more. Counts go into `sent`.
    """

    engine: Engine
    run: Run
    writer: Writer
    worker: str
    now: Callable[[], datetime]
    sent: Counter[DeliveryStatus] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)  # SQLite's own waiting for its one writer is slower than this

    @property
    def lease(self) -> timedelta:
        return self.writer.project.settings.lease

    @cached_property
    def greeter(self) -> Greeter | None:
        return Greeter.of(self.writer.prepared)

    @cached_property
    def fuse(self) -> Watch:
        return Watch(self.writer.project.settings.fuse, self.worker)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._turn, self._uncounted_on_failure(), database.writing(self.engine) as connection:
            yield connection

    @contextmanager
    def _uncounted_on_failure(self) -> Iterator[None]:
        """What a transaction counted that came to nothing counts no more: it is repeated."""
        sent, watched = self.sent.copy(), self.fuse.counted()
        try:
            yield
        except BaseException:
            self.sent.clear()
            self.sent.update(sent)
            self.fuse.count_from(watched)
            raise

    def settle_dead_claims(self, connection: Connection) -> int:
        """Settle what dead workers left; the journeys of the uncertain ones go on. Returns how many became uncertain."""
        lost = deliveries.settle_dead_claims(connection, self.run.id, self.now(), but=self.worker)
        again = {row.customer_id for row in lost if repeats.number_of(row.stage)}
        self._advance(connection, {row.customer_id: row.handed_over_at for row in lost}, left={row.customer_id for row in lost}, again=again)
        return len(lost)

    def exchange(self, channel: ChannelName, answered: Sequence[Answered], letters: Sequence[Letter]) -> list[Letter]:
        """In one transaction, write down what became of some letters and mark others as handed over. Returns those that may be sent.

        Of these the claim still stands, it is still their turn, and the code that they carry is still the customer's.
        """
        with self.writing() as connection:
            self._record_answers(connection, channel, answered)
            return self._hand_over(connection, letters)

    def record(self, connection: Connection, pairs: Sequence[tuple[Claimed, Outcome]]) -> None:
        """Write outcomes of this worker's deliveries and move their recipients on."""
        if not pairs:
            return
        mine = deliveries.record(connection, [outcome for _, outcome in pairs], worker=self.worker)
        own = [(claimed, outcome) for claimed, outcome in pairs if outcome.delivery_id in mine]
        now = self.now()
        self._advance(
            connection,
            {claimed.customer_id: outcome.sent_at or now for claimed, outcome in own if outcome.status in _CONCLUDED},
            left={claimed.customer_id for claimed, outcome in own if outcome.status in _LEFT},
            again={claimed.customer_id for claimed, _ in own if repeats.number_of(claimed.stage)},
        )
        if stopped := {claimed.customer_id: outcome.reason for claimed, outcome in own if outcome.status is DeliveryStatus.STOPPED}:
            runs.end(connection, self.run.id, stopped, RecipientStatus.STOPPED, now)
        self.sent.update(outcome.status for _, outcome in own)

    def renew(self) -> None:
        """What this worker holds is its own for another lease."""
        with self.writing() as connection:
            deliveries.renew(connection, self.run.id, worker=self.worker, until=self.now() + self.lease)

    def release(self, ids: Collection[int]) -> None:
        """Give back what this worker claimed and didn't hand over; those of `ids` whose recipient's journey is over are stopped."""
        with self.writing() as connection:
            deliveries.release(connection, self.run.id, worker=self.worker)
            deliveries.stop_those_of_ended(connection, list(ids))
            self.fuse.write(connection, self.now())
        if self.fuse.is_suspicious:
            with self.writing() as connection:
                self.fuse.look_again(connection, self.now())

    def _record_answers(self, connection: Connection, channel: ChannelName, answered: Sequence[Answered]) -> None:
        now, schedule = self.now(), self.writer.project.settings.retry_after
        pacing.learn(connection, self.writer.prepared.pace, [(each.letter.content, each.answer) for each in answered], now)
        pairs, softly = [], []
        for each in answered:
            letter, answer = each.letter, each.answer
            outcome = outcomes.of(letter.claimed, answer, schedule, now)
            if isinstance(answer, PermanentError) and answer.reason in _BLOCKS_ADDRESS:
                blocking.block(connection, letter.claimed.customer_id, channel, letter.address, answer.reason, now)
                if self._has_another_way(letter, channel):  # tried at once; the next claim's check finds the channel
                    outcome = replace(outcome, status=DeliveryStatus.PLANNED, due_at=now)
            pairs.append((letter.claimed, outcome))
            if channel is ChannelName.EMAIL and refused_softly.is_soft(outcome, answer):
                softly.append(outcome)
        self.record(connection, pairs)
        refused_softly.count(connection, softly, self.writer.project.settings.soft_bounces, now)
        # a letter that is refused again and again isn't many that are
        news = [each for each in answered if not (each.letter.claimed.attempts and fuse.refuses_us(each.answer))]
        self.fuse.watch(connection, [(each.letter.content, each.answer) for each in news], now)

    def _has_another_way(self, letter: Letter, channel: ChannelName) -> bool:
        stage = self.writer.campaign.stage_of(letter.claimed.stage)
        return any(way != channel and stage.reaches(way, letter.claimed.tactic) for way in stage.ways)

    def _hand_over(self, connection: Connection, letters: Sequence[Letter]) -> list[Letter]:
        if not letters:
            return []
        now = self.now()
        late = turns.late(connection, self.writer.campaign.ends_on, [(letter.claimed, letter.terms) for letter in letters], now)
        late |= self.fuse.late(connection, [(letter.claimed.id, letter.content) for letter in letters], now)
        rows = [self._handed_over(letter) for letter in letters if letter.claimed.id not in late]
        mine = deliveries.record_hand_over(connection, rows, worker=self.worker, now=now, lease=self.lease)
        self.record(
            connection, [(each.claimed, outcomes.not_sent(each.claimed, late[each.claimed.id])) for each in letters if each.claimed.id in late]
        )
        carried = {letter.claimed.id: letter.code for letter in letters if letter.code is not None and letter.claimed.id in mine}
        mine -= offering.lose(connection, carried, worker=self.worker, now=now)
        return [letter for letter in letters if letter.claimed.id in mine]

    def _handed_over(self, letter: Letter) -> dict[str, Any]:
        return {
            "id": letter.claimed.id,
            "channel": letter.channel,
            "letter": letter.name,
            "message_id": letter.content.message_id if isinstance(letter.content, Email) else "",
            "cost_micros": self.writer.cost_micros(letter.channel),
        }

    def _advance(self, connection: Connection, concluded: Mapping[int, datetime], *, left: Collection[int], again: Collection[int]) -> None:
        """Recipients whose stage was concluded at these moments go on to the next one, or have come to the end.

        Those of them whose letter left, or may have, are exhausted when it was the farewell. Those who had asked for their stage `again`
        go on where they stood before.
        """
        if not concluded:
            return
        if self.greeter:
            greeted = runs.get_recipients(connection, self.run.id, concluded)
            greeting.advance(connection, self.greeter, self.run, list(greeted.values()), self.now())
            return
        standing = runs.get_standing(connection, self.run.id, concluded)
        prepared = self.writer.prepared
        names = [stage.name for stage in prepared.campaign.stages]
        last = last_stages(connection, self.run.id, set(again) & concluded.keys(), names) if again else {}
        changes = [
            {
                "customer_id": who,
                **following(
                    prepared.campaign,
                    row,
                    concluded[who],
                    Traveller(row.country, row.time_zone, self.writer.rules(row.country), row.assigned_at, row.hour),
                    prepared.calendar,
                    last.get(who),
                ),
            }
            for who, row in standing.items()
        ]
        said_farewell = {who for who in left if who in standing and sunset.is_sunset(self._stage(standing[who].next_stage))}
        ended = {
            change["customer_id"]: Reason.EXHAUSTED if change["customer_id"] in said_farewell else ""
            for change in changes
            if change["next_due_at"] is None
        }
        runs.advance(connection, self.run.id, changes, finished=ended, now=self.now())
        for who in sorted(said_farewell):  # greetings too end with a farewell
            events.stop(connection, who, Reason.EXHAUSTED, self.now())

    def _stage(self, number: int) -> Stage | None:
        """None after the last one."""
        stages = self.writer.campaign.stages
        return stages[number] if number < len(stages) else None
