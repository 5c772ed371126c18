"""Placement problems as CSV files, in the format of the public MiniMalloc benchmark.

A header names the columns: `id`, `lower` (first time), `upper` (time after the last) and `size`,
maybe `alignment`; a solution adds `offset`. `buffer` or `buffer_id`, `start` or `begin` mean id
and lower; `end` is the last time itself. Further columns (`hint`) are kept as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.diagnostics import EdgecError, Where, fail
from edgec.plan.rects import Rect
from edgec.text_file import write_text

NAMES = {
    "buffer": "id",
    "buffer_id": "id",
    "start": "lower",
    "begin": "lower",
    "end": "upper",
}
REQUIRED = ("id", "lower", "upper", "size")
FILE_LIMIT = 16 << 20  # bytes
ROW_LIMIT = 20_000
_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True)
class Instance:
    """A file's header and rows as text, and the rectangles that the rows describe."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rects: tuple[Rect, ...]


def read_instance(path: Path) -> Instance:
    """The problem in `path`. E0510 if it cannot be read, E0511 if it is not in the format."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise _malformed(path, 0, f"the file is larger than {FILE_LIMIT >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(
            "E0510",
            f"the file cannot be read: {getattr(error, 'strerror', None) or error}",
            Where(file=str(path)),
            help="give a CSV file with the columns id,lower,upper,size",
        ) from None
    return parse_instance(text, path)


def parse_instance(text: str, path: Path) -> Instance:
    """The problem that `text` describes; `path` is named in errors (E0511)."""
    lines = _lines(text, path)
    number, header = next(lines, (1, ()))
    names = [NAMES.get(name, name) for name in header]
    if len(set(names)) != len(names):
        raise _malformed(path, number, "two columns have the same meaning")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise _malformed(path, number, f"the header has no column {', '.join(missing)}")
    if "gaps" in names:
        raise _malformed(path, number, "buffers with gaps in their lifetime are not supported")
    inclusive = "end" in header
    rows: list[tuple[str, ...]] = []
    rects: list[Rect] = []
    for number, row in lines:
        if len(rows) == ROW_LIMIT:
            raise _malformed(path, number, f"there are more than {ROW_LIMIT:,} buffers")
        if len(row) != len(header):
            raise _malformed(path, number, f"{len(row)} fields under {len(header)} columns")
        fields = dict(zip(names, row, strict=True))
        rects.append(_rect(len(rows), fields, inclusive, path, number))
        rows.append(row)
    return Instance(header, tuple(rows), tuple(rects))


def _lines(text: str, path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line numbers and fields of the lines that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, tuple(field.strip() for field in row)
    except csv.Error as error:
        raise _malformed(path, reader.line_num, str(error)) from None


def _rect(number: int, fields: dict[str, str], inclusive: bool, path: Path, line: int) -> Rect:
    """The rectangle that a row describes."""

    def value(name: str) -> int:
        if not _NUMBER.fullmatch(fields[name]):
            raise _malformed(path, line, f"{name} '{fields[name]}' is not a whole number")
        return int(fields[name])

    lower, upper, size = value("lower"), value("upper") + inclusive, value("size")
    align = value("alignment") if fields.get("alignment") else 1
    if upper < lower:
        raise _malformed(path, line, f"the lifetime ends at {upper}, before its start at {lower}")
    if size < 0:
        raise _malformed(path, line, f"size {size} is negative")
    if align < 1 or align & (align - 1):
        raise _malformed(path, line, f"alignment {align} is not a power of two")
    return Rect(number, lower, upper, size, align)


def _malformed(path: Path, line: int, what: str) -> EdgecError:
    return fail(
        "E0511",
        f"this is not a placement problem: {what}",
        Where(file=str(path), note=f"line {line}" if line else ""),
        rule="a header with id,lower,upper,size and maybe alignment, then a line per buffer",
        help="`edgec explain E0511` shows an example",
    )


def write_solution(path: Path, instance: Instance, offsets: Sequence[int]) -> None:
    """Write `instance` to `path` with its `offset` column. E0512 if that is not possible."""
    text = solution_text(instance, offsets)
    write_text(path, text, code="E0512", what="the file", help="name another file with -o")


def solution_text(instance: Instance, offsets: Sequence[int]) -> str:
    """The file with offsets (bytes, one per row); an `offset` column it had is replaced."""
    keep = [i for i, name in enumerate(instance.header) if name != "offset"]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(instance.header[i] for i in keep), "offset"])
    for row, offset in zip(instance.rows, offsets, strict=True):
        writer.writerow([*(row[i] for i in keep), offset])
    return out.getvalue()
