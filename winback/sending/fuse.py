"""The fuse in a worker's hands: counts what becomes of letters, stops a lane that does harm, and lets nothing leave by one that stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from winback.channels import relays, smtp_replies
from winback.errors import LaneError, NotLetInError, PermanentError, TemporaryError
from winback.journey import lane_rates
from winback.journey.eligibility import Candidate
from winback.journey.lane_rates import Answers
from winback.journey.last_check import Postpone, Send, Verdict
from winback.limits import FuseCause, FuseSettings
from winback.model import ChannelName, Email, EventKind, Message, Reason, Receipt
from winback.sending.domain_groups import GROUPS, group_of
from winback.store import fuses, lane_counts

LOOK_AGAIN_AFTER = timedelta(hours=1)
"""Letters of a lane that stands are put off by so much; once it goes on they are due at once."""

CLOSED_FOR = timedelta(minutes=5)
"""Letters of a channel that can't be reached are put off by so much, while those of the others leave."""

_LETTERS_A_ROW = 100
"""A worker writes its counts after so many letters of all lanes, and begins a new row of a lane after so many of it."""
_SECONDS_A_ROW = 5
"""Or after so long."""
_REFUSES_US = {smtp_replies.POLICY, "sender-refused", "message-refused"}
"""Of a LaneError: the other side is there and takes nothing from us. (Where it isn't there, the worker stops by itself.)"""


_OF_GROUP = {group: (str(ChannelName.EMAIL), f"group:{group}") for group in GROUPS}


def lanes_of(channel: ChannelName, address: str) -> tuple[str, ...]:
    """The lanes that a letter goes by. A provider's mailboxes are a lane of their own; a domain by itself has too few letters for one."""
    return (_OF_GROUP.get(group_of(address)) if channel is ChannelName.EMAIL else None) or (str(channel),)


def every_lane() -> list[str]:
    """All lanes that letters may go by."""
    return [*map(str, ChannelName), *(f"group:{group}" for group in GROUPS)]


def forget_old(connection: Connection, now: datetime) -> None:
    """Counts that say nothing any more."""
    lane_counts.forget_old(connection, every_lane(), now)


@dataclass
class Watch:
    """What one worker knows of the lanes: what it has counted and not written yet, and which stand."""

    limits: FuseSettings
    worker: str
    standing: frozenset[str] = frozenset()
    _counted: dict[str, Answers] = field(default_factory=dict)  # since the last writing
    _said: dict[str, str] = field(default_factory=dict)  # by lane, the last that spoke against it
    _rows: dict[str, tuple[int, Answers]] = field(default_factory=dict)  # the row of each lane that is being filled
    _written_at: datetime | None = None
    _suspicious: frozenset[str] = frozenset()  # lanes that what was written last spoke against

    def counted(self) -> Watch:
        """A copy, to go back to."""
        return replace(self, _counted=dict(self._counted), _said=dict(self._said), _rows=dict(self._rows))

    def count_from(self, before: Watch) -> None:
        """Forget what was counted since then."""
        vars(self).update(vars(before))

    def look(self, connection: Connection) -> frozenset[str]:
        """The lanes that stand now. What was counted for one before somebody stopped it counts no more once it goes on."""
        self.standing = fuses.stopped(connection)
        for lane in self.standing:
            self._counted.pop(lane, None)
            if lane in self._rows:
                self._rows[lane] = (self._rows[lane][0] + 1, Answers())
        return self.standing

    def late(self, connection: Connection, letters: Iterable[tuple[int, Email | Message]], now: datetime) -> dict[int, Postpone]:
        """Of letters about to be handed over, by delivery, those whose lane stands by now."""
        if not self.look(connection):
            return {}
        postponed = {number: _postponed(_lanes(content), self.standing, now) for number, content in letters}
        return {number: verdict for number, verdict in postponed.items() if verdict is not None}

    def excuses(self, content: Email | Message, answer: Receipt | BaseException) -> bool:
        """Whether an answer that would stop this worker needn't: its provider's lane has been stopped for it, and other letters may go on."""
        channel, *providers = _lanes(content)
        return refuses_us(answer) and channel not in self.standing and not self.standing.isdisjoint(providers)

    def watch(self, connection: Connection, answered: Sequence[tuple[Email | Message, Receipt | BaseException]], now: datetime) -> None:
        """Count answers; look at the lanes they speak against when enough have come, or when somebody refuses us."""
        urgent = False
        well: dict[str, int] = {}
        for content, answer in answered:
            if isinstance(answer, Receipt):
                for lane in _lanes(content):
                    well[lane] = well.get(lane, 0) + 1
            elif (counts := _counts(content, answer)) is not None:
                urgent |= counts.refused_at_end > 0
                for lane in _lanes(content):
                    before = self._counted.get(lane, Answers()).then(Answers(accepted=well.pop(lane, 0)))
                    self._counted[lane] = before.then(counts)
                    self._said[lane] = str(answer)
        for lane, accepted in well.items():
            self._counted[lane] = self._counted.get(lane, Answers()).then(Answers(accepted=accepted))
        self._written_at = self._written_at or now
        letters = sum(self._counted[name].answered for name in map(str, ChannelName) if name in self._counted)
        if urgent or letters >= _LETTERS_A_ROW or now - self._written_at >= timedelta(seconds=_SECONDS_A_ROW):
            self.write(connection, now)
        elif self.is_suspicious:
            self.look_again(connection, now)

    def write(self, connection: Connection, now: datetime) -> None:
        """Write what was counted, and stop the lanes that it, or what was written before, speaks against."""
        counted, self._counted, self._written_at = self._counted, {}, now
        rows = {}
        for lane, answers in counted.items():
            number, before = self._rows.get(lane, (0, Answers()))
            if before.answered >= _LETTERS_A_ROW:
                number, before = number + 1, Answers()
            self._rows[lane] = (number, before.then(answers))
            rows[lane, number] = self._rows[lane][1]
        lane_counts.put(connection, self.worker, rows, now)
        before_this, self._suspicious = self._suspicious, frozenset(lane for lane, answers in counted.items() if answers.refused or answers.errors)
        if judged := before_this | self._suspicious:
            self._judge(connection, judged, now)

    @property
    def is_suspicious(self) -> bool:
        """Whether what was written last speaks against a lane, and nobody has looked again."""
        return bool(self._suspicious)

    def look_again(self, connection: Connection, now: datetime) -> None:
        """Another worker may have written at the same moment as this one, and neither saw the other's: look once more, after the transaction."""
        self._judge(connection, self._suspicious, now)
        self._suspicious = frozenset()

    def _judge(self, connection: Connection, lanes: Collection[str], now: datetime) -> None:
        blow(connection, self.limits, lanes, now, causes=lane_rates.AT_ONCE, said=self._said)
        self.look(connection)  # somebody else may have been quicker


