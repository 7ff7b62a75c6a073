"""winback token, webhooks and api, as they are typed."""

from __future__ import annotations

import json
import re

from tests.commands.terminal import winback


def test_a_token_is_printed_once_listed_without_itself_and_revoked(shop, capsys):
    code, token, told = winback(capsys, "token", "new", "backend", "--scope", "orders:write", "--scope", "reports:read", "--expires", "2099-01-31")
    assert (code, token[:4]) == (0, "wbk_")
    assert "isn't shown again" in told
    _, out, _ = winback(capsys, "token", "list", "--json")
    (listed,) = json.loads(out)["tokens"]
    assert (listed["name"], listed["state"], listed["scopes"]) == ("backend", "good", ["orders:write", "reports:read"])
    assert token.strip() not in out
    table = winback(capsys, "token", "list")[1]
    assert re.search(r"^name +state +for +since +until +used last *$", table, re.MULTILINE)
    assert re.search(r"^backend .* [0-9-]{10} [0-9:]{5} +2099-01-31 23:59 +never *$", table, re.MULTILINE)
    assert winback(capsys, "token", "revoke", "backend")[0] == 0
    assert json.loads(winback(capsys, "token", "list", "--json")[1])["tokens"][0]["state"] == "revoked"
    code, _, told = winback(capsys, "token", "revoke", "backend")
    assert (code, "Traceback" in told) == (1, False)
    assert winback(capsys, "token", "new", "x", "--scope", "everything")[0] == 1


def test_webhooks_are_sent_listed_and_sent_again(shop, capsys):
    assert json.loads(winback(capsys, "webhooks", "send", "--json")[1]) == {"noted": 0, "taken": 0, "put-off": 0, "given-up": 0}
    assert json.loads(winback(capsys, "webhooks", "list", "--json")[1]) == {"messages": []}
    code, _, told = winback(capsys, "webhooks", "again", "--endpoint", "crm")
    assert (code, told.split(":")[0]) == (1, "config/webhooks.yaml")
    (shop / "config" / "webhooks.yaml").write_text("out: {crm: {url: 'https://crm.example/x'}}\n")
    code, _, told = winback(capsys, "webhooks", "send")
    assert code == 1
    assert "WINBACK_WEBHOOK_SECRET_CRM" in told


def test_the_description_of_the_api_is_printed(shop, capsys):
    told = json.loads(winback(capsys, "api", "schema")[1])
    assert told["openapi"].startswith("3.")
    assert told["paths"]["/api/v1/orders"]["post"]["x-scope"] == "orders:write"
