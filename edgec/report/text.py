"""Records as one screen of text (rich renderables; names from models are escaped)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgec.diagnostics import safe_text
from edgec.report.baseline import Baseline

if TYPE_CHECKING:  # their numpy would be half of the time that `edgec --help` takes
    from edgec.report.page import Report
    from edgec.report.records import (
        BenchResult,
        CheckResult,
        FlashUse,
        GenResult,
        LayerDifference,
        LayerRow,
        MemoryUse,
        OutputMatch,
        RegionUse,
        RunMatch,
        SharedResult,
        Summary,
        VerifyResult,
    )

BAR_CELLS = 24
NAME_CELLS = 40
TABLE_ROWS = 40


def size(count: int) -> str:
    """A number of bytes for people: "912 B", "7.8 KB", "4.0 MB" (binary units)."""
    if count < 1024:
        return f"{count} B"
    if count < 1 << 20:
        return f"{count / 1024:.1f} KB"
    return f"{count / (1 << 20):.1f} MB"


def amount(count: int) -> str:
    """A count for people: "912", "45.1 k", "2.66 M"."""
    if count < 1000:
        return str(count)
    if count < 1_000_000:
        return f"{count / 1000:.1f} k"
    return f"{count / 1_000_000:.2f} M"


def bar(used: int, capacity: int | None) -> Text:
    """`used` of `capacity` as cells; a cell is shown from the first byte on. Red when too much."""
    if not capacity:
        return Text("")
    share = used / capacity
    cells = min(BAR_CELLS, max(1 if used else 0, round(share * BAR_CELLS)))
    style = "red" if share > 1 else "yellow" if share > 0.9 else "green"
    return Text.assemble(("█" * cells, style), ("░" * (BAR_CELLS - cells), "dim"))


def summary_text(summary: Summary) -> RenderableType:
    """The screen that answers "does it fit?"."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    for label, text in _summary_lines(summary):
        grid.add_row(label, text)
    return Group(_headline(summary), Padding(grid, (0, 0, 0, 2)))


def gen_text(result: GenResult) -> RenderableType:
    """What `gen` prints."""
    wrote = f"wrote {len(result.files)} files to {safe_text(str(result.folder))}"
    return Group(summary_text(result.summary), Text(wrote))


