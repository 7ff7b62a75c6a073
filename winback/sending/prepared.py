"""A campaign with everything its letters need, read and held against each other before anybody is written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache

from winback.audience import cohort, signs
from winback.audience.cohort import Cohort, Selection
from winback.audience.signs import URGENCY
from winback.errors import ConfigError, Problem, TemplateError
from winback.journey import campaign, cities, code_words, costs, impossible, occasions, policy, policy_fit, purse
from winback.journey.campaign import Campaign
from winback.journey.costs import Outlay
from winback.journey.greetings import Calendar
from winback.journey.policy import Policy
from winback.journey.wishes import Topic
from winback.letters import brand, check, library, locales, occasion_names, sender
from winback.letters.brand import Brand
from winback.letters.library import Library
from winback.letters.occasion_names import Names
from winback.letters.sample import Kind
from winback.letters.sender import Senders
from winback.letters.standing import Standing
from winback.letters.telling import Told
from winback.model import ChannelName, Person
from winback.sending import greeting_needs, pace, stage_needs
from winback.sending.pace import Pace
from winback.settings import Project
from winback.stamps import Stamp
from winback.strictyaml import Document, nearest


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign, ready to be planned, rehearsed or run."""

    name: str
    project: Project
    document: Document[Campaign]
    cohort: Document[Cohort]
    selection: Selection  # the same with what its words mean here
    policy: Policy
    brand: Brand
    senders: Senders
    library: Library
    outlays: Mapping[str, Outlay]  # by tactic, what is sent and promised, with its price
    calendar: Calendar  # of the shop's occasions
    asked: Mapping[str, Selection]  # by stage, of those that ask something: its conditions, with what their words mean here
    languages: frozenset[str]  # in which every letter of every tactic exists, with its offer, occasion and content
    pools: Mapping[str, Mapping[str, int]]  # by offer, the codes of its file with their lines
    names: Names  # of occasions, in the languages of a campaign that greets
    pace: Pace  # of everything that the project sends
    topics: frozenset[Topic | None]  # of all its letters and tasks, whatever the tactic
    stamps: Mapping[str, Stamp] = field(default_factory=dict, repr=False)  # of every file, before the first of them was read

    @property
    def campaign(self) -> Campaign:
        return self.document.value

    @property
    def currency(self) -> str:
        """The project's."""
        return self.project.settings.currency

    def topic(self, channel: ChannelName, text: str) -> Topic | None:
        """What a text is about, as customers choose by."""
        return self.library.sample(channel, text).value.kind.topic

    def language_for(self, person: Person, demanded: Sequence[str]) -> str | None:
        """The language this person is written to in: one that the law demands, else the first of their own chain that exists."""
        chain = demanded or locales.choose(person.locale, person.country, self.project.settings.locales)
        return next((language for language in chain if language in self.languages), None)


def prepare(project: Project, name: str, *, hands_out: bool = True) -> Prepared:
    """Read a campaign and all that it names. Raises ConfigError or TemplateError with every problem found.

    `hands_out`: codes may be handed out, so the files with them are read too.
    """
    stamps = project.stamps()
    document = _with_methods(project, campaign.read(project, name))
    texts = library.open_library(project)
    senders = sender.read(project)
    rules = policy.read(project)
    problems = list(_unknown_names(project, document, texts, senders)) or [
        *_missing_values(document, texts),
        *_offers_too_short(document, texts),
        *_greetings(document, texts),
        *policy_fit.problems(document, rules),
    ]
    if problems := problems or list(_untranslated(project, document, texts)):
        raise ConfigError(problems)
    calendar, cohort_document = Calendar(occasions.read(project).value), cohort.read(project, document.value.cohort)
    unfit = [*impossible.problems(document), *greeting_needs.problems(document, calendar)]
    if problems := [*unfit, *stage_needs.problems(project, document, rules, calendar, cohort_document.value)]:
        raise ConfigError(problems)
    if faults := sorted({fault for letter in _letters(document.value) for fault in texts.faults(*letter)}, key=str):
        raise TemplateError(faults)
    pools = _pools(project, document) if hands_out else {}
    languages, faults = _languages(document.value, texts)
    if not languages:
        raise TemplateError(
            faults
            or document.problem(("stages",), "no language has every letter, offer and occasion of this campaign.", "Translate what is missing.")
        )
    return Prepared(
        name=name,
        project=project,
        document=document,
        cohort=cohort_document,
        selection=cohort.selection(project, cohort_document),
        outlays=costs.outlays(document.value, costs.prices(project)),
        policy=rules,
        calendar=calendar,
        asked=stage_needs.selections(project, document.value),
        brand=brand.read(project),
        senders=senders,
        library=texts,
        languages=languages,
        pools=pools,
        names=occasion_names.open_names(project, languages if document.value.greet else set()),
        pace=pace.read(project),
        topics=_topics(document.value, texts),
        stamps=stamps,
    )


