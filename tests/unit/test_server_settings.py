"""What the server is set to, tried on a real port: how many, how large, what is said; guesses; starving."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from served_room import COMMAND, HEAD, JSON, WATCH, Served, until_closed, wait

from steppe.cli.control import open_mission
from steppe.ensemble.store import Campaign
from steppe.errors import ConfigError
from steppe.server import app, serving
from steppe.server.documents import Documents
from steppe.server.feed import Feed
from steppe.server.guard import Guard
from steppe.server.keys import Keys
from steppe.server.samples import Samples
from steppe.server.session import Options, Session, open_feed

ELSEWHERE = "127.0.0.2"
CLOSE = b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), first="guidance_start")


@contextlib.contextmanager
def room(opened: Session, watch: str | None = None) -> Iterator[Served]:
    served = Served(opened, watch)
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def local(opened: Session) -> Iterator[Served]:
    with room(opened) as served:
        yield served


def status_from(served: Served, source: str, method: str, path: str, headers: dict[str, str], body: Any = None) -> int:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5, source_address=(source, 0))
    with contextlib.closing(link):
        link.request(method, path, body, headers)
        return link.getresponse().status


# --- settings


def test_more_connections_than_are_served_are_told_so(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_AT_ONCE", 6)
    with room(opened) as served, ExitStack() as links:
        for _ in range(8):
            links.enter_context(socket.create_connection(("127.0.0.1", served.port), 5.0))
        assert b" 503 " in served.raw(b"GET /api/health HTTP/1.1\r\n" + CLOSE)[:20]


def test_nothing_is_logged_of_a_stranger(local: Served, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        local.raw(b"GET /\x07evil HTTP/1.1\r\n" + CLOSE)
        local.ask("GET", "/a-stranger-asks")
    assert "stranger" not in caplog.text + "".join(capfd.readouterr())
    assert not any("stranger" in one for one in local.log.found)
    config = serving.server_config(app)
    assert config.access_log is False and config.log_level == "error"


def test_what_waits_in_the_kernel_for_a_slow_watcher_is_bounded() -> None:
    with serving.bound_socket("127.0.0.1", 0) as listening:
        kept = listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    # Linux keeps twice what is asked for, at most what it allows; without asking it begins at 16 kB and grows to 4 MB
    assert 100_000 <= kept <= 2 * 262_144


def test_an_answer_does_not_tell_what_serves_it(local: Served) -> None:
    assert "server" not in local.ask("GET", "/api/health").headers


def test_an_idle_connection_is_closed_and_a_head_is_bounded() -> None:
    config = serving.server_config(app)
    assert config.timeout_keep_alive <= 5 and config.h11_max_incomplete_event_size == serving.LARGEST_HEAD <= 16_384
    assert config.timeout_graceful_shutdown <= 2


def test_no_socket_of_another_protocol_is_opened(local: Served) -> None:
    asked = b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    asked += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with socket.create_connection(("127.0.0.1", local.port), 5.0) as link:
        link.sendall(asked)
        assert b"101" not in link.recv(4096).split(b"\r\n")[0]
    assert serving.server_config(app).ws == "none"


def test_a_stream_is_not_kept_by_anyone(local: Served) -> None:
    assert local.ask("HEAD", "/api/stream").headers["cache-control"] == "no-store"
    answer = local.ask("GET", "/api/stream")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-accel-buffering"] == "no"


def test_who_has_gone_is_not_remembered(local: Served) -> None:
    for number in range(5):
        link = http.client.HTTPConnection(
            "127.0.0.1", local.port, timeout=5, source_address=(f"127.0.2.{number + 1}", 0)
        )
        with contextlib.closing(link):
            link.request("GET", "/api/stream")
            link.getresponse().read(10)
    wait(lambda: not room_of(local).readers)


def test_two_hosts_in_one_request_are_none(local: Served) -> None:
    """The server refuses them too; behind another one the guard still does."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def never(*_: Any) -> None:
        raise AssertionError("it was let in")

    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b"", "client": ("1", 1)}
    asyncio.run_coroutine_threadsafe(Guard(never, Keys(COMMAND))(scope, never, send), local_loop(local)).result(5)
    assert said[0]["status"] == 421


