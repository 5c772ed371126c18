"""Steps that copy columns of an image: out of it for a strip, and the result of a strip back."""

from __future__ import annotations

from dataclasses import dataclass

from edgec.loops.buffer import Buffer
from edgec.loops.stmt import KernelCall
from edgec.lower.program import RowForm, RowUse, Step
from edgec.lower.rows import rows_of

KERNEL = "columns"
CALL_COST, ROW_COST, BYTE_COST = 40.0, 30.0, 0.8  # instructions


@dataclass(frozen=True, eq=False)
class Columns:
    """All columns of the narrower of two images [1, H, W, C], and those of the other in question.

    at: the first of them in `x` or in `y`, whichever is wider.
    """

    x: Buffer
    y: Buffer
    at: int

    @property
    def width(self) -> int:
        """How many columns."""
        return min(self.x.shape[2], self.y.shape[2])

    def offset(self, b: Buffer) -> str:
        """C text for the bytes in `b` before row `row` of the columns."""
        pixel = b.shape[3] * b.dtype.size
        start = self.at * pixel if b.shape[2] > self.width else 0
        text = f"row * {b.shape[2] * pixel}"
        return f"{text} + {start}" if start else text


def columns_step(columns: Columns, op: str, value: str, nodes: tuple[str, ...]) -> Step:
    """The step that copies `columns`, of which `x` and `y` have the same rows."""
    x, y = columns.x, columns.y
    height, size = rows_of(y), columns.width * y.shape[3] * y.dtype.size
    each = tuple(range(height))
    uses = [RowUse(x, height, each, each)]
    before = columns.width < y.shape[2] and columns.at > 0  # others have written columns of y
    if before:
        uses.append(RowUse(y, height, each, each))
    form = RowForm(
        height, tuple(uses), _body(columns, size, ("row_begin", "row_end")),
        lambda rows: CALL_COST + rows * (ROW_COST + BYTE_COST * size), (y,) if before else (),
    )  # fmt: skip
    return Step(
        f"columns_{y.name}", op, KERNEL, (x, y) if before else (x,), (y,),
        _body(columns, size, ("0", str(height))), value=value, nodes=nodes,
        cost=form.cost(height), rows=form,
    )  # fmt: skip


def _body(columns: Columns, size: int, rows: tuple[str, str]) -> tuple[KernelCall, ...]:
    x, y = columns.x, columns.y
    to = f"(uint8_t *)(void *)@1@ + {columns.offset(y)}"
    start = f"(const uint8_t *)(const void *)@0@ + {columns.offset(x)}"
    lines = [
        f"for (int32_t row = {rows[0]}; row < {rows[1]}; row++) {{",
        f"    edgec_move_bytes({to}, {start}, {size}u);",
        "}",
    ]
    return (KernelCall("\n".join(lines), (x, y), ("edgec/stream.h",)),)
