"""`edgec report`: one page that shows where memory, flash and instructions of a model go."""

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

PageOpt = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The page to write; default NAME.html.", metavar="REPORT.html"
    ),
]
BenchOpt = Annotated[
    bool, typer.Option("--bench", help="Run the model in QEMU to count instructions.")
]


def report(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    output: PageOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    ram: RamOpt = None,
    flash: FlashOpt = None,
    shape: ShapeOpt = None,
    state: StateOpt = None,
    io: IoOpt = Io.NATIVE,
    place: PlaceOpt = None,
    stream_input: StreamInputOpt = False,
    hop: HopOpt = None,
    bench: BenchOpt = False,
    json: JsonOpt = False,
) -> None:
    """Write an HTML page: memory plan, layers, schedule, and where RAM and flash go."""
    options = gen_options(
        target=target,
        board=board,
        name=name,
        optimize=optimize,
        ram=ram,
        flash=flash,
        shape=shape,
        state=state,
        io=io,
        place=place,
        stream_input=stream_input,
        hop=hop,
    )
    from edgec import driver
    from edgec.report import jsonout, text
    from edgec.report.html import html, write_html

    file = output or Path(f"{options.model_name(model)}.html")
    with console.progress() as progress:
        result = driver.report(model, options, bench, progress)
    write_html(file, html(result))
    if json:
        console.show_json(jsonout.report_json(result, file))
    else:
        console.show(text.report_text(result, file))
