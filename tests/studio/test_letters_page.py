"""The studio's pages of letters, as a browser on this machine asks for them."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport

from tests import projects
from tests.operations.lost import START, populate
from tests.store import world
from winback.operations import checking, drafts, editing
from winback.operations.people import Person, Role
from winback.store import audit, database
from winback.studio import letters_page, pages
from winback.studio.app import create_app
from winback.studio.desk import Desk
from winback.studio.gate import Gate, Tickets

PORT = 8010
HOME = f"http://127.0.0.1:{PORT}"
TIPS = "/letters/email/tips"
FOLDER = "templates/emails/tips"
SUBJECT, BODY = f"{FOLDER}/subject.txt", f"{FOLDER}/body.html"
OLENA = Person("Olena", "olena@zerno.example", frozenset(Role))
BAT = Person("Bat", "bat@zerno.example", frozenset({Role.MARKETER}))
ANA = Person("Ana", "ana@zerno.example", frozenset({Role.APPROVER, Role.MANAGER}))


@pytest.fixture
def store(tmp_path):
    engine = database.open_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def project(tmp_path):
    """A repository with three letters and one campaign that nobody can run: looking at all of them takes long."""
    made = projects.make(tmp_path / "shop", environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    for path in (*(made.templates / "emails").glob("[a-z]*"), *(made.templates / "messages").glob("[a-z]*")):
        if path.name not in {"tips", "greeting"}:
            shutil.rmtree(path)
    for path in made.config("campaigns").glob("*.yaml"):
        if path.stem != "greetings":
            path.unlink()
    (made.root / ".gitignore").write_text(".winback/\nout/\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=Ivan", "-c", "user.email=ivan@zerno.example", "commit", "-qm", "The letters"]):
        subprocess.run(["git", *words], cwd=made.root, env=dict(made.environment), check=True)
    return made


@dataclass(frozen=True)
class SignedIn(Desk):
    """A desk at which somebody sits whom the test names."""

    here: list[Person] = field(default_factory=lambda: [OLENA])

    def person(self, _request: Request) -> Person:
        return self.here[0]


@pytest.fixture
def desk(project, store):
    return SignedIn(project, store, Tickets(project.key, PORT), lambda: START + timedelta(hours=1))


@pytest.fixture
def signed_in(desk):
    """Who is signed in; a test puts somebody else there."""
    return desk.here


@pytest.fixture
async def browser(desk):
    app = FastAPI()
    app.include_router(letters_page.routes(desk))
    async with httpx.AsyncClient(transport=ASGITransport(Gate(app, PORT)), base_url=HOME, timeout=120) as client:
        yield client


async def test_the_studio_has_these_pages(project, store):
    async with httpx.AsyncClient(transport=ASGITransport(create_app(project, store, port=PORT, clock=lambda: START)), base_url=HOME) as client:
        assert "<h1>Letters</h1>" in (await client.get("/letters")).text
        assert (await client.get("/static/letter.js")).headers["content-type"].startswith("text/javascript")


def fields_of(page: str) -> dict[str, str]:
    """The form of an editor as a browser would send it."""
    form = page[page.index('<form class="workbench"') :]
    form = form[: form.index("</form>")]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    areas = dict(re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL))
    chosen = re.search(r'<select id="language".*?<option selected>(\w+)', form, re.DOTALL)
    return {name: html.unescape(text) for name, text in {**hidden, **areas, "language": chosen[1]}.items()}


async def typed(browser, address=TIPS, **changes):
    """The editor's fields with some others in them: text_body for text:.../body.html."""
    fields = fields_of((await browser.get(address)).text)
    return {**fields, **changes}


