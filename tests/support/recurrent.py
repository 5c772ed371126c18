"""Recurrent layers to test kernels with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.ops.base import Array, Sample
from edgec.ops.rnn import GRU, LSTM, RNN
from edgec.ops.rnn_base import Recurrent

LAYERS: tuple[type[Recurrent], ...] = (RNN, GRU, LSTM)


def layer(kind: type[Recurrent], hidden: int, direction: str = "forward") -> Recurrent:
    """A layer with its usual activations."""
    count = 2 if direction == "bidirectional" else 1
    names = tuple(n.lower() for n in kind.defaults) * count
    zeros = (0.0,) * len(names)
    return kind(hidden, direction, names, zeros, zeros)


def sample(op: Recurrent, steps: int, batch: int, size: int, given: str = "bhc") -> Sample:
    """Operands of `op`; given: b bias, l lengths, h and c first states."""
    rng = np.random.default_rng(len(given) + steps)

    def draw(*shape: int) -> Array:
        return rng.uniform(-0.8, 0.8, shape).astype(np.float32)

    rows = op.gates * op.hidden
    shape = (batch, steps, size) if op.batch_first else (steps, batch, size)
    x = 3 * draw(*shape)
    w, r = draw(op.directions, rows, size), draw(op.directions, rows, op.hidden)
    bias = draw(op.directions, 2 * rows) if "b" in given else None
    lens = rng.integers(0, steps + 1, batch).astype(np.int32) if "l" in given else None
    h0 = draw(*op.state_shape(batch)) if "h" in given else None
    data: tuple[Array | None, ...] = (x, w, r, bias, lens, h0)
    if op.has_cell:
        data = (*data, draw(*op.state_shape(batch)) if "c" in given else None)
    return Sample(op, data, (1, 2, 3))


def uses() -> list[Sample]:
    """Every kind in every direction, units that fill no vector, chunks with a rest."""
    found: list[Sample] = []
    for kind in LAYERS:
        one = layer(kind, 5)
        both = layer(kind, 9, "bidirectional")
        found += [
            sample(one, 7, 1, 3),
            sample(replace(one, sequence=False), 9, 2, 1, "b"),
            sample(layer(kind, 17, "reverse"), 3, 1, 6, ""),
            sample(both, 9, 3, 4, "blhc"),
            sample(replace(both, batch_first=True), 11, 2, 33, "bl"),
            sample(layer(kind, 40), 1, 1, 2, "bh"),
        ]
    grus = [(s, s.op) for s in found if isinstance(s.op, GRU)]
    return [*found, *(replace(s, op=replace(op, reset_after=True)) for s, op in grus)]
