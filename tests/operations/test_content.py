"""Letters that tell of goods, an event, results together: what a campaign's `content:` and a customer's own orders become on their way out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from tests.store import world
from winback import settings
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError
from winback.model import DeliveryStatus, Reason
from winback.sending import prepared
from winback.store import database
from winback.store.tables import deliveries, links
from winback.tracking import tokens
from winback.tracking.tokens import Purpose

CONTENT = """
content:
  products:
    - {name: {en: Green cardamom, uk: Зелений кардамон}, price: 120, link: new}
  survey:
    questions:
      - {en: "Were you pleased?", uk: "Чи ви задоволені?"}
      - {en: "Why?", uk: "Чому?"}
      - {en: "What else?", uk: "Що ще?"}
  period: month
"""


@pytest.fixture
def campaign(tmp_path):
    """A campaign of one stage with some letter."""

    def ready(letter: str, content: str = CONTENT):
        projects.make(tmp_path / letter)
        projects.speak_only(tmp_path / letter, "en", "uk")
        project = settings.open_project(tmp_path / letter, {"WINBACK_SECRET": "k" * 32})
        path = project.root / "config/campaigns/winter-tea.yaml"
        whole = path.read_text(encoding="utf-8")
        head = whole[: whole.index("stages:")].replace("holdout: 0.25 ", "holdout: 0 ")
        path.write_text(f"{head}{content}\nstages:\n  - {{name: only, letter: {letter}}}\n", encoding="utf-8")
        return prepared.prepare(project, CAMPAIGN)

    return ready


def sent(engine, ready, now=START):
    channel = MemoryChannel()
    go(ready, engine, now, channel)
    return channel.letters


def test_goods_of_the_campaign_stand_in_the_letter_with_links_that_know_the_delivery(engine, campaign):
    populate(engine, 2)
    first, second = sent(engine, campaign("new-arrivals"))
    assert "Green cardamom: http://localhost:8000/c/" in first.text
    assert "UAH\xa0120" in first.text
    assert not set(re.findall(r"/c/\S+", first.text)) & set(re.findall(r"/c/\S+", second.text))


def test_every_answer_of_a_survey_is_a_link_of_its_own_to_a_form_that_has_it_chosen(engine, campaign):
    populate(engine, 1)
    ready = campaign("survey")
    (letter,) = sent(engine, ready)
    answers = re.findall(r"^(\d): http://localhost:8000/s/(\S+)$", letter.text, re.MULTILINE)
    read = {label: tokens.read(ready.project.link_keys, Purpose.SURVEY, token) for label, token in answers}
    assert read == {str(number): (letter.delivery_id, number + 1) for number in range(1, 6)}


def test_a_survey_may_lie_on_a_page_of_the_shops_own(engine, campaign):
    populate(engine, 1)
    (letter,) = sent(engine, campaign("survey", CONTENT.replace("  survey:\n", "  survey:\n    link: survey\n")))
    answers = re.findall(r"^(\d): (http://localhost:8000/c/\S+)$", letter.text, re.MULTILINE)
    assert [label for label, _ in answers] == ["1", "2", "3", "4", "5"]
    assert len({url for _, url in answers}) == 5
    with database.reading(engine) as connection:
        known = set(connection.execute(select(links.c.url)).scalars())
    assert {f"https://zerno.example/survey?answer={number}" for number in range(1, 6)} <= known


def test_results_together_are_those_of_the_customers_own_orders(engine, campaign):
    populate(engine, 1)
    (letter,) = sent(engine, campaign("results-together"))
    assert "3 orders\nthe first of them on 11 January 2025" in letter.text


def test_a_letter_that_speaks_of_what_a_customer_lacks_is_skipped_for_them_with_the_reason(engine, campaign):
    populate(engine, 3)
    assert sent(engine, campaign("apology-and-compensation")) == []
    with database.reading(engine) as connection:
        rows = connection.execute(select(deliveries.c.status, deliveries.c.reason)).all()
    assert set(rows) == {(DeliveryStatus.SKIPPED, Reason.NOTHING_TO_TELL)}


def test_an_anniversary_counts_the_years_since_the_first_order(engine, campaign):
    with database.writing(engine) as connection:
        who = world.customer(connection, "c1", given_name="Emma", country="GB", locale="en", time_zone="Europe/London")
        for year in (2021, 2024, 2025):
            world.order(connection, who, datetime(year, 1, 11, 12, tzinfo=UTC), 100)
        world.reach(connection, who)
    (letter,) = sent(engine, campaign("greeting", "\ncontent: {greeting: {kind: anniversary}}\n"))
    assert letter.subject == "We have known each other for 5 years"
    assert letter.html.count("/c/") == letter.html.count('aria-hidden="true" tabindex="-1"') == 1, "only the link that nobody sees"


def test_customers_get_different_subjects_of_one_letter(engine, campaign):
    populate(engine, 30)
    ready = campaign("new-arrivals")
    assert len({letter.subject for letter in sent(engine, ready)}) == 2


def test_a_survey_without_its_link_in_the_brand_is_refused(campaign):
    with pytest.raises(ConfigError, match=r"winter-tea\.yaml:\d+: there is no link `surve` in config/brand\.yaml\. Did you mean `survey`\?"):
        campaign("survey", CONTENT.replace("  survey:\n", "  survey:\n    link: surve\n"))


def test_an_event_is_told_in_the_language_of_each_letter(engine, campaign):
    event = 'content: {event: {title: {en: A tasting, uk: Дегустація}, day: 2026-12-12, hours: "15:00-16:30", place: {en: the shop, uk: крамниця}}}'
    populate(engine, 1)
    with database.writing(engine) as connection:
        who = world.customer(connection, "u1", given_name="Олена", sex="f", country="UA", locale="uk", time_zone="Europe/Kyiv")
        for month in (1, 3, 5):
            world.order(connection, who, f"2025-0{month}-11 12:00:00", 100)
        world.reach(connection, who)
    letters = {letter.language: letter for letter in sent(engine, campaign("invitation-to-event", f"\n{event}\n"), START + timedelta(minutes=1))}
    assert "A tasting\n12 December 2026, 15:00–16:30\nthe shop" in letters["en"].text
    assert "Дегустація\n12 грудня 2026 р., 15:00–16:30\nкрамниця" in letters["uk"].text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            '- {en: "Were you pleased?", uk: "Чи ви задоволені?"}',
            '- {kind: reason, ask: {en: "Why?", uk: "Чому?"}}',
            "begins with a question of the kind reason",
        ),
        (
            '- {en: "Why?", uk: "Чому?"}',
            '- {kind: scroe, ask: {en: "Why?", uk: "Чому?"}}',
            "is scroe; a kind of question is one of score, recommend, reason, text",
        ),
        (
            '- {en: "Were you pleased?"',
            '- {kind: recommend, ask: {en: "Would you?", uk: "Чи?"}}\n      - {kind: recommend, ask: {en: "Were you pleased?"',
            "scale of 5",
        ),
        ("  survey:\n", "  survey:\n    bad_below: 11\n", "less than or equal to 10|bad_below"),
        ('      - {en: "What else?", uk: "Що ще?"}\n', "", "questions"),
    ],
)
def test_a_survey_that_cannot_be_asked_is_refused_with_its_line(campaign, old, new, says):
    assert old in CONTENT
    content = CONTENT.replace(old, new)
    content = content.replace('Чи ви задоволені?"}', 'Чи ви задоволені?"}}') if "Were you pleased" in new else content
    with pytest.raises(ConfigError, match=rf"winter-tea\.yaml:\d+: .*({says})"):
        campaign("survey", content)
