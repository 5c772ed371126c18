"""`edgec check`: does the model fit? Writes nothing but the picture that is asked for."""

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
    check_placed_sweep,
    compiles,
    only_model,
    size_option,
)
from edgec.config import GenOptions
from edgec.diagnostics import ExitCode, Where, fail
from edgec.report import jsonout, text

SweepOpt = Annotated[
    bool, typer.Option("--sweep", help="List what less RAM costs in instructions and flash.")
]
PlotOpt = Annotated[
    Path | None, typer.Option("--plot", help="With --sweep: write a picture.", metavar="FILE.svg")
]


@compiles
def check(
    models: ModelsArg,
    options: GenOptions,
    flash: FlashOpt = None,
    sweep: SweepOpt = False,
    plot: PlotOpt = None,
    plan_svg: PlanSvgOpt = None,
    share_arena: ShareOpt = False,
    json: JsonOpt = False,
) -> None:
    """Say whether a model, or several in one arena, fit a board or a budget; else exit code 1."""
    options = replace(options, flash=size_option("--flash", flash), plan_svg=plan_svg)
    _check_pictures(sweep, plot, plan_svg)
    _check_one(sweep, share_arena)
    check_placed_sweep(sweep, options)
    if sweep:
        fits = _sweep(only_model(models), options, plot, json)
    else:
        fits = _check(models, options, share_arena, json)
    if not fits:
        raise typer.Exit(ExitCode.FAILED)


def _check_one(sweep: bool, share_arena: bool) -> None:
    """E0017 for a sweep of several models."""
    if sweep and share_arena:
        raise fail(
            "E0017",
            "a sweep lists schedules of one model",
            Where(note="--sweep"),
            help="use it with one model",
        )


def _check_pictures(sweep: bool, plot: Path | None, plan_svg: Path | None) -> None:
    """E0014 for a picture of what is not made."""
    option, other = ("--plan-svg", "without") if sweep else ("--plot", "with")
    if (plan_svg if sweep else plot) is not None:
        raise fail(
            "E0014",
            f"there is nothing that {option} could show",
            Where(note=option),
            rule="--plot shows the schedules of a sweep, --plan-svg the plan of one schedule",
            help=f"use it {other} --sweep",
        )


def _check(models: list[Path], options: GenOptions, share_arena: bool, json: bool) -> bool:
    """The model, or all, as `gen` would make them; whether they fit."""
    from edgec import driver

    with console.progress() as progress:
        if share_arena:
            from edgec.driver_shared import check_set

            result = check_set(models, options, progress)
        else:
            result = driver.check(only_model(models), options, progress)
    console.show_result(result, json, jsonout.check_json, text.check_text)
    return result.fits


def _sweep(model: Path, options: GenOptions, plot: Path | None, json: bool) -> bool:
    """All schedules; whether one of them fits."""
    from edgec import driver
    from edgec.report import svg
    from edgec.report.sweep import sweep_json, sweep_svg, sweep_text

    with console.progress() as progress:
        result = driver.sweep(model, options, progress)
    if plot is not None:
        svg.write(plot, sweep_svg(result))
    console.show_result(result, json, sweep_json, sweep_text)
    return result.fits
