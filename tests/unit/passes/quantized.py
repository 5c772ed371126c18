"""Graphs with islands of Dequantize -> op -> Quantize, and what passes must keep of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Node, Value
from edgec.ir.types import DType, TensorType
from edgec.ir.verify import verify
from edgec.ops.base import Op
from edgec.ops.quantize import Dequantize, Quantize
from edgec.passes.base import Pass, Verifier, run_pipeline
from edgec.passes.pipeline import pipeline

Array = npt.NDArray[np.generic]
S8, U8 = DType.I8, DType.U8
Params = tuple[float, int]  # scale and zero point


@dataclass
class Net:
    """A quantized graph under construction."""

    graph: Graph = field(default_factory=lambda: Graph("quantized"))

    def parameters(self, scale: object, zero_point: object, dtype: DType) -> tuple[Value, Value]:
        s = self.graph.constant(np.asarray(scale, np.float32), "scale")
        return s, self.graph.constant(np.asarray(zero_point, dtype.numpy), "zero_point")

    def dq(self, x: Value, scale: object, zero_point: object = 0) -> Value:
        return self.graph.add(Dequantize(), x, *self.parameters(scale, zero_point, x.type.dtype))

    def q(self, x: Value, scale: object, zero_point: object = 0, dtype: DType = S8) -> Value:
        return self.graph.add(Quantize(dtype), x, *self.parameters(scale, zero_point, dtype))

    def add(self, op: Op, *inputs: Value | None) -> Value:
        return self.graph.add(op, *inputs, origin=(f"{op.name.lower()}{len(self.graph.nodes)}",))

    def constant(self, data: object, dtype: DType = DType.F32) -> Value:
        return self.graph.constant(np.asarray(data, dtype.numpy))

    def input(self, *shape: int, dtype: DType = S8) -> Value:
        """An integer input."""
        value = self.graph.value("x", TensorType(dtype, shape))
        self.graph.inputs.append(value)
        return value

    def real(self, *shape: int, p: Params = (0.05, 3), dtype: DType = S8) -> Value:
        """A float value that comes from a quantized input."""
        return self.dq(self.input(*shape, dtype=dtype), *p)

    def out(self, x: Value, p: Params = (0.1, -4), dtype: DType = S8) -> Graph:
        """The graph whose output is `x`, quantized."""
        self.graph.outputs.append(self.q(x, *p, dtype=dtype))
        return self.graph


Build = Callable[[], Graph]


def compiled(build: Build, passes: Sequence[Pass] | None = None) -> Graph:
    """`build()` after the passes, by default all of them, with the verifier between."""
    graph = build()
    verify(graph)
    run_pipeline(graph, pipeline() if passes is None else passes, [Verifier(verify)])
    return graph


def random_inputs(graph: Graph, seed: int = 0) -> list[Array]:
    """Integers of the whole range, floats of a few units."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(v.type.dtype.min, v.type.dtype.max, v.type.shape, endpoint=True).astype(
            v.type.dtype.numpy
        )
        if v.type.dtype.is_integer
        else rng.normal(0, 2, v.type.shape).astype(np.float32)
        for v in graph.inputs
    ]


def assert_close(before: Graph, after: Graph, same: float = 0.99) -> None:
    """Equal but for 1 LSB in few elements (floats: but for rounding errors)."""
    for seed in range(3):
        data = random_inputs(before, seed)
        wanted, got = run(before, data), run(after, data)
        for (name, a), b in zip(wanted.items(), got.values(), strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape), name
            if a.dtype.kind == "f":
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
                continue
            difference = np.abs(a.astype(np.int64) - b.astype(np.int64))
            assert difference.max(initial=0) <= 1, name
            assert np.mean(difference == 0) >= same, f"{name}: {np.mean(difference == 0)}"


def island(build: Build, same: float = 0.99) -> list[Node]:
    """The nodes that `build()` becomes; they compute the same within 1 LSB."""
    after = compiled(build)
    assert_close(build(), after, same)
    return after.nodes


def names(nodes: Sequence[Node]) -> list[str]:
    """Operators but for views."""
    return [n.op.name for n in nodes if n.op.name not in ("Reshape", "Transpose")]


def is_integer(graph: Graph) -> bool:
    """True if no float value is left."""
    return not any(v.type.dtype.is_float for n in graph.nodes for v in (*n.operands, *n.outputs))


def random_weights(*shape: int, dtype: DType = S8, seed: int = 5) -> npt.NDArray[np.generic]:
    """Weights over the whole range of an integer type."""
    rng = np.random.default_rng(seed)
    return rng.integers(dtype.min, dtype.max, shape, endpoint=True).astype(dtype.numpy)