def shared_text(result: SharedResult) -> RenderableType:
    """What `gen --share-arena` prints: the screen of all together, then each model."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("model", no_wrap=True, overflow="ellipsis", max_width=NAME_CELLS)
    for heading in ("weights", "peak", "stack at most", "MACs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for model in result.models:
        peak = 0 if model.peak_layer is None else model.peak_layer.live_bytes
        bound = model.ram.stack_bound
        cells = (f"{model.flash.weights:,} B", f"{peak:,} B", "" if bound is None else f"{bound} B")
        table.add_row(Text(safe_text(model.name, NAME_CELLS)), *cells, amount(model.macs))
    wrote = f"wrote {len(result.files)} files to {safe_text(str(result.folder))}"
    return Group(summary_text(result.summary), Padding(table, (0, 0, 0, 2)), Text(wrote))


def check_text(result: CheckResult) -> RenderableType:
    """What `check` prints: the screen, then what does not fit, and what to do."""
    parts: list[RenderableType] = [summary_text(result.summary)]
    parts += [Text.assemble(("does not fit: ", "red"), safe_text(r, 300)) for r in result.reasons]
    parts += [Text.assemble(("try: ", "bold"), safe_text(a, 300)) for a in result.advice]
    return Group(*parts)


def report_text(report: Report, file: Path) -> RenderableType:
    """What `report` prints: the screen, what is remarkable, and where the page is."""
    parts: list[RenderableType] = [summary_text(report.summary)]
    parts += [Text.assemble(("problem: ", "red"), safe_text(p, 300)) for p in report.problems]
    parts += [Text.assemble(("try: ", "bold"), safe_text(a, 300)) for a in report.advice]
    parts += [Text(safe_text(line, 300)) for line in report.findings]
    return Group(*parts, Text(f"wrote {safe_text(str(file), 300)}"))


def bench_text(result: BenchResult, baseline: Baseline | None = None) -> RenderableType:
    """What `bench` prints: the screen and one row a layer, in execution order."""
    parts = [summary_text(result.summary), Text(""), layer_table(result.summary, baseline)]
    if baseline is not None:
        change = _percent(baseline.total_change(result.summary.instructions))
        where = f"{safe_text(baseline.name)} on {safe_text(baseline.target)}"
        parts.append(Text(f"against the baseline ({where}, {baseline.total:,}): {change}"))
    return Group(*parts)


def _percent(change: float | None) -> str:
    return "" if change is None else f"{100 * change:+.1f} %"


def verify_text(result: VerifyResult) -> RenderableType:
    """What `verify` prints: one table a run."""
    return Group(*(_run_text(result.name, run) for run in result.runs))


def layer_table(summary: Summary, baseline: Baseline | None = None) -> RenderableType:
    """Kernel and cost of each layer; long models are cut to the most expensive layers."""
    rows = summary.layers
    order = sorted(rows, key=lambda row: -(row.instructions or row.macs))
    shown = rows if len(rows) <= TABLE_ROWS else order[:TABLE_ROWS]
    total = sum(row.instructions or 0 for row in rows)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("layer", "op", "kernel", "output"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=NAME_CELLS)
    timed = any(row.cycles is not None for row in rows)
    more = [name for name, wanted in (("est. cycles", timed), ("change", baseline)) if wanted]
    for heading in ("MACs", "instructions", "share", "per MAC", *more):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in shown:
        cells = list(_layer_cells(row, total))
        if timed:
            cells.append(Text(f"{row.cycles or 0:,}"))
        if baseline is not None:
            cells.append(Text(_percent(baseline.change(row.name, row.instructions))))
        table.add_row(*cells)
    if len(shown) == len(rows):
        return table
    return Group(table, Text(f"and {len(rows) - len(shown)} cheaper layers", style="dim"))


def _layer_cells(row: LayerRow, total: int) -> tuple[Text, ...]:
    count = row.instructions
    counted = ("", "", "")
    if count is not None:
        share = f"{100 * count / total:.1f} %" if total else ""
        counted = (f"{count:,}", share, f"{count / row.macs:.2f}" if row.macs else "")
    names = (safe_text(text, NAME_CELLS) for text in (row.name, row.op, row.kernel, row.output))
    return tuple(Text(cell) for cell in (*names, f"{row.macs:,}" if row.macs else "", *counted))


def _headline(summary: Summary) -> Text:
    where = f" for {summary.target}" + (f", board {summary.board}" if summary.board else "")
    verdict = ("fits", "bold green") if summary.fits else ("does not fit", "bold red")
    if summary.flash.capacity is None and summary.ram.capacity is None:
        verdict = ("no budget given: --board, --ram or --flash", "dim")
    return Text.assemble((safe_text(summary.name), "bold"), where, ": ", verdict)


def _summary_lines(summary: Summary) -> Iterator[tuple[str, Text]]:
    yield "flash", _use(summary.flash.total, summary.flash.capacity, _flash_parts(summary.flash))
    yield "RAM", _use(summary.ram.total, summary.ram.capacity, _ram_parts(summary.ram))
    yield "plan", Text(_plan_line(summary))
    yield "work", Text(_work_line(summary))
    if summary.trade is not None:
        yield "--ram", Text(summary.trade.text)
    for region in summary.regions if summary.placed else ():
        if region.used:
            yield f"in {region.memory}", Text(_region_line(region))
    for note in summary.notes:
        yield "note", Text(safe_text(note, 300))


def _use(used: int, capacity: int | None, parts: str) -> Text:
    if capacity is None:
        return Text(f"{size(used)}: {parts}")
    percent = f" ({100 * used / capacity:.1f} %)" if capacity else ""
    return Text.assemble(
        bar(used, capacity), f" {size(used)} of {size(capacity)}{percent}: {parts}"
    )


def _flash_parts(use: FlashUse) -> str:
    if not use.measured:
        code = f", code and kernels {use.code:,} B" if use.code else "; code not compiled"
        return f"weights {use.weights:,} B{code}"
    return f"weights {use.weights:,} B, model {use.code:,} B, kernels {use.kernels:,} B"


def _ram_parts(use: MemoryUse) -> str:
    parts = [f"arena {use.arena:,} B"]
    if use.stack_painted is not None:
        parts.append(f"stack {use.stack_painted:,} B measured")
    if use.stack_bound is not None:
        parts.append(f"stack at most {use.stack_bound:,} B")
    if use.stack_painted is None and use.stack_bound is None:
        parts.append("stack not known")
    parts.append(f"static {use.static:,} B")
    if use.weights:
        parts.append(f"weights {use.weights:,} B")
    return ", ".join(parts)


def _plan_line(summary: Summary) -> str:
    parts = []
    peak = summary.peak_layer
    if peak is not None and peak.live_bytes:
        parts.append(f"peak {peak.live_bytes:,} B in {safe_text(peak.name, 60)} ({peak.op})")
    bound = summary.arena_lower_bound
    if summary.plan_is_optimal:
        parts.append("placement proven optimal")
    elif bound:
        parts.append(f"arena {100 * (summary.ram.arena / bound - 1):.1f} % above the lower bound")
    return ", ".join(parts) or "no buffers"


def _work_line(summary: Summary) -> str:
    parts = [f"{amount(summary.macs)} MACs"]
    if summary.instructions is not None:
        parts.append(f"{summary.instructions:,} instructions")
        if summary.macs:
            parts.append(f"{summary.instructions / summary.macs:.2f} per MAC")
    if summary.cycles is not None:
        parts.append(f"about {amount(summary.cycles)} cycles without wait states")
    return ", ".join(parts)


def _region_line(region: RegionUse) -> str:
    parts = [("arena", region.arena), ("weights", region.weights)]
    held = ", ".join(f"{what} {count:,} B" for what, count in parts if count)
    kind = "counted" if region.counted else "estimated"
    return (
        f"{held} of {size(region.bytes)}: {amount(region.accesses)} accesses {kind}, "
        f"{amount(round(region.waiting))} cycles of waiting"
    )


def _run_text(name: str, run: RunMatch) -> RenderableType:
    verdict = ("ok", "bold green") if run.ok else ("FAILED", "bold red")
    inputs = f"{run.inputs} input{'s' if run.inputs != 1 else ''}"
    head = Text.assemble(
        (safe_text(name), "bold"), f" on {run.target}, {run.board}, {inputs}: ", verdict
    )
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("output", "type", "elements", "reference", "onnxruntime", "same top-1"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=NAME_CELLS)
    for output in run.outputs:
        table.add_row(*_output_cells(output))
    parts: list[RenderableType] = [head, Padding(table, (0, 0, 0, 2))]
    parts += [Text(f"  note  {safe_text(note, 300)}") for note in run.notes]
    if run.first_difference is not None:
        parts.append(_difference_text(run.first_difference))
    return Group(*parts)


def _output_cells(output: OutputMatch) -> tuple[Text, ...]:
    exact = {
        None: Text("none"),
        True: Text("identical bits", "green"),
        False: Text("differs", "red"),
    }
    top1 = "" if output.top1_agreement is None else f"{100 * output.top1_agreement:.1f} %"
    return (
        Text(safe_text(output.name, NAME_CELLS)),
        Text(output.dtype),
        Text(f"{output.elements:,}"),
        exact[output.bit_exact],
        Text(_onnxruntime_cell(output)),
        Text(top1),
    )


def _onnxruntime_cell(output: OutputMatch) -> str:
    if output.max_abs_error is None:
        return "not compared"
    if output.within_one_step is not None:
        return (
            f"{100 * output.within_one_step:.2f} % within 1 step, largest {output.max_abs_error:g}"
        )
    verdict = "within" if output.within_tolerance else "outside"
    return f"{verdict} tolerance, largest error {output.max_abs_error:.2g}"


def _difference_text(difference: LayerDifference) -> Text:
    layer = f"{safe_text(difference.layer)} ({difference.op}, {difference.function})"
    return Text(
        f"  first difference: {layer}, input {difference.input_index}, "
        f"element {difference.element}: expected {difference.expected}, got {difference.got}"
    )
