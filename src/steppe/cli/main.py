"""The entry of the command ``steppe``, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, Final

import typer

from steppe.cli import (
    bench,
    control,
    crew,
    debris,
    disperse,
    doctor,
    fetch,
    fly,
    loads,
    plan,
    recover,
    rotation,
    show,
    summary,
    terrain,
    validate,
    wind,
)
from steppe.cli.terminal import emit, message
from steppe.errors import SteppeError

FINE: Final = 0
WRONG_USE: Final = 1
NOT_LANDED: Final = fly.NOT_LANDED
OUR_FAULT: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT

# typer keeps its own copy of click since 0.24 and click itself before; this base is the same in both
_ClickError: Final[type[Exception]] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="steppe",
    help="Plans, flies and checks the return of a crewed capsule from a docked station to the ground.",
    epilog="Example:  steppe fly ms-21",
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Panels of the help, in the order of a return
_RETURN: Final = "A return, from the plan to the ground"
_MANY: Final = "Many returns, and the proof"
_GROUND: Final = "People, recovery and safety"
_DATA: Final = "Presets and data"
_MACHINE: Final = "This machine"
app.command("plan", epilog=plan.EXAMPLE, rich_help_panel=_RETURN)(plan.plan_verb)
app.command("fly", epilog=fly.EXAMPLE, rich_help_panel=_RETURN)(fly.fly_verb)
app.command("control", epilog=control.EXAMPLE, rich_help_panel=_RETURN)(control.control_verb)
app.command("loads", epilog=loads.EXAMPLE, rich_help_panel=_RETURN)(loads.loads_verb)
app.command("disperse", epilog=disperse.EXAMPLE, rich_help_panel=_MANY)(disperse.disperse_verb)
app.command("summary", epilog=summary.EXAMPLE, rich_help_panel=_MANY)(summary.summary_verb)
app.command("validate", epilog=validate.EXAMPLE, rich_help_panel=_MANY)(validate.validate_verb)
app.command("debris", epilog=debris.EXAMPLE, rich_help_panel=_GROUND)(debris.debris_verb)
app.command("recover", epilog=recover.EXAMPLE, rich_help_panel=_GROUND)(recover.recover_verb)
app.command("crew", epilog=crew.EXAMPLE, rich_help_panel=_GROUND)(crew.crew_verb)
app.command("rotation", epilog=rotation.EXAMPLE, rich_help_panel=_GROUND)(rotation.rotation_verb)
app.command("missions", epilog="Example:  steppe missions --json", rich_help_panel=_DATA)(show.missions_verb)
app.command("vehicles", epilog="Example:  steppe vehicles", rich_help_panel=_DATA)(show.vehicles_verb)
app.command("zones", epilog="Example:  steppe zones", rich_help_panel=_DATA)(show.zones_verb)
app.command("show", epilog="Example:  steppe show ms-21 > my-mission.toml", rich_help_panel=_DATA)(show.show_verb)
app.command("wind", epilog=wind.EXAMPLE, rich_help_panel=_DATA)(wind.wind_verb)
app.command("terrain", epilog=terrain.EXAMPLE, rich_help_panel=_DATA)(terrain.terrain_verb)
app.command("fetch", epilog=fetch.EXAMPLE, rich_help_panel=_DATA)(fetch.fetch_verb)
app.command("doctor", epilog="Example:  steppe doctor --json", rich_help_panel=_MACHINE)(doctor.doctor_verb)
app.add_typer(bench.app, name="bench", rich_help_panel=_MACHINE)


def _print_version(wanted: bool) -> None:
    if wanted:
        import steppe

        emit(f"steppe {steppe.__version__}")
        raise typer.Exit(FINE)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show the full traceback of an unexpected error; works with every verb.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        text = context.get_help()
        if text:  # typer with rich prints the help itself and returns nothing
            emit(text)
        message("error: name a verb, for example: steppe fly ms-21")
        raise typer.Exit(WRONG_USE)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code.

    Parameters
    ----------
    arguments
        The words after ``steppe``.

    Returns
    -------
    int
        0 fine, 1 wrong use, 2 the flight did not land, 3 our fault, 130 interrupted, 141 the reader of a pipe left.
    """
    debug = "--debug" in arguments
    words = [word for word in arguments if word != "--debug"]
    try:
        code = app(words, prog_name="steppe", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SteppeError as error:
        message(f"error: {error}")
        return WRONG_USE
    except _ClickError as error:
        message(f"error: {_usage_message(error)}")
        return WRONG_USE
    except Exception as error:  # noqa: BLE001 - the last net: whatever arrives here is a defect of steppe
        return _report_defect(error, debug=debug)
    if code == INTERRUPTED:  # from above, or from typer, which newer versions turn an interruption into
        message("interrupted")
    return code if isinstance(code, int) else FINE


def _usage_message(error: Exception) -> str:
    format_message = getattr(error, "format_message", None)
    text = format_message() if callable(format_message) else str(error)
    context = getattr(error, "ctx", None)
    where = f"{context.command_path} --help" if context is not None else "steppe --help"
    return f"{text.rstrip()} (see '{where}')"


def _report_defect(error: Exception, *, debug: bool) -> int:
    if debug:
        message("".join(traceback.format_exception(error)).rstrip())
    advice = "" if debug else "; add --debug for the full traceback"
    text = " ".join(str(error).split())
    message(f"error: steppe failed with {type(error).__name__}: {text}\nThis is a defect: please report it{advice}.")
    return OUR_FAULT


def main() -> None:
    """Run the command ``steppe``."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a degree sign shows a question mark instead of a failure
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
