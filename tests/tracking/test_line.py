"""Connections of the public server, byte by byte: what is answered at once, what goes the usual way, and what is hung up on."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvicorn

from tests import projects
from winback.store import database
from winback.tracking import addresses, app, line
from winback.tracking.buffer import Keeper
from winback.tracking.hits import Hit

HEAD = b"Host: u.zerno.example\r\nUser-Agent: Thunderbird\r\n\r\n"


class Server:
    """uvicorn with our connections, in this event loop; hits stay in their files until `stored` is asked."""

    def __init__(self, project, engine):
        self.project = project
        self.application, self.hot = app.create(project, engine, keeps=False)
        self.made = line.of(self.hot)
        self.socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self.application, interface="asgi3", http=self.made, ws="none", log_level="critical", access_log=False, server_header=False
        )
        self.server = uvicorn.Server(config)

    async def start(self):
        self.task = asyncio.create_task(self.server.serve(sockets=[self.socket]))
        while not self.server.started:
            assert not self.task.done(), self.task
            await asyncio.sleep(0.005)

    async def stop(self):
        self.server.should_exit = True
        await self.task

    async def ask(self, *parts: bytes, answers: int = 1, pause: float = 0.0) -> bytes:
        """Send the parts, and read until they close or, once they have answered so often, say no more; answers have time on a slow machine."""
        reader, writer = await asyncio.open_connection(*self.socket.getsockname())
        with contextlib.suppress(OSError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        answer = b""
        with contextlib.suppress(TimeoutError, OSError):
            while more := await asyncio.wait_for(reader.read(65_536), 0.2 if answer.count(b"HTTP/1.1 ") >= answers else 30.0):
                answer += more
        writer.close()
        return answer

    def pixel(self, delivery_id: int) -> bytes:
        return addresses.pixel("", self.project.link_keys[0], delivery_id).encode()

    def hits(self) -> list[Hit]:
        taken: list[Hit] = []
        Keeper(app.hits_folder(self.project), taken.extend).sweep()
        return taken


@pytest.fixture
async def server(project, shop):
    shop.written_to("c1", email="c1@mail.example")
    made = Server(project, shop.engine)
    await made.start()
    yield made
    if not made.task.done():
        await made.stop()


def get(path: bytes, head: bytes = HEAD, *, method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    return method + b" " + path + b" HTTP/" + version + b"\r\n" + head


async def test_pixels_are_answered_again_and_again_and_each_is_kept(server):
    answer = await server.ask(*(get(server.pixel(1)) for _ in range(5)), answers=5, pause=0.01)
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert answer.count(b"GIF89a") == 5
    assert len(server.made.known) == 1
    await server.stop()
    hits = server.hits()
    assert [(hit.kind, hit.delivery_id, hit.method, hit.user_agent) for hit in hits] == [("open", 1, "GET", "Thunderbird")] * 5
    assert len({hit.dedupe_key for hit in hits}) == 5
    (network,) = {hit.network for hit in hits}
    assert network


async def test_a_head_that_is_known_still_needs_a_token_that_is_ours(server):
    good = get(server.pixel(1))
    wrong = good.replace(server.pixel(1)[3:9], b"AAAAAA")
    answer = await server.ask(good, good, wrong, get(b"/o/short.gif"), get(server.pixel(1) + b"x"), answers=5, pause=0.01)
    assert answer.count(b"GIF89a") == 5  # what doesn't count looks no different
    await server.stop()
    assert len(server.hits()) == 2


@pytest.mark.parametrize(
    ("request_", "begins", "kept"),
    [
        (lambda s: get(s.pixel(1), method=b"HEAD"), b"HTTP/1.1 200 OK", 1),
        (lambda s: get(s.pixel(1), version=b"1.0"), b"HTTP/1.1 200 OK", 1),
        (lambda s: get(s.pixel(1), b"Connection: close\r\n" + HEAD), b"HTTP/1.1 200 OK", 1),
        (lambda s: get(s.pixel(1), b"Content-Length: 5\r\n" + HEAD + b"hello"), b"HTTP/1.1 200 OK", 1),
        (lambda s: get(s.pixel(1), method=b"POST"), b"HTTP/1.1 200 OK", 0),
        (lambda s: b"GET " + s.pixel(1) + b" HTTP/1.1\nHost: x\n\n", b"HTTP/1.1 ", None),
        (lambda _: get(b"/health"), b"HTTP/1.1 200 OK", 0),
        (lambda _: b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 400", 0),
        (lambda _: b"nonsense\r\n\r\n", b"HTTP/1.1 400", 0),
        (lambda _: b"GET /o/a b HTTP/1.1\r\n\r\n", b"HTTP/1.1 400", 0),
    ],
)
async def test_what_is_out_of_the_ordinary_goes_the_usual_way(server, request_, begins, kept):
    answer = await server.ask(request_(server))
    assert answer.startswith(begins)
    assert not answer.startswith(b"HTTP/1.1 5")
    await server.stop()
    if kept is not None:
        assert len(server.hits()) == kept


async def test_several_requests_in_one_packet_are_answered_in_their_order(server):
    answer = await server.ask(get(server.pixel(1)) + get(b"/health") + get(server.pixel(1)) + get(server.pixel(1)), answers=4)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    places = [answer.index(b"GIF89a"), answer.index(b'"status"'), answer.rindex(b"GIF89a")]
    assert places == sorted(places)
    assert server.made.known == {}  # a packet of several is no head to remember
    await server.stop()
    assert len(server.hits()) == 3


async def test_a_request_in_pieces_is_one_request(server):
    whole = get(server.pixel(1))
    answer = await server.ask(whole[:20], whole[20:90], whole[90:], pause=0.02)
    assert answer.count(b"HTTP/1.1") == answer.count(b"GIF89a") == 1
    await server.stop()
    assert len(server.hits()) == 1


async def test_a_known_head_with_something_behind_it_is_read_by_the_parser(server):
    whole = get(server.pixel(1))
    answer = await server.ask(whole, whole, whole + b"G", b"ET /health HTTP/1.1\r\n" + HEAD, answers=4, pause=0.02)
    assert answer.count(b"GIF89a") == 3
    assert b'"status"' in answer
    await server.stop()
    assert len(server.hits()) == 3


async def test_a_click_is_answered_at_once_when_its_target_is_known(server, shop):
    with database.writing(shop.engine) as connection:
        from winback.store import events as kept

        link = kept.link_id(connection, "https://zerno.example/tea?a=1")
    path = addresses.click("", server.project.link_keys[0], 1, link).encode()
    first, second = await server.ask(get(path)), await server.ask(get(path))
    for answer in (first, second):
        assert answer.startswith(b"HTTP/1.1 302 Found\r\n")
        assert b"location: https://zerno.example/tea?a=1\r\n" in answer
    names = [{each.split(b":")[0].lower() for each in answer.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]} - {b"date"} for answer in (first, second)]
    assert names[0] == names[1]
    await server.stop()
    assert [(hit.kind, hit.link_id) for hit in server.hits()] == [("click", link)] * 2


async def test_a_head_without_end_is_hung_up_on(server):
    answer = await server.ask(b"GET /health HTTP/1.1\r\n", *(b"X-Long: " + b"a" * 20_000 + b"\r\n" for _ in range(8)), pause=0.01)
    assert answer == b""
    assert (await server.ask(get(b"/health"))).startswith(b"HTTP/1.1 200")


async def test_slow_heads_and_idle_connections_are_hung_up_on(server, monkeypatch):
    for name in ("_LOOKS_EVERY", "_HEAD_WITHIN", "_IDLE_WITHIN"):
        monkeypatch.setattr(line, name, 0.05)
    reader, writer = await asyncio.open_connection(*server.socket.getsockname())
    writer.write(b"GET /hea")
    assert await asyncio.wait_for(_rest(reader), 5) == b""
    writer.close()
    reader, writer = await asyncio.open_connection(*server.socket.getsockname())
    writer.write(get(server.pixel(1)))
    assert (await asyncio.wait_for(_rest(reader), 5)).count(b"GIF89a") == 1
    writer.close()


async def _rest(reader) -> bytes:
    try:
        return await reader.read()
    except OSError:
        return b""


async def test_heads_that_are_remembered_have_bounds(server, monkeypatch):
    monkeypatch.setattr(line, "_MOST_KNOWN", 3)
    for number in range(6):
        await server.ask(get(server.pixel(1), b"User-Agent: %d\r\n" % number + HEAD))
    await server.ask(get(server.pixel(1), b"User-Agent: " + b"a" * 3_000 + b"\r\n" + HEAD))
    assert len(server.made.known) == 3
    await server.stop()
    assert len(server.hits()) == 7


async def test_durable_hits_are_on_the_disk_before_they_are_answered(tmp_path, shop):
    project = projects.make(tmp_path / "durable", ("config/settings.yaml", "currency: UAH", "tracking: {durable: true}\ncurrency: UAH"))
    shop.written_to("c2", email="c2@mail.example")
    made = Server(project, shop.engine)
    await made.start()
    answer = await made.ask(get(made.pixel(1)), get(made.pixel(1)), answers=2, pause=0.05)
    assert answer.count(b"GIF89a") == 2
    assert made.made.known == {}
    await made.stop()
    assert len(made.hits()) == 2
