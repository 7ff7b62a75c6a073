"""A campaign's survey, asked in the chat: one question at a time, by buttons and in words; back, skip, another answer, all work at any time.

Every answer is kept as it comes, with all that stand, so that whoever stops halfway has been heard. Which question waits is in the store
(store/talks.py): a restart, a second device or a button from last week find it there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from winback import clock
from winback.audience import reasons
from winback.audience.reasons import Reason
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Choice, Conclude, Context, Deed, Deeds, Known, Rows, Say, Spoken
from winback.bot.handing_over import HandOver
from winback.bot.updates import Heard, Kind, Place
from winback.journey import policy, zones
from winback.journey.content import QuestionKind, Survey
from winback.journey.threads import Why
from winback.letters import formats, locales
from winback.letters.wording import in_locale
from winback.store import answers, correspondence, talks, thanks
from winback.store.answers import Answer as Said
from winback.store.correspondence import Correspondent
from winback.store.talks import About, Talk
from winback.tracking import answered, asking, survey_form
from winback.tracking.presses import Verb

_NUMBERS = {Verb.SCORE: 2, Verb.ANSWER: 3, Verb.BACK: 3, Verb.SKIP: 3}
SURVEY, LEAVING = 0, 1
"""Of which conversation a button says back or skip."""
_ROW = 6  # numbers in a row: eleven are two


@dataclass(frozen=True, slots=True)
class Form:
    """The survey of a letter, and how far it has been answered."""

    who: Correspondent  # with the letter that asked
    survey: Survey
    reasons: dict[str, Reason]
    said: tuple[Said, ...]
    talk: Talk | None

    @property
    def open(self) -> int:
        """The question that is asked now; 0: none."""
        return self.talk.question if self.talk else 0

    @property
    def language(self) -> str:
        return self.who.locale

    def asks(self, question: int) -> str:
        return in_locale(self.survey.questions[question - 1].ask, self.language)

    def offered(self) -> dict[str, str]:
        """Reasons as customers say them in this language."""
        return {word: reason.says[self.language] for word, reason in self.reasons.items() if self.language in reason.says}

    def with_answer(self, question: int, said: Said) -> tuple[Said, ...]:
        return tuple(sorted([*(each for each in self.said if each.question != question), said], key=lambda each: each.question))

    def after(self, question: int) -> int:
        """The next question; 0: that was the last."""
        return question + 1 if question < len(self.survey.questions) else 0


@dataclass(frozen=True, slots=True)
class Surveying:
    """What is known of conversations with the customer: the one that was last gone on with, and the survey that this update is about."""

    talk: Talk | None = None
    waits: bool = False  # for words, by the clock
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Keep(Deed):
    """Keep an answer, with all others that stand."""

    form: Form
    question: int
    said: Said
    counted: ClassVar[str] = "answer"

    def do(self, context: Context) -> None:
        said = self.form.with_answer(self.question, self.said)
        answered.keep(context.connection, self.form.who, self.form.survey, said, context.now, told=None)


@dataclass(frozen=True, slots=True)
class Ask(Deed):
    """From now on this question waits for an answer; 0: none does."""

    customer_id: int
    delivery_id: int
    about: About
    question: int

    def do(self, context: Context) -> None:
        talks.ask(context.connection, self.customer_id, self.delivery_id, self.about, question=self.question, now=context.now)


@dataclass(frozen=True, slots=True)
class NoteWords(Deed):
    """The message that was heard answers a question: changed, it changes the answer."""

    customer_id: int
    talk: Talk
    question: int

    def do(self, context: Context) -> None:
        talks.note_words(context.connection, self.customer_id, self.talk, self.question, context.heard.message_id)


@dataclass(frozen=True, slots=True)
class Reward(Deed):
    """The small gift for answering, where the campaign has one: told once it is certain that it is theirs."""

    form: Form

    def do(self, context: Context) -> tuple[Spoken, ...]:
        letter = self.form.who.delivery_id
        assert letter is not None, "a letter asked"
        gift = thanks.gift(context.connection, letter, context.now)
        if gift is None or self.form.language not in gift.text or not thanks.give(context.connection, letter, gift, context.now):
            return ()
        calendar = zones.calendar(gift.time_zone or context.project.settings.time_zone, policy.read(context.project).for_country(gift.country))
        day = formats.write_day(clock.local_day(gift.ends_at, calendar), locale=locales.babel_name(self.form.language))
        values = (("gift", gift.text[self.form.language]), ("day", day))
        if not gift.code:
            return (Say(Answer.SURVEY_GIFT, self.form.language, values=values),)
        return (Say(Answer.SURVEY_GIFT_CODE, self.form.language, values=(*values, ("code", gift.code))),)


def gather(context: Context, known: Known) -> Surveying | None:
    """Of a press the survey that its button is of; of words the one that waits for them."""
    heard, press = context.heard, known.press
    if known.who is None or heard.place is not Place.PRIVATE or heard.kind not in {Kind.WORDS, Kind.PRESS}:
        return None
    if heard.kind is Kind.WORDS:
        talk = talks.newest(context.connection, known.who.customer_id)
        waits = talk is not None and talk.waits_for_words(context.now)
        return Surveying(talk, waits, _form(context, known, known.who, talk.delivery_id) if talk and talk.about is About.SURVEY else None)
    if press is None or _NUMBERS.get(press.verb) != len(press.numbers) or (press.verb in {Verb.BACK, Verb.SKIP} and press.numbers[1] != SURVEY):
        return None
    return Surveying(form=_form(context, known, known.who, press.numbers[0]))


def _form(context: Context, known: Known, chat: Correspondent, delivery_id: int) -> Form | None:
    """None where the letter isn't theirs, or asks nothing. In the language that they speak now, where all its questions have it."""
    who = correspondence.by_delivery(context.connection, [delivery_id]).get(delivery_id)
    if who is None or who.customer_id != chat.customer_id:
        return None
    asked = answers.asked(context.connection, delivery_id)
    if asked is None:
        return None
    survey = Survey.model_validate(asked.survey)
    if all(known.language in question.ask for question in survey.questions):
        who = replace(who, locale=known.language)
    talk = talks.of(context.connection, who.customer_id, delivery_id, About.SURVEY)
    return Form(who, survey, reasons.read(context.project).reasons, answers.last(context.connection, delivery_id), talk)


