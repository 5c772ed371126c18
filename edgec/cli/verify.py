"""`edgec verify`: build, run on the host or under QEMU, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import (
    BoardOpt,
    HopOpt,
    IoOpt,
    JsonOpt,
    ModelArg,
    NameOpt,
    OptimizeOpt,
    PlaceOpt,
    RamOpt,
    ShapeOpt,
    StateOpt,
    StreamInputOpt,
    TargetOpt,
    gen_options,
)
from edgec.config import Io, Optimize
from edgec.diagnostics import ExitCode

InputsOpt = Annotated[
    Path | None,
    typer.Option("--inputs", help="An .npz file of inputs; default: random inputs."),
]
CountOpt = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, help="How many inputs; default: all in the file, or 4."),
]


def verify(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    inputs: InputsOpt = None,
    count: CountOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    shape: ShapeOpt = None,
    state: StateOpt = None,
    io: IoOpt = Io.NATIVE,
    ram: RamOpt = None,
    stream_input: StreamInputOpt = False,
    place: PlaceOpt = None,
    hop: HopOpt = None,
    json: JsonOpt = False,
) -> None:
    """Run the compiled code and compare it with the reference and onnxruntime."""
    options = gen_options(
        target=target,
        board=board,
        name=name,
        optimize=optimize,
        ram=ram,
        shape=shape,
        state=state,
        io=io,
        stream_input=stream_input,
        place=place,
        hop=hop,
    )
    from edgec import driver
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = driver.verify(model, options, inputs, count, progress)
    if json:
        console.show_json(jsonout.verify_json(result))
    else:
        console.show(text.verify_text(result))
    if not result.ok:
        raise typer.Exit(ExitCode.FAILED)
