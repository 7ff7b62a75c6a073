"""What a stopped lane means to a person: what happened, and what to do about it."""

from __future__ import annotations

from winback.limits import FuseCause
from winback.outcomes import wording
from winback.outcomes.languages import lanes
from winback.outcomes.sentences import ENGLISH, Words
from winback.store.fuses import Fuse


def name(lane: str, words: Words = ENGLISH) -> str:
    """A lane in a sentence."""
    kind, _, of = lane.partition(":")
    return lanes.SENTENCES[words["language"]].get(kind, lane).format(of=of)


_ANSWERED = {FuseCause.BOUNCES, FuseCause.ERRORS, FuseCause.REFUSED}


def happened(fuse: Fuse, words: Words = ENGLISH) -> str:
    """One sentence, and what the other side said in its own words."""
    bad, of, above = (fuse.counts.get(word, 0) for word in ("bad", "of", "above"))
    sentences = lanes.SENTENCES[words["language"]]
    told = sentences[fuse.cause].format(
        lane=name(fuse.lane, words),
        bad=wording.number(bad, words=words),
        of=wording.number(of, words=words),
        share=wording.percent(bad / max(of, 1), words=words),
        limit=wording.percent(above, words=words),
        who=fuse.stopped_by,
        note=f" ({fuse.detail})" if fuse.detail else "",
        detail=fuse.detail,
    )
    said = sentences["said"].format(detail=fuse.detail) if fuse.detail and fuse.cause in _ANSWERED else ""
    return " ".join(filter(None, (f"{told[:1].upper()}{told[1:]}", said)))


_TO_DO = {
    FuseCause.BOUNCES: "Many addresses don't exist. Look at `winback addresses check`, and keep them out of the cohort first (`exclude: {addresses: [bounced, mistyped, old]}`).",
    FuseCause.COMPLAINTS: "People don't want these letters. Pause the campaign, write to fewer and to those who came last, and look at how they consented.",
    FuseCause.ERRORS: "The other side doesn't take what we send now. Look at what it says (`winback deliveries CAMPAIGN --status planned`), and wait.",
    FuseCause.REFUSED: "Receivers refuse this sender. `winback doctor` looks at SPF, DKIM and DMARC; then ask the provider that the answer names.",
    FuseCause.PERSON: "",
    FuseCause.CLOSED: "Nothing is lost: the next run tries again. If it doesn't help, see `winback doctor`.",
}


def advice(fuse: Fuse) -> str:
    """What to do before the lane goes on; empty where a person stopped it."""
    return _TO_DO[fuse.cause]


def to_do(fuse: Fuse) -> str:
    """What to do, and how to let the lane go on."""
    first = advice(fuse)
    if fuse.resumed_at:
        return first
    resume = f'winback lanes resume {fuse.lane} --note "what was done"'
    return f"{first} Then let it go on: {resume}" if first else f"Let it go on: {resume}"
