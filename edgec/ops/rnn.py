"""Recurrent layers: RNN, GRU and LSTM. Source: ONNX RNN-22, GRU-22, LSTM-22."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from edgec.ir.graph import Value
from edgec.loops.expr import Expr
from edgec.ops.base import Array, Sample
from edgec.ops.checks import FloatArray
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.rnn_base import Cell, Recurrent, Step
from edgec.ops.rnn_gates import form

Layer = TypeVar("Layer", bound=Recurrent)


@dataclass(frozen=True)
class RNN(Recurrent):
    """H' = f(W x + R H + B)."""

    gates = 1
    defaults = ("Tanh",)

    def step(self, s: Step) -> tuple[FloatArray, ...]:
        return (self.apply(s.direction, 0, self.clipped(s.sums)),)

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

    def step(self, s: Step) -> tuple[FloatArray, ...]:
        size = self.hidden
        (h,) = s.states
        bias = np.zeros(6 * size, s.x.dtype) if s.bias is None else s.bias
        wx = s.x @ s.w.T + bias[: 3 * size]
        rh = h @ s.r.T + bias[3 * size :]
        both = self.clipped(wx + rh)
        z = self.apply(s.direction, 0, self.part(both, 0))
        reset = self.apply(s.direction, 0, self.part(both, 1))
        if self.reset_after:
            inner = reset * self.part(rh, 2)
        else:
            inner = (reset * h) @ s.r[2 * size :].T + bias[5 * size :]
        candidate = self.apply(s.direction, 1, self.clipped(self.part(wx, 2) + inner))
        return (np.asarray((1 - z) * candidate + z * h, s.x.dtype),)

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

    def step(self, s: Step) -> tuple[FloatArray, ...]:
        size = self.hidden
        _, c = s.states
        sums = s.sums
        peep = np.zeros(3 * size, s.x.dtype) if s.peephole is None else s.peephole
        gate_i, gate_o, gate_f, gate_c = (self.part(sums, k) for k in range(4))
        i = self.apply(s.direction, 0, self.clipped(gate_i + peep[:size] * c))
        forget = self.clipped(gate_f + peep[2 * size :] * c)
        f = 1 - i if self.coupled else self.apply(s.direction, 0, forget)
        new_c = f * c + i * self.apply(s.direction, 1, self.clipped(gate_c))
        out = self.clipped(gate_o + peep[size : 2 * size] * new_c)
        new_h = self.apply(s.direction, 0, out) * self.apply(s.direction, 2, new_c)
        return np.asarray(new_h, s.x.dtype), np.asarray(new_c, s.x.dtype)

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


# import ------------------------------------------------------------------------------


def _layer(n: OnnxNode, kind: type[Layer]) -> Layer:
    """The layer of a node, with the attributes that all kinds have."""
    direction = n.get_string("direction", "forward")
    count = 2 if direction == "bidirectional" else 1
    names = n.get_strings("activations", kind.defaults * count)
    alphas, betas = _parameters(n, names)
    clip = n.get_float("clip", 0.0)
    return kind(
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
    return _emit(b, n, _layer(n, RNN), 6)


@onnx_op("GRU")
def import_gru(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX GRU."""
    op = replace(_layer(n, GRU), reset_after=n.get_int("linear_before_reset", 0) != 0)
    return _emit(b, n, op, 6)


@onnx_op("LSTM")
def import_lstm(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX LSTM."""
    op = replace(_layer(n, LSTM), coupled=n.get_int("input_forget", 0) != 0)
    return _emit(b, n, op, 8)
