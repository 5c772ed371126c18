"""`edgec plan IN.csv`: place the buffers of a MiniMalloc file, with a proof or a gap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from edgec.cli import console
from edgec.cli.options import JsonOpt, size_option
from edgec.diagnostics import ExitCode
from edgec.report.jsonout import JsonValue

if TYPE_CHECKING:  # numpy comes with them: half of the time that `edgec --help` takes
    from edgec.plan.exchange import Instance
    from edgec.plan.pack import Placed

InArg = Annotated[
    Path, typer.Argument(help="CSV file: id,lower,upper,size[,alignment].", metavar="IN.csv")
]
OutOpt = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write IN.csv with an offset column here.")
]
CapacityOpt = Annotated[
    str | None,
    typer.Option(
        "--capacity",
        help="Stop at any placement within it: 1048576, 1M. Without it: the least height.",
        metavar="BYTES",
    ),
]
EffortOpt = Annotated[
    int, typer.Option("--effort", help="Most nodes to search for each part.", min=0)
]


def plan(
    instance: InArg,
    output: OutOpt = None,
    capacity: CapacityOpt = None,
    effort: EffortOpt = 400_000,
    json: JsonOpt = False,
) -> None:
    """Place buffers of fixed lifetimes in memory; exit code 1 if they do not fit."""
    from edgec.plan.exchange import read_instance, write_solution
    from edgec.plan.pack import place_buffers

    limit = size_option("--capacity", capacity)
    problem = read_instance(instance)
    with console.progress() as progress:
        progress(f"placing {len(problem.rects)} buffers")
        placed = place_buffers(problem.rects, limit, effort)
    if placed.offsets is not None and output is not None:
        write_solution(output, problem, placed.offsets)
    if json:
        console.show_json(_json(problem, placed, limit))
    else:
        console.show(_table(problem, placed, limit))
    if placed.offsets is None:
        raise typer.Exit(ExitCode.FAILED)


def _json(problem: Instance, placed: Placed, capacity: int | None) -> JsonValue:
    return {
        "buffers": len(problem.rects),
        "capacity": capacity,
        "fits": placed.offsets is not None,
        "height": placed.height,
        "lower_bound": placed.lower_bound,
        "optimal": placed.optimal,
        "proven": placed.proven,
        "nodes": placed.nodes,
        "offsets": None if placed.offsets is None else list(placed.offsets),
    }


def _table(problem: Instance, placed: Placed, capacity: int | None) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    rows = [("buffers", f"{len(problem.rects):,}")]
    if capacity is not None:
        rows.append(("capacity", f"{capacity:,} bytes"))
    if placed.height is not None:
        rows.append(("height", f"{placed.height:,} bytes"))
    rows.append(("lower bound", f"{placed.lower_bound:,} bytes"))
    rows.append(("result", _verdict(placed)))
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def _verdict(placed: Placed) -> str:
    if placed.height is None:
        if placed.proven:
            return "does not fit, proven"
        return "does not fit as far as was searched; a larger --effort may find a way"
    if placed.optimal:
        return "fits, proven optimal"
    gap = placed.height - placed.lower_bound
    percent = 100 * gap / max(1, placed.lower_bound)
    return f"fits, at most {gap:,} bytes ({percent:.2f} %) above the optimum"
