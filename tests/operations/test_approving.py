"""A campaign that would write to many waits for a person; what they approve are these very files, and they can take it back."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, ledger, populate, standing
from winback import settings
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.model import DeliveryStatus, RecipientStatus, RunStatus
from winback.operations import approving, beginning, campaign_run, enrolment, explaining, knowing, overseeing, steering
from winback.operations.approving import Waiting
from winback.sending import contents, prepared
from winback.store import database, run_files, runs
from winback.store.tables import approvals, campaign_runs, deliveries, recipients

pytestmark = pytest.mark.one_database("who is asked and what is told; its statements are tested on both in tests/store")

ABOVE = 20
CAMPAIGN_FILE = "config/campaigns/winter-tea.yaml"
BODY = "templates/emails/we-miss-you/body.html"


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", f"approve_above: {ABOVE}"))


def ready(project):
    return prepared.prepare(project, CAMPAIGN)


def count(engine, table) -> int:
    with database.reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def status(engine) -> RunStatus:
    with database.reading(engine) as connection:
        return runs.latest(connection, CAMPAIGN).status


def say_yes(engine, project, now=START):
    waiting, _ = approving.show(engine, ready(project), now=now)
    return approving.approve(engine, project, CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=now)


def edit(project, file=BODY, old="{% block body %}", new="{% block body %}<p>Hello again.</p>"):
    projects.edit(project.root / file, old, new)


def test_nothing_leaves_before_somebody_said_yes_and_it_is_asked_once(engine, project):
    populate(engine)
    channel = MemoryChannel()
    first = go(ready(project), engine, START, channel)
    later = go(ready(project), engine, START + timedelta(minutes=15), channel)
    assert first.as_json()["status"] == later.as_json()["status"] == "waiting-for-approval"
    assert first.waiting.asked.people > ABOVE
    assert first.waiting == later.waiting, "asked once, with the figures of then"
    assert (channel.letters, count(engine, campaign_runs), count(engine, recipients), count(engine, approvals)) == ([], 0, 0, 1)
    assert "It begins with: winback run winter-tea" in say_yes(engine, project)
    ran = go(ready(project), engine, START + timedelta(minutes=30), channel)
    assert len(channel.letters) == ran.deliveries[DeliveryStatus.SENT] == first.waiting.asked.people
    assert first.waiting.asked.cohort == 40 == ran.enrolled


def test_what_is_asked_shows_real_customers_letters_of_each_tactic_and_what_it_costs(engine, project):
    populate(engine)
    asked = go(ready(project), engine, START, MemoryChannel()).waiting.asked
    assert asked.languages == {"en": asked.people}
    assert sum(asked.arms.values()) == asked.people == asked.cohort - asked.held_out
    assert asked.stages == dict.fromkeys(("first-letter", "reminder", "last-day"), asked.people)
    assert float(asked.cost_of_sending) == pytest.approx(asked.people * 3 * 0.01)
    assert set(asked.detectable) == set(asked.cost_of_offers) == {"warm-word", "gift-first"}
    folder = project.out / "approval" / CAMPAIGN
    assert sorted(asked.letters) == sorted(path.name for path in folder.iterdir())
    assert {"we-miss-you.first-letter.warm-word.en.txt", "gift-with-code.first-letter.gift-first.en.txt", "index.html"} <= {
        name.replace(".1-", ".").split(".en.")[0] + ".en.txt" if name.endswith(".txt") else name for name in asked.letters
    }
    first = next(path for path in folder.glob("we-miss-you.first-letter.warm-word.en*.txt"))
    assert "Emma" in first.read_text(encoding="utf-8")


def test_few_need_nobody_and_never_means_never(engine, tmp_path):
    few = projects.make(tmp_path / "few")
    populate(engine)
    assert go(ready(few), engine, START, MemoryChannel()).deliveries[DeliveryStatus.SENT] > ABOVE
    assert count(engine, approvals) == 0


@pytest.mark.parametrize(("written", "goes"), [("never", True), ("0", False), ("39", True), ("20", False)])
def test_the_setting_says_how_many_are_many(engine, tmp_path, written, goes):
    project = projects.make(tmp_path / "shop", ("config/settings.yaml", "approve_above: 200", f"approve_above: {written}"))
    populate(engine)
    assert (go(ready(project), engine, START, MemoryChannel()).waiting is None) is goes


def test_another_template_than_was_approved_asks_again_and_says_which(engine, project):
    populate(engine)
    say_yes(engine, project, START - timedelta(days=1))
    edit(project)
    asked = go(ready(project), engine, START, MemoryChannel()).waiting.asked
    assert asked.changed == [f"{BODY} is another now, since the approval of 2026-11-23."]
    edit(project, new="{% block body %}", old="{% block body %}<p>Hello again.</p>")
    assert go(ready(project), engine, START, MemoryChannel()).waiting is None, "it is what was approved"


@pytest.mark.parametrize(
    ("file", "old", "new", "asks"),
    [
        (CAMPAIGN_FILE, "cost: 85", "cost: 85   # each", False),
        (CAMPAIGN_FILE, "\n", "\r\n", False),
        (CAMPAIGN_FILE, "cost: 85", "cost: 95", True),
        ("config/cohorts/silent-1-2-years-3-orders.yaml", "below: 730", "below: 731", True),
        ("config/brand.yaml", '"#e3a173"', '"#e3a174"', True),
        ("config/policy.yaml", "UA:", 'UA:\n    hours: "09:00-19:00"', True),
        ("config/settings.yaml", "  port: 587", "  port: 588", False),
        ("templates/emails/_base/letter.html", "<body", "<!-- --><body", True),
        ("templates/emails/survey/subject.txt", "?", "??", False),
        ("config/cohorts/buying-less.yaml", "30 days", "31 days", False),
    ],
)  # fmt: skip
def test_what_the_letters_and_the_choice_are_made_of_counts_and_nothing_else(project, file, old, new, asks):
    before = contents.read(ready(project)).digest
    path = project.root / file
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode(), 10_000 if old == "\n" else 1))
    now = contents.read(ready(settings.open_project(project.root, project.environment))).digest
    assert (before != now) is asks


def test_a_translation_counts_only_where_the_letters_say_it(project):
    before = contents.read(ready(project)).digest
    path = project.templates / "locales/uk/LC_MESSAGES/letters.po"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(["# a note\n", *lines]), encoding="utf-8")
    assert contents.read(ready(project)).digest == before
    other = "".join(lines).replace("Чи сподобалося", "Чи дуже сподобалося")
    path.write_text(other, encoding="utf-8")
    assert contents.read(ready(project)).digest == before, "a sentence of another letter"
    mine = next(line for line in lines if "Мені вас бракує" in line or "сумуємо" in line or "бракує" in line)
    path.write_text("".join(lines).replace(mine, mine.rstrip().removesuffix('"') + '!"\n'), encoding="utf-8")
    assert contents.read(ready(project)).digest != before


def test_files_that_were_changed_between_the_look_and_the_yes_are_not_approved(engine, project):
    populate(engine)
    waiting, _ = approving.show(engine, ready(project), now=START)
    edit(project)
    with pytest.raises(ConfigError, match=f"{BODY}: it was changed after it was shown; nothing is approved. Look at it anew"):
        approving.approve(engine, project, CAMPAIGN, shown=waiting.fingerprint, by="Olena", now=START)
    assert go(ready(project), engine, START, MemoryChannel()).waiting is not None


def test_a_file_that_is_saved_while_it_is_read_is_read_again(engine, project):
    populate(engine)
    half_read = ready(project)
    edit(project)
    with pytest.raises(ConfigError, match=f"{BODY}: it was saved while it was read. Try again"):
        beginning.begin(engine, half_read, now=START)
    assert isinstance(beginning.begin(engine, ready(project), now=START), Waiting)


class TakingBack(MemoryChannel):
    """Somebody withdraws the approval while a later group of letters is on its way."""

    in_flight = 5

    def __init__(self, engine):
        super().__init__()
        self.engine = engine

    async def send(self, letter):
        if len(self.letters) == 7:
            approving.withdraw(self.engine, CAMPAIGN, by="Andriy", now=START)
        return await super().send(letter)


def test_an_approval_that_is_taken_back_stops_a_worker_in_the_middle_and_the_next_yes_sends_the_rest_once(engine, project):
    populate(engine)
    say_yes(engine, project)
    channel = TakingBack(engine)
    go(ready(project), engine, START, channel)
    assert len(channel.letters) == 9, "the group of three that was on its way, and no other"
    assert status(engine) is RunStatus.WAITING
    left = ledger(engine)["first-letter", DeliveryStatus.PLANNED]
    assert left == standing(engine)[RecipientStatus.ACTIVE] - 9 > 0
    later = MemoryChannel()
    waiting = go(ready(project), engine, START + timedelta(minutes=15), later).waiting
    assert (waiting.withdrawn_by, later.letters) == ("Andriy", [])
    assert "run 1 goes on with the next `winback run`" in say_yes(engine, project)
    go(ready(project), engine, START + timedelta(minutes=30), later)
    addressed = Counter(letter.to for letter in [*channel.letters, *later.letters])
    assert len(later.letters) == left
    assert set(addressed.values()) == {1}


def test_a_change_of_a_running_campaign_is_recorded_and_goes_to_the_stages_to_come(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    populate(engine)
    channel = MemoryChannel()
    go(ready(project), engine, START, channel)
    first = len(channel.letters)
    edit(project, CAMPAIGN_FILE, "wait: 7 days", "wait: 8 days")
    edit(project, "templates/emails/gift-with-code/body.html")
    assert go(ready(project), engine, START + timedelta(days=1), channel).waiting is None
    seen = overseeing.oversee(project, engine, CAMPAIGN)
    (change,) = seen.changes
    assert (change.changed_at, seen.run.fingerprint) == (START + timedelta(days=1), change.fingerprint)
    assert [each["file"] for each in change.changed] == [CAMPAIGN_FILE, "templates/emails/gift-with-code/body.html"]
    assert change.changed[0]["keys"] == {"stages.reminder.wait": ["7 days", "8 days"]}
    go(ready(project), engine, START + timedelta(days=8), channel)
    assert len(overseeing.oversee(project, engine, CAMPAIGN).changes) == 1, "recorded once"
    assert all("Hello again." in letter.html for letter in channel.letters[first:])
    assert not any("Hello again." in letter.html for letter in channel.letters[:first])
    assert "wait was 7 days, and is 8 days" in str(explaining.by_campaign(ready(project), engine, "c001", now=START + timedelta(days=9)))


def test_a_change_that_concerns_many_waits_and_what_is_put_back_goes_on(engine, project):
    populate(engine)
    say_yes(engine, project)
    channel = MemoryChannel()
    go(ready(project), engine, START, channel)
    first = len(channel.letters)
    edit(project)
    waiting = go(ready(project), engine, START + timedelta(days=7), channel).waiting
    assert (status(engine), len(channel.letters)) == (RunStatus.WAITING, first)
    assert waiting.asked.has_begun
    assert waiting.asked.people == first == sum(waiting.asked.languages.values())
    assert waiting.asked.stages == {"reminder": first, "last-day": first}
    assert waiting.asked.letters
    assert not any(".first-letter." in name for name in waiting.asked.letters), "what has been sent isn't shown"
    assert waiting.asked.changed == [f"{BODY} is another now, since the approval of 2026-11-24."]
    edit(project, new="{% block body %}", old="{% block body %}<p>Hello again.</p>")
    assert go(ready(project), engine, START + timedelta(days=7), channel).waiting is None
    assert (status(engine), len(channel.letters)) == (RunStatus.ACTIVE, 2 * first)
    edit(project)
    go(ready(project), engine, START + timedelta(days=21), channel)
    assert "goes on" in say_yes(engine, project, START + timedelta(days=21))
    go(ready(project), engine, START + timedelta(days=21), channel)
    assert len(channel.letters) == 3 * first
    assert [len(change.changed) for change in overseeing.oversee(project, engine, CAMPAIGN).changes] == [1, 1, 1]


def test_a_changed_sentence_that_a_language_lacks_is_told_with_whom_it_concerns(engine, project):
    populate(engine)
    go(ready(project), engine, START, MemoryChannel())
    say_yes(engine, project)
    go(ready(project), engine, START, MemoryChannel())
    with database.writing(engine) as connection:
        connection.execute(
            update(recipients).where(recipients.c.customer_id % 2 == 0, recipients.c.status == RecipientStatus.ACTIVE).values(locale="uk")
        )
        in_uk = connection.execute(select(func.count()).where(recipients.c.locale == "uk")).scalar_one()
    projects.edit(project.root / BODY, "{% block body %}", "{% block body %}<p>{% trans %}A sentence of today.{% endtrans %}</p>")
    asked = go(ready(project), engine, START + timedelta(days=1), MemoryChannel()).waiting.asked
    assert asked.lost == {"uk": in_uk}
    assert f"{in_uk:,} of them get nothing as it stands: a letter isn't whole in uk any more." in " ".join(asked.sentences())
    assert not any("is gone" in sentence for sentence in asked.changed)


def test_a_file_that_is_saved_by_half_is_refused_and_loses_nobody(engine, project):
    populate(engine)
    say_yes(engine, project)
    channel = MemoryChannel()
    go(ready(project), engine, START, channel)
    path = project.root / CAMPAIGN_FILE
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: whole.index("  - name: last-day")], encoding="utf-8")
    with pytest.raises(ConfigError, match="run 1 began with the stages"):
        go(ready(project), engine, START + timedelta(days=7), channel)
    path.write_text(whole[: whole.index("stages:")], encoding="utf-8")
    with pytest.raises(ConfigError, match="`stages` is missing"):
        go(ready(project), engine, START + timedelta(days=7), channel)
    path.write_text(whole, encoding="utf-8")
    for days in (7, 21):
        go(ready(project), engine, START + timedelta(days=days), channel)
    assert set(Counter(letter.to for letter in channel.letters).values()) == {3}
    assert status(engine) is RunStatus.FINISHED
    assert overseeing.oversee(project, engine, CAMPAIGN).changes == ()


def test_pause_resume_and_cancel_know_a_campaign_that_waits(engine, project):
    populate(engine)
    say_yes(engine, project)
    go(ready(project), engine, START, MemoryChannel())
    steering.steer(engine, CAMPAIGN, "pause", now=START)
    approving.withdraw(engine, CAMPAIGN, by="Andriy", now=START)
    with pytest.raises(ConfigError, match=r"waits for approval\. Look at it and say yes: winback approve winter-tea"):
        steering.steer(engine, CAMPAIGN, "resume", now=START)
    assert "stays paused until `winback resume`" in say_yes(engine, project)
    steering.steer(engine, CAMPAIGN, "resume", now=START)
    approving.withdraw(engine, CAMPAIGN, by="Andriy", now=START)
    for verb, sentence in (("resume", "waits for approval"), ("pause", "is waiting; it can't pause")):
        with pytest.raises(ConfigError, match=sentence):
            steering.steer(engine, CAMPAIGN, verb, now=START)
    assert "is cancelled" in steering.steer(engine, CAMPAIGN, "cancel", now=START)
    assert standing(engine)[RecipientStatus.ACTIVE] == 0
    with pytest.raises(ConfigError, match="no approval of `winter-tea` stands"):
        approving.withdraw(engine, CAMPAIGN, by="Andriy", now=START)


def test_a_cohort_that_has_grown_and_the_next_run_are_asked_about_anew(engine, project):
    populate(engine, 30)
    say_yes(engine, project, START - timedelta(days=1))
    with database.writing(engine) as connection:
        connection.execute(text("UPDATE customers SET key = 'b' || key"))
    populate(engine, 30)
    knowing.rebuild(project, engine, now=START)
    assert go(ready(project), engine, START, MemoryChannel()).waiting.asked.cohort == 60
    say_yes(engine, project)
    assert go(ready(project), engine, START, MemoryChannel()).waiting is None
    steering.steer(engine, CAMPAIGN, "cancel", now=START)
    again = beginning.begin(engine, ready(project), now=START + timedelta(days=1), again=True)
    assert isinstance(again, Waiting)
    assert again.asked.run == 2
    history = [deed["what"] for deed in overseeing.oversee(project, engine, CAMPAIGN).approvals[0].history]
    assert history == ["asked", "approved", "asked", "approved", "asked"]


def test_a_run_that_broke_off_while_it_decided_does_not_slip_through_with_other_files(engine, project, monkeypatch):
    populate(engine)
    say_yes(engine, project)
    monkeypatch.setattr(enrolment, "BATCH", 5)
    run = beginning.begin(engine, ready(project), now=START)

    def die(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrolment.enrol(engine, ready(project), run, now=START, progress=die)
    edit(project)
    channel = MemoryChannel()
    assert go(ready(project), engine, START, channel).waiting is not None
    assert (channel.letters, count(engine, recipients), count(engine, deliveries)) == ([], 5, 0)
    say_yes(engine, project)
    assert go(ready(project), engine, START, channel).enrolled == 35


def test_a_clock_that_went_back_is_refused_until_somebody_says_that_it_is_right(engine, project):
    populate(engine)
    say_yes(engine, project)
    go(ready(project), engine, START, MemoryChannel())
    go(ready(project), engine, START - timedelta(minutes=4), MemoryChannel())
    earlier = START - timedelta(hours=3)
    with pytest.raises(
        ConfigError, match=r"says 2026-11-24 09:30, and run 1 of `winter-tea` was worked at on 2026-11-24 12:30: 3 hours later\. Set the clock right"
    ):
        go(ready(project), engine, earlier, MemoryChannel())
    beginning.accept_clock(engine, CAMPAIGN, now=earlier)
    assert go(ready(project), engine, earlier, MemoryChannel()).waiting is None


def test_taking_back_and_beginning_at_the_same_moment_come_one_after_the_other(engine, project):
    populate(engine)
    say_yes(engine, project)
    prepared_now = ready(project)
    made_of = contents.read(prepared_now)
    with ThreadPoolExecutor(1) as somebody:
        taking = []

        def is_cleared(connection):
            found = approving.is_cleared(connection, CAMPAIGN, made_of.digest, needed=True)
            taking.append(somebody.submit(approving.withdraw, engine, CAMPAIGN, by="Andriy", now=START))
            return found

        campaign_run.current(engine, prepared_now, now=START, made_of=made_of, is_cleared=is_cleared)
        assert "run 1, leaves any more" in taking[0].result()
    assert status(engine) is RunStatus.WAITING
    with database.reading(engine) as connection:
        assert not approving.is_cleared(connection, CAMPAIGN, made_of.digest, needed=True), "and the other way round it doesn't begin"


def test_who_is_still_written_to_is_counted_from_the_run_itself(engine, project):
    populate(engine)
    say_yes(engine, project)
    go(ready(project), engine, START, MemoryChannel())
    with database.reading(engine) as connection:
        run = runs.latest(connection, CAMPAIGN)
        groups = run_files.to_come(connection, [run])
        assert sum(group.people for group in groups) == run_files.count_to_come(connection, [run]) == standing(engine)[RecipientStatus.ACTIVE]
        assert sum(run_files.arms(connection, run.id).values()) == 40
    assert {group.next_stage for group in groups} == {1}
