"""A person of whom everything is held that can be: what tests of export and erasure begin with."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert

from winback.settings import Project
from winback.store import contacts, database
from winback.store import tables as t

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
THEN = NOW - timedelta(days=90)
WINDOW = timedelta(days=60)
PLAN = {"stop_when": ["ordered"], "shares": {"word": 0.5, "holdout": 0.5}, "stages": ["first"], "enrol": "once", "window_seconds": 5184000}

TRACES = (
    *("Vasylyna", "Ostapivna", "Zozulia", "vasylyna@post.example", "zozulia@alt.example", "+380671234567", "777000111"),
    *("K-4711", "K-4712", "order-4711-in", "order-4711-out", "<wb.4711@news.example>", "remote-4711", "550 mailbox vasylyna"),
    *("a reply of hers", "a problem of hers", "an inquiry of hers", "a note of hers", "a task of hers", "VASYA-10", "Mozilla-of-hers"),
    *("Kamianets", "her-tag", "1987-03-14", "touch-4711", "feedback-4711", "reason-4711", "inquiry-4711", "birthday@2026-03-14", "0.4711"),
    *(
        "owed to hers",
        "consent hers",
        "proof hers",
        "address of hers",
        "an answer of hers",
        "a webhook of hers",
        "a forward of hers",
        "words of hers in a thread",
        "777000222",
    ),
)
"""What nothing may hold any more."""


def put(connection: Connection, table: Any, **values: Any) -> Any:
    return connection.execute(insert(table).values(**values)).inserted_primary_key[0]


def hold(engine: Engine, secret: bytes, runs: int, key: str, *, email: str, name: str, **more: Any) -> int:
    """Somebody with a row in every table."""
    with database.writing(engine) as c:
        she = key == "K-4711"
        whose = "hers" if she else "his"
        who = put(
            c,
            t.customers,
            key=key,
            given_name=name,
            updated_at=THEN,
            birthday=date(1987, 3, 14) if she else None,
            **more,
        )
        hashed = contacts.address_hash(secret, "email", email)
        put(c, t.contacts, customer_id=who, channel="email", address=email, address_hash=hashed)
        put(c, t.consents, customer_id=who, channel="email", purpose="marketing", given_at=THEN, source=f"consent {whose}")
        wording = put(c, t.consent_wordings, text_hash=hashlib.sha256(key.encode()).digest(), text="May we write to you?", first_seen_at=THEN)
        asked = {"customer_id": who, "channel": "email", "purpose": "marketing", "wording_id": wording}
        put(
            c,
            t.consent_proofs,
            **asked,
            deed="given",
            recorded_at=THEN,
            way="import",
            source=f"proof {whose}",
            evidence={"ip": f"address of {whose}"},
        )
        put(c, t.consent_requests, **asked, number=1, address_hash=hashed, status="sent", asked_at=THEN, detail=f"an answer of {whose} server")
        put(c, t.preferences, customer_id=who, locale="uk", favourite_day="03-14" if she else "", said_at=THEN)
        inside, outside = f"order-{key[2:]}-in", f"order-{key[2:]}-out"
        for order, at in ((inside, THEN + timedelta(days=5)), (outside, THEN - timedelta(days=400))):
            values = {"amount_minor": 12300, "currency": "UAH", "quantity": 2, "status": "placed", "code": "VASYA-10" if she else ""}
            put(c, t.orders, key=order, customer_id=who, ordered_at=at, **values)
        put(c, t.inquiries, key=f"inquiry-{key[2:]}", customer_id=who, inquired_at=THEN, subject=f"an inquiry of {whose}")
        put(c, t.touches, key=f"touch-{key[2:]}", customer_id=who, touched_at=THEN)
        put(
            c, t.feedback, key=f"feedback-{key[2:]}", customer_id=who, kind="complaint", said_at=THEN, order_key=outside, text=f"a problem of {whose}"
        )
        put(
            c,
            t.leaving_reasons,
            key=f"reason-{key[2:]}",
            customer_id=who,
            reason="price",
            recorded_at=THEN,
            source="staff",
            note=f"a note of {whose}",
        )
        put(c, t.stage_changes, customer_id=who, stage="lost", since=date(2026, 5, 1), before="regular", recorded_at=THEN)
        put(c, t.facts_due, customer_id=who)
        facts = {"name": name, "last_order_at": THEN.isoformat()}
        place = {
            "run_id": runs,
            "customer_id": who,
            "status": "stopped",
            "reason": "ordered",
            "arm": "word",
            "bucket": "0.4711" if she else "0.5",
            "locale": "uk",
        }
        c.execute(insert(t.recipients).values(**place, facts=facts, assigned_at=THEN, ended_at=THEN + timedelta(days=5)))
        letter = put(
            c,
            t.deliveries,
            run_id=runs,
            stage="first",
            customer_id=who,
            tactic="word",
            channel="email",
            letter="hello",
            locale="uk",
            status="sent",
            due_at=THEN,
            handed_over_at=THEN,
            sent_at=THEN,
            message_id=f"<wb.{key[2:]}@news.example>",
            remote_id=f"remote-{key[2:]}",
            detail=f"550 mailbox {email.split('@')[0]}",
            occasion="birthday@2026-03-14" if she else "",
        )
        link = c.execute(insert(t.links).values(url=f"https://shop.example/{who}")).inserted_primary_key[0]
        happened = {"customer_id": who, "delivery_id": letter, "happened_at": THEN, "verdict": "human"}
        agent = {"user_agent": f"Mozilla-of-{whose}"}
        put(c, t.events, dedupe_key=f"click:{key}", kind="click", link_id=link, signals=agent, **happened)
        reply = put(c, t.events, dedupe_key=f"reply:<wb.{key[2:]}@news.example>", kind="reply", signals={}, text=f"a reply of {whose}", **happened)
        put(c, t.forwards, event_id=reply, status="sent", manager="olena", asked_at=THEN, detail=f"a forward of {whose}")
        thread = put(
            c,
            t.threads,
            customer_id=who,
            chat_id="777000222" if she else "777000333",
            name=name,
            channel="telegram",
            status="open",
            why="reply",
            assignee="olena",
            **dict.fromkeys(("opened_at", "waiting_since", "due_at", "first_due_at"), THEN),
        )
        words = {"thread_id": thread, "author": "customer", "channel": "telegram", "status": "heard", "happened_at": THEN, "event_id": reply}
        put(c, t.thread_words, key=f"reply:<wb.{key[2:]}@news.example>", text=f"words of {whose} in a thread", **words)
        said = {"turn": 1, "question": 1, "kind": "text", "asked": "Why?", "answered_at": THEN}
        put(c, t.answers, customer_id=who, delivery_id=letter, text=f"an answer of {whose}", **said)
        moments = {"began_at": THEN, "asked_at": THEN}
        put(c, t.talks, customer_id=who, delivery_id=letter, about="survey", question=2, said_in={"2": 4711 if she else 5000}, **moments)
        put(
            c, t.owed_answers, customer_id=who, chat_id="777000111" if she else "5", utterance={"text": f"owed to {whose}"}, owed_at=THEN, due_at=THEN
        )
        code = "VASYA-10" if she else f"CODE-{key[2:]}"
        put(
            c,
            t.codes,
            code=code,
            matched=code.replace("-", ""),
            source="own",
            campaign="spring",
            offer="ten",
            status="redeemed",
            run_id=runs,
            customer_id=who,
            order_key=inside,
            redeemed_at=THEN + timedelta(days=5),
            cost_minor=1230,
            promised_minor=2000,
        )
        put(c, t.tasks, delivery_id=letter, customer_id=who, kind="call", text=f"a task of {whose}", status="open", asked_at=THEN, due_at=THEN)
        told = {"kind": "replied", "happened_at": THEN, "status": "waiting", "next_at": THEN, "asked_at": THEN, "answer": f"a webhook of {whose}"}
        put(c, t.webhook_messages, message_id=f"msg_{key}", endpoint="crm", customer_id=who, delivery_id=letter, **told)
        put(c, t.back_fill, run_id=runs, customer_id=who, place=who)
        put(c, t.left_alone, customer_id=who, period="2026-Q3", decided_at=THEN, until=THEN + timedelta(days=30))
        put(c, t.outcomes_due, run_id=runs, customer_id=who)
        put(c, t.came_back, run_id=runs, customer_id=who, number=0, marks=1, seen=1)
        put(c, t.suppressions, channel="email", address_hash=hashed, reason="unsubscribed", since=THEN, delivery_id=letter)
        put(c, t.fuses, lane=f"lane-{who}", cause="refused", blown_at=THEN, counts={}, detail=f"550 <{email}> unknown")
    return who


def run(engine: Engine) -> int:
    with database.writing(engine) as c:
        values = {"campaign": "spring", "number": 1, "status": "finished", "salt": "s", "started_at": THEN, "enrolled_at": THEN}
        return put(c, t.campaign_runs, **values, plan=PLAN)


def world(engine: Engine, project: Project) -> tuple[int, int, int, int]:
    """(run, her, her other record, somebody else): files too."""
    runs = run(engine)
    her = hold(
        engine,
        project.key,
        runs,
        "K-4711",
        email="vasylyna@post.example",
        name="Vasylyna",
        patronymic="Ostapivna",
        family_name="Zozulia",
        phone="+380671234567",
        city="Kamianets",
        tags="|her-tag|",
        custom={"pet": "her-tag"},
    )
    with database.writing(engine) as c:
        put(c, t.contacts, customer_id=her, channel="telegram", address="777000111", address_hash=hashlib.sha256(b"7").digest())
        other = put(c, t.customers, key="K-4712", given_name="Vasylyna", merged_into=her, updated_at=THEN)
    them = hold(engine, project.key, runs, "K-5000", email="petro@post.example", name="Petro", recommended_by="K-4711")
    files(project)
    return runs, her, other, them


def files(project: Project) -> None:
    letter = "From: shop@x.example\r\nTo: {}\r\nSubject: Hello\r\n\r\nDear {}\r\n"
    texts = {
        "mailbox/email/1.eml": letter.format("Vasylyna <vasylyna@post.example>", "Vasylyna Zozulia"),
        "mailbox/email/2.eml": letter.format("petro@post.example", "Petro"),
        "mailbox/telegram/3.json": json.dumps({"chat_id": "777000111", "text": "Dear Vasylyna", "language": "uk"}),
        "mailbox/telegram/4.json": json.dumps({"chat_id": "5550001110", "text": "Dear Petro", "language": "uk"}),
        "rehearsals/spring/1.eml": letter.format("vasylyna@post.example", "Vasylyna"),
        "approval/spring/1.html": "<p>To vasylyna@post.example: dear Vasylyna</p>",
        "rejects/customers-1.csv": "\ufefffile,line,reason,id,email\r\nx.csv,2,Broken,K-4711,zozulia@alt.example\r\nx.csv,3,Broken,K-5000,petro@post.example\r\n",
    }
    for name, text in texts.items():
        path = Path(project.out) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def dump(engine: Engine) -> str:
    """Every row of every table, as text."""
    lines = []
    with database.reading(engine) as connection:
        for table in t.metadata.sorted_tables:
            lines += [" | ".join([table.name, *map(str, row)]) for row in connection.exec_driver_sql(f"SELECT * FROM {table.name}")]
    return "\n".join(lines)
