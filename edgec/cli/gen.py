"""`edgec gen`: compile a model into a folder of C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgec.cli import console
from edgec.cli.options import (
    FlashOpt,
    JsonOpt,
    ModelsArg,
    PlanSvgOpt,
    ShareOpt,
    compiles,
    only_model,
    size_option,
)
from edgec.config import GenOptions, WeightsFormat
from edgec.report import jsonout, text

OutputOpt = Annotated[
    Path | None, typer.Option("--output", "-o", help="The folder to write; default ./NAME.")
]
WeightsOpt = Annotated[
    WeightsFormat, typer.Option("--weights", help="Weights as C arrays or as a binary file.")
]
DumpOpt = Annotated[
    Path | None, typer.Option("--dump-ir", help="Write the IR after each stage there.")
]
NoCompileOpt = Annotated[
    bool, typer.Option("--no-compile", help="Do not compile to find the bound of the stack.")
]


@compiles
def gen(
    models: ModelsArg,
    options: GenOptions,
    output: OutputOpt = None,
    flash: FlashOpt = None,
    weights: WeightsOpt = WeightsFormat.C,
    dump_ir: DumpOpt = None,
    plan_svg: PlanSvgOpt = None,
    no_compile: NoCompileOpt = False,
    share_arena: ShareOpt = False,
    json: JsonOpt = False,
) -> None:
    """Compile a model into a self-contained folder of C, or several for one arena."""
    options = replace(
        options,
        output=output,
        flash=size_option("--flash", flash),
        weights=weights,
        dump_ir=dump_ir,
        plan_svg=plan_svg,
        stack=not no_compile,
    )
    if share_arena:
        _write_shared(models, options, json)
    else:
        _write(only_model(models), options, json)


def _write(model: Path, options: GenOptions, json: bool) -> None:
    """One model into a folder."""
    from edgec import driver

    with console.progress() as progress:
        result = driver.generate(model, options, progress)
    console.show_result(result, json, jsonout.gen_json, text.gen_text)


def _write_shared(models: list[Path], options: GenOptions, json: bool) -> None:
    """All models into one folder."""
    from edgec.driver_shared import generate_shared

    with console.progress() as progress:
        result = generate_shared(models, options, progress)
    console.show_result(result, json, jsonout.shared_json, text.shared_text)
