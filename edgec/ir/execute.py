"""Runs a graph in numpy by the reference of every operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import ExitCode, Where, fail
from edgec.ir.graph import Graph, Node, Value
from edgec.ir.types import TensorType
from edgec.ops.base import run_reference

Array = npt.NDArray[np.generic]


def run(
    graph: Graph, inputs: Mapping[str, Array] | Sequence[Array], keep: bool = False
) -> dict[str, Array]:
    """The outputs of `graph` by name; with `keep` every value, constants and inputs too.

    `inputs` is by name, or in the order of `graph.inputs`. Raises E0704 if inputs do not
    fit the graph and E0902 if a reference does not give what `infer` promises.
    """
    values: dict[Value, Array] = dict(graph.constants)
    values.update(_bind(graph, inputs))
    left = _reads_left(graph)
    for node in graph.nodes:
        operands = tuple(None if v is None else values[v] for v in node.inputs)
        with np.errstate(all="ignore"):
            results = run_reference(node.op, operands)
        _check(node, results)
        values.update(zip(node.outputs, results, strict=True))
        if not keep:
            _release(node, left, values)
    if keep:
        return {value.name: array for value, array in values.items()}
    return {value.name: values[value] for value in graph.outputs}


def _bind(graph: Graph, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[Value, Array]:
    if isinstance(inputs, Mapping):
        missing = [v.name for v in graph.inputs if v.name not in inputs]
        if missing:
            raise fail(
                "E0704",
                f"no data for input '{missing[0]}'",
                help=f"the inputs are {', '.join(v.name for v in graph.inputs)}",
            )
        arrays = [inputs[v.name] for v in graph.inputs]
    else:
        arrays = list(inputs)
    if len(arrays) != len(graph.inputs):
        raise fail("E0704", f"{len(arrays)} arrays for {len(graph.inputs)} inputs")
    bound: dict[Value, Array] = {}
    for value, array in zip(graph.inputs, arrays, strict=True):
        if not _fits(array, value.type):
            raise fail(
                "E0704",
                f"input '{value.name}' is {value.type}, its data {array.dtype}{list(array.shape)}",
            )
        bound[value] = array
    return bound


def _fits(array: Array, type_: TensorType) -> bool:
    return array.dtype == type_.dtype.numpy and tuple(array.shape) == type_.shape


def _check(node: Node, results: tuple[Array, ...]) -> None:
    where = Where(node=f"'{node.origin[0] if node.origin else node.op.name}'")
    if len(results) != len(node.outputs):
        raise fail(
            "E0902",
            f"{node.op.name} computes {len(results)} results, not {len(node.outputs)}",
            where,
            exit_code=ExitCode.BUG,
        )
    for value, array in zip(node.outputs, results, strict=True):
        if not _fits(array, value.type):
            raise fail(
                "E0902",
                f"{node.op.name} computes {array.dtype}{list(array.shape)} where its type is "
                f"{value.type}",
                where,
                exit_code=ExitCode.BUG,
            )


def _reads_left(graph: Graph) -> Counter[Value]:
    left = Counter(v for node in graph.nodes for v in node.operands)
    left.update(graph.outputs)
    return left


def _release(node: Node, left: Counter[Value], values: dict[Value, Array]) -> None:
    for value in node.operands:
        left[value] -= 1
        if left[value] == 0:
            values.pop(value, None)
    for value in node.outputs:
        if left[value] == 0:
            values.pop(value, None)
