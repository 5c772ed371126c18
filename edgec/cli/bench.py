"""`edgec bench`: instructions per layer, flash, arena and painted stack."""

from __future__ import annotations

from edgec.cli import console
from edgec.cli.options import (
    BoardOpt,
    IoOpt,
    JsonOpt,
    ModelArg,
    NameOpt,
    OptimizeOpt,
    ShapeOpt,
    TargetOpt,
    gen_options,
)
from edgec.config import Io, Optimize


def bench(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    shape: ShapeOpt = None,
    io: IoOpt = Io.NATIVE,
    json: JsonOpt = False,
) -> None:
    """Measure the exact instructions of each layer, flash, RAM and stack under QEMU."""
    options = gen_options(
        target=target, board=board, name=name, optimize=optimize, shape=shape, io=io
    )
    from edgec import driver
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = driver.bench(model, options, progress)
    if json:
        console.show_json(jsonout.bench_json(result))
    else:
        console.show(text.bench_text(result))
