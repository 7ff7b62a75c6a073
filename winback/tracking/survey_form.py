"""A survey's form: what it asks in a language, and what was answered. No database, no web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from winback.audience.reasons import Reason
from winback.journey.content import Question, QuestionKind, Survey
from winback.letters.page_values import ChoiceValues, QuestionValues, SurveyFormValues
from winback.letters.wording import in_locale
from winback.store.answers import Answer
from winback.tracking import forms
from winback.tracking.forms import Fields

NAME = "survey"
LONGEST = 2_000
"""Characters of an answer in their own words that are kept."""


def shown(
    survey: Survey, reasons: Mapping[str, Reason], locale: str, *, first: int | None = None, has_answered: bool = False, is_empty: bool = False
) -> SurveyFormValues:
    """The form in a language; `first` is the answer that the link in the letter gave, chosen already."""
    questions = (_question(survey, number, question, reasons, locale, first if number == 1 else None) for number, question in _numbered(survey))
    return SurveyFormValues(tuple(each for each in questions if each.kind == QuestionKind.TEXT or each.answers), has_answered, is_empty)


def answers(fields: Fields, survey: Survey, reasons: Mapping[str, Reason], locale: str) -> tuple[Answer, ...]:
    """What was answered, question by question; what can't have been chosen wasn't."""
    found = (_answer(forms.one(fields, f"q{number}") or "", number, question, survey, reasons, locale) for number, question in _numbered(survey))
    return tuple(each for each in found if each is not None)


def score(said: Sequence[Answer], survey: Survey) -> int | None:
    """Of the whole, 0 to 10: whether they would recommend us, else the first question, a scale of five stretched; None without either."""
    numbers = {each.kind: each for each in reversed(said) if each.score is not None}
    told = numbers.get(QuestionKind.RECOMMEND) or next((each for each in said if each.score is not None), None)
    if told is None or told.score is None:
        return None
    return told.score if survey.numbers(survey.questions[told.question - 1])[-1] == 10 else (told.score - 1) * 5 // 2


def told(said: Sequence[Answer], overall: int) -> str:
    """What a person reads of a bad score, with what was said."""
    lines = [
        f"Answered a survey with {overall} of 10. Listen, thank, apologise; don't argue.",
        *(f"{each.asked} {_words(each)}" for each in said),
    ]
    return "\n".join(lines)


def _words(answer: Answer) -> str:
    return answer.text or answer.reason or str(answer.score)


def _numbered(survey: Survey) -> Iterator[tuple[int, Question]]:
    return enumerate(survey.questions, 1)


def _question(  # noqa: PLR0917  one use
    survey: Survey, number: int, question: Question, reasons: Mapping[str, Reason], locale: str, first: int | None
) -> QuestionValues:
    numbers = survey.numbers(question)
    choices = tuple(ChoiceValues(word, reason.says[locale]) for word, reason in reasons.items() if locale in reason.says)
    marks = tuple(ChoiceValues(str(each), str(each), is_chosen=each == first) for each in numbers)
    answers_of = {QuestionKind.REASON: choices, QuestionKind.TEXT: ()}.get(question.kind, marks)
    return QuestionValues(number, f"q{number}", in_locale(question.ask, locale), str(question.kind), answers_of, str(numbers[0]), str(numbers[-1]))


def _answer(  # noqa: PLR0917  one use
    written: str, number: int, question: Question, survey: Survey, reasons: Mapping[str, Reason], locale: str
) -> Answer | None:
    asked, kind = in_locale(question.ask, locale), str(question.kind)
    if question.kind is QuestionKind.TEXT:
        text = written.replace("\x00", "").strip()[:LONGEST]
        return Answer(number, kind, asked, text=text) if text else None
    if question.kind is QuestionKind.REASON:
        return Answer(number, kind, asked, reason=written) if written in reasons else None
    given = {str(each): each for each in survey.numbers(question)}.get(written)
    return None if given is None else Answer(number, kind, asked, score=given)
