"""The flows under Prefect's own harness, on a small real project; rules are tested without it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from sqlalchemy import func, select, text, update

import flows  # noqa: F401  sets Prefect's quiet surroundings before it is imported
from flows.options import Collecting, Helping, Importing, Measuring, Sending, Starting, Telling, Weekly
from tests import projects
from tests.operations.lost import populate
from tests.outcomes import sample
from winback.demo import mailbox
from winback.errors import Problem, Refused
from winback.limits import FuseCause
from winback.operations import beginning, reporting
from winback.sending import prepared
from winback.store import database, fuses, runs
from winback.store.tables import approvals, deliveries, orders, scores, scores_state

pytestmark = [pytest.mark.flows, pytest.mark.xdist_group("flows"), pytest.mark.filterwarnings("default")]

START = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def harness() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture
def shop(tmp_path, monkeypatch, harness):
    monkeypatch.setenv("WINBACK_SECRET", "k" * 32)
    project = projects.make(tmp_path / "shop")
    data = project.root / "data"
    data.mkdir()
    (data / "customers.csv").write_text(
        "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n", encoding="utf-8"
    )
    return project


def test_the_import_flow_reads_every_source_as_a_task_each_and_scores_everybody_once_a_day(shop):
    from flows.import_orders import import_orders

    with (shop.root / "data/customers.csv").open("a", encoding="utf-8") as file:
        file.write("A1,a@post.example,,Emma,,Shaw,f,en,GB,Leeds,,olena,,yes,2023-05-01,checkout\n")
    (shop.root / "data/orders.csv").write_text("order,customer,placed,items,total\nO1,A1,2025-05-01 12:00:00,1,250.00\n", encoding="utf-8")
    report = import_orders(Importing(project=str(shop.root), now=START))
    assert [(source.name, source.inserted) for source in report.sources] == [("customers", 1), ("orders", 1)]
    again = import_orders(Importing(project=str(shop.root), now=START + timedelta(hours=1)))
    assert [source.inserted for source in again.sources] == [0, 0]
    engine = database.open_engine(shop.database_url)
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(orders)).scalar() == 1
        assert connection.execute(select(scores.c.stage)).scalars().all() == ["lost"]
        assert connection.execute(select(scores_state.c.scored_at)).scalars().all() == [START]
    engine.dispose()


def test_what_came_in_and_cannot_be_right_is_said_by_the_import_flow_too(shop, caplog):
    from flows.import_orders import import_orders

    with (shop.root / "data/customers.csv").open("a", encoding="utf-8") as file:
        file.write("A1,a@post.example,,Emma,,Shaw,f,en,GB,Leeds,,olena,,yes,2023-05-01,checkout\n")
    (shop.root / "data/orders.csv").write_text(
        "order,customer,placed,items,total,state\nO1,A1,2025-05-01 12:00:00,1,250.00,credit\n", encoding="utf-8"
    )
    config = shop.config("sources.yaml")
    text = config.read_text(encoding="utf-8")
    status = "      amount: total\n      status: {column: state, placed: [paid], returned: [credit]}\n"
    config.write_text(text.replace("      amount: total\n", status, 1), encoding="utf-8")
    report = import_orders(Importing(project=str(shop.root), now=START))
    (warning,) = report.warnings
    assert warning.startswith("1 customer has more brought back than bought, for example `A1`.")
    assert warning in caplog.text


def test_a_campaign_runs_through_the_flows_and_nothing_starts_by_itself(shop):
    from flows.collect_events import collect_events
    from flows.enrol_and_send import enrol_and_send
    from flows.measure_and_report import measure_and_report

    engine = database.open_engine(shop.database_url)
    populate(engine, 30)
    assert enrol_and_send(Sending(project=str(shop.root), now=START)) == {}, "a campaign file alone sends nothing"
    assert enrol_and_send(Sending(project=str(shop.root), campaign="winter-tea", now=START))["sent"] > 10
    assert enrol_and_send(Sending(project=str(shop.root), now=START)) == {}, "nothing is due twice"
    later = enrol_and_send(Sending(project=str(shop.root), now=START + timedelta(days=7)))
    assert later["sent"] > 10, "a run that was started goes on by itself"
    replies = shop.root / "replies"
    mailbox.make_maildir(replies)
    with database.reading(engine) as connection:
        letter = connection.execute(select(deliveries).where(deliveries.c.message_id != "").limit(1)).one()
    answer = f"From: c{letter.customer_id}@post.example\r\nTo: olena@zerno.example\r\nIn-Reply-To: {letter.message_id}\r\nSubject: Re\r\n\r\nThank you!\r\n"
    mailbox.deliver(replies, answer.encode(), mail_from=f"c{letter.customer_id}@post.example", recipient="olena@zerno.example")
    assert collect_events(Collecting(project=str(shop.root), replies=str(replies), now=START + timedelta(days=8)))["reply"] == 1
    enrol_and_send(Sending(project=str(shop.root), now=START + timedelta(days=21)))
    report = measure_and_report(Measuring(project=str(shop.root), now=START + timedelta(days=61)))[0]
    assert {arm.name for arm in report.arms} == {"warm-word", "gift-first", "holdout"}
    assert (shop.out / "reports" / "winter-tea.html").exists()
    assert (shop.out / "reports" / "winter-tea" / "arms.csv").exists()
    assert report.plan, "the plan of a run that nobody need approve is kept too"
    kept = _artifacts("winter-tea")
    assert kept["report-winter-tea"].startswith("# Did winter-tea bring people back?")
    assert "## Who returned" in kept["report-winter-tea"]
    assert [row["arm"] for row in json.loads(kept["figures-winter-tea"])] == ["warm-word", "gift-first", "holdout"]
    assert (shop.out / "reports" / "winter-tea.html").as_uri() in kept["page-winter-tea"]
    with database.reading(engine) as connection:
        stopped = (
            connection.execute(select(deliveries.c.reason).where(deliveries.c.customer_id == letter.customer_id, deliveries.c.stage == "last-day"))
            .scalars()
            .all()
        )
    assert stopped in ([], ["replied"])
    assert enrol_and_send(Sending(project=str(shop.root), campaign="winter-tea", now=START + timedelta(days=62))) == {}, (
        "a run that is over stays over"
    )
    engine.dispose()


def _artifacts(ending: str) -> dict[str, str]:
    """What Prefect's server keeps, by key."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found = client.read_artifacts()
    return {each.key: each.data for each in found if each.key and each.key.endswith(ending)}


