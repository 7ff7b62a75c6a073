"""Somebody isn't interested any more: they are left alone at once, asked why and what would change their mind, thanked, never argued with.

The journeys end as declined; the consent stays, and so does whatever else they want of us.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from winback.audience import reasons
from winback.audience.reasons import Reason
from winback.bot.answers import Answer
from winback.bot.dialogue import Acknowledge, Choice, Conclude, Context, Deed, Deeds, Known, Rows, Say
from winback.bot.handing_over import HandOver
from winback.bot.surveying import LEAVING, Ask, NoteWords, Surveying
from winback.bot.updates import Heard, Kind, Place
from winback.journey.threads import Why
from winback.model import EventKind, ReasonSource, Verdict
from winback.model import Reason as EndedFor
from winback.store import correspondence, events, leaving_reasons, talks
from winback.store.correspondence import Correspondent
from winback.store.events import Event
from winback.store.talks import About, Talk
from winback.tracking import asking, endings
from winback.tracking.presses import Verb

WHY, WHAT_WOULD = 1, 2
"""The two questions."""
_OTHER = "other"
"""The reason of those who say it in their own words, where reasons.yaml has it."""
_NUMBERS = {Verb.NOT_INTERESTED: 1, Verb.REASON: 2, Verb.BACK: 3, Verb.SKIP: 3}
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is known of somebody who isn't interested."""

    who: Correspondent  # with the message whose button they pressed
    reasons: dict[str, Reason]
    told: str = ""  # the reason that they gave already
    talk: Talk | None = None
    waits: bool = False  # for words, by the clock

    @property
    def letter(self) -> int:
        assert self.who.delivery_id is not None, "the button of a message was pressed"
        return self.who.delivery_id

    @property
    def is_complaint(self) -> bool:
        return self.told in self.reasons and self.reasons[self.told].to_person


@dataclass(frozen=True, slots=True)
class Decline(Deed):
    """The journeys are over, all of them; it was a person's answer, and so a sign of life."""

    who: Correspondent
    counted = "declined"

    def do(self, context: Context) -> None:
        event = Event(
            dedupe_key=f"declined:{self.who.delivery_id}",
            kind=EventKind.ANSWER,
            customer_id=self.who.customer_id,
            delivery_id=self.who.delivery_id,
            happened_at=context.now,
            verdict=Verdict.HUMAN,
            signals={"by": "telegram", "declined": True},
        )
        events.stop(context.connection, self.who.customer_id, EndedFor.DECLINED, context.now)
        endings.end(context.connection, self.who, event, context.now)
        events.confirm(context.connection, [self.who.delivery_id] if self.who.delivery_id else [])


@dataclass(frozen=True, slots=True)
class Tell(Deed):
    """Keep why they left, and in `words` what would change their mind; said again it is another reason of the same customer's."""

    who: Correspondent
    reason: str
    words: str = ""
    counted = "reason"

    def do(self, context: Context) -> None:
        leaving_reasons.record(
            context.connection,
            self.who.customer_id,
            self.reason,
            ReasonSource.SURVEY,
            key=key(self.who.delivery_id or 0),
            recorded_at=context.now,
            note=self.words,
        )


def key(delivery_id: int) -> str:
    """What the reason is known by that was told after a message."""
    return f"chat:{delivery_id}"


def gather(context: Context, known: Known) -> Leaving | None:
    heard, press = context.heard, known.press
    if known.who is None or heard.place is not Place.PRIVATE:
        return None
    if heard.kind is Kind.WORDS:
        before = known.note(Surveying)
        if before is None or before.talk is None or before.talk.about is not About.LEAVING:
            return None
        return _known(context, known.who, before.talk.delivery_id, known.language, waits=before.waits)
    if heard.kind is not Kind.PRESS or press is None or _NUMBERS.get(press.verb) != len(press.numbers):
        return None
    if press.verb in {Verb.BACK, Verb.SKIP} and press.numbers[1] != LEAVING:
        return None
    return _known(context, known.who, press.numbers[0], known.language)


def _known(context: Context, chat: Correspondent, delivery_id: int, language: str, *, waits: bool = False) -> Leaving | None:
    who = correspondence.by_delivery(context.connection, [delivery_id]).get(delivery_id)
    if who is None or who.customer_id != chat.customer_id:
        return None
    found = leaving_reasons.by_key(context.connection, key(delivery_id))
    talk = talks.of(context.connection, who.customer_id, delivery_id, About.LEAVING)
    return Leaving(replace(who, locale=language or who.locale), reasons.read(context.project).reasons, found or "", talk, waits)


