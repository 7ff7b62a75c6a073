"""The life of a letter, played by hypothesis against a model, and compared with what docs/delivery-automaton.md says of it.

Several workers, each with a token, claim, check, hand over, are stopped, come back, answer late and die; meanwhile leases run out, people
pause, cancel, unsubscribe, merge and resolve. After every step each row must be where the model has it, and no letter be out twice.
"""

from __future__ import annotations

import ast
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from tests import projects
from tests.store import world
from winback.model import DeliveryStatus, Reason, RecipientStatus, RunStatus
from winback.store import database, deliveries, enrolling, events, merging, repeats, runs, stops
from winback.store.deliveries import Outcome
from winback.store.merging import Busy
from winback.store.tables import campaign_runs
from winback.store.tables import deliveries as table

PLANNED, CLAIMED, HANDED_OVER = DeliveryStatus.PLANNED, DeliveryStatus.CLAIMED, DeliveryStatus.HANDED_OVER
SENT, FAILED, UNCERTAIN = DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.UNCERTAIN
STOPPED, SKIPPED, HELD_OUT = DeliveryStatus.STOPPED, DeliveryStatus.SKIPPED, DeliveryStatus.HELD_OUT

LEASE = timedelta(minutes=5)
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
COUNT = 6
WORKERS = "abc"
WORLD = [*["die", "clock", "unsubscribe", "merge", "pause", "tidy", "remind"] * 2, "cancel", *["resume"] * 6]
PLAN = {"stop_when": ["replied"], "ends_on": "2026-12-31", "order_of_stages": ["one"], "stages": [{"name": "one"}]}
SEEN: set[tuple[str, str, str]] = set()
"""(status before, what was called, status after) of every row that was ever seen to change."""


@dataclass(slots=True)
class Letter:
    """A row as it must be."""

    customer: int
    status: DeliveryStatus
    due_at: datetime = NOW
    worker: str = ""
    lease_until: datetime | None = None


@dataclass(slots=True)
class Holder:
    """What a worker believes: letters that it holds, one of them perhaps twice, and letters that it gave to its channel and has no answer for."""

    token: str = ""
    holds: list[int] = field(default_factory=list)
    out: set[int] = field(default_factory=set)


