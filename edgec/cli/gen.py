"""`edgec gen`: compile a model into a folder of C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import (
    BoardOpt,
    FlashOpt,
    HopOpt,
    IoOpt,
    JsonOpt,
    ModelsArg,
    NameOpt,
    OptimizeOpt,
    PlaceOpt,
    PlanSvgOpt,
    RamOpt,
    ShapeOpt,
    ShareOpt,
    StateOpt,
    StreamInputOpt,
    TargetOpt,
    WeightsOpt,
    gen_options,
    only_model,
)
from edgec.config import GenOptions, Io, Optimize, WeightsFormat

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
    models: ModelsArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    output: OutputOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    ram: RamOpt = None,
    flash: FlashOpt = None,
    shape: ShapeOpt = None,
    state: StateOpt = None,
    io: IoOpt = Io.NATIVE,
    place: PlaceOpt = None,
    weights: WeightsOpt = WeightsFormat.C,
    dump_ir: DumpOpt = None,
    plan_svg: PlanSvgOpt = None,
    no_compile: NoCompileOpt = False,
    stream_input: StreamInputOpt = False,
    share_arena: ShareOpt = False,
    hop: HopOpt = None,
    json: JsonOpt = False,
) -> None:
    """Compile a model into a self-contained folder of C, or several for one arena."""
    options = gen_options(
        target=target,
        board=board,
        output=output,
        name=name,
        optimize=optimize,
        ram=ram,
        flash=flash,
        shape=shape,
        state=state,
        io=io,
        place=place,
        weights=weights,
        dump_ir=dump_ir,
        stack=not no_compile,
        plan_svg=plan_svg,
        stream_input=stream_input,
        hop=hop,
    )
    if share_arena:
        _write_shared(models, options, json)
    else:
        _write(models, options, json)


def _write(models: list[Path], options: GenOptions, json: bool) -> None:
    """The folder of the only model."""
    model = only_model(models)
    from edgec import driver
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = driver.generate(model, options, progress)
    if json:
        console.show_json(jsonout.gen_json(result))
    else:
        console.show(text.gen_text(result))


def _write_shared(models: list[Path], options: GenOptions, json: bool) -> None:
    """All models into one folder."""
    from edgec.driver_shared import generate_shared
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = generate_shared(models, options, progress)
    if json:
        console.show_json(jsonout.shared_json(result))
    else:
        console.show(text.shared_text(result))
