"""What reports say, by language. A language is one mapping with the same keys; arms and numbers are filled in by wording.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Words: TypeAlias = Mapping[str, str]

ENGLISH: Words = {
    "language": "en",
    # how numbers and days are written
    "thousands": ",",
    "decimal": ".",
    "percent": "{number}%",
    "range": "{low} to {high}",
    "plurals": "",
    "date": "{day} {month} {year}",
    "months": "January February March April May June July August September October November December",
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
    "p-of-several": "{p}, all tactics considered",
    "ahead": "{arm} brings back more than {against}: {difference} points (95% interval {low} to {high}, {p}).",
    "alike": "Between {arm} and {against} no difference is found: {difference} points (95% interval {low} to {high}, {p}).",
    "all-alike": "No difference is found among the tactics themselves.",
    "open": (
        "The return window closes on {day}; until then these numbers move. Where tactics are compared, with those left alone or with each other, intervals and "
        "p-values are those of a confidence sequence: wider, and right however often one looks; all others hold for a single look. Decide after that day; earlier only to stop what does harm."
    ),
    "closed": (
        "The return window of {window} closed on {day}. Returns and money can now be changed only by late imports, cancellations and refunds; "
        "second purchases, codes and people who ask for no more letters still come in."
    ),
    "waves": "Shares changed from wave to wave: arms are compared inside each wave, and return rates in sentences are weighted by waves.",
    "waves-without": "The curve, the sequence by day, further measures, chances and kinds of customers are left out: they would pool unlike waves.",
    "waves-counts": "All waves together. These rates can't be compared between arms, as shares changed from wave to wave.",
    "nobody": "Nobody has been assigned yet.",
    "sizes-right": "The arms have the sizes that were planned ({p}).",
    "sizes-wrong": (
        "The arms do not have the sizes that were planned ({p}): {counts}. Don't trust the comparisons until this is explained. Likely causes: the shares "
        "in the campaign file were changed while the run went on; customers were deleted, merged or skipped after they had been assigned; "
        "somebody was enrolled by hand; an arm's customers failed to be stored."
    ),
    "sizes-causes": "The figures point to: {causes}.",
    "sizes-cause-unplanned": "the arm {where}, which the plan does not have",
    "sizes-cause-merged": "places given up when records were merged",
    "sizes-cause-part": "one part of the customers ({where}); the others are right",
    "sizes-cause-day": "day {where} of the run; the others are right",
    "sizes-cause-everywhere": "all parts alike, as if other shares had been used or rows were taken away",
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
    # money
    "measures": "More measures",
    "measure": "measure",
    "its-own": "its own",
    "p-bh": "p, BH",
    "measure-orders": "orders per customer",
    "measure-margin": "margin per customer",
    "measure-capped": "revenue per customer, the largest capped",
    "measure-average-order": "average order",
    "measure-won-back": "of what they used to spend",
    "measure-kept": "bought twice",
    "measure-half-day": "half of the returns by day",
    "measures-note": "These point to where to look; no verdict rests on them. Their p-values allow for how many there are (Benjamini-Hochberg).",
    "money-doubt": "Few customers decide the money of {arm}: drawn again and again, its difference lies at {interval}; look at the largest orders before you trust it.",
    "brought": "What it brought, and what it cost",
    "all-tactics": "all together",
    "extra-revenue": "revenue that would not have come",
    "spent": "cost",
    "profit": "profit",
    "roi": "profit per cost",
    "no-margins": "Profit can't be told: no order says what of it stays with the shop. Import margins, or write `margin:` in config/value.yaml.",
    "costs": "What it was spent on",
    "cost-messages": "letters",
    "cost-discounts": "discounts",
    "cost-gifts": "gifts",
    "cost-calls": "calls",
    # the trade's promises
    "promises": "What the trade promises, and what came of it",
    "interested": "showed interest",
    "kept": "bought twice",
    "promises-note": (
        "The trade promises that half of those written to show interest and that 15 to 20% become regular customers again. Interest is an open or a click by a "
        "person, or an answer; bought twice is a second purchase within a return window of the first. Shares are of everybody assigned, written to or not."
    ),
    "promise-interest": "half show interest",
    "promise-regular": "15 to 20% regular again",
    # while it runs
    "followed": "Where it stands, looked at on any day",
    "interval-always": "interval of all days",
    "chance-best": "chance to be best",
    "expected-loss": "may cost, points",
    "followed-note": (
        "This interval is wider because it holds on all days at once: whoever looks daily may believe it on any of them. The chance to be best, the "
        "holdout among the candidates, and the points that choosing it may cost describe; they decide nothing."
    ),
    "guards": "What must not happen",
    "guard": "guard",
    "standing": "standing",
    "count": "count",
    "written-to": "written to",
    "limit": "limit",
    "guarded-unsubscribed": "unsubscribed",
    "guarded-complained": "called it spam",
    "guard-fine": "fine",
    "guard-watch": "above the limit, perhaps by chance",
    "guard-stop": "stop: above the limit, and not by chance",
    # who responds
    "segments": "Who responds",
    "believed": "believed",
    "segments-note": (
        "Small groups show large differences by chance. What is believed of each is drawn towards the effect on everybody, the more, the fewer customers it rests on; "
        "a group counts as different only where its interval says so."
    ),
    "by-value_class": "value",
    "by-sign": "sign of being lost",
    "by-recency": "silent for",
    "by-language": "language",
    "by-country": "country",
    "by-domain": "mailbox",
    "by-manager": "manager",
    "value_class-gold": "gold",
    "value_class-silver": "silver",
    "value_class-copper": "copper",
    "left-alone": "left alone",
    # behind the results
    "mailboxes": "By the provider of the mailbox",
    "mailbox": "mailbox at",
    "trouble": "trouble",
    "bounced": "came back",
    "share-refused": "refused or back",
    "complained": "called spam",
    "trouble-refused": "refuses our letters",
    "trouble-spam": "readers call them spam",
    "trouble-unseen": "seldom opened: perhaps in the spam folder",
    "other-mailboxes": "others",
    "reasons": "Why they had left, and who came back",
    "left-because": "had left because",
    "not-told": "not known",
    "plan": "The plan, and what happened",
    "what": "",
    "as-planned": "planned",
    "happened": "happened",
    "of-plan": "of the plan",
    "plan-written-to": "people to write to",
    "plan-left-alone": "people left alone",
    "plan-letters": "letters of {of}, at the most",
    "plan-cost": "cost of sending, {currency}",
    "plan-by-themselves": "return by themselves",
    "plan-visible": "rise that {of} must bring to show, points",
    "plan-note": "Letters and cost are planned as if nobody ordered, answered or asked to stop before their turn came.",
    # a week
    "week-quiet": "No campaign was under way.",
    "week-sent": "Letters that left: {sent}. Answered: {replies}.",
    "week-waits": "{campaign} waits for approval: {command}",
    # a quarter
    "quarter-title": "{quarter}: who left, and who came back",
    "quarter-as-of": "From {first} to {last}. A customer is lost after {days} without a purchase.",
    "quarter-open": "The quarter isn't over: its figures are those up to {day}.",
    "quarter-nobody": "Nobody had bought by then, so nobody stayed, left or came back.",
    "quarter-moved": "Customers who left: {left}. Who came back: {back}. New ones: {new}.",
    "quarter-crr": "{crr} of those there at the start were kept, as the trade counts it; {strict}, counting only those who stayed.",
    "quarter-brought": "Campaigns that began in it brought back {extra} more than would have come by themselves, and cost {spent} {currency}.",
    "quarter-customers": "Customers",
    "quarter-by-manager": "By manager",
    "quarter-by-reason": "By the reason for leaving",
    "quarter-by-value": "By value",
    "quarter-campaigns": "Campaigns that began in the quarter",
    "quarter-campaigns-note": "As known today, against those left alone. Where a return window is open the figures still move.",
    "together": "All campaigns together",
    "together-campaigns": "campaigns write",
    "together-bought": "bought again",
    "together-revenue": "revenue per customer, {currency}",
    "together-better": (
        "All campaigns together bring people back: {rate} of {n} bought again, against {base} of the {base_n} to whom no campaign writes: "
        "{difference} points more (95% interval {interval}, {p})."
    ),
    "together-worse": (
        "All campaigns together keep people away: {rate} of {n} bought again, against {base} of the {base_n} to whom no campaign writes: "
        "{difference} points fewer (95% interval {interval}, {p})."
    ),
    "together-unclear": (
        "Whether all campaigns together bring people back can't be told yet: {rate} of {n} bought again, against {base} of the {base_n} to whom "
        "no campaign writes ({difference} points, 95% interval {interval}, {p})."
    ),
    "together-sizes": "Don't trust this yet: {found} are left alone, and {share} should be. Was the share changed in between?",
    "together-note": (
        "Everybody whom a campaign wanted to write to from {first} to {last}, and what they bought from then on until {last}. Who is left alone "
        "is drawn for the whole period, for all campaigns alike; greetings go to everybody."
    ),
    "window-open": "window open",
    "there-at-start": "at the start",
    "new": "new",
    "came-back": "came back",
    "left": "left",
    "there-at-end": "at the end",
    "crr": "CRR",
    "crr-strict": "strict",
    "crr-note": (
        "CRR is (at the end − new) / at the start: those who came back make it too good, and it can pass 100%. The strict one counts only those who "
        "were there at both ends."
    ),
    "group-manager": "manager",
    "group-reason": "reason",
    "group-value": "value",
    "campaign": "campaign",
    "began": "began",
    "spent-money": "cost, {currency}",
    # small print
    "as-of": "As of {now} UTC. Return window: {window}. {assigned} customers assigned.",
    "days": "day|days",
    "hours": "hour|hours",
    "chart-promises": "Share of each arm that showed interest, and that bought twice, beside what the trade promises.",
    "chart-followed": "Difference of each tactic to those left alone, day by day, with an interval that holds on all days at once.",
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
        "which allow for the number of tactics. The curve by day counts everybody as long as they have been in (Kaplan-Meier). While the return window is open, tactics are compared by "
        "confidence sequences instead (Robbins). Where fewer than 20 customers of an arm bought, money has neither interval nor p-value. Opens have no counterpart among those left alone and prove nothing about returns."
    ),
}
