"""Everything that can be known of letters before one is sent, for `winback check`: each problem with its file, line and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from winback import settings
from winback.errors import Problem, Refused
from winback.letters import catalogue, confined, contrast, filled, library, pages, sender, values
from winback.letters.brand import Brand
from winback.letters.circumstances import AS_ITS_SAMPLE, Circumstances, customer_of, promise_of, standing_of, told
from winback.letters.confined import Exceeded, Job
from winback.letters.contrast import Pair
from winback.letters.library import FOLDERS, Library
from winback.letters.sample import Kind, Sample
from winback.letters.sender import Sender
from winback.model import WRITTEN, ChannelName
from winback.settings import Project
from winback.strictyaml import Document, nearest

_MAIN_FILE = {ChannelName.EMAIL: "body.html", ChannelName.TELEGRAM: "text.html"}
_SAMPLE_URL = "https://u.example.com/sample"
_ASKING = frozenset("offer products event programme benefits points compensation survey prices discount code link".split())  # not for greetings
_SELLS_NOTHING = {Kind.GREETING: "it only congratulates, and asks for nothing", Kind.CONSENT: "it only asks for the consent, and is no advertising"}
_SOURCE = {"months_silent": "last_order_on", "together": "first_order_on", "compensation": "problem_order"}  # what a value is reckoned from


def problems(project: Project, only: Collection[tuple[ChannelName, str]] | None = None) -> list[Problem]:
    """What is wrong with the project's brand, senders, letters, samples, pages and translations; nothing is sent or written.

    Templates are looked at in a process of their own: one that eats memory or time is a problem like any other. `only`: of these letters,
    and not of what all of them share.
    """
    try:
        letters = library.open_library(project)
        _anybody(project)
    except Refused as refused:
        return list(refused.problems)
    every = [(channel, name) for channel in WRITTEN for name in letters.names(channel)]
    jobs: list[tuple[ChannelName | None, str]] = [*every, (None, "")] if only is None else [letter for letter in every if letter in only]
    found = list[Problem]()
    answers = confined.run("winback.letters.check:looking", str(project.root), jobs, environment=project.environment)
    for (channel, name), answer in zip(jobs, answers, strict=True):
        if isinstance(answer, Exceeded):
            found.append(too_much(answer, main_file(project, channel, name) if channel else project.shown(project.templates / "pages")))
        else:
            found += (Problem(**told) for told in answer)
    return in_order(found)


def problems_here(project: Project) -> list[Problem]:
    """The same in this process, without limits."""
    try:
        letters = library.open_library(project)
        signing = _anybody(project)
    except Refused as refused:
        return list(refused.problems)
    looked = [of_letter(letters, channel, name, signing) for channel in WRITTEN for name in letters.names(channel)]
    return in_order([*(problem for each in looked for problem in each), *of_shop(letters)])


def looking(root: str) -> Job:
    """What the process of its own does: problems of a letter (channel, name), or of what all letters share (null, "")."""
    letters = library.open_library(settings.open_project(Path(root), {}))
    signing = _anybody(letters.project)

    def look(job: tuple[str | None, str]) -> list[dict[str, Any]]:
        channel, name = job
        found = of_shop(letters) if channel is None else of_letter(letters, ChannelName(channel), name, signing)
        return [problem.as_json() for problem in found]

    return look


def main_file(project: Project, channel: ChannelName, name: str) -> str:
    """The file, as messages show it, that a problem with the whole of a letter is told of."""
    return project.shown(project.templates / FOLDERS[channel] / name / _MAIN_FILE[channel.written_as])


def too_much(exceeded: Exceeded, file: str) -> Problem:
    """What is said of a letter that was stopped."""
    if exceeded.of:
        how = "Look for loops, names that are made of themselves, and long style sheets."
        return Problem(file, 1, f"it takes more {exceeded.of} than a letter may, and was stopped.", how)
    return Problem(file, 1, "it can't be looked at: the process that did so broke down.", "Take out what was written last, and look again.")


def in_order(found: Iterable[Problem]) -> list[Problem]:
    """Each problem once, by file and line."""
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line or 0))


def _anybody(project: Project) -> Sender:
    """A sender to sign samples. Raises ConfigError when senders.yaml isn't right."""
    return next(iter(sender.read(project).senders.values()))


def of_letter(letters: Library, channel: ChannelName, name: str, signing: Sender) -> Iterator[Problem]:
    """What is wrong with one letter, in every language."""
    try:
        sample = letters.sample(channel, name)
    except Refused as refused:
        yield from refused.problems
        sample = None
    faults = letters.faults(channel, name)
    yield from faults
    if faults or sample is None:
        return
    yield from _fits_its_kind(letters, channel, name, sample)
    if unknown := list(_unknown_links(letters, sample)):
        yield from unknown
        return
    looked, found = list[str](), dict[Problem, list[str]]()
    for language in letters.languages():
        missing = letters.problems_in(channel, name, language)
        yield from missing
        if not missing:
            looked.append(language)
            values = sample_values(letters, channel, name, language, signing)
            for problem in dict.fromkeys(filled.problems(letters, channel, name, language, values)):
                found.setdefault(problem, []).append(language)
    for problem, languages in found.items():
        yield said_of(problem, [] if languages == looked and len(looked) > 1 else languages)


