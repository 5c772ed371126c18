"""Row forms of tuned kernels: which rows they read, and their call for a range of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.calls import column_names
from edgec.kernels.costs import Costs
from edgec.kernels.facts import ConvFacts, ElementFacts, Facts, PoolFacts, epilogue_of
from edgec.kernels.registry import AnyRow
from edgec.kernels.transposed import Transposed
from edgec.loops.buffer import Buffer
from edgec.loops.stmt import KernelCall
from edgec.lower.program import RowForm, RowUse
from edgec.lower.rows import HEIGHT_LIMIT, row_elements, rows_of

CALL_COST = 40.0  # instructions of a call: saving registers, setting up

Emit = Callable[[Facts, CallNames], str]
Cost = Callable[[Facts], float]
RANGE = ("row_begin", "row_end")


def kernel_rows(
    facts: Facts,
    buffers: Sequence[Buffer],
    names: CallNames,
    row: AnyRow | Transposed,
    costs: Costs,
) -> RowForm | None:
    """The row form of a call of `row` on `buffers` (operand, result, others), or None.

    names: as the call for all rows has them, `@k@` for buffer k.
    """

    def cost(some: Facts) -> float:
        return row.instructions(some, costs)  # type: ignore[arg-type]

    def emit(some: Facts, to: CallNames) -> str:
        return row.emit(some, to)  # type: ignore[arg-type]

    if _roomy(facts, row):
        return None
    x, y = buffers[0], buffers[1]
    layer = _Layer(tuple(buffers), names, row.headers, emit, cost)
    if isinstance(facts, ConvFacts | PoolFacts):
        columns = isinstance(row, Kernel) and row.columns
        way = _column_rows if columns and facts.in_h == 1 else _window_rows
        form = way(facts, layer)
        if form is None or not isinstance(row, Kernel):
            return form
        own = (x,) if row.pixelwise(facts) else ()  # type: ignore[arg-type]
        over = tuple(dict.fromkeys((*own, *(b for b in added_to(facts, buffers) if b is not x))))
        gathers, ahead = row.gathers(facts), row.ahead(facts)  # type: ignore[arg-type]
        return replace(form, overwrites=over, gathers=gathers, ahead=ahead)
    if isinstance(facts, ElementFacts) and rows_of(y) > 1 and rows_of(x) == rows_of(y):
        return _element_rows(facts, layer)
    return None


def _roomy(facts: Facts, row: AnyRow | Transposed) -> bool:
    """Whether a kernel lives on free memory: it prepares for all rows at once."""
    if not isinstance(facts, ConvFacts) or not isinstance(row, Kernel):
        return False
    bare = replace(facts, room=0, x_ends=False)
    return not row.when(bare) or row.scratch(bare) != row.scratch(facts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Layer:
    """A kernel's call for a whole layer: its buffers and names, its text and cost by facts."""

    buffers: tuple[Buffer, ...]
    names: CallNames
    includes: tuple[str, ...]
    emit: Emit
    cost: Cost

    def call(self, f: Facts, names: CallNames) -> KernelCall:
        """The call with other names."""
        return KernelCall(self.emit(f, names), self.buffers, self.includes)


@dataclass(frozen=True)
class _Axis:
    """The axis that rows lie along; an output reads inputs from one to that `reach` further on."""

    inputs: int
    outputs: int
    stride: int
    pad: int
    reach: int

    def fits(self, x: Buffer, y: Buffer) -> bool:
        """Whether the buffers have these rows, more than one and not too many."""
        same = rows_of(x) == self.inputs and rows_of(y) == self.outputs
        return same and 1 < self.outputs <= HEIGHT_LIMIT

    def needed(self, outputs: int) -> int:
        """Inputs that `outputs` in a row read where nothing is outside."""
        return (outputs - 1) * self.stride + self.reach + 1

    def form(
        self, f: ConvFacts | PoolFacts, call: KernelCall, cost: Callable[[int], float]
    ) -> RowForm:
        """The row form of a call that takes a range of outputs."""
        begins = [k * self.stride - self.pad for k in range(self.outputs)]
        first = tuple(min(max(b, 0), self.inputs - 1) for b in begins)
        last = tuple(min(max(b + self.reach, 0), self.inputs - 1) for b in begins)
        operand = RowUse(call.buffers[0], self.inputs, first, last)
        uses = _uses(f, call.buffers, operand, self.outputs)
        alike = begins[0] >= 0 and begins[-1] + self.reach < self.inputs
        alike = alike and all(use.buffer.storage.in_arena for use in uses)
        return RowForm(self.outputs, uses, (call,), cost, alike=alike)


