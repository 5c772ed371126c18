"""Islands of elementwise operators, means and Softmax, and tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ops.activation import HardSigmoid, HardSwish, LeakyRelu, Relu, Sigmoid
from edgec.ops.elementwise import Add, Div, Mul, Sub
from edgec.ops.pool import AveragePool
from edgec.ops.quantized import QAdd, QReduceMean
from edgec.ops.quantized_window import QAveragePool
from edgec.ops.reduce import ReduceMean
from edgec.ops.select import Clip, Max, Min
from edgec.ops.softmax import Softmax
from edgec.ops.unary import Exp, Neg, Tanh
from tests.unit.passes.quantized import Net, assert_close, compiled, is_integer, island, names

A, B = (0.0517, 3), (0.0831, -20)  # no ties: where results lie between two codes
Y = (0.1137, 7)
SAME = (A[0], -9)
TIES = 0.7  # of the results of one scale are no ties, which float arithmetic breaks by chance


def of_two(
    op: Add | Sub | Mul, a: tuple[int, ...] = (2, 3, 5), b: tuple[int, ...] = (2, 3, 5)
) -> Callable[[], Graph]:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(op, n.real(*a, p=A), n.real(*b, p=B)), Y)

    return build


def of_one(f: Callable[[Net, Value], Value], y: tuple[float, int] = Y) -> Callable[[], Graph]:
    """Quantize(f(Dequantize(x))) of every s8."""

    def build() -> Graph:
        n = Net()
        return n.out(f(n, n.real(16, 16, p=A)), y)

    return build


# two tensors -------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [((2, 3, 5), (2, 3, 5)), ((2, 3, 5), (5,)), ((3, 1), (1, 5))])
@pytest.mark.parametrize(("op", "name"), [(Add(), "QAdd"), (Sub(), "QAdd"), (Mul(), "QMul")])
def test_arithmetic_of_two_tensors_becomes_integer(
    op: Add | Sub | Mul, name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    assert names(island(of_two(op, *shapes))) == [name]


@pytest.mark.parametrize("op", [Add(), Sub(), Mul()])
def test_the_larger_operand_comes_first(op: Add | Sub | Mul) -> None:
    (node,) = island(of_two(op, (1, 5), (3, 5)))
    assert [v.type.shape for v in node.operands] == [(3, 5), (1, 5)]


def test_relu_behind_a_sum_is_its_lower_limit() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Relu(), n.add(Add(), n.real(4, 5, p=A), n.real(4, 5, p=B))), Y)

    (node,) = island(build)
    assert isinstance(node.op, QAdd) and (node.op.lo, node.op.hi) == (7, 127)


def test_a_quantized_constant_is_an_operand_like_any_other() -> None:
    def build() -> Graph:
        n = Net()
        data = np.arange(-10, 10, 4).astype(np.int8)
        return n.out(n.add(Add(), n.real(4, 5, p=A), n.dq(n.graph.constant(data), 0.1, 2)), Y)

    assert names(island(build)) == ["QAdd"]


@pytest.mark.parametrize("op", [Add(), Mul(), Sub()], ids=lambda o: o.name)
def test_a_tensor_with_itself_is_a_table(op: Add | Mul | Sub) -> None:
    assert names(island(of_one(lambda n, x: n.add(op, x, x)))) == ["Lut"]


def test_division_of_two_tensors_stays_in_float() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Div(), n.real(4, 5, p=A), n.real(4, 5, p=(0.5, -200 + 72))), Y)

    after = compiled(build)
    assert not is_integer(after)
    assert_close(build(), after)


# tables ------------------------------------------------------------------------------


def scalar(n: Net, value: float) -> Value:
    return n.constant(value)


ONE: dict[str, Callable[[Net, Value], Value]] = {
    "sigmoid": lambda n, x: n.add(Sigmoid(), x),
    "tanh": lambda n, x: n.add(Tanh(), x),
    "exp": lambda n, x: n.add(Exp(), x),
    "neg": lambda n, x: n.add(Neg(), x),
    "leaky": lambda n, x: n.add(LeakyRelu(0.1), x),
    "hard swish": lambda n, x: n.add(HardSwish(), x),
    "hard sigmoid": lambda n, x: n.add(HardSigmoid(0.2, 0.5), x),
    "relu": lambda n, x: n.add(Relu(), x),
    "clip": lambda n, x: n.add(Clip(-1.0, 2.0), x),
    "max": lambda n, x: n.add(Max(), x, scalar(n, 0.3)),
    "min": lambda n, x: n.add(Min(), x, scalar(n, 0.3)),
    "add scalar": lambda n, x: n.add(Add(), x, scalar(n, 0.75)),
    "scalar minus": lambda n, x: n.add(Sub(), scalar(n, 0.75), x),
    "scalar divided": lambda n, x: n.add(Div(), scalar(n, 0.75), n.add(Exp(), x)),
    "chain": lambda n, x: n.add(Tanh(), n.add(Mul(), n.add(Sigmoid(), x), scalar(n, 3.0))),
    "swish": lambda n, x: n.add(Mul(), x, n.add(Sigmoid(), x)),
}


@pytest.mark.parametrize("name", ONE)
def test_a_function_of_one_tensor_is_a_table(name: str) -> None:
    build = of_one(ONE[name])
    assert names(island(build, same=1.0)) == ["Lut"]
    assert is_integer(compiled(build))


def test_a_table_equals_the_function_on_every_code() -> None:
    build = of_one(ONE["hard swish"])
    codes = np.arange(256).astype(np.uint8).view(np.int8).reshape(16, 16)
    (wanted,), (got,) = (list(run(g, [codes]).values()) for g in (build(), compiled(build)))
    assert np.abs(wanted.astype(int) - got.astype(int)).max() == 0


def hard_swish_with_steps_between(n: Net, x: Value) -> Value:
    """x * clip(x + 3, 0, 6) / 6, every step of it quantized, as exporters write it."""
    shifted = n.dq(n.q(n.add(Add(), x, scalar(n, 3.0)), 0.06, -40), 0.06, -40)
    clipped = n.dq(n.q(n.add(Clip(0.0, 6.0), shifted), 6 / 255, -128), 6 / 255, -128)
    gate = n.dq(n.q(n.add(Mul(), clipped, scalar(n, 1 / 6)), 1 / 255, -128), 1 / 255, -128)
    return n.add(Mul(), x, gate)


def test_a_chain_with_quantized_steps_between_is_one_table_with_their_rounding() -> None:
    nodes = island(of_one(hard_swish_with_steps_between), same=1.0)
    assert names(nodes) == ["Lut"]


def test_a_quantized_number_is_a_number() -> None:
    def times(n: Net, x: Value) -> Value:
        return n.add(Mul(), x, n.dq(n.graph.constant(np.asarray(90, np.int8)), 0.02, -5))

    assert names(island(of_one(times), same=1.0)) == ["Lut"]


def test_one_tensor_may_be_read_by_two_scales() -> None:
    def build() -> Graph:
        n = Net()
        x = n.input(16, 16)
        return n.out(n.add(Add(), n.dq(x, *A), n.dq(x, *B)), Y)

    assert names(island(build)) == ["Lut"]


def test_tables_of_tables_are_one() -> None:
    def build() -> Graph:
        n = Net()
        y = n.q(n.add(Sigmoid(), n.real(16, 16, p=A)), 1 / 256, -128)
        return n.out(n.add(Exp(), n.dq(y, 1 / 256, -128)), (3 / 256, -128))

    assert names(island(build, same=1.0)) == ["Lut"]


def test_a_table_that_is_read_elsewhere_is_kept_beside_the_next() -> None:
    def build() -> Graph:
        n = Net()
        y = n.q(n.add(Sigmoid(), n.real(16, 16, p=A)), 1 / 256, -128)
        n.graph.outputs.append(y)
        return n.out(n.add(Exp(), n.dq(y, 1 / 256, -128)), (3 / 256, -128))

    assert names(island(build, same=1.0)) == ["Lut", "Lut"]


def test_tables_of_a_value_that_is_read_elsewhere_stay_tables() -> None:
    def build() -> Graph:
        n = Net()
        x = n.real(16, 16, p=A)
        gate = n.q(n.add(Sigmoid(), x), 1 / 256, -128)
        n.graph.outputs.append(gate)
        return n.out(n.add(Mul(), x, n.dq(gate, 1 / 256, -128)), Y)

    nodes = island(build)
    assert set(names(nodes)) <= {"Lut", "QMul"} and "Lut" in names(nodes)


def test_quantizing_again_with_another_scale_is_a_table() -> None:
    assert names(island(of_one(lambda n, x: x), same=1.0)) == ["Lut"]


def test_quantizing_again_with_the_same_scale_is_nothing() -> None:
    def build() -> Graph:
        n = Net()
        again = n.dq(n.q(n.real(4, 4, p=A), *A), *A)
        return n.out(n.add(Sigmoid(), again), Y)

    assert names(island(build)) == ["Lut"]


def test_quantizing_an_input_again_at_once_keeps_an_output_of_its_own() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.real(4, 4, p=A), A)

    after = compiled(build)
    assert_close(build(), after, same=1.0)
    assert after.outputs[0] not in after.inputs


def test_a_function_that_gives_no_number_saturates() -> None:
    def build() -> Graph:
        n = Net()
        root = n.add(Div(), scalar(n, 1.0), n.real(16, 16, p=(0.05, 0)))
        return n.out(root, Y)

    after = compiled(build)
    codes = np.arange(256).astype(np.uint8).view(np.int8).reshape(16, 16)
    (wanted,), (got,) = (list(run(g, [codes]).values()) for g in (build(), after))
    np.testing.assert_array_equal(got, wanted)
    assert names(after.nodes) == ["Lut"]


# means -------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y, A, SAME], ids=["rescaled", "same", "same scale"])
@pytest.mark.parametrize("axes", [(1,), (1, 2), (0, 1, 2)])
def test_a_mean_becomes_integer(axes: tuple[int, ...], y: tuple[float, int]) -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(ReduceMean(axes), n.real(3, 6, 8, p=A)), y)

    nodes = island(build, same=0.99 if y == Y else TIES)
    (op,) = [n.op for n in nodes if isinstance(n.op, QReduceMean)]
    assert op.same_scale == (y[0] == A[0])


@pytest.mark.parametrize("y", [Y, SAME], ids=["rescaled", "same scale"])
@pytest.mark.parametrize("counted", [False, True], ids=["inside", "padding counts"])
@pytest.mark.parametrize(
    ("kernel", "strides", "pads"),
    [
        ((2, 2), (2, 2), (0, 0, 0, 0)),
        ((3, 2), (1, 2), (1, 0, 2, 1)),
        ((3, 3), (2, 2), (1, 1, 1, 1)),
    ],
)
def test_an_average_pool_counts_its_borders_as_in_float(
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    pads: tuple[int, ...],
    counted: bool,
    y: tuple[float, int],
) -> None:
    def build() -> Graph:
        n = Net()
        op = AveragePool(kernel, strides, pads, (1, 1), count_include_pad=counted)
        return n.out(n.add(op, n.real(1, 3, 9, 8, p=A)), y)

    nodes = island(build, same=TIES if y == SAME else 0.99)
    assert names(nodes) == ["QAveragePool"]
    assert any(isinstance(n.op, QAveragePool) for n in nodes)


# softmax -----------------------------------------------------------------------------


@pytest.mark.parametrize("x", [(0.05, 3), (0.3, -128)])
def test_softmax_over_the_last_axis_becomes_integer(x: tuple[float, int]) -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Softmax(1), n.real(20, 12, p=x)), (1 / 256, -128))

    assert names(island(build)) == ["QSoftmax"]


def test_softmax_over_another_axis_is_right_too() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Softmax(1), n.real(2, 12, 5, p=A)), (1 / 256, -128))

    assert_close(build(), compiled(build))
