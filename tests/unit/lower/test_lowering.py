"""What is fused, what is stored, and where it lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.loops.buffer import Storage
from edgec.loops.expr import Call, Load
from edgec.loops.stmt import expressions as stmt_expressions
from edgec.loops.stmt import loads, subexpressions, walk
from edgec.loops.verify import verify_program
from edgec.lower.lowering import lower_graph, number_steps
from edgec.lower.program import Program
from edgec.ops.activation import Relu, Sigmoid
from edgec.ops.elementwise import Add, Mul, Sub
from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.move import Concat, Slice, Transpose
from edgec.ops.quantized import Lut
from edgec.ops.reduce import ReduceMean
from edgec.ops.shape import Reshape
from edgec.ops.softmax import Softmax
from edgec.ops.sort import TopK
from edgec.ops.unary import Exp
from tests.support.batch import Case, run_cases

Array = npt.NDArray[np.generic]
Build = Callable[..., Value | Sequence[Value]]
TEMP, OUTPUT, INPUT = Storage.TEMP, Storage.OUTPUT, Storage.INPUT


def graph(build: Build, *shapes: tuple[int, ...], dtype: DType = DType.F32) -> Graph:
    """The graph that `build(graph, *inputs)` makes."""
    g = Graph("test")
    for k, shape in enumerate(shapes):
        g.inputs.append(g.value(f"x{k}", TensorType(dtype, shape)))
    made = build(g, *g.inputs)
    g.outputs.extend([made] if isinstance(made, Value) else made)
    return g


def lowered(build: Build, *shapes: tuple[int, ...], dtype: DType = DType.F32) -> Program:
    program = number_steps(lower_graph(graph(build, *shapes, dtype=dtype)))
    verify_program(program)
    return program


def ops(program: Program) -> list[str]:
    return [step.op for step in program.steps]


def calls(program: Program) -> list[str]:
    """Functions that are called, in the order of the text."""
    return [
        e.function
        for step in program.steps
        for stmt in walk(step.body)
        for root in stmt_expressions(stmt)
        for e in subexpressions(root)
        if isinstance(e, Call)
    ]


# fusion ------------------------------------------------------------------------------


def test_a_chain_of_elementwise_operators_is_one_step() -> None:
    p = lowered(lambda g, x: g.add(Exp(), g.add(Relu(), g.add(Mul(), x, x))), (3, 4))
    (step,) = p.steps
    assert [b.name for b in step.reads] == ["x0"]
    assert step.inplace == ((0, 0),)


def test_what_several_operators_read_is_stored() -> None:
    def build(g: Graph, x: Value) -> list[Value]:
        e = g.add(Exp(), x)
        return [g.add(Relu(), e), g.add(Sigmoid(), e)]

    p = lowered(build, (3, 4))
    assert ops(p) == ["Exp", "Relu", "Sigmoid"]
    assert p.steps[0].writes[0].storage is TEMP


def test_an_operand_that_is_given_twice_is_computed_once() -> None:
    def build(g: Graph, x: Value) -> Value:
        e = g.add(Exp(), x)
        return g.add(Mul(), e, e)

    p = lowered(build, (3, 4))
    assert len(p.steps) == 1 and calls(p) == ["expf"]


def test_a_part_that_is_copied_twice_is_computed_once() -> None:
    def build(g: Graph, x: Value) -> Value:
        e = g.add(Exp(), x)
        return g.add(Concat(0), e, e)

    p = lowered(build, (3, 4))
    assert ops(p) == ["Exp", "Concat"] and calls(p) == ["expf"]


def test_what_is_read_again_and_again_is_stored() -> None:
    def build(g: Graph, x: Value) -> Value:
        return g.add(MatMul(), g.add(Exp(), x), g.constant(np.ones((4, 5), np.float32)))

    p = lowered(build, (3, 4))
    assert ops(p) == ["Exp", "MatMul"]


def test_a_row_is_computed_before_it_is_broadcast() -> None:
    def build(g: Graph, x: Value, row: Value) -> Value:
        return g.add(Add(), x, g.add(Exp(), row))

    assert ops(lowered(build, (3, 4), (4,))) == ["Exp", "Add"]
    assert len(lowered(build, (3, 4), (3, 4)).steps) == 1


def test_an_operator_ends_in_its_reader() -> None:
    def build(g: Graph, x: Value) -> Value:
        w = g.constant(np.ones((4, 5), np.float32))
        return g.add(Relu(), g.add(Gemm(), x, w))

    p = lowered(build, (3, 4))
    assert ops(p) == ["Gemm"] and p.steps[0].macs == 3 * 4 * 5


@pytest.mark.parametrize(
    "view", [Transpose((1, 0)), Slice((1, 0), (1, 1), (2, 4)), Reshape((12,))], ids=lambda o: o.name
)
def test_a_view_of_something_stored_costs_no_step(view: Transpose | Slice | Reshape) -> None:
    def build(g: Graph, x: Value) -> list[Value]:
        seen = g.add(view, x)
        return [g.add(Exp(), seen), g.add(Softmax(0), seen)]

    assert set(ops(lowered(build, (3, 4)))) == {"Exp", "Softmax"}


def test_a_view_of_something_computed_is_computed_once() -> None:
    def build(g: Graph, x: Value) -> list[Value]:
        seen = g.add(Transpose((1, 0)), g.add(Exp(), x))
        return [g.add(Relu(), seen), g.add(Sigmoid(), seen)]

    assert ops(lowered(build, (3, 4))) == ["Exp", "Relu", "Sigmoid"]


def test_a_table_is_read_from_a_buffer() -> None:
    def build(g: Graph, x: Value) -> Value:
        table = g.constant(np.arange(256).astype(np.uint8).view(np.int8), "table")
        return g.add(Lut(), x, table)

    p = lowered(build, (3, 4), dtype=DType.I8)
    assert [b.name for b in p.constants] == ["table"]


# boundary ----------------------------------------------------------------------------


def test_outputs_have_storage_of_their_own() -> None:
    def build(g: Graph, x: Value) -> list[Value]:
        e = g.add(Exp(), x)
        return [e, g.add(Relu(), e)]

    p = lowered(build, (3, 4))
    assert [port.buffer.storage for port in p.outputs] == [OUTPUT, OUTPUT]
    assert len(p.steps) == 2


def test_another_shape_of_an_output_is_no_copy() -> None:
    p = lowered(lambda g, x: g.add(Reshape((12,)), g.add(Exp(), x)), (3, 4))
    assert ops(p) == ["Exp"]
    assert p.outputs[0].shape == (12,) and p.outputs[0].buffer.storage is OUTPUT


def test_a_value_and_its_reshape_may_both_be_outputs() -> None:
    def build(g: Graph, x: Value) -> list[Value]:
        e = g.add(Exp(), x)
        return [e, g.add(Reshape((12,)), e)]

    p = lowered(build, (3, 4))
    assert ops(p) == ["Exp"] and p.outputs[0].buffer is p.outputs[1].buffer


def test_an_input_that_is_an_output_is_copied() -> None:
    p = lowered(lambda g, x: g.add(Reshape((12,)), x), (3, 4))
    assert ops(p) == ["Copy"] and p.inputs[0].buffer is not p.outputs[0].buffer


def test_a_constant_output_is_copied() -> None:
    p = lowered(lambda g, x: g.constant(np.ones(3, np.float32), "one"), (3, 4))
    assert ops(p) == ["Copy"] and [b.name for b in p.constants] == ["one"]


def test_results_that_nobody_reads_are_no_outputs() -> None:
    def build(g: Graph, x: Value) -> Value:
        node = g.node(TopK(1, 2), [x])
        g.nodes.append(node)
        return node.outputs[1]

    p = lowered(build, (3, 4))
    assert [b.storage for b in p.steps[0].writes] == [TEMP, OUTPUT]


def test_a_tensor_without_elements_makes_no_step() -> None:
    p = lowered(lambda g, x: g.add(Exp(), x), (0, 4))
    assert p.steps == () and p.outputs[0].buffer.size == 0


def test_steps_are_numbered_and_named_by_what_they_do() -> None:
    def build(g: Graph, x: Value) -> Value:
        half = g.add(Exp(), g.add(Transpose((1, 0)), x), origin=("first",))
        return g.add(Softmax(1), half, origin=("second",))

    p = lowered(build, (3, 4))
    assert [s.name for s in p.steps] == ["l00_exp", "l01_softmax"]
    assert [s.nodes for s in p.steps] == [("first",), ("second",)]
    assert [s.value for s in p.steps] == ["exp", "softmax"]


def test_an_operator_that_lowers_to_another_type_is_a_bug() -> None:
    class Liar(Relu):
        def infer(self, *types: TensorType) -> TensorType:
            return types[0].with_shape((5,))

    with pytest.raises(TypeError, match="lowers to"):
        lowered(lambda g, x: g.add(Liar(), x), (3, 4))


def test_reads_are_what_the_step_loads() -> None:
    def build(g: Graph, a: Value, b: Value) -> Value:
        return g.add(Sub(), g.add(Exp(), a), b)

    (step,) = lowered(build, (3, 4), (3, 4)).steps
    assert {load.buffer for load in loads(step.body)} == set(step.reads)
    assert all(isinstance(e, Load) for e in loads(step.body))


# execution ---------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A random graph of square tensors: fusion, views, several readers, broadcasts, reductions."""
    g = Graph("random")
    side = 3
    square = TensorType(DType.F32, (side, side))
    g.inputs = [g.value(f"x{k}", square) for k in range(2)]
    pool = list(g.inputs)
    pool.append(g.constant(np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3), "c"))
    for _ in range(draw(st.integers(1, 8))):
        a, b = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        kind = draw(st.integers(0, 8))
        simple = [Relu(), Sigmoid(), Transpose((1, 0)), Softmax(1)]
        if kind < 4:
            new = g.add(simple[kind], a)
        elif kind < 7:
            new = g.add([Add(), Mul(), Sub()][kind - 4], a, b)
        elif kind == 7:
            new = g.add(Sub(), a, g.add(ReduceMean((draw(st.integers(0, 1)),)), b))
        else:
            new = g.add(Slice((0, 1), (1, 1), (3, 3)), g.add(Concat(1), a, b))
        pool.append(new)
    made = [v for v in pool if v not in g.inputs and v not in g.constants]
    g.outputs = list(dict.fromkeys([made[-1], *draw(st.lists(st.sampled_from(made), max_size=2))]))
    g.prune()
    return g


