"""Everything that a campaign's letters, and its choice of people, are made of: the fingerprint that somebody approves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from winback import strictyaml
from winback.audience import conditions
from winback.audience.cohort import flat
from winback.errors import ConfigError, Problem
from winback.journey import fingerprint
from winback.journey.fingerprint import Fingerprint
from winback.letters import catalogue, pictures
from winback.letters.source import Flat
from winback.letters.wording import SOURCE
from winback.model import ChannelName
from winback.sending.prepared import Prepared

_OF_SETTINGS = {"currency", "rates", "time_zone", "public_url", "locales", "addresses"}
"""What of settings.yaml decides about people and letters; where the mail server stands is nobody's business."""


def read(prepared: Prepared) -> Fingerprint:
    """The fingerprint of what was prepared. Raises ConfigError when one of its files was saved since: nobody knows then which one was read.

    Read in are the campaign, its cohort and exclude lists, its letters with their layouts, parts and pictures, what their sentences say in
    each language, brand, senders and policy, and where the cohort or the letters ask for them: signs, values, trades, occasions.
    """
    found = fingerprint.of(dict(_yaml(prepared)), {**dict(_lists(prepared)), **dict(letters(prepared)), **dict(_sentences(prepared))})
    now = prepared.project.stamps()
    if saved := sorted(file for file in found.files if prepared.stamps and now.get(file) != prepared.stamps.get(file)):
        raise ConfigError(Problem(saved[0], None, "it was saved while it was read.", "Try again; nothing was changed."))
    return found


def _yaml(prepared: Prepared) -> Iterator[tuple[str, Any]]:
    project = prepared.project
    for parts in _config(prepared):
        path = project.config(*parts)
        if path.exists():
            shown = project.shown(path)
            yield shown, strictyaml.content(path, shown=shown)
    said = project.settings.model_dump(mode="json", include=_OF_SETTINGS | ({"call_cost"} if prepared.campaign.worth_it else set()))
    yield project.document.file, said


def _config(prepared: Prepared) -> Iterator[tuple[str, ...]]:
    """Files of config/ that count; those that aren't there have their defaults."""
    plan, rules = prepared.campaign, list(flat(prepared.cohort.value.rules))
    yield from (("campaigns", f"{prepared.name}.yaml"), ("cohorts", f"{plan.cohort}.yaml"), ("brand.yaml",), ("senders.yaml",), ("policy.yaml",))
    if any(rule.sign for rule in rules) or any(stage.by_sign or stage.by_methods for stage in plan.stages):
        yield ("signs.yaml",)
    if plan.worth_it or conditions.asks_scores(prepared.cohort.value):
        yield from (("value.yaml",), ("lifecycle.yaml",))
    if any(rule.lapsed for rule in rules):
        yield ("businesses.yaml",)
    if plan.content.greeting is not None or plan.greet is not None or any(stage.occasion for stage in plan.stages):
        yield ("occasions.yaml",)
    yield from (("campaigns", f"{name}.yaml") for rule in rules if (name := rule.worth_it) and name != prepared.name)


def _lists(prepared: Prepared) -> Iterator[tuple[str, Any]]:
    for file in prepared.cohort.value.exclude.lists:
        path = prepared.project.config("lists", file)
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        yield prepared.project.shown(path), sorted({line.strip() for line in lines if line.strip()})


def _flats(prepared: Prepared) -> Iterator[Flat]:
    for channel, name in sorted(set().union(*prepared.campaign.letters().values())):
        yield from prepared.library.flats(channel, name).values()


def letters(prepared: Prepared) -> Iterator[tuple[str, bytes]]:
    """Templates with their layouts and parts, byte by byte, and the pictures that they show."""
    project = prepared.project
    for file in sorted({piece.file for each in _flats(prepared) for piece in each.pieces}):
        yield file, (project.root / file).read_bytes()
    for channel, name in sorted(set().union(*prepared.campaign.letters().values())):
        for picture in prepared.library.pictures(name) if channel is ChannelName.EMAIL else ():
            yield project.shown(project.templates / pictures.FOLDER / picture.name), picture.data


def _sentences(prepared: Prepared) -> Iterator[tuple[str, Any]]:
    """What the letters' own sentences say in each language: a catalogue may hold others, which are nobody's business here.

    Of a language in which a sentence is missing nothing counts but that: nobody is written to in it.
    """
    keys = {
        (sentence.context or "", sentence.text): (sentence.context, sentence.text)
        for each in _flats(prepared)
        for sentence in catalogue.sentences(each)
    }
    templates = prepared.project.templates
    for language in sorted({*prepared.library.languages(), *prepared.languages} - {SOURCE}):
        said: Any = False
        if language in prepared.languages:
            known = prepared.library.catalogue(language).translations
            said = [[*key, *known[kept].forms] for key, kept in sorted(keys.items()) if kept in known]
        yield prepared.project.shown(catalogue.path(templates, language)), said