def said_of(problem: Problem, languages: Sequence[str]) -> Problem:
    """A problem with the languages that it was found in; none: in every one."""
    return replace(problem, message=f"in {' and '.join(languages) or 'every language'} {problem.message}")


def of_shop(letters: Library) -> Iterator[Problem]:
    """What is wrong with what all letters share: the public pages, and colours that can't be read."""
    yield from _pages(letters.project, letters)
    brand = letters.project.read(Brand, "brand.yaml")
    yield from contrast.problems(_pairs(letters, contrast.stand_ins(brand.value)), brand)


def _pairs(letters: Library, painted_with: Brand) -> Iterator[Pair]:
    """What stands on what in letters and pages; those that can't be read are told of elsewhere."""
    stand_ins = Library(letters.project, painted_with)
    for name in letters.names(ChannelName.EMAIL):
        if not letters.faults(ChannelName.EMAIL, name):
            for file, flat in stand_ins.flats(ChannelName.EMAIL, name).items():
                if file.endswith(".html"):
                    yield from contrast.pairs(flat, painted_with, inlined=True)
    try:
        flats = pages.flats(letters.project, painted_with)
    except Refused:
        return
    for flat in flats.values():
        yield from contrast.pairs(flat, painted_with, inlined=False)


def _fits_its_kind(letters: Library, channel: ChannelName, name: str, sample: Document[Sample]) -> Iterator[Problem]:
    """A greeting is a greeting: whoever congratulates may not sell. And a sample has what its letter needs."""
    if sample.value.kind in _SELLS_NOTHING:
        yield from asking(letters, channel, name)
    for need in sorted(letters.needs(channel, name)):
        if not sample.value.has(need.partition(".")[0]):
            wanted = _SOURCE.get(need.partition(".")[0], need.partition(".")[0])
            yield sample.problem((), f"the letter can't be written without `{need}`, and the sample has none.", f"Add `{wanted}:`.")


def asking(letters: Library, channel: ChannelName, name: str) -> Iterator[Problem]:
    """Where a greeting speaks of an offer, a price, or anything else that asks."""
    for file, said in letters.said(channel, name).items():
        for path in sorted(said.used):
            if path.partition(".")[0] in _ASKING:
                yield _asking(letters, channel, name, file, path)


def _unknown_links(letters: Library, sample: Document[Sample]) -> Iterator[Problem]:
    for place, link in sample.value.content.links():
        if link not in letters.brand.links:
            how = nearest(link, letters.brand.links, "Links")
            yield sample.problem(("content", *place), f"there is no link `{link}` in config/brand.yaml.", how)


def _asking(letters: Library, channel: ChannelName, name: str, file: str, path: str) -> Problem:
    flat = letters.flats(channel, name)[file]
    piece = next((piece for piece in flat.constructs if re.search(rf"\b{re.escape(path)}\b", piece.text)), flat.constructs[0])
    kind = letters.sample(channel, name).value.kind
    what = "greeting" if kind is Kind.GREETING else "letter of the kind consent"
    how = f"Take it out; or, if this is no {what}, write the right `kind:` into its sample.yaml."
    return piece.problem(f"a {what} speaks of `{path}`: {_SELLS_NOTHING.get(kind, _SELLS_NOTHING[Kind.GREETING])}.", how)


def sample_values(
    letters: Library, channel: ChannelName, name: str, language: str, signing: Sender, *, circumstances: Circumstances = AS_ITS_SAMPLE
) -> dict[str, object]:
    """The made-up values of a letter's sample.yaml, or what the circumstances have instead, as `values.for_letter` gives them."""
    sample = letters.sample(channel, name).value
    currency, link = letters.project.settings.currency, letters.brand.links.__getitem__
    made_up, made_up_promise = customer_of(sample, language, currency), promise_of(sample, language, currency)
    somebody, promise = circumstances.customer or made_up, circumstances.promise or made_up_promise
    standing = standing_of(somebody, promise, language)
    if circumstances.customer:  # who gets the letter has what it needs: here, what the sample has
        sampled, needed = standing_of(made_up, made_up_promise, language), {need.partition(".")[0] for need in letters.needs(channel, name)}
        lacking = {part.name for part in fields(standing) if part.name in needed and getattr(standing, part.name) is None}
        standing = replace(standing, **{part: getattr(sampled, part) for part in lacking})
    return values.for_letter(
        person=somebody.person,
        locale=language,
        sender=signing,
        brand=letters.brand,
        offer=promise.offer,
        occasion=promise.occasion,
        last_order_on=somebody.last_order_on,
        orders_count=somebody.orders_count,
        told=told(promise, somebody, language=language, currency=currency, link=link),
        standing=standing,
        today=promise.today,
        link=link,
        unsubscribe_url=_SAMPLE_URL,
        view_url=f"{_SAMPLE_URL}-view",
        preferences_url=f"{_SAMPLE_URL}-preferences",
        pixel_url="",
        telegram_url="",
        confirm_url=_SAMPLE_URL if sample.kind is Kind.CONSENT else None,
        tone=promise.tone,
        channel=channel,
        preview=True,
    )


def _pages(project: Project, letters: Library) -> Iterator[Problem]:
    try:
        flats = pages.flats(project)
    except Refused as refused:
        yield from refused.problems
        return
    for flat in flats.values():
        yield from pages.faults(flat)
        for language in letters.languages():
            yield from catalogue.missing(flat, letters.catalogue(language))
