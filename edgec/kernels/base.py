"""A row per tuned C kernel: when it applies, what it costs, how to pack and call it.

To add a row: write the kernel's header and its C twin, add a `Kernel` to a module of this folder
and that module to `registry.py`. `cost` tells the parts of the kernel's work, each with its name,
how often it is done and about how many instructions it takes (`costs.Part`):

    cost=lambda f: (
        Part("blocks", blocks(f), 45),
        Part("products", f.macs / 4, 3.5),
    )

Parts should be linear: what happens per call, per block, per pixel, per output, per product.
Then let the numbers be measured for each kind of core that the row is for:

    python -m benchmarks.fit --target cortex-m4 --row NAME --write

which also prints how well the parts explain the measured instructions. Unless that is done, the
row competes with the numbers that it states itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from edgec.kernels.costs import Costs, Part, Parts, costs_for
from edgec.kernels.facts import Array, Epilogue, Facts, epilogue_of

F = TypeVar("F", bound=Facts)


@dataclass(frozen=True, eq=False)
class Constant:
    """A read-only array that a kernel call takes; `align` in bytes, 0 for the natural one."""

    name: str
    data: Array
    align: int = 0


@dataclass(frozen=True)
class CallNames:
    """C expressions of one call.

    x, y: pointers to the first element of the tensors; scratch: an int8_t pointer, or "" if the row
    needs none; constants: in the order of `pack`. `rows` is the range of output rows, by default
    all of them; `columns` that of output columns, of a layer of one row. others: the operands that
    the facts name besides x. results: all results, of which y is the first.
    """

    x: str
    y: str
    scratch: str = ""
    constants: tuple[str, ...] = ()
    rows: tuple[str, str] | None = None
    others: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    columns: tuple[str, str] | None = None


@dataclass(frozen=True)
class Struct:
    """A C struct initialiser: (field, value) in order; a value is text or a nested Struct."""

    fields: tuple[tuple[str, str | Struct], ...]

    def lines(self, indent: str) -> list[str]:
        """One field a line, without the outer braces."""
        out = []
        for name, value in self.fields:
            if isinstance(value, Struct):
                out.append(f"{indent}.{name} = {{")
                out.extend(value.lines(indent + "    "))
                out.append(f"{indent}}},")
            else:
                out.append(f"{indent}.{name} = {value},")
        return out


def ints(**fields: int) -> tuple[tuple[str, str | Struct], ...]:
    """Integer fields of a Struct."""
    return tuple((name, str(int(value))) for name, value in fields.items())


def no_scratch(_: Facts) -> int:
    """The row needs no scratch memory."""
    return 0


def no_rows(_: Facts) -> int:
    """Outputs are written while inputs are still read."""
    return 0


def nowhere(_: Facts) -> int | None:
    """Rows of y may not lie over rows of x that the same call reads."""
    return None


def never(_: Facts) -> bool:
    """The row needs x until y is complete."""
    return False


@dataclass(frozen=True)
class Kernel(Generic[F]):
    """One row. The C function is `edgec_<name>`; generated code calls `EDGEC_<NAME>`.

    headers: files under runtime_c/src that the call needs, the kernel's own first (those in
    include/edgec and the HAL are always there). needs: target features. when: whether the kernel
    computes this node. pack: its constants. params: the fields of its parameter struct of C type
    `struct`. args: the arguments after the pointer to it. scratch: bytes. cost: the parts of the
    work of one inference, or (one part) all instructions. preference: below 1 for rows that save
    flash by code that layers share, above 1 for rows of much code; choosing multiplies the
    instructions by it. elementwise: y may be an operand. overwrites: whether y may have the place
    of x, though not element by element. pixelwise: whether each pixel of x is read before that of y
    is written, and never again, so that any row of y may have the place of the same row of x.
    gathers: up to how many rows a call reads all of x that it needs before it writes. ahead: n, if
    row r of y may have the place of row r + n of x in calls for any rows, pixel on pixel. columns:
    whether out_w and pad_left of the struct may be known at run time only, and pad_left negative.
    epilogues: kinds of epilogue that the kernel does, and the instructions for each output
    (`edgec.kernels.epilogues`); `fitted` is the row without, whose costs are measured.
    """

    name: str
    headers: tuple[str, ...]
    op: str
    types: str
    struct: str
    when: Callable[[F], bool]
    pack: Callable[[F], tuple[Constant, ...]]
    params: Callable[[F, CallNames], Struct]
    args: Callable[[F, CallNames], str]
    cost: Callable[[F], float | Parts]
    batches: Callable[[F], tuple[int, int, int]]
    scratch: Callable[[F], int] = no_scratch
    scratch_align: int = 4
    elementwise: bool = False
    overwrites: Callable[[F], bool] = never
    pixelwise: Callable[[F], bool] = never
    gathers: Callable[[F], int] = no_rows
    ahead: Callable[[F], int | None] = nowhere
    columns: bool = False
    preference: float = 1.0
    needs: frozenset[str] = field(default_factory=frozenset)
    epilogues: tuple[tuple[str, float], ...] = ()
    fitted: str = ""

    @property
    def macro(self) -> str:
        """The name that generated code calls, which a firmware project may define."""
        return f"EDGEC_{self.name.upper()}"

    def applies(self, facts: F, features: frozenset[str]) -> bool:
        """True if a target with `features` can compute `facts` by this kernel."""
        usable = self.needs <= features and self.types == facts.types
        return usable and self.takes(epilogue_of(facts)) and self.when(facts)

    def takes(self, epilogue: Epilogue | None) -> bool:
        """True if the kernel does just what follows the layer."""
        kinds = [kind for kind, _ in self.epilogues]
        return not kinds if epilogue is None else epilogue.kind in kinds

    def parts(self, facts: F) -> Parts:
        """The parts of the work of one inference; a plain number is one part."""
        cost = self.cost(facts)
        return cost if isinstance(cost, tuple) else (Part("estimate", cost),)

    def instructions(self, facts: F, costs: Costs) -> float:
        """Estimated instructions of one inference on cores of `costs`."""
        layer = costs.instructions(self.fitted or self.name, self.parts(facts))
        epilogue = epilogue_of(facts)
        if epilogue is None:
            return layer
        own = dict(self.epilogues)[epilogue.kind]
        return layer + facts.outputs * costs.each(self.name, epilogue.kind, own)

    def emit(self, facts: F, names: CallNames) -> str:
        """The C statements of one call (a block)."""
        kind = "static const" if names.columns is None else "const"
        lines = ["{", f"    {kind} {self.struct} p = {{"]
        lines.extend(self.params(facts, names).lines("        "))
        lines.append("    };")
        count, x_step, y_step = self.batches(facts)
        if count == 1:
            lines.append(f"    {self.macro}({self.args(facts, names)});")
        else:
            one = CallNames(
                f"{names.x} + image * {x_step}",
                f"{names.y} + image * {y_step}",
                names.scratch,
                names.constants,
                names.rows,
            )
            lines.append(f"    for (int32_t image = 0; image < {count}; image++) {{")
            lines.append(f"        {self.macro}({self.args(facts, one)});")
            lines.append("    }")
        return "\n".join([*lines, "}"])


def cheapest(
    rows: Iterable[Kernel[F]], op: str, facts: F, features: frozenset[str]
) -> Kernel[F] | None:
    """The applicable row of `op` with the least cost, or None."""
    usable = [row for row in rows if row.op == op and row.applies(facts, features)]
    costs = costs_for(features)
    return min(usable, key=lambda r: r.preference * r.instructions(facts, costs), default=None)


def float_literal(value: float) -> str:
    """A C float constant that reads back as the same float32."""
    text = f"{float(np.float32(value)):.9g}"
    return f"{text}f" if any(c in text for c in ".en") else f"{text}.0f"
