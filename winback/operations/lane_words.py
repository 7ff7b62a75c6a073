"""What a stopped lane means to a person: what happened, and what to do about it."""

from __future__ import annotations

from winback.limits import FuseCause
from winback.store.fuses import Fuse


def name(lane: str) -> str:
    """A lane in a sentence."""
    kind, _, of = lane.partition(":")
    return {"email": "e-mail", "telegram": "Telegram", "group": f"e-mail to {of}"}.get(kind, lane)


def happened(fuse: Fuse) -> str:
    """One sentence."""
    bad, of, above = (fuse.counts.get(word, 0) for word in ("bad", "of", "above"))
    found = f"{bad:,.0f} of the last {of:,.0f} letters ({bad / max(of, 1):.1%}, the limit is {above:.1%})"
    said = f' The last answer was: "{fuse.detail}".' if fuse.detail else ""
    match fuse.cause:
        case FuseCause.BOUNCES:
            return f"Nothing leaves by {name(fuse.lane)} any more: {found} were refused for good or came back.{said}"
        case FuseCause.COMPLAINTS:
            return f"Nothing leaves by {name(fuse.lane)} any more: {found} were called spam by their readers."
        case FuseCause.ERRORS:
            return f"Nothing leaves by {name(fuse.lane)} any more: {found} were put off, or got no answer.{said}"
        case FuseCause.REFUSED:
            return f"Nothing leaves by {name(fuse.lane)} any more: {bad:.0f} letters in a row were refused because of us, not of the address.{said}"
        case FuseCause.PERSON:
            return f"Nothing leaves by {name(fuse.lane)} any more: {fuse.stopped_by} stopped it{f' ({fuse.detail})' if fuse.detail else ''}."
        case FuseCause.CLOSED:
            return f"{name(fuse.lane).capitalize()} broke off: {fuse.detail}"


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
