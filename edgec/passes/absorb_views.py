"""Products of activations read and write in place what Reshapes, Transposes and Slices move.

Where the elements of an operand are follows from the operators themselves: they are executed on
the numbers of the elements. A table that an operand goes through alone is part of the product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Node, Value
from edgec.ops.move import Slice, Transpose
from edgec.ops.quantized import Lut, QMatMul
from edgec.ops.quantized_matmul import Places, QBatchMatMul
from edgec.ops.shape import Reshape
from edgec.passes.rewrite import Peephole, Rewriter, Rule

Indices = npt.NDArray[np.int64]
MOST_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class Operand:
    """`at`: which element of `base` each one is, before `table`; `views`: what is absorbed."""

    base: Value
    at: Indices
    table: Value | None
    views: tuple[Node, ...]


def numbers(shape: tuple[int, ...]) -> Indices:
    """Each element's number."""
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def moved(at: Indices, node: Node) -> Indices:
    """What a view makes of an array."""
    return np.asarray(node.op.reference(at), np.int64)


def source(r: Rewriter, value: Value) -> Operand:
    """Where an operand comes from, through views and at most one table that nobody else reads."""
    views: list[Node] = []
    table: Value | None = None
    tables: list[Node] = []
    while (node := r.producer(value)) is not None:
        if isinstance(node.op, Lut) and not tables and r.has_one_reader(value):
            if r.data(node.operands[1]) is None:
                break
            table = node.operands[1]
            tables.append(node)
        elif isinstance(node.op, Reshape | Transpose | Slice):
            views.append(node)
        else:
            break
        value = node.operands[0]
    at = numbers(value.type.shape)
    for node in reversed(views):
        at = moved(at, node)
    return Operand(value, at, table, (*views, *tables))


def results(r: Rewriter, made: Node) -> list[tuple[Node, Indices]]:
    """A node and the views that are all that reads its result, with the places of its elements."""
    value = made.output
    shape = value.type.shape
    at = numbers(shape)
    found = [(made, at)]
    while r.has_one_reader(value):
        (node,) = r.users(value)
        if not isinstance(node.op, Reshape | Transpose):
            break
        at = moved(at, node)
        places = np.empty(at.size, np.int64)
        places[at.reshape(-1)] = np.arange(at.size)
        found.append((node, places.reshape(shape)))
        value = node.output
    return found


def steps_of(at: Indices) -> tuple[int, ...] | None:
    """The first element, and the elements from one to the next along each axis, if they are so."""
    first = int(at.flat[0])
    steps = []
    for axis, extent in enumerate(at.shape):
        step = int(np.take(at, 1, axis).flat[0]) - first if extent > 1 else 0
        steps.append(step)
    expected = np.full(at.shape, first, np.int64)
    for axis, (step, extent) in enumerate(zip(steps, at.shape, strict=True)):
        along = step * np.arange(extent, dtype=np.int64)
        expected += along.reshape(-1, *[1] * (at.ndim - 1 - axis))
    return (first, *steps) if np.array_equal(expected, at) else None


def joined(
    batch: tuple[int, ...], steps: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """As few batch axes as go: those of extent 1 left out, neighbours that follow each other one.

    `steps` has the steps along the batch axes, for each matrix.
    """
    extents: list[int] = []
    kept: list[list[int]] = [[] for _ in steps]
    for axis, extent in enumerate(batch):
        if extent == 1:
            continue
        own = [s[axis] for s in steps]
        if extents and all(k[-1] == o * extent for k, o in zip(kept, own, strict=True)):
            extents[-1] *= extent
            for k, o in zip(kept, own, strict=True):
                k[-1] = o
        else:
            extents.append(extent)
            for k, o in zip(kept, own, strict=True):
                k.append(o)
    return tuple(extents), [tuple(k) for k in kept]


def placed(
    batch: tuple[int, ...], all_at: Sequence[Indices]
) -> tuple[tuple[int, int], list[Places]] | None:
    """Two batch axes and the places of all matrices, or None where there are no such numbers."""
    found = []
    for at in all_at:
        steps = steps_of(np.broadcast_to(at, (*batch, *at.shape[-2:])))
        if steps is None:
            return None
        found.append(steps)
    extents, kept = joined(batch, [s[1:-2] for s in found])
    if len(extents) > 2:
        return None
    lead = 2 - len(extents)
    one, two = (*[1] * lead, *extents)
    places: list[Places] = []
    for steps, own in zip(found, kept, strict=True):
        first, second = (*[0] * lead, *own)
        places.append((steps[0], first, second, steps[-2], steps[-1]))
    return (one, two), places


def product_in_place(r: Rewriter, node: Node) -> bool:
    """QMatMul of views, and views of it = QBatchMatMul of what they are views of."""
    op = node.op
    if not isinstance(op, QMatMul) or 0 in node.output.type.shape:
        return False
    if max(v.type.size for v in (*node.operands, node.output)) > MOST_ELEMENTS:
        return False
    a, b = (source(r, v) for v in node.operands)
    batch = node.output.type.shape[:-2]
    choices = ((end, placed(batch, (a.at, b.at, at))) for end, at in results(r, node))
    possible = [(end, found) for end, found in choices if found is not None]
    if not possible:
        return False
    end, (extents, (a_at, b_at, y_at)) = possible[-1]
    rows, k = node.operands[0].type.shape[-2:]
    new = QBatchMatMul(
        *op.numbers, batch=extents, rows=rows, k=k, n=node.output.type.shape[-1],
        a_at=a_at, b_at=b_at, y_at=y_at, shape=end.output.type.shape,
    )  # fmt: skip
    inputs: list[Value | None] = [a.base, b.base]
    if a.table is not None or b.table is not None:
        inputs += [a.table] if b.table is None else [a.table, b.table]
    names = dict.fromkeys(n for v in (*a.views, *b.views, node, end) for n in v.origin)
    r.replace(end.output, r.insert(new, *inputs, origin=tuple(names)))
    return True


@dataclass(frozen=True)
class AbsorbViews(Peephole):
    """Products of activations work in place of the views around them."""

    name: ClassVar[str] = "absorb-views"
    rules: ClassVar[tuple[Rule, ...]] = (product_in_place,)
