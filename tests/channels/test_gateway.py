"""A provider's HTTP gateway, spoken to over HTTP: what is asked, and what each kind of answer means."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.channels.gateway_server import SILENT, Provider
from winback.channels.gateway import GatewayChannel, at
from winback.errors import LaneError, PermanentError, TemporaryError, UncertainError
from winback.model import ChannelName, Message
from winback.ways_out import GatewaySettings

NUMBER = "+380671234567"
TEXT = 'Вітаємо, "Олено" & <друзі> {secret}'


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


def settings(provider: Provider, **more) -> GatewaySettings:
    said = {
        "via": "http",
        "url": f"{provider.url}/send",
        "headers": {"Authorization": "Bearer {secret}"},
        "body": {"recipients": ["{digits}"], "sms": {"sender": "ZERNO", "text": "{text}"}, "ref": "{reference}", "report": "{callback}"},
        "answer": {
            "where": {"code": (0,)},
            "id": "messages.0.message-id",
            "code": "code",
            "refusals": (
                {"codes": (402, "BALANCE"), "means": "us"},
                {"codes": (11,), "means": "no-such-number"},
                {"codes": (12,), "means": "refused"},
                {"codes": (13,), "status": (200,), "means": "later"},
            ),
        },
    }
    return GatewaySettings.model_validate({**said, **more})


async def sent(provider: Provider, text: str = TEXT, **more):
    async with GatewayChannel(settings(provider, **more), secret="s3cret", callback="https://u.example/{reference}") as channel:
        return await channel.send(Message(7, NUMBER, text, "uk", channel=ChannelName.SMS, reference="ref-7"))


async def test_a_message_is_asked_for_as_the_settings_say_and_the_id_is_read(provider):
    receipt = await sent(provider)
    (asked,) = provider.asked
    assert receipt.remote_id == "m-1"
    assert (asked["method"], asked["path"], asked["headers"]["authorization"]) == ("POST", "/send", "Bearer s3cret")
    assert asked["body"] == {
        "recipients": ["380671234567"],
        "sms": {"sender": "ZERNO", "text": TEXT},  # what stands in a text is no placeholder, and no markup
        "ref": "ref-7",
        "report": "https://u.example/ref-7",
    }


async def test_forms_queries_and_xml_carry_any_text_whole(provider):
    await sent(provider, body_as="form", body={"phone": "{to}", "text": "{text}"})
    await sent(provider, method="GET", body_as="query", body={"phone": "{to}", "text": "{text}"})
    await sent(provider, method="GET", url=f"{provider.url}/send?p={{to}}&t={{text}}", body_as="query", body={})
    await sent(provider, body_as="xml", body="<sms to='{to}'>{text}</sms>")
    form, query, url, xml = provider.asked
    assert form["body"] == query["body"] == {"phone": NUMBER, "text": TEXT}
    assert url["body"] == {"p": NUMBER, "t": TEXT}
    assert xml["body"] == f"<sms to='{NUMBER}'>Вітаємо, &quot;Олено&quot; &amp; &lt;друзі&gt; {{secret}}</sms>"


async def test_a_user_logs_in_with_the_secret(provider):
    await sent(provider, user="zerno", headers={})
    assert provider.asked[0]["headers"]["authorization"] == f"Basic {base64.b64encode(b'zerno:s3cret').decode()}"


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((200, {"code": 402}, {}), LaneError, "gateway-refused"),
        ((500, {"code": "BALANCE"}, {}), LaneError, "gateway-refused"),
        ((200, {"code": 11}, {}), PermanentError, "no-such-number"),
        ((200, {"code": 12}, {}), PermanentError, "refused"),
        ((200, {"code": 13}, {}), TemporaryError, "busy"),
        ((500, {"code": 13}, {}), UncertainError, "unreadable-answer"),  # the rule asks for 200
        ((200, {"code": 99}, {}), UncertainError, "unreadable-answer"),
        ((200, "<html>", {}), UncertainError, "unreadable-answer"),
        ((502, "Bad Gateway", {}), UncertainError, "unreadable-answer"),
        ((401, "", {}), LaneError, "gateway-refused"),
        ((404, "", {}), LaneError, "message-refused"),
        ((302, "", {"location": "https://elsewhere.example/"}), LaneError, "message-refused"),
        ((503, "", {}), TemporaryError, "busy"),
        (SILENT, UncertainError, "no-answer"),
    ],
)
async def test_what_an_answer_means(provider, answer, kind, reason):
    provider.answers["380671234567"] = answer
    with pytest.raises(kind) as refused:
        await sent(provider)
    assert (type(refused.value), refused.value.reason, len(provider.asked)) == (kind, reason, 1)
    assert "s3cret" not in str(refused.value)


async def test_a_number_is_put_off_for_as_long_as_the_gateway_asks(provider):
    provider.answers["380671234567"] = (429, "", {"Retry-After": "17"})
    with pytest.raises(TemporaryError) as refused:
        await sent(provider)
    assert refused.value.after == timedelta(seconds=17)


async def test_a_gateway_that_does_not_answer_leaves_a_doubt_and_one_that_is_not_there_none(provider):
    slow = settings(provider, timeout_seconds=1)
    away = settings(provider, url="http://127.0.0.1:1/send")
    for each, kind in ((away, TemporaryError), (slow, None)):
        async with GatewayChannel(each, secret="s") as channel:
            if kind:
                with pytest.raises(kind) as refused:
                    await channel.send(Message(7, NUMBER, TEXT, "uk", channel=ChannelName.SMS))
                assert refused.value.reason == "unreachable"
            else:
                await channel.send(Message(7, NUMBER, TEXT, "uk", channel=ChannelName.SMS))
    assert len(provider.asked) == 1


def test_a_path_that_leads_nowhere_says_nothing():
    said = {"messages": [{"id": 7, "ok": True, "more": {}}]}
    assert [at(said, path) for path in ("messages.0.id", "messages.0.ok", "messages.1.id", "messages.x", "messages.0.more", "a.b")] == [
        *("7", "true", "", "", "", "")
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://sms.example/send"}, "a gateway's url is https"),
        ({"body": {"text": "{text}"}}, "or to whom"),
        ({"body": {"to": "{to}", "text": "{text}", "x": "{password}"}}, "{password}"),
        ({"body_as": "xml"}, "as xml"),
        ({"per_second": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong, said):
    fine = {"via": "http", "url": "https://sms.example/send", "body": {"to": "{to}", "text": "{text}"}}
    assert GatewaySettings.model_validate(fine).leaves
    with pytest.raises(ValidationError, match=said.replace("{", r"\{")):
        GatewaySettings.model_validate({**fine, **wrong})
