"""How often one inference reads and writes each buffer: an estimate, before any C is compiled.

Counted are loads and stores of up to 32 bits. Loop nests are counted out, with every condition
taken to be true. A tuned kernel is taken to keep blocks of products in registers: of its
multiplications it is known how many use a loaded word of activations or of weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from edgec.loops.expr import Expr, Load, Select
from edgec.loops.index import interval
from edgec.loops.stmt import For, If, KernelCall, Stmt, Store, children, expressions
from edgec.lower.program import Buffer, Program, Step, Storage

WORD = 4


@dataclass(frozen=True)
class Reuse:
    """Multiplications for each word that is loaded of the activations and of the weights."""

    activations: float
    weights: float


# By the end of a kernel's name, from what `bench` counts for the int8 models of MLPerf Tiny.
_REUSE = MappingProxyType(
    {
        "dsp": Reuse(4.0, 12.0),
        "mve": Reuse(8.0, 10.0),
        "rvv": Reuse(24.0, 9.0),
        "packed": Reuse(3.0, 2.0),
    }
)
_SCALAR = Reuse(2.0, 2.0)
_GEMM = 16.0  # of the activations, where each weight is used once or a few times


@dataclass(frozen=True)
class Accesses:
    """Loads and stores of up to 32 bits in one inference: by root buffer, and of constants."""

    buffers: Mapping[str, int]
    constants: int


def accesses(program: Program) -> Accesses:
    """The estimate for all buffers of `program`."""
    counts: dict[str, float] = {}
    constants = 0.0
    for step in program.steps:
        for buffer, count in _of_step(step).items():
            top = _top(buffer)
            if top.storage is Storage.CONST:
                constants += count
            elif top.storage.in_arena:
                counts[top.name] = counts.get(top.name, 0.0) + count
    found = {name: round(count) for name, count in counts.items()}
    return Accesses(MappingProxyType(found), round(constants))


def _top(buffer: Buffer) -> Buffer:
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer


def _of_step(step: Step) -> dict[Buffer, float]:
    """Accesses by buffer."""
    counts: dict[Buffer, float] = {}
    calls = _count(step.body, 1.0, counts)
    for call in calls:
        _add(counts, _of_call(step, call))
    return counts


def _add(counts: dict[Buffer, float], more: Mapping[Buffer, float]) -> None:
    for buffer, count in more.items():
        counts[buffer] = counts.get(buffer, 0.0) + count


def _count(body: Sequence[Stmt], times: float, counts: dict[Buffer, float]) -> list[KernelCall]:
    """Add the loads and stores of `body`, run `times` times; returns the kernels that it calls."""
    calls: list[KernelCall] = []
    for stmt in body:
        for e in expressions(stmt):
            _loads(e, times, counts)
        if isinstance(stmt, Store):
            _add(counts, {stmt.buffer: times})
        elif isinstance(stmt, KernelCall):
            calls.append(stmt)
        elif isinstance(stmt, For):
            low, high = interval(stmt.begin)[0], interval(stmt.end)[1]
            turns = max(0, -(-(high - low) // stmt.step))
            calls += _count(stmt.body, times * turns, counts)
        elif isinstance(stmt, If):
            calls += _count((*stmt.then, *stmt.otherwise), times, counts)
    return calls


def _loads(e: Expr, times: float, counts: dict[Buffer, float]) -> None:
    """Add the loads of an expression; of two alternatives half."""
    if isinstance(e, Load):
        _add(counts, {e.buffer: times})
    if isinstance(e, Select):
        _loads(e.cond, times, counts)
        _loads(e.a, times / 2, counts)
        _loads(e.b, times / 2, counts)
        return
    for child in children(e):
        _loads(child, times, counts)


def _of_call(step: Step, call: KernelCall) -> dict[Buffer, float]:
    """What a tuned kernel does with its operands: each at least once by words.

    Kernels with working memory multiply from there.
    """
    counts = {b: b.bytes / WORD for b in (*call.buffers, *step.scratch)}
    for b in step.writes:
        counts[b] = float(b.size)  # results are stored one by one
    name, _, kind = step.kernel.rpartition("__")
    reuse = _REUSE.get(kind, _SCALAR)
    source = step.scratch or step.reads[:1]
    if step.macs and source:
        each = _GEMM if name.startswith("gemm") else reuse.activations
        counts[source[0]] += step.macs / each
        weights = max(
            (b for b in call.buffers if b.storage is Storage.CONST),
            key=lambda b: b.bytes,
            default=None,
        )
        if weights is not None:
            counts[weights] = max(counts[weights], step.macs / reuse.weights)
    return counts
