from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.letterbox import NOW
from winback.journey.policy import Policy, Rules
from winback.model import ChannelName, EventKind, Verdict
from winback.store import database, freshness
from winback.store import events as event_store
from winback.store.tables import contacts, deliveries, events
from winback.tracking import rejudging
from winback.tracking.hits import Hit
from winback.tracking.networks import Networks
from winback.tracking.recording import Recorder
from winback.ways_in import TrackingSettings

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"
AGENTS = (BROWSER, "curl/8.5.0", "Something (via ggpht.com GoogleImageProxy)", BROWSER, BROWSER)


def click(seconds: float, letter: int, link: int, *, agent: str = BROWSER, network: str = "") -> Hit:
    return Hit(EventKind.CLICK, letter, link, NOW + timedelta(seconds=seconds), "GET", agent, "", network)


def opened(seconds: float, letter: int, network: str) -> Hit:
    return Hit(EventKind.OPEN, letter, None, NOW + timedelta(seconds=seconds), "GET", BROWSER, "", network)


def told(shop):
    return [(row.verdict, row.signals["why"]) for row in shop.rows(events)]


def raw(shop):
    return [{**row._asdict(), "verdict": "", "signals": {**row.signals, "why": ""}} for row in shop.rows(events)]


@pytest.fixture
def links(engine):
    with database.writing(engine) as connection:
        return [event_store.link_id(connection, f"https://zerno.example/{number}") for number in range(4)]


@pytest.fixture
def letters(shop):
    return [shop.written_to(f"c{number}", email=f"c{number}@mail.example")[1] for number in range(30)]


@pytest.fixture
def past(engine, letters, links):
    """Clicks of an hour: people, programs, traps, scanners that follow every link, and a crowd behind one network."""
    hits = [click(number * 11, letters[number % 10], links[number % 2], agent=AGENTS[number % 5], network=f"n{number % 7}") for number in range(200)]
    hits += [click(500 + number, letters[12], link) for number, link in enumerate(links)]
    hits += [click(700, letters[13], 0), click(755, letters[13], links[0]), click(900, letters[13], links[0])]
    hits += [click(1200 + number, letter, links[0], network="crowd") for number, letter in enumerate(letters)]
    Recorder(engine, Policy())(hits)
    return hits


def forget(engine):
    """As if an earlier release had called everybody a person."""
    with database.writing(engine) as connection:
        for row in connection.execute(events.select()).all():
            connection.execute(update(events).where(events.c.id == row.id).values(verdict="human", signals={**row.signals, "why": ""}))


@pytest.mark.parametrize("batch", [1, 7, 40, 20_000])
def test_the_past_is_judged_as_the_present_is_whatever_the_batches(engine, shop, past, batch):
    present, seen = told(shop), raw(shop)
    forget(engine)
    found = rejudging.rejudge(engine, batch=batch)
    assert (told(shop), raw(shop)) == (present, seen)
    assert found.hits == len(past)
    assert found.changes[Verdict.HUMAN, Verdict.MACHINE] == sum(verdict == "machine" for verdict, _ in present) > 0
    again = rejudging.rejudge(engine, batch=batch)
    assert (again.changes.total(), again.reasons, told(shop)) == (0, 0, present)


def test_when_an_address_last_showed_life_follows_the_new_verdicts(engine, shop, letters, links):
    def life(letter):
        (row,) = (row for row in shop.rows(deliveries) if row.id == letter)
        return [contact.confirmed_at for contact in shop.rows(contacts, customer_id=row.customer_id)]

    person, program, both = letters[:3]
    hits = [click(0, person, links[0]), click(1000, program, links[0], agent="curl/8.5.0")]
    hits += [click(2000, both, links[0]), click(3000, both, links[1], agent="curl/8.5.0")]
    Recorder(engine, Policy())(hits)
    lived = {letter: life(letter) for letter in (person, program, both)}
    assert lived == {person: [NOW], program: [None], both: [NOW + timedelta(seconds=2000)]}
    forget(engine)
    with database.writing(engine) as connection:  # as that release would have written it down
        for letter, seconds in ((program, 1000), (both, 3000)):
            who = connection.execute(select(deliveries.c.customer_id).where(deliveries.c.id == letter)).scalar_one()
            freshness.confirm(connection, [(who, ChannelName.EMAIL, NOW + timedelta(seconds=seconds))])
    assert life(program) == [NOW + timedelta(seconds=1000)]
    rejudging.rejudge(engine)
    assert {letter: life(letter) for letter in (person, program, both)} == lived
    with database.writing(engine) as connection:  # and the other way: too strict a release
        connection.execute(update(events).values(verdict="machine"))
        connection.execute(update(contacts).values(confirmed_at=None))
    rejudging.rejudge(engine)
    assert {letter: life(letter) for letter in (person, program, both)} == lived


