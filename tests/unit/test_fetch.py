"""`steppe fetch` against a server on this machine: what goes right, and every way in which it goes wrong."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from wind_files import igra_sounding, write_igra, wyoming_page

import steppe
from steppe.cli.main import run
from steppe.errors import FetchError
from steppe.io.fetch import services
from steppe.io.fetch.cache import MANIFEST, Cache, Wanted
from steppe.io.fetch.download import Manner

TLE = (
    "ISS (ZARYA)\n"
    "1 25544U 98067A   22272.17110532  .00013844  00000+0  25024-3 0  9990\n"
    "2 25544  51.6443 182.9405 0002421 313.2240 180.6953 15.49883955361363\n"
)
QUICK = Manner(timeout_s=0.5, tries=2, back_off_s=0.01, size_limit=100_000)


class Service:
    """What the server does at each path, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []
        self.base = ""


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            state.asked.append(self.path)
            answer = state.answers.get(path, 404)
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if answer == "hang":
                time.sleep(1.0)
                answer = b"late"
            if isinstance(answer, int):
                self.send_error(answer)
            elif isinstance(answer, str):
                self.send_response(302)
                self.send_header("Location", answer)
                self.end_headers()
            else:
                body, promised = answer if isinstance(answer, tuple) else (answer, len(answer))
                self.send_response(200)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.base = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def wanted(service: Service, path: str = "/f", *, holds_s: float = 3600.0, patient: bool = True) -> Wanted:
    return Wanted("winds", "f.txt", service.base + path, "free", holds_s, lambda _: None, patient=patient)


def left(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(tmp_path, service):
    service.answers["/f"] = b"content"
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    cache = Cache(tmp_path, QUICK, now=lambda: now[0])
    first = cache.get(wanted(service))
    assert (first.outcome, first.path.read_bytes(), len(service.asked)) == ("fetched", b"content", 1)
    assert first.sha256 == hashlib.sha256(b"content").hexdigest()
    assert left(tmp_path) == ["manifest.json", "winds/f.txt", "winds/f.txt.sha256"]
    entry = json.loads((tmp_path / MANIFEST).read_text())["files"]["winds/f.txt"]
    assert entry == {
        "url": service.base + "/f", "fetched_utc": "2026-01-01T00:00:00+00:00", "bytes": 7, "sha256": first.sha256,
        "licence": "free",
    }  # fmt: skip
    assert cache.get(wanted(service)).outcome == "cached"
    assert cache.get(wanted(service), refresh=True).outcome == "fetched"
    now[0] += timedelta(hours=2)
    assert cache.get(wanted(service), offline=True).outcome == "cached"
    assert cache.get(wanted(service), dry_run=True).outcome == "would fetch"
    assert cache.get(wanted(service)).outcome == "fetched"
    assert len(service.asked) == 3


def test_a_damaged_copy_is_fetched_again_and_refused_offline(tmp_path, service):
    service.answers["/f"] = b"content"
    cache = Cache(tmp_path, QUICK)
    path = cache.get(wanted(service)).path
    path.write_bytes(b"tampered")
    with pytest.raises(FetchError, match=r"offline, and .* cannot be used: its checksum is .* and not .* as noted"):
        cache.get(wanted(service), offline=True)
    assert cache.get(wanted(service)).outcome == "fetched"
    assert path.read_bytes() == b"content"
    (tmp_path / MANIFEST).write_text("{broken")
    assert cache.get(wanted(service)).outcome == "fetched"


def test_offline_without_a_copy_says_what_is_missing(tmp_path, service):
    with pytest.raises(FetchError, match=rf"offline, and .*f.txt .*: there is no copy; .* {service.base}/f"):
        Cache(tmp_path, QUICK).get(wanted(service), offline=True)
    assert service.asked == []
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "words", "times"),
    [
        (404, "HTTP 404 .*; the service does not have it; check station", 1),
        (403, "HTTP 403 .*; the service refuses; it may limit", 1),
        (500, r"HTTP 500 .* \(2 tries\); the service does not work now", 2),
        ("hang", r"timed out.* \(2 tries\); check the network and HTTPS_PROXY", 2),
        ((b"half", 8), r"the connection ended after 4 of 8 bytes \(2 tries\)", 2),
        (b"", "gave an empty file", 1),
        (b"x" * 100_001, "larger than the limit", 1),
        ("/f", "redirects in a circle", None),
        ("ftp://127.0.0.1/f", "which is another protocol; refused", 1),
    ],
    ids=["404", "403", "500", "timeout", "truncated", "empty", "large", "loop", "ftp"],
)
def test_what_fails_is_said_and_leaves_nothing(tmp_path, service, answer, words, times):
    service.answers["/f"] = answer
    with pytest.raises(FetchError, match=words):
        Cache(tmp_path, QUICK).get(wanted(service))
    assert left(tmp_path) == []
    if times is not None:
        assert len(service.asked) == times


