"""``steppe debris``: where the pieces of the modules fall, whom they may hit, and the notice to airmen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.terminal import can_draw, emit, emit_json, emit_rich, message, plain_table, progress_line, require_out
from steppe.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from steppe.config.loader import LoadedMission
    from steppe.ground.assessment import Assessment
    from steppe.ground.population import Population

EXAMPLE: Final = "Example:  steppe debris ms-21 -n 200 --seed 1 --out my-debris"


def debris_verb(
    mission: Annotated[str, typer.Argument(metavar="MISSION", help="A preset (steppe missions) or a mission file.")],
    samples: Annotated[int, typer.Option("-n", "--samples", help="How many returns to break up.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="With it and its number, every input of a sample is fixed.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the products; out/MISSION-debris if not given.")
    ] = None,
    cores: Annotated[int, typer.Option("--cores", help="Threads; 0 for all cores. Changes no bit.")] = 0,
    population: Annotated[
        Path | None,
        typer.Option("--population", help="A raster of people per km2 (GPWv4, .asc or .tif) for the bundled one."),
    ] = None,
    sheltered: Annotated[
        float, typer.Option("--sheltered", help="Part of the people under roofs that hold; the standards say 0.")
    ] = 0.0,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the map and the risk chart.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead of tables.")] = False,
) -> None:
    """Fly the pieces of the discarded modules to the ground: hazard areas, casualty expectation, notice to airmen."""
    from steppe.config.loader import load_mission
    from steppe.ground.risk import Rules
    from steppe.io.debris import DEBRIS_FOLDER

    if samples < 1:
        raise ConfigError(f"the number of returns is 1 or more, got {samples}", key="-n")
    if cores < 0:
        raise ConfigError(f"the number of cores is 1 or more, or 0 for all, got {cores}", key="--cores")
    rules = Rules(sheltered=sheltered)
    loaded = load_mission(mission)
    folder = out or Path("out") / f"{loaded.mission.name}-debris"
    # what is wrong with files shows before the long work
    require_out(folder, DEBRIS_FOLDER)
    people = _population(population)
    began = time.perf_counter()
    with progress_line("planning the nominal return") as say:
        assessment = _assess(loaded, people, rules, samples, seed, cores, say)
        say("drawing and writing")
        files = _write(assessment, folder, figures=figures)
    seconds = time.perf_counter() - began
    if as_json:
        emit_json({**assessment.summary(), "risk": assessment.main.risk.as_dict(), "seconds": seconds,
                   "files": [str(path) for path in files]})  # fmt: skip
        return
    _print(assessment, seconds)
    emit(f"\nWritten to {folder}: " + ", ".join(path.relative_to(folder.resolve()).as_posix() for path in files))


def _population(path: Path | None) -> Population:
    from steppe.ground.population import bundled_population, read_population

    return bundled_population() if path is None else read_population(path)


def _assess(
    loaded: LoadedMission,
    people: Population,
    rules: Any,
    samples: int,
    seed: int,
    cores: int,
    say: Callable[[str], None],
) -> Assessment:
    from steppe.ground.assessment import assess
    from steppe.ground.debris import fly_debris
    from steppe.ground.study import return_of

    debris = fly_debris(loaded, samples, seed, cores=cores, progress=say)
    say("flying the separations")
    separation = _separation(loaded, samples, seed, cores, say)
    say("finding the hazard areas and the risk")
    cases = {"nominal": debris.nominal, "ballistic": debris.ballistic, "dispersed": debris.dispersed}
    return assess(return_of(loaded, debris), cases, people, rules, separation)


def _separation(
    loaded: LoadedMission, samples: int, seed: int, cores: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the distances of the bodies after the split; empty, with a word, if the vehicle does not say its sizes."""
    from steppe.ground.separation import disperse_separation

    try:
        return disperse_separation(loaded, samples, seed, say, cores=cores or None).as_dict()
    except ConfigError as problem:
        message(f"the separation is left out: {problem}")
        return {}


def _write(assessment: Assessment, folder: Path, *, figures: bool) -> list[Path]:
    from steppe.io.debris import write_debris_folder

    extra: dict[str, Callable[[Path], None]] = {}
    if figures and can_draw():
        from steppe.view.debris import debris_figures

        extra = debris_figures(assessment)
    return write_debris_folder(assessment, folder, extra)