@cache
def city_zones() -> Mapping[str, tuple[str, ...]]:
    """Zones of the cities that they are named after, by the cities' names in all our languages; read once, and only if it is asked for."""
    return cities.table(locales.zone_cities())


def _with_methods(project: Project, document: Document[Campaign]) -> Document[Campaign]:
    """Stages whose letters the signs choose, with the first method of signs.yaml for each sign; what the stage names itself comes first."""
    known = signs.read(project)
    methods = {sign: known.methods(sign)[0] for sign in URGENCY if known.methods(sign)}
    stages = tuple(
        stage.model_copy(update={"by_sign": {**stage.by_sign, **{sign: name for sign, name in methods.items() if sign not in stage.by_sign}}})
        if stage.by_methods
        else stage
        for stage in document.value.stages
    )
    return replace(document, value=document.value.model_copy(update={"stages": stages}))


def _unknown_names(project: Project, document: Document[Campaign], texts: Library, senders: Senders) -> Iterator[Problem]:
    """A cohort, letter, message or sender that the campaign names and nobody has."""
    plan = document.value
    if plan.cohort not in project.names("cohorts"):
        yield document.problem(("cohort",), f"there is no cohort `{plan.cohort}`.", nearest(plan.cohort, project.names("cohorts"), "Cohorts"))
    if plan.sender not in senders.names():
        yield document.problem(
            ("sender",), f"there is no sender `{plan.sender}` in config/senders.yaml.", nearest(plan.sender, senders.names(), "Senders")
        )
    for place, link in plan.content.links():
        if link not in texts.brand.links:
            message = f"there is no link `{link}` in config/brand.yaml."
            yield document.problem(("content", *place), message, nearest(link, texts.brand.links, "Links"))
    known = {"letter": texts.names(ChannelName.EMAIL), "message": texts.names(ChannelName.TELEGRAM)}
    for index, stage in enumerate(plan.stages):
        for word, names in known.items():
            said = getattr(stage, word)
            places: list[tuple[tuple[str, ...], str]] = (
                [((word, tactic), text) for tactic, text in said.items()] if isinstance(said, dict) else [((word,), said)] if said else []
            )
            if word == "letter":
                places += [(("by_sign", str(sign)), text) for sign, text in stage.by_sign.items()]
            for place, text in places:
                if text not in names:
                    yield document.problem(("stages", index, *place), f"there is no {word} `{text}`.", nearest(text, names, f"{word.capitalize()}s"))


def _missing_values(document: Document[Campaign], texts: Library) -> Iterator[Problem]:
    """A letter that can't be written without something which its tactic, the campaign, or every customer lacks."""
    for tactic, letters in document.value.letters().items():
        for channel, name in sorted(letters):
            for needed in sorted(texts.needs(channel, name)):
                says = f"`{name}` ({channel}) speaks of `{needed}`"
                yield from _missing_offer(document, tactic, needed, says) if needed.startswith("offer") else _missing_value(document, needed, says)


def _missing_offer(document: Document[Campaign], tactic: str, needed: str, says: str) -> Iterator[Problem]:
    offer = document.value.offer_of(tactic)
    if offer is None:
        yield document.problem(("tactics", tactic), f"{says}, and the tactic `{tactic}` has no offer.", "Add `offer:`, or another text.")
        return
    word, place = needed.removeprefix("offer").removeprefix("."), ("offers", str(document.value.tactics[tactic].offer))
    if word == "code" and not offer.has_code:
        yield document.problem(place, f"{says}, and this offer has no code.", "Add `code:` or `codes: unique`, or another text.")
    elif word in _OF_SOME_OFFERS - offer.has:
        yield document.problem(
            place, f"{says}, and an offer of the kind {offer.kind} has none.", f"Put it into {{% if {needed} %}} ... {{% endif %}}."
        )


def _missing_value(document: Document[Campaign], needed: str, says: str) -> Iterator[Problem]:
    plan, word = document.value, needed.partition(".")[0]
    if needed == "occasion":
        if plan.occasion is None:
            yield document.problem(("stages",), f"{says}, and the campaign has none.", "Add `occasion:`, or another text.")
    elif needed in _CONTENT:
        if not getattr(plan.content, word) and not (word == "greeting" and plan.greet):
            yield document.problem(("content",), f"{says}, and the campaign has none.", f"Add `{word}:` below `content:`, or another text.")
    elif needed not in OF_SOME_CUSTOMERS | _OF_EVERY_BUYER:
        yield document.problem(("stages",), f"{says}, which not every customer has.", f"Put the sentence into {{% if {needed} %}} ... {{% endif %}}.")