def test_the_quarter_that_has_ended_is_told_by_its_flow(shop):
    from flows.quarterly_report import quarterly_report

    engine = database.open_engine(shop.database_url)
    populate(engine, 30)
    told = quarterly_report(Telling(project=str(shop.root), now=START))
    assert (told["quarter"], told["is_over"]) == ("2026-Q3", True)
    assert (shop.out / "reports" / "2026-Q3.html").exists()
    assert (shop.out / "reports" / "2026-Q3" / "summary.csv").exists()
    kept = _artifacts("quarter-2026-q3")
    assert kept["report-quarter-2026-q3"].startswith("# 2026-Q3: who left, and who came back")
    assert json.loads(kept["figures-quarter-2026-q3"])[0]["group"] == "all"
    assert quarterly_report(Telling(project=str(shop.root), quarter="2026Q4", now=START))["is_over"] is False
    engine.dispose()


def test_the_flow_settles_what_a_dead_worker_left_and_one_broken_campaign_holds_up_no_other(shop):
    from flows.enrol_and_send import enrol_and_send

    engine = database.open_engine(shop.database_url)
    populate(engine, 10)
    with database.writing(engine) as connection:
        runs.start(connection, "broken", number=1, salt="s", plan={}, now=START)
    enrol_and_send(Sending(project=str(shop.root), campaign="winter-tea", now=START))
    with database.writing(engine) as connection:
        dead = {"claimed_by": "dead", "lease_until": START + timedelta(minutes=10)}
        sent = connection.execute(select(deliveries.c.id).where(deliveries.c.status == "sent").order_by(deliveries.c.id)).scalars().all()
        connection.execute(update(deliveries).where(deliveries.c.id == sent[0]).values(status="claimed", **dead))
        connection.execute(update(deliveries).where(deliveries.c.id == sent[1]).values(status="handed_over", handed_over_at=START, **dead))
    with pytest.raises(Refused, match="there is no campaign `broken`"):
        enrol_and_send(Sending(project=str(shop.root), now=START + timedelta(hours=1)))
    with database.reading(engine) as connection:
        status = dict(connection.execute(select(deliveries.c.id, deliveries.c.status).where(deliveries.c.id.in_(sent[:2]))).all())
    assert status == {sent[0]: "sent", sent[1]: "uncertain"}
    engine.dispose()


def test_a_database_that_fails_for_one_campaign_holds_up_no_other(shop):
    from flows.enrol_and_send import enrol_and_send

    engine = database.open_engine(shop.database_url)
    populate(engine, 10)
    campaigns = shop.root / "config/campaigns"
    written = (campaigns / "winter-tea.yaml").read_text(encoding="utf-8")
    (campaigns / "a-first.yaml").write_text(written.replace("title: Come back", "title: Come first"), encoding="utf-8")
    broken, _ = [beginning.begin(engine, prepared.prepare(shop, name), now=START) for name in ("a-first", "winter-tea")]
    with database.writing(engine) as connection:
        connection.execute(
            text(
                f"CREATE TRIGGER worn_disk BEFORE INSERT ON recipients WHEN NEW.run_id = {broken.id} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
            )
        )
    with pytest.raises(Refused, match="`a-first` stopped at an error of the database: disk I/O error") as refused:
        enrol_and_send(Sending(project=str(shop.root), now=START))
    assert len(refused.value.problems) == 1
    with database.reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(deliveries).where(deliveries.c.status == "sent")).scalar() > 0
    engine.dispose()


