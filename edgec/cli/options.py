"""Options that several verbs share, and how they become `GenOptions`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from edgec.boards import load_board
from edgec.config import (
    GenOptions,
    Io,
    Optimize,
    WeightsFormat,
    parse_bytes,
    parse_shape,
    parse_state,
)
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
TargetOpt: TypeAlias = Annotated[
    str | None, typer.Option("--target", "-t", help="A name of `edgec targets`.", metavar="T")
]
BoardOpt: TypeAlias = Annotated[
    str | None,
    typer.Option("--board", "-b", help="A name of `edgec boards`; brings target and memory sizes."),
]
NameOpt: TypeAlias = Annotated[
    str | None, typer.Option("--name", help="Prefix of the C names; default: the file's name.")
]
OptimizeOpt: TypeAlias = Annotated[
    Optimize, typer.Option("--optimize", help="What the choice of kernels prefers.")
]
RamOpt: TypeAlias = Annotated[
    str | None, typer.Option("--ram", help="RAM budget: 16384, 16K, 1M.", metavar="BYTES")
]
FlashOpt: TypeAlias = Annotated[
    str | None, typer.Option("--flash", help="Flash budget: 262144, 256K, 1M.", metavar="BYTES")
]
ShapeOpt: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--shape", help="Shape of an input with symbolic dimensions.", metavar="NAME=1,3"),
]
IoOpt: TypeAlias = Annotated[Io, typer.Option("--io", help="Element types at the boundary.")]
WeightsOpt: TypeAlias = Annotated[
    WeightsFormat, typer.Option("--weights", help="Weights as C arrays or as a binary file.")
]
PlanSvgOpt: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plan-svg", help="Draw the memory plan there.", metavar="FILE.svg"),
]
StreamInputOpt: TypeAlias = Annotated[
    bool,
    typer.Option("--stream-input", help="The model takes its input row by row (NAME_push_row)."),
]
PlaceOpt: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--place",
        help="Memories for the arena and the weights: arena=DTCM:16K,RAM, weights=DTCM, auto.",
        metavar="RULE",
    ),
]
StateOpt: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--state", help="The input takes what the output gave last time.", metavar="INPUT=OUTPUT"
    ),
]
HopOpt: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--hop", help="With --stream-input: inputs overlap, the next begins so many rows later."
    ),
]
JsonOpt: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


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


def gen_options(
    *,
    target: str | None,
    board: str | None,
    output: Path | None = None,
    name: str | None = None,
    optimize: Optimize = Optimize.BALANCED,
    ram: str | None = None,
    flash: str | None = None,
    shape: Iterable[str] | None = None,
    io: Io = Io.NATIVE,
    weights: WeightsFormat = WeightsFormat.C,
    dump_ir: Path | None = None,
    stack: bool = True,
    plan_svg: Path | None = None,
    stream_input: bool = False,
    place: Iterable[str] | None = None,
    state: Iterable[str] | None = None,
    hop: int | None = None,
) -> GenOptions:
    """The options of a command line, checked.

    Raises E0003, E0006, E0007, E0009, E0022 and E0520.
    """
    _check_hop(hop, stream_input)
    rules = tuple(place or ())
    read_places(rules, load_board(board) if board is not None else None)
    return GenOptions(
        target=resolve_target(target, board),
        board=board,
        output=output,
        name=name,
        optimize=optimize,
        ram=parse_bytes(ram, "--ram") if ram is not None else None,
        flash=parse_bytes(flash, "--flash") if flash is not None else None,
        shapes=dict(parse_shape(text) for text in shape or ()),
        io=io,
        weights=weights,
        dump_ir=dump_ir,
        stack=stack,
        plan_svg=plan_svg,
        stream_input=stream_input,
        place=rules,
        hop=hop or 0,
        states=tuple(parse_state(text) for text in state or ()),
    )


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
