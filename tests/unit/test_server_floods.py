"""Floods and forged requests on a real control room: what one client takes is bounded, and the others go on."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from served_room import COMMAND, HEAD, WATCH, Served, until_closed, wait

from steppe.cli.control import open_mission
from steppe.server import app, connection
from steppe.server.guard import host_name
from steppe.server.session import Options, Session

# Another machine, as far as the server can tell: Linux answers on all of 127.0.0.0/8
ELSEWHERE = "127.0.0.2"
STREAM = b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CLOSE = b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), first="guidance_start")


@pytest.fixture
def local(opened: Session) -> Iterator[Served]:
    served = Served(opened, None)
    yield served
    served.stop()


@pytest.fixture
def closed(opened: Session) -> Iterator[Served]:
    served = Served(opened, WATCH)
    yield served
    served.stop()


def linked(served: Served, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), 10.0, (source, 0))


def asked_from(served: Served, source: str, path: str = "/api/health") -> tuple[int, Any]:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5, source_address=(source, 0))
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, json.loads(answer.read()) if path != "/api/stream" else None
    finally:
        link.close()


def ended(link: socket.socket) -> bool:
    """Return whether the server has closed a connection on which it has said nothing."""
    link.settimeout(0.05)
    try:
        return link.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_one_client_cannot_take_all_connections(local: Served) -> None:
    with ExitStack() as all_of_them:
        links = [all_of_them.enter_context(linked(local)) for _ in range(connection.MOST_EACH + 60)]
        # from another address everything is as ever while they stand
        assert asked_from(local, ELSEWHERE)[0] == 200
        assert len(local.server.server_state.connections) <= connection.MOST_EACH + 1
        assert all(ended(link) for link in links[-50:])
        assert not ended(links[0])


def test_a_thousand_connections_from_many_places_leave_it_alive(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 100)
    # it is their number that closes them, not their silence
    monkeypatch.setattr(connection, "HEAD_S", 60.0)
    with ExitStack() as all_of_them:
        for number in range(1000):
            all_of_them.enter_context(linked(local, f"127.0.{1 + number % 50}.1"))
        wait(lambda: len(local.server.server_state.connections) <= 100, 15.0)
    wait(lambda: len(local.server.server_state.connections) < 5, 15.0)
    assert local.ask("GET", "/api/health").status == 200


def test_one_client_cannot_take_all_streams(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "READERS_EACH", 10)
    with ExitStack() as all_of_them:
        links = [all_of_them.enter_context(linked(local)) for _ in range(30)]
        for link in links:
            link.sendall(STREAM)
        wait(lambda: asked_from(local, ELSEWHERE)[1]["readers"] == 10)
        assert asked_from(local, "127.0.0.1", "/api/stream")[0] == 503
        with linked(local, ELSEWHERE) as other:
            other.sendall(STREAM)
            wait(lambda: b"event: frame" in other.recv(65536))
        heard = sum(b"event-stream" in link.recv(4096) for link in links)
        assert 10 <= heard <= 30
    wait(lambda: asked_from(local, ELSEWHERE)[1]["readers"] == 0)
    assert local.ask("GET", "/api/stream").status == 200


def test_all_streams_together_are_bounded(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "READERS", 5)
    with ExitStack() as all_of_them:
        for number in range(9):
            all_of_them.enter_context(linked(local, f"127.0.1.{1 + number}")).sendall(STREAM)
        wait(lambda: asked_from(local, ELSEWHERE)[1]["readers"] == 5)
        assert asked_from(local, "127.0.3.1", "/api/stream")[0] == 503


def test_a_stream_is_not_opened_to_look_at_its_head(local: Served) -> None:
    with linked(local) as link:
        link.sendall(b"HEAD /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"event-stream" in link.recv(4096)
        link.sendall(b"GET /api/health HTTP/1.1\r\n" + CLOSE)
        assert b'"readers":0}' in until_closed(link)[0]


def test_a_replay_from_no_moment_of_any_calendar_begins_or_ends_with_the_flight(local: Served) -> None:
    for begin, first_s in (("-1e308", local.session.clock.first_s), ("1e308", None)):
        with linked(local) as link:
            link.sendall(f"GET /api/stream?from={begin}&rate=1 HTTP/1.1\r\n".encode() + CLOSE)
            text = b""
            while not re.search(rb"event: frame\ndata: .*\n", text) and (part := link.recv(65536)):
                text += part
        frame = json.loads(text.split(b"\ndata: ", 1)[1].split(b"\n")[0])
        assert frame["time_s"] == first_s or (first_s is None and frame["time_s"] <= local.session.shown_s)


HOSTS = {
    "127.0.0.1": "127.0.0.1", "LOCALHOST:80": "localhost", "[::1]:8472": "::1", "[::1]": "::1", "a-b.c_d:1": "a-b.c_d",
    "[::1": "", "[::1]evil.example": "", "[127.0.0.1].evil": "", "127.0.0.1:evil": "", "127.0.0.1:": "",
    "localhost:80:80": "", "user@localhost": "", "127.0.0.1 evil": "", "localhost/evil": "", "evil,localhost": "",
    "localhost:\u0660": "",
    "": "", "\u0131": "", "localhost\u0660": "", "127.0.0.1.": "127.0.0.1.", "[::1%25lo]": "", "localhost:999999": "",
}  # fmt: skip


@pytest.mark.parametrize("header", HOSTS)
def test_what_is_no_host_has_no_name(header: str) -> None:
    assert host_name(header) == HOSTS[header]


def test_a_forged_host_is_refused(local: Served) -> None:
    for host in (b"[::1", b"[::1]evil.example", b"127.0.0.1:evil", b"127.0.0.1.", b"localhost.", b"127.1",
                 b"[::ffff:127.0.0.1]", b"\xff", b"2130706433", b"0x7f000001", b"localhost, evil.example"):  # fmt: skip
        answer = local.raw(b"GET /api/meta HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert answer.split(b" ", 2)[1] in (b"421", b"400"), (host, answer[:100])


def test_a_body_of_two_lengths_is_refused(local: Served) -> None:
    head = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {COMMAND}\r\n".encode()
    head += b"Content-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    order = b'{"action": "take", "operator": "Eve"}'
    answer = local.raw(head + b"%x\r\n" % len(order) + order + b"\r\n0\r\n\r\n" + b"GET /api/meta HTTP/1.1\r\n" + CLOSE)
    assert b" 400 " in answer[:20] and answer.count(b"HTTP/1.1 ") == 1
    assert local.session.lease.operator is None


def test_floods_of_headers_and_chunks_end_soon(local: Served) -> None:
    post = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {COMMAND}\r\n".encode()
    post += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for data, statuses in (
        (b"GET /api/health HTTP/1.1\r\n" + b"X:\r\n" * 100_000, (b"400",)),
        (b"GET /" + b"a" * 100_000, (b"400",)),
        (post + b"1;" + b"a" * 100_000, (b"400",)),
        (post + b"0\r\n" + b"X: a\r\n" * 20_000, (b"400",)),
        (post + b"-1\r\n", (b"400",)),
        (post + b"2\r\n{}\r\n" * 20_000, (b"413",)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (b"400", b"421")),
        (b"GET /\r\n\r\n", (b"400",)),
    ):
        begun = time.monotonic()
        answer = raw_until_refused(local, data)
        assert answer.split(b" ", 2)[1:2] and answer.split(b" ", 2)[1] in statuses, (data[:90], answer[:90])
        assert time.monotonic() - begun < 10.0
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"):
        assert local.raw(f"{method} /api/health HTTP/1.1\r\n".encode() + CLOSE).split(b" ", 2)[1] == b"405", method


def raw_until_refused(served: Served, data: bytes) -> bytes:
    """Send as much as is taken; return what is answered."""
    with linked(served) as link:
        found = b""
        try:
            link.sendall(data)
        except OSError:
            pass
        try:
            while part := link.recv(65536):
                found += part
        except (TimeoutError, ConnectionError):
            pass
        return found


def test_wrong_tokens_are_slowed_and_the_right_one_is_not(closed: Served) -> None:
    found: list[int] = []
    while 429 not in found and len(found) < 200:
        found.append(closed.ask("GET", "/api/meta", headers={"authorization": f"Bearer no{len(found)}"}).status)
    # 1500 at once, eleven for each
    assert found[-1] == 429 and 120 <= len(found) <= 190
    assert set(found[:-1]) == {401}
    link = http.client.HTTPConnection("127.0.0.1", closed.port, timeout=5, source_address=(ELSEWHERE, 0))
    link.request("GET", "/api/meta", headers={"authorization": f"Bearer {WATCH}"})
    assert link.getresponse().status == 200
    link.close()


def test_a_stolen_order_is_worth_nothing_without_its_lease(local: Served) -> None:
    lease = json.loads(local.order().text)["lease"]
    kept = json.dumps({"action": "rate", "value": 7, "lease": lease})
    assert local.order(body=kept).status == 200
    assert local.order(body=json.dumps({"action": "release", "lease": lease})).status == 200
    # replayed when the lease is free, and when another has it
    assert local.order(body=kept).status == 409
    other = json.loads(local.order(body=json.dumps({"action": "take", "operator": "Boris"})).text)["lease"]
    assert other != lease and local.order(body=kept).status == 409
    for wrong in ("", "x", lease, other[:-1], other + "x", other.swapcase()):
        body = json.dumps({"action": "release", "lease": wrong})
        assert local.order(body=body).status == 409, wrong
    assert local.session.lease.operator == "Boris"


def test_two_who_take_it_at_once_are_one_operator(local: Served) -> None:
    body = json.dumps({"action": "take", "operator": "Anna"})
    text = "".join(f"{name}: {value}\r\n" for name, value in HEAD.items())
    sent = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\n{text}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    with ExitStack() as both:
        links = [both.enter_context(linked(local)) for _ in range(8)]
        for link in links:
            link.sendall(sent)
        answers = [link.recv(4096).split(b" ", 2)[1] for link in links]
    assert sorted(answers) == [b"200"] + [b"409"] * 7


def test_long_documents_are_made_one_at_a_time_beside_the_stream(
    local: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    under_way: list[int] = []

    def slow(*_: Any) -> str:
        under_way.append(1)
        begun.append(local.session.ring.last)
        assert len(under_way) == 1
        time.sleep(0.5)
        under_way.pop()
        return "{}"

    monkeypatch.setattr(app, "history_text", slow)
    with ExitStack() as all_of_them:
        links = [all_of_them.enter_context(linked(local)) for _ in range(3)]
        for link in links:
            link.sendall(b"GET /api/history HTTP/1.1\r\n" + CLOSE)
        assert all(until_closed(link)[0].split(b" ", 2)[1] == b"200" for link in links)
    # frames went on while each was made
    assert len(begun) == 3 and begun[0] < begun[1] < begun[2]