class Automaton(RuleBasedStateMachine):
    empty: Path  # a database without rows, to be copied

    @initialize()
    def found(self):
        self.folder = TemporaryDirectory()
        shutil.copy(self.empty, Path(self.folder.name) / "ledger.db")
        self.engine = database.open_engine(f"sqlite:///{Path(self.folder.name) / 'ledger.db'}", lasts=False)
        self.now = NOW
        self.run_status = RunStatus.ACTIVE
        self.over: set[int] = set()  # customers whose journey ended
        self.tombstones: set[int] = set()
        self.out: Counter[int] = Counter()  # delivery -> how many copies of it may have left
        self.workers = {name: Holder() for name in WORKERS}
        self.tokens = self.presses = 0
        self.letters: dict[int, Letter] = {}
        with database.writing(self.engine) as connection:
            self.run_ = runs.start(connection, "c", number=1, salt="c-1", plan=PLAN, now=NOW)
            who = [world.customer(connection, f"k{number}") for number in range(COUNT + 1)]
            active = {"run_id": self.run_.id, "status": RecipientStatus.ACTIVE, "arm": "a", "facts": {}, "assigned_at": NOW, "next_stage": 0}
            enrolling.enrol(connection, [{**active, "customer_id": each} for each in who[:-1]])
            enrolling.enrol(connection, [{**active, "customer_id": who[-1], "status": RecipientStatus.HELD_OUT}])
            runs.record_enrolled(connection, self.run_.id, NOW)
            row = {"run_id": self.run_.id, "stage": "one", "tactic": "a", "locale": "uk", "due_at": NOW}
            rows = [{**row, "customer_id": each, "status": HELD_OUT if each == who[-1] else PLANNED} for each in who]
            deliveries.plan(connection, rows)
            deliveries.plan(connection, rows)  # a second scheduler
            found = connection.execute(select(table.c.id, table.c.customer_id, table.c.status).order_by(table.c.id)).all()
        self.letters = {number: Letter(customer, DeliveryStatus(status)) for number, customer, status in found}
        SEEN.update(("-", "deliveries.plan", letter.status) for letter in self.letters.values())

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()

    def put(self, number: int, verb: str, status: DeliveryStatus, worker: str = "", lease: timedelta | None = None) -> None:
        letter = self.letters[number]
        SEEN.add((letter.status, verb, status))
        letter.status, letter.worker, letter.lease_until = status, worker, None if lease is None else self.now + lease

    def letter(self, number: int) -> Letter:
        """Also one whose row is gone, because the customer asked for another day: it is nobody's."""
        return self.letters.get(number) or Letter(0, STOPPED)

    def those(self, *statuses: DeliveryStatus) -> list[int]:
        return [number for number, letter in self.letters.items() if letter.status in statuses]

    def those_who(self, has: str) -> list[Holder]:
        return [worker for worker in self.workers.values() if getattr(worker, has)]

    def pick(self, has: str, which: int) -> Holder:
        found = self.those_who(has)
        return found[which % len(found)]

    # What workers do.

    @rule(name=st.sampled_from(WORKERS), limit=st.integers(2, 4))
    def claim(self, name, limit):
        """Also ahead, while it holds others. A worker that begins anew is another one, with another token."""
        worker = self.workers[name]
        if not worker.token:
            worker.token = f"{name}{self.tokens}"
            self.tokens += 1
        due = [number for number in self.those(PLANNED) if self.letters[number].due_at <= self.now] if self.run_status is RunStatus.ACTIVE else []
        due.sort(key=lambda number: (self.letters[number].due_at, number))
        with database.writing(self.engine) as connection:
            claimed = deliveries.claim(connection, self.run_.id, worker=worker.token, now=self.now, lease=LEASE, limit=limit)
        assert [each.id for each in claimed] == due[:limit]
        worker.holds += [each.id for each in claimed]
        for number in due[:limit]:
            self.put(number, "deliveries.claim", CLAIMED, worker.token, LEASE)

    @precondition(lambda self: self.those_who("holds"))
    @rule(which=st.integers(0, 2), count=st.integers(1, 3), lost=st.sampled_from([0, 0, 0, 1]))
    def hand_over(self, which, count, lost):
        """The first few of what it believes to hold; of some the code turns out to be gone, in the same transaction."""
        worker = self.pick("holds", which)
        wanted = list(dict.fromkeys(worker.holds[:count]))
        worker.holds = worker.holds[count:]
        rows = [{"id": number, "channel": "email", "letter": "x", "message_id": f"<{number}>", "cost_micros": 0} for number in wanted]
        may = {
            number
            for number in wanted
            if (self.letter(number).status, self.letter(number).worker) == (CLAIMED, worker.token)
            and self.run_status is RunStatus.ACTIVE
            and self.letter(number).customer not in self.over
        }
        with database.writing(self.engine) as connection:
            mine = deliveries.record_hand_over(connection, rows, worker=worker.token, now=self.now, lease=LEASE)
            without = set(sorted(mine)[:lost])
            deliveries.take_back(connection, without, worker=worker.token)
        assert mine == may
        for number in mine:
            self.put(number, "deliveries.record_hand_over", HANDED_OVER, worker.token, LEASE)
        for number in without:
            self.put(number, "deliveries.take_back", CLAIMED, worker.token, LEASE)
        for number in mine - without:
            worker.out.add(number)
            self.out[number] += 1

    @precondition(lambda self: self.those_who("holds"))
    @rule(which=st.integers(0, 2), status=st.sampled_from([PLANNED, SKIPPED, STOPPED]))
    def check(self, which, status):
        """The last check keeps back one of those it holds."""
        worker = self.pick("holds", which)
        number = worker.holds.pop()
        due_at = self.now + timedelta(minutes=3) if status is PLANNED else None
        self._record(worker, number, Outcome(number, status, reason="x", due_at=due_at, is_unsent=True))

    @precondition(lambda self: self.those_who("out"))
    @rule(which=st.integers(0, 2), status=st.sampled_from([SENT, FAILED, PLANNED, UNCERTAIN]))
    def answer(self, which, status):
        """The channel says what became of a letter, however late."""
        worker = self.pick("out", which)
        number = min(worker.out)
        worker.out.remove(number)
        if status in {FAILED, PLANNED}:
            self.out[number] -= 1  # the other side said that it didn't take it
        due_at = self.now + timedelta(minutes=3) if status is PLANNED else None
        self._record(worker, number, Outcome(number, status, reason="x", due_at=due_at, sent_at=self.now if status is SENT else None))

    def _record(self, worker: Holder, number: int, outcome: Outcome) -> None:
        letter = self.letter(number)
        is_own = letter.worker == worker.token and letter.status is (CLAIMED if outcome.is_unsent else HANDED_OVER)
        is_late = letter.worker == worker.token and letter.status is UNCERTAIN and not outcome.is_unsent
        with database.writing(self.engine) as connection:
            assert deliveries.record(connection, [outcome], worker=worker.token) == ({number} if is_own else set())
        if is_own:
            letter.due_at = outcome.due_at or letter.due_at
            self.put(number, "deliveries.record", outcome.status)
        elif is_late and outcome.status is not UNCERTAIN:
            letter.due_at = outcome.due_at or letter.due_at
            self.put(number, "deliveries.record", SENT if outcome.status is SENT else FAILED)

    @precondition(lambda self: self.those_who("holds"))
    @rule(which=st.integers(0, 2))
    def end_a_batch(self, which):
        """What it didn't hand over goes back; of those whose journey is over it says so."""
        worker = self.pick("holds", which)
        with database.writing(self.engine) as connection:
            deliveries.release(connection, self.run_.id, worker=worker.token)
        for number in [each for each in self.those(CLAIMED) if self.letters[each].worker == worker.token]:
            self.put(number, "deliveries.release", PLANNED)
        ids = list(worker.holds)
        with database.writing(self.engine) as connection:
            deliveries.stop_those_of_ended(connection, ids)
        self._stop([number for number in ids if self.letter(number).customer in self.over], "deliveries.stop_those_of_ended")
        worker.holds = []

    def die(self, name):
        """kill -9."""
        self.workers[name] = Holder()

    @rule()
    def settle(self):
        with database.writing(self.engine) as connection:
            lost = deliveries.settle_dead_claims(connection, self.run_.id, self.now)
        dead = [number for number in self.those(CLAIMED, HANDED_OVER) if (until := self.letters[number].lease_until) and until < self.now]
        assert {row.id for row in lost} == {number for number in dead if self.letters[number].status is HANDED_OVER}
        for number in dead:
            letter = self.letters[number]
            was_handed_over = letter.status is HANDED_OVER
            self.put(number, "deliveries.settle_dead_claims", UNCERTAIN if was_handed_over else PLANNED, letter.worker if was_handed_over else "")

    # What the world does.

    @rule(minutes=st.integers(1, 7))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    def the_clock_goes_back(self, minutes):
        self.now = max(NOW, self.now - timedelta(minutes=minutes))

    @precondition(lambda self: self.those(UNCERTAIN))
    @rule(was_sent=st.booleans())
    def resolve(self, was_sent):
        """A person settles the first in doubt, and tries to settle another one."""
        for number in {min(self.those(UNCERTAIN)), min(self.letters)}:
            before = self.letters[number]
            with database.writing(self.engine) as connection:
                assert deliveries.resolve(connection, number, was_sent=was_sent, now=self.now) == before.status
            if before.status is UNCERTAIN:
                self.put(number, "deliveries.resolve", SENT if was_sent else FAILED, before.worker)

    @precondition(lambda self: len(self.those(UNCERTAIN)) > 1)
    @rule()
    def something_comes_back(self):
        """An open, a bounce or a reply to each of the letters that are out."""
        with database.writing(self.engine) as connection:
            events.confirm(connection, self.letters)
        for number in self.those(UNCERTAIN):
            self.put(number, "events.confirm", SENT, self.letters[number].worker)

    def unsubscribe(self, number):
        customer = list(self.letters.values())[number].customer
        with database.writing(self.engine) as connection:
            events.stop(connection, customer, Reason.UNSUBSCRIBED, self.now)
        if customer not in self.over and self.run_status is not RunStatus.CANCELLED:
            self.over.add(customer)
            self._stop([each for each, letter in self.letters.items() if letter.customer == customer], "events.stop")

    def ask_to_be_reminded(self, number):
        """The customer who has a letter asks for it again, three minutes from now; one that waits for that already waits anew."""
        customer = list(self.letters.values())[number].customer
        theirs = {each: letter for each, letter in self.letters.items() if letter.customer == customer}
        pressed = next((each for each, letter in theirs.items() if letter.status in {SENT, UNCERTAIN}), None)
        if pressed is None:
            return
        due_at = self.now + timedelta(minutes=3)
        with database.writing(self.engine) as connection:
            message = repeats.find(connection, pressed, customer)
            done = message is not None and repeats.put_off(connection, message, due_at, dedupe_key=f"later {self.presses}", now=self.now)
            waiting = connection.execute(select(table.c.id).where(table.c.customer_id == customer, table.c.status == PLANNED)).scalars().all()
        self.presses += 1
        busy = any(letter.status in {CLAIMED, HANDED_OVER} for letter in theirs.values())
        if busy or customer in self.over or self.run_status is RunStatus.CANCELLED:
            assert not done
        if not done:
            return
        (made,) = waiting  # SQLite may give it the number of the row that it took the place of
        self.put(pressed, "events.confirm", SENT, self.letters[pressed].worker) if self.letters[pressed].status is UNCERTAIN else None
        for each in [each for each, letter in theirs.items() if letter.status is PLANNED]:
            del self.letters[each]
        self.letters[made] = Letter(customer, PLANNED, due_at)
        SEEN.add(("-", "repeats.put_off", PLANNED))

    def tidy_up(self):
        """What every import and every run does for all campaigns."""
        with database.writing(self.engine) as connection:
            stops.stop_letters(connection)
            stops.settle_those_of_cancelled(connection, self.now)
        if self.run_status is not RunStatus.CANCELLED:
            self._stop([each for each, letter in self.letters.items() if letter.customer in self.over], "stops.stop_letters")
            return
        for number in self.those(CLAIMED, HANDED_OVER):
            letter = self.letters[number]
            if letter.lease_until and letter.lease_until < self.now:
                doubtful = letter.status is HANDED_OVER
                self.put(number, "stops.settle_those_of_cancelled", UNCERTAIN if doubtful else STOPPED, letter.worker if doubtful else "")
        self._stop(self.those(PLANNED), "stops.settle_those_of_cancelled")

    def merge(self, first, second):
        merged, into = (list(self.letters.values())[number].customer for number in (first, second))
        if merged == into or {merged, into} & self.tombstones:
            return
        busy = any(letter.customer == merged and letter.status in {CLAIMED, HANDED_OVER} for letter in self.letters.values())
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
            done = merging.merge(connection, merged, into, self.now)
            if isinstance(done, Busy):
                transaction.rollback()
        assert isinstance(done, Busy) is busy
        if busy:
            return
        self.tombstones.add(merged)
        self.over.add(merged)
        self._stop([each for each, letter in self.letters.items() if letter.customer == merged], "merged_journeys.join")

    def pause_or_resume(self, status):
        with database.writing(self.engine) as connection:
            runs.change_status(connection, self.run_.id, status, self.now)
        self.run_status = status

    def cancel(self):
        with database.writing(self.engine) as connection:
            runs.change_status(connection, self.run_.id, RunStatus.CANCELLED, self.now)
        self.run_status = RunStatus.CANCELLED
        self.over |= {letter.customer for letter in self.letters.values()}
        self._stop(list(self.letters), "runs.change_status")

    @rule(what=st.sampled_from(WORLD), first=st.integers(0, COUNT - 1), second=st.integers(0, COUNT - 1))
    def the_world(self, what, first, second):
        """One rule, so that workers are busy most of the time; what would leave nothing to do happens late or seldom."""
        match what:
            case "die":
                self.die(WORKERS[first % len(WORKERS)])
            case "clock":
                self.the_clock_goes_back(first + 1)
            case "unsubscribe" if len(self.over) < 2:
                self.unsubscribe(first)
            case "merge" if len(self.tombstones) < 1 and first != second:
                self.merge(first, second)
            case "remind":
                self.ask_to_be_reminded(first)
            case "pause" if self.run_status is RunStatus.ACTIVE:
                self.pause_or_resume(RunStatus.PAUSED)
            case "resume" if self.run_status is RunStatus.PAUSED:
                self.pause_or_resume(RunStatus.ACTIVE)
            case "cancel" if self.tokens > 4 and self.run_status is not RunStatus.CANCELLED:
                self.cancel()
            case _:
                self.tidy_up()

    def _stop(self, numbers: list[int], verb: str) -> None:
        for number in numbers:
            if self.letters[number].status is PLANNED:
                self.put(number, verb, STOPPED)

    def hold_the_invariants(self):
        self.every_letter_is_where_the_model_has_it()
        self.no_letter_is_out_twice_and_none_that_is_out_waits()

    @invariant()
    def every_letter_is_where_the_model_has_it(self):
        with database.reading(self.engine) as connection:
            rows = connection.execute(select(table.c.id, table.c.status, table.c.claimed_by, table.c.lease_until, table.c.due_at)).all()
        found = {number: (status, worker, until, due_at) for number, status, worker, until, due_at in rows}
        assert found == {number: (each.status, each.worker, each.lease_until, each.due_at) for number, each in self.letters.items()}

    @invariant()
    def no_letter_is_out_twice_and_none_that_is_out_waits(self):
        assert all(copies <= 1 for copies in self.out.values()), "somebody would be written to twice"
        for number, copies in self.out.items():
            may = {HANDED_OVER, SENT, UNCERTAIN, FAILED}  # failed: a person said that it had not left
            assert not copies or self.letters[number].status in may


