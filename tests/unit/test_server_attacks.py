"""Attacks on a real control room on a loopback port: none gets in, none holds it up, none leaves a traceback."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from served_room import COMMAND, HEAD, JSON, WATCH, Served, wait

from steppe.cli.control import open_mission
from steppe.errors import ConfigError
from steppe.server import connection
from steppe.server.app import LARGEST_ORDER
from steppe.server.keys import Keys
from steppe.server.limits import POSTS_AT_ONCE, Rates, client_of
from steppe.server.ring import QUEUE, Ring
from steppe.server.serving import LARGEST_HEAD, bound_socket, is_local
from steppe.server.session import Options, Session

# What a source of ours and a list of users would show
OURS = (b"from steppe", b"root:")


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), first="guidance_start")


@pytest.fixture
def local(opened: Session) -> Iterator[Served]:
    """As on 127.0.0.1: no token to watch."""
    served = Served(opened, None)
    yield served
    served.stop()


@pytest.fixture
def closed(opened: Session) -> Iterator[Served]:
    """As on another address: nothing without a token."""
    served = Served(opened, WATCH)
    yield served
    served.stop()


PATHS = ("/", "/static/control.js", "/static/control.css", "/api/health", "/api/meta", "/api/flight/plan",
         "/api/stream", "/api/history", "/api/ensemble/prediction", "/api/opportunities", "/nothing")  # fmt: skip


def test_nothing_is_seen_without_the_token(closed: Served) -> None:
    for path in PATHS:
        answer = closed.ask("GET", path)
        assert answer.status == 401, path
        assert "MS-21" not in answer.text and "set-cookie" not in answer.headers
        assert answer.headers["www-authenticate"] == "Bearer"
    for headers in ({"authorization": "Bearer wrong"}, {"authorization": f"Basic {WATCH}"}, {"cookie": "steppe_watch="},
                    {"cookie": f"steppe_watch={WATCH}"}, {"cookie": "=;;\x01"}):  # fmt: skip
        assert closed.ask("GET", "/api/meta", headers=headers).status == 401, headers
    for query in (
        "token=",
        "token=wrong",
        "token=%ff%00",
        "token=a&token=b",
        "&".join(f"a{n}=1" for n in range(99)),
        "token=the%20token%20to%20watch%3B&token=b",
        "&".join([*(f"a{n}=1" for n in range(99)), "token=the%20token%20to%20watch%3B"]),
    ):
        assert closed.ask("GET", f"/?{query}").status == 401, query


def test_the_token_is_shown_once_and_then_a_cookie_that_no_script_reads(closed: Served) -> None:
    first = closed.ask("GET", "/?token=the%20token%20to%20watch%3B")
    assert first.status == 200 and "control.js" in first.text
    given = first.headers["set-cookie"]
    assert "HttpOnly" in given and "SameSite=Strict" in given and WATCH not in given
    cookie = {"cookie": given.partition(";")[0]}
    for path in PATHS[:-1]:
        again = closed.ask("GET", path, headers=cookie)
        assert again.status == 200 and "set-cookie" not in again.headers, path
    assert closed.ask("GET", "/api/meta", headers={"authorization": f"Bearer {WATCH}"}).status == 200


def test_who_may_watch_cannot_command(closed: Served) -> None:
    cookie = closed.ask("GET", "/?token=the%20token%20to%20watch%3B").headers["set-cookie"].partition(";")[0]
    for headers in ({}, {"cookie": cookie}, {"authorization": f"Bearer {WATCH}"}, {"authorization": "Bearer"},
                    {"cookie": cookie, "authorization": f"Bearer {COMMAND}x"}):  # fmt: skip
        assert closed.order({**JSON, **headers}).status == 401, headers
        assert closed.ask("POST", "/api/telemetry", "{}", {**JSON, **headers}).status == 401, headers
    assert closed.session.lease.operator is None
    # five guesses have taken what may be posted at once
    time.sleep(0.7)
    assert closed.order({**HEAD, "cookie": cookie}).status == 200
    assert closed.session.lease.operator == "Anna"


def test_the_two_tokens_differ_and_are_long() -> None:
    for pair in ((COMMAND, COMMAND), ("short", None), (COMMAND, "short"), ("längere Wörter", None)):
        with pytest.raises(ConfigError):
            Keys(*pair)


def test_only_loopback_counts_as_this_machine() -> None:
    for host, local in (("127.0.0.1", True), ("127.0.0.2", True), ("0.0.0.0", False)):
        with bound_socket(host, 0) as listening:
            assert is_local(listening) is local, host


OUTSIDE = (
    "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2fapp.py", "/../../etc/passwd",
    "/static/..\\app.py", "/static/..%5capp.py", "/static/%252e%252e%252fapp.py", "/static//etc/passwd",
    "/static/control.js%00.css", "/static/C:\\x", "/static/%c0%ae%c0%ae/app.py", "/api/flight/../../app.py",
    "/api/flight/..%2f..%2fapp.py", "/api/ensemble/%2e%2e", "http://127.0.0.1/static/../app.py", "//etc/passwd",
)  # fmt: skip


def test_no_path_leaves_what_is_served(closed: Served) -> None:
    for path in OUTSIDE:
        # with the token, so that it is the path that is refused
        lines = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {WATCH}\r\nConnection: close\r\n\r\n"
        answer = closed.raw(lines.encode())
        assert answer.split(b" ", 2)[1] in (b"404", b"400"), (path, answer[:200])
        assert not any(word in answer for word in OURS), path


def test_another_host_is_refused(local: Served) -> None:
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "10.0.0.1", "localhost@evil.example"):
        answer = local.raw(f"GET /api/meta HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert b" 421 " in answer[:20], host
    # none, two, and a name in another form of request
    assert b" 400 " in local.raw(b"GET /api/meta HTTP/1.1\r\nConnection: close\r\n\r\n")[:20]
    assert b" 400 " in local.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")[:20]
    assert b" 421 " in local.raw(b"GET / HTTP/1.0\r\n\r\n")[:20]


def test_pages_of_other_origins_are_refused(local: Served) -> None:
    own = f"http://127.0.0.1:{local.port}"
    for headers in (
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": f"https://127.0.0.1:{local.port}"},
        {"origin": "http://127.0.0.1:1"}, {"origin": f"http://localhost:{local.port}"}, {"origin": "http://[::1"},
        {"origin": own, "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": f"{own}.evil"},
    ):  # fmt: skip
        assert local.order({**HEAD, **headers}).status == 403, headers
        assert local.ask("GET", "/api/stream", headers=headers).status == 403, headers
    assert local.session.lease.operator is None
    # a link from elsewhere may open the page, a form or a script may not ask for data
    assert local.ask("GET", "/", headers={"sec-fetch-site": "cross-site"}).status == 200
    assert local.order({**HEAD, "origin": own, "sec-fetch-site": "same-origin"}).status == 200
    # and no answer lets another origin read it
    assert "access-control-allow-origin" not in local.ask("OPTIONS", "/api/command", headers=HEAD).headers


def test_what_a_form_can_send_is_no_order(local: Served) -> None:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"):
        answer = local.order({**HEAD, "content-type": kind})
        assert answer.status == 415 and "application/json" in answer.text, kind


BROKEN = (
    b"", b"[", b"null", b"[" * 9000, b'{"action": "\\ud800"}', b'{"action": "rate", "value": 1' + b"0" * 400 + b"}",
    b'{"action": "fail", "case": "\\ud800"}', b'{"action": "take", "operator": "\\u0000"}', b"\xff\xfe{}",
    b'{"action": "play", "lease": "\\udfff"}', b'{"action": "take", "operator": {"a": 1}}', b"1" * 5000,
    b'{"action": "rate", "value": NaN}', b'{"action": "rate", "value": 1e999}', b'{"action": "seek", "time_s": true}',
)  # fmt: skip


def test_malformed_orders_are_answered_and_leave_no_trace(local: Served) -> None:
    lease = json.loads(local.order().text)["lease"]
    for body in BROKEN:
        for sent in {body, body.replace(b"{", b'{"lease": "' + lease.encode() + b'", ', 1)}:
            answer = local.order(body=sent)
            assert answer.status in (400, 409), (sent[:80], answer.text)
            assert json.loads(answer.text)["error"]
    assert local.ask("GET", "/api/meta").status == 200


def test_malformed_telemetry_is_answered() -> None:
    from datetime import UTC, datetime

    from steppe.errors import TelemetryError
    from steppe.server.telemetry import read_body

    for state in ('"position_m": [1e308, 1e308, 1e308]', '"position_m": [1' + "0" * 400 + ', 0, 0]',
                  '"time_utc": "0001-01-01T00:00:00+14:00"', '"time_utc": "\\ud800"',
                  '"position_m": [6.6e6, 0, 0], "velocity_m_s": [1e308, 1e308, 0]'):  # fmt: skip
        line = '{"time_utc": "2022-09-29T10:00:00Z", ' + state + "}"
        with pytest.raises(TelemetryError):
            read_body(line.encode(), datetime(2022, 9, 29, 10, tzinfo=UTC))


def test_what_is_too_large_is_not_read(local: Served) -> None:
    assert local.order(body=b" " * (LARGEST_ORDER + 1)).status == 413
    head = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {COMMAND}\r\n".encode()
    head += b"Content-Type: application/json\r\n"
    # the announced length is enough, and one in two forms is none
    assert b" 413 " in local.raw(head + b"Content-Length: 99999999999999999999\r\n\r\n")[:20]
    for wrong in (b"Content-Length: -1", b"Content-Length: 1\r\nContent-Length: 2", b"Content-Length: 0x10"):
        assert b" 400 " in local.raw(head + wrong + b"\r\n\r\n{}")[:20]
    # chunks without an announced length, and without an end
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    assert b" 413 " in local.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + 4 * chunk)[:20]
    for coding in (b"gzip", b"chunked, gzip"):
        assert local.raw(head + b"Transfer-Encoding: " + coding + b"\r\n\r\n").split()[1] in (b"400", b"501")
    # a head without an end
    assert b" 400 " in local.raw(b"GET / HTTP/1.1\r\nX: " + b"a" * (LARGEST_HEAD + 1000))[:20]
    assert b" 400 " in local.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")[:20]


def test_a_slow_loris_is_cut_off(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.7)
    monkeypatch.setattr(connection, "BODY_S", 1.0)
    post = f"POST /api/command HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {COMMAND}\r\n".encode()
    post += b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    begun, page = time.monotonic(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    links = [socket.create_connection(("127.0.0.1", local.port), 2.0) for _ in range(5)]
    # a head byte by byte, nothing at all, a body byte by byte, a second head byte by byte, a body nobody asked for
    links[2].sendall(post)
    links[3].sendall(page)
    links[4].sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
    alive = dict(enumerate(links))
    while alive and time.monotonic() < begun + 4.0:
        time.sleep(0.05)
        for number, link in list(alive.items()):
            try:
                if number != 1:
                    link.sendall(b"x")
                elif time.monotonic() > begun + 1.5:
                    link.settimeout(0.5)
                    assert link.recv(1) == b""
                    alive.pop(number)
            except OSError:
                alive.pop(number)
    for link in links:
        link.close()
    assert alive == {}
    assert local.ask("GET", "/api/health").status == 200


def test_a_watcher_that_does_not_read_is_dropped_and_slows_nobody(
    local: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UNREAD_S", 0.5)
    asked = b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as deaf, socket.create_connection(("127.0.0.1", local.port), 1.0) as other:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", local.port))
        deaf.sendall(asked)
        other.sendall(asked)
        wait(lambda: json.loads(local.ask("GET", "/api/health").text)["readers"] == 2)
        long_text, heard, gone = "x" * 20_000, 0, time.monotonic() + 5.0
        while json.loads(local.ask("GET", "/api/health").text)["readers"] == 2 and time.monotonic() < gone:
            # more than the kernel keeps for one
            for _ in range(20):
                local.session.say("normal", long_text)
            begun = time.monotonic()
            while time.monotonic() < begun + 0.1:
                heard += len(other.recv(1 << 20))
        assert json.loads(local.ask("GET", "/api/health").text)["readers"] == 1
        assert heard > 400_000


def test_a_watcher_that_falls_behind_is_told_and_goes_on_with_the_newest() -> None:
    async def read() -> list[str]:
        ring, found = Ring(), []
        reader = ring.read(None, lambda: False)
        ring.publish("frame", {"n": 0})
        # it is up to date once, then takes its time
        for _ in range(2):
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)
            ring.publish("frame", {"n": 1})
            found.append(await waiting)
        for number in range(3 * QUEUE):
            ring.publish("frame", {"n": number})
        found += [await anext(reader) for _ in range(2)]
        await reader.aclose()
        return found

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: asyncio.run(read())).result()
    assert "event: gap" in found[2]
    lost = json.loads(found[2].split("data: ")[1])
    last = int(found[3].split("\n")[0].removeprefix("id: "))
    assert last == lost["to"] + 1 and lost["to"] - lost["from"] > 2 * QUEUE
    assert f'"n": {3 * QUEUE - 1}' in found[3]


def test_too_many_posts_are_refused_and_watching_goes_on(local: Served) -> None:
    found = [local.order().status for _ in range(int(POSTS_AT_ONCE) + 60)]
    assert 429 in found and found.index(429) >= POSTS_AT_ONCE
    assert local.ask("GET", "/api/meta").status == 200


def test_a_bucket_fills_again_and_few_are_kept() -> None:
    now = [0.0]
    rates = Rates(2.0, 4.0, lambda: now[0])
    assert [rates.admits("a") for _ in range(5)] == [True] * 4 + [False]
    assert rates.admits("b")
    now[0] = 1.0
    assert [rates.admits("a") for _ in range(3)] == [True, True, False]
    for number in range(3000):
        rates.admits(str(number))
    assert len(rates._buckets) == 1024
    # one host has a whole network of IPv6 to ask from
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff:2") != client_of("2001:db8:0:1::1")
    assert client_of("::ffff:10.0.0.1") == client_of("10.0.0.1")


def test_the_failures_that_can_be_ordered_are_listed(local: Served) -> None:
    listed = json.loads(local.ask("GET", "/api/meta").text)["failures"]
    assert {"instrument-module-stays", "drogue-failure", "main-not-disreefed", "main-partly-failed"} <= set(listed)
