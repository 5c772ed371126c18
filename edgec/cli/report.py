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
from edgec.config import GenOptions, Io, Optimize
from edgec.diagnostics import Where, fail

PageOpt = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The page to write; default NAME.html.", metavar="REPORT.html"
    ),
]
BenchOpt = Annotated[
    bool, typer.Option("--bench", help="Run the model in QEMU to count instructions.")
]
SweepOpt = Annotated[
    bool, typer.Option("--sweep", help="Show what less RAM costs in instructions and flash.")
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
    sweep: SweepOpt = False,
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
    if sweep and place:
        raise fail(
            "E0520",
            "a sweep lists schedules in one memory",
            Where(note="--place"),
            help="use --place without --sweep",
        )
    file = output or Path(f"{options.model_name(model)}.html")
    _write(model, options, file, bench=bench, sweep=sweep, json=json)


def _write(
    model: Path, options: GenOptions, file: Path, *, bench: bool, sweep: bool, json: bool
) -> None:
    from edgec import driver
    from edgec.report import jsonout, text
    from edgec.report.html import html, write_html
    from edgec.report.sweep import sweep_json, sweep_text

    with console.progress() as progress:
        result = driver.report(model, options, bench, progress)
        others = driver.sweep(model, options, progress) if sweep else None
    write_html(file, html(result, others))
    if json:
        more = {} if others is None else {"sweep": sweep_json(others)}
        console.show_json({**jsonout.report_json(result, file), **more})
        return
    if others is not None:
        console.show(sweep_text(others))
    console.show(text.report_text(result, file))
