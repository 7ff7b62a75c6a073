"""The two rings around the public endpoints, over real sockets: what they refuse, what they let through, and what every answer says."""

from __future__ import annotations

import logging

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.letterbox import NOW
from tests.security import raw
from winback.demo.serving import Serving
from winback.tracking import addresses, guard
from winback.tracking.app import create_app
from winback.tracking.guard import Allowance, Guard, Limits

HARD = ("content-security-policy", "permissions-policy", "referrer-policy", "strict-transport-security", "x-content-type-options", "x-frame-options")
SECRET = "olena@mail.example"


def render_page(_project, page, locale, **_values):
    return f"{page} {locale}"


async def echo(scope, receive, send):
    """Answers with the length of the body; breaks, or finds nothing, where it is told to."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/break":
        raise RuntimeError(f"a row of {SECRET} is at fault")
    length, more = 0, scope["method"] == "POST"
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    status = 404 if scope["path"] == "/nothing" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), (b"x-frame-options", b"SAMEORIGIN")]})
    if scope["path"] == "/break-later":
        raise RuntimeError(SECRET)
    await send({"type": "http.response.body", "body": str(length).encode()})


def guarded(**how):
    return Guard(Limits(echo, **how), "https://u.zerno.example")


def asking(path: str, *more: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: u", "Connection: close", *more, "", "")).encode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (asking("/" + "a" * 5_000), 414),
        (asking("/?" + "a=1&" * 1_200), 414),
        (asking("/", "X-Long: " + "a" * 40_000), 431),
        (asking("/", *(f"X-{number}: 1" for number in range(200))), 431),
        (asking("/", "Content-Length: 300000", method="POST"), 413),
        (asking("/", "Content-Length: 99999999999999999999", method="POST"), 413),
        (asking("/", "Transfer-Encoding: chunked", method="POST") + b"10000\r\n" + b"x" * 65_536 + b"\r\n" + b"40000\r\n" + b"x" * 200_000, 413),
        (asking("/break"), 500),
    ],
)
def test_what_is_too_long_is_refused_with_plain_words_and_every_header(request_, status):
    with Serving(guarded()) as serving:
        found, headers, body = raw.answer(serving.url, request_)
    assert found == status
    assert len(body) < 50
    assert b"Traceback" not in body
    assert SECRET.encode() not in body
    assert headers["connection"] == "close"
    assert set(HARD) <= set(headers)


def test_what_is_long_and_not_too_long_is_let_through():
    with Serving(guarded()) as serving:
        assert httpx.post(f"{serving.url}/?{'a' * 4_000}", content=b"x" * 262_144, headers={"X-Long": "a" * 30_000}).text == "262144"


def test_a_body_that_does_not_end_is_not_waited_for():
    with Serving(guarded(body_within=0.2)) as serving:
        status, _, body = raw.answer(serving.url, asking("/", "Content-Length: 5", method="POST") + b"abc")
    assert (status, body) == (408, b"Request Timeout\n")


def test_a_body_whose_sender_leaves_reaches_nobody():
    reached = []

    async def app(scope, receive, send):
        reached.append(scope["type"])

    with Serving(Limits(app)) as serving, raw.connection(serving.url) as connection:
        connection.sendall(asking("/", "Content-Length: 5", method="POST") + b"abc")
    assert "http" not in reached


@pytest.mark.parametrize("path", ["/break", "/break-later"])
def test_what_goes_wrong_is_logged_without_the_address_and_without_the_row(path, caplog):
    with caplog.at_level(logging.DEBUG), Serving(guarded()) as serving:
        raw.answer(serving.url, asking(path))
    assert "failed: RuntimeError at tests.tracking.test_guard:" in caplog.text
    assert SECRET not in caplog.text
    assert path not in caplog.text


def test_an_answers_own_headers_go_before_the_guards():
    with Serving(guarded()) as serving:
        assert httpx.get(serving.url).headers.get_list("x-frame-options") == ["SAMEORIGIN"]


def test_https_is_asked_for_only_where_customers_come_by_it():
    with Serving(Guard(echo, "http://localhost:8000")) as serving:
        assert "strict-transport-security" not in httpx.get(serving.url).headers


@pytest.fixture
def endpoints(project, engine):
    with Serving(create_app(project, engine, clock=lambda: NOW, render_page=render_page)) as serving:
        yield serving.url


def test_every_endpoint_has_every_header_also_where_it_refuses(project, shop, endpoints):
    _, letter = shop.written_to("olena", email=SECRET)
    unsubscribe = addresses.unsubscribe("", project.key, letter)
    with httpx.Client(base_url=endpoints) as web:
        answers = [
            web.get("/c/nonsense"),
            web.get(unsubscribe),
            web.post(unsubscribe),
            web.put(unsubscribe),
            web.get("/health"),
            web.get("/nowhere"),
            web.get("/openapi.json"),
            web.get("/docs"),
        ]
    for answer in answers:
        assert set(HARD) <= set(answer.headers), answer.url
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers.get_list("content-security-policy")) == 1
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers or answer.headers["server"] == "uvicorn"  # `winback serve` switches it off
    assert [answer.status_code for answer in answers] == [404, 200, 200, 405, 200, 404, 404, 404]
    pixel = httpx.get(endpoints + addresses.pixel("", project.key, letter))
    assert {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}.items() <= pixel.headers.items()


def test_whoever_tries_tokens_is_soon_refused_and_links_of_letters_work_all_the_same(project, shop, engine):
    _, letter = shop.written_to("olena", email=SECRET)
    asked_at_once = create_app(project, engine, clock=lambda: NOW, render_page=render_page, moment=lambda: 100.0)
    with Serving(asked_at_once) as serving, httpx.Client(base_url=serving.url) as web:
        statuses = [web.get(f"/c/{number:040}").status_code for number in range(60)]
        assert statuses == [404] * 30 + [429] * 30
        refused = web.get(addresses.unsubscribe("", project.key, letter))
        assert (refused.status_code, refused.text) == (429, "Too Many Requests\n")
        assert int(refused.headers["retry-after"]) >= 1
        assert web.get(addresses.pixel("", project.key, letter)).headers["content-type"] == "image/gif"
        assert web.get("/o/nonsense.gif").status_code == 200


def test_a_provider_that_unsubscribes_hundreds_at_once_is_heard(project, shop, endpoints):
    letters = [shop.written_to(f"c{number}", email=f"c{number}@mail.example")[1] for number in range(200)]
    with httpx.Client(base_url=endpoints) as web:
        for letter in letters:
            answer = web.post(addresses.unsubscribe("", project.key, letter), data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200


def test_an_allowance_is_used_up_by_refusals_and_grows_again():
    allowance = Allowance(burst=60, a_second=20)
    for _ in range(3):
        assert allowance.wait("a", 100.0) == 0
        allowance.take("a", 20, 100.0)
    assert allowance.wait("a", 100.0) == pytest.approx(0.05)
    assert allowance.wait("b", 100.0) == 0
    assert allowance.wait("a", 100.06) == 0
    allowance.take("a", 0, 1_000.0)
    for _ in range(60):
        assert allowance.wait("a", 1_000.0) == 0
        allowance.take("a", 1, 1_000.0)
    assert allowance.wait("a", 1_000.0) > 0, "nobody saves up more than the burst"


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 5)), max_size=300))
def test_however_many_ask_no_more_than_the_bound_are_remembered_and_the_newest_are(asked):
    allowance, moment, newest = Allowance(most=10), 0.0, []
    for who, seconds in asked:
        moment += seconds
        allowance.take(str(who), 20, moment)
        newest = [*[each for each in newest if each != who], who][-10:]
    assert len(allowance) == len(newest)
    assert all(allowance._accounts[str(who)].left <= 580 for who in newest)


NEAR = tuple(guard.ipaddress.ip_network(each) for each in ("10.0.0.0/24", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # who is no proxy of ours says nothing
        ("10.0.0.7", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.7", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # what stands further left was written by whoever asks
        ("10.0.0.7", ["1.1.1.1", "198.51.100.1, 10.0.0.8"], "198.51.100.1"),
        ("10.0.0.7", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ("10.0.0.7", ["nonsense"], "10.0.0.7"),
        ("10.0.0.7", ["198.51.100.1, nonsense"], "10.0.0.7"),
        ("10.0.0.7", ["", ","], "10.0.0.7"),
        ("10.0.0.7", ["198.51.100.1," * 5_000], "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::"),
        ("fd00::1", ["2001:db8:1:2:ffff::1"], "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("::ffff:10.0.0.7", ["198.51.100.1"], "198.51.100.1"),
        ("fe80::1%eth0", [], "fe80::"),
        ("", [], "unknown"),
        ("a.socket", ["198.51.100.1"], "unknown"),
    ],
)
def test_who_asks_is_told_by_the_connection_or_by_a_proxy_of_ours(peer, forwarded, found):
    scope = {"client": (peer, 1) if peer else None, "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded]}
    assert guard.client(scope, NEAR) == found


@given(st.lists(st.binary(max_size=80), max_size=4), st.text(max_size=50))
def test_whatever_the_header_holds_somebody_is_found(values, peer):
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", value) for value in values]}
    assert guard.client(scope, NEAR)
    assert guard.client({**scope, "client": ("10.0.0.1", 1)}, NEAR)
