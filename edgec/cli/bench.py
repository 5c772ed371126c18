"""`edgec bench`: instructions per layer, flash, arena and painted stack."""

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

BaselineOpt = Annotated[
    Path | None,
    typer.Option("--baseline", help="Compare with an earlier `bench --json`.", metavar="FILE.json"),
]


def bench(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    shape: ShapeOpt = None,
    state: StateOpt = None,
    io: IoOpt = Io.NATIVE,
    place: PlaceOpt = None,
    baseline: BaselineOpt = None,
    ram: RamOpt = None,
    stream_input: StreamInputOpt = False,
    hop: HopOpt = None,
    json: JsonOpt = False,
) -> None:
    """Measure the exact instructions of each layer, flash, RAM and stack under QEMU."""
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
    from edgec.report.baseline import read_baseline

    before = None if baseline is None else read_baseline(baseline)
    with console.progress() as progress:
        result = driver.bench(model, options, progress)
    if json:
        console.show_json(jsonout.bench_json(result, before))
    else:
        console.show(text.bench_text(result, before))
