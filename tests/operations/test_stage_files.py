"""Stages that can't be meant: each is refused with its file, its line, and what to write."""

from __future__ import annotations

import pytest

from tests import projects
from winback.errors import Refused
from winback.sending import prepared

CAMPAIGN = "dear-customers"
FILE = f"config/campaigns/{CAMPAIGN}.yaml"


def refused(tmp_path, *changes: tuple[str, str]) -> str:
    project = projects.make(tmp_path / "shop", *((FILE, old, new) for old, new in changes))
    with pytest.raises(Refused) as told:
        prepared.prepare(project, CAMPAIGN)
    return str(told.value)


def test_the_shipped_campaign_can_be_meant(tmp_path):
    ready = prepared.prepare(projects.make(tmp_path / "shop"), CAMPAIGN)
    assert set(ready.asked) == {"results", "call"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("- did: [clicked]\n    letter", "- did: [ordered]\n    letter", ":29: nobody who gets to `results` has ordered: the campaign stops when somebody has ordered. Take `ordered` out of `stop_when:`, or the condition out."),
        ("- did: [clicked]\n    letter", "- did: [used-code]\n    letter", ":29: nobody who gets to `results` has used a code: the campaign stops when somebody has ordered."),
        ("- did: [clicked]\n    letter", "- any: [{country: [UA]}, {did: [clicked, replied]}]\n    letter", ":29: nobody who gets to `results` has replied: the campaign stops when somebody has replied."),
        ("- did: [clicked]\n    letter", "- did: [clicked]\n      - did: [clicked]\n    letter", ":30: asks the same twice, first in line 29. Keep one of the two."),
        ("- did: [clicked]\n    letter", "- did: [licked]\n    letter", ":29: did is licked; a deed is one of opened, clicked, replied, answered, ordered, used-code. Did you mean `clicked`?"),
        ("- did: [clicked]\n    letter", "- did: [clicked]\n    only_if:\n      - did: [clicked]\n    letter", ":29: `results` asks the same in `only_if` and in `unless`: nobody gets it. Keep one of the two."),
        ("- did: [clicked]\n    letter", "- did: [opened]\n    letter", ":29: opens are not tracked of customers in GB, IE, KZ, MD, MN, RO, RU, UZ (open_tracking in config/policy.yaml), and `results` asks about them. Add `- country: [UA, US]` to `only_if:`, or ask for `clicked`."),
        ("- did: [clicked]\n    letter", "- did: [opened]\n    only_if:\n      - country: [UA, RO]\n    letter", ":29: opens are not tracked of customers in RO (open_tracking"),
        ("- did: [clicked]\n    letter", "- lapsed: clothng\n    letter", ":29: there is no business `clothng` in config/businesses.yaml. Did you mean `clothing`?"),
        ("- did: [clicked]\n    letter", "- worth_it: winter-tea\n    letter", ":29: asks whether somebody is worth a campaign, which is decided once, before anything is sent."),
        ("    weekdays: [tue, wed, thu]\n", "    weekdays: [tue, wed, thu]\n    only_if: [{did: [clicked]}]\n", ":26: nobody can have clicked before `first-letter`: no letter was sent yet. Ask it in a later stage, or take the condition out."),
        ("      - any:\n", "      - country: [UA]\n      - country: [RO, MD]\n      - any:\n", ":37: nobody meets this and the condition of line 36 at once."),
        ("      - any:\n", "      - orders: {at_least: 3}\n      - orders: {at_most: 2}\n      - any:\n", ":37: nobody meets this and the condition of line 36 at once."),
        ("      - any:\n", "      - country: [UA]\n      - not: {country: [UA]}\n      - any:\n", ":37: nobody meets this and the condition of line 36 at once."),
        ("tactics: [letters-and-call]", "tactics: [letters-and-cal]", ":34: there is no tactic `letters-and-cal`. Did you mean `letters-and-call`?"),
        ("letter: results-together", "letter: {letters: results-together}\n    tactics: [letters-and-call]", ":26: nobody gets to `results`: it has no letter, message or task for any tactic that it is for."),
        ("occasion: {name: new-year, days_before: 14}", "on_day: 2027-03-01", ":47: `before-new-year` comes on 2027-03-01, and the campaign lasts from 2026-11-24 to 2027-02-28. Write a day in between."),
        ("occasion: {name: new-year, days_before: 14}", "on_day: 2026-12-01", ":47: nobody gets to `before-new-year` in time: it comes on 2026-12-01, and the stages before it last until 2026-12-06 at the earliest."),
        ("occasion: {name: new-year, days_before: 14}", "on_day: 2026-12-10\n    weekdays: [fri]", "`before-new-year` comes on Thursday, 2026-12-10, which `weekdays` leaves out."),
        ("occasion: {name: new-year, days_before: 14}", "occasion: {name: new-year, days_before: 14}\n    wait: 3 days", "`before-new-year` says `wait` and `occasion`. Keep one of them"),
        ("occasion: {name: new-year, days_before: 14}", "occasion: {name: new-yaer, days_before: 14}", "called `new-yaer` in config/occasions.yaml. Did you mean `new-year`?"),
        ("occasion: {name: new-year, days_before: 14}", "occasion: {name: easter, days_before: 14}", ":47: `easter` doesn't come for `before-new-year`: 14 days before it lies outside of 2026-11-24 to 2027-02-28 in every country."),
        ("occasion: {name: new-year, days_before: 14}", "occasion: {name: womens-day}", "there is no holiday of everybody"),
        ("occasion: {name: new-year, days_before: 14}", "on_day: 2026-12-13", ":47: `before-new-year` comes on Sunday, 2026-12-13, when config/policy.yaml lets nothing leave in any country. Write another day."),
        ("wait: 7 days", "wait: 97 days", "waits between its stages longer than it lasts"),
        ("{{ customer.name }}, {{ customer.city }}.\n        uk", "{{ customer.nmae }}.\n        uk", "a task can't say `{{ customer.nmae }}`. Did you mean `customer.name`?"),
        ("Write a New Year card", "Offer {{ offer.text }}", "the task of `before-new-year` speaks of an offer, and the tactic `letters` has none."),
        ("channels: [telegram, email, task]", "channels: [telegram, email]", "`before-new-year` has a task that none of its channels leads to. Add task to `channels:`"),
        ("channels: [telegram, email, task]", "channels: [telegram, fax, task]", "channels is fax; a channel of a stage is one of email, telegram, sms, viber, whatsapp, task."),
        ("kind: call", "kind: ring", "kind is ring; a kind of task is one of call, visit, card."),
    ],
)  # fmt: skip
def test_a_stage_that_cannot_be_meant_is_refused_with_a_sentence(tmp_path, old, new, sentence):
    assert sentence in refused(tmp_path, (old, new))


