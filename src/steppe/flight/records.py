"""Published returns as missions: what a planner could have known before the undocking, and nothing else.

A record (the format of ``returns.json``) gives the station's orbit from before the undocking, the undocking time and
the name of the zone. Coordinates, times and distances of the real landing never enter a mission.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Final

from steppe.config.loader import LoadedMission, load_vehicle, load_zone
from steppe.config.mission import Deorbit, DepartureChoice, Guidance, Mission, Published, Station
from steppe.errors import ConfigError, ElementsError
from steppe.frames.elements import StationOrbit

Json = dict[str, Any]

VEHICLE: Final = "soyuz-ms"
# key of a record -> name of the event
EVENT_KEYS: Final = {
    "undock_utc": "undocking",
    "deorbit_burn_start_utc": "deorbit_ignition",
    "module_separation_utc": "module_separation",
    "entry_interface_utc": "entry_interface",
    "entry_guidance_start_utc": "guidance_start",
    "plasma_exit_utc": "plasma_exit",
    "parachute_open_command_utc": "parachute_command",
    "soft_landing_engines_utc": "soft_landing_ignition",
    "landing_utc": "touchdown",
}
# Published burns: 128 m/s with the station at 405 to 430 km, 115 m/s (258 to 261 s) at about 390 km and below
# (CSA for MS-11, NASASpaceflight for TMA-01M, Aviation Week for TMA-22); the border in between is an assumption
HIGH_STATION_M: Final = 395e3
HIGH_DELTA_V_M_S: Final = 128.0
LOW_DELTA_V_M_S: Final = 115.0


@dataclass(frozen=True, slots=True)
class _Known:
    """A zone as the press names it: bearing (deg) and distance (km) from the town."""

    zone: str
    bearing_deg: float
    distance_km: float
    usual: bool = True


# Towns with the zones around them; distances are those of the published plans in the zones' files
_TOWNS: Final[dict[str, tuple[_Known, ...]]] = {
    "Zhezkazgan": (_Known("zhezkazgan-se", 107.0, 147.0), _Known("zhezkazgan-ne", 56.0, 130.0)),
    "Arkalyk": (
        _Known("arkalyk-north", 14.0, 85.0),
        # used once, and named by its distance (50 km)
        _Known("arkalyk-northeast", 45.0, 50.0, usual=False),
        _Known("arkalyk-south", 180.0, 34.0),
    ),
}
_SPELLINGS: Final = {
    **dict.fromkeys(("zhezkazgan", "dzhezkazgan", "jezkazgan", "zhezqazghan", "jezqazgan", "джезказган"), "Zhezkazgan"),
    **dict.fromkeys(("жезказган", "zhezqazgan", "dzheskazgan"), "Zhezkazgan"),
    **dict.fromkeys(("arkalyk", "arqalyk", "arqalyq", "arkalik", "аркалык"), "Arkalyk"),
}
_POINTS: Final = {
    "N": 0.0, "NNE": 22.5, "NE": 45.0, "ENE": 67.5, "E": 90.0, "ESE": 112.5, "SE": 135.0, "SSE": 157.5,
    "S": 180.0, "SSW": 202.5, "SW": 225.0, "WSW": 247.5, "W": 270.0, "WNW": 292.5, "NW": 315.0, "NNW": 337.5,
}  # fmt: skip
_WORDS: Final = {"NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W"}
# A direction further than this from every zone of the town names none of them
_LARGEST_TURN_DEG: Final = 75.0


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """The zone of a record, why it is that one, and whether the record named it plainly."""

    name: str
    why: str
    certain: bool = True


def bundled_records() -> list[Json]:
    """Return the published returns that come with steppe."""
    text = resources.files("steppe.data").joinpath("returns.json").read_text("utf-8")
    records: list[Json] = json.loads(text)
    return records


def read_records(path: Path) -> list[Json]:
    """Return the records of a file in the format of ``returns.json``: a list, or a table with a list ``returns``.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not JSON, or holds something else than records.
    """
    source = str(path)
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except OSError as problem:
        raise ConfigError(f"cannot read the file of returns: {problem.strerror}", source=source) from None
    except UnicodeDecodeError as problem:
        raise ConfigError(f"not UTF-8 text (byte {problem.start}); save it as UTF-8", source=source) from None
    except json.JSONDecodeError as problem:
        reason = f"not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}"
        raise ConfigError(f"{reason}; expected a list of returns as in 'returns.json'", source=source) from None
    except (ValueError, RecursionError):
        raise ConfigError("not usable JSON: a number or a nesting without end", source=source) from None
    records = content.get("returns") if isinstance(content, dict) else content
    if not isinstance(records, list):
        kind = type(records if records is not None else content).__name__
        raise ConfigError(f"expected a list of returns (each with id, undock_utc, ...), got {kind}", source=source)
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            reason = f"return {number + 1} of {len(records)} is a {type(record).__name__}, expected a table"
            raise ConfigError(reason, source=source)
    if not records:
        raise ConfigError("the list of returns is empty", source=source)
    return records


def moment(record: Json, key: str) -> datetime | None:
    """Return a published time of a record, None if it has none.

    Raises
    ------
    ConfigError
        If the value is no date and time.
    """
    value = record.get(key)
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
        # the name of the key says UTC
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unusable(record, key, f"expected a time such as 2022-09-29T07:34:20Z, got '{value}'") from None


def precision_s(record: Json, key: str) -> float:
    """Return how precisely a time was published, in s; where nothing says it, a time without seconds counts as 60."""
    given = _table(record, "time_precision_s").get(key)
    if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given) and given > 0:
        return float(given)
    when = moment(record, key)
    return 60.0 if when is None or (when.second == 0 and when.microsecond == 0) else 1.0


def status_of(record: Json, key: str) -> str:
    """Return ``actual``, ``reported`` or ``planned`` for a field, ``unstated`` where the record does not say."""
    return str(_table(record, "status").get(key, "unstated"))


def landing_plan_error_s(record: Json) -> float | None:
    """Return how far the landing time announced before the flight was from the real one (announced minus flown, s).

    It says how well the planners themselves knew the moment. None where no plan was published, or no landing.

    Raises
    ------
    ConfigError
        If one of the two is no date and time.
    """
    announced = _table(record, "planned").get("landing_utc")
    value = announced.get("value") if isinstance(announced, dict) else announced
    planned, flown = moment({**record, "landing_utc": value}, "landing_utc"), moment(record, "landing_utc")
    if planned is None or flown is None or status_of(record, "landing_utc") == "planned":
        return None
    return (planned - flown).total_seconds()


def name_of(record: Json, number: int = 0) -> str:
    """Return the name of a record, or its number in the file."""
    return str(record.get("id") or record.get("spacecraft") or f"return {number + 1}")


def is_ballistic(record: Json) -> bool:
    """Return whether the capsule came down ballistic."""
    return str(record.get("mode", "guided")).strip().lower() == "ballistic"


def last_orbit(record: Json) -> Json:
    """Return the last two-line elements from before the undocking: as flagged, else the latest by their epoch.

    Raises
    ------
    ConfigError
        If the record has none.
    """
    undocking = moment(record, "undock_utc")
    if undocking is None:
        raise _unusable(record, "undock_utc", "missing, so the revolution cannot be picked")
    orbits = record.get("station_orbits")
    if not isinstance(orbits, list) or not orbits:
        raise _unusable(record, "station_orbits", "missing: no orbit of the station to plan with")
    usable = []
    for orbit in orbits:
        if not isinstance(orbit, dict) or not isinstance(orbit.get("line1"), str) or "line2" not in orbit:
            continue
        epoch = _epoch(record, orbit)
        if epoch is not None and epoch <= undocking:
            usable.append((bool(orbit.get("last_before_undocking")), epoch, orbit))
    if not usable:
        reason = f"none of the {len(orbits)} element sets is from before undocking at {undocking:%Y-%m-%dT%H:%M:%SZ}"
        raise _unusable(record, "station_orbits", reason)
    chosen: Json = max(usable, key=lambda one: one[:2])[2]
    return chosen


def _epoch(record: Json, orbit: Json) -> datetime | None:
    """Return the epoch that the lines themselves give; the text beside them may be missing or rounded."""
    try:
        return StationOrbit.from_lines(orbit["line1"], str(orbit["line2"]), source=name_of(record)).epoch
    except ElementsError:
        return None


def station_altitude_m(record: Json) -> float:
    """Return the station's mean altitude at the undocking in m, from the elements of `last_orbit`."""
    orbit, undocking = last_orbit(record), moment(record, "undock_utc")
    assert undocking is not None  # last_orbit has seen it
    elements = StationOrbit.from_lines(orbit["line1"], str(orbit["line2"]), source=name_of(record))
    return float(elements.mean_altitude_m(undocking))


