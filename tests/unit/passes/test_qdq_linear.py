"""Islands of convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType
from edgec.ops.activation import LeakyRelu, Relu
from edgec.ops.conv import Conv
from edgec.ops.elementwise import Add
from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.quantized import QGemm
from edgec.ops.quantized_matmul import QBatchMatMul
from edgec.ops.quantized_window import QConv
from edgec.ops.select import Clip
from tests.unit.passes.quantized import (
    S8,
    U8,
    Net,
    assert_close,
    compiled,
    is_integer,
    island,
    names,
    random_weights,
)

CONV = Conv((1, 1), (1, 1, 1, 1), (1, 1), 1)
BIAS = np.linspace(-4, 4, 5)
Middle = Callable[[Net, Value], Value]


def conv(
    *,
    w_dtype: DType = S8,
    w_scale: object = 0.004,
    w_zp: object = 0,
    bias: str = "none",
    middle: Middle = lambda n, y: y,
    x_dtype: DType = S8,
    x_zp: int = 3,
    op: Conv = CONV,
    channels: int = 3,
    out: int = 5,
) -> Callable[[], Graph]:
    """Quantize(middle(Conv(Dequantize(x), Dequantize(w), bias)))."""

    def build() -> Graph:
        n = Net()
        x = n.real(1, channels, 6, 7, p=(0.02, x_zp), dtype=x_dtype)
        data = random_weights(out, channels // op.group, 3, 3, dtype=w_dtype)
        w = n.dq(n.constant(data, w_dtype), w_scale, w_zp)
        biases: dict[str, Callable[[], Value | None]] = {
            "none": lambda: None,
            "float": lambda: n.constant(np.resize(BIAS, out)),
            "s32": lambda: n.dq(
                n.constant(np.resize(BIAS * 1e4, out), DType.I32),
                np.float32(0.02) * np.asarray(w_scale, np.float32).reshape(-1),
            ),
            "other scale": lambda: n.dq(n.constant(np.resize(BIAS * 10, out), S8), 0.1, 2),
        }
        operand = biases[bias]()
        return n.out(middle(n, n.add(op, x, w, *([operand] if operand else []))), (0.2, -9))

    return build


CHANNELS = np.linspace(0.001, 0.006, 5, dtype=np.float32).reshape(5, 1, 1, 1)


@pytest.mark.parametrize("bias", ["none", "float", "s32", "other scale"])
@pytest.mark.parametrize(
    ("w_dtype", "w_scale", "w_zp"),
    [
        (S8, 0.004, 0),
        (S8, CHANNELS, np.zeros_like(CHANNELS)),
        (S8, 0.004, 7),
        (U8, 0.004, 128),
        (U8, 0.004, 90),
        (U8, CHANNELS, np.arange(100, 105).reshape(CHANNELS.shape)),
    ],
    ids=["tensor", "channel", "zero point", "u8", "u8 zero point", "u8 channel"],
)
def test_a_convolution_becomes_integer(
    bias: str, w_dtype: DType, w_scale: object, w_zp: object
) -> None:
    build = conv(w_dtype=w_dtype, w_scale=w_scale, w_zp=w_zp, bias=bias)
    assert names(island(build)) == ["QConv"]
    assert is_integer(compiled(build))


@pytest.mark.parametrize("x_zp", [0, 128, 255, 17])
def test_unsigned_activations_are_signed_inside(x_zp: int) -> None:
    nodes = island(conv(x_dtype=U8, x_zp=x_zp))
    assert names(nodes) == ["FlipSign", "QConv"]
    op = nodes[-1].op if isinstance(nodes[-1].op, QConv) else nodes[-2].op
    assert isinstance(op, QConv) and op.x_zp == x_zp - 128


@pytest.mark.parametrize("x_zp", [-128, -3, 127])
def test_padding_has_the_value_of_the_zero_point(x_zp: int) -> None:
    assert names(island(conv(x_zp=x_zp))) == ["QConv"]


@pytest.mark.parametrize(
    ("op", "channels", "out"),
    [
        (Conv((1, 1), (1, 1, 1, 1), (1, 1), 4), 4, 4),
        (Conv((1, 1), (1, 1, 1, 1), (1, 1), 4), 4, 8),
        (Conv((2, 1), (0, 1, 1, 0), (1, 2), 2), 4, 6),
    ],
    ids=["depthwise", "multiplied", "grouped"],
)
def test_groups_strides_and_dilations_stay(op: Conv, channels: int, out: int) -> None:
    scales = np.linspace(0.002, 0.006, out, dtype=np.float32).reshape(-1, 1, 1, 1)
    zeros = np.zeros(scales.shape)
    assert names(island(conv(op=op, channels=channels, out=out, w_scale=scales, w_zp=zeros))) == [
        "QConv"
    ]


@pytest.mark.parametrize(
    ("middle", "lo", "hi"),
    [
        (lambda n, y: n.add(Relu(), y), -9, 127),
        (lambda n, y: n.add(Clip(0.0, 6.0), y), -9, 21),
        (lambda n, y: n.add(Clip(None, 1.0), n.add(Relu(), y)), -9, -4),
        (lambda n, y: n.add(Clip(-1.0, 100.0), y), -14, 127),
    ],
    ids=["relu", "relu6", "both", "clip"],
)
def test_bounds_become_limits_of_the_result(middle: Middle, lo: int, hi: int) -> None:
    nodes = island(conv(middle=middle, bias="float"))
    (op,) = [n.op for n in nodes if isinstance(n.op, QConv)]
    assert (names(nodes), op.lo, op.hi) == (["QConv"], lo, hi)


def test_relu_behind_a_quantize_becomes_a_table_or_a_limit() -> None:
    def build() -> Graph:
        g = conv()()
        n = Net(g)
        y = n.dq(g.outputs.pop(), 0.2, -9)
        return n.out(n.add(Relu(), y), (0.2, -9))

    assert is_integer(compiled(build))
    assert_close(build(), compiled(build))


def test_another_function_in_between_keeps_the_float_value() -> None:
    build = conv(middle=lambda n, y: n.add(LeakyRelu(0.1), y))
    after = compiled(build)
    assert "QConv" not in names(after.nodes)
    assert_close(build(), after)


def test_a_float_value_that_is_read_elsewhere_keeps_the_convolution() -> None:
    def build() -> Graph:
        n = Net(conv()())
        (q,) = [node for node in n.graph.nodes if node.op.name == "Quantize"]
        n.graph.outputs.append(n.add(LeakyRelu(0.1), q.operands[0]))
        return n.graph

    after = compiled(build)
    assert "QConv" not in names(after.nodes)
    assert_close(build(), after)


def test_a_scale_per_input_channel_is_no_integer_convolution() -> None:
    scales = np.linspace(0.001, 0.006, 3, dtype=np.float32).reshape(1, 3, 1, 1)
    build = conv(w_scale=scales, w_zp=np.zeros(scales.shape))
    after = compiled(build)
    assert "QConv" not in names(after.nodes)
    assert_close(build(), after)


def test_a_channel_of_zero_weights_keeps_its_bias() -> None:
    def build() -> Graph:
        n = Net()
        data = random_weights(5, 3, 3, 3)
        data[2] = 0
        scales = np.full((5, 1, 1, 1), 0.004, np.float32)
        scales[2] = 1e-12
        w = n.dq(n.constant(data, S8), scales, np.zeros(scales.shape))
        y = n.add(CONV, n.real(1, 3, 6, 7, p=(0.02, 3)), w, n.constant(BIAS))
        return n.out(y, (0.2, -9))

    assert "QConv" in names(island(build)) or is_integer(compiled(build))


def test_an_accumulator_that_may_overflow_is_an_error() -> None:
    def build() -> Graph:
        n = Net()
        w = n.dq(n.constant(np.full((2, 200_000), 127), S8), 0.01)
        return n.out(n.add(Gemm(trans_b=True), n.real(1, 200_000), w))

    with pytest.raises(EdgecError) as error:
        compiled(build)
    assert error.value.diagnostics[0].code == "E0301"


# matrix products ---------------------------------------------------------------------


def gemm(
    op: Gemm | MatMul, shape: tuple[int, ...], axis: int, *, per_channel: bool, bias: bool
) -> Callable[[], Graph]:
    def build() -> Graph:
        n = Net()
        x = n.real(*shape, p=(0.02, -7))
        size = (6, 5) if axis == 0 else (5, 6)
        scale: float | np.ndarray = 0.01
        if per_channel:
            scale = np.linspace(0.005, 0.02, 6, dtype=np.float32).reshape(
                (6, 1) if axis == 0 else (1, 6)
            )
        w = n.dq(n.constant(random_weights(*size), S8), scale, np.zeros(np.shape(scale)))
        y = n.add(op, x, w, *([n.constant(np.linspace(-1, 1, 6))] if bias else []))
        return n.out(y, (0.05, 11))

    return build


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize(
    ("op", "shape", "axis", "bias"),
    [
        (Gemm(trans_b=True), (3, 5), 0, True),
        (Gemm(), (3, 5), 1, True),
        (Gemm(), (3, 5), 1, False),
        (MatMul(), (3, 5), 1, False),
        (MatMul(), (2, 3, 5), 1, False),
    ],
    ids=["transposed", "plain", "no bias", "matmul", "batched matmul"],
)
def test_a_matrix_product_with_weights_becomes_integer(
    op: Gemm | MatMul, shape: tuple[int, ...], axis: int, bias: bool, per_channel: bool
) -> None:
    nodes = island(gemm(op, shape, axis, per_channel=per_channel, bias=bias))
    assert names(nodes) == ["QGemm"]
    assert any(isinstance(n.op, QGemm) and n.op.x_zp == -7 for n in nodes)


def test_factors_other_than_one_keep_the_product_in_float() -> None:
    build = gemm(Gemm(alpha=0.5), (3, 5), 1, per_channel=False, bias=True)
    after = compiled(build)
    assert_close(build(), after)


@pytest.mark.parametrize("shapes", [((3, 5), (5, 4)), ((2, 3, 5), (2, 5, 4)), ((2, 3, 5), (5, 4))])
def test_a_product_of_two_activations_becomes_integer(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    def build() -> Graph:
        n = Net()
        a, b = n.real(*shapes[0], p=(0.02, 5)), n.real(*shapes[1], p=(0.03, -11))
        return n.out(n.add(MatMul(), a, b), (0.1, 2))

    nodes = island(build)
    assert names(nodes) == ["QBatchMatMul"]
    assert any(isinstance(n.op, QBatchMatMul) for n in nodes)


def test_matmul_with_an_added_bias_is_one_operator() -> None:
    def build() -> Graph:
        n = Net()
        w = n.dq(n.constant(random_weights(5, 6), S8), 0.01)
        y = n.add(MatMul(), n.real(3, 5, p=(0.02, -7)), w)
        return n.out(n.add(Add(), y, n.constant(np.linspace(-1, 1, 6))), (0.05, 11))

    assert names(island(build)) == ["QGemm"]