def _print(assessment: Assessment, seconds: float) -> None:
    about = assessment.about
    emit(f"{about.title or about.mission}: {about.samples} returns broken up, seed {about.seed}, {seconds:.0f} s\n")
    if assessment.separation:
        emit_rich(_separation_table(assessment.separation))
        emit("")
    if assessment.main.areas:
        emit_rich(_area_table(assessment))
    else:
        emit("no piece reaches the ground: no hazard area and no notice")
    emit("")
    emit_rich(_risk_table(assessment))
    emit(f"\n{_verdict(assessment)}")


def _separation_table(separation: Mapping[str, Any]) -> Table:
    numbers = ("clear after\ns", "nearest again\nm, 1 %", "recontact\n95 % upper")
    table = plain_table("separation", *numbers, right=numbers)
    for pair in separation["pairs"]:
        clear, nearest = pair["clear_time_s"], pair["minimum_distance_m"]
        table.add_row(
            f"{pair['bodies'][0]} and {pair['bodies'][1]}".replace("_", " "),
            _number((clear or {}).get("p50"), 1),
            _number((nearest or {}).get("p01"), 0),
            f"{pair['recontacts']} of {pair['samples']}, < {pair['recontact_upper_95']:.2g}",
        )
    return table


def _area_table(assessment: Assessment) -> Table:
    numbers = (
        "from the site, km\nheel",
        "\ntoe",
        "size, km\nlength",
        "\nwidth",
        "90 % of the pieces\nkm",
        "impacts\nUTC",
    )
    table = plain_table("hazard area", *numbers, right=numbers)
    site = assessment.about.site_deg
    for area in assessment.main.areas:
        whole, most = area.containment, area.regions[1]
        ends = [
            "–" if site is None else f"{-area.short_of_km(place, site):+.0f}" for place in (area.heel_deg, area.toe_deg)
        ]
        table.add_row(
            ", ".join(area.bodies).replace("_", " "),
            *ends,
            f"{whole.length_km:.0f}",
            f"{whole.width_km:.0f}",
            f"{most.length_km:.0f} x {most.width_km:.0f}",
            f"{area.first_utc:%H:%M:%S} to {area.last_utc:%H:%M:%S}",
        )
    return table


def _risk_table(assessment: Assessment) -> Table:
    risk = assessment.main.risk
    limit = f"{risk.rules.threshold:.0e}".replace("e-0", "e-")
    numbers = ("harmful\npieces", "mass, kg\nat first", "\non the ground", "casualty\narea, m2", "people\nper km2",
               "casualty expectation\n+- standard error", f"limit\n{limit}")  # fmt: skip
    table = plain_table("casualties", *numbers, right=numbers)
    rows = [*risk.by_body.items(), ("all", risk.total)]
    for name, part in rows:
        first = assessment.about.first_mass_kg.get(name)
        if name == "all":
            first = sum(assessment.about.first_mass_kg.values()) or None
        table.add_row(
            name.replace("_", " "),
            f"{part.harmful:.1f}",
            _number(first, 0),
            f"{part.mass_kg:.0f}",
            f"{part.casualty_area_m2:.1f}",
            _number(part.people_per_km2, 2),
            _with_error(part.casualties, part.error),
            part.verdict(risk.rules.threshold),
        )
    return table


def _verdict(assessment: Assessment) -> str:
    from textwrap import wrap

    from steppe.ground.assessment import CATALOGUE_NOTE

    parts = []
    for name, scenario in assessment.scenarios.items():
        total = scenario.risk.total
        parts.append(f"{name} {total.casualties:.1e}")
    countries = list(assessment.main.risk.by_country.items())[:4]
    lines = ["casualty expectation by case: " + ", ".join(parts)]
    if countries:
        lines.append("by country: " + ", ".join(f"{code} {value:.1e}" for code, value in countries))
    lines.append(f"population: {assessment.main.risk.population_title}; its error, a factor of 2 or so, is not counted")
    lines += wrap(CATALOGUE_NOTE, 120)
    return "\n".join(lines)


def _with_error(value: float, error: float) -> str:
    # an error of less than a hundredth says nothing beside two digits
    return f"{value:.1e} +- {error:.0e}" if error >= 0.01 * value > 0.0 else f"{value:.1e}"


def _number(value: Any, digits: int) -> str:
    return "–" if value is None or value != value else f"{value:.{digits}f}"