def delta_v_by_rule(altitude_m: float) -> tuple[float, str]:
    """Return the size of the deorbit burn in m/s for a mean altitude of the station in m, and the rule in words."""
    border = f"{HIGH_STATION_M / 1e3:.0f} km"
    if altitude_m > HIGH_STATION_M:
        return HIGH_DELTA_V_M_S, f"every published burn from a station above {border} is 128 m/s"
    return LOW_DELTA_V_M_S, f"every published burn from a station below {border} is 115 m/s"


def choose_zone(record: Json) -> ZoneChoice:
    """Return the zone that a record names by town, direction and planned distance.

    Raises
    ------
    ConfigError
        If it names no zone; the message gives the nearest one.
    """
    text, direction = str(record.get("landing_town") or ""), str(record.get("landing_direction") or "")
    ballistic = is_ballistic(record)
    town = _town_in(text)
    if town is None:
        if ballistic:  # the town is where it came down, not where it was to land
            return _zone_of_the_time(record)
        raise _unusable(record, "landing_town", _unknown_town(text))
    known = _TOWNS[town]
    distance_km = _planned_distance_km(record)
    asked = None if ballistic and "short" in direction else _bearing_in(direction)
    if asked is None:
        if direction and not ballistic:
            reason = f"'{direction}' is no direction; expected one such as SE or NE"
            raise _unusable(record, "landing_direction", f"{reason}; the usual zone is '{known[0].zone}'")
        return ZoneChoice(known[0].zone, f"target near {town}, the usual zone there", certain=ballistic)
    best = min(
        (one for one in known if one.usual or distance_km is not None), key=lambda one: _misfit(one, asked, distance_km)
    )
    if _turn(best.bearing_deg, asked) > _LARGEST_TURN_DEG:
        reason = f"there is no zone {direction} of {town}; the nearest is '{best.zone}'"
        raise _unusable(record, "landing_direction", reason)
    where = f"planned {distance_km:g} km from" if distance_km is not None else "target near"
    return ZoneChoice(best.zone, f"{where} {town}, direction {direction}")