def decide(heard: Heard, known: Known) -> Deeds | None:
    leaving = known.note(Leaving)
    if heard.kind is Kind.WORDS:
        return _words(heard, leaving) if leaving and leaving.talk else None
    if leaving is None or known.press is None:
        is_ours = known.press is not None and known.press.verb in {Verb.NOT_INTERESTED, Verb.REASON}
        return (Acknowledge(Answer.STALE, known.language),) if is_ours else None
    match known.press.verb, known.press.numbers:
        case Verb.NOT_INTERESTED, _:
            return Decline(leaving.who), _going_to(leaving, WHY), Acknowledge(), _why(leaving, in_place=False)
        case Verb.REASON, (_, mark):
            return _reason(leaving, mark)
        case Verb.BACK, _:
            return _going_to(leaving, WHY), _why(leaving, in_place=True)
        case Verb.SKIP, _:
            return _going_to(leaving, 0), Conclude(Answer.LEFT, leaving.who.locale)
    return None


def _reason(leaving: Leaving, mark: int) -> Deeds:
    word = next((word for word in leaving.reasons if reasons.mark(word) == mark), "")
    if not word:  # taken out of the file since
        return _going_to(leaving, WHY), _why(leaving, in_place=True)
    meant = leaving.reasons[word]
    passed_on = (HandOver(Why.COMPLAINT, note=f"Isn't interested any more: {meant.title}. Listen, thank, apologise; don't argue."),)
    is_news = meant.to_person and word != leaving.told
    words = Answer.WHAT_WOULD_SORRY if meant.to_person else Answer.WHAT_WOULD
    asks = Conclude(words, leaving.who.locale, (_ways(leaving),))
    return Tell(leaving.who, word), *(passed_on if is_news else ()), _going_to(leaving, WHAT_WOULD), asks


def _words(heard: Heard, leaving: Leaving) -> Deeds | None:
    """Their own words to either question; what asks to be left alone altogether is obeyed, not kept."""
    assert leaving.talk is not None
    question = leaving.talk.answered_by(heard.message_id) if heard.is_edit else leaving.talk.question if leaving.waits else 0
    if not question or not heard.text or (asking.to_stop(heard.text) and not asking.is_only_no(heard.text)):
        return None
    word = leaving.told or (_OTHER if _OTHER in leaving.reasons else "")
    if not word:
        return None
    kept = Tell(leaving.who, word, heard.text[:_LONGEST])
    if heard.is_edit:
        return (kept,)
    why = leaving.reasons[word].title if word in leaving.reasons else word
    what = "why" if question == WHY else "what would change their mind"
    passed_on = HandOver(Why.COMPLAINT if leaving.is_complaint else "unknown-words", note=f"Isn't interested any more ({why}); {what}: {heard.text}")
    noted = NoteWords(leaving.who.customer_id, leaving.talk, question)
    if question == WHY:
        asks = Say(Answer.WHAT_WOULD, leaving.who.locale, (_ways(leaving),))
        return kept, passed_on, noted, _going_to(leaving, WHAT_WOULD), asks
    return kept, passed_on, noted, _going_to(leaving, 0), Say(Answer.LEFT, leaving.who.locale)


def _going_to(leaving: Leaving, question: int) -> Ask:
    return Ask(leaving.who.customer_id, leaving.letter, About.LEAVING, question)


def _why(leaving: Leaving, *, in_place: bool) -> Say | Conclude:
    language = leaving.who.locale
    says = {word: reason.says[language] for word, reason in leaving.reasons.items() if language in reason.says}
    rows: Rows = tuple((Choice(text, Verb.REASON, (leaving.letter, reasons.mark(word))),) for word, text in says.items())
    rows = (*rows, (Choice(Answer.RATHER_NOT, Verb.SKIP, (leaving.letter, LEAVING, WHY)),))
    return Conclude(Answer.WHY_LEFT, language, rows) if in_place else Say(Answer.WHY_LEFT, language, rows)


def _ways(leaving: Leaving) -> tuple[Choice, ...]:
    back = Choice(Answer.BACK, Verb.BACK, (leaving.letter, LEAVING, WHY))
    return back, Choice(Answer.RATHER_NOT, Verb.SKIP, (leaving.letter, LEAVING, WHAT_WOULD))
