"""What a stopped lane means to a person: what happened, and what to do about it."""

from __future__ import annotations

from winback.limits import FuseCause
from winback.outcomes import wording
from winback.outcomes.languages import lanes
from winback.outcomes.sentences import Words
from winback.speech import N_, figure, said, share
from winback.store.fuses import Fuse


def name(lane: str) -> str:
    """A lane in a sentence."""
    kind, _, of = lane.partition(":")
    if kind == "group":
        return said(N_("e-mail to %(group)s"), group=of)
    return said(_NAMES[kind]) if kind in _NAMES else lane


_NAMES = {"email": N_("e-mail"), "telegram": N_("Telegram")}


def _at_first(lane: str) -> str:
    """A lane that a sentence begins with."""
    kind, _, of = lane.partition(":")
    if kind == "group":
        return said(N_("E-mail to %(group)s"), group=of)
    return said(N_("E-mail")) if kind == "email" else name(lane).capitalize()


def happened(fuse: Fuse) -> str:
    """One sentence, and what the other side said in its own words."""
    bad, of, above = (fuse.counts.get(word, 0) for word in ("bad", "of", "above"))
    lane = name(fuse.lane)
    letters = said(_LETTERS, bad=figure(bad, 0), of=figure(of, 0), share=share(bad / max(of, 1)), limit=share(above))
    match fuse.cause:
        case FuseCause.BOUNCES:
            sentence = N_("Nothing leaves by %(lane)s any more: %(letters)s were refused for good or came back.")
            return _with_answer(said(sentence, lane=lane, letters=letters), fuse)
        case FuseCause.COMPLAINTS:
            sentence = N_("Nothing leaves by %(lane)s any more: %(letters)s were called spam by their readers.")
            return said(sentence, lane=lane, letters=letters)
        case FuseCause.ERRORS:
            sentence = N_("Nothing leaves by %(lane)s any more: %(letters)s were put off, or got no answer.")
            return _with_answer(said(sentence, lane=lane, letters=letters), fuse)
        case FuseCause.REFUSED:
            sentence = N_("Nothing leaves by %(lane)s any more: %(number)s letters in a row were refused because of us, not of the address.")
            return _with_answer(said(sentence, lane=lane, number=figure(bad, 0)), fuse)
        case FuseCause.PERSON if fuse.detail:
            sentence = N_("Nothing leaves by %(lane)s any more: %(who)s stopped it (%(detail)s).")
            return said(sentence, lane=lane, who=fuse.stopped_by, detail=fuse.detail)
        case FuseCause.PERSON:
            return said(N_("Nothing leaves by %(lane)s any more: %(who)s stopped it."), lane=lane, who=fuse.stopped_by)
        case FuseCause.CLOSED:
            return said(N_("%(lane)s broke off: %(detail)s"), lane=_at_first(fuse.lane), detail=fuse.detail)


_LETTERS = N_("%(bad)s of the last %(of)s letters (%(share)s, the limit is %(limit)s)")


def _with_answer(sentence: str, fuse: Fuse) -> str:
    if not fuse.detail:
        return sentence
    return said("%(sentence)s %(answer)s", sentence=sentence, answer=said(N_('The last answer was: "%(answer)s".'), answer=fuse.detail))


_ANSWERED = {FuseCause.BOUNCES, FuseCause.ERRORS, FuseCause.REFUSED}


def reported(fuse: Fuse, words: Words) -> str:
    """The same as a report has it: in its language, with its way to write numbers."""
    bad, of, above = (fuse.counts.get(word, 0) for word in ("bad", "of", "above"))
    sentences = lanes.SENTENCES[words["language"]]
    kind, _, group = fuse.lane.partition(":")
    told = sentences[fuse.cause].format(
        lane=sentences.get(kind, fuse.lane).format(of=group),
        bad=wording.number(bad, words=words),
        of=wording.number(of, words=words),
        share=wording.percent(bad / max(of, 1), words=words),
        limit=wording.percent(above, words=words),
        who=fuse.stopped_by,
        note=f" ({fuse.detail})" if fuse.detail else "",
        detail=fuse.detail,
    )
    answer = sentences["said"].format(detail=fuse.detail) if fuse.detail and fuse.cause in _ANSWERED else ""
    return " ".join(filter(None, (f"{told[:1].upper()}{told[1:]}", answer)))


_TO_DO = {
    FuseCause.BOUNCES: N_("Many addresses don't exist. Look at `winback addresses check`, and keep them out of the cohort first (`%(key)s`)."),
    FuseCause.COMPLAINTS: N_(
        "People don't want these letters. Pause the campaign, write to fewer and to those who came last, and look at how they consented."
    ),
    FuseCause.ERRORS: N_(
        "The other side doesn't take what we send now. Look at what it says (`winback deliveries CAMPAIGN --status planned`), and wait."
    ),
    FuseCause.REFUSED: N_(
        "Receivers refuse this sender. `winback doctor` looks at SPF, DKIM and DMARC; then ask the provider that the answer names."
    ),
    FuseCause.CLOSED: N_("Nothing is lost: the next run tries again. If it doesn't help, see `winback doctor`."),
}
_LEFT_OUT = "exclude: {addresses: [bounced, mistyped, old]}"


def advice(fuse: Fuse) -> str:
    """What to do before the lane goes on; empty where a person stopped it."""
    if fuse.cause is FuseCause.PERSON:
        return ""
    return said(_TO_DO[fuse.cause], key=_LEFT_OUT) if fuse.cause is FuseCause.BOUNCES else said(_TO_DO[fuse.cause])


def to_do(fuse: Fuse) -> str:
    """What to do, and how to let the lane go on."""
    first = advice(fuse)
    if fuse.resumed_at:
        return first
    resume = f'winback lanes resume {fuse.lane} --note "what was done"'
    return (
        said(N_("%(advice)s Then let it go on: %(command)s"), advice=first, command=resume)
        if first
        else said(N_("Let it go on: %(command)s"), command=resume)
    )
