"""What an import does with touches, feedback, reasons for leaving, and what orders say beside their amount."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.operations.shopdata import CUSTOMERS, NOW, columns, rejects, run, shop, stored
from winback.errors import ConfigError
from winback.store.tables import feedback, leaving_reasons, orders, touches

DAY = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
"""The first of November in Kyiv."""

MARGINS = """
people: {file: people.csv, customers: {id: id}}
orders:
  file: orders.csv
  orders: {id: nr, customer: who, ordered_at: day, amount: sum, margin: gain, code: coupon, minus_is_return: true}
"""


def bought(tmp_path, engine, *cells: str):
    """Import orders of these sums, gains and coupons; what is kept of the amount, the margin and the code."""
    rows = "".join(f"{number},A,2026-11-01,{cell}\n" for number, cell in enumerate(cells))
    count = run(shop(tmp_path, MARGINS, orders=f"nr,who,day,sum,gain,coupon\n{rows}"), engine)["orders"]
    return count, columns(engine, orders, "amount_minor", "margin_minor", "code")


def test_a_margin_is_kept_beside_the_amount_and_an_empty_one_is_no_nought(tmp_path, engine):
    count, kept = bought(tmp_path, engine, "100,40.50,SPRING", "100,,", "100,0,", "100,-5, WINTER  10 ")
    assert count == (4, 0, 0, 0)
    assert kept == [(10000, 4050, "SPRING"), (10000, None, ""), (10000, 0, ""), (10000, -500, "WINTER 10")]
    assert bought(tmp_path, engine, "100,40.50,SPRING", "100,10,", "100,,", "100,-5, WINTER  10 ")[0] == (0, 2, 2, 0)
    assert columns(engine, orders, "margin_minor") == [(4050,), (1000,), (None,), (-500,)]


def test_a_margin_that_cannot_be_read_or_a_code_too_long_costs_the_row(tmp_path, engine):
    assert bought(tmp_path, engine, "100,much,", f"100,1,{'x' * 101}", f"100,1,{'x' * 100}")[0] == (1, 0, 0, 2)
    found = [reject["reason"] for reject in rejects(shop(tmp_path, MARGINS))]
    assert found[0] == "The margin `much` can't be read as a number with a decimal point."
    assert found[1].endswith("is longer than 100 characters.")


def test_a_margin_changes_its_sign_with_goods_brought_back(tmp_path, engine):
    assert bought(tmp_path, engine, "-100,-40,", "-100,40,", "-100,,")[1] == [(-10000, -4000, ""), (-10000, 4000, ""), (-10000, None, "")]
    words = MARGINS.replace("minus_is_return: true", "status: {column: state, placed: [ok], returned: [back]}")
    project = shop(tmp_path, words, orders="nr,who,day,sum,gain,coupon,state\n9,A,2026-11-01,100,40,,back\n")
    assert run(project, engine)["orders"] == (1, 0, 0, 0)
    assert columns(engine, orders, "amount_minor", "margin_minor")[-1] == (-10000, -4000)


def test_an_order_that_has_no_column_for_margin_and_code_keeps_what_another_import_said(tmp_path, engine):
    bought(tmp_path, engine, "100,40,SPRING")
    plain = MARGINS.replace(", margin: gain, code: coupon", "")
    assert run(shop(tmp_path, plain, orders="nr,who,day,sum\n0,A,2026-11-01,90\n"), engine)["orders"] == (0, 1, 0, 0)
    assert columns(engine, orders, "amount_minor", "margin_minor", "code") == [(9000, 4000, "SPRING")]


CALLS = CUSTOMERS + "calls: {file: calls.csv, touches: {id: nr, customer: who, touched_at: day, channel: how, reacted_at: answered}}\n"


def test_touches_are_kept_with_their_reactions_and_the_same_file_twice_changes_nothing(tmp_path, engine):
    rows = "nr,who,day,how,answered\n1,A,2026-11-01,phone,\n2,A,2026-11-01 10:00,visit,2026-11-01\n"
    assert run(shop(tmp_path, CALLS, calls=rows), engine)["calls"] == (2, 0, 0, 0)
    kept = [("1", "A", DAY, "phone", None), ("2", "A", datetime(2026, 11, 1, 8, 0, tzinfo=UTC), "visit", DAY)]
    assert columns(engine, touches, "key", "customer", "touched_at", "channel", "reacted_at") == kept
    before = stored(engine)
    assert run(shop(tmp_path, CALLS, calls=rows), engine, NOW + timedelta(days=1))["calls"] == (0, 0, 2, 0)
    assert stored(engine) == before
    assert run(shop(tmp_path, CALLS, calls=rows.replace("phone,", "phone,2026-11-02")), engine)["calls"] == (0, 1, 1, 0)


CLAIMS = """
people: {file: people.csv, customers: {id: id}}
said:
  file: said.csv
  feedback:
    id: nr
    customer: who
    said_at: day
    kind: {column: type, complaint: [Скарга, claim], survey: [poll]}
    score: points
    order: check
    text: words
    mended_at: mended
