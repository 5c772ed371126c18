"""`edgec verify`: build, run on the host or under QEMU, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import JsonOpt, ModelArg, compiles
from edgec.config import GenOptions
from edgec.diagnostics import ExitCode
from edgec.report import jsonout, text

InputsOpt = Annotated[
    Path | None,
    typer.Option("--inputs", help="An .npz file of inputs; default: random inputs."),
]
CountOpt = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, help="How many inputs; default: all in the file, or 4."),
]


@compiles
def verify(
    model: ModelArg,
    options: GenOptions,
    inputs: InputsOpt = None,
    count: CountOpt = None,
    json: JsonOpt = False,
) -> None:
    """Run the compiled code and compare it with the reference and onnxruntime."""
    from edgec import driver

    with console.progress() as progress:
        result = driver.verify(model, options, inputs, count, progress)
    console.show_result(result, json, jsonout.verify_json, text.verify_text)
    if not result.ok:
        raise typer.Exit(ExitCode.FAILED)
