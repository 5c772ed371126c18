"""The options that verbs share: how typer sees them, and how they become `GenOptions`.

An option of all verbs that compile is a field of `CommonOptions` and a line of its `checked`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from edgec.boards import load_board
from edgec.config import GenOptions, Io, Optimize, parse_bytes, parse_shape, parse_state
from edgec.diagnostics import Where, fail
from edgec.place import read_places
from edgec.targets import load_target

ModelArg: TypeAlias = Annotated[Path, typer.Argument(help="The ONNX file.", metavar="MODEL")]
ModelsArg: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        help="The ONNX file; with --share-arena several, each FILE or NAME=FILE.",
        metavar="MODEL...",
    ),
]
ShareOpt: TypeAlias = Annotated[
    bool, typer.Option("--share-arena", help="The models run in turn, in one arena.")
]
FlashOpt: TypeAlias = Annotated[
    str | None, typer.Option("--flash", help="Flash budget: 262144, 256K, 1M.", metavar="BYTES")
]
PlanSvgOpt: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plan-svg", help="Draw the memory plan there.", metavar="FILE.svg"),
]
JsonOpt: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@dataclass(frozen=True)
class CommonOptions:
    """The options of all verbs that compile, as they are written on the command line."""

    target: Annotated[
        str | None, typer.Option("--target", "-t", help="A name of `edgec targets`.", metavar="T")
    ] = None
    board: Annotated[
        str | None,
        typer.Option(
            "--board", "-b", help="A name of `edgec boards`; brings target and memory sizes."
        ),
    ] = None
    name: Annotated[
        str | None, typer.Option("--name", help="Prefix of the C names; default: the file's name.")
    ] = None
    optimize: Annotated[
        Optimize, typer.Option("--optimize", help="What the choice of kernels prefers.")
    ] = Optimize.BALANCED
    ram: Annotated[
        str | None, typer.Option("--ram", help="RAM budget: 16384, 16K, 1M.", metavar="BYTES")
    ] = None
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape", help="Shape of an input with symbolic dimensions.", metavar="NAME=1,3"
        ),
    ] = None
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            help="The input takes what the output gave last time.",
            metavar="INPUT=OUTPUT",
        ),
    ] = None
    io: Annotated[Io, typer.Option("--io", help="Element types at the boundary.")] = Io.NATIVE
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--place",
            help="Memories for the arena and the weights: arena=DTCM:16K,RAM, weights=DTCM, auto.",
            metavar="RULE",
        ),
    ] = None
    stream_input: Annotated[
        bool,
        typer.Option(
            "--stream-input", help="The model takes its input row by row (NAME_push_row)."
        ),
    ] = False
    hop: Annotated[
        int | None,
        typer.Option(
            "--hop",
            help="With --stream-input: inputs overlap, the next begins so many rows later.",
        ),
    ] = None

    def checked(self) -> GenOptions:
        """What they ask for. Raises E0003, E0006, E0007, E0009, E0022 and E0520."""
        _check_hop(self.hop, self.stream_input)
        rules = tuple(self.place or ())
        read_places(rules, load_board(self.board) if self.board is not None else None)
        return GenOptions(
            target=resolve_target(self.target, self.board),
            board=self.board,
            name=self.name,
            optimize=self.optimize,
            ram=size_option("--ram", self.ram),
            shapes=dict(parse_shape(text) for text in self.shape or ()),
            io=self.io,
            stream_input=self.stream_input,
            place=rules,
            hop=self.hop or 0,
            states=tuple(parse_state(text) for text in self.state or ()),
        )


def compiles(verb: Callable[..., None]) -> Callable[..., None]:
    """Let `verb(model, options: GenOptions, ...)` take the fields of `CommonOptions` instead.

    The result has them as parameters where `verb` has `options`: typer makes the command line
    from these. It checks them, and calls `verb` with what they ask for.
    """
    common = signature(CommonOptions, eval_str=True).parameters
    read: Callable[..., CommonOptions] = CommonOptions

    @wraps(verb)
    def run(**given: object) -> None:
        options = read(**{name: given.pop(name) for name in common}).checked()
        verb(options=options, **given)

    own = signature(verb, eval_str=True)
    parameters: list[Parameter] = []
    for name, parameter in own.parameters.items():
        parameters += common.values() if name == "options" else (parameter,)
    vars(run)["__signature__"] = own.replace(parameters=parameters)
    return run


def size_option(option: str, text: str | None) -> int | None:
    """The bytes that an option asks for, if it is given. Raises E0006."""
    return None if text is None else parse_bytes(text, option)


def resolve_target(target: str | None, board: str | None) -> str:
    """The target to compile for: the one given, else the board's own.

    Raises E0003 without both, E0004 if the board does not execute the target's code, and
    E0010 or E0011 for unknown names.
    """
    known = load_target(target) if target is not None else None
    place = load_board(board) if board is not None else None
    if known is not None and place is not None and known.name not in place.targets:
        raise fail(
            "E0004",
            f"board '{place.name}' does not run code for '{known.name}'",
            Where(note="command line"),
            rule=f"its processor takes code for: {', '.join(place.targets)}",
            help=f"--board {known.default_board} runs it; `edgec boards` lists them all",
        )
    if known is not None:
        return known.name
    if place is None:
        raise fail(
            "E0003",
            "no target is given",
            Where(note="command line"),
            rule="a model is compiled for one target",
            help="say --target NAME (`edgec targets` lists them) or --board NAME (`edgec boards`)",
        )
    return place.targets[0]


def _check_hop(hop: int | None, stream_input: bool) -> None:
    """Raise E0022 for a hop that says nothing."""
    if hop is not None and (hop < 1 or not stream_input):
        raise fail(
            "E0022",
            f"--hop {hop} says nothing" if hop > 0 else f"--hop {hop} is no number of rows",
            Where(note="--hop"),
            rule="--hop N, at least 1, goes with --stream-input",
            help="add --stream-input, or leave --hop out",
        )


def only_model(models: list[Path]) -> Path:
    """The model of a command line without --share-arena. Raises E0019 if there are several."""
    if len(models) > 1:
        raise fail(
            "E0019",
            f"{len(models)} models are given",
            Where(note="command line"),
            rule="without --share-arena, models are compiled one by one",
            help="call edgec for each, or give them one arena with --share-arena",
        )
    return models[0]


def check_placed_sweep(sweep: bool, options: GenOptions) -> None:
    """Raise E0520 for a sweep over several memories."""
    if sweep and options.place:
        raise fail(
            "E0520",
            "a sweep lists schedules in one memory",
            Where(note="--place"),
            help="use --place without --sweep",
        )