SELDOM = (
    "one that is held twice, because the lease ran out between two claims of one worker",
    lambda the: the.claim("a", 1),
    lambda the: the.time_passes(6),
    lambda the: the.settle(),
    lambda the: the.claim("a", 1),
    lambda the: the.hand_over(0, 1, 0),
    lambda the: the.check(0, PLANNED),
    lambda the: the.answer(0, SENT),
    "answers that come late, and what comes back",
    lambda the: the.claim("a", 4),
    lambda the: the.hand_over(0, 3, 0),
    lambda the: the.time_passes(6),
    lambda the: the.settle(),
    lambda the: the.answer(0, SENT),
    lambda the: the.answer(0, PLANNED),
    lambda the: the.something_comes_back(),
    "a campaign that is cancelled while workers are at it, who die or go on",
    lambda the: the.claim("a", 2),
    lambda the: the.claim("b", 2),
    lambda the: the.hand_over(0, 1, 0),
    lambda the: the.cancel(),
    lambda the: the.check(1, PLANNED),
    lambda the: the.tidy_up(),
    lambda the: the.end_a_batch(1),
    lambda the: the.time_passes(6),
    lambda the: the.tidy_up(),
    "one who unsubscribes while the letter is checked",
    lambda the: the.claim("a", 2),
    lambda the: the.unsubscribe(1),
    lambda the: the.check(0, PLANNED),
    lambda the: the.tidy_up(),
    "a resolved one whose worker answers after all",
    lambda the: the.claim("a", 1),
    lambda the: the.hand_over(0, 1, 0),
    lambda the: the.time_passes(6),
    lambda the: the.settle(),
    lambda the: the.resolve(True),
    lambda the: the.answer(0, FAILED),
    "one who asks to be reminded, and for another day, while a worker that was away believes to hold the reminder",
    lambda the: the.claim("a", 1),
    lambda the: the.hand_over(0, 1, 0),
    lambda the: the.answer(0, SENT),
    lambda the: the.ask_to_be_reminded(0),
    lambda the: the.time_passes(4),
    lambda the: the.claim("a", 4),
    lambda the: the.claim("a", 4),
    lambda the: the.time_passes(6),
    lambda the: the.settle(),
    lambda the: the.ask_to_be_reminded(0),
    lambda the: the.hand_over(0, 3, 0),
    lambda the: the.hand_over(0, 3, 0),
    "a campaign that is cancelled while a worker holds all of it, who dies",
    lambda the: the.claim("a", 3),
    lambda the: the.hand_over(0, 1, 0),
    lambda the: the.cancel(),
    lambda the: the.die("a"),
    lambda the: the.time_passes(6),
    lambda the: the.tidy_up(),
)
"""Ways that dice take too seldom to be relied on; each begins anew."""