def local_loop(served: Served) -> asyncio.AbstractEventLoop:
    """Return the loop that the server runs in."""
    with socket.create_connection(("127.0.0.1", served.port), 5.0):
        wait(lambda: bool(served.server.server_state.connections))
        return next(iter(served.server.server_state.connections)).loop  # type: ignore[union-attr]


# --- guesses


def test_guesses_of_the_command_token_are_slowed_without_a_watch_token(local: Served) -> None:
    def guess(text: str, source: str = "127.0.0.1", **more: str) -> int:
        headers = {**JSON, "authorization": f"Bearer {text}", **more}
        return status_from(local, source, "POST", "/api/command", headers, '{"action": "take", "operator": "Eve"}')

    found: list[int] = []
    while 429 not in found and len(found) < 60:
        # a forwarded address is not believed
        found.append(guess(f"guess-{len(found)}", **{"x-forwarded-for": f"10.0.0.{len(found)}"}))
    # 60 at once, eleven for each
    assert found[-1] == 429 and 5 <= len(found) <= 12 and set(found[:-1]) == {401}
    # in debt even the right one waits: otherwise the answer to it would stand out among the 429
    assert guess(COMMAND) == 429
    assert guess(COMMAND, ELSEWHERE) == 200
    time.sleep(0.7)
    assert guess(COMMAND) in (200, 409)


def test_guesses_of_the_watch_token_are_slowed_for_good(opened: Session) -> None:
    """Once the bucket is empty a guess comes through each 0.11 s, and none in between."""
    with room(opened, WATCH) as served:
        found: list[int] = []
        while 429 not in found and len(found) < 300:
            path = f"/api/health?token=guess-{len(found)}"
            found.append(status_from(served, "127.0.0.1", "GET", path, {}))
        begun = time.monotonic()
        later = []
        while time.monotonic() < begun + 1.0:
            later.append(status_from(served, "127.0.0.1", "GET", f"/api/health?token=later-{len(later)}", {}))
        assert later.count(401) <= 12 and later.count(429) > later.count(401)


def test_a_feed_with_an_old_token_does_not_shut_out_the_operator(local: Served) -> None:
    wrong = {**JSON, "authorization": "Bearer the-token-of-yesterday"}
    for _ in range(20):
        assert local.ask("POST", "/api/telemetry", "{}", wrong).status == 401
    assert local.order().status == 200


def test_the_app_asks_for_the_token_even_without_its_guard(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keys, "may_watch", lambda *_: True)
    with room(opened, WATCH) as served:
        for path in ("/api/command", "/api/telemetry"):
            for headers in (JSON, {**JSON, "authorization": f"Bearer {WATCH}"}, {**JSON, "authorization": COMMAND}):
                assert served.ask("POST", path, "{}", headers).status == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [(b"192.0.2.7", 200), (b"[2001:db8::1]:80", 200), (b"evil.example", 421), (b"here.example", 200)],
)
def test_elsewhere_any_address_is_a_host_and_no_name_but_ours(local: Served, host: bytes, status: int) -> None:
    guard = local.server.config.loaded_app
    while not isinstance(guard, Guard):
        guard = getattr(guard, "app", None) or getattr(guard, "middleware_stack", None) or guard._app
    guard._hosts |= {"*", "here.example"}
    answer = local.raw(b"GET /api/health HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ", 2)[1] == str(status).encode()


# --- numbers and texts that are none


@pytest.mark.parametrize("text", ["9" * 16, "9" * 5000, "\u00b2", "\u0663", "-1", "1.0", "1e3", "0x1", " 1"])
def test_the_id_of_the_last_event_is_a_number_or_refused(local: Served, text: str) -> None:
    raw = b"GET /api/stream HTTP/1.1\r\nLast-Event-ID: " + text.encode("latin-1", "replace") + b"\r\n" + CLOSE
    if text.strip() == text and text.isascii():
        assert local.raw(raw).split(b" ", 2)[1] == b"400"
    sent = "".join(f"%{byte:02x}" for byte in text.encode())
    assert local.ask("GET", f"/api/stream?id={sent}").status == 400


