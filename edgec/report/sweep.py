"""A sweep as a table, as JSON and as a picture: RAM against instructions."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgec.diagnostics import safe_text
from edgec.report import svg
from edgec.report.jsonout import JsonValue, to_json
from edgec.report.records import SweepResult, SweepRow
from edgec.report.text import amount

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 52, 50
FITS, TOO_LARGE = "#1a7f37", "#cf222e"


def sweep_text(result: SweepResult) -> RenderableType:
    """One row a schedule, the smallest first."""
    where = f" for {result.target}" + (f", board {result.board}" if result.board else "")
    head = Text.assemble((safe_text(result.name), "bold"), where, ": least RAM to fewest ")
    head.append("instructions (estimated)")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("RAM", "arena", "stack", "flash", "instructions", "more", "streams"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for row in result.rows:
        table.add_row(*_cells(row, result))
    hint = "--ram BYTES takes the fastest schedule that fits."
    return Group(head, table, Text(hint, style="dim"))


def _cells(row: SweepRow, result: SweepResult) -> tuple[Text, ...]:
    bound = row.ram.stack_bound
    cells = (
        f"{row.ram.total:,}" if bound is not None else f"> {row.ram.total:,}",
        f"{row.ram.arena:,}",
        "not known" if bound is None else f"{bound:,}",
        f"{row.flash.total:,}" if row.flash.measured else "not known",
        amount(row.instructions),
        f"{100 * more(row, result):+.1f} %",
        str(row.streams),
    )
    verdict = Text("")
    if row.ram.capacity is not None or row.flash.capacity is not None:
        verdict = Text("fits", "green") if row.fits else Text("does not fit", "red")
    return (*(Text(cell) for cell in cells), verdict)


def more(row: SweepRow, result: SweepResult) -> float:
    """Instructions more than the fastest schedule takes, as a part."""
    return row.instructions / max(1, result.rows[-1].instructions) - 1


def sweep_json(result: SweepResult) -> dict[str, JsonValue]:
    """What `check --sweep --json` prints."""
    return {
        "name": result.name,
        "target": result.target,
        "board": result.board,
        "fits": result.fits,
        "schedules": [
            {
                "fits": row.fits,
                "instructions_estimated": row.instructions,
                "streams": row.streams,
                "ram": {**_fields(row.ram), "total": row.ram.total},
                "flash": {**_fields(row.flash), "total": row.flash.total},
            }
            for row in result.rows
        ],
    }


def _fields(record: object) -> dict[str, JsonValue]:
    value = to_json(record)
    assert isinstance(value, dict)
    return value


# the picture -----------------------------------------------------------------------------------


def sweep_svg(result: SweepResult) -> str:
    """RAM in bytes to the right, estimated instructions upwards, one dot a schedule."""
    rams = [row.ram.total for row in result.rows]
    counts = [row.instructions for row in result.rows]
    right, top = 1.05 * max(1, *rams), 1.05 * max(1, *counts)

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / right

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [svg.text(LEFT, 18, f"{result.name} on {result.board or result.target}")]
    for tick in svg.ticks(0, right):
        parts.append(svg.line(x(tick), y(0), x(tick), TOP))
        parts.append(svg.text(x(tick), y(0) + 18, f"{tick:,.0f}", anchor="middle"))
    for tick in svg.ticks(0, top):
        parts.append(svg.line(LEFT, y(tick), WIDTH - RIGHT, y(tick)))
        parts.append(svg.text(LEFT - 8, y(tick) + 4, amount(round(tick)), anchor="end"))
    parts.append(svg.text(WIDTH - RIGHT, HEIGHT - 10, "bytes of RAM", anchor="end"))
    parts.append(svg.text(8, TOP - 8, "instructions, estimated"))
    capacity = next((r.ram.capacity for r in result.rows if r.ram.capacity), None)
    if capacity is not None and capacity <= right:
        parts.append(svg.line(x(capacity), y(0), x(capacity), TOP, TOO_LARGE))
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(rams, counts, strict=True))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{svg.INK}"/>')
    for row in result.rows:
        colour = FITS if row.fits else TOO_LARGE
        words = "" if row.ram.stack_bound is not None else "more than "
        words += f"{row.ram.total:,} bytes of RAM, {amount(row.instructions)} instructions"
        words += f", {row.streams} streams"
        words += f", {row.flash.total:,} bytes of flash" if row.flash.measured else ""
        place = f'cx="{x(row.ram.total):.1f}" cy="{y(row.instructions):.1f}"'
        parts.append(f'<circle {place} r="5" fill="{colour}">{svg.title(words)}</circle>')
    return svg.document(WIDTH, HEIGHT, f"RAM and instructions of {result.name}", parts)