def test_a_task_that_is_named_and_not_described_is_refused(tmp_path):
    said = refused(tmp_path, ("    channels: [telegram, email]\n", "    channels: [telegram, email, task]\n"))
    assert "`first-letter` asks a person, but doesn't say for what. Add `task: {kind: call, say: {en: ...}}`." in said


@pytest.mark.parametrize(
    ("asks", "is_refused"),
    [
        ("- did: [opened]\n    only_if:\n      - country: [UA, US]", True),
        ("- did: [clicked]\n    only_if:\n      - not: {did: [opened]}\n      - country: [UA, US]", True),
        ("- any: [{did: [replied]}, {did: [opened, clicked]}]\n    only_if:\n      - country: [UA, US]", True),
        ("- not: {did: [opened]}\n    only_if:\n      - country: [UA, US]", False),
    ],
)
def test_who_did_not_open_is_no_condition_because_nobody_can_know(tmp_path, asks, is_refused):
    project = projects.make(tmp_path / "shop", (FILE, "- did: [clicked]\n    letter", f"{asks}\n    letter"))
    try:
        prepared.prepare(project, CAMPAIGN)
    except Refused as error:
        said = str(error)
    else:
        said = ""
    sentence = "`results` asks who did not open a letter, which can't be known: Apple Mail fetches the pictures of letters that nobody opens"
    assert (sentence in said) is is_refused


def test_opens_may_be_asked_about_where_the_law_lets_them_be_tracked(tmp_path):
    asks = "- did: [clicked]\n    only_if:\n      - did: [opened]\n      - country: [UA, US]\n    letter"
    ready = prepared.prepare(projects.make(tmp_path / "shop", (FILE, "- did: [clicked]\n    letter", asks)), CAMPAIGN)
    assert "results" in ready.asked


def test_only_where_all_stop_words_are_taken_out_may_orders_be_asked_about(tmp_path):
    changes = ((FILE, "stop_when: [ordered, replied]", "stop_when: []"), (FILE, "- did: [clicked]\n    letter", "- did: [ordered]\n    letter"))
    assert "results" in prepared.prepare(projects.make(tmp_path / "shop", *changes), CAMPAIGN).asked
