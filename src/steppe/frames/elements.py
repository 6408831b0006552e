"""Station orbits: where the station is, from two-line elements, orbit mean-elements or ephemeris messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M, WGS84_GM_M3_S2
from steppe.errors import ElementsError
from steppe.frames.earth_orientation import teme_to_itrf
from steppe.frames.ephemeris import Ephemeris
from steppe.frames.local import inertial_velocity_m_s
from steppe.frames.orbit_messages import read_oem, read_omm
from steppe.frames.timescales import time_notes
from steppe.frames.tle import MeanElements, Sgp4Orbit, check_pair

Array = npt.NDArray[np.float64]

DEFAULT_MAXIMUM_AGE_DAYS: Final = 15.0
# SGP4 is good to about 1 km at its epoch and loses 1 to 3 km a day: Vallado et al., AIAA 2006-6753, section V
_ERROR_AT_EPOCH_KM: Final = 1.0
_ERROR_GROWTH_KM_DAY: Final = (1.0, 3.0)
_SECONDS_PER_DAY: Final = 86400.0
# Samples of one revolution for a mean of osculating values
_REVOLUTION_SAMPLES: Final = 180


@dataclass(frozen=True, slots=True)
class StationOrbit:
    """Where a station is.

    Attributes
    ----------
    name
        Name of the object, "" if the source has none.
    object_number
        Catalogue number (NORAD), 0 if the source has none.
    object_id
        International designator as the source writes it.
    epoch
        Epoch of the elements, or the first moment of an ephemeris (UTC).
    source
        File or text that it came from, for messages and provenance.
    kind
        ``"tle"``, ``"omm"`` or ``"oem"``.
    orbit
        The elements or the ephemeris.
    maximum_age_days
        Mean elements are refused farther than this from their epoch, before or after.
    """

    name: str
    object_number: int
    object_id: str
    epoch: datetime
    source: str
    kind: str
    orbit: Sgp4Orbit | Ephemeris
    maximum_age_days: float = DEFAULT_MAXIMUM_AGE_DAYS

    @property
    def inclination_rad(self) -> float:
        """Inclination at the epoch in rad: mean of SGP4, or osculating for an ephemeris."""
        if isinstance(self.orbit, Sgp4Orbit):
            return self.orbit.inclination_rad
        position, velocity = self.state_itrf(self.epoch)
        momentum = np.cross(position, inertial_velocity_m_s(position, velocity))
        return float(np.arctan2(np.hypot(momentum[0], momentum[1]), momentum[2]))

    @property
    def revolution_at_epoch(self) -> int | None:
        """Number of the revolution at the epoch, as the elements have it; None for an ephemeris."""
        if isinstance(self.orbit, Ephemeris):
            return None
        elements = self.orbit.elements
        return elements.revolution if isinstance(elements, MeanElements) else int(self.orbit.satellite.revnum)

    @property
    def bstar(self) -> float:
        """Drag term of SGP4 in 1 / Earth radii; 0 for an ephemeris, which has none."""
        return float(self.orbit.satellite.bstar) if isinstance(self.orbit, Sgp4Orbit) else 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about time and Earth orientation at the epoch; empty if all was measured."""
        return time_notes(self.epoch)

    def age_days(self, utc: datetime) -> float:
        """Return days from the epoch to a date, negative before the epoch."""
        return (_aware(utc) - self.epoch).total_seconds() / _SECONDS_PER_DAY

    def state_itrf(self, utc: datetime) -> tuple[Array, Array]:
        """Return position in m and velocity in m/s relative to the turning Earth, shape (3,), ITRF.

        Raises
        ------
        ElementsError
            If the date is too far from the epoch, outside the ephemeris, or the orbit has decayed.
        """
        position, velocity = self.states_itrf(utc, np.zeros(1))
        return position[:, 0], velocity[:, 0]

    def states_itrf(self, epoch_utc: datetime, seconds: npt.ArrayLike) -> tuple[Array, Array]:
        """Return positions and velocities, shape (3, N), ITRF, at seconds after a date.

        Parameters
        ----------
        epoch_utc
            The date at 0 s, with a zone.
        seconds
            Shape (N,).

        Raises
        ------
        ElementsError
            As `state_itrf`.
        """
        utc, offset = _aware(epoch_utc), np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        if offset.ndim != 1 or not np.isfinite(offset).all():
            raise ElementsError(f"{self.source}: expected a list of finite seconds since the epoch")
        if offset.size == 0:
            return np.empty((3, 0)), np.empty((3, 0))
        if isinstance(self.orbit, Ephemeris):
            return self.orbit.states_itrf(utc, offset, self.source)
        self._check_age(utc, offset)
        return teme_to_itrf(utc, *self.orbit.states_teme(utc, offset, self.source), offset)

    def mean_altitude_m(self, utc: datetime) -> float:
        """Return the mean semi-major axis minus the equatorial radius of WGS-84, in m.

        For mean elements it is that of SGP4; for an ephemeris the mean of the osculating axis over one revolution
        about the date, as far as the ephemeris reaches.

        Raises
        ------
        ElementsError
            As `state_itrf`.
        """
        if isinstance(self.orbit, Sgp4Orbit):
            self._check_age(_aware(utc), np.zeros(1))
            return self.orbit.mean_semi_major_axis_m(_aware(utc), self.source) - WGS84_EQUATORIAL_RADIUS_M
        period = 2.0 * np.pi * np.sqrt(_semi_major_axis_m(*self.states_itrf(utc, [0.0]))[0] ** 3 / WGS84_GM_M3_S2)
        samples = (np.arange(_REVOLUTION_SAMPLES) / _REVOLUTION_SAMPLES - 0.5) * period
        reach = [(end - _aware(utc)).total_seconds() for end in (self.orbit.first, self.orbit.last)]
        samples = samples[(samples >= reach[0]) & (samples <= reach[1])]
        return float(_semi_major_axis_m(*self.states_itrf(utc, samples)).mean()) - WGS84_EQUATORIAL_RADIUS_M

    def _check_age(self, utc: datetime, seconds: Array) -> None:
        ages = self.age_days(utc) + np.array([seconds.min(), seconds.max()]) / _SECONDS_PER_DAY
        age = float(ages[np.argmax(np.abs(ages))])
        if abs(age) <= self.maximum_age_days:
            return
        low, high = (_ERROR_AT_EPOCH_KM + rate * abs(age) for rate in _ERROR_GROWTH_KM_DAY)
        raise ElementsError(
            f"{self.source}: the elements of {self.name or 'object'} {self.object_number} have their epoch at "
            f"{self.epoch:%Y-%m-%dT%H:%M:%SZ}, {abs(age):.1f} days {'before' if age > 0 else 'after'} the date of use; "
            f"the limit is {self.maximum_age_days:g} days. Their error along the track grows by 1 to 3 km a day "
            f"(about {low:.0f} to {high:.0f} km here), and a reboost or a dodge between voids them. "
            "Use elements with an epoch nearer to the date."
        )

    @classmethod
    def from_lines(
        cls,
        line1: str,
        line2: str,
        source: str = "two-line elements",
        *,
        name: str = "",
        maximum_age_days: float = DEFAULT_MAXIMUM_AGE_DAYS,
    ) -> StationOrbit:
        """Read a two-line element set.

        Parameters
        ----------
        line1, line2
            69 characters each.
        source
            Where they came from, for messages.
        name
            Name of the station.
        maximum_age_days
            Limit for the distance of a date from the epoch.

        Raises
        ------
        ElementsError
            If a line is damaged (length, number, checksum, layout, ranges), the lines do not belong together, or the
            orbit has decayed. The message names line and column, what was expected and what was found.
        """
        return cls._from_pair(line1, line2, source, f"{source}, line 1", f"{source}, line 2", name, maximum_age_days)

    @classmethod
    def _from_pair(
        cls, line1: str, line2: str, source: str, where1: str, where2: str, name: str, maximum_age_days: float
    ) -> StationOrbit:
        orbit = Sgp4Orbit(check_pair(line1, line2, where1, where2))
        orbit.states_teme(orbit.epoch, np.zeros(1), source)
        return cls(
            name.strip(),
            int(orbit.satellite.satnum),
            str(orbit.satellite.intldesg).strip(),
            orbit.epoch,
            source,
            "tle",
            orbit,
            maximum_age_days,
        )

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        before_utc: datetime | None = None,
        object_number: int | None = None,
        maximum_age_days: float = DEFAULT_MAXIMUM_AGE_DAYS,
    ) -> StationOrbit:
        """Read a station orbit from a file; its content decides what it is.

        Two-line elements (with or without a name line), CCSDS OMM (KVN, XML, JSON, CSV) and CCSDS OEM (KVN, XML).

        Parameters
        ----------
        path
            The file.
        before_utc
            Of several element sets take the last with an epoch before this date; without it the last of all.
        object_number
            Which object to take if the file has several.
        maximum_age_days
            Limit for the distance of a date from the epoch of mean elements.

        Raises
        ------
        ElementsError
            If the file cannot be read or used; see `from_lines`.
        """
        source = str(path)
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            raise ElementsError(f"{source}: cannot be read: {reason}.") from error
        form, message = _recognise(text, source)
        if message == "oem":
            name, object_id, ephemeris = read_oem(text, form, source)
            return cls(name, 0, object_id, ephemeris.first, source, "oem", ephemeris, maximum_age_days)
        found = cls._sets(text, form, source) if form == "tle" else cls._messages(text, form, source)
        return replace(_choose(found, before_utc, object_number, source), maximum_age_days=maximum_age_days)

    @classmethod
    def _messages(cls, text: str, form: str, source: str) -> list[StationOrbit]:
        return [
            cls(name, elements.object_number, object_id, elements.epoch, source, "omm", Sgp4Orbit(elements))
            for name, object_id, elements in read_omm(text, form, source)
        ]

    @classmethod
    def _sets(cls, text: str, form: str, source: str) -> list[StationOrbit]:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        found, name, at = [], "", 0
        while at < len(lines):
            number, line = lines[at]
            if not line.startswith("1 "):
                if line.startswith("2 "):
                    raise ElementsError(f"{source}, line {number}: line 2 of a set without its line 1.\n  {line}")
                name, at = line.removeprefix("0 ").strip(), at + 1
                continue
            if at + 1 == len(lines):
                raise ElementsError(f"{source}, line {number}: line 1 of a set without its line 2.\n  {line}")
            following, line2 = lines[at + 1]
            where1, where2 = f"{source}, line {number}", f"{source}, line {following}"
            found.append(cls._from_pair(line, line2, source, where1, where2, name, DEFAULT_MAXIMUM_AGE_DAYS))
            name, at = "", at + 2
        if not found:
            raise ElementsError(
                f"{source}: found no two-line elements, OMM or OEM; a two-line element set has a line that begins "
                "with '1 ' and one that begins with '2 '."
            )
        return found


