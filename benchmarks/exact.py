"""A quantized model in (nearly) exact arithmetic: what the standard says before any rounding error.

onnxruntime computes quantized models in float32 or by integer kernels of its own; where a value
lies half way between two codes, its rounding errors decide. Here the imported graph, before any
pass, runs in float64, and what is half way but for float64's own error is rounded half to even.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.importer import import_model
from edgec.ir.graph import Graph, Node, Value
from edgec.ops.base import run_reference
from edgec.ops.quantize import Dequantize, Quantize
from edgec.verify.compare import Row

Array = npt.NDArray[np.generic]

TIE = 1e-6
"""Quotients this near to half way between two integers are taken as half way."""


def exact_graph(model: Path, shapes: dict[str, tuple[int, ...]]) -> Graph:
    """The graph as the model has it."""
    return import_model(model, shapes)


def exact_row(graph: Graph, inputs: Row) -> Row:
    """The outputs of `graph` for `inputs` (in its order), floats in float64."""
    values: dict[Value, Array] = {v: _wide(a) for v, a in graph.constants.items()}
    values.update(zip(graph.inputs, (_wide(a) for a in inputs), strict=True))
    for node in graph.nodes:
        operands = tuple(None if v is None else values[v] for v in node.inputs)
        with np.errstate(all="ignore"):
            results = _compute(node, operands)
        values.update(zip(node.outputs, results, strict=True))
    return tuple(values[v] for v in graph.outputs)


def _wide(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _compute(node: Node, operands: tuple[Array | None, ...]) -> tuple[Array, ...]:
    if isinstance(node.op, Dequantize):
        x, scale, zero_point = (np.asarray(a) for a in operands)
        return ((x.astype(np.float64) - zero_point) * scale,)
    if isinstance(node.op, Quantize):
        x, scale, zero_point = (np.asarray(a, np.float64) for a in operands)
        quotient = x / scale
        halves = np.round(quotient * 2) / 2
        quotient = np.where(np.abs(quotient - halves) < TIE, halves, quotient)
        dtype = node.op.dtype
        codes = np.clip(np.rint(quotient) + zero_point, dtype.min, dtype.max)
        return (codes.astype(dtype.numpy),)
    return run_reference(node.op, operands)
