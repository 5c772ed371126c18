"""`edgec bench`: instructions per layer, flash, arena and painted stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import JsonOpt, ModelArg, compiles
from edgec.config import GenOptions
from edgec.report import jsonout, text
from edgec.report.baseline import read_baseline

BaselineOpt = Annotated[
    Path | None,
    typer.Option("--baseline", help="Compare with an earlier `bench --json`.", metavar="FILE.json"),
]


@compiles
def bench(
    model: ModelArg,
    options: GenOptions,
    baseline: BaselineOpt = None,
    json: JsonOpt = False,
) -> None:
    """Measure the exact instructions of each layer, flash, RAM and stack under QEMU."""
    from edgec import driver

    before = None if baseline is None else read_baseline(baseline)
    with console.progress() as progress:
        result = driver.bench(model, options, progress)
    if json:
        console.show_json(jsonout.bench_json(result, before))
    else:
        console.show(text.bench_text(result, before))