def check(verdict: Verdict, candidate: Candidate, stopped: Collection[str], now: datetime) -> Verdict:
    """The verdict on a letter: put off where its lane stands."""
    if isinstance(verdict, Send) and stopped:
        return _postponed(lanes_of(verdict.channel, candidate.reach[verdict.channel].address), stopped, now) or verdict
    return verdict


def check_open(verdict: Verdict, closed: Collection[ChannelName], now: datetime) -> Verdict:
    """The verdict on a letter: put off where its channel can't be reached, so that those of the other channels go on."""
    if isinstance(verdict, Send) and verdict.channel in closed:
        return Postpone(now + CLOSED_FOR, Reason.LANE_CLOSED, str(verdict.channel))
    return verdict


def refuses_us(answer: object) -> bool:
    """Whether the other side is there and takes nothing from us: the fuse's business, before it is the worker's."""
    return isinstance(answer, LaneError) and not isinstance(answer, NotLetInError) and answer.reason in _REFUSES_US


def _postponed(lanes: Sequence[str], stopped: Collection[str], now: datetime) -> Postpone | None:
    lane = next((lane for lane in lanes if lane in stopped), None)
    return None if lane is None else Postpone(now + LOOK_AGAIN_AFTER, Reason.LANE_STOPPED, lane)


def blow(
    connection: Connection,
    limits: FuseSettings,
    lanes: Collection[str],
    now: datetime,
    *,
    causes: Collection[FuseCause] = lane_rates.ALL,
    said: Mapping[str, str] | None = None,
) -> list[str]:
    """Of these lanes, stop those whose newest letters break a limit. Returns those that went until now."""
    stopped = []
    for lane, newest in lane_counts.newest(connection, sorted(lanes), now, lane_rates.farthest(limits, causes)).items():
        found = lane_rates.breach(newest, limits, causes)
        if found is not None:
            counts = {name: value for name, value in asdict(found).items() if name != "cause"}
            if fuses.blow(connection, lane, found.cause, now, counts=counts, detail=(said or {}).get(lane, "")):
                stopped.append(lane)
    return stopped


def came_back(connection: Connection, delivery_id: int, kind: EventKind, *, refuses_us: bool = False) -> None:
    """Count an e-mail that came back (no such mailbox; or refused because of us), or that its reader called spam."""
    found = lane_counts.went_to(connection, delivery_id)
    if found is not None:
        address, sent_at = found
        lane_counts.put_returned(connection, lanes_of(ChannelName.EMAIL, address), kind, delivery_id, sent_at, refuses_us=refuses_us)


def _lanes(content: Email | Message) -> tuple[str, ...]:
    return lanes_of(ChannelName.EMAIL, content.to) if isinstance(content, Email) else lanes_of(content.channel, content.chat_id)


def _counts(content: Email | Message, answer: BaseException) -> Answers | None:
    """What an answer that is no receipt counts as. None: it speaks neither for nor against the lane.

    Greylisting is a principle of the other side; who blocked the bot did so at any time, and Telegram blames nobody for trying; a
    connection that couldn't be made, and a relay that is closed, carried nothing.
    """
    match answer:
        case PermanentError():
            return Answers(refused=1) if isinstance(content, Email) else None
        case TemporaryError(reason=smtp_replies.GREYLISTED | relays.RELAY_CLOSED):
            return None
        case LaneError() if not refuses_us(answer):
            return None
        case LaneError() | TemporaryError(reason=smtp_replies.POLICY):  # temporary where another relay may have better luck
            return Answers(errors=1, refused_at_end=1)
    return Answers(errors=1)
