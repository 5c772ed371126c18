"""The report as one HTML file: no scripts, nothing from elsewhere, every text escaped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from edgec.diagnostics import safe_text
from edgec.report.page import Report
from edgec.report.records import FlashUse, MemoryUse, SweepResult, SweepRow
from edgec.report.sweep import more, sweep_svg
from edgec.report.text import amount, size
from edgec.text_file import write_text

TEXT_LIMIT = 400
CELL_LIMIT = 60


def html(report: Report, sweep: SweepResult | None = None) -> str:
    """The page, with all schedules of a sweep if there is one. The same gives the same bytes."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("edgec.report", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"size": size, "amount": amount, "grouped": grouped, "share": share}
    environment.filters.update(filters, shortened=shortened)
    counts = {d.number: _work(report, d.number) for d in report.layers}
    return environment.get_template("report.html.j2").render(
        report=report,
        summary=report.summary,
        # made by edgec.report.plan_svg, which escapes all names
        picture=Markup(report.picture),
        work=counts,
        split=any(t.memory for t in report.tensors),
        total=sum(counts.values()),
        common=_common_code(report),
        sweep=_sweep(sweep),
        uses=(_ram(report.summary.ram), _flash(report.summary.flash)),
    )


@dataclass(frozen=True)
class _Schedule:
    """A schedule of a sweep, and how many instructions more than the fastest it takes."""

    row: SweepRow
    more: float


@dataclass(frozen=True)
class _Sweep:
    """What the page shows of a sweep."""

    picture: Markup
    schedules: tuple[_Schedule, ...]


def _sweep(result: SweepResult | None) -> _Sweep | None:
    if result is None:
        return None
    schedules = tuple(_Schedule(row, more(row, result)) for row in result.rows)
    return _Sweep(Markup(sweep_svg(result)), schedules)  # names are escaped there, too


def write_html(path: Path, text: str) -> None:
    """Write the page. E0016 if that is not possible."""
    help = "name another file with -o, in a folder that exists"
    write_text(path, text, code="E0016", what="the report", help=help)


def grouped(count: int | None) -> str:
    """A number with commas; nothing for what is not known."""
    return "" if count is None else f"{count:,}"


def share(part: float, whole: float) -> float:
    """Percent, for the width of a bar: two digits, at most 100."""
    return round(min(100.0, 100.0 * part / whole), 2) if whole else 0.0


def shortened(words: str) -> str:
    """`words` for a cell of a table."""
    return safe_text(words, CELL_LIMIT)


def _printable(value: object) -> object:
    """Control characters in names of a model are shown as escapes."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return safe_text(value, TEXT_LIMIT)
    return value


def _work(report: Report, number: int) -> int:
    """Instructions of a layer if they were counted, else its MACs."""
    row = report.layers[number].row
    return (row.instructions or 0) if report.counted else row.macs


def _common_code(report: Report) -> int:
    """Bytes of the model's own code that are of no layer; 0 if code was not measured."""
    known = [d.code for d in report.layers if d.code is not None]
    return max(0, report.summary.flash.code - sum(known)) if known else 0


Use = tuple[str, int, int | None, tuple[tuple[str, int], ...], str]


def _ram(use: MemoryUse) -> Use:
    """Name, total, capacity, parts and a remark."""
    if use.stack_painted is not None:
        stack, note = "stack (measured)", ""
        if use.stack_bound is not None:
            note = f"The stack of any run is at most {use.stack_bound:,} bytes."
    elif use.stack_bound is not None:
        stack, note = "stack (at most)", ""
    else:
        stack, note = "stack", "The stack is not known: the compiler was not asked, or cannot tell."
    copied = (("weights", use.weights),) if use.weights else ()
    parts = (("arena", use.arena), (stack, use.stack), ("static data", use.static), *copied)
    return "RAM", use.total, use.capacity, parts, note


def _flash(use: FlashUse) -> Use:
    """As `_ram`."""
    parts = (
        ("constants", use.weights),
        ("code of the model", use.code),
        ("kernels and libraries", use.kernels),
    )
    note = "" if use.measured or use.code else "Code is not counted: nothing was compiled."
    return "Flash", use.total, use.capacity, parts, note
