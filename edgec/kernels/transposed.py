"""Transposed convolutions as ordinary ones, by the kernels that there are for those.

With stride s, the outputs whose position plus padding is v modulo s see only the taps v, v + s,
v + 2 s ... of the kernel: a convolution of stride 1 by a smaller kernel. It is called row by row,
and writes its rows where they belong. Along a row there are two ways:

merged  The s phases of a row become s times the output channels of one convolution; its output
        is the row as it must be. Its window is the union of what the phases see.
apart   One convolution per phase, into a line of its own, whose pixels are then spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.costs import Costs, costs_for
from edgec.kernels.facts import F32, S8, Array, ConvFacts, TransposedFacts

SPREAD = "convtranspose/spread_s8__c.h"
EMPTY = -1  # a tap that no weight belongs to


@dataclass(frozen=True)
class Phase:
    """Outputs first, first + stride ... along one axis, as a convolution of stride 1.

    taps: the index in the kernel of each tap of the convolution, or EMPTY; pad: before the input.
    """

    first: int
    count: int
    taps: tuple[int, ...]
    pad: int


def phases(kernel: int, stride: int, pad: int, out: int) -> tuple[Phase, ...]:
    """The phases of one axis with `out` outputs, those without an output left out."""
    found = []
    for v in range(stride):
        first = (v - pad) % stride
        newest = (first + pad) // stride  # the input that tap v of the first output reads
        taps = tuple(range(v, kernel, stride))[::-1] or (EMPTY,)
        before = len(taps) - 1 - newest
        taps = (EMPTY,) * max(-before, 0) + taps
        if first < out:
            found.append(Phase(first, -(-(out - first) // stride), taps, max(before, 0)))
    return tuple(sorted(found, key=lambda phase: phase.first))


def merged(kernel: int, stride: int, pad: int, out: int) -> tuple[Phase, ...]:
    """The phases of one axis, all with the same window and as many outputs; () if that differs."""
    apart = phases(kernel, stride, pad, out)
    if out % stride or len(apart) != stride:
        return ()
    before = max(p.pad for p in apart)
    size = max(before - p.pad + len(p.taps) for p in apart)
    return tuple(replace(p, taps=_filled(p.taps, before - p.pad, size), pad=before) for p in apart)


def _filled(taps: tuple[int, ...], before: int, size: int) -> tuple[int, ...]:
    """`taps` with empty ones around them, `size` in all."""
    return (EMPTY,) * before + taps + (EMPTY,) * (size - before - len(taps))


@dataclass(frozen=True, eq=False)
class Piece:
    """One convolution: its row phase, where its pixels go (None: whole rows), its kernel."""

    rows: Phase
    columns: Phase | None
    facts: ConvFacts
    kernel: Kernel[ConvFacts]


def _weights(f: TransposedFacts, rows: Phase, columns: Phase) -> Array:
    """[O, k_h, k_w, C / group] of one phase."""
    padded = np.pad(f.weights, ((0, 0), (0, 1), (0, 1), (0, 0)))  # EMPTY is the last index
    return padded[:, list(rows.taps)][:, :, list(columns.taps)]


def _conv(f: TransposedFacts, rows: Phase, columns: tuple[Phase, ...]) -> ConvFacts:
    """The convolution of one phase of rows, and of one or all phases of columns."""
    many = len(columns)
    weights = np.concatenate([_weights(f, rows, c) for c in columns])
    one, (k_h, k_w) = columns[0], (len(rows.taps), len(columns[0].taps))
    pads = (
        rows.pad,
        one.pad,
        max(rows.count - 1 + k_h - rows.pad - f.in_h, 0),
        max(one.count - 1 + k_w - one.pad - f.in_w, 0),
    )
    bias = None if f.bias is None else np.tile(f.bias, many)
    quant = None if f.quant is None else replace(f.quant, mult=np.tile(f.quant.mult, many))
    return ConvFacts(
        n=1, in_h=f.in_h, in_w=f.in_w, in_c=f.in_c, out_h=rows.count, out_w=one.count,
        out_c=many * f.out_c, k_h=k_h, k_w=k_w, stride=(1, 1), dilation=(1, 1), pads=pads,
        group=f.group, weights=np.ascontiguousarray(weights), bias=bias, quant=quant,
        lo=f.lo, hi=f.hi,
    )  # fmt: skip


Pick = Callable[[ConvFacts], Kernel[ConvFacts] | None]


def _pieces(f: TransposedFacts, pick: Pick, *, together: bool) -> tuple[Piece, ...] | None:
    """All convolutions, each with the kernel that `pick` chooses; None if one has none."""
    axis = (f.k_w, f.stride[1], f.pads[1], f.out_w)
    columns = merged(*axis) if together else phases(*axis)
    groups = [columns] if together else [(c,) for c in columns]
    if not columns or (together and f.group != 1):
        return None
    found = []
    for rows in phases(f.k_h, f.stride[0], f.pads[0], f.out_h):
        for group in groups:
            facts = _conv(f, rows, group)
            kernel = pick(facts)
            if kernel is None:
                return None
            found.append(Piece(rows, None if together else group[0], facts, kernel))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Transposed:
    """A transposed convolution by convolution kernels: what a `Kernel` is to other layers."""

    pieces: tuple[Piece, ...]
    elementwise: bool = False
    preference: float = 1.0
    scratch_align: int = 16

    @property
    def name(self) -> str:
        """The kernels that it calls, each once."""
        return "transposed " + " ".join(dict.fromkeys(p.kernel.name for p in self.pieces))

    @property
    def headers(self) -> tuple[str, ...]:
        every = (h for p in self.pieces for h in p.kernel.headers)
        spread = (SPREAD,) if any(p.columns for p in self.pieces) else ()
        return tuple(dict.fromkeys((*every, *spread)))

    def scratch(self, f: TransposedFacts) -> int:
        """Bytes: those of the kernels, and behind them one line."""
        return self._line_at() + max(self._line(p) for p in self.pieces)

    def _line(self, piece: Piece) -> int:
        """Bytes of the line that the pixels of `piece` are spread from."""
        if piece.columns is None:
            return 0
        return piece.columns.count * piece.facts.out_c * int(piece.facts.weights.itemsize)

    def _line_at(self) -> int:
        return -(-max(p.kernel.scratch(p.facts) for p in self.pieces) // 16) * 16

    def pack(self, f: TransposedFacts) -> tuple[Constant, ...]:
        """The constants of all pieces."""
        return tuple(c for p in self.pieces for c in p.kernel.pack(p.facts))

    def instructions(self, f: TransposedFacts, costs: Costs) -> float:
        """Estimated instructions of one inference."""
        total = 0.0
        for p in self.pieces:
            pixels = 0 if p.columns is None else p.facts.out_h * p.facts.out_w
            total += p.kernel.instructions(p.facts, costs) + 30 * p.facts.out_h
            total += pixels * (6 + p.facts.out_c / 2)
        return f.n * total

    def emit(self, f: TransposedFacts, names: CallNames) -> str:
        """The C statements of all calls (a block)."""
        constants = iter(names.constants)
        lines = ["{"]
        if f.n > 1:
            lines.append(f"for (int32_t image = 0; image < {f.n}; image++) {{")
        for piece in self.pieces:
            own = tuple(next(constants) for _ in piece.kernel.pack(piece.facts))
            lines.extend(self._calls(f, names, piece, own))
        return "\n".join([*lines, *(["}"] if f.n > 1 else []), "}"])

    def _calls(
        self, f: TransposedFacts, names: CallNames, piece: Piece, constants: tuple[str, ...]
    ) -> Iterator[str]:
        """One convolution, row by row."""
        line = f.out_w * f.out_c
        image = (" + image * {}" if f.n > 1 else "").format
        y = f"{names.y}{image(f.out_h * line)} + ({piece.rows.first} + row * {{}}) * {line}".format
        needs = piece.kernel.scratch(piece.facts) > 0
        kind = "float" if f.types == F32 else "int8_t"
        spread = f"{names.scratch} + {self._line_at()}"
        zero = f"edgec_row_zero((uint8_t *)({spread}), row * {self._line(piece)})"
        call = CallNames(
            names.x + image(f.in_h * f.in_w * f.in_c),
            # the kernel adds `row` lines
            y(f.stride[0] - 1) if piece.columns is None else f"({kind} *)(void *){zero}",
            names.scratch if needs else "",
            constants,
            ("row", "row + 1"),
        )
        yield f"for (int32_t row = 0; row < {piece.facts.out_h}; row++)"
        yield "{"
        yield piece.kernel.emit(piece.facts, call)
        if piece.columns is not None:
            to = f"(int8_t *)({y(f.stride[0])} + {piece.columns.first * f.out_c})"
            count = piece.columns.count
            pixel = f.out_c * int(f.weights.itemsize)
            yield f"EDGEC_SPREAD_S8__C({to}, {spread}, {count}, {pixel}, {f.stride[1] * pixel});"
        yield "}"


def _picks(
    candidates: Callable[[ConvFacts, frozenset[str]], tuple[Kernel[ConvFacts], ...]],
    features: frozenset[str],
) -> tuple[Pick, Pick]:
    """Choices of a kernel: the fastest one, and the one with the least scratch memory."""
    costs = costs_for(features)

    def by(key: Callable[[Kernel[ConvFacts], ConvFacts], tuple[float, ...]]) -> Pick:
        def pick(facts: ConvFacts) -> Kernel[ConvFacts] | None:
            # rows that compute pairs of rows do not help here
            rows = [k for k in candidates(facts, features) if "winograd" not in k.name]
            return min(rows, key=lambda k: key(k, facts), default=None)

        return pick

    def speed(kernel: Kernel[ConvFacts], facts: ConvFacts) -> float:
        return kernel.preference * kernel.instructions(facts, costs)

    return by(lambda k, f: (speed(k, f),)), by(lambda k, f: (k.scratch(f), speed(k, f)))


def transposed_candidates(
    f: TransposedFacts,
    features: frozenset[str],
    candidates: Callable[[ConvFacts, frozenset[str]], tuple[Kernel[ConvFacts], ...]],
) -> tuple[Transposed, ...]:
    """The ways to compute `f`, of which there is none for weights but int8 and float32."""
    if f.types not in (S8, F32):
        return ()
    options = [
        _pieces(f, pick, together=together)
        for pick in _picks(candidates, features)
        for together in (True, False)
    ]
    return tuple(Transposed(pieces) for pieces in options if pieces)
