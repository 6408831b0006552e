"""`steppe fetch` against a server on this machine: what goes right, and every way in which it goes wrong."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from wind_files import LEVELS, igra_sounding, write_igra, wyoming_page

import steppe
from steppe.cli.main import run
from steppe.errors import ConfigError, FetchError
from steppe.io.fetch import services
from steppe.io.fetch.cache import MANIFEST, Cache, Wanted
from steppe.io.fetch.download import Manner

TLE = (
    "ISS (ZARYA)\n"
    "1 25544U 98067A   22272.17110532  .00013844  00000+0  25024-3 0  9990\n"
    "2 25544  51.6443 182.9405 0002421 313.2240 180.6953 15.49883955361366\n"
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
            if callable(answer):
                answer = answer(self.path)
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
    assert "expected elements of 99999, got 'No GP data found'" in err
    assert left(tmp_path / "b") == []
    service.answers["/NORAD/elements/gp.php"] = TLE.encode()
    code, _, err = fetch(capsys, service, tmp_path / "b", "elements", "--norad", "20580")
    assert (code, "expected elements of 20580, got those of 25544" in err) == (1, True)
    service.answers["/NORAD/elements/gp.php"] = TLE.replace("313.2240", "313.2250").encode()
    code, _, err = fetch(capsys, service, tmp_path / "b", "elements")
    assert (code, "checksum" in err, left(tmp_path / "b")) == (1, True, [])


def test_elements_of_an_object_with_six_digits_come_as_an_omm(tmp_path, service, capsys):
    """Two-line elements have no room for more than 5 digits (celestrak.org/NORAD/documentation/gp-data-formats.php)."""
    omm = (
        "CCSDS_OMM_VERS = 2.0\nCREATION_DATE = 2026-10-01T00:00:00\nORIGINATOR = CELESTRAK\nOBJECT_NAME = SOYUZ-MS 40\n"
        "OBJECT_ID = 2026-200A\nCENTER_NAME = EARTH\nREF_FRAME = TEME\nTIME_SYSTEM = UTC\nMEAN_ELEMENT_THEORY = SGP4\n"
        "EPOCH = 2026-09-30T12:00:00.000000\nMEAN_MOTION = 15.49883955\nECCENTRICITY = .0002421\n"
        "INCLINATION = 51.6443\nRA_OF_ASC_NODE = 182.9405\nARG_OF_PERICENTER = 313.2240\nMEAN_ANOMALY = 180.6953\n"
        "EPHEMERIS_TYPE = 0\nCLASSIFICATION_TYPE = U\nNORAD_CAT_ID = 100123\nELEMENT_SET_NO = 999\n"
        "REV_AT_EPOCH = 36136\nBSTAR = .25024E-3\nMEAN_MOTION_DOT = .00013844\nMEAN_MOTION_DDOT = 0\n"
    )
    service.answers["/NORAD/elements/gp.php"] = omm.encode()
    code, out, err = fetch(capsys, service, tmp_path, "elements", "--norad", "100123")
    assert code == 0, err
    assert service.asked == ["/NORAD/elements/gp.php?CATNR=100123&FORMAT=KVN"]
    assert out.rstrip().endswith('100123.omm"')


def sounding_asked_for(path: str) -> bytes:
    """Answer as the site does for coded messages: a CSV without time and place."""
    found = re.search(r"datetime=\d{4}-\d\d-\d\d%20(\d\d):00:00&id=35671", path)
    assert found is not None
    head = "pressure_hPa,geopotential height_m,temperature_C,wind direction_degree,wind speed_m/s"
    rows = [f"{p:6.1f},{h:5.0f},-5.0,{d:3d},{s:4.1f}" for p, h, d, s in LEVELS]
    return "\n".join([head, *rows, "  18.9,26928,-50.5,   ,    "]).encode()


def test_a_source_that_lacks_a_sounding_is_followed_by_the_next(tmp_path, service, capsys):
    def answer(path: str) -> object:
        return sounding_asked_for(path) if path.endswith("&src=BUFR") else 404 if "src=FM35" in path else 400

    service.answers["/wsgi/sounding"] = answer
    words = ("winds", "--station", "35671", "--utc", "2022-09-29T10:57Z")
    code, out, err = fetch(capsys, service, tmp_path, *words)
    assert code == 0, err
    assert len(service.asked) == 6 and out.count("&src=BUFR") == 2
    manifest = json.loads((tmp_path / MANIFEST).read_text())["files"]
    assert manifest["winds/uwyo-35671-2022092912.csv"]["url"].endswith("&src=BUFR")
    service.answers["/wsgi/sounding"] = 404
    code, _, err = fetch(capsys, service, tmp_path / "b", *words)
    assert (code, left(tmp_path / "b")) == (1, [])
    assert "HTTP 404" in err and "(and 2 other addresses of it do not have it)" in err


def test_a_web_page_with_status_200_is_not_kept_as_data(tmp_path, service, capsys):
    page = b"<!DOCTYPE html><html><head><title>x</title></head><h1>Maintenance</h1>Come back on Monday.</html>"
    for path in ("/wsgi/sounding", "/NORAD/elements/gp.php", "/SpaceData/SW-Last5Years.csv"):
        service.answers[path] = page
    for words in (("winds", "ms-21"), ("elements",), ("space-weather",)):
        code, _, err = fetch(capsys, service, tmp_path, *words)
        assert (code, left(tmp_path)) == (1, [])
        assert "a web page came, which says 'Maintenance Come back on Monday.'" in err


def test_a_sounding_of_another_time_is_refused(tmp_path, service, capsys):
    service.answers["/wsgi/sounding"] = wyoming_page(datetime(2022, 9, 29, 12, tzinfo=UTC)).encode()
    code, _, err = fetch(capsys, service, tmp_path, "winds", "ms-21", "--station", "35671")
    assert (code, left(tmp_path)) == (1, [])
    assert "expected the sounding of 2022-09-29 00 UTC, got 2022-09-29 12:00" in err


def test_soundings_are_usable_by_the_lines_that_are_printed(tmp_path, service, capsys):
    service.answers["/wsgi/sounding"] = sounding_asked_for
    code, out, err = fetch(capsys, service, tmp_path / "cache", "winds", "ms-21", "--station", "35671", "--json")
    assert code == 0, err
    document = json.loads(out)
    assert [one["outcome"] for one in document["files"]] == ["fetched", "fetched"]
    assert service.asked == [
        "/wsgi/sounding?datetime=2022-09-29%2000:00:00&id=35671&type=TEXT:CSV",
        "/wsgi/sounding?datetime=2022-09-29%2012:00:00&id=35671&type=TEXT:CSV",
    ]
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
    assert "gave something else than was asked for: uwyo-35671-2022092900.csv: expected a table" in err
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
    head = "DATE," + ",".join(f"AP{k}" for k in range(1, 9)) + ",AP_AVG,F10.7_OBS,F10.7_OBS_CENTER81,F10.7_DATA_TYPE"
    rows = [f"2026-01-{day:02d}," + "8," * 9 + "150.0,140.0,OBS" for day in range(1, 7)]
    service.answers["/SpaceData/SW-Last5Years.csv"] = "\n".join([head, *rows]).encode()
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
    # The smallest message of edition 2: its first section and its end
    whole = b"GRIB\0\0\0\x02" + (20).to_bytes(8, "big") + b"7777"
    for content in (whole, 2 * whole):
        (tmp_path / "g").write_bytes(content)
        first.check(tmp_path / "g")
    for content in (whole[:-2], b"<html>", b"G", whole[:8] + bytes(8) + b"7777"):
        (tmp_path / "g").write_bytes(content)
        with pytest.raises(ConfigError, match="whole GRIB"):
            first.check(tmp_path / "g")


def test_the_short_file_of_igra_is_asked_for_first(tmp_path, service, capsys):
    """The short files begin with this year or the last (names of 2026: beg2025 in June, beg2026 in September)."""
    now = datetime(2026, 7, 1, tzinfo=UTC)
    (recent,) = services.igra_archives(["35671"], datetime(2026, 6, 20, tzinfo=UTC), now)
    asked = [url.rpartition("/access/")[2] for url in (recent.url, *recent.others)]
    assert asked == [
        "data-y2d/KZM00035671-data-beg2026.txt.zip",
        "data-y2d/KZM00035671-data-beg2025.txt.zip",
        "data-por/KZM00035671-data.txt.zip",
    ]
    (last,) = services.igra_archives(["35671"], datetime(2025, 4, 19, tzinfo=UTC), now)
    assert len(last.others) == 1 and "beg2025" in last.url
    (old,) = services.igra_archives(["35671"], datetime(2022, 9, 29, tzinfo=UTC), now)
    assert old.others == () and old.url.endswith("data-por/KZM00035671-data.txt.zip")
    # An archive that does not hold the day is not what was asked for
    source = write_igra(tmp_path / "s.zip", [igra_sounding(datetime(2022, 9, 1, 12, tzinfo=UTC))])
    service.answers["/data/integrated-global-radiosonde-archive/access/data-por/KZM00035671-data.txt.zip"] = (
        source.read_bytes()
    )
    code, _, err = fetch(capsys, service, tmp_path / "c", "winds", "ms-21", "--source", "igra", "--station", "35671")
    assert (code, left(tmp_path / "c")) == (1, [])
    assert "no sounding with wind within 24 h of 2022-09-29" in err


def test_the_mirror_may_stand_in_the_environment(tmp_path, service, capsys, monkeypatch):
    service.answers["/NORAD/elements/gp.php"] = TLE.encode()
    monkeypatch.setenv("STEPPE_FETCH_BASE_URL", service.base)
    assert run(["fetch", "elements", "--cache", str(tmp_path)]) == 0
    assert f"from {service.base}/NORAD" in capsys.readouterr().out


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