def decide(heard: Heard, known: Known) -> Deeds | None:
    note = known.note(Surveying)
    if note is None:
        return None
    if heard.kind is Kind.WORDS:
        return _words(heard, note.form, waits=note.waits) if note.form and note.form.talk else None
    assert known.press is not None, "gathered for a press of ours"
    if note.form is None:
        return (Acknowledge(Answer.STALE, known.language),)
    match known.press.verb, known.press.numbers:
        case Verb.SCORE, (_, score):
            return _scored(note.form, score)
        case Verb.ANSWER, (_, question, value):
            return _pressed(note.form, question, value)
        case Verb.BACK, (_, _, question):
            return _moved(note.form, question, is_back=True)
        case Verb.SKIP, (_, _, question):
            return _moved(note.form, question, is_back=False)
    return None


def _scored(form: Form, score: int) -> Deeds:
    """The button stands below the letter itself, which stays as it is; the next question comes below."""
    said = _read(form, 1, score)
    if said is None:
        return (Acknowledge(Answer.STALE, form.language),)
    going_on = form.open or (0 if form.talk else form.after(1))
    return (*_kept(form, 1, said), Acknowledge(Answer.NOTED, form.language), *_next(form, 1, said, going_on, in_place=False))


def _pressed(form: Form, question: int, value: int) -> Deeds:
    said = _read(form, question, value)
    if said is None:
        return (Acknowledge(Answer.STALE, form.language),)
    if question == form.open:
        return (*_kept(form, question, said), *_next(form, question, said, form.after(question), in_place=True))
    again = _next(form, question, said, form.open, in_place=False) if form.open else ()  # an old button, or another device's
    return (*_kept(form, question, said), Acknowledge(Answer.NOTED, form.language), *again)


def _moved(form: Form, question: int, *, is_back: bool) -> Deeds:
    if not 1 <= question <= len(form.survey.questions):
        return (Acknowledge(Answer.STALE, form.language),)
    if is_back:
        return _going_to(form, question), _question(form, question, in_place=True)
    if question != form.open:
        return (Acknowledge(Answer.STALE, form.language), *((_question(form, form.open, in_place=False),) if form.open else ()))
    return _next(form, question, None, form.after(question), in_place=True)


def _words(heard: Heard, form: Form, *, waits: bool) -> Deeds | None:
    """Words answer the question that waits; changed, the one that they answered. What asks to be left alone is obeyed, not kept."""
    assert form.talk is not None
    question = form.talk.answered_by(heard.message_id) if heard.is_edit else form.open if waits else 0
    if not question or not heard.text or (asking.to_stop(heard.text) and not asking.is_only_no(heard.text)):
        return None
    said = _read_words(form, question, heard.text)
    if said is None:
        return None
    if heard.is_edit:
        return _kept(form, question, said)
    noted = NoteWords(form.who.customer_id, form.talk, question)
    return (*_kept(form, question, said), noted, *_next(form, question, said, form.after(question), in_place=False))