def seldom() -> None:
    machine = None
    for step in SELDOM:
        if isinstance(step, str):
            machine = begun(machine)
        else:
            step(machine)
            machine.hold_the_invariants()
    machine.teardown()


def begun(before: Automaton | None = None) -> Automaton:
    if before is not None:
        before.teardown()
    machine = Automaton()
    machine.found()
    return machine


def wander(dice: random.Random) -> None:
    """A long way, on which workers do most of what is done."""
    machine = begun()
    for _ in range(150):
        dice.choice(possible(machine, dice))()
        machine.hold_the_invariants()
        if not machine.those(PLANNED, CLAIMED, HANDED_OVER, UNCERTAIN):
            break
    machine.teardown()


def possible(the: Automaton, dice: random.Random) -> list[Callable[[], None]]:
    """Steps that may be taken now, the likelier ones several times."""
    name, which, sure = dice.choice(WORKERS), dice.randrange(3), dice.random() < 0.5
    steps: list[Callable[[], None]] = [lambda: the.claim(name, dice.randint(1, 4)), lambda: the.time_passes(dice.randint(1, 4))]
    if the.those_who("holds"):
        steps += [lambda: the.hand_over(which, dice.randint(1, 3), int(dice.random() < 0.2))] * 3
        steps += [lambda: the.check(which, dice.choice([PLANNED, SKIPPED, STOPPED]))]
        steps += [lambda: the.end_a_batch(which)] * sure
    if the.those_who("out"):
        steps += [lambda: the.answer(which, dice.choice([SENT, FAILED, PLANNED, PLANNED, PLANNED, UNCERTAIN]))] * 3
    if the.those(UNCERTAIN) and dice.random() < 0.3:
        steps += [lambda: the.resolve(sure), the.something_comes_back]
    if the.those(PLANNED, CLAIMED, HANDED_OVER):
        steps += [the.settle, lambda: the.the_world(dice.choice(WORLD), dice.randrange(COUNT), dice.randrange(COUNT))]
    return steps


