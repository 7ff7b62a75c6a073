"""Surveys through a real socket, on both databases: what is asked, what counts, and what comes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import update

from tests.letterbox import NOW, SENT_AT
from winback.audience.reasons import Reason
from winback.demo.serving import Serving
from winback.journey import office
from winback.journey.content import Survey
from winback.store import contact_log, database, thread_answers
from winback.store import threads as store
from winback.store.tables import answers, campaign_runs, customers, deliveries, events, feedback, leaving_reasons, thread_words, threads
from winback.store.tables import tasks as tasks_table
from winback.tracking import addresses, survey_form, tokens
from winback.tracking.app import create_app
from winback.tracking.tokens import Purpose

ROOT = Path(__file__).parents[2]
SURVEY = {
    "scale": 5,
    "questions": [
        {"en": "Did your last order please you?", "uk": "Чи сподобалося замовлення?"},
        {"ask": {"en": "Would you recommend us?", "uk": "Чи порадили б ви нас?"}, "kind": "recommend"},
        {"ask": {"en": "Why did you stop?", "uk": "Чому ви перестали купувати?"}, "kind": "reason"},
        {"en": "What should we do better?", "uk": "Що нам робити краще?"},
    ],
}


@pytest.fixture
def web(project, engine):
    shutil.copytree(ROOT / "templates", project.templates)
    for name in ("brand.yaml", "reasons.yaml"):
        shutil.copy(ROOT / "config" / name, project.config())
    with Serving(create_app(project, engine, clock=lambda: NOW)) as serving, httpx.Client(base_url=serving.url, timeout=30) as client:
        yield client


@pytest.fixture
def asked(shop, engine):
    def asked(name="olena", locale="en", stop_when=("ordered", "replied"), phone="+380671234567", **survey):
        who, letter = shop.written_to(name, email=f"{name}@mail.example", locale=locale)
        plan = {"stop_when": list(stop_when), "sender": "olena", "content": {"survey": {**SURVEY, **survey}}}
        (row,) = shop.rows(deliveries, id=letter)
        with database.writing(engine) as connection:
            connection.execute(update(campaign_runs).where(campaign_runs.c.id == row.run_id).values(plan=plan))
            connection.execute(update(customers).where(customers.c.id == who).values(phone=phone, manager="taras"))
        return who, letter

    return asked


def said(shop):
    return [(row.turn, row.question, row.score, row.reason, row.text) for row in shop.rows(answers)]


@pytest.mark.parametrize(("locale", "words"), [("en", "Did your last order please you?"), ("uk", "Чи сподобалося замовлення?")])
def test_the_form_asks_in_the_letters_language_with_the_answer_of_the_link_chosen_and_counts_nothing(project, shop, asked, web, locale, words):
    who, letter = asked(locale=locale)
    answer = web.get(addresses.survey("", project.key, letter, 4))
    assert web.head(addresses.survey("", project.key, letter, 4)).status_code == 200
    document = html.document_fromstring(answer.text)
    assert (answer.status_code, document.get("lang")) == (200, locale)
    assert document.xpath("//legend/text()")[0] == words
    assert document.forms[0].form_values() == [("form", "survey"), ("q1", "4"), ("q4", "")]
    assert [len(document.xpath(f"//input[@name='q{number}']")) for number in (1, 2, 3)] == [5, 11, 10]
    assert (said(shop), shop.rows(events), shop.rows(feedback), shop.standing(who)) == ([], [], [], [("active", "")])
    bare = html.document_fromstring(web.get(addresses.survey("", project.key, letter)).text)
    assert bare.forms[0].form_values() == [("form", "survey"), ("q4", "")]


@pytest.mark.parametrize("kind", ["data", "files"])
def test_answers_are_kept_and_heard_by_scores_reasons_and_the_journey(project, shop, asked, web, kind):
    who, letter = asked()
    fields = {"form": "survey", "q1": "5", "q2": "9", "q3": "price", "q4": " Faster\nparcels "}
    body = {"data": fields} if kind == "data" else {"files": {name: (None, value) for name, value in fields.items()}}
    for _ in range(2):
        answer = web.post(addresses.survey("", project.key, letter, 5), **body)
        assert (answer.status_code, "Your answers have arrived" in answer.text) == (200, True)
    assert said(shop) == [(1, 1, 5, "", ""), (1, 2, 9, "", ""), (1, 3, None, "price", ""), (1, 4, None, "", "Faster\nparcels")]
    assert [(row.kind, row.score, row.said_at, row.text) for row in shop.rows(feedback)] == [("survey", 9, NOW, "Faster\nparcels")]
    assert [(row.reason, row.source, row.recorded_at) for row in shop.rows(leaving_reasons)] == [("price", "survey", NOW)]
    assert [(row.kind, row.verdict, row.delivery_id, row.signals) for row in shop.rows(events)] == [
        ("answer", "human", letter, {"score": 9, "turn": 1})
    ]
    assert shop.standing(who) == [("stopped", "answered")]
    assert shop.rows(tasks_table) == []


def test_who_answers_twice_is_taken_at_their_last_word_and_the_first_is_kept(project, shop, asked, web):
    _, letter = asked(stop_when=())
    page = addresses.survey("", project.key, letter)
    web.post(page, data={"form": "survey", "q2": "10", "q3": "price"})
    assert "You have answered before" in web.get(page).text
    web.post(page, data={"form": "survey", "q1": "2", "q4": "It was late"})
    assert said(shop) == [(1, 2, 10, "", ""), (1, 3, None, "price", ""), (2, 1, 2, "", ""), (2, 4, None, "", "It was late")]
    assert [(row.score, row.text) for row in shop.rows(feedback)] == [(2, "It was late")]
    assert shop.rows(leaving_reasons) == []
    assert [row.signals["turn"] for row in shop.rows(events)] == [1, 2]


@pytest.mark.parametrize(
    ("stop_when", "stands"),
    [(("replied",), ("stopped", "answered")), (("answered",), ("stopped", "answered")), (("ordered", "clicked"), ("active", ""))],
)
def test_an_answer_ends_the_journey_where_the_campaign_says_so(project, shop, asked, web, stop_when, stands):
    who, letter = asked(stop_when=stop_when)
    web.post(addresses.survey("", project.key, letter), data={"form": "survey", "q1": "5"})
    assert shop.standing(who) == [stands]


def test_a_bad_score_begins_a_thread_with_all_that_was_said_and_asks_for_no_call(project, shop, asked, web, engine):
    who, letter = asked()
    page, fields = addresses.survey("", project.key, letter), {"form": "survey", "q1": "1", "q4": "The parcel was broken"}
    for _ in range(2):
        web.post(page, data=fields)
    (thread,), (words,) = shop.rows(threads), shop.rows(thread_words)
    assert (thread.customer_id, thread.why, thread.status, thread.channel, thread.assignee) == (who, "bad-score", "open", "email", "taras")
    assert thread.due_at == office.read(project).due_at(NOW)
    assert (words.author, words.event_id) == ("bot", shop.rows(events)[0].id)
    assert words.text.splitlines()[0].startswith("Answered a survey with 0 of 10.")
    assert "What should we do better? The parcel was broken" in words.text
    assert shop.rows(tasks_table) == []
    with database.reading(engine) as connection:
        assert contact_log.contacts(connection, [who], NOW) == {who: [SENT_AT]}, "the letter still counts as one"


def test_other_bad_answers_go_into_the_same_thread(project, shop, asked, web):
    _, letter = asked(stop_when=())
    page = addresses.survey("", project.key, letter)
    web.post(page, data={"form": "survey", "q1": "1"})
    web.post(page, data={"form": "survey", "q1": "2", "q4": "It was late"})
    (thread,) = shop.rows(threads)
    assert [row.thread_id for row in shop.rows(thread_words)] == [thread.id, thread.id]
    web.post(page, data={"form": "survey", "q1": "5"})
    assert len(shop.rows(thread_words)) == 2, "whoever is content now is told of to nobody"


def test_an_answer_to_a_bad_score_goes_to_the_conversation_of_the_letter_that_asked(project, shop, asked, web, engine):
    _, letter = asked()
    web.post(addresses.survey("", project.key, letter), data={"form": "survey", "q1": "1"})
    (thread,) = shop.rows(threads)
    with database.writing(engine) as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == letter).values(message_id="<survey@zerno.example>"))
        store.answer(connection, thread.id, "a", "taras", "I am sorry.", NOW)
        (due,) = thread_answers.due(connection, NOW)
    assert (due.channel, due.email, due.answers_to) == ("email", "olena@mail.example", "<survey@zerno.example>")


def test_surveys_of_runs_that_began_when_a_call_was_asked_for_are_answered_too(project, shop, asked, web):
    _, letter = asked(call_within="1 day")
    web.post(addresses.survey("", project.key, letter), data={"form": "survey", "q1": "1"})
    assert len(shop.rows(threads)) == 1


def test_a_form_without_an_answer_asks_again(project, shop, asked, web):
    _, letter = asked()
    for nothing in ({}, {"q1": "6", "q2": "-1", "q3": "nonsense", "q4": "  "}):
        answer = web.post(addresses.survey("", project.key, letter), data={"form": "survey", **nothing})
        assert html.document_fromstring(answer.text).xpath("//*[@role='alert']")
    assert (said(shop), shop.rows(events)) == ([], [])


def test_every_wrong_link_gets_the_same_answer(project, shop, asked, web):
    _, letter = asked()
    _, unasked = shop.written_to("ivan", email="ivan@mail.example", locale="en")
    wrong = (
        "nonsense",
        tokens.sign(b"another key" * 3, Purpose.SURVEY, letter),
        tokens.sign(project.key, Purpose.UNSUBSCRIBE, letter),
        tokens.sign(project.key, Purpose.SURVEY, 99_999),
        tokens.sign(project.key, Purpose.SURVEY, unasked),
    )
    found = {
        (answer.status_code, answer.text) for token in wrong for answer in (web.get(f"/s/{token}"), web.post(f"/s/{token}", data={"form": "survey"}))
    }
    assert len(found) == 1
    assert found.pop()[0] == 404


@pytest.mark.parametrize("body", [{}, {"data": {"form": "preferences"}}, {"data": {"q1": "5"}}])
def test_another_form_answers_nothing(project, shop, asked, web, body):
    _, letter = asked()
    assert web.post(addresses.survey("", project.key, letter), **body).status_code == 400
    assert said(shop) == []


REASONS = {"price": Reason(title="Too dear", says={"en": "It was too dear"})}
texts = st.text(max_size=20) | st.sampled_from(["0", "5", "10", "price", "\x00", "x" * 3000])


@given(st.dictionaries(st.sampled_from(["q0", "q1", "q2", "q3", "q4", "q5", "form"]), st.lists(texts).map(tuple)), st.sampled_from([5, 10]))
def test_whatever_is_sent_only_what_can_be_chosen_is_an_answer(fields, scale):
    survey = Survey.model_validate({**SURVEY, "scale": scale})
    found = survey_form.answers(fields, survey, REASONS, "en")
    overall = survey_form.score(found, survey)
    assert overall is None or 0 <= overall <= 10
    assert all(answer.text or answer.reason == "price" or answer.score in survey.numbers(survey.questions[answer.question - 1]) for answer in found)
    assert all("\x00" not in answer.text and len(answer.text) <= 2000 for answer in found)
    assert len({answer.question for answer in found}) == len(found)


@pytest.mark.parametrize(
    ("scale", "fields", "overall"),
    [
        (5, {"q1": "1"}, 0),
        (5, {"q1": "3"}, 5),
        (5, {"q1": "4"}, 7),
        (5, {"q1": "5"}, 10),
        (10, {"q1": "4"}, 4),
        (5, {"q1": "5", "q2": "3"}, 3),
        (5, {"q4": "words alone"}, None),
    ],
)
def test_the_score_of_the_whole_is_whether_they_would_recommend_us_else_the_first(scale, fields, overall):
    survey = Survey.model_validate({**SURVEY, "scale": scale})
    said = survey_form.answers({name: (value,) for name, value in fields.items()}, survey, REASONS, "en")
    assert survey_form.score(said, survey) == overall
