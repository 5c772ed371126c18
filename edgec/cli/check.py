"""`edgec check`: does the model fit? Writes nothing but the picture that is asked for."""

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
    ModelsArg,
    NameOpt,
    OptimizeOpt,
    PlaceOpt,
    PlanSvgOpt,
    RamOpt,
    ShapeOpt,
    ShareOpt,
    StateOpt,
    StreamInputOpt,
    TargetOpt,
    gen_options,
    only_model,
)
from edgec.config import GenOptions, Io, Optimize
from edgec.diagnostics import ExitCode, Where, fail

SweepOpt = Annotated[
    bool, typer.Option("--sweep", help="List what less RAM costs in instructions and flash.")
]
PlotOpt = Annotated[
    Path | None, typer.Option("--plot", help="With --sweep: write a picture.", metavar="FILE.svg")
]


def check(
    models: ModelsArg,
    target: TargetOpt = None,
    board: BoardOpt = None,
    name: NameOpt = None,
    optimize: OptimizeOpt = Optimize.BALANCED,
    ram: RamOpt = None,
    flash: FlashOpt = None,
    shape: ShapeOpt = None,
    state: StateOpt = None,
    io: IoOpt = Io.NATIVE,
    place: PlaceOpt = None,
    sweep: SweepOpt = False,
    plot: PlotOpt = None,
    plan_svg: PlanSvgOpt = None,
    stream_input: StreamInputOpt = False,
    hop: HopOpt = None,
    share_arena: ShareOpt = False,
    json: JsonOpt = False,
) -> None:
    """Say whether a model, or several in one arena, fit a board or a budget; else exit code 1."""
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
        plan_svg=plan_svg,
        stream_input=stream_input,
        hop=hop,
    )
    _check_pictures(sweep, plot, plan_svg)
    _check_sweep(sweep, share_arena, place)
    if sweep:
        fits = _sweep(only_model(models), options, plot, json)
    else:
        fits = _check(models, options, share_arena, json)
    if not fits:
        raise typer.Exit(ExitCode.FAILED)


def _check_sweep(sweep: bool, share_arena: bool, place: list[str] | None) -> None:
    """E0017 and E0520 for sweeps that are not made."""
    if sweep and share_arena:
        raise fail(
            "E0017",
            "a sweep lists schedules of one model",
            Where(note="--sweep"),
            help="use it with one model",
        )
    if sweep and place:
        raise fail(
            "E0520",
            "a sweep lists schedules in one memory",
            Where(note="--place"),
            help="use --place without --sweep",
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
    from edgec.report import jsonout, text

    with console.progress() as progress:
        if share_arena:
            from edgec.driver_shared import check_set

            result = check_set(models, options, progress)
        else:
            result = driver.check(only_model(models), options, progress)
    if json:
        console.show_json(jsonout.check_json(result))
    else:
        console.show(text.check_text(result))
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
    if json:
        console.show_json(sweep_json(result))
    else:
        console.show(sweep_text(result))
    return result.fits
