"""Models that keep states from run to run: the samples are one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Quant, Value
from edgec.verify.inputs import Sample, dequantize, load_inputs

Array = npt.NDArray[np.generic]


def load_samples(path: Path | None, count: int | None, graph: Graph) -> tuple[Sample, ...]:
    """As `load_inputs`, of a file that need not hold anything for states."""
    if not graph.states:
        return load_inputs(path, count, graph)
    given = replace(graph, inputs=list(graph.open_inputs), states=[])
    return tuple(_with_states(graph, sample) for sample in load_inputs(path, count, given))


def _with_states(graph: Graph, sample: Sample) -> Sample:
    """`sample`, which is of the open inputs only, with states that are zero."""
    rows = dict(zip(graph.open_inputs, zip(sample.arrays, sample.reals, strict=True), strict=True))
    rows |= {x: (_zero(x), _real(_zero(x), x.quant)) for x, _ in graph.states}
    found = [rows[v] for v in graph.inputs]
    return Sample(tuple(array for array, _ in found), tuple(real for _, real in found))


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
