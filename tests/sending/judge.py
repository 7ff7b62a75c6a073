"""Is every planned letter exactly one of sent once, failed, uncertain, still queued? The receiving server's own log says what "sent" means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select

from tests.sending import receiver
from tests.sending.receiver import GONE, Taken
from winback.model import ChannelName, DeliveryStatus
from winback.store import database
from winback.store.tables import codes, contacts, deliveries

QUEUED = (DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED)
UNDER_WAY = (*QUEUED, DeliveryStatus.HANDED_OVER)
KNOWN = {*UNDER_WAY, DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Row:
    """A letter as the ledger has it."""

    recipient: str
    status: DeliveryStatus
    reason: str
    message_id: str
    worker: str
    attempts: int


@dataclass(frozen=True)
class Evidence:
    """What both books say after a campaign was through with something."""

    rows: tuple[Row, ...]
    taken: tuple[Taken, ...]
    codes: Mapping[str, str] = field(default_factory=dict)  # by recipient, the code that the store keeps for them
    statuses: Counter[DeliveryStatus] = field(init=False)
    times: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "statuses", Counter(row.status for row in self.rows))
        object.__setattr__(self, "times", Counter(each.recipient for each in self.taken))

    @property
    def twice(self) -> int:
        """How many people were written to more than once."""
        return sum(times > 1 for times in self.times.values())

    def doubt(self) -> Counter[str]:
        """Letters in doubt by the worker that left them."""
        return Counter(row.worker for row in self.rows if row.status is DeliveryStatus.UNCERTAIN)

    def summary(self) -> str:
        counts = ", ".join(f"{count:,} {status}" for status, count in sorted(self.statuses.items()))
        return f"{len(self.rows):,} letters: {counts}; the server took {len(self.taken):,}, {self.twice:,} of them twice"


def gather(engine: Engine, log: Path) -> Evidence:
    """The ledger beside the server's log."""
    columns = (contacts.c.address, deliveries.c.status, deliveries.c.reason, deliveries.c.message_id, deliveries.c.claimed_by, deliveries.c.attempts)
    statement = (
        select(*columns)
        .join(contacts, contacts.c.customer_id == deliveries.c.customer_id)
        .where(contacts.c.channel == ChannelName.EMAIL)
        .order_by(deliveries.c.id)
    )
    with database.reading(engine) as connection:
        rows = tuple(Row(address, DeliveryStatus(status), *rest) for address, status, *rest in connection.execute(statement))
        theirs = contacts.c.customer_id == codes.c.customer_id
        held = dict(
            connection.execute(select(contacts.c.address, codes.c.code).join(codes, theirs).where(contacts.c.channel == ChannelName.EMAIL)).all()
        )
    return Evidence(rows, tuple(receiver.taken(log)), held)


def faults(evidence: Evidence, *, letters: int, in_flight: int, is_over: bool = True, may_fail: bool = False) -> list[str]:
    """What doesn't hold, a sentence each; nothing when all is well.

    `is_over`: a healthy worker has come to the end since. `may_fail`: the server refused people who exist.
    """
    found = [*_faults(evidence, letters=letters, in_flight=in_flight), *_mistaken(evidence)]
    if is_over and (waiting := [row for row in evidence.rows if row.status in UNDER_WAY]):
        found.append(f"{len(waiting):,} are still under way: {dict(Counter((row.status, row.reason) for row in waiting))}")
    wrong = [row for row in evidence.rows if row.status is DeliveryStatus.FAILED and not row.recipient.startswith(GONE)]
    if wrong and not may_fail:
        found.append(f"{len(wrong):,} failed although the address exists: {dict(Counter(row.reason for row in wrong))}")
    return found


def _faults(evidence: Evidence, *, letters: int, in_flight: int) -> Iterator[str]:
    rows, times = evidence.rows, evidence.times
    if len(rows) != letters or len({row.recipient for row in rows}) != letters:
        yield f"there are {len(rows):,} letters for {letters:,} people"
    if evidence.twice:
        yield f"{evidence.twice:,} were written to twice"
    if odd := [row for row in rows if row.status not in KNOWN]:
        yield f"{len(odd):,} letters are {sorted({row.status for row in odd})}"
    if unsaid := [row for row in rows if row.status is DeliveryStatus.SENT and not times[row.recipient]]:
        yield f"{len(unsaid):,} are kept as sent, and the server never took them"
    may = {row.recipient for row in rows if row.status in {DeliveryStatus.SENT, DeliveryStatus.UNCERTAIN, DeliveryStatus.HANDED_OVER}}
    if unknown := set(times) - may:
        yield f"{len(unknown):,} were taken by the server, and the ledger doesn't know it"
    if nameless := [row for row in rows if row.status is DeliveryStatus.FAILED and not row.reason]:
        yield f"{len(nameless):,} failed without a reason"
    if left := {worker: count for worker, count in evidence.doubt().items() if count > in_flight}:
        yield f"a worker left more than the {in_flight} letters in doubt that it may have in flight: {left}"


def _mistaken(evidence: Evidence) -> Iterator[str]:
    told = {row.recipient: row.message_id for row in evidence.rows}
    if strange := [each for each in evidence.taken if told.get(each.recipient) != each.message_id]:
        yield f"{len(strange):,} letters were taken under another Message-ID than the ledger's"
    codes = Counter(each.code for each in evidence.taken if each.code)
    if shared := [code for code, count in codes.items() if count > 1]:
        yield f"{len(shared):,} codes were told to two people"
    if foreign := [each for each in evidence.taken if each.code and evidence.codes.get(each.recipient) != each.code]:
        yield f"{len(foreign):,} were told a code that isn't theirs"