def _zone_of_the_time(record: Json) -> ZoneChoice:
    """Return the main zone of the year: north of Arkalyk until 2012, then south-east of Zhezkazgan."""
    when = moment(record, "undock_utc")
    zone = "arkalyk-north" if when is not None and when.year <= 2012 else "zhezkazgan-se"
    return ZoneChoice(zone, "the record names only where it came down: main zone of that year", certain=False)


def _town_in(text: str) -> str | None:
    """Return the last known town named in a text: press texts name the target after the place of the landing."""
    found = None
    for word in re.findall(r"[^\W\d_]{4,}", text.lower()):
        close = get_close_matches(word, _SPELLINGS, n=1, cutoff=0.84)
        if close:
            found = _SPELLINGS[close[0]]
    return found


def _unknown_town(text: str) -> str:
    names = ", ".join(_TOWNS)
    near = get_close_matches(text.strip().lower(), _SPELLINGS, n=1, cutoff=0.0)
    guess = f"; the nearest name is {_SPELLINGS[near[0]]}" if near and text.strip() else ""
    return f"'{text}' names no town with a known zone (known: {names}){guess}"


def _bearing_in(text: str) -> float | None:
    """Return the bearing in deg of "SE", "south-east", "N/NE" (their mean); None if the text has none."""
    text = text.upper()
    for word, letter in _WORDS.items():
        text = re.sub(rf"{word}(ERN|WARD|WARDS)?", letter, text)
    text = re.sub(r"(?<=[NESW])[-\s]+(?=[NESW]+\b)", "", text)
    found = [_POINTS[token] for token in re.findall(r"\b[NESW]{1,3}\b", text) if token in _POINTS]
    if not found:
        return None
    east = sum(math.sin(math.radians(bearing)) for bearing in found)
    north = sum(math.cos(math.radians(bearing)) for bearing in found)
    return math.degrees(math.atan2(east, north)) % 360.0