def _window_rows(f: ConvFacts | PoolFacts, layer: _Layer) -> RowForm | None:
    """A layer of two dimensions: its rows are those of the image."""
    axis = _Axis(f.in_h, f.out_h, f.stride[0], f.pads[0], (f.k_h - 1) * f.dilation[0])
    if f.n != 1 or f.in_h == 1 or not axis.fits(*layer.buffers[:2]):
        return None
    _, left, _, right = f.pads

    def inside(rows: int) -> float:
        return layer.cost(replace(f, out_h=rows, in_h=axis.needed(rows), pads=(0, left, 0, right)))

    call = layer.call(f, replace(layer.names, rows=RANGE))
    return axis.form(f, call, _shared(inside, f.out_h, layer.cost(f)))


def _column_rows(f: ConvFacts | PoolFacts, layer: _Layer) -> RowForm | None:
    """A layer of one dimension: its rows are the columns of an image of one row."""
    axis = _Axis(f.in_w, f.out_w, f.stride[1], f.pads[1], (f.k_w - 1) * f.dilation[1])
    if f.n != 1 or f.k_h != 1 or not axis.fits(*layer.buffers[:2]):
        return None

    def inside(columns: int) -> float:
        return layer.cost(replace(f, out_w=columns, in_w=axis.needed(columns), pads=(0, 0, 0, 0)))

    call = layer.call(f, column_names(f, layer.names, RANGE))
    return axis.form(f, call, _shared(inside, f.out_w, layer.cost(f)))


def _uses(
    f: ConvFacts | PoolFacts, buffers: Sequence[Buffer], use: RowUse, height: int
) -> tuple[RowUse, ...]:
    """`use` of the operand, and of what an epilogue adds: the same rows as those of the result."""
    same = tuple(range(height))
    added = added_to(f, buffers)
    if use.buffer in added:
        return (replace(use, first=_each(min, use.first, same), last=_each(max, use.last, same)),)
    return (use, *(RowUse(b, height, same, same) for b in added))


def _each(
    pick: Callable[[int, int], int], a: tuple[int, ...], b: tuple[int, ...]
) -> tuple[int, ...]:
    return tuple(map(pick, a, b))


def added_to(facts: Facts, buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
    """The tensor that an epilogue adds to the result, which has the same shape."""
    epilogue = epilogue_of(facts)
    return () if epilogue is None or epilogue.kind != "add" else (buffers[2],)


def _shared(inside: Callable[[int], float], height: int, whole: float) -> Callable[[int], float]:
    """The cost of a call for some rows of `height`, of which all together cost `whole`.

    inside: what rows cost whose taps are all inside. What is cheaper or dearer at the border is
    shared out to all rows.
    """
    part = whole / max(inside(height), 1.0)
    return cache(lambda rows: CALL_COST + part * inside(rows))


def _element_rows(f: ElementFacts, layer: _Layer) -> RowForm | None:
    """One call a row: kernels on elements know no rows."""
    buffers, names = layer.buffers, layer.names
    height, width = rows_of(buffers[1]), row_elements(buffers[1])
    table = f.kind == "lut"
    whole = not table and f.period == f.size
    if height > HEIGHT_LIMIT or not (table or whole or width % f.period == 0):
        return None
    one = replace(f, size=width, period=min(f.period, width) if not table else f.period)
    rows = tuple(range(height))
    streamed = (buffers[0], buffers[2]) if whole else (buffers[0],)
    if any(rows_of(b) != height for b in streamed):
        return None
    uses = tuple(RowUse(b, height, rows, rows) for b in dict.fromkeys(streamed))

    def at(name: str) -> str:
        return f"{name} + row * {width}"

    others = (at(names.others[0]),) if whole else names.others
    moved = replace(names, x=at(names.x), y=at(names.y), others=others)
    lines = ["for (int32_t row = row_begin; row < row_end; row++) {"]
    lines += [f"    {line}" for line in layer.emit(one, moved).splitlines()]
    call = KernelCall("\n".join([*lines, "}"]), buffers, layer.includes)
    over = tuple(dict.fromkeys(streamed))
    cost_of = layer.cost(one)
    alike = all(b.storage.in_arena for b in streamed)
    return RowForm(
        height, uses, (call,), lambda n: CALL_COST + n * (8.0 + cost_of), over, alike=alike
    )