def random_graphs(count: int) -> list[Graph]:
    """The first graphs that hypothesis thinks of."""
    found: list[Graph] = []

    @given(graphs())
    def collect(g: Graph) -> None:
        found.append(g)

    collect()
    return found[:count]


def test_random_graphs_compute_what_their_references_say() -> None:
    chosen = random_graphs(40)
    rng = np.random.default_rng(0)
    cases = []
    for g in chosen:
        data = tuple(rng.normal(size=v.type.shape).astype(np.float32) for v in g.inputs)
        cases.append(Case(g, data))
    for case, got in zip(cases, run_cases(cases), strict=True):
        wanted = run(case.graph, case.inputs)
        for value, array in zip(case.graph.outputs, got, strict=True):
            np.testing.assert_allclose(array, wanted[value.name], rtol=1e-5, atol=1e-5)


def image_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the buffer of an input [1, 1, 4, 6] that is only read as `shapes`."""
    program = lowered(
        lambda g, x: [g.add(Sigmoid(), g.add(Reshape(s), x)) for s in shapes], (1, 1, 4, 6)
    )
    assert program.inputs[0].shape == (1, 1, 4, 6)
    return program.inputs[0].buffer.shape


def test_an_image_of_one_channel_has_the_rows_that_are_read() -> None:
    assert image_shape((1, 4, 6, 1)) == (1, 4, 6, 1)
    assert image_shape((24,)) == image_shape((1, 4, 6, 1), (1, 24)) == (1, 1, 4, 6)