def test_a_campaign_that_cannot_be_measured_keeps_no_other_from_its_report(shop, monkeypatch):
    from flows.enrol_and_send import enrol_and_send
    from flows.measure_and_report import measure_and_report
    from flows.weekly_report import weekly_report

    engine = database.open_engine(shop.database_url)
    populate(engine, 10)
    campaigns = shop.root / "config/campaigns"
    written = (campaigns / "winter-tea.yaml").read_text(encoding="utf-8")
    for name in ("a-first", "b-second"):
        (campaigns / f"{name}.yaml").write_text(written.replace("title: Come back", f"title: Come {name}"), encoding="utf-8")
    for name in ("a-first", "b-second", "winter-tea"):
        beginning.begin(engine, prepared.prepare(shop, name), now=START)
    enrol_and_send(Sending(project=str(shop.root), now=START))
    engine.dispose()
    usual = reporting.measure_and_report

    def moody(project, engine, campaign, **more):
        if campaign == "a-first":
            raise KeyError("Zebedia")
        if campaign == "b-second":
            raise Refused(Problem("config/reasons.yaml", 3, "is odd."))
        return usual(project, engine, campaign, **more)

    monkeypatch.setattr(reporting, "measure_and_report", moody)
    for flow, options in ((measure_and_report, Measuring), (weekly_report, Weekly)):
        with pytest.raises(Refused) as refused:
            flow(options(project=str(shop.root), now=START + timedelta(days=1)))
        assert [str(each) for each in refused.value.problems] == [
            "`a-first` stopped at an error: KeyError. The log says where.",
            "config/reasons.yaml:3: `b-second` can't be measured: is odd.",
        ]
    assert (shop.out / "reports/winter-tea.html").exists()
    assert "winter-tea" in (shop.out / "reports/week-2026-11-24.md").read_text(encoding="utf-8")


def test_more_hands_send_what_is_queued_and_begin_nothing(shop):
    from flows.enrol_and_send import enrol, queue_due
    from flows.send_beside import send_beside

    engine = database.open_engine(shop.database_url)
    populate(engine, 30)
    assert send_beside(Helping(project=str(shop.root), campaign="winter-tea", now=START)) == {}, "it begins nothing"
    assert enrol(str(shop.root), "winter-tea", START) is None
    assert queue_due(str(shop.root), "winter-tea", START) == 30
    with database.reading(engine) as connection:
        planned = connection.execute(select(func.count()).select_from(deliveries).where(deliveries.c.status == "planned")).scalar()
    assert send_beside(Helping(project=str(shop.root), now=START)) == {"sent": planned}
    assert send_beside(Helping(project=str(shop.root), now=START)) == {}, "nothing is sent twice"
    assert send_beside(Helping(project=str(shop.root), now=START + timedelta(days=7))) == {}, "it queues nothing"
    engine.dispose()


