"""What can go wrong, said so that the reader can mend it: exceptions above the kernel border, codes below."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class SteppeError(Exception):
    """Base of every error that steppe raises on purpose; the command line turns it into one message and exit code 1."""


class ConfigError(SteppeError):
    """A mission, vehicle, zone or wind file says something that cannot be used."""

    def __init__(self, message: str, *, source: str = "", key: str = "") -> None:
        self.source = source
        self.key = key
        where = ": ".join(part for part in (source, key) if part)
        super().__init__(f"{where}: {message}" if where else message)


class ElementsError(SteppeError):
    """A station orbit (TLE, OMM or OEM) is unreadable, corrupt, decayed or too far from the date of use."""


class EnvironmentDataError(SteppeError):
    """Space weather, Earth orientation or wind data do not cover what was asked."""


class FetchError(SteppeError):
    """A file cannot be had from a public service, or what came is not what was asked for."""


class PlanError(SteppeError):
    """No deorbit burn brings the ship to the zone under the given constraints."""


class MessageError(SteppeError):
    """A CCSDS message is not one, breaks a rule of its standard, or says something that cannot be used."""


class OutputError(SteppeError):
    """A result cannot be written where the user asked."""


class CommandError(SteppeError):
    """A command to a flight under way comes too late, or cannot be carried out."""


class TelemetryError(SteppeError):
    """A packet of telemetry cannot be read or says something impossible."""


@dataclass(frozen=True, slots=True)
class Status:
    """One outcome of a trajectory.

    Attributes
    ----------
    code
        The integer that the kernels return.
    name
        Machine-readable name, as in ``--json``.
    sentence
        What happened, in one sentence.
    hint
        What the user may try.
    """

    code: int
    name: str
    sentence: str
    hint: str


LANDED = 0
RUNNING = 1
SKIPPED_OUT = 2
OUT_OF_TIME = 3
NOT_A_NUMBER = 4
OUT_OF_PROPELLANT = 5
HIT_GROUND = 6
LOAD_LIMIT = 7
OUT_OF_STEPS = 8
NEGATIVE_MASS = 9
RECORD_FULL = 10
ENDED = 11
DEMISED = 12

STATUS: dict[int, Status] = {
    status.code: status
    for status in (
        Status(LANDED, "landed", "The capsule touched down.", ""),
        Status(ENDED, "ended", "The flight reached the end that the mission file asked for.", ""),
        Status(DEMISED, "demised", "The piece burned up before it reached the ground.", ""),
        Status(RUNNING, "running", "The flight has not ended yet.", "This code never leaves the kernels; report it."),
        Status(
            SKIPPED_OUT,
            "skipped_out",
            "The ship climbed out of the atmosphere again instead of coming down.",
            "Steepen the entry: a larger delta-v, a lower start, or a smaller lift-to-drag ratio.",
        ),
        Status(
            OUT_OF_TIME,
            "out_of_time",
            "A phase lasted longer than its limit without reaching its end event.",
            "Check that the phase can end: the orbit must reach the altitude that the next phase waits for.",
        ),
        Status(
            NOT_A_NUMBER,
            "not_a_number",
            "The state became infinite or undefined.",
            "Look for a zero mass, a zero speed under lift, or a state inside the Earth.",
        ),
        Status(
            OUT_OF_PROPELLANT,
            "out_of_propellant",
            "The engine used the propellant before the burn was complete.",
            "Lower the delta-v, or raise propellant_kg in the vehicle file.",
        ),
        Status(
            HIT_GROUND,
            "hit_ground",
            "The body reached the ground before its sequence was complete.",
            "Raise the parachute command altitude, or check the canopy areas and delays.",
        ),
        Status(
            LOAD_LIMIT,
            "load_limit",
            "The load exceeded the limit of the mission.",
            "Flatten the entry, raise the lift, or raise limits.load_g if the crew and the ship allow it.",
        ),
        Status(
            OUT_OF_STEPS,
            "out_of_steps",
            "The integrator used all its steps.",
            "Use larger steps, or look for a canopy that is too large for the step (stiffness).",
        ),
        Status(
            NEGATIVE_MASS,
            "negative_mass",
            "The mass fell to zero or below.",
            "Check the jettisoned masses and the propellant in the vehicle file.",
        ),
        Status(
            RECORD_FULL,
            "record_full",
            "The trajectory has more samples than the record can hold.",
            "Record less often (output.interval_s).",
        ),
    )
}


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a sentence that names the choice nearest to `name`, or lists all of them.

    Parameters
    ----------
    name
        What the user wrote.
    choices
        What would have been valid.
    """
    options = sorted(choices)
    close = difflib.get_close_matches(name.lower(), [option.lower() for option in options], n=1, cutoff=0.5)
    if close:
        best = next(option for option in options if option.lower() == close[0])
        return f"did you mean '{best}'?"
    shown = ", ".join(options[:30]) + (", ..." if len(options) > 30 else "")
    return f"valid choices: {shown}"
