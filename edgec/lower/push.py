"""Input that the caller pushes row by row, so that it never has to be in memory as a whole.

The first step copies the row that the caller lends into the input's buffer. It has a row form as
any other step, so a stream may begin with it: then only a window of the input is in the arena.
"""

from __future__ import annotations

import math

from edgec.diagnostics import Where, fail
from edgec.ir.graph import Graph, Value
from edgec.loops.buffer import Buffer
from edgec.loops.stmt import KernelCall
from edgec.lower.program import RowForm, RowUse, Step, row_range
from edgec.ops.shape import Reshape

KERNEL = "push"
CALL_COST, BYTE_COST = 60.0, 0.6  # instructions


def pushed_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` as [1, H, ...]: its rows go along the first axis that is longer than one."""
    if len(shape) > 2 and shape[0] == 1 and shape[1] > 1:
        return shape
    long = next((k for k, d in enumerate(shape) if d > 1), len(shape))
    rest = shape[long + 1 :] or (1,)
    return (1, math.prod(shape[: long + 1]), *rest)


def push_step(lent: Buffer, buffer: Buffer, value: str) -> Step:
    """The step that copies rows which the caller lends into `buffer` [1, H, ...].

    Its function is given the address of row `row_begin`, not that of row 0.
    """
    rows = buffer.shape[1]
    row = buffer.bytes // rows
    text = (
        f"edgec_move_bytes((uint8_t *)(void *)@1@ + (uint32_t)row_begin * {row}u,"
        f" (const uint8_t *)(const void *)@0@, (uint32_t)(row_end - row_begin) * {row}u);"
    )
    body = (KernelCall(text, (lent, buffer), ("edgec/stream.h",)),)
    each = tuple(range(rows))
    uses = (RowUse(lent, rows, each, each),)
    form = RowForm(
        rows, uses, body, lambda count: count * (CALL_COST + BYTE_COST * row), alike=True
    )
    return Step(
        "l00_input",
        "Input",
        KERNEL,
        (lent,),
        (buffer,),
        body,
        value=value,
        cost=form.cost(rows),
        rows=form,
        parameters=row_range(rows),
    )


def check_pushable(graph: Graph, hop: int = 0) -> None:
    """Raise E0421 unless the model has exactly one input, with something in it.

    hop: rows by which the next input begins later. Raises E0422 if that is more than there are.
    """
    if len(graph.inputs) != 1 or graph.inputs[0].type.size == 0:
        names = ", ".join(repr(v.name) for v in graph.inputs) or "none"
        raise fail(
            "E0421",
            f"the model has {len(graph.inputs)} inputs ({names}), so its rows cannot be pushed",
            Where(note="--stream-input"),
            rule="--stream-input is for models with one input that has elements, and no --state",
            help="leave --stream-input out: the inputs then are in the arena as a whole",
        )
    rows = pushed_shape(seen_as(graph, graph.inputs[0]))[1]
    if hop > rows:
        raise fail(
            "E0422",
            f"the input {graph.inputs[0].name!r} has {rows} rows, so inputs that begin {hop} rows"
            " apart share none",
            Where(tensor=graph.inputs[0].name, note="--hop"),
            rule="with --hop an input shares rows with the one before, or follows it at once",
            help=f"choose a --hop of at most {rows}, or leave it out",
        )


def seen_as(graph: Graph, value: Value) -> tuple[int, ...]:
    """The shape as which an input is read, if that has rows: an image of one channel."""
    shapes = {
        n.op.shape if isinstance(n.op, Reshape) else value.type.shape
        for n in graph.nodes
        if value in n.operands
    }
    shape = next(iter(shapes)) if len(shapes) == 1 else value.type.shape
    return shape if len(shape) > 2 and shape[0] == 1 else value.type.shape