def _kept(form: Form, question: int, said: Said) -> Deeds:
    """The answer; a score that is bad, or was, is seen by a person at once."""
    stands = form.with_answer(question, said)
    overall = survey_form.score(stands, form.survey)
    if overall is None or overall >= form.survey.bad_below or stands == form.said:
        return (Keep(form, question, said),)
    before = survey_form.score(form.said, form.survey)
    is_known = before is not None and before < form.survey.bad_below
    told = f"{said.asked} {said.text or said.reason or said.score}" if is_known else survey_form.told(stands, overall)
    return Keep(form, question, said), HandOver(Why.BAD_SCORE, note=told)


def _next(form: Form, question: int, said: Said | None, following: int, *, in_place: bool) -> Deeds:
    if following:
        return _going_to(form, following), _question(form, following, in_place=in_place)
    stands = form.with_answer(question, said) if said else form.said
    spoken = Conclude(_thanks(form, stands), form.language) if in_place else Say(_thanks(form, stands), form.language)
    return _going_to(form, 0), spoken, *((Reward(form),) if stands else ())


def _going_to(form: Form, question: int) -> Ask:
    assert form.who.delivery_id is not None, "a letter asked"
    return Ask(form.who.customer_id, form.who.delivery_id, About.SURVEY, question)


def _thanks(form: Form, said: tuple[Said, ...]) -> Answer:
    overall = survey_form.score(said, form.survey)
    if overall is not None and overall < form.survey.bad_below:
        return Answer.SURVEY_SORRY
    recommends = any(each.kind == QuestionKind.RECOMMEND and (each.score or 0) >= 9 for each in said)
    return Answer.SURVEY_PROMOTER if recommends else Answer.SURVEY_THANKS


def _question(form: Form, question: int, *, in_place: bool) -> Say | Conclude:
    """As a message of its own, or in place of the one before."""
    asked, numbers = form.survey.questions[question - 1], form.survey.numbers(form.survey.questions[question - 1])
    place = f"{question}/{len(form.survey.questions)}"
    values: tuple[tuple[str, str], ...] = (("place", place), ("question", form.asks(question)))
    words: Answer | str = Answer.ASK_WORDS
    if asked.kind is QuestionKind.REASON:
        words, values = f"{place}. {form.asks(question)}", ()
    elif asked.is_number:
        words, values = Answer.ASK_NUMBER, (*values, ("worst", str(numbers[0])), ("best", str(numbers[-1])))
    rows = (*_answers(form, question), _ways(form, question))
    return Conclude(words, form.language, rows, values) if in_place else Say(words, form.language, rows, values)


def _answers(form: Form, question: int) -> Rows:
    asked, letter = form.survey.questions[question - 1], form.who.delivery_id or 0
    if asked.kind is QuestionKind.REASON:
        return tuple((Choice(says, Verb.ANSWER, (letter, question, reasons.mark(word))),) for word, says in form.offered().items())
    if not asked.is_number:
        return ()
    marks = [Choice(str(number), Verb.ANSWER, (letter, question, number)) for number in form.survey.numbers(asked)]
    return tuple(tuple(marks[start : start + _ROW]) for start in range(0, len(marks), _ROW))


def _ways(form: Form, question: int) -> tuple[Choice, ...]:
    letter = form.who.delivery_id or 0
    back = (Choice(Answer.BACK, Verb.BACK, (letter, SURVEY, question - 1)),) if question > 1 else ()
    return (*back, Choice(Answer.SKIP, Verb.SKIP, (letter, SURVEY, question)))


def _read(form: Form, question: int, value: int) -> Said | None:
    """What a button says to a question; None where that can't be."""
    if not 1 <= question <= len(form.survey.questions):
        return None
    asked = form.survey.questions[question - 1]
    said = Said(question, str(asked.kind), form.asks(question))
    if asked.kind is QuestionKind.REASON:
        word = next((word for word in form.reasons if reasons.mark(word) == value), "")
        return replace(said, reason=word) if word else None
    return replace(said, score=value) if asked.is_number and value in form.survey.numbers(asked) else None


def _read_words(form: Form, question: int, text: str) -> Said | None:
    """Words as an answer; a number or a reason may be written instead of pressed."""
    asked = form.survey.questions[question - 1]
    if asked.kind is QuestionKind.TEXT:
        return Said(question, str(asked.kind), form.asks(question), text=text.replace("\x00", "")[: survey_form.LONGEST])
    if asked.kind is QuestionKind.REASON:
        word = next((word for word, says in form.offered().items() if says.casefold() == text.casefold()), "")
        return _read(form, question, reasons.mark(word)) if word else None
    return _read(form, question, int(text)) if text.isascii() and text.isdigit() and len(text) <= 2 else None
