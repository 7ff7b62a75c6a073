"""Campaign files and letters that can't be meant, and what may change while a run lasts."""

from __future__ import annotations

import pytest

from tests import projects
from tests.operations.lost import CAMPAIGN, START, go, populate
from winback.channels.memory import MemoryChannel
from winback.errors import ConfigError, Refused, TemplateError
from winback.sending import prepared


def test_a_letter_that_cannot_be_filled_in_stops_its_stage_with_one_error(engine, tmp_path):
    project = projects.make(tmp_path / "shop")
    body = project.templates / "emails" / "we-miss-you" / "body.html"
    projects.edit(body, "{% block body %}", "{% block body %}{{ custmer.name }}")
    with pytest.raises(TemplateError, match=r"templates/emails/we-miss-you/body\.html:\d+: .*custmer.*Did you mean `customer"):
        prepared.prepare(project, CAMPAIGN)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("cohort: silent-1-2-years-3-orders", "cohort: silent-1-2-years", "config/campaigns/winter-tea.yaml:3: there is no cohort `silent-1-2-years`. Did you mean `silent-1-2-years-3-orders`?"),
        ("sender: olena", "sender: olga", "there is no sender `olga` in config/senders.yaml. Did you mean `olena`?"),
        ("gift-first: gift-with-code", "gift-first: gift-with-cod", "there is no letter `gift-with-cod`. Did you mean `gift-with-code`?"),
        ("message: gift-reminder", "message: gift-remind", "there is no message `gift-remind`. Did you mean `gift-reminder`?"),
        ("holdout: 0.25 ", "holdout: 15 ", "holdout is 15; a share lies between 0 and 1. Write 0.15 for 15 %."),
        ("holdout: 0.25 ", "holdout: 1 ", "holdout is 1: nobody would be written to."),
        ("    share: 0.5\n    offer: tea-for-two\n  gift-first", "    share: 0.6\n    offer: tea-for-two\n  gift-first", "has tactics whose shares add up to 1.1"),
        ("    offer: tea-for-two\n\noffers", "    offer: tea-for-too\n\noffers", "there is no offer `tea-for-too`. Did you mean `tea-for-two`?"),
        ("    offer: tea-for-two\n\noffers", "\noffers", "the tactic `gift-first` has no offer"),
        ("gift-first: gift-with-code}", "gift-frist: gift-with-code}", "there is no tactic `gift-frist`"),
        ("      uk: баночка зимового чаю на двох\n", "", "`offers.tea-for-two.text` has no `uk`, and the letters exist in it"),
        ("tone: friendly", "tone: friendly\noccasion: {en: Christmas}", "`occasion` has no `uk`"),
        ("tone: friendly", "tone: friendly\noccasion: Різдво", 'occasion is one text; it is written once for each language. Write {en: "...", uk: "Різдво"}.'),
        ("tone: friendly", "tone: friendly\ncontent: {event: {title: {en: A}, day: 2026-12-12, place: {en: A, uk: Б}}}", "`content.event.title` has no `uk`"),
        ("tone: friendly", "tone: friendly\ncontent: {products: [{name: {en: A, uk: Б}, link: shpo}]}", "there is no link `shpo` in config/brand.yaml. Did you mean `shop`?"),
        ("warm-word: we-miss-you", "warm-word: new-arrivals", "`new-arrivals` (email) speaks of `products`, and the campaign has none. Add `products:` below `content:`, or another text."),
        ("tone: friendly", "tone: friendly\ncontent: {greeting: {kind: holiday}}", "greets on a holiday without a name. Add `name:` with the day's name in each language."),
        ("tone: friendly", "tone: friendly\ncontent: {programme: {levels: [{from: 3000, discount: 0.1}, {from: 6000, discount: 0.05}]}}", "has levels that don't rise."),
        ("tone: friendly", "tone: friendly\ncontent: {products: [{name: {en: A, uk: Б}, image: http://a.example/b.jpg}]}", "pictures lie at https addresses."),
        ("ends_on: 2027-01-31", "ends_on: 2026-11-01", "ends on 2026-11-01, not after it starts"),
        ("wait: 14 days", "wait: 90 days", "waits between its stages longer than it lasts"),
        ("name: last-day", "name: reminder", "has two stages called `reminder`"),
        ("    letter: last-day-of-offer\n", "", "`last-day` goes out by email, but names no letter"),
    ],
)  # fmt: skip
def test_a_campaign_that_cannot_be_meant_is_refused_with_a_sentence(tmp_path, old, new, sentence):
    project = projects.make(tmp_path / "shop", ("config/campaigns/winter-tea.yaml", old, new))
    with pytest.raises(Refused) as refused:
        prepared.prepare(project, CAMPAIGN)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", [path.stem for path in sorted((projects.ROOT / "config/campaigns").glob("*.yaml"))])
def test_every_shipped_campaign_exists_whole_in_every_language(tmp_path, name):
    project = projects.make(tmp_path / "shop")
    ready = prepared.prepare(project, name)
    assert ready.languages == {language for chain in project.settings.locales.values() for language in chain}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "name: reminder",
            "name: second-letter",
            "run 1 began with the stages first-letter, reminder, last-day; the file now has first-letter, second-letter, last-day.",
        ),
        ("tone: friendly", "tone: friendly\nenrol: daily", "run 1 began with the enrol once; the file now has daily."),
        ("holdout: 0.25 ", "holdout: 0.5 ", "run 1 began with the tactics warm-word 0.375, gift-first 0.375, holdout 0.25"),
    ],
)
def test_arms_and_stages_stay_as_they_were_while_a_run_lasts(engine, tmp_path, old, new, sentence):
    project = projects.make(tmp_path / "shop")
    populate(engine, 6)
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", old, new)
    with pytest.raises(ConfigError) as refused:
        go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
    assert sentence in str(refused.value)
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", new, old)
    projects.edit(project.root / "config/campaigns/winter-tea.yaml", "wait: 7 days", "wait: 8 days")
    go(prepared.prepare(project, CAMPAIGN), engine, START, MemoryChannel())
