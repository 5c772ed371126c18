"""Runs one ONNX node by its registered import function and by onnxruntime or onnx itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx.reference import ReferenceEvaluator

from edgec.diagnostics import Where
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Op, run_reference
from edgec.ops.onnx_import import AttributeValue, OnnxNode
from edgec.ops.registry import all_importers

Array = npt.NDArray[np.generic]
Attribute = int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | Array


@dataclass
class PlainBuilder:
    """An import builder that folds nothing."""

    graph: Graph

    def emit(self, op: Op, *inputs: Value | None) -> Value:
        (value,) = self.emit_many(op, *inputs)
        return value

    def emit_many(self, op: Op, *inputs: Value | None) -> tuple[Value, ...]:
        node = self.graph.node(op, inputs)
        self.graph.nodes.append(node)
        return node.outputs

    def constant(self, data: Array, name: str = "const") -> Value:
        return self.graph.constant(data, name)


@dataclass(frozen=True)
class SingleNode:
    """One ONNX node with data for its inputs; those named in `constants` are initializers."""

    op_type: str
    inputs: tuple[Array | None, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    opset: int = 21
    domain: str = ""
    outputs: tuple[str, ...] = ("y0",)
    constants: tuple[int, ...] = ()

    def model(self) -> onnx.ModelProto:
        names = ["" if a is None else f"x{k}" for k, a in enumerate(self.inputs)]
        node = onnx.helper.make_node(
            self.op_type, names, list(self.outputs), domain=self.domain, name="n"
        )
        for name, value in self.attributes.items():
            stored = onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
            node.attribute.append(onnx.helper.make_attribute(name, stored))
        info = [
            onnx.helper.make_tensor_value_info(
                names[k], onnx.helper.np_dtype_to_tensor_dtype(a.dtype), a.shape
            )
            for k, a in enumerate(self.inputs)
            if a is not None and k not in self.constants
        ]
        init = [
            onnx.numpy_helper.from_array(np.asarray(a), names[k])
            for k, a in enumerate(self.inputs)
            if a is not None and k in self.constants
        ]
        made = [onnx.ValueInfoProto(name=o) for o in self.outputs if o]
        opsets = [onnx.helper.make_opsetid("", self.opset if not self.domain else 21)]
        if self.domain:
            opsets.append(onnx.helper.make_opsetid(self.domain, self.opset))
        graph = onnx.helper.make_graph([node], "g", info, made, init)
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def feeds(self) -> dict[str, Array]:
        return {
            f"x{k}": a
            for k, a in enumerate(self.inputs)
            if a is not None and k not in self.constants
        }

    def onnxruntime(self) -> list[Array]:
        model = self.model()
        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return list(session.run(None, self.feeds()))

    def onnx_reference(self) -> list[Array]:
        return list(ReferenceEvaluator(self.model()).run(None, self.feeds()))

    def graph(self) -> Graph:
        """The graph that the registered import function makes."""
        graph = Graph("single")
        values: list[Value | None] = []
        for k, data in enumerate(self.inputs):
            if data is None:
                values.append(None)
            elif k in self.constants:
                values.append(graph.constant(data, f"x{k}"))
            else:
                value = graph.value(f"x{k}", TensorType(DType.of(data.dtype), tuple(data.shape)))
                graph.inputs.append(value)
                values.append(value)
        node = OnnxNode(
            self.op_type,
            self.domain,
            self.opset,
            "n",
            {k: _attribute(v) for k, v in self.attributes.items()},
            tuple(values),
            tuple(graph.data(v) for v in values),
            self.outputs,
            Where(node="'n'"),
        )
        result = all_importers()[self.domain, self.op_type].function(PlainBuilder(graph), node)
        made = result if isinstance(result, tuple) else (result,)
        graph.outputs = [v for v, name in zip(made, self.outputs, strict=False) if name]
        return graph

    def run(self) -> list[Array]:
        """Outputs by the numpy references of the imported operators."""
        return evaluate(self.graph(), list(self.feeds().values()))


def _attribute(value: Attribute) -> AttributeValue:
    if isinstance(value, int | float | str | np.ndarray):
        return value
    return cast(AttributeValue, tuple(value))


def evaluate(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """Outputs of a graph by the numpy references, with the promised types checked."""
    data: dict[Value, Array] = dict(graph.constants)
    data.update(zip(graph.inputs, inputs, strict=True))
    for node in graph.nodes:
        operands = tuple(None if v is None else data[v] for v in node.inputs)
        for value, array in zip(node.outputs, run_reference(node.op, operands), strict=True):
            found = TensorType(DType.of(array.dtype), tuple(array.shape))
            assert found == value.type, f"{node.op.name}: {found} instead of {value.type}"
            data[value] = array
    return [data[v] for v in graph.outputs]


def check_close(case: SingleNode, rtol: float = 1e-4, atol: float = 1e-5, ort: bool = True) -> None:
    """The references agree with onnxruntime (or with onnx's reference evaluator)."""
    expected = case.onnxruntime() if ort else case.onnx_reference()
    got = case.run()
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        theirs = np.asarray(theirs)
        assert mine.shape == theirs.shape
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(
            mine.astype(np.float64), theirs.astype(np.float64), rtol=rtol, atol=atol
        )
