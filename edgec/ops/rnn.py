"""Recurrent layers: RNN, GRU and LSTM. Source: ONNX RNN-22, GRU-22, LSTM-22."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Sample
from edgec.ops.checks import FloatArray, check_floats, check_shape
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.rnn_base import Cell, Ints, Operands, Recurrent
from edgec.ops.rnn_gates import form


def affine(
    x: FloatArray, w: FloatArray, h: FloatArray, r: FloatArray, b: FloatArray | None
) -> FloatArray:
    """x W' + h R' + both biases."""
    total = x @ w.T + h @ r.T
    if b is None:
        return total
    half = len(b) // 2
    return np.asarray(total + (b[:half] + b[half:]))


@dataclass(frozen=True)
class RNN(Recurrent):
    """H' = f(W x + R H + B)."""

    gates = 1
    defaults = ("Tanh",)

    def step(
        self,
        direction: int,
        x: FloatArray,
        states: tuple[FloatArray, ...],
        weights: tuple[FloatArray | None, ...],
    ) -> tuple[FloatArray, ...]:
        w, r, b = weights
        assert w is not None and r is not None
        total = self.clipped(affine(x, w, states[0], r, b))
        return (_apply(self, direction, 0, total),)

    def lower_step(self, cell: Cell) -> None:
        with cell.b.loops((self.hidden,), "u") as (unit,):
            (total,) = self.sums(cell, unit, (0,))
            cell.b.store(cell.fresh, (unit,), self.gate(cell, 0, total))


