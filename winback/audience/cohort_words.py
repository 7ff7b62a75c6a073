"""What each word of a cohort file asks, in a line, for whoever writes one; docs/cohorts.md tells the same at length."""

from __future__ import annotations

WORDS = {
    "lapsed": "silent as long as the trade calls it, after enough orders",
    "sign": "shows one of these signs of being lost",
    "days_since_last_order": "whole days since the last order",
    "days_since_first_order": "whole days since the first order",
    "days_since_last_inquiry": "whole days since the last question",
    "days_since_last_touch": "whole days since the last contact",
    "days_since_last_reaction": "whole days since the last answer",
    "days_since_complaint": "whole days since a complaint that isn't mended",
    "days_since_survey": "whole days since the last score in a survey",
    "first_order": "the calendar day of the first order",
    "last_order": "the calendar day of the last order",
    "not_bought_since": "no order on that day or later",
    "orders": "how many orders, ever or within some days",
    "purchase_days": "days with an order: two baskets on an evening are one",
    "inquiries": "how many questions, ever or within some days",
    "inquiries_since_order": "questions since the last order",
    "touches": "how many contacts",
    "touches_since_reaction": "contacts since the last reaction or order",
    "complaints": "how many complaints, ever or within some days",
    "surveys": "answers to surveys",
    "last_score": "the last score in a survey, 0 to 10",
    "codes_used": "codes redeemed",
    "usual_gap": "days between two orders: the median",
    "long_gap": "days between two orders: nine in ten stay below",
    "overdue": "the silence in the customer's own mean gaps; plain silence tells better",
    "revenue": "what they paid, goods brought back taken off; ever or within some days",
    "average_order": "the average order, in the project's currency",
    "currency": "the one currency of all their orders",
    "value": "gold, silver or copper: what they bring of the profit",
    "regularity": "how even their purchases are",
    "recency": "fifths of all customers: 5 bought most lately",
    "frequency": "fifths of all customers: 5 bought most often",
    "money": "fifths of all customers: 5 bought for most",
    "profit": "what they brought",
    "lifetime_value": "what they are worth as a customer",
    "expected_value": "what they would bring if they came back",
    "worth_it": "a return is worth more than the whole sequence of that campaign costs",
    "chance_lost": "the chance of no purchase in the days that value.yaml says; ranks well, is never exact",
    "recommended": "customers whom they brought",
    "stage": "where they stand with the shop",
    "reason": "why they left, as last recorded",
    "country": "two letters, as the shop has it",
    "locale": "their language",
    "city": "their city, as the shop writes it",
    "sex": "f or m, as the shop has it",
    "manager": "who looks after them: a key of senders.yaml",
    "tag": "the shop's own words for customers",
    "custom": "a column of the shop's own, by its name in sources.yaml",
    "reachable_by": "a working address and a proven consent",
    "all": "all of some other conditions",
    "any": "at least one of some other conditions",
    "not": "another condition, turned round",
}
"""Words of `rules:`."""

EXCLUDES = {
    "lists": "customers on a list: a file in config/lists/, one id a line",
    "black_list": "customers on the shop's black list",
    "contacted_within": "customers who were written to or called within some days",
    "in_another_campaign": "customers whom another campaign that is under way writes to or holds out",
    "returned_within": "customers who came back within some days",
    "addresses": "customers whose every address has one of these faults",
}
"""Words of `exclude:`."""

FIELDS = {
    "title": "what the cohort is called",
    "rules": "conditions; a customer is in it when every one holds",
    "exclude": "whom to leave out, whatever the rules say",
    "order_by": "what members are put in order by, the most first",
    "limit": "only the first so many",
}
"""What a cohort file is made of."""

ORDERS = {
    "expected_value": "what a return would bring",
    "lifetime_value": "what they are worth as a customer",
    "chance_lost": "the chance of no purchase",
    "revenue": "what they paid",
    "average_order": "the average order",
    "orders": "how many orders",
    "last_order": "who ordered last comes first",
}
"""What `order_by:` may say."""

PARTS = {
    "from": "so many days or more",
    "below": "fewer than so many days",
    "since": "on that day or later: 2025-01-01",
    "before": "before that day: 2026-01-01",
    "at_least": "so many or more",
    "at_most": "so many or fewer",
    "within": "of what happened lately: 90 days",
    "name": "the column, as sources.yaml calls it",
    "is": "one of these words",
}
"""What stands in the braces of a condition."""
