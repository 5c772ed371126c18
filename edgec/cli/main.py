"""The command line: verbs, and how every failure becomes a diagnostic and an exit code."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, cast

import typer

import edgec
from edgec.cli import (
    bench,
    boards,
    check,
    console,
    doctor,
    explain,
    gen,
    ops,
    plan,
    report,
    targets,
    verify,
)
from edgec.diagnostics import Diagnostic, EdgecError, ExitCode, Where

# The class of all errors that typer finds in a command line; it has no public name.
_UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])
_COLLECT = 200_000  # objects: a run is short, and keeps most of what it makes
_INTERRUPTED = 130  # what shells report for a program that SIGINT ended

VERBS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "gen": gen.gen,
        "check": check.check,
        "verify": verify.verify,
        "bench": bench.bench,
        "report": report.report,
        "plan": plan.plan,
        "ops": ops.ops,
        "targets": targets.targets,
        "boards": boards.boards,
        "doctor": doctor.doctor,
        "explain": explain.explain,
    }
)


def make_app() -> typer.Typer:
    """The typer application with all verbs."""
    app = typer.Typer(
        name="edgec",
        help="Compile ONNX networks to plain C for microcontrollers.",
        add_completion=False,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_root)
    for name, verb in VERBS.items():
        app.command(name)(verb)
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        console.show_plain(f"edgec {edgec.__version__}")
    elif context.invoked_subcommand is None:
        console.show_plain(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's) and return its exit code."""
    if arguments is None:
        gc.set_threshold(_COLLECT)
    args = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in args
    try:
        return _run(args)
    except EdgecError as error:
        console.report_errors(error.diagnostics, error.exit_code, as_json=as_json)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout went away (`edgec ops | head`); nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(ExitCode.OK)
    except Exception as error:
        console.report_errors((_bug(error),), ExitCode.BUG, as_json=as_json)
        if os.environ.get("EDGEC_DEBUG") == "1":
            traceback.print_exc()
        return int(ExitCode.BUG)


def _run(args: list[str]) -> int:
    if args and not args[0].startswith("-") and args[0] not in VERBS:
        raise EdgecError(_unknown_verb(args[0]))
    command = typer.main.get_command(make_app())
    try:
        status = command.main(args=args, prog_name="edgec", standalone_mode=False)
    except typer.Abort:
        return _INTERRUPTED
    except _UsageError as error:
        raise EdgecError(_usage(error, args)) from error
    return int(status) if isinstance(status, int) else int(ExitCode.OK)


def _unknown_verb(name: str) -> Diagnostic:
    close = get_close_matches(name, VERBS, n=1)
    return Diagnostic(
        "E0001",
        f"there is no verb '{name}'",
        Where(note="command line"),
        rule=f"the verbs are {', '.join(VERBS)}",
        help=f"did you mean '{close[0]}'?" if close else "see `edgec --help`",
    )


def _usage(error: Exception, args: Sequence[str]) -> Diagnostic:
    """A complaint of typer's about the command line, as ours."""
    verb = args[0] if args and args[0] in VERBS else ""
    advice = f"see `edgec {verb} --help`" if verb else "see `edgec --help`"
    message = getattr(error, "message", "") or str(error)
    describe = getattr(error, "format_message", None)
    what = str(describe()) if callable(describe) else message
    possible = getattr(error, "possibilities", None)
    if possible:
        what = message
        close = get_close_matches(str(getattr(error, "option_name", "")), possible, n=1)
        advice = f"did you mean '{close[0]}'?" if close else advice
    what = " ".join(what.replace("Value error, ", "").split()).rstrip(".")
    return Diagnostic("E0002", what, Where(note="command line"), help=advice)


def _bug(error: Exception) -> Diagnostic:
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{place[0].name}, line {place[0].lineno}" if place else ""
    return Diagnostic(
        "E0900",
        f"edgec itself failed: {type(error).__name__}: {error}",
        Where(note=where),
        rule="this is a bug in edgec, not in your model",
        help="please report it with the model and the command; EDGEC_DEBUG=1 shows the traceback",
    )


if __name__ == "__main__":
    sys.exit(main())
