"""What reports say, by language. A language is one mapping with the same keys; arms and numbers are filled in by wording.py."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "language": "en",
    "title": "Did {campaign} bring people back?",
    "holdout": "left alone",
    # verdicts
    "so-far": "So far: ",
    "better": (
        "{arm} brings people back: {rate} of its customers returned, against {base} of those left alone. That is {difference} points more "
        "(95% interval {low} to {high}, {p}): about {extra} of its {n} customers who would not have come by themselves ({extra_low} to {extra_high})."
    ),
    "worse": (
        "{arm} keeps people away: {rate} of its customers returned, against {base} of those left alone. That is {difference} points fewer "
        "(95% interval {low} to {high}, {p}): about {extra} of its {n} customers who would have come had they been left alone "
        "({extra_low} to {extra_high})."
    ),
    "no-difference": (
        "No difference found yet between {arm} and leaving people alone: {rate} returned, against {base} ({difference} points, "
        "95% interval {low} to {high}, {p}). A rise of {detectable} points would probably have shown with this many customers; a smaller one may be there."
    ),
    "too-few": (
        "Whether {arm} brings people back can't be told with this many customers: {rate} of {n} returned, against {base} of the {base_n} left alone "
        "({difference} points, 95% interval {low} to {high}, {p}). {visible}"
    ),
    "harmful": (
        "{arm} must be stopped: {guards}. That isn't chance any more. {rate} of its {n} customers returned, against {base} of those left alone "
        "({difference} points, 95% interval {low} to {high}, {p})."
    ),
    "guard-unsubscribed": "{count} of {written_to} written to unsubscribed ({share}, at most {limit} may)",
    "guard-complained": "{count} of {written_to} written to complained ({share}, at most {limit} may)",
    "visible": "Only a rise of {detectable} points or more would probably show.",
    "never-visible": "No rise, however large, would probably show.",
    "not-comparable": "{arm} can't be judged: {rate} of {n} returned, but nobody was left alone who would show how many come back by themselves.",
    "not-comparable-empty": "{arm} can't be judged: nobody has been assigned to it.",
    "ahead": "{arm} brings back more than {against}: {difference} points (95% interval {low} to {high}, {p}).",
    "alike": "Between {arm} and {against} no difference is found: {difference} points (95% interval {low} to {high}, {p}).",
    "all-alike": "No difference is found among the tactics themselves.",
    "open": (
        "The return window closes on {day}; until then these numbers move. Intervals and p-values are those of a confidence sequence: wider, and "
        "right however often one looks. Decide after that day; earlier only to stop what does harm."
    ),
    "closed": "The return window of {window} closed on {day}. Only late imports, cancellations and refunds can still change these numbers.",
    "nobody": "Nobody has been assigned yet.",
    "sizes-right": "The arms have the sizes that were planned ({p}).",
    "sizes-wrong": (
        "The arms do not have the sizes that were planned ({p}): {counts}. Don't trust the comparisons until this is explained. Likely causes: the shares "
        "in the campaign file were changed while the run went on; customers were deleted, merged or skipped after they had been assigned; "
        "somebody was enrolled by hand; an arm's customers failed to be stored."
    ),
    "size": "{arm} {count}, planned {planned}",
    "truth-covered": "The true difference is {truth} points: inside the interval.",
    "truth-missed": "The true difference is {truth} points: outside the interval, as happens once in twenty.",
    "truth-unknown": "The true difference over the whole window is {truth} points.",
    # headings
    "who-returned": "Who returned",
    "against-holdout": "Return rate, against those left alone",
    "money-against-holdout": "Money per customer, against those left alone",
    "codes": "Codes, and what they cost",
    "tactics-compared": "Tactics against each other",
    "over-time": "Returned by day after assignment",
    "letters": "Letters and answers, in customers",
    "funnel": "Stage by stage",
    "ends": "How journeys ended, in customers",
    "skips": "Not written to, and why",
    "locales": "By language of the letters",
    "others": "Money in other currencies",
    # columns
    "arm": "arm",
    "assigned": "assigned",
    "returned": "returned",
    "rate": "rate",
    "interval": "95% interval",
    "orders": "orders",
    "revenue": "revenue, {currency}",
    "per-customer": "per customer",
    "difference": "points",
    "p": "p",
    "p-adjusted": "p, Holm",
    "extra": "extra returns",
    "money-difference": "{currency} more",
    "had-codes": "codes",
    "promised": "promised, {currency}",
    "redeemed": "used",
    "of-them": "of them",
    "codes-cost": "cost, {currency}",
    "true": "truth",
    "against": "against",
    "reached": "reached",
    "opened": "opened",
    "opened-unverified": "proxy",
    "opened-machine": "machine",
    "clicked": "clicked",
    "clicked-unverified": "in doubt",
    "clicked-machine": "machine",
    "replied": "replied",
    "unsubscribed": "unsubscr.",
    "failed": "failed",
    "uncertain": "uncertain",
    "stage": "stage",
    "sent": "sent",
    "planned": "to come",
    "stopped": "stopped",
    "skipped": "skipped",
    "reason": "reason",
    "customers": "customers",
    "locale": "language",
    "unknown": "unknown",
    "day": "day",
    "by-day": "day {day}",
    "mean-difference": "difference",
    "mean": "mean",
    "total": "total",
    "currency": "currency",
    "people": "did",
    # ends of journeys
    "end-returned": "returned",
    "end-answered": "answered",
    "end-clicked": "clicked",
    "end-completed": "completed",
    "end-exhausted": "exhausted",
    "end-declined": "declined",
    "end-unsubscribed": "unsubscr.",
    "end-complained": "complained",
    "end-unreachable": "unreachable",
    "end-expired": "expired",
    "end-withdrawn": "withdrawn",
    "end-merged": "merged",
    "end-other": "other",
    "end-under-way": "under way",
    "end-held-out": "left alone",
    "end-skipped": "skipped",
    # small print
    "as-of": "As of {now} UTC. Return window: {window}. {assigned} customers assigned.",
    "days": "{count} days",
    "hours": "{count} hours",
    "chart-curve": "Share of each arm that has returned, by day after assignment, with 95% intervals.",
    "chart-lift": "Difference of each tactic's return rate to those left alone, in points, with its 95% interval.",
    "chart-funnel": "Letters sent, opened and clicked by people, per stage and tactic.",
    "axis-days": "days after assignment",
    "axis-points": "points more or fewer than those left alone",
    "chart-lift-note": "◇ is the true difference of the made-up shop.",
    "sizes-equal": "The arms are of equal size, as far as chance allows ({p}).",
    "sizes-unequal": (
        "The arms are not of equal size ({p}): {counts}. If equal shares were planned, don't trust the comparisons until this is explained; "
        "if other shares were planned, this check says nothing."
    ),
    "opens-by-people": "Opens and clicks by people only; machines and mail proxies are counted apart in the table above.",
    "method": (
        "Everybody counts in the arm they were assigned to, written to or not, from the moment of assignment. A return is a paid order "
        "inside the window; goods brought back lower the revenue. Rates have Wilson intervals, differences of rates Newcombe's; p-values are of the pooled z test, "
        "or Fisher's exact test where an expected count is below 5; money per customer is compared by Welch's test. Verdicts use Holm's p-values, "
        "which allow for the number of tactics. The curve by day counts everybody as long as they have been in (Kaplan-Meier). Opens have no counterpart among those left alone and prove nothing about returns."
    ),
}
