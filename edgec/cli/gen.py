"""`edgec gen`: compile a model into a folder of C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import (
    BoardOpt,
    FlashOpt,
    IoOpt,
    JsonOpt,
    ModelArg,
    NameOpt,
    OptimizeOpt,
    PlaceOpt,
    PlanSvgOpt,
    RamOpt,
    ShapeOpt,
    StreamInputOpt,
    TargetOpt,
    WeightsOpt,
    gen_options,
)
from edgec.config import Io, Optimize, WeightsFormat

OutputOpt = Annotated[
    Path | None, typer.Option("--output", "-o", help="The folder to write; default ./NAME.")
]
DumpOpt = Annotated[
    Path | None, typer.Option("--dump-ir", help="Write the IR after each stage there.")
]
NoCompileOpt = Annotated[
    bool, typer.Option("--no-compile", help="Do not compile to find the bound of the stack.")
]


def gen(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    output: OutputOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    ram: RamOpt = None,
    flash: FlashOpt = None,
    shape: ShapeOpt = None,
    io: IoOpt = Io.NATIVE,
    place: PlaceOpt = None,
    weights: WeightsOpt = WeightsFormat.C,
    dump_ir: DumpOpt = None,
    plan_svg: PlanSvgOpt = None,
    no_compile: NoCompileOpt = False,
    stream_input: StreamInputOpt = False,
    json: JsonOpt = False,
) -> None:
    """Compile a model into a self-contained folder of C."""
    options = gen_options(
        target=target,
        board=board,
        output=output,
        name=name,
        optimize=optimize,
        ram=ram,
        flash=flash,
        shape=shape,
        io=io,
        place=place,
        weights=weights,
        dump_ir=dump_ir,
        stack=not no_compile,
        plan_svg=plan_svg,
        stream_input=stream_input,
    )
    from edgec import driver
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = driver.generate(model, options, progress)
    if json:
        console.show_json(jsonout.gen_json(result))
    else:
        console.show(text.gen_text(result))