def _answer_when_asked(yes: bool) -> None:
    """A person at Prefect's page: waits until the flow run is paused and its form is there, then sends it."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.responses import SetStateStatus

    paused = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))
    with get_client(sync_client=True) as client:
        for _ in range(600):
            for found in client.read_flow_runs(flow_run_filter=paused):
                if client.resume_flow_run(found.id, run_input={"approve": yes, "name": "Olena"}).status is SetStateStatus.ACCEPT:
                    return
            time.sleep(0.2)


@pytest.mark.parametrize("yes", [False, True, None])
def test_a_campaign_that_waits_fails_no_schedule_and_prefects_own_form_lets_it_go(shop, yes):
    from flows.enrol_and_send import enrol_and_send
    from flows.start_campaign import start_campaign

    projects.edit(shop.root / "config/settings.yaml", "approve_above: 200", "approve_above: 10")
    engine = database.open_engine(shop.database_url)
    populate(engine, 30)
    assert enrol_and_send(Sending(project=str(shop.root), campaign="winter-tea", now=START)) == {}, "it waits, and that is no failure"
    with ThreadPoolExecutor(1) as person:
        said = person.submit(_answer_when_asked, yes) if yes is not None else None
        sent = start_campaign(Starting(campaign="winter-tea", project=str(shop.root), now=START, wait_seconds=2 if yes is None else 120))
        if said is not None:
            said.result()
    with database.reading(engine) as connection:
        approved = connection.execute(select(approvals.c.approved_by)).scalars().all()
    assert (sent.get("sent", 0) > 10, approved) == (bool(yes), ["Olena" if yes else ""]), "a no, and no answer in time, send nothing"
    if yes:
        assert start_campaign(Starting(campaign="winter-tea", project=str(shop.root), now=START)) == {}, (
            "approved once, it isn't asked again, and nothing is due twice"
        )
        body = shop.root / "templates/emails/we-miss-you/body.html"
        projects.edit(body, "{% block body %}", "{% block body %}<p>Hello again.</p>")
        assert enrol_and_send(Sending(project=str(shop.root), now=START + timedelta(days=7))) == {}, "changed for many, it waits"
        projects.edit(body, "{% block body %}<p>Hello again.</p>", "{% block body %}")
        assert enrol_and_send(Sending(project=str(shop.root), now=START + timedelta(days=7)))["sent"] > 10, "put back, it goes on by itself"
    engine.dispose()


def test_every_deployment_names_a_flow_that_exists_and_only_those_who_help_to_send_overlap():
    import importlib

    from prefect import Flow

    deployments = yaml.safe_load((projects.ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {deployment["name"] for deployment in deployments} == {
        "import",
        "facts",
        "occasions",
        "start-campaign",
        "enrol-and-send",
        "send-beside",
        "remind-managers",
        "bounces",
        "bot-follow-ups",
        "collect-events",
        "send-webhooks",
        "measure-and-report",
        "weekly-report",
        "quarterly-report",
        "retention",
        "doctor",
    }
    for deployment in deployments:
        path, name = deployment["entrypoint"].split(":")
        flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
        assert isinstance(flow, Flow)
        assert flow.name == deployment["name"]
        assert (deployment["concurrency_limit"]["limit"] == 1) is (deployment["name"] != "send-beside")
        scheduled = any(schedule.get("active", True) for schedule in deployment["schedules"])
        assert scheduled is (deployment["name"] not in {"start-campaign", "send-beside", "collect-events"}), (
            "only a person starts a campaign, asks for more hands, or collects everything at once"
        )


def test_what_differs_for_several_machines_is_the_same_flow_elsewhere():
    one, many = (yaml.safe_load((projects.ROOT / name).read_text(encoding="utf-8")) for name in ("prefect.yaml", "prefect-many.yaml"))
    usual = {deployment["name"]: deployment for deployment in one["deployments"]}
    assert one["pull"] == many["pull"]
    for deployment in many["deployments"]:
        assert deployment["entrypoint"] == usual[deployment["name"]]["entrypoint"]
        assert deployment["tags"] == usual[deployment["name"]]["tags"]
        assert deployment["work_pool"]["name"] != usual[deployment["name"]]["work_pool"]["name"]
        assert all(schedule.get("active", True) for schedule in deployment["schedules"])


def test_a_daily_campaign_takes_in_each_day_once_through_the_flow(shop):
    from flows.enrol_and_send import enrol_and_send

    projects.edit(shop.root / "config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 0\nenrol: daily\nback_fill: {a_day: 10}")
    projects.edit(shop.root / "config/campaigns/winter-tea.yaml", "ends_on: 2027-01-31", "ends_on: 2028-12-31")
    engine = database.open_engine(shop.database_url)
    populate(engine, 30)
    sent = [
        enrol_and_send(Sending(project=str(shop.root), campaign=name, now=START + timedelta(hours=hours)))
        for name, hours in (("winter-tea", 0), ("", 1), ("", 24))
    ]
    assert sent == [{"sent": 10}, {}, {"sent": 10}]
    engine.dispose()


def test_an_alarm_becomes_an_event_that_automations_may_answer_to(shop):
    from flows import alarms
    from winback.operations import alarming

    engine = database.open_engine(shop.database_url)
    with database.writing(engine) as connection:
        fuses.blow(connection, "group:gmail", FuseCause.ERRORS, START, counts={"bad": 60, "of": 100, "above": 0.3})
    heard = []
    (alarm,) = alarming.raise_due(shop, engine, START, lambda alarm: heard.append(alarms.emit(alarm)))
    (event,) = heard
    assert event is not None
    assert (event.event, event.resource.id) == ("winback.lane.stopped", "winback.lane.group:gmail")
    assert event.payload["to_do"] == alarm.to_do
    sizes = alarms.wrong_sizes(sample.report())
    assert sizes is not None
    assert (sizes.event, sizes.resource.id) == ("winback.sizes.wrong", "winback.campaign.spring")
    assert sizes.payload["sentence"] == sample.report().sample_ratio.sentence
    engine.dispose()