def test_a_dry_run_counts_and_changes_nothing(engine, shop, past):
    forget(engine)
    before = told(shop)
    counted = rejudging.rejudge(engine, dry_run=True)
    assert told(shop) == before
    assert counted == rejudging.rejudge(engine)


def test_from_a_moment_on_the_minute_before_it_is_looked_at_and_left_alone(engine, shop, letters, links):
    hits = [click(number, letters[0], link) for number, link in enumerate(links[:3])]
    Recorder(engine, Policy())(hits)
    forget(engine)
    found = rejudging.rejudge(engine, since=hits[2].happened_at)
    assert found.hits == 1
    assert told(shop) == [("human", ""), ("human", ""), ("machine", "many-links")]


def test_hits_without_the_signals_of_today_are_judged_by_what_is_known(engine, shop, letters, links):
    Recorder(engine, Policy())([click(1, letters[0], links[0])])
    with database.writing(engine) as connection:
        connection.execute(update(events).values(signals={"method": "GET", "user_agent": "curl/8.5.0"}, verdict="human"))
    assert rejudging.rejudge(engine).changes == {(Verdict.HUMAN, Verdict.MACHINE): 1}
    assert told(shop) == [("machine", "program")]


def test_a_proxy_that_comes_to_be_known_is_known_of_the_past_too(engine, shop, letters):
    networks = Networks(b"k" * 32)
    opens = [opened(number, letters[number], networks.mark(address)) for number, address in enumerate(("66.249.81.9", "192.0.2.7"))]
    Recorder(engine, Policy(default=Rules(open_tracking=True)))(opens)
    assert [row.verdict for row in shop.rows(events)] == ["human", "human"]
    proxies = networks.of_proxies({"gmail": ("66.249.80.0/20",)})
    rejudging.rejudge(engine, proxies=proxies)
    assert [(row.verdict, row.signals["why"]) for row in shop.rows(events)] == [("unverified", "gmail-network"), ("human", "")]
    Recorder(engine, Policy(default=Rules(open_tracking=True)), proxies)([opened(9, letters[9], networks.mark("66.249.95.1"))])
    assert [row.verdict for row in shop.rows(events)][-1] == "unverified"


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("17.0.0.0/8", "17.255.1.2", "18.0.0.1"),
        ("66.249.80.0/20", "66.249.95.255", "66.249.96.0"),
        ("10.1.2.128/25", "10.1.2.1", "10.1.3.1"),
        ("2001:4860::/40", "2001:4860:ff::1", "2001:4860:100::1"),
        ("2001:4860:12:34::/64", "2001:4860:12::1", "2001:4860:13::1"),
    ],
)
def test_a_named_network_is_the_marks_of_its_parts(network, inside, outside):
    networks = Networks(b"k" * 32)
    marks = networks.of_proxies({"theirs": (network,)})
    assert (marks.get(networks.mark(inside)), marks.get(networks.mark(outside))) == ("theirs", None)


@pytest.mark.parametrize(("network", "said"), [("0.0.0.0/0", "larger than any provider"), ("x", "which is no network"), ("2000::/8", "larger")])
def test_networks_that_are_none_are_refused(network, said):
    with pytest.raises(ValueError, match=said):
        TrackingSettings(proxies={"theirs": (network,)})