def test_a_failed_refresh_leaves_the_old_copy(tmp_path, service):
    cache = Cache(tmp_path, QUICK)
    service.answers["/f"] = b"old"
    path = cache.get(wanted(service)).path
    service.answers["/f"] = (b"new", 10)
    with pytest.raises(FetchError, match="ended after 3 of 10"):
        cache.get(wanted(service), refresh=True)
    assert path.read_bytes() == b"old"
    assert cache.get(wanted(service)).outcome == "cached"


def test_a_passing_failure_is_tried_again_unless_the_service_forbids_it(tmp_path, service):
    service.answers["/f"] = [503, b"content"]
    assert Cache(tmp_path, QUICK).get(wanted(service)).outcome == "fetched"
    service.answers["/g"] = [503, b"content"]
    with pytest.raises(FetchError, match="HTTP 503"):
        Cache(tmp_path / "b", QUICK).get(wanted(service, "/g", patient=False))
    assert service.asked == ["/f", "/f", "/g"]


def test_a_redirect_is_followed(tmp_path, service):
    service.answers |= {"/f": "/there", "/there": b"content"}
    assert Cache(tmp_path, QUICK).get(wanted(service)).path.read_bytes() == b"content"


def test_a_server_that_is_not_there(tmp_path):
    gone = Wanted("winds", "f", "http://127.0.0.1:9/f", "", 0.0, lambda _: None)
    with pytest.raises(FetchError, match=r"cannot get http://127\.0\.0\.1:9/f: .*refused"):
        Cache(tmp_path, QUICK).get(gone)
    local = Wanted("winds", "f", "file:///etc/hostname", "", 0.0, lambda _: None)
    with pytest.raises(FetchError, match="expected an http or https address"):
        Cache(tmp_path, QUICK).get(local)