@dataclass(frozen=True)
class GRU(Recurrent):
    """Gated recurrent unit; gates in the order z (update), r (reset), h (candidate).

    H' = (1 - z) * g(W x + R (r * H) + B) + z * H; with `reset_after` (linear_before_reset)
    the reset gate multiplies R H + B instead of H.
    """

    reset_after: bool = False

    gates = 3
    defaults = ("Sigmoid", "Tanh")

    @property
    def rooms(self) -> int:
        """r * H needs a vector of its own where it is multiplied by R."""
        return 0 if self.reset_after else 1

    def step(
        self,
        direction: int,
        x: FloatArray,
        states: tuple[FloatArray, ...],
        weights: tuple[FloatArray | None, ...],
    ) -> tuple[FloatArray, ...]:
        w, r, b = weights
        (h,) = states
        assert w is not None and r is not None
        size = self.hidden
        bias = np.zeros(6 * size, x.dtype) if b is None else b
        wx = x @ w.T + bias[: 3 * size]
        rh = h @ r.T + bias[3 * size :]
        both = self.clipped(wx + rh)
        z = _apply(self, direction, 0, self.part(both, 0))
        reset = _apply(self, direction, 0, self.part(both, 1))
        if self.reset_after:
            inner = reset * self.part(rh, 2)
        else:
            inner = (reset * h) @ r[2 * size :].T + bias[5 * size :]
        candidate = _apply(self, direction, 1, self.clipped(self.part(wx, 2) + inner))
        return (np.asarray((1 - z) * candidate + z * h, x.dtype),)

    def lower_step(self, cell: Cell) -> None:
        b = cell.b
        if not self.reset_after:
            self._reset_first(cell)
        with b.loops((self.hidden,), "u") as (unit,):
            update = self.begin(cell, unit, 0, "xh")
            outer = self.begin(cell, unit, 2, "x")
            inner = self.begin(cell, unit, 2, "h")
            if self.reset_after:
                reset = self.begin(cell, unit, 1, "xh")
                self.add_input(cell, unit, (0, 1, 2), (update, reset, outer))
                self.add_state(cell, unit, (0, 1, 2), (update, reset, inner))
                total = outer + self.gate(cell, 0, reset) * inner
            else:
                self.add_input(cell, unit, (0, 2), (update, outer))
                self.add_state(cell, unit, (0,), (update,))
                scaled = replace(cell, h=lambda k: cell.extra[0].at(k))
                self.add_state(scaled, unit, (2,), (inner,))
                total = outer + inner
            z = self.gate(cell, 0, update)
            candidate = self.gate(cell, 1, total)
            b.store(cell.fresh, (unit,), (1.0 - z) * candidate + z * cell.h(unit))

    def _reset_first(self, cell: Cell) -> None:
        """Fill the scratch vector with r * H."""
        with cell.b.loops((self.hidden,), "u") as (unit,):
            (total,) = self.sums(cell, unit, (1,))
            scaled = self.gate(cell, 0, total) * cell.h(unit)
            cell.b.store(cell.extra[0], (unit,), scaled)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for sample in super().samples(rng):
            assert isinstance(sample.op, GRU)
            yield sample
            yield replace(sample, op=replace(sample.op, reset_after=True))


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory; gates in the order i (input), o (output), f (forget), c (cell).

    C' = f * C + i * g(c), H' = o * h(C'). Peephole weights P [D, 3 * H] (i, o, f) add the cell
    state to the gate sums. With `coupled` (input_forget) f = 1 - i.
    """

    coupled: bool = False

    gates = 4
    defaults = ("Sigmoid", "Tanh", "Tanh")

    @property
    def has_cell(self) -> bool:
        return True

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
        check_floats("LSTM", x, c0, p)
        check_shape("LSTM", "initial_c", c0, types[-1].shape)
        check_shape("LSTM", "the peephole weights P", p, (self.directions, 3 * self.hidden))
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
        return self.unroll(x, (w, r, b, p), lens, (h0, c0))

    def step(
        self,
        direction: int,
        x: FloatArray,
        states: tuple[FloatArray, ...],
        weights: tuple[FloatArray | None, ...],
    ) -> tuple[FloatArray, ...]:
        w, r, b, p = weights
        h, c = states
        assert w is not None and r is not None
        size = self.hidden
        sums = affine(x, w, h, r, b)
        peep = np.zeros(3 * size, x.dtype) if p is None else p
        gate_i, gate_o, gate_f, gate_c = (self.part(sums, k) for k in range(4))
        i = _apply(self, direction, 0, self.clipped(gate_i + peep[:size] * c))
        forget = self.clipped(gate_f + peep[2 * size :] * c)
        f = 1 - i if self.coupled else _apply(self, direction, 0, forget)
        new_c = f * c + i * _apply(self, direction, 1, self.clipped(gate_c))
        out = self.clipped(gate_o + peep[size : 2 * size] * new_c)
        new_h = _apply(self, direction, 0, out) * _apply(self, direction, 2, new_c)
        return np.asarray(new_h, x.dtype), np.asarray(new_c, x.dtype)

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

    def lower_step(self, cell: Cell) -> None:
        b, state = cell.b, cell.cell
        assert state is not None
        with b.loops((self.hidden,), "u") as (unit,):
            gate_i, gate_o, gate_f, gate_c = self.sums(cell, unit, (0, 1, 2, 3))
            old = b.let(state.at(*cell.c(unit)), "old")
            i = self.gate(cell, 0, self._peep(cell, 0, unit, gate_i, old))
            if self.coupled:
                f = b.let(1.0 - i, "gate")
            else:
                f = self.gate(cell, 0, self._peep(cell, 2, unit, gate_f, old))
            new = b.let(f * old + i * self.gate(cell, 1, gate_c), "state")
            b.store(state, cell.c(unit), new)
            o = self.gate(cell, 0, self._peep(cell, 1, unit, gate_o, new))
            squashed = self.function(cell.direction, 2).expr(b, new)
            b.store(cell.fresh, (unit,), o * squashed)

    def _peep(self, cell: Cell, which: int, unit: Expr, total: Expr, state: Expr) -> Expr:
        """A gate sum plus what the peephole sees of the cell state."""
        if cell.peephole is None:
            return total
        weight = cell.peephole.at(cell.direction, unit + which * self.hidden)
        return total + weight * state

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for sample in super().samples(rng):
            assert isinstance(sample.op, LSTM)
            yield sample
            op = sample.op
            if len(sample.inputs) > 3:
                c0 = rng.uniform(-1, 1, op.state_shape(2)).astype(np.float32)
                p = rng.uniform(-1, 1, (op.directions, 3 * op.hidden)).astype(np.float32)
                yield Sample(op, (*sample.inputs, c0, p), (1, 2, 3, 7))
                yield Sample(replace(op, coupled=True), (*sample.inputs, c0), (1, 2, 3))


def _apply(op: Recurrent, direction: int, number: int, x: FloatArray) -> FloatArray:
    return np.asarray(op.function(direction, number).reference(x), x.dtype)


# import ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Common:
    """Attributes and operands that all recurrent nodes have."""

    hidden: int
    direction: str
    activations: tuple[str, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    clip: float
    batch_first: bool
    sequence: bool


def _common(n: OnnxNode, defaults: tuple[str, ...]) -> _Common:
    direction = n.get_string("direction", "forward")
    count = 2 if direction == "bidirectional" else 1
    names = n.get_strings("activations", defaults * count)
    alphas, betas = _parameters(n, names)
    clip = n.get_float("clip", 0.0)
    return _Common(
        n.get_int("hidden_size", n.type(2).shape[-1]),
        direction,
        tuple(name.lower() for name in names),
        alphas,
        betas,
        clip if clip > 0 else math.inf,
        n.get_int("layout", 0) == 1,
        n.wants(0),
    )


def _parameters(n: OnnxNode, names: tuple[str, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """alpha and beta of every activation: listed values go to those that have a parameter."""
    alphas = list(n.get_floats("activation_alpha", ()))
    betas = list(n.get_floats("activation_beta", ()))
    result: list[tuple[float, float]] = []
    for name in names:
        f = form(name)
        alpha, beta = f.alpha or 0.0, f.beta or 0.0
        if f.alpha is not None and alphas:
            alpha = alphas.pop(0)
        if f.beta is not None and betas:
            beta = betas.pop(0)
        result.append((alpha, beta))
    return tuple(a for a, _ in result), tuple(b for _, b in result)


def _operands(n: OnnxNode, count: int) -> list[Value | None]:
    """The operands; constant lengths that are all full are left out."""
    values = [n.optional(k) for k in range(count)]
    lens = n.constants[4] if values[4] is not None else None
    batch_first = n.get_int("layout", 0) == 1
    steps = n.type(0).shape[1 if batch_first else 0] if n.type(0).rank == 3 else 0
    if lens is not None and _all_equal(lens, steps):
        values[4] = None
    return values


def _all_equal(lens: Array, steps: int) -> bool:
    return bool(np.all(np.equal(lens, steps)))


def _emit(b: ImportBuilder, n: OnnxNode, op: Recurrent, count: int) -> Values:
    made = b.emit_many(op, *_operands(n, count))
    return made if op.sequence else (made[0], *made)


@onnx_op("RNN")
def import_rnn(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX RNN."""
    c = _common(n, RNN.defaults)
    return _emit(b, n, RNN(**vars(c)), 6)


@onnx_op("GRU")
def import_gru(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX GRU."""
    c = _common(n, GRU.defaults)
    op = GRU(**vars(c), reset_after=n.get_int("linear_before_reset", 0) != 0)
    return _emit(b, n, op, 6)


@onnx_op("LSTM")
def import_lstm(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX LSTM."""
    c = _common(n, LSTM.defaults)
    op = LSTM(**vars(c), coupled=n.get_int("input_forget", 0) != 0)
    return _emit(b, n, op, 8)
