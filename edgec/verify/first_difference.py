"""Finds the first layer that computes something else than the reference, by tracing a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.build.firmware import BuildOptions, Firmware, build_firmware
from edgec.build.manifest import LayerEntry
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.verify.inputs import Sample
from edgec.verify.judge import Arithmetic, arithmetic_of, within_tolerance
from edgec.verify.match import LayerDifference
from edgec.verify.qemu import RunOptions, run_elf

Array = npt.NDArray[np.generic]

LAYER_TOLERANCE = 1e-5


def first_difference(
    firmware: Firmware, graph: Graph, sample: Sample, position: int, timeout_s: float
) -> LayerDifference | None:
    """The first layer, in execution order, that differs for `sample`; None if none does.

    Integers differ when a bit does, unless float operators are left in a quantized graph: then,
    as with floats, when they are further off than rounding explains. `position` is told on.
    """
    out_dir = firmware.elf.parent / "trace"
    traced = build_firmware(
        firmware.manifest.folder, firmware.board, out_dir, BuildOptions(trace=True)
    )
    options = RunOptions(trace=True, timeout_s=timeout_s)
    result = run_elf(firmware.board, traced.elf, [sample.data], options)
    expected = run(graph, sample.arrays, keep=True)
    exact = arithmetic_of(graph) is Arithmetic.INTEGER
    results: dict[int, bytes] = {}
    for record in result.trace:  # a layer that runs by rows has a record for some of them each
        results[record.step] = results.get(record.step, b"") + record.data
    for step, data in sorted(results.items()):
        layer = traced.manifest.layers[step]
        array = expected.get(layer.value)
        if array is None or array.nbytes != len(data):
            continue
        got = np.frombuffer(data, array.dtype)
        wrong = np.flatnonzero(_wrong(got, array.ravel(), exact))
        if wrong.size:
            return _difference(layer, position, int(wrong[0]), array.ravel(), got)
    return None


def _wrong(got: Array, expected: Array, exact: bool) -> npt.NDArray[np.bool_]:
    if exact or got.dtype == np.bool_:
        return np.asarray(got != expected, np.bool_)
    if got.dtype.kind in "iu":
        return np.asarray(np.abs(got.astype(np.int64) - expected.astype(np.int64)) > 1, np.bool_)
    return ~within_tolerance(got, expected, of_largest=LAYER_TOLERANCE)


def _difference(
    layer: LayerEntry, position: int, element: int, expected: Array, got: Array
) -> LayerDifference:
    return LayerDifference(
        layer=layer.name,
        op=layer.op,
        function=layer.function,
        input_index=position,
        element=element,
        expected=str(expected[element]),
        got=str(got[element]),
    )