def test_the_proxy_of_the_environment_is_asked(tmp_path, service, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", service.base)
    monkeypatch.setenv("http_proxy", service.base)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    service.answers["http://weather.invalid/f"] = b"through the proxy"
    far = Wanted("winds", "f", "http://weather.invalid/f", "", 0.0, lambda _: None)
    assert Cache(tmp_path, QUICK).get(far).path.read_bytes() == b"through the proxy"
    assert service.asked == ["http://weather.invalid/f"]


def fetch(capsys, service: Service, cache, *words: str) -> tuple[int, str, str]:
    arguments = ["fetch", *words, "--cache", str(cache), "--base-url", service.base, "--timeout", "2", "--tries", "1"]
    code = run(arguments)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_elements_for_a_mission(tmp_path, service, capsys):
    service.answers["/NORAD/elements/gp.php"] = TLE.encode()
    code, out, _ = fetch(capsys, service, tmp_path, "elements")
    assert code == 0
    assert service.asked == ["/NORAD/elements/gp.php?CATNR=25544&FORMAT=TLE"]
    assert out.rstrip().endswith(f'[station]\nfile = "{tmp_path}/elements/25544.tle"')
    service.answers["/NORAD/elements/gp.php"] = b"No GP data found"
    code, _, err = fetch(capsys, service, tmp_path / "b", "elements", "--norad", "99999")
    assert code == 1
    assert "expected two-line elements of 99999, got 'No GP data found'" in err
    assert left(tmp_path / "b") == []


def test_soundings_are_usable_by_the_lines_that_are_printed(tmp_path, service, capsys):
    page = wyoming_page(datetime(2022, 9, 29, 12, tzinfo=UTC))
    service.answers["/wsgi/sounding"] = page.encode()
    code, out, err = fetch(capsys, service, tmp_path / "cache", "winds", "ms-21", "--station", "35671", "--json")
    assert code == 0, err
    document = json.loads(out)
    assert [one["outcome"] for one in document["files"]] == ["fetched", "fetched"]
    assert "datetime=2022-09-29%2000:00:00&id=35671" in service.asked[0]
    mission = steppe.load_mission("ms-21")
    assert mission.mission.departure is not None
    text = "\n".join(document["mission_lines"])
    (tmp_path / "m.toml").write_text(
        'name = "m"\nvehicle = "soyuz-ms"\nzone = "zhezkazgan-se"\n[start]\nphase = "canopy"\n[start.surface]\n'
        "utc = 2022-09-29T10:42:53Z\naltitude_m = 10750\nlatitude_deg = 47.37\nlongitude_deg = 69.5\nspeed_m_s = 220\n"
        f"flight_path_angle_deg = -70\n{text}\n"
    )
    flight = steppe.fly(steppe.load_mission(tmp_path / "m.toml"))
    assert flight.provenance["wind"] == "soundings"
    service.asked.clear()
    code, out, _ = fetch(capsys, service, tmp_path / "cache", "winds", "ms-21", "--station", "35671", "--offline")
    assert code == 0 and out.count("cached:") == 2 and service.asked == []
    code, out, _ = fetch(capsys, service, tmp_path / "none", "winds", "ms-21", "--dry-run")
    assert code == 0 and out.count("would fetch:") == 4 and service.asked == []
    assert not (tmp_path / "none").exists()


def test_a_station_without_a_sounding_is_said(tmp_path, service, capsys):
    service.answers["/wsgi/sounding"] = b"<html>Can't get 35671 Observations at 00Z 29 Sep 2022.</html>"
    code, _, err = fetch(capsys, service, tmp_path, "winds", "ms-21")
    assert code == 1
    assert "gave something else than was asked for: uwyo-35671-2022092900.html: expected a table" in err
    assert left(tmp_path) == []


def test_igra_archives(tmp_path, service, capsys):
    source = write_igra(tmp_path / "s.zip", [igra_sounding(datetime(2022, 9, 29, 12, tzinfo=UTC))])
    path = "/data/integrated-global-radiosonde-archive/access/data-por/KZM00035671-data.txt.zip"
    service.answers[path] = source.read_bytes()
    words = ("winds", "ms-21", "--source", "igra", "--station", "35671")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert fetch(capsys, service, tmp_path / "c", *words, "--sha256", digest)[0] == 0
    code, _, err = fetch(capsys, service, tmp_path / "d", *words, "--sha256", "0" * 64)
    assert code == 1 and "expected the SHA-256 000000" in err
    assert left(tmp_path / "d") == []
    service.answers[path] = b"<html>error</html>"
    code, _, err = fetch(capsys, service, tmp_path / "e", *words)
    assert code == 1 and "expected a zip archive" in err


def test_space_weather(tmp_path, service, capsys):
    service.answers["/SpaceData/SW-Last5Years.csv"] = b"DATE,BSRN,ND,AP1,F10.7_OBS\n2026-01-01,1,1,2,3\n"
    code, out, _ = fetch(capsys, service, tmp_path, "space-weather")
    assert code == 0 and "[air]\nspace_weather = " in out
    service.answers["/SpaceData/SW-All.csv"] = b"<html>moved</html>"
    assert fetch(capsys, service, tmp_path, "space-weather", "--all-years")[0] == 1


def test_forecasts_are_asked_for_the_hours_about_the_landing(tmp_path):
    now = datetime(2026, 11, 21, 15, 20, tzinfo=UTC)
    utc = datetime(2026, 11, 23, 10, 50, tzinfo=UTC)
    first, second = services.gfs_subsets(47.367, 69.6, utc, now)
    # At 15:20 the run of 06 UTC is complete; 52.8 h later lies between the steps 51 and 54
    assert "dir=%2Fgfs.20261121%2F06%2Fatmos&file=gfs.t06z.pgrb2.0p25.f051" in first.url
    assert "f054" in second.url
    for word in ("var_UGRD=on", "var_HGT=on", "lev_500_mb=on", "toplat=48.37", "leftlon=68.60", "subregion="):
        assert word in first.url
    with pytest.raises(FetchError, match="GFS at NOMADS covers about 2026-11-12 to"):
        services.gfs_subsets(47.367, 69.6, datetime(2022, 9, 29, tzinfo=UTC), now)
    (tmp_path / "g").write_bytes(b"GRIB....7777")
    first.check(tmp_path / "g")
    (tmp_path / "g").write_bytes(b"GRIB....77")
    with pytest.raises(FetchError, match="whole GRIB"):
        first.check(tmp_path / "g")


def test_the_nearest_stations_and_the_time_of_the_landing():
    names = [one.name for one in services.nearest_stations(47.367, 69.6, 2)]
    assert names == ["Zhezkazgan", "Karaganda"]
    landing = services.landing_time(steppe.load_mission("ms-21"))
    # MS-21 landed at 10:57:09 UTC
    assert abs((landing - datetime(2022, 9, 29, 10, 57, tzinfo=UTC)).total_seconds()) < 1800.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wind",), "expected one of winds, elements, space-weather, got 'wind'"),
        (("winds",), "need a mission"),
        (("winds", "ms-21", "--source", "ecmwf"), "expected one of wyoming, igra, gfs"),
        (("winds", "--utc", "soon", "--station", "35671"), "expected a time such as"),
        (("winds", "ms-21", "--station", "../x"), "WMO number"),
        (("elements", "--norad", "0"), "catalogue number"),
        (("elements", "--size-limit", "0"), "above 0"),
        (("winds", "ms-21", "--sha256", "ab"), "a checksum belongs to one file"),
    ],
)
def test_wrong_words_are_refused(tmp_path, service, capsys, words, said):
    code, _, err = fetch(capsys, service, tmp_path, *words)
    assert (code, said in err) == (1, True), err
    assert service.asked == []


def test_the_help_has_an_example(capsys):
    assert run(["fetch", "--help"]) == 0
    assert "steppe fetch winds ms-21 --dry-run" in capsys.readouterr().out
