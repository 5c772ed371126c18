"""Puts operators into the graph under construction; folds what is constant at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import Where, fail
from edgec.importer.tensors import MAX_ELEMENTS
from edgec.ir.graph import Graph, Node, Value, infer
from edgec.ir.types import TensorType
from edgec.ops.base import Op, run_reference

Array = npt.NDArray[np.generic]

FOLD_LIMIT = 64 << 20  # bytes: larger results of constants are left to the run
KEPT = frozenset({"Dequantize"})  # says how constants are quantized: never folded here


@dataclass
class NodeBuilder:
    """The `ImportBuilder` of one ONNX node: `origin` and the names of what it makes."""

    graph: Graph
    origin: str
    base: str  # name of the node's first output; names intermediate values
    where: Where
    made: set[Value] = field(default_factory=set)  # values that this node has brought about

    def emit(self, op: Op, *inputs: Value | None) -> Value:
        """Append an operator with one output (folded at once if all inputs are constant)."""
        (output,) = self.emit_many(op, *inputs)
        return output

    def emit_many(self, op: Op, *inputs: Value | None) -> tuple[Value, ...]:
        """Append an operator with any number of outputs."""
        types = infer(op, inputs)
        for type_ in types:
            self._check(op, type_)
        folded = self._fold(op, inputs, types)
        if folded is not None:
            return tuple(self.constant(a, self._name(op)) for a in folded)
        if any(type_.size == 0 for type_ in types):
            raise fail("E0208", f"{op.name} computes a tensor without elements", self.where)
        outputs = tuple(self.graph.value(self._name(op), t) for t in types)
        self.graph.nodes.append(Node(op, tuple(inputs), outputs, (self.origin,)))
        self.made.update(outputs)
        return outputs

    def constant(self, data: Array, name: str = "const") -> Value:
        """A new constant."""
        value = self.graph.constant(np.asarray(data), name)
        self.made.add(value)
        return value

    def _name(self, op: Op) -> str:
        return f"{self.base}.{op.name.lower()}"

    def _check(self, op: Op, type_: TensorType) -> None:
        if any(d < 0 for d in type_.shape) or type_.size > MAX_ELEMENTS:
            raise fail(
                "E0208",
                f"{op.name} computes a tensor of shape {list(type_.shape)}",
                self.where,
                rule=f"dimensions are not negative, a tensor has at most {MAX_ELEMENTS} elements",
            )

    def _fold(
        self, op: Op, inputs: tuple[Value | None, ...], types: tuple[TensorType, ...]
    ) -> tuple[Array, ...] | None:
        """The results if all operands are constants and the results are not too large."""
        if op.name in KEPT or sum(t.bytes for t in types) > FOLD_LIMIT:
            return None
        operands: list[Array | None] = []
        for value in inputs:
            data = self.graph.data(value)
            if value is not None and data is None:
                return None
            operands.append(data)
        with np.errstate(all="ignore"):
            results = run_reference(op, tuple(operands))
        for array, type_ in zip(results, types, strict=True):
            if tuple(array.shape) != type_.shape or array.dtype != type_.dtype.numpy:
                raise TypeError(
                    f"{op.name} promises {type_}, computes {array.dtype}{list(array.shape)}"
                )
        return results
