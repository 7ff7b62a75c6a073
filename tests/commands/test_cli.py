"""The command as it is typed: what it prints, what it leaves with, and what it says to bad input."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import projects
from tests.commands.terminal import CUSTOMERS, table, winback
from winback import clock
from winback.demo.bot_api import BotApi
from winback.demo.mailbox import MailServer


def test_from_import_to_report_by_the_commands_alone(shop, capsys):
    code, out, _ = winback(capsys, "import", "--json")
    assert code == 0
    assert json.loads(out) == {
        "sources": [
            {"name": "customers", "inserted": 3, "updated": 0, "unchanged": 0, "rejected": 0, "rejects_file": None},
            {"name": "orders", "inserted": 9, "updated": 0, "unchanged": 0, "rejected": 0, "rejects_file": None},
        ]
    }
    shown = json.loads(winback(capsys, "cohort", "show", "silent-1-2-years-3-orders", "--json")[1])
    assert (shown["cohort"], shown["matched"]) == ("silent-1-2-years-3-orders", 3)
    assert [step["left"] for step in shown["funnel"]] == [3, 3, 3]
    assert winback(capsys, "cohort", "members", "silent-1-2-years-3-orders")[1].split() == ["A1", "A2", "A3"]
    assert "silent-1-2-years-3-orders" in winback(capsys, "cohort", "list")[1]
    plan = json.loads(winback(capsys, "plan", "winter-tea", "--json")[1])
    assert plan["cohort"] == 3
    assert plan["skips"] == {"no-consent": 1}
    assert sum(plan["arms"].values()) == 2
    ran = json.loads(winback(capsys, "run", "winter-tea", "--json")[1])
    assert ran["enrolled"] == 3
    assert table(shop, "recipients") == 3
    told = winback(capsys, "explain", "A3", "--campaign", "winter-tea")[1]
    assert "no consent" in told
    assert "Skipped: no-consent." in told
    rows = json.loads(winback(capsys, "deliveries", "winter-tea", "--json")[1])["deliveries"]
    assert {row["customer"] for row in rows} <= {"A1", "A2"}
    report = json.loads(winback(capsys, "report", "winter-tea", "--json", "--html", "out/report.html")[1])
    assert {arm["arm"] for arm in report["arms"]} == {"warm-word", "gift-first", "holdout"}
    assert {"outcome", "arm", "against", "difference", "low", "high", "p_value"} <= set(report["comparisons"][0])
    assert set(report["sample_ratio"]) >= {"chi2", "p_value"}
    page = (shop / "out" / "report.html").read_text(encoding="utf-8")
    assert "Did winter-tea bring people back?" in page
    assert "http" not in page, "the page needs nothing from elsewhere"


def test_check_says_that_all_is_well_or_what_is_not(shop, capsys):
    assert winback(capsys, "check") == (0, "Everything fits together.\n", "")
    projects.edit(shop / "config/campaigns/winter-tea.yaml", "holdout: 0.25 ", "holdout: 15 ")
    projects.edit(shop / "templates/emails/we-miss-you/body.html", "{% block body %}", "{% block body %}{{ offr.text }}")
    code, out, _ = winback(capsys, "check", "--json")
    problems = json.loads(out)["problems"]
    assert code == 1
    assert {"file", "line", "message", "how"} == set(problems[0])
    assert any(problem["file"] == "config/campaigns/winter-tea.yaml" and "holdout" in problem["message"] for problem in problems)
    assert any(problem["file"] == "templates/emails/we-miss-you/body.html" and "offr" in problem["message"] for problem in problems)


def test_rehearse_writes_letters_and_says_when_they_would_leave(shop, capsys):
    winback(capsys, "import")
    code, out, _ = winback(capsys, "rehearse", "winter-tea", "--json")
    played = json.loads(out)
    assert code == 0
    letters = list((shop / "out" / "rehearsals" / "winter-tea").rglob("*.*"))
    assert sum(day["letters"] for day in played["calendar"]) == len(letters)
    assert table(shop, "recipients") == 0


def test_rehearse_without_letters_prints_a_calendar_and_leaves_no_file(shop, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    winback(capsys, "import")
    played = json.loads(winback(capsys, "rehearse", "winter-tea", "--no-letters", "--json")[1])
    assert played["folder"] is None
    assert {"day", "stage", "channel", "language", "through", "letters"} == set(played["calendar"][0])
    assert sum(played["days"].values()) == sum(each["letters"] for each in played["calendar"]) > 0
    code, out, _ = winback(capsys, "rehearse", "winter-tea", "--no-letters")
    assert code == 0
    assert "news.zerno.example" in out
    assert "No letters were written." in out
    assert not (shop / "out" / "rehearsals").exists()


def test_rehearse_plays_a_campaign_on_another_day_than_its_own(shop, capsys):
    winback(capsys, "import")
    first = clock.now().date() - timedelta(days=20)
    last = first + timedelta(days=61)
    played = json.loads(winback(capsys, "rehearse", "winter-tea", "--no-letters", "--from", f"{first}", "--json")[1])
    assert (played["from"], played["until"]) == (f"{first}", f"{last}"), "as long as it lasts by its file"
    assert played["days"]
    assert all(f"{first}" <= day <= f"{last}" for day in played["days"])


def test_preview_writes_a_letter_in_each_language_and_a_sheet_of_all(shop, capsys):
    code, out, _ = winback(capsys, "preview", "gift-with-code", "--out", "out/preview")
    assert code == 0
    assert [Path(line).name for line in out.split()] == [
        *(f"gift-with-code.{language}.{ending}" for language in ("en", "mn", "ro", "ru", "uk", "uz") for ending in ("html", "txt")),
        "index.html",
    ]
    winback(capsys, "import")
    winback(capsys, "preview", "we-miss-you", "--customer", "A2", "--locale", "uk", "--out", "out/preview")
    assert "Олено!" in (shop / "out/preview/we-miss-you.uk.txt").read_text(encoding="utf-8")
    winback(capsys, "preview", "--customer", "A1", "--customer", "A2", "--campaign", "winter-tea", "--stage", "last-day", "--locale", "uk")
    assert "Олено!" in (shop / "out/preview/last-day-of-offer.last-day.warm-word.uk.2-A2.txt").read_text(encoding="utf-8")


def test_send_test_needs_no_database_and_says_where_the_letter_went(shop, capsys):
    code, out, _ = winback(capsys, "send-test", "we-miss-you", "--to", "olena@zerno.example")
    assert code == 0
    assert "we-miss-you (uk): nothing left this machine; it lies in out/mailbox/tests/email/1.eml. Write `via: smtp`" in out
    assert not (shop / "winback.db").exists()
    winback(capsys, "import")
    assert winback(capsys, "send-test", "we-miss-you", "--to", "olena@zerno.example", "--customer", "A1", "--locale", "en")[0] == 0
    assert [table(shop, name) for name in ("campaign_runs", "deliveries", "events", "links")] == [0, 0, 0, 0]


def drop(path: str):
    return lambda shop: (shop / path).unlink()


def write(path: str, content: str, encoding: str = "utf-8"):
    return lambda shop: (shop / path).write_text(content, encoding=encoding)


def edit(path: str, old: str, new: str):
    return lambda shop: projects.edit(shop / path, old, new)


@pytest.mark.parametrize(
    ("break_it", "command", "sentence"),
    [
        (drop("data/orders.csv"), ["import"], "data/orders.csv"),
        (write("data/orders.csv", ""), ["import"], "data/orders.csv"),
        (write("data/customers.csv", CUSTOMERS.replace("Emma", "Олена"), "cp1251"), ["import"], "encoding: cp1251"),
        (edit("config/sources.yaml", "id: order", "id: ordr"), ["import"], "order"),
        (edit("config/sources.yaml", "  orders:\n    file", "  ordres:\n    file"), ["import", "--source", "orders"], "Did you mean `ordres`?"),
        (edit("config/campaigns/winter-tea.yaml", "cohort: silent-1", "cohort: silnt-1"), ["run", "winter-tea"], "winter-tea.yaml:3: there is no cohort `silnt-1-2-years-3-orders`"),
        (edit("config/campaigns/winter-tea.yaml", "sender: olena", "sender: olea"), ["plan", "winter-tea"], "Did you mean `olena`?"),
        (edit("config/campaigns/winter-tea.yaml", "gift-first: gift-with-code", "gift-first: gift"), ["rehearse", "winter-tea"], "there is no letter `gift`"),
        (edit("config/campaigns/winter-tea.yaml", "holdout: 0.25", "holdout: 25"), ["run", "winter-tea"], "Write 0.25 for 25 %."),
        (edit("templates/messages/gift-reminder/text.html", "{{", "{{ nobody }}{{"), ["run", "winter-tea"], "`nobody` is not known here"),
        (edit("config/settings.yaml", "currency: UAH", "currency: UAH\ncurrency: EUR"), ["check"], "`currency` stands here a second time"),
        (edit("config/settings.yaml", "sqlite:///winback.db ", "postgresql://nobody@127.0.0.1:1/x "), ["cohort", "show", "silent-1-2-years-3-orders"], "can't be opened"),
        (None, ["cohort", "show", "silent"], "there is no cohort `silent`. Did you mean `silent-1-2-years-3-orders`?"),
        (None, ["cohort", "show", "dear-and-silent", "--as-of", "yesterday"], "`yesterday` is not a day. Write it as 2026-03-09."),
        (None, ["cohort", "show", "dear-and-silent", "--as-of", "9999-12-31"], "`9999-12-31` is not a day."),
        (None, ["explain", "A1"], "Add --cohort NAME or --campaign NAME."),
        (None, ["explain", "nobody", "--cohort", "dear-and-silent"], "there is no customer `nobody`"),
        (None, ["report", "winter-tea"], "has not run yet"),
        (None, ["pause", "winter-tea"], "has no run"),
        (None, ["run", "winter-tea"], "nobody is in the cohort `silent-1-2-years-3-orders` now. Import first"),
        (None, ["serve", "--host", "192.0.2.1"], "port 8000 of 192.0.2.1 can't be listened on"),
        (edit("config/settings.yaml", "  via: file                           # file, or", "  via: bot-api                        # file, or"), ["check"], "their links would lead to http://localhost:8000. Write the https address in `public_url:`"),
        (None, ["deliveries", "winter-te"], "the campaign `winter-te` has no run"),
        (edit("config/policy.yaml", "  RO:\n", "  Romania:\n"), ["check"], "a country is its two capital letters"),
        (edit("config/policy.yaml", "weekdays: [mon, tue, wed, thu, fri, sat]", "weekdays: []"), ["check"], "config/policy.yaml:10: `default.weekdays`"),
        (edit("config/settings.yaml", "sqlite:///winback.db ", "postgresql://nobody:hunter2@127.0.0.1/x "), ["check"], "set WINBACK_DATABASE_URL"),
        (edit("config/settings.yaml", "  port: 587", "  port: 587\n  timeout_seconds: 600"), ["check"], "one letter may take longer than that"),
        (edit("config/campaigns/winter-tea.yaml", "valid_for: 35 days", "valid_for: 10 days"), ["check"], "the offer lasts 10 days, and the letter of `last-day` that speaks of it leaves on day 21 or later. Write 28 days or more."),
        (None, ["resolve", "7", "perhaps"], "Write sent or not-sent."),
        (None, ["preview", "gift-with-kode"], "Did you mean `gift-with-code`?"),
        (None, ["preview"], "Give a letter, or --campaign NAME for all of its letters."),
        (None, ["send-test", "we-miss-you", "--to", "olena"], "`olena` is neither an e-mail address nor the number of a chat."),
        (edit("templates/emails/we-miss-you/body.html", "{% block body %}", "{% block body %}{{ 'a' * 10**9 }}"), ["preview", "we-miss-you"], "templates/emails/we-miss-you/body.html:3: templates do not calculate."),
        (None, ["deliveries", "winter-tea", "--status", "lost"], "there is no status `lost`"),
        (None, ["schema", "cohorts"], "Did you mean `cohort`?"),
        (None, ["init", "."], "lies there already"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_changes_nothing(shop, capsys, break_it, command, sentence):
    if break_it:
        break_it(shop)
    code, out, err = winback(capsys, *command)
    said = out + err
    assert code == 1
    assert sentence in said
    assert "Traceback" not in said
    assert "hunter2" not in said
    if (shop / "winback.db").exists():
        assert [table(shop, name) for name in ("customers", "orders", "campaign_runs", "deliveries")] == [0, 0, 0, 0]


def test_cp1251_is_read_when_the_mapping_says_so(shop, capsys):
    write("data/customers.csv", CUSTOMERS, "cp1251")(shop)
    edit("config/sources.yaml", "    file: data/customers.csv", "    file: data/customers.csv\n    encoding: cp1251")(shop)
    assert winback(capsys, "import")[0] == 0
    winback(capsys, "preview", "we-miss-you", "--customer", "A2", "--locale", "uk")
    assert "Олено!" in (shop / "out/preview/we-miss-you.uk.txt").read_text(encoding="utf-8")


def test_a_database_from_a_newer_winback_is_left_alone(shop, capsys):
    winback(capsys, "import")
    engine = create_engine(f"sqlite:///{shop / 'winback.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    code, _, err = winback(capsys, "run", "winter-tea")
    assert code == 1
    assert "is at version 9999, newer than this winback knows. Update winback" in err


def test_a_wrong_password_and_a_refused_bot_point_into_the_settings(shop, capsys, monkeypatch, tmp_path):
    winback(capsys, "import")
    with MailServer(tmp_path / "mail", user="shop", password="right") as mail:
        for file, old, new in (*projects.through(mail.host, mail.port), ("config/settings.yaml", 'user: ""', "user: shop")):
            edit(file, old, new)(shop)
        code, _, err = winback(capsys, "run", "winter-tea")
        assert (code, "Set WINBACK_SMTP_PASSWORD." in err) == (1, True)
        monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "wr0ng")
        code, _, err = winback(capsys, "run", "winter-tea")
        assert code == 1
        assert "the mail server refused the login of `shop`" in err
        assert "wr0ng" not in err
        (tmp_path / "password").write_text("right\n")
        monkeypatch.delenv("WINBACK_SMTP_PASSWORD")
        monkeypatch.setenv("WINBACK_SMTP_PASSWORD_FILE", str(tmp_path / "password"))
        with BotApi() as bot:
            edit(
                "config/settings.yaml",
                "  via: file                           # file, or",
                f"  api_url: {bot.url}\n  via: bot-api                        # file, or",
            )(shop)
            monkeypatch.setenv("WINBACK_TELEGRAM_TOKEN", "1:wrong")
            code, _, err = winback(capsys, "run", "winter-tea")
            assert code == 1
            assert "Telegram refused the bot's token" in err
            assert table(shop, "campaign_runs") == 0
            monkeypatch.setenv("WINBACK_TELEGRAM_TOKEN", bot.token)
            assert winback(capsys, "run", "winter-tea")[0] == 0
    assert table(shop, "campaign_runs") == 1


def test_wrong_usage_leaves_with_2(capsys):
    assert winback(capsys, "plan")[0] == 2
    assert winback(capsys, "no-such-command")[0] == 2
    assert winback(capsys, "--help")[0] == 0
    assert winback(capsys, "--version")[1].startswith("winback 0.")


def test_init_makes_a_project_that_passes_its_check(tmp_path, capsys):
    code, out, _ = winback(capsys, "init", str(tmp_path / "mine"))
    assert code == 0
    assert "Next:" in out
    assert winback(capsys, "--project", str(tmp_path / "mine"), "check")[0] == 0
    assert winback(capsys, "check", "--project", str(tmp_path / "mine"))[0] == 0
    assert (tmp_path / "mine/.winback/secret").stat().st_mode & 0o077 == 0
