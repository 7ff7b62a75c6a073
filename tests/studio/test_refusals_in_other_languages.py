"""What can't be done, and what to do instead, is said in the language of whoever reads the page."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest
from httpx import ASGITransport

from tests import letterbox, projects
from winback.errors import Problem
from winback.speech import Language, said
from winback.studio import pages
from winback.studio.app import create_app

NOW = letterbox.NOW
TOMORROW = f"{NOW + timedelta(days=1):%Y-%m-%d}"
REASON = {"note": "", "by": "", "day": ""}


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
async def browser(project, engine):
    letterbox.Letterbox(engine, project.key).written_to("K1", email="olena@post.example", message_id="<1@zerno>")
    app = create_app(project, engine, port=8010, clock=lambda: NOW)
    async with httpx.AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8010", timeout=60) as client:
        yield client


async def refused(browser, path: str, language: str, *, shown_on: str, **fields: str) -> str:
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', (await browser.get(shown_on)).text)[1]
    answer = await browser.post(path, data={"proof": proof, **fields}, headers={"Accept-Language": language})
    assert answer.status_code >= 400, answer.status_code
    return html.unescape(answer.text)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "What was typed isn't K1. Nobody was forgotten."),
        ("uk", "Набрано не K1. Нікого не забуто."),
        ("ru", "Набрано не K1. Никто не забыт."),
        ("ro", "Ce s-a scris nu este K1. Nimeni nu a fost uitat."),
        ("uz", "Terilgani K1 emas. Hech kim unutilmadi."),
        ("mn", "Бичсэн нь K1 биш. Хэнийг ч мартсангүй."),
    ],
)
async def test_who_types_another_id_is_told_so(browser, language, sentence):
    assert sentence in await refused(browser, "/care/forget/K1", language, shown_on="/customers/K1", typed="K2")


@pytest.mark.parametrize(
    ("language", "fields", "sentence"),
    [
        ("uk", {}, "Виберіть причину."),
        ("ro", {"reason": "nobody-knows"}, "Acest motiv nu este în config/reasons.yaml. Alegeți unul dintre acestea."),
        ("uk", {"note": "x" * 1234}, "У нотатці знаків: 1\xa0234. Пишіть щонайбільше 500."),
        ("en", {"note": "x" * 1234}, "The note has 1,234 characters. Write at most 500."),
        ("ru", {"day": TOMORROW}, f"{TOMORROW} ещё не наступило."),
        ("mn", {"day": "1900-01-01"}, "1900-01-01 хэтэрхий эрт байна."),
    ],
)
async def test_what_is_wrong_in_the_form_of_reasons_is_said(browser, language, fields, sentence):
    assert sentence in await refused(browser, "/customers/K1", language, shown_on="/customers/K1", **{**REASON, **fields})


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("uk", "`Dear Ones` не годиться як назва когорти. Пишіть малі латинські літери, цифри й дефіси"),
        ("uz", "`Dear Ones` kogorta nomi boʻla olmaydi."),
    ],
)
async def test_a_name_that_no_cohort_may_have_is_refused(browser, project, language, sentence):
    like = project.names("cohorts")[0]
    assert sentence in await refused(browser, "/cohorts/new", language, shown_on="/cohorts/new", name="Dear Ones", like=like)


async def test_a_quarter_that_is_none_is_refused_by_a_page(browser):
    page = await refused(browser, "/results/quarter", "uk", shown_on="/results/quarter", of="winter")
    assert "`winter` не є кварталом. Напишіть, наприклад, " in page
    assert "is no quarter" not in page


@pytest.mark.parametrize(
    ("problem", "english", "ukrainian"),
    [
        (Problem("a.yaml", 3, said("this isn't UTF-8."), said("Save the file as UTF-8.")), "a.yaml:3: this isn't UTF-8. Save the file as UTF-8.",
         "a.yaml:3: це не UTF-8. Збережіть файл як UTF-8."),
        (Problem("a.yaml", None, "it is 100 %."), "a.yaml: it is 100 %.", "a.yaml: it is 100 %."),
        (Problem("", None, said("there is no thread %(number)s.", number="<7>")), "there is no thread <7>.", "немає розмови &lt;7&gt;."),
    ],
)  # fmt: skip
def test_a_problem_is_english_in_itself_and_a_page_says_it_anew(problem, english, ukrainian):
    assert str(problem) == english
    assert pages.templates(Language.UK).from_string("{{ told }}").render(told=problem) == ukrainian
