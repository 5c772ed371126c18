"""What RNN, GRU and LSTM share: shapes, directions, time steps and gate sums.

Weights keep the ONNX layout: W [D, gates * H, I], R [D, gates * H, H], B [D, 2 * gates * H]
(input biases, then recurrent biases). Source: ONNX RNN-22, GRU-22, LSTM-22.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr, Var
from edgec.loops.tensor import Tensor
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats, check_shape
from edgec.ops.conv import clamp
from edgec.ops.elementwise import Unary
from edgec.ops.rnn_gates import form

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Cell:
    """One time step of one sequence in one direction, while it is being lowered."""

    b: Builder
    direction: int
    x: Callable[[Expr], Expr]  # element of the input vector
    h: Callable[[Expr], Expr]  # element of the hidden state before this step
    c: Callable[[Expr], tuple[Expr, ...]]  # index of an element of the states
    w: Tensor
    r: Tensor
    bias: Tensor | None
    fresh: Tensor  # [H]: receives the hidden state after this step
    cell: Tensor | None = None  # LSTM: the cell state, indexed by `c`
    peephole: Tensor | None = None  # LSTM: [D, 3 * H]
    extra: tuple[Tensor, ...] = ()  # [H]: room for what a cell computes in two rounds


@dataclass(frozen=True)
class Step:
    """One time step of some sequences in one direction, as numpy computes it."""

    direction: int
    x: FloatArray  # [B, I]
    states: tuple[FloatArray, ...]  # [B, H] each
    w: FloatArray
    r: FloatArray
    bias: FloatArray | None
    peephole: FloatArray | None

    @property
    def sums(self) -> FloatArray:
        """x W' + h R' + both biases, [B, gates * H]."""
        total = self.x @ self.w.T + self.states[0] @ self.r.T
        if self.bias is None:
            return total
        half = len(self.bias) // 2
        return np.asarray(total + (self.bias[:half] + self.bias[half:]))


@dataclass(frozen=True)
class Operands:
    """The tensors of one recurrent layer, while it is being lowered."""

    x: Tensor
    w: Tensor
    r: Tensor
    bias: Tensor | None
    lens: Tensor | None
    h0: Tensor | None
    c0: Tensor | None
    peephole: Tensor | None


@dataclass(frozen=True)
class Recurrent(Op, ABC):
    """Abstract recurrent layer over x [T, B, I] (or [B, T, I] with `batch_first`).

    Results: Y [T, D, B, H] (only with `sequence`), the last hidden state [D, B, H] and, of an
    LSTM, the last cell state; with `batch_first` [B, T, D, H] and [B, D, H]. `activations`,
    `alphas` and `betas` have one entry per function and direction. Gate sums are clamped to
    [-clip, clip]. Sequences shorter than T (operand `lens`, s32 [B]) leave zeros in Y.
    """

    hidden: int
    direction: str  # forward, reverse, bidirectional
    activations: tuple[str, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    clip: float = math.inf
    batch_first: bool = False
    sequence: bool = True

    gates: ClassVar[int]
    defaults: ClassVar[tuple[str, ...]]  # activations of one direction

    reads = (Reads.MANY,)

    @property
    def directions(self) -> int:
        """D."""
        return 2 if self.direction == "bidirectional" else 1

    def backward(self, direction: int) -> bool:
        """True if `direction` runs from the last step to the first."""
        return self.direction == "reverse" or direction == 1

    def function(self, direction: int, number: int) -> Unary:
        """Activation `number` of a direction."""
        k = direction * len(self.defaults) + number
        return form(self.activations[k]).make(self.alphas[k], self.betas[k])

    def sizes(self, x: TensorType) -> tuple[int, int, int]:
        """(T, B, I)."""
        t, n, i = x.shape
        return (n, t, i) if self.batch_first else (t, n, i)

    @property
    def rooms(self) -> int:
        """Scratch vectors [H] of `lower_step`."""
        return 0

    # the operator; only an LSTM has c0 and p, and a third result

    def infer(
        self,
        x: TensorType,
        w: TensorType,
        r: TensorType,
        b: TensorType | None = None,
        lens: TensorType | None = None,
        h0: TensorType | None = None,
        c0: TensorType | None = None,
        p: TensorType | None = None,
    ) -> tuple[TensorType, ...]:
        types = self.results(x, w, r, b, lens, h0)
        if not self.has_cell:
            return types
        check_floats(self.name, x, c0, p)
        check_shape(self.name, "initial_c", c0, types[-1].shape)
        check_shape(self.name, "the peephole weights P", p, (self.directions, 3 * self.hidden))
        return (*types, types[-1])

    def reference(
        self,
        x: FloatArray,
        w: FloatArray,
        r: FloatArray,
        b: FloatArray | None = None,
        lens: Ints | None = None,
        h0: FloatArray | None = None,
        c0: FloatArray | None = None,
        p: FloatArray | None = None,
    ) -> tuple[FloatArray, ...]:
        return self.unroll(x, (w, r, b, p), lens, (h0, c0) if self.has_cell else (h0,))

    def lower(
        self,
        b: Builder,
        x: Tensor,
        w: Tensor,
        r: Tensor,
        bias: Tensor | None = None,
        lens: Tensor | None = None,
        h0: Tensor | None = None,
        c0: Tensor | None = None,
        p: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        return self.lower_layer(b, Operands(x, w, r, bias, lens, h0, c0, p))

    # shapes

    def results(
        self,
        x: TensorType,
        w: TensorType,
        r: TensorType,
        b: TensorType | None = None,
        lens: TensorType | None = None,
        h0: TensorType | None = None,
    ) -> tuple[TensorType, ...]:
        """Types of Y (with `sequence`) and of the last hidden state, after all checks."""
        check_floats(self.name, x, w, r, b, h0)
        self._check_attributes(x)
        steps, batch, size = self.sizes(x)
        d, h = self.directions, self.hidden
        check_shape(self.name, "the weights W", w, (d, self.gates * h, size))
        check_shape(self.name, "the weights R", r, (d, self.gates * h, h))
        check_shape(self.name, "the bias B", b, (d, 2 * self.gates * h))
        check_shape(self.name, "sequence_lens", lens, (batch,))
        state = x.with_shape(self.state_shape(batch))
        check_shape(self.name, "initial_h", h0, state.shape)
        y = (batch, steps, d, h) if self.batch_first else (steps, d, batch, h)
        return (x.with_shape(y), state) if self.sequence else (state,)

    def state_shape(self, batch: int) -> tuple[int, ...]:
        """Shape of a state."""
        d, h = self.directions, self.hidden
        return (batch, d, h) if self.batch_first else (d, batch, h)

    def _check_attributes(self, x: TensorType) -> None:
        check(
            x.rank == 3,
            "E0245",
            f"{self.name} of a tensor of rank {x.rank}",
            rule="the input is [steps, batch, features]",
        )
        check(
            self.direction in ("forward", "reverse", "bidirectional") and self.hidden >= 1,
            "E0246",
            f"{self.name} has direction '{self.direction}' and {self.hidden} hidden units",
            rule="direction is forward, reverse or bidirectional; hidden_size is at least 1",
        )
        wanted = self.directions * len(self.defaults)
        check(
            len(self.activations) == len(self.alphas) == len(self.betas) == wanted,
            "E0247",
            f"{self.name} has {len(self.activations)} activations",
            rule=f"{wanted} activations for {self.directions} directions",
        )

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        x, w, r = inputs[:3]
        assert x is not None and w is not None and r is not None
        steps, batch, _ = self.sizes(x)
        return steps * batch * (w.size + r.size)

    # reference

    @abstractmethod
    def step(self, s: Step) -> tuple[FloatArray, ...]:
        """The states after a step."""

    def unroll(
        self,
        x: FloatArray,
        weights: tuple[FloatArray, FloatArray, FloatArray | None, FloatArray | None],
        lens: Ints | None,
        first: Sequence[FloatArray | None],
    ) -> tuple[FloatArray, ...]:
        """All results; weights: W, R, B and P; first: the initial states."""
        x = np.swapaxes(x, 0, 1) if self.batch_first else x
        steps, batch, _ = x.shape
        y = np.zeros((steps, self.directions, batch, self.hidden), x.dtype)
        last: list[list[FloatArray]] = [[] for _ in first]
        for d in range(self.directions):
            w, r, *others = weights
            bias, peephole = (None if v is None else v[d] for v in others)
            states = tuple(self._first(s, d, batch, x.dtype) for s in first)
            for t in range(steps):
                ends = np.full(batch, steps) if lens is None else np.clip(lens, 0, steps)
                active = np.flatnonzero(t < ends)
                time = ends[active] - 1 - t if self.backward(d) else np.full(len(active), t)
                before = tuple(s[active] for s in states)
                after = self.step(Step(d, x[time, active], before, w[d], r[d], bias, peephole))
                for old, new in zip(states, after, strict=True):
                    old[active] = new
                y[time, d, active] = states[0][active]
            for k, state in enumerate(states):
                last[k].append(state)
        return self._packed(y, [np.stack(s) for s in last])

    def _first(
        self, state: FloatArray | None, d: int, batch: int, dtype: npt.DTypeLike
    ) -> FloatArray:
        if state is None:
            return np.zeros((batch, self.hidden), dtype)
        return np.array(state[:, d] if self.batch_first else state[d])

    def _packed(self, y: FloatArray, states: list[FloatArray]) -> tuple[FloatArray, ...]:
        if self.batch_first:
            y = np.ascontiguousarray(y.transpose(2, 0, 1, 3))
            states = [np.ascontiguousarray(s.transpose(1, 0, 2)) for s in states]
        return (y, *states) if self.sequence else tuple(states)

    def apply(self, direction: int, number: int, x: FloatArray) -> FloatArray:
        """Activation `number` of a direction."""
        return np.asarray(self.function(direction, number).reference(x), x.dtype)

    def part(self, sums: FloatArray, gate: int) -> FloatArray:
        """The columns of one gate in [B, gates * H]."""
        return sums[:, gate * self.hidden : (gate + 1) * self.hidden]

    def clipped(self, sums: FloatArray) -> FloatArray:
        """Gate sums within [-clip, clip]."""
        return np.asarray(np.clip(sums, -self.clip, self.clip), sums.dtype)

    # lowering

    @abstractmethod
    def lower_step(self, cell: Cell) -> None:
        """Fill `cell.fresh` (and the cell state) from the input and the states."""

    def lower_layer(self, b: Builder, o: Operands) -> tuple[Tensor, ...]:
        """All results."""
        _, batch, _ = self.sizes(o.x.type)
        results = self.results(o.x.type, o.w.type, o.r.type)
        made = [b.output(t.dtype, t.shape, k) for k, t in enumerate(results)]
        if self.has_cell:
            made.append(b.output(o.x.dtype, made[-1].shape, len(made)))
        fresh = b.scratch(o.x.dtype, (self.hidden,), "fresh")
        extra = tuple(b.scratch(o.x.dtype, (self.hidden,), "gate") for _ in range(self.rooms))
        for d in range(self.directions):
            with b.loops((batch,), "n") as (n,):
                self._sequence(b, o, made, (fresh, *extra), d, n)
        return tuple(made)

    @property
    def has_cell(self) -> bool:
        """True for an LSTM, which has a second state."""
        return False

    def _sequence(
        self,
        b: Builder,
        o: Operands,
        made: list[Tensor],
        rooms: tuple[Tensor, ...],
        d: int,
        n: Expr,
    ) -> None:
        """All time steps of sequence `n` in direction `d`."""
        steps, _, _ = self.sizes(o.x.type)
        hidden = made[1] if self.sequence else made[0]
        cell = made[-1] if self.has_cell else None

        def at(k: Expr) -> tuple[Expr, ...]:
            return (n, ex.index(d), k) if self.batch_first else (ex.index(d), n, k)

        with b.loops((self.hidden,), "k") as (k,):
            zero = ex.const(o.x.dtype, 0)
            b.store(hidden, at(k), zero if o.h0 is None else o.h0.at(*at(k)))
            if cell is not None:
                b.store(cell, at(k), zero if o.c0 is None else o.c0.at(*at(k)))
        length = ex.index(steps) if o.lens is None else length_of(b, o.lens.at(n), steps)
        with b.loop(length, name="t") as t:
            time = self._time(b, t, length, steps, d)
            here = (n, time) if self.batch_first else (time, n)
            self.lower_step(
                Cell(
                    b,
                    d,
                    lambda k: o.x.at(*here, k),
                    lambda k: hidden.at(*at(k)),
                    at,
                    o.w,
                    o.r,
                    o.bias,
                    rooms[0],
                    cell,
                    o.peephole,
                    rooms[1:],
                )
            )
            with b.loops((self.hidden,), "k") as (k,):
                value = b.let(rooms[0].at(k), "value")
                b.store(hidden, at(k), value)
                if self.sequence:
                    b.store(made[0], self._y(time, d, n, k), value)
        if self.sequence and o.lens is not None:
            with b.loop(steps, begin=length, name="t") as t, b.loops((self.hidden,), "k") as (k,):
                b.store(made[0], self._y(t, d, n, k), ex.const(o.x.dtype, 0))

    def _time(self, b: Builder, t: Expr, length: Expr, steps: int, d: int) -> Expr:
        if not self.backward(d):
            return t
        if isinstance(length, ex.Const):
            return (steps - 1) - t
        return b.let_index(length - 1 - t, 0, steps - 1, "time")

    def _y(self, time: Expr, d: int, n: Expr, k: Expr) -> tuple[Expr, ...]:
        middle = ex.index(d)
        return (n, time, middle, k) if self.batch_first else (time, middle, n, k)

    def sums(self, cell: Cell, unit: Expr, gates: Sequence[int]) -> list[Var]:
        """W x + R H + biases of hidden unit `unit`, for several gates."""
        sums = [self.begin(cell, unit, g, "xh") for g in gates]
        self.add_input(cell, unit, gates, sums)
        self.add_state(cell, unit, gates, sums)
        return sums

    def begin(self, cell: Cell, unit: Expr, gate: int, parts: str) -> Var:
        """A sum that starts with the biases of the input (x), the state (h) or both."""
        return cell.b.local(self._bias(cell, unit + gate * self.hidden, parts), name="sum")

    def add_input(self, cell: Cell, unit: Expr, gates: Sequence[int], sums: Sequence[Var]) -> None:
        """Add W x of unit `unit` for each gate."""
        rows, d = [unit + g * self.hidden for g in gates], cell.direction
        extent = cell.w.shape[2]
        _accumulate(cell.b, sums, cell.x, extent, lambda g, k: cell.w.at(d, rows[g], k))

    def add_state(self, cell: Cell, unit: Expr, gates: Sequence[int], sums: Sequence[Var]) -> None:
        """Add R H of unit `unit` for each gate."""
        rows, d = [unit + g * self.hidden for g in gates], cell.direction
        _accumulate(cell.b, sums, cell.h, self.hidden, lambda g, k: cell.r.at(d, rows[g], k))

    def _bias(self, cell: Cell, row: Expr, parts: str) -> Expr:
        if cell.bias is None:
            return ex.const(cell.fresh.dtype, 0)
        width, d = self.gates * self.hidden, cell.direction
        places = [row] * ("x" in parts) + [row + width] * ("h" in parts)
        total = cell.bias.at(d, places[0])
        return total if len(places) == 1 else total + cell.bias.at(d, places[1])

    def gate(self, cell: Cell, number: int, value: Expr) -> Expr:
        """Activation `number` of a clamped gate sum, computed once."""
        function = self.function(cell.direction, number)
        limited = cell.b.let(clamp(value, -self.clip, self.clip), "gate")
        return cell.b.let(function.expr(cell.b, limited), "gate")

    @classmethod
    def variants(cls, rng: np.random.Generator) -> Iterable[tuple[Recurrent, Ints | None]]:
        """Settings that random examples use, with sequence lengths."""
        one = (0.0,) * len(cls.defaults)
        forward = cls(3, "forward", cls.defaults, one, one)
        yield forward, None
        yield replace(forward, direction="reverse", sequence=False, clip=0.3), None
        both = replace(
            forward,
            direction="bidirectional",
            activations=cls.defaults * 2,
            alphas=one * 2,
            betas=one * 2,
        )
        yield both, np.array([2, 4], np.int32)
        yield replace(both, batch_first=True), None

    @classmethod
    def operands(
        cls, rng: np.random.Generator, op: Recurrent, lens: Ints | None
    ) -> tuple[npt.NDArray[np.generic] | None, ...]:
        """x, W, R, B, lens and initial_h for 4 steps of 2 sequences with 5 features."""
        d, g, h = op.directions, op.gates, op.hidden
        x = (2, 4, 5) if op.batch_first else (4, 2, 5)
        shapes = (x, (d, g * h, 5), (d, g * h, h), (d, 2 * g * h), op.state_shape(2))
        data = [rng.uniform(-1, 1, s).astype(np.float32) for s in shapes]
        return (*data[:4], lens, data[4])

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        if cls.__subclasses__():
            return
        for op, lens in cls.variants(rng):
            data = cls.operands(rng, op, lens)
            yield Sample(op, data, constants=(1, 2, 3))
            yield Sample(op, data[:3], constants=(1, 2))


def _accumulate(
    b: Builder,
    sums: Sequence[Var],
    vector: Callable[[Expr], Expr],
    extent: int,
    matrix: Callable[[int, Expr], Expr],
) -> None:
    """Add the products of `vector` with one row of `matrix` for each sum."""
    with b.loops((extent,), "k") as (k,):
        value = b.let(vector(k), "value")
        for g, total in enumerate(sums):
            b.assign(total, total + value * matrix(g, k))


def length_of(b: Builder, length: Expr, steps: int) -> Expr:
    """A run-time sequence length, limited to [0, steps]."""
    whole = ex.cast(DType.I32, length)
    return b.let_index(ex.minimum(ex.maximum(whole, 0), steps), 0, steps, "length")
