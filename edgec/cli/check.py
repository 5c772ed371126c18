"""`edgec check`: does the model fit? Writes no files."""

from __future__ import annotations

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
    RamOpt,
    ShapeOpt,
    TargetOpt,
    gen_options,
)
from edgec.config import Io, Optimize
from edgec.diagnostics import ExitCode


def check(
    model: ModelArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    ram: RamOpt = None,
    flash: FlashOpt = None,
    shape: ShapeOpt = None,
    io: IoOpt = Io.NATIVE,
    json: JsonOpt = False,
) -> None:
    """Say whether a model fits a board or a budget; exit code 1 if it does not."""
    options = gen_options(
        target=target,
        board=board,
        name=name,
        optimize=optimize,
        ram=ram,
        flash=flash,
        shape=shape,
        io=io,
    )
    from edgec import driver
    from edgec.report import jsonout, text

    with console.progress() as progress:
        result = driver.check(model, options, progress)
    if json:
        console.show_json(jsonout.check_json(result))
    else:
        console.show(text.check_text(result))
    if not result.fits:
        raise typer.Exit(ExitCode.FAILED)
