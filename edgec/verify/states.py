"""Models that keep states from run to run: the samples are one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Quant, Value
from edgec.verify.inputs import Sample, dequantize

Array = npt.NDArray[np.generic]


def in_sequence(graph: Graph, samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples with the states that a run finds: zero at first, then what the reference keeps.

    What the samples had for states is left out. Without states they stay as they are.
    """
    if not graph.states:
        return tuple(samples)
    held = {x: _zero(x) for x, _ in graph.states}
    found = []
    for sample in samples:
        arrays = tuple(
            held.get(v, array) for v, array in zip(graph.inputs, sample.arrays, strict=True)
        )
        reals = tuple(
            _real(held[v], v.quant) if v in held else real
            for v, real in zip(graph.inputs, sample.reals, strict=True)
        )
        found.append(replace(sample, arrays=arrays, reals=reals))
        values = run(graph, arrays)
        held = {x: values[y.name] for x, y in graph.states}
    return tuple(found)


def sent(graph: Graph, sample: Sample) -> bytes:
    """What the firmware reads: all inputs that are no states, joined."""
    given = set(graph.open_inputs)
    return b"".join(
        np.ascontiguousarray(array).tobytes()
        for value, array in zip(graph.inputs, sample.arrays, strict=True)
        if value in given
    )


def _zero(value: Value) -> Array:
    """What `NAME_reset` puts there."""
    code = 0 if value.quant is None else value.quant.zero_point
    return np.full(value.type.shape, code, value.type.dtype.numpy)


def _real(codes: Array, quant: Quant | None) -> Array | None:
    return None if quant is None else dequantize(codes, quant)