async def look(browser, fields, address=TIPS):
    answer = await browser.post(address, data={**fields, "do": "look"}, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_list_tells_of_every_letter_what_it_is_for_and_what_it_lacks(browser, project):
    page = html.unescape((await browser.get("/letters")).text)
    assert f'<a href="{TIPS}">tips</a>' in page
    assert '<a href="/letters/messages/greeting">greeting</a>' in page
    assert "Useful advice instead of an offer" in page
    assert "greetings</td>" in page
    assert "Ivan</a>" in page
    assert "lacks something" not in page
    catalogue = project.templates / "locales" / "uk" / "LC_MESSAGES" / "letters.po"
    text = editing.open(project, BODY).text
    (project.root / BODY).write_text(text.replace("{% block body %}", "{% block body %}<p>{% trans %}Good day to you.{% endtrans %}</p>{{ ofer }}"))
    assert catalogue.exists()
    page = html.unescape((await browser.get("/letters")).text)
    assert f'href="{TIPS}?language=uk#words"' in page
    assert "uk\N{NO-BREAK SPACE}−1" in page
    assert "1 problem</a>" in page
    assert "1 letter lacks something." in page


async def test_the_letter_is_shown_as_it_is_typed_and_nothing_is_written(browser, project, store):
    with database.writing(store) as connection:
        world.customer(connection, "c000", city="<script>alert(1)</script>\u202e", country="GB", locale="en")
    before = project.stamps()
    fields = await typed(browser)
    fields[f"text:{BODY}"] = fields[f"text:{BODY}"].replace(
        "{% block body %}", "{% block body %}<p>Just &lt;typed&gt; this{% if customer.city %} in {{ customer.city }}{% endif %}.</p>"
    )
    seen = await look(browser, fields)
    frame = await browser.get(seen["frame"])
    assert "Just &lt;typed&gt; this" in frame.text
    assert "sandbox" in frame.headers["content-security-policy"]
    assert "script-src" not in frame.headers["content-security-policy"]
    assert "Emma" not in frame.text
    seen = await look(browser, {**fields, "customer": "c000"})
    assert seen["frame"], seen["problems"]
    shown = (await browser.get(seen["frame"])).text
    assert "in &lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script" not in shown + seen["text"] + seen["inbox"]
    assert project.stamps() == before
    assert (await browser.get("/letters/shown/nothing")).status_code == 404


@pytest.mark.parametrize("language", ["en", "mn", "ro", "ru", "uk", "uz"])
async def test_it_is_shown_in_each_language(browser, language):
    seen = await look(browser, {**await typed(browser), "language": language})
    assert f'lang="{"uz-Latn" if language == "uz" else language}' in (await browser.get(seen["frame"])).text
    assert seen["marks"] == {}
    assert "No problem is seen" in seen["problems"]


async def test_a_mistake_leads_to_its_line(browser):
    fields = await typed(browser)
    lines = fields[f"text:{BODY}"].split("\n")
    fields[f"text:{BODY}"] = "\n".join(
        [*lines[:2], "<p>{{ nmae }}</p>" if "block body" in lines[1] else "{% block body %}<p>{{ nmae }}</p>", *lines[3:]]
    )
    seen = await look(browser, fields)
    assert seen["frame"] == ""
    assert seen["marks"]["body.html"] == [3]
    assert re.search(r'href="#text-body.html" data-file="body.html" data-line="3"', seen["problems"])
    assert "nmae" in seen["problems"]


async def test_without_scripts_the_button_shows_the_same(browser):
    page = (await browser.post(TIPS, data={**await typed(browser), "language": "uk", "do": "look"})).text
    frame = re.search(r'<iframe class="letter" src="(/letters/shown/[^"]+)"', page)
    assert (await browser.get(frame[1])).status_code == 200
    alone = re.search(r'<noscript><iframe class="letter" src="([^"]+)"', (await browser.get(f"{TIPS}?language=uk")).text)
    assert 'lang="uk"' in (await browser.get(html.unescape(alone[1]))).text


async def test_what_is_saved_is_committed_by_whoever_saved_it(browser, project, store):
    fields = await typed(browser)
    fields[f"text:{BODY}"] = fields[f"text:{BODY}"].replace("{% block body %}", "{% block body %}\n").replace("\n", "\r\n")
    answer = await browser.post(TIPS, data={**fields, "language": "uk", "do": "save"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{TIPS}?told=saved&language=uk")
    assert "\r" not in editing.open(project, BODY).text
    assert "Saved." in (await browser.get(answer.headers["location"])).text
    page = (await browser.get(f"{TIPS}/history")).text
    assert "Olena: Edit the e-mail tips" in page
    revisions = re.findall(r"history\?revision=([0-9a-f]{40})", page)
    assert len(revisions) == 2
    assert "What this changed" in (await browser.get(f"{TIPS}/history?revision={revisions[0]}")).text
    old = await browser.get(f"{TIPS}?revision={revisions[1]}")
    assert "These are the texts of an older version" in old.text
    assert fields_of(old.text)[f"text:{BODY}"] != editing.open(project, BODY).text
    assert fields_of(old.text)[f"version:{BODY}"] == editing.open(project, BODY).version
    assert (await browser.get(f"{TIPS}/history?revision=HEAD")).status_code == 404
    with database.reading(store) as connection:
        assert [(row.who, row.deed, row.about) for row in audit.listed(connection)] == [("Olena", "edited", f"file {BODY}")]


async def test_nonsense_is_not_saved_over_the_good_letter_but_kept_as_a_draft(browser, project, signed_in):
    good = editing.open(project, BODY)
    fields = await typed(browser)
    fields[f"text:{BODY}"] = "{% if %}</script><script>alert(1)</script>"
    answer = await browser.post(TIPS, data={**fields, "do": "save"})
    assert answer.status_code == 422
    assert "It isn&#39;t saved: the letter as it was stays" in answer.text or "It isn't saved" in answer.text
    assert "<script>alert" not in answer.text
    assert editing.open(project, BODY) == good
    page = (await browser.get(TIPS)).text
    assert "This is your draft of" in page
    assert fields_of(page)[f"text:{BODY}"].startswith("{% if %}")
    assert fields_of((await browser.get(f"{TIPS}?saved=1")).text)[f"text:{BODY}"] == good.text
    signed_in[0] = BAT
    page = (await browser.get(TIPS)).text
    assert "Olena has a draft of this letter" in page
    assert fields_of(page)[f"text:{BODY}"] == good.text
    link = re.search(rf'href="({TIPS}\?draft=[0-9a-f]+)"', page)[1]
    assert fields_of((await browser.get(link)).text)[f"text:{BODY}"].startswith("{% if %}")
    signed_in[0] = OLENA
    answer = await browser.post(TIPS, data={**fields, "do": "drop"})
    assert answer.headers["location"].startswith(f"{TIPS}?told=dropped")
    assert drafts.every(project) == []
    assert "This is your draft" not in (await browser.get(TIPS)).text


async def test_two_editors_in_conflict_lose_nothing(browser, project, signed_in):
    mine, theirs = await typed(browser), await typed(browser)
    mine[f"text:{BODY}"] += "{# of Olena #}\n"
    theirs[f"text:{BODY}"] += "{# of Bat #}\n"
    signed_in[0] = BAT
    assert (await browser.post(TIPS, data={**theirs, "do": "save"})).status_code == 303
    signed_in[0] = OLENA
    answer = await browser.post(TIPS, data={**mine, "do": "save"})
    assert answer.status_code == 409
    page = html.unescape(answer.text)
    assert '<span class="gone">-{# of Bat #}' in page
    assert '<span class="came">+{# of Olena #}' in page
    assert "{# of Bat #}" in editing.open(project, BODY).text
    assert "{# of Olena #}" in drafts.every(project)[0].texts[BODY]
    again = fields_of(answer.text)
    assert again[f"version:{BODY}"] == editing.open(project, BODY).version
    assert (await browser.post(TIPS, data={**again, "do": "save"})).status_code == 303
    assert "{# of Olena #}" in editing.open(project, BODY).text
    assert drafts.every(project) == []


async def test_a_new_sentence_is_saved_with_its_translations(browser, project):
    fields = await typed(browser)
    fields[f"text:{BODY}"] = fields[f"text:{BODY}"].replace(
        "{% block body %}", "{% block body %}<p>{% trans name=sender.name %}A word for you, {{ name }}{% endtrans %}</p>"
    )
    seen = await look(browser, fields)
    names = re.findall(r'name="(words:(\w\w):[0-9a-f]{20}:0)"', seen["lacking"].split("<details>")[0])
    assert sorted(language for _, language in names) == ["mn", "ro", "ru", "uk", "uz"]
    refused = await browser.post(TIPS, data={**fields, "do": "save"})
    assert refused.status_code == 422
    assert "Fill it in below, under “Translations”." in refused.text, "who sits before a page is sent to no command line"
    assert "winback translate" not in refused.text
    wrong = {name: "Слово для вас" for name, _ in names}
    seen = await look(browser, {**fields, **wrong, "language": "uk"})
    assert "is translated with no placeholders" in seen["lacking"]
    assert (await browser.post(TIPS, data={**fields, **wrong, "do": "save"})).status_code == 422
    right = {name: f"Слово для вас, %(name)s ({language})" for name, language in names}
    seen = await look(browser, {**fields, **right, "language": "uk"})
    assert "Слово для вас" in (await browser.get(seen["frame"])).text
    answer = await browser.post(TIPS, data={**fields, **right, "do": "save"})
    assert answer.status_code == 303, re.findall("<li>.*", answer.text)
    assert checking.problems(project) == []
    assert 'msgstr "Слово для вас, %(name)s (mn)"' in editing.open(project, "templates/locales/mn/LC_MESSAGES/letters.po").text
    assert "Olena: Edit the e-mail tips, and translate it: " in (await browser.get(f"{TIPS}/history")).text


def test_other_faults_of_a_catalogue_keep_their_own_cure(project):
    catalogue = project.templates / "locales" / "uk" / "LC_MESSAGES" / "letters.po"
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(re.sub(r"nplurals=\d", "nplurals=7", text, count=1), encoding="utf-8")
    found = checking.problems(project)
    assert any("its Plural-Forms are not those of uk" in problem.message for problem in found)
    page = pages.render("letter_problems.html", problems=found, own={})
    assert "or run `winback translate update uk`." in page
    assert "Fill it in below" not in page


async def test_a_sentence_that_changed_shows_how_it_was_translated_and_takes_nothing_over_by_itself(browser):
    fields = await typed(browser)
    fields[f"text:{BODY}"] = fields[f"text:{BODY}"].replace("No offers today", "No offers this day")
    seen = await look(browser, {**fields, "language": "uk"})
    lacking = seen["lacking"].split("<details>")[0]
    assert re.search(
        r'A similar sentence is translated so: <span lang="uk">Сьогодні жодних пропозицій', html.unescape(lacking).replace("&nbsp;", " ")
    )
    assert set(re.findall(r'name="words:uk:[^>]*>\n([^<]*)</textarea>', lacking)) == {""}


async def test_a_translation_is_changed_beside_its_source(browser, project):
    seen = await look(browser, {**await typed(browser), "language": "uk"})
    pair = re.search(r'<span lang="en">Warmly,</span>.*?name="(words:uk:[0-9a-f]{20}:0)"[^>]*>\n([^<]+)</textarea>', seen["lacking"], re.DOTALL)
    assert pair[2] == "З теплом,"
    fields = await typed(browser)
    answer = await browser.post(TIPS, data={**fields, pair[1]: "Щиро ваша,", "do": "save"})
    assert answer.status_code == 303
    assert 'msgstr "Щиро ваша,"' in editing.open(project, "templates/locales/uk/LC_MESSAGES/letters.po").text
    unchanged = editing.open(project, "templates/locales/uk/LC_MESSAGES/letters.po")
    assert (await browser.post(TIPS, data={**await typed(browser), pair[1]: "Щиро ваша,", "do": "save"})).status_code == 303
    assert editing.open(project, "templates/locales/uk/LC_MESSAGES/letters.po") == unchanged


async def test_a_test_goes_to_the_own_address_and_no_other(browser, project, signed_in):
    fields = await typed(browser)
    answer = await browser.post(TIPS, data={"proof": fields["proof"], "do": "test", "language": "uk", "to": "somebody@else.example"})
    assert answer.status_code == 303
    told = html.unescape((await browser.get(answer.headers["location"])).text)
    assert "Nothing left this machine: the test lies in out/mailbox/tests/email/" in told
    (letter,) = (project.out / "mailbox" / "tests" / "email").glob("*.eml")
    assert b"olena@zerno.example" in letter.read_bytes()
    assert b"else.example" not in letter.read_bytes()
    signed_in[0] = Person("machine", "", frozenset(Role))
    assert (await browser.post(TIPS, data={"proof": fields["proof"], "do": "test", "language": "uk"})).status_code == 403
    assert "winback send-test tips --to ADDRESS" in (await browser.get(TIPS)).text


async def test_a_message_goes_to_the_own_chat_with_the_bot_and_to_no_other(browser, project, signed_in):
    page = "/letters/messages/greeting"
    signed_in[0] = OLENA
    assert 'name="to"' not in (await browser.get(page)).text, "nobody has told a chat"
    projects.edit(project.config("senders.yaml"), "email: olena@news.zerno.example", 'email: olena@zerno.example\n    telegram_chat: "4711"')
    shown = (await browser.get(page)).text
    assert '<option value="4711">' in shown
    fields = {"proof": re.search(r'name="proof" value="([0-9a-f]{64})"', shown)[1], "do": "test", "language": "uk"}
    answer = await browser.post(page, data={**fields, "to": "4711"})
    assert "told=laid" in answer.headers["location"]
    (file,) = (project.out / "mailbox" / "tests" / "telegram").glob("*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["chat_id"] == "4711"
    assert (await browser.post(page, data={**fields, "to": "4712"})).status_code == 403
    signed_in[0] = BAT
    assert (await browser.post(page, data={**fields, "to": "4711"})).status_code == 403, "a chat is its owner's"


async def test_who_may_not_edit_reads_and_changes_nothing(browser, project, signed_in):
    fields = await typed(browser)
    signed_in[0] = ANA
    page = (await browser.get(TIPS)).text
    assert "You may read letters; marketers change them." in page
    assert 'value="save"' not in page
    assert 'name="text:' not in page
    before = editing.open(project, BODY)
    for do in ("save", "look", "keep", "test", "drop"):
        assert (await browser.post(TIPS, data={**fields, f"text:{BODY}": "x", "do": do})).status_code == 403
    assert editing.open(project, BODY) == before
    seen = (await browser.get(f"{TIPS}/look?language=uk")).json()
    assert (await browser.get(seen["frame"])).status_code == 200


async def test_forms_without_proof_and_letters_that_are_not_there_are_refused(browser, project):
    fields = await typed(browser)
    for proof in ("", "0" * 64):
        assert (await browser.post(TIPS, data={**fields, "proof": proof, "do": "save"})).status_code == 403
    assert (await browser.post(TIPS, data={**fields, "do": "erase"})).status_code == 403
    for address in (
        "/letters/email/nothing",
        "/letters/pages/tips",
        "/letters/email/..%2F..%2Fconfig",
        "/letters/email/_base",
        "/letters/email/Tips",
    ):
        assert (await browser.get(address)).status_code == 404
        assert (await browser.post(address, data={**fields, "do": "save"})).status_code == 404
    other = {**fields, "text:config/settings.yaml": "a: 1", "version:config/settings.yaml": "", "do": "save"}
    assert (await browser.post(TIPS, data=other)).status_code == 303
    assert editing.open(project, "config/settings.yaml").text != "a: 1"
    assert (await browser.post(TIPS, data={**fields, f"text:{BODY}": "x" * 3_100_000, "do": "save"})).status_code == 413


async def test_customers_and_tactics_are_named_to_choose_from(browser, store):
    populate(store, 30)
    told = (await browser.get("/letters/readers?cohort=silent-1-2-years-3-orders")).json()
    assert (told["customers"][:2], len(told["customers"]), told["tactics"]) == (["c000", "c001"], 24, [])
    assert (await browser.get("/letters/readers?campaign=greetings")).json()["tactics"]
    nobody = {"customers": [], "tactics": []}
    assert (await browser.get("/letters/readers?cohort=..%2Fvalue&campaign=..%2F..%2Fx")).json() == nobody
    assert (await browser.get("/letters/readers")).json() == nobody


@pytest.mark.parametrize("customer", ["nobody", "a\x00b", "x" * 500, "'; drop table customers; --"])
async def test_a_customer_who_is_not_there_is_a_problem_like_any_other(browser, customer):
    seen = await look(browser, {**await typed(browser), "customer": customer})
    assert seen["frame"] == ""
    assert "there is no customer" in seen["problems"]


async def test_a_letter_that_no_campaign_sends_may_be_taken_away_and_git_brings_it_back(browser, project):
    ticket = (await typed(browser))["proof"]
    assert "No campaign sends it" not in (await browser.get("/letters/email/greeting")).text
    refused = await browser.post("/letters/email/greeting", data={"proof": ticket, "do": "archive", "surely": "yes"})
    assert (refused.status_code, "Give them another letter first." in refused.text) == (422, True)
    body = project.root / BODY
    body.write_text(f"{body.read_text(encoding='utf-8')}\n", encoding="utf-8")
    refused = await browser.post(TIPS, data={"proof": ticket, "do": "archive", "surely": "yes"})
    assert (refused.status_code, body.exists()) == (422, True), "git hasn't this text"
    subprocess.run(["git", "checkout", "-q", "."], cwd=project.root, check=True)  # noqa: ASYNC221
    done = await browser.post(TIPS, data={"proof": ticket, "do": "archive", "surely": "yes"})
    assert done.headers.get("location") == "/letters?told=archived"
    assert not body.parent.exists()
    assert ">tips</a>" not in (await browser.get("/letters")).text
    git = ["git", "-c", "user.name=Olena", "-c", "user.email=olena@zerno.example"]
    subprocess.run([*git, "revert", "--no-edit", "HEAD"], cwd=project.root, check=True)  # noqa: ASYNC221
    assert body.exists()
