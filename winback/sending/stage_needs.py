"""What a campaign's stages need of other files: occasions, policy, trades, and words that a task can say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from winback.audience import businesses, signs
from winback.audience.cohort import Cohort, Rule, Selection, placed
from winback.errors import Problem
from winback.journey import script, stage_times
from winback.journey.campaign import Campaign
from winback.journey.condition import Deed
from winback.journey.greetings import Calendar
from winback.journey.policy import Policy
from winback.journey.stage import Stage
from winback.settings import Project
from winback.strictyaml import Document, Place, nearest


def selections(project: Project, plan: Campaign) -> dict[str, Selection]:
    """By stage, of those that ask something: its conditions, with what their words mean in this project."""
    asking = [stage for stage in plan.stages if stage.conditions]
    if not asking:
        return {}
    thresholds, trades = signs.read(project), businesses.read(project)
    return {
        stage.name: Selection(
            Cohort(title=stage.name, rules=stage.conditions), signs=thresholds, old_after=project.settings.addresses.old_after, businesses=trades
        )
        for stage in asking
    }


def problems(project: Project, document: Document[Campaign], policy: Policy, calendar: Calendar, members: Cohort) -> Iterator[Problem]:
    """Everything that other files don't have, or forbid."""
    for index, stage in enumerate(document.value.stages):
        place: Place = ("stages", index)
        yield from _occasion(document, place, stage, calendar)
        yield from _conditions(project, document, place, stage)
        yield from _opens(document, place, stage, policy, members)
        yield from _not_opened(document, place, stage)
        yield from _words(document, place, stage)


def _occasion(document: Document[Campaign], place: Place, stage: Stage, calendar: Calendar) -> Iterator[Problem]:
    """An occasion that nobody has, or that doesn't come while the campaign lasts."""
    if stage.occasion is None:
        return
    plan, days, name = document.value, calendar.occasions, stage.occasion.name
    known = {word for holidays in days.holidays.values() for word, day in holidays.items() if day.sex is None} | set(days.invented_days)
    if name not in known:
        message = f"there is no holiday of everybody, or day of the shop's own, called `{name}` in config/occasions.yaml."
        yield document.problem((*place, "occasion", "name"), message, nearest(name, known, "Days"))
        return
    if not any(stage_times.coming(calendar, stage.occasion, country, plan.starts_on, plan.ends_on) for country in {*days.countries, ""}):
        letter = f"{stage.occasion.days_before} days before it" if stage.occasion.days_before else "its day"
        message = f"`{name}` doesn't come for `{stage.name}`: {letter} lies outside of {plan.starts_on} to {plan.ends_on} in every country."
        yield document.problem((*place, "occasion"), message, "Write other dates for the campaign, or another occasion.")


def _conditions(project: Project, document: Document[Campaign], place: Place, stage: Stage) -> Iterator[Problem]:
    trades = businesses.read(project)
    for where, rule in _placed(place, stage):
        if rule.lapsed is not None and rule.lapsed not in trades:
            message = f"there is no business `{rule.lapsed}` in config/businesses.yaml."
            yield document.problem((*where, "lapsed"), message, nearest(rule.lapsed, trades, "Businesses"))
        if rule.worth_it is not None:
            message = "asks whether somebody is worth a campaign, which is decided once, before anything is sent."
            yield document.problem((*where, "worth_it"), message, "Write `worth_it: true` for the whole campaign, or ask for `expected_value`.")


def _opens(document: Document[Campaign], place: Place, stage: Stage, policy: Policy, members: Cohort) -> Iterator[Problem]:
    """Opens are asked about where the law doesn't let them be tracked: the condition would mean something else in each country."""
    asking = [where for where, rule in _placed(place, stage) if Deed.OPENED in (getattr(rule, "did", None) or ())]
    if not asking:
        return
    said = [countries for rules in (members.rules, stage.only_if or ()) if (countries := _countries(rules))]
    concerned = set.intersection(*said) if said else set(policy.countries)
    untracked = sorted(country for country in concerned if policy.for_country(country).open_tracking is not True)
    if not untracked and (said or policy.default.open_tracking is True):
        return
    tracked = sorted(country for country in policy.countries if policy.for_country(country).open_tracking is True)
    message = f"opens are not tracked of customers in {', '.join(untracked) or 'countries without a line'} (open_tracking in config/policy.yaml), and `{stage.name}` asks about them."
    how = f"Add `- country: [{', '.join(tracked)}]` to `only_if:`, or ask for `clicked`." if tracked else "Ask for `clicked`."
    for where in asking:
        yield document.problem((*where, "did"), message, how)


def _not_opened(document: Document[Campaign], place: Place, stage: Stage) -> Iterator[Problem]:
    """That somebody did not open a letter is asked, and at most addresses nobody can know."""
    message = (
        f"`{stage.name}` asks who did not open a letter, which can't be known: Apple Mail fetches the pictures of letters that nobody opens, Gmail "
        "and Yahoo through proxies that hide who did, and many programs show none."
    )
    for where, rule in _placed(place, stage):
        nots = sum(step in {"unless", "not"} for step in where)
        if nots % 2 and Deed.OPENED in (getattr(rule, "did", None) or ()):
            yield document.problem((*where, "did"), message, "Ask who did not click: `did: [clicked]`.")


def _countries(rules: Iterable[Rule]) -> set[str]:
    """The countries that rules leave; none where they say nothing of countries."""
    said = [set(rule.country) for rule in rules if rule.country]
    return set.intersection(*said) if said else set()


def _words(document: Document[Campaign], place: Place, stage: Stage) -> Iterator[Problem]:
    """What a task says that nobody can fill in."""
    if stage.task is None:
        return
    plan = document.value
    for language, text in stage.task.say.items():
        where = (*place, "task", "say", language)
        for word in script.words(text):
            if word not in script.WORDS:
                yield document.problem(where, f"a task can't say `{{{{ {word} }}}}`.", nearest(word, script.WORDS, "Words"))
    if stage.task.speaks_of_offer:
        for tactic in plan.tactics:
            if stage.is_for(tactic) and plan.offer_of(tactic) is None:
                message = f"the task of `{stage.name}` speaks of an offer, and the tactic `{tactic}` has none."
                yield document.problem((*place, "task", "say"), message, "Add `offer:` to it, or `tactics:` to the stage.")


def _placed(place: Place, stage: Stage) -> Iterator[tuple[Place, Rule]]:
    """Every condition and those nested in it, with its place in the file."""
    yield from placed(stage.only_if or (), (*place, "only_if"))
    yield from placed(stage.unless or (), (*place, "unless"))