def test_telemetry_is_of_a_size_and_a_type_and_may_quote_anything(opened: Session) -> None:
    with room(opened) as served:
        served.session.feed = open_feed(opened.plan, opened.prepared, Options(samples=0)).feed
        for kind in ("", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
            assert served.ask("POST", "/api/telemetry", "{}", {**HEAD, "content-type": kind}).status == 415
        assert served.ask("POST", "/api/telemetry", b" " * (app.LARGEST_TELEMETRY + 1), HEAD).status == 413
        # half a surrogate pair is quoted back
        answer = served.ask("POST", "/api/telemetry", b'{"time_utc": "\\ud800", "position_m": [7e6, 0, 0]}', HEAD)
        assert answer.status == 400 and "time_utc" in json.loads(answer.text)["error"]
        # a remark is said once
        state = b'{"time_utc": "2022-09-29T10:00:00Z", "position_m": [7e6, 0, %d]}'
        for aside_m in (0, 9000, 0, 0):
            assert served.ask("POST", "/api/telemetry", state % aside_m, HEAD).status == 200
        told = [one for one in served.session.messages if "contradict" in one["text"]]
        assert [one["count"] for one in told] == [1]


# --- what is made on request


class Busy:
    """Counts how many do something at once."""

    def __init__(self, takes_s: float) -> None:
        self.takes_s, self.now, self.most, self.calls = takes_s, 0, 0, 0
        self._lock = threading.Lock()

    def work(self) -> None:
        with self._lock:
            self.now, self.calls = self.now + 1, self.calls + 1
            self.most = max(self.most, self.now)
        time.sleep(self.takes_s)
        with self._lock:
            self.now -= 1


def test_packets_are_taken_one_body_at_a_time(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(0.1)
    monkeypatch.setattr(Feed, "take", lambda *_: busy.work() or {})
    with room(opened) as served:
        served.session.feed = open_feed(opened.plan, opened.prepared, Options(samples=0)).feed
        posts = [threading.Thread(target=served.ask, args=("POST", "/api/telemetry", "{}", HEAD)) for _ in range(4)]
        for post in posts:
            post.start()
        for post in posts:
            post.join(10)
    assert (busy.calls, busy.most) == (4, 1)


def asked_at_once(served: Served, paths: list[str], source: str = "127.0.0.1") -> list[int]:
    with ExitStack() as all_of_them:
        links = [
            all_of_them.enter_context(socket.create_connection(("127.0.0.1", served.port), 10.0, (source, 0)))
            for _ in paths
        ]
        for link, path in zip(links, paths, strict=True):
            link.sendall(f"GET {path} HTTP/1.1\r\n".encode() + CLOSE)
        return [int(until_closed(link)[0].split(b" ", 2)[1]) for link in links]


@pytest.mark.parametrize(("path", "method"), [("/api/flight/live", "flight"), ("/api/planes/live", "planes_text")])
def test_documents_are_made_one_at_a_time(
    local: Served, monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    busy = Busy(0.1)
    monkeypatch.setattr(Documents, method, lambda *_: busy.work() or "{}")
    assert asked_at_once(local, [path] * 5) == [200] * 5
    assert busy.most == 1 and busy.calls == 5


@pytest.mark.parametrize("path", ["/api/sample/{}", "/api/stream?sample={}&from=1e9&rate=1000"])
def test_returns_on_request_starve_nobody(local: Served, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """One flies at a time, five of a client and ten of all; telemetry, commands and the stream go on meanwhile."""
    busy = Busy(0.2)

    def flown(self: Samples, number: int, like: Any) -> Any:
        if number not in self._flown:
            busy.work()
            self._flown[number] = like
        return self._flown[number]

    monkeypatch.setattr(Samples, "flight", flown)
    monkeypatch.setattr(Documents, "sample_text", lambda self, number: self.sample_flight(number) and "{}")
    found: dict[str, list[int]] = {}
    floods = [
        threading.Thread(
            target=lambda n=n: found.update(
                {str(n): asked_at_once(local, [path.format(100 * n + one) for one in range(20)], f"127.0.0.{n}")}
            )
        )
        for n in (3, 4, 5)
    ]
    for flood in floods:
        flood.start()
    wait(lambda: busy.now == 1)
    begun, last = time.monotonic(), local.session.ring.last
    assert status_from(local, ELSEWHERE, "POST", "/api/command", HEAD, '{"action": "take", "operator": "A"}') == 200
    assert time.monotonic() - begun < 0.5
    for flood in floods:
        flood.join(30)
    took_s = time.monotonic() - begun
    # ten frames a second, less what a busy machine loses
    assert local.session.ring.last - last > 5.0 * took_s
    assert busy.most == 1 and 10 <= busy.calls <= 10 + took_s + 1
    assert {status for one in found.values() for status in one} == {200, 429}
    assert all(one.count(200) <= 5 + took_s for one in found.values())
    # what is kept is given again at once
    kept = next(iter(room_of(local).documents.samples._flown))
    assert status_from(local, "127.0.0.3", "GET", path.format(kept), {}) == 200


def room_of(served: Served) -> app.Room:
    """Return what the routes share."""
    loaded: Any = served.server.config.loaded_app
    seen: list[Any] = [loaded]
    while seen:
        one = seen.pop()
        for route in getattr(one, "routes", []):
            for cell in route.endpoint.__closure__ or ():
                if isinstance(cell.cell_contents, app.Room):
                    return cell.cell_contents
        seen += [each for each in (getattr(one, "app", None), getattr(one, "_app", None)) if each is not None]
    raise AssertionError("no room")


NO_NUMBERS = ("-1", "1e5", "9" * 10, "9" * 5000, "%d9%a3", "%c2%b2", "0x1", "1.5", "nan", "inf", "..", "%00", "1%202")


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_sample_that_is_no_number_is_refused(local: Served, text: str) -> None:
    for path in (f"/api/sample/{text}", f"/api/stream?sample={text}", f"/api/stream?from=0&sample={text}"):
        answer = local.ask("GET", path)
        assert answer.status == 404 and len(answer.text) < 300, path
    assert local.ask("GET", "/api/stream?from=0&sample=").status == 404
    # a number without a campaign
    assert "--campaign" in local.ask("GET", "/api/stream?sample=3").text


def test_planes_of_no_such_name_are_refused(local: Served) -> None:
    for name in ("feed", "..", "%2e%2e%2fplan", "plan%00", "PLAN", "a" * 5000):
        assert local.ask("GET", f"/api/planes/{name}").status == 404, name
    assert json.loads(local.ask("GET", "/api/recovery?from=nan&x=%ff").text)["state"] == "none"


def test_a_sample_without_a_moment_is_replayed_from_its_begin(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Samples, "flight", lambda self, number, like: like)
    with socket.create_connection(("127.0.0.1", local.port), 5.0) as link:
        link.sendall(b"GET /api/stream?sample=1 HTTP/1.1\r\n" + CLOSE)
        text = b""
        while b"event: frame\n" not in text and (part := link.recv(65536)):
            text += part
    # the live stream begins elsewhere, and its frames say when they were sent
    assert b"id: 0\nevent: frame\n" in text and b"sent_unix_s" not in text


def test_what_runs_beside_leaves_a_thread_for_a_command(local: Served) -> None:
    """A prediction, the force, two documents, a return, a campaign, its band, opportunities and a record: nine."""
    together = threading.Barrier(10)

    async def ten() -> None:
        await asyncio.gather(*(asyncio.to_thread(together.wait, 5.0) for _ in range(10)))

    asyncio.run_coroutine_threadsafe(ten(), local_loop(local)).result(10)


def test_a_campaign_of_another_mission_is_not_replayed(
    opened: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The samples would be flown with the values of this mission, and be none of that campaign."""
    spec = SimpleNamespace(config_hash="another", mission="ms-21", samples=4, seed=1)
    monkeypatch.setattr(Campaign, "open", lambda _: SimpleNamespace(spec=spec))
    with pytest.raises(ConfigError, match="other values"):
        Samples(tmp_path).flight(0, opened.plan)