def _turn(first_deg: float, second_deg: float) -> float:
    return abs((first_deg - second_deg + 180.0) % 360.0 - 180.0)


def _misfit(known: _Known, asked_deg: float, distance_km: float | None) -> float:
    """Return how badly a zone fits, in km; a direction in words is coarse and counts half."""
    if distance_km is None:
        return _turn(known.bearing_deg, asked_deg)
    return abs(known.distance_km - distance_km) + 0.5 * distance_km * math.radians(_turn(known.bearing_deg, asked_deg))


def _planned_distance_km(record: Json) -> float | None:
    planned = _table(record, "planned").get("landing_distance_km")
    value = planned.get("value") if isinstance(planned, dict) else planned
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    return None


def mission_of(
    record: Json, *, ignition_utc: datetime | None = None, delta_v_m_s: float | None = None
) -> tuple[LoadedMission, ZoneChoice]:
    """Return the mission that a planner would have written before the undocking, and how the zone was chosen.

    Parameters
    ----------
    record
        One record.
    ignition_utc, delta_v_m_s
        As flown; None lets steppe plan the ignition, and the altitude of the station give the burn.

    Raises
    ------
    ConfigError, ElementsError
        If the record lacks what a plan needs; the message names the field.
    """
    orbit, zone = last_orbit(record), choose_zone(record)
    undocking = moment(record, "undock_utc")
    assert undocking is not None  # last_orbit has seen it
    burn = delta_v_by_rule(station_altitude_m(record))[0] if delta_v_m_s is None else delta_v_m_s
    name = name_of(record)
    if ignition_utc is not None and ignition_utc <= undocking:
        raise _unusable(record, "deorbit_burn_start_utc", f"{ignition_utc:%H:%M:%S} is not after the undocking")
    try:
        mission = Mission(
            name=name.lower()[:64],
            vehicle=VEHICLE,
            zone=zone.name,
            station=Station(name="ISS", line1=orbit["line1"], line2=str(orbit["line2"])),
            departure=DepartureChoice(undocking_utc=undocking),
            deorbit=Deorbit(delta_v_m_s=burn, ignition_utc=ignition_utc),
            guidance=Guidance(law="ballistic") if is_ballistic(record) else Guidance(),
            published=_published(record),
        )
    except ValueError as problem:
        raise _unusable(record, "", " ".join(str(problem).split())) from None
    return LoadedMission(mission, load_vehicle(VEHICLE), load_zone(zone.name), f"record {name}", None), zone


def _published(record: Json) -> Published:
    """Return what was published, to be compared with: never used by the flight."""
    events: dict[str, datetime] = {}
    precisions: dict[str, float] = {}
    for key, name in EVENT_KEYS.items():
        when = moment(record, key)
        if when is not None:
            events[name], precisions[name] = when, precision_s(record, key)
    planned = tuple(EVENT_KEYS[key] for key in EVENT_KEYS if key in record and status_of(record, key) == "planned")
    latitude, longitude = position_deg(record) or (None, None)
    return Published(
        events=events,
        precision_s=precisions,
        planned_events=tuple(name for name in planned if name in events),
        touchdown_latitude_deg=latitude,
        touchdown_longitude_deg=longitude,
    )


def position_deg(record: Json) -> tuple[float, float] | None:
    """Return the published latitude and longitude of the landing, None if one is missing."""
    values = (record.get("landing_lat_deg"), record.get("landing_lon_deg"))
    if all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values):
        latitude, longitude = (float(v) for v in values if v is not None)
        return (latitude, longitude) if abs(latitude) <= 90.0 and abs(longitude) <= 360.0 else None
    return None


def conflicts_of(record: Json) -> tuple[str, ...]:
    """Return what the sources of a record disagree on, one line for each field."""
    conflicts = record.get("conflicts")
    lines = []
    for conflict in conflicts if isinstance(conflicts, list) else ():
        values = conflict.get("values") if isinstance(conflict, dict) else None
        if isinstance(values, list):
            lines.append(f"{conflict.get('field')}: {'; '.join(map(str, values))}")
    return tuple(lines)


def _table(record: Json, key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def _unusable(record: Json, key: str, reason: str) -> ConfigError:
    return ConfigError(reason, source=f"record {name_of(record)}", key=key)