def _aware(utc: datetime) -> datetime:
    if utc.tzinfo is None:
        raise ElementsError(f"the date {utc.isoformat()} has no time zone; use an aware date (UTC)")
    return utc.astimezone(UTC)


def _semi_major_axis_m(position: Array, velocity: Array) -> Array:
    """Return the osculating semi-major axis by the vis-viva equation, shape (N,)."""
    speed2 = (inertial_velocity_m_s(position, velocity) ** 2).sum(axis=0)
    return np.asarray(1.0 / (2.0 / np.linalg.norm(position, axis=0) - speed2 / WGS84_GM_M3_S2))


def _recognise(text: str, source: str) -> tuple[str, str]:
    """Return the form (tle, kvn, xml, json, csv) and the message (tle, omm, oem) of a file."""
    start = text.lstrip()[:1]
    if not start:
        raise ElementsError(f"{source}: the file is empty; expected two-line elements, an OMM or an OEM.")
    if start == "<":
        return "xml", "oem" if "<oem" in text or ":oem" in text else "omm"
    if start in "{[":
        return "json", "omm"
    if "CCSDS_OEM_VERS" in text:
        return "kvn", "oem"
    if "CCSDS_OMM_VERS" in text or "MEAN_MOTION " in text or "MEAN_MOTION=" in text:
        return "kvn", "omm"
    if "MEAN_MOTION," in text.splitlines()[0]:
        return "csv", "omm"
    return "tle", "tle"


def _choose(
    found: Sequence[StationOrbit], before_utc: datetime | None, object_number: int | None, source: str
) -> StationOrbit:
    objects = {orbit.object_number: orbit.name for orbit in found}
    if object_number is not None:
        found = [orbit for orbit in found if orbit.object_number == object_number]
        objects_text = ", ".join(f"{number} {name}".strip() for number, name in list(objects.items())[:20])
        if not found:
            raise ElementsError(f"{source}: has no object {object_number}; it has {objects_text}.")
    elif len(objects) > 1:
        listed = ", ".join(f"{number} {name}".strip() for number, name in list(objects.items())[:20])
        raise ElementsError(f"{source}: has several objects ({listed}); say which object number is the station.")
    ordered = sorted(found, key=lambda orbit: orbit.epoch)
    if before_utc is not None:
        usable = [orbit for orbit in ordered if orbit.epoch < _aware(before_utc)]
        if not usable:
            raise ElementsError(
                f"{source}: no element set is older than {before_utc:%Y-%m-%dT%H:%M:%SZ}; the first epoch is "
                f"{ordered[0].epoch:%Y-%m-%dT%H:%M:%SZ}. Add an older set."
            )
        ordered = usable
    return ordered[-1]