def _offers_too_short(document: Document[Campaign], texts: Library) -> Iterator[Problem]:
    """An offer that is over before a letter which speaks of it can leave."""
    plan = document.value
    for tactic in plan.tactics:
        offer = plan.offer_of(tactic)
        for stage, passed in zip(plan.stages, plan.offsets(), strict=True):
            letters = [(channel, text) for channel in stage.channels if (text := stage.text_for(channel, tactic))]
            promised = any(needed.startswith("offer") for letter in letters for needed in texts.needs(*letter))
            if offer and promised and offer.valid_for < passed:
                message = f"the offer lasts {offer.valid_for.days} days, and the letter of `{stage.name}` that speaks of it leaves on day {passed.days} or later."
                place = ("offers", str(plan.tactics[tactic].offer), "valid_for")
                yield document.problem(place, message, f"Write {passed.days + 7} days or more.")


def _greetings(document: Document[Campaign], texts: Library) -> Iterator[Problem]:
    """A greeting that speaks of an offer, a code, a price: whoever congratulates may not sell. And a campaign that greets with other letters."""
    for channel, name in _letters(document.value):
        kind = texts.sample(channel, name).value.kind
        if kind is Kind.GREETING:
            yield from check.asking(texts, channel, name)
        elif document.value.greet:
            word = "letter" if channel is ChannelName.EMAIL else "message"
            message = f"`{name}` is of the kind {kind}, and a campaign that greets sends greetings only."
            yield document.problem(("greet", word), message, "Name one of the kind `greeting`, as its sample.yaml says.")


def _pools(project: Project, document: Document[Campaign]) -> dict[str, dict[str, int]]:
    """The codes of every offer's file. Raises ConfigError."""
    pools, used, problems = dict[str, dict[str, int]](), dict[str, str](), list[Problem]()
    for name, offer in purse.coded(document.value).items():
        if offer.file in used:
            what = f"`{offer.file}` is the file of `{used[offer.file]}` too, and nobody may get the code of another."
            problems.append(document.problem(("offers", name, "codes"), what, "Give each offer a file of its own."))
        elif offer.file:
            used[offer.file] = name
            try:
                pools[name] = code_words.of_file(project, offer)
            except ConfigError as error:
                problems += error.problems
    if problems:
        raise ConfigError(problems)
    return pools


_OF_SOME_OFFERS = frozenset({"discount", "amount", "points", "prize"})
_CONTENT = {part.name for part in fields(Told)}
OF_SOME_CUSTOMERS = frozenset(part.name for part in fields(Standing))
"""What some customers have and others don't: letters that can't be written without it are skipped for those (`nothing-to-tell`)."""
_OF_EVERY_BUYER = frozenset({"last_order_on", "months_silent"})
"""What may be absent in principle, and is there for everybody who ever ordered."""


def _topics(plan: Campaign, texts: Library) -> frozenset[Topic | None]:
    tasks = {stage.task.topic for stage in plan.stages if stage.task is not None}
    return frozenset({texts.sample(*letter).value.kind.topic for letter in _letters(plan)} | tasks)


def _letters(plan: Campaign) -> list[tuple[ChannelName, str]]:
    return sorted(set().union(*plan.letters().values()))


def _untranslated(project: Project, document: Document[Campaign], texts: Library) -> Iterator[Problem]:
    """An offer or the occasion that lacks a language which customers are written to in and the letters exist in."""
    plan = document.value
    spoken = {language for chain in project.settings.locales.values() for language in chain}
    ready = [language for language in texts.languages() if language in spoken and _all_there(plan, texts, language)]
    for place, wording in plan.texts():
        for language in ready:
            if language not in wording:
                message = (
                    f"`{'.'.join(map(str, place))}` has no `{language}`, and the letters exist in it: everybody of that language would be skipped."
                )
                yield document.problem(place, message, f"Add `{language}:`.")


def _all_there(plan: Campaign, texts: Library, language: str) -> bool:
    return not any(texts.problems_in(channel, name, language) for channel, name in _letters(plan))


def _languages(plan: Campaign, texts: Library) -> tuple[frozenset[str], list[Problem]]:
    """Languages in which the whole campaign exists, alike for every tactic so that arms can be compared; and what stands in the way of the others."""
    letters = _letters(plan)
    localised = [text for _, text in plan.texts()]
    good, faults = set(), list[Problem]()
    for language in texts.languages():
        problems = [problem for channel, name in letters for problem in texts.problems_in(channel, name, language)]
        faults += problems
        if not problems and all(language in text for text in localised):
            good.add(language)
    return frozenset(good), faults