def play(folder: Path) -> None:
    Automaton.empty = folder / "empty.db"
    database.open_engine(f"sqlite:///{Automaton.empty}", lasts=False).dispose()
    seldom()
    for seed in range(20):
        wander(random.Random(seed))
    phases = [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        Automaton, settings=settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, phases=phases, database=None)
    )


def documented() -> set[tuple[str, str, str]]:
    """(from, what is called, to) of the table in the docs."""
    text = (projects.ROOT / "docs/delivery-automaton.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_-]+) \| ([a-z_-]+) \| ((?:`[a-z_]+\.[a-z_]+`(?:, )?)+) \|", text, re.MULTILINE)
    return {(before, verb, after) for before, after, verbs in rows for verb in re.findall("`([^`]+)`", verbs)}


def test_the_ledger_does_what_the_model_says_and_the_document_tells_every_arrow_of_it(tmp_path):
    SEEN.clear()
    play(tmp_path)
    told = {
        each for each in documented() if not each[1].startswith(("stages_due.", "restored."))
    }  # of a scheduler, and of a restored backup: they have tests of their own
    assert told - SEEN == set(), "the document tells of arrows that never occur"
    assert SEEN - told == set(), "docs/delivery-automaton.md doesn't tell of these"


def test_the_document_names_every_status_and_every_file_that_changes_one():
    text = (projects.ROOT / "docs/delivery-automaton.md").read_text(encoding="utf-8")
    assert {word for before, _, after in documented() for word in (before, after)} - {"-"} == set(DeliveryStatus)
    assert all(f"`{status}`" in text for status in DeliveryStatus)
    changing = {path.stem for path in (projects.ROOT / "winback").rglob("*.py") if changes_status(path)}
    assert changing == {verb.partition(".")[0] for _, verb, _ in documented()}


def changes_status(path: Path) -> bool:
    """Whether a file writes the status of deliveries: a statement that inserts or updates them, in a function that speaks of `status`."""
    source = path.read_text(encoding="utf-8")
    if not re.search(r"(update|insert)\(deliveries\)", source):
        return False
    tree = ast.parse(source)
    parts = [ast.get_source_segment(source, node) or "" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Assign)]
    return any(re.search(r"(update|insert)\(deliveries\)", part) and re.search(r"\bstatus=(?!=)|\"status\"", part) for part in parts)


def test_campaign_runs_that_are_cancelled_stay_so(engine):
    """What the automaton above takes for granted."""
    with database.writing(engine) as connection:
        run = runs.start(connection, "c", number=1, salt="c-1", plan={}, now=NOW)
        runs.change_status(connection, run.id, RunStatus.CANCELLED, NOW)
        again = runs.start(connection, "c", number=1, salt="c-1", plan={}, now=NOW)
        assert again.status is RunStatus.CANCELLED
        assert connection.execute(select(campaign_runs.c.status)).scalars().all() == [RunStatus.CANCELLED]