"""


def test_complaints_and_answers_to_surveys_are_kept_apart(tmp_path, engine):
    rows = "nr,who,day,type,points,check,words,mended\n1,A,2026-11-01,СКАРГА,,77, Чай  розсипався,2026-11-03\n2,B,2026-11-01,poll,10,,,\n3,B,2026-11-01,poll,0,,,\n"
    assert run(shop(tmp_path, CLAIMS, said=rows), engine)["said"] == (3, 0, 0, 0)
    assert run(shop(tmp_path, CLAIMS, said=rows), engine)["said"] == (0, 0, 3, 0)
    mended = datetime(2026, 11, 2, 22, 0, tzinfo=UTC)
    assert columns(engine, feedback, "key", "customer", "kind", "said_at", "score", "order_key", "text", "mended_at") == [
        ("1", "A", "complaint", DAY, None, "77", "Чай розсипався", mended),
        ("2", "B", "survey", DAY, 10, "", "", None),
        ("3", "B", "survey", DAY, 0, "", "", None),
    ]


def test_all_of_a_file_may_be_of_one_kind_and_five_stars_are_put_into_our_words(tmp_path, engine):
    stars = '{column: stars, words: {"1": "0", "5": "10"}}'
    sources = CUSTOMERS + f"polls: {{file: polls.csv, feedback: {{id: nr, customer: who, said_at: day, kind: survey, score: {stars}}}}}\n"
    assert run(shop(tmp_path, sources, polls="nr,who,day,stars\n1,A,2026-11-01,5\n2,A,2026-11-01,1\n"), engine)["polls"] == (2, 0, 0, 0)
    assert columns(engine, feedback, "kind", "score") == [("survey", 10), ("survey", 0)]


WHY = CUSTOMERS + (
    "why: {file: why.csv, reasons: {customer: who, reason: {column: why, words: {грубість: service}}, recorded_at: day, recorded_by: by, note: note}}\n"
)


def test_reasons_are_named_by_word_by_title_or_by_the_shops_word_and_kept_once_a_day(tmp_path, engine):
    rows = "who,why,day,by,note\nA,Грубість,2026-11-01,olena,Чекала годину\nA,moved,2026-11-01,,\nB,Poor service,2026-11-01 23:30,,\nB,service,2026-11-02,,\n"
    assert run(shop(tmp_path, WHY, why=rows), engine)["why"] == (4, 0, 0, 0)
    assert run(shop(tmp_path, WHY, why=rows), engine)["why"] == (0, 0, 4, 0)
    assert columns(engine, leaving_reasons, "key", "customer", "reason", "source", "recorded_by", "note") == [
        ("staff:A:2026-11-01:service", "A", "service", "staff", "olena", "Чекала годину"),
        ("staff:A:2026-11-01:moved", "A", "moved", "staff", "", ""),
        ("staff:B:2026-11-01:service", "B", "service", "staff", "", ""),
        ("staff:B:2026-11-02:service", "B", "service", "staff", "", ""),
    ]


def test_reasons_may_have_ids_of_the_shop_and_come_from_a_survey(tmp_path, engine):
    sources = CUSTOMERS + "why: {file: why.csv, reasons: {id: nr, customer: who, reason: why, recorded_at: day, source: survey}}\n"
    run(shop(tmp_path, sources, why="nr,who,why,day\n7,A,price,2026-11-01\n"), engine)
    assert columns(engine, leaving_reasons, "key", "source", "reason") == [("7", "survey", "price")]
    assert run(shop(tmp_path, sources, why="nr,who,why,day\n7,A,goods,2026-11-01\n"), engine)["why"] == (0, 1, 0, 0)


def test_the_shops_own_reasons_are_those_of_its_file(tmp_path, engine):
    project = shop(
        tmp_path, WHY.replace("грубість: service", "грубість: rude"), why="who,why,day,by,note\nA,rude,2026-11-01,,\nB,service,2026-11-01,,\n"
    )
    (tmp_path / "config/reasons.yaml").write_text("reasons: {rude: {title: Грубість}, late: {title: Пізно}}", encoding="utf-8")
    assert run(project, engine)["why"] == (1, 0, 0, 1)
    assert rejects(project)[0]["reason"] == "The reason `service` is not in config/reasons.yaml. Reasons: late, rude."


def test_words_that_stand_for_a_reason_nobody_knows_are_refused_before_anything_is_read(tmp_path, engine):
    with pytest.raises(ConfigError) as refused:
        run(shop(tmp_path, WHY.replace("грубість: service", "грубість: servise"), why=""), engine)
    assert str(refused.value) == "config/sources.yaml:3: the reason `servise` is not in config/reasons.yaml. Did you mean `service`?"


@pytest.mark.parametrize(
    ("sources", "header", "bad"),
    [
        (
            CALLS,
            "nr,who,day,how,answered",
            [
                ("1,A,someday,phone,", "The date `someday` can't be read as iso."),
                ("1,A,2026-11-25,phone,", "The date `2026-11-25` lies in the future."),
                ("1,A,2026-11-01,phone,yes", "The date `yes` can't be read as iso."),
                ("1,A,2026-11-05,phone,2026-11-03", "The reaction is dated before the touch."),
                ("1,A,2026-11-01,by letters of the former system,", "The channel `by letters of the former syste...` is longer than 20 characters."),
                ("1,Z,2026-11-01,phone,", "The customer `Z` is not known"),
                (",A,2026-11-01,phone,", "`nr` is empty; every row needs an id."),
            ],
        ),
        (
            CLAIMS.replace("said", "calls").replace("calls_at", "said_at"),
            "nr,who,day,type,points,check,words,mended",
            [
                ("1,A,2026-11-01,poll,11,,,", "The score `11` is no whole number from 0 to 10."),
                ("1,A,2026-11-01,poll,-1,,,", "The score `-1` is no whole number from 0 to 10."),
                ("1,A,2026-11-01,poll,8.5,,,", "The score `8.5` is no whole number from 0 to 10."),
                ("1,A,2026-11-01,poll,good,,,", "The score `good` is no whole number from 0 to 10."),
                ("1,A,2026-11-01,poll,,,,", "An answer to a survey needs its score, from 0 to 10."),
                ("1,A,2026-11-01,praise,9,,,", "The kind `praise` is listed neither as complaint nor as survey."),
                ("1,A,2026-11-01,,9,,,", "The kind `` is listed neither as complaint nor as survey."),
                ("1,A,2026-11-05,claim,,,,2026-11-03", "It is said to be put right before it was said."),
                (f"1,A,2026-11-01,claim,,{'9' * 201},,", "is longer than 200 characters."),
                ("1,Z,2026-11-01,claim,,,,", "The customer `Z` is not known"),
                ("1,A,2026-11-25,claim,,,,", "The date `2026-11-25` lies in the future."),
            ],
        ),
        (
            WHY.replace("why:", "calls:").replace("why.csv", "calls.csv"),
            "who,why,day,by,note",
            [
                ("A,prise,2026-11-01,,", "The reason `prise` is not in config/reasons.yaml. Did you mean `price`?"),
                ("A,,2026-11-01,,", "The reason is empty."),
                ("A,price,,,", "The date `` can't be read as iso."),
                ("A,price,2026-11-25,,", "The date `2026-11-25` lies in the future."),
                (f"A,price,2026-11-01,{'x' * 101},", "is longer than 100 characters."),
                ("Z,price,2026-11-01,,", "The customer `Z` is not known"),
                ("B,moved,2026-11-01,olena,", "The same customer's same reason of the same day stands in an earlier row too, with other content"),
            ],
        ),
    ],
    ids=["touches", "feedback", "reasons"],
)
def test_bad_rows_are_told_and_cost_themselves_alone(tmp_path, engine, sources, header, bad):
    good = {"nr,who,day,how,answered": "0,B,2026-11-01,,", "who,why,day,by,note": "B,moved,2026-11-01,,"}.get(header, "0,B,2026-11-01,claim,,,,")
    project = shop(tmp_path, sources, calls="\n".join([header, good, *(row for row, _ in bad), ""]))
    assert run(project, engine)["calls"] == (1, 0, 0, len(bad))
    assert len(found := rejects(project)) == len(bad)
    assert [(reason, reject["reason"]) for (_, reason), reject in zip(bad, found, strict=True) if reason not in reject["reason"]] == []


def test_a_day_ahead_is_a_zone_and_more_is_the_future(tmp_path, engine):
    rows = f"nr,who,day,sum,gain,coupon\n1,A,{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ},1,,\n2,A,{NOW + timedelta(days=1, seconds=1):%Y-%m-%dT%H:%M:%SZ},1,,\n"
    project = shop(tmp_path, MARGINS, orders=rows)
    assert run(project, engine)["orders"] == (1, 0, 0, 1)
    assert "lies in the future" in rejects(project)[0]["reason"]
