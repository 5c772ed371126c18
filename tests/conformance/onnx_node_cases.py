"""The node tests that the onnx package brings, made ready for a compiler.

A test feeds every operand at run time; a compiler wants those that decide shapes as
constants. `graph_of` makes them constants only where the importer asks for it (E0204).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from edgec.diagnostics import EdgecError
from edgec.importer import import_model
from edgec.ir.graph import Graph
from edgec.ops.registry import all_importers

Array = npt.NDArray[np.generic]
RUN_TIME_ONLY = frozenset({"E0204"})  # an operand must be known at compile time
# what this compiler does not have: types and values that have no meaning on its targets
NOT_HERE = frozenset({"E0109", "E0208"})


@dataclass(frozen=True, eq=False)
class NodeCase:
    """A model of one node or a few, with inputs and the outputs that onnx expects."""

    name: str
    model: onnx.ModelProto
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    rtol: float
    atol: float


@cache
def all_cases() -> tuple[NodeCase, ...]:
    """Every case whose operators all have an import function and whose data are tensors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    return tuple(case for test in tests for case in _cases(test))


def _cases(test: TestCase) -> Iterator[NodeCase]:
    model = test.model
    known = all_importers()
    if model is None or any((_domain(n), n.op_type) not in known for n in model.graph.node):
        return
    for inputs, outputs in test.data_sets or ():
        if all(_usable(a) for a in (*inputs, *outputs)):
            yield NodeCase(test.name, model, tuple(inputs), tuple(outputs), test.rtol, test.atol)
        return


def _domain(node: onnx.NodeProto) -> str:
    return "" if node.domain == "ai.onnx" else node.domain


def _usable(data: object) -> bool:
    return isinstance(data, np.ndarray) and data.dtype.kind in "biuf" and data.size > 0


def graph_of(case: NodeCase) -> tuple[Graph, dict[str, Array]]:
    """The imported graph and the data of the inputs that it still has."""
    names = [i.name for i in case.model.graph.input]
    first_error: EdgecError | None = None
    for start in (len(names), 1, 0):
        model, shapes = _with_constants(case, names[start:])
        try:
            graph = import_model(model, shapes)
        except EdgecError as error:
            first_error = first_error or error
            if not {d.code for d in error.diagnostics} <= RUN_TIME_ONLY:
                raise
            continue
        wanted = {v.name: v.type.dtype.numpy for v in graph.inputs}
        data = dict(zip(names, case.inputs, strict=True))
        return graph, {k: np.asarray(data[k]).astype(t) for k, t in wanted.items()}
    assert first_error is not None
    raise first_error


def _with_constants(
    case: NodeCase, constants: list[str]
) -> tuple[onnx.ModelProto, dict[str, tuple[int, ...]]]:
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    data = {i.name: a for i, a in zip(model.graph.input, case.inputs, strict=True)}
    kept = [i for i in model.graph.input if i.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    for name in constants:
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(data[name]), name))
    return model, {i.name: tuple(data[i.name].shape) for i in kept}
