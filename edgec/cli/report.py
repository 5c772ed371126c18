"""`edgec report`: one page that shows where memory, flash and instructions of a model go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import (
    FlashOpt,
    JsonOpt,
    ModelArg,
    check_placed_sweep,
    compiles,
    size_option,
)
from edgec.config import GenOptions
from edgec.report import jsonout, text

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


@compiles
def report(
    model: ModelArg,
    options: GenOptions,
    output: PageOpt = None,
    flash: FlashOpt = None,
    bench: BenchOpt = False,
    sweep: SweepOpt = False,
    json: JsonOpt = False,
) -> None:
    """Write an HTML page: memory plan, layers, schedule, and where RAM and flash go."""
    options = replace(options, flash=size_option("--flash", flash))
    check_placed_sweep(sweep, options)
    file = output or Path(f"{options.model_name(model)}.html")
    _write(model, options, file, bench=bench, sweep=sweep, json=json)


def _write(
    model: Path, options: GenOptions, file: Path, *, bench: bool, sweep: bool, json: bool
) -> None:
    from edgec import driver
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
