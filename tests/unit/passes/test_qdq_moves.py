"""Data movement on integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Op
from edgec.ops.conv import Conv
from edgec.ops.gather import Gather
from edgec.ops.move import Concat, Slice, Transpose
from edgec.ops.pad import Pad, PadMirror
from edgec.ops.pool import MaxPool
from edgec.ops.quantized_window import QConv
from edgec.ops.reduce import ReduceMax, ReduceMin
from edgec.ops.resize import Resize
from edgec.ops.shape import Expand, Reshape, Tile
from edgec.ops.sort import ArgMax, ArgMin
from edgec.passes.qdq_islands import QdqMoves
from tests.unit.passes.checking import becomes, stays
from tests.unit.passes.quantized import (
    S8,
    Net,
    compiled,
    is_integer,
    island,
    names,
    random_weights,
)

A, B, Y = (0.0517, 3), (0.0831, -20), (0.1137, 7)

DEQUANTIZED = """
    input %x: s8[2,3]
    const %s: f32[] = [0.5]
    const %z: s8[] = [3]
"""


def test_a_dequantize_sinks_below_a_transpose() -> None:
    becomes(
        QdqMoves(),
        DEQUANTIZED
        + """
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %y: f32[3,2] = Transpose(%f) {perm=[1, 0]}
        output %y
        """,
        DEQUANTIZED
        + """
        %t: s8[3,2] = Transpose(%x) {perm=[1, 0]}
        %y: f32[3,2] = Dequantize(%t, %s, %z)
        output %y
        """,
    )


def test_padding_zeros_is_padding_the_zero_point() -> None:
    becomes(
        QdqMoves(),
        DEQUANTIZED
        + """
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %y: f32[2,5] = Pad(%f) {before=[0, 1], after=[0, 1]}
        output %y
        """,
        DEQUANTIZED
        + """
        %t: s8[2,5] = Pad(%x) {before=[0, 1], after=[0, 1], value=3}
        %y: f32[2,5] = Dequantize(%t, %s, %z)
        output %y
        """,
    )


def test_a_quantize_rises_above_a_concat() -> None:
    becomes(
        QdqMoves(),
        DEQUANTIZED
        + """
        input %g: f32[2,3]
        const %t: f32[] = [0.25]
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %c: f32[4,3] = Concat(%f, %g) {axis=0}
        %y: s8[4,3] = Quantize(%c, %t, %z) {dtype=s8}
        output %y
        """,
        DEQUANTIZED
        + """
        input %g: f32[2,3]
        const %t: f32[] = [0.25]
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %a: s8[2,3] = Quantize(%f, %t, %z) {dtype=s8}
        %b: s8[2,3] = Quantize(%g, %t, %z) {dtype=s8}
        %y: s8[4,3] = Concat(%a, %b) {axis=0}
        output %y
        """,
    )


def test_a_quantize_rises_above_a_pool() -> None:
    head = """
        input %g: f32[1,2,4]
        const %s: f32[] = [0.5]
        const %z: s8[] = [3]
        %h: f32[1,2,4] = Exp(%g)
    """
    pool = "{kernel=[2], strides=[2], pads=[0, 0], dilations=[1]}"
    becomes(
        QdqMoves(),
        head
        + f"""
        %p: f32[1,2,2] = MaxPool(%h) {pool}
        %y: s8[1,2,2] = Quantize(%p, %s, %z) {{dtype=s8}}
        output %y
        """,
        head
        + f"""
        %q: s8[1,2,4] = Quantize(%h, %s, %z) {{dtype=s8}}
        %y: s8[1,2,2] = MaxPool(%q) {pool}
        output %y
        """,
    )


def test_equal_scales_are_joined_as_integers() -> None:
    inputs = "input %x: s8[2,3]\ninput %w: s8[2,3]\nconst %s: f32[] = [0.5]\nconst %z: s8[] = [3]\n"
    becomes(
        QdqMoves(),
        inputs
        + """
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %g: f32[2,3] = Dequantize(%w, %s, %z)
        %y: f32[4,3] = Concat(%f, %g) {axis=0}
        output %y
        """,
        inputs
        + """
        %c: s8[4,3] = Concat(%x, %w) {axis=0}
        %y: f32[4,3] = Dequantize(%c, %s, %z)
        output %y
        """,
    )


def test_the_largest_is_found_among_integers() -> None:
    becomes(
        QdqMoves(),
        DEQUANTIZED
        + """
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %y: s64[2,1] = ArgMax(%f) {axis=1}
        output %y
        """,
        "input %x: s8[2,3]\n%y: s64[2,1] = ArgMax(%x) {axis=1}\noutput %y",
    )


@pytest.mark.parametrize(
    "text",
    [
        "%y: f32[2,3] = Sigmoid(%f)\noutput %y",
        "%y: f32[2,5] = Pad(%f) {before=[0, 1], after=[0, 1], value=1.0}\noutput %y",
    ],
    ids=["function", "other padding"],
)
def test_what_changes_values_stays(text: str) -> None:
    stays(QdqMoves(), DEQUANTIZED + "%f: f32[2,3] = Dequantize(%x, %s, %z)\n" + text)


def test_a_scale_per_channel_does_not_move() -> None:
    stays(
        QdqMoves(),
        """
        input %x: s8[2,3]
        const %s: f32[2,1] = [0.5, 0.25]
        const %z: s8[2,1] = [0, 0]
        %f: f32[2,3] = Dequantize(%x, %s, %z)
        %y: f32[3,2] = Transpose(%f) {perm=[1, 0]}
        output %y
        """,
    )


MOVES: dict[str, Callable[[], Op]] = {
    "Reshape": lambda: Reshape((1, 4, 30)),
    "Transpose": lambda: Transpose((0, 3, 1, 2)),
    "Slice": lambda: Slice((0, 1, 0, 5), (1, 1, 2, -1), (1, 2, 2, 3)),
    "Expand": lambda: Expand((2, 4, 5, 6)),
    "Tile": lambda: Tile((1, 2, 1, 1)),
    "Pad": lambda: Pad((0, 0, 1, 1), (0, 0, 0, 2)),
    "PadMirror": lambda: PadMirror((0, 0, 1, 1), (0, 0, 0, 2), "reflect"),
    "MaxPool": lambda: MaxPool((2, 3), (1, 2), (0, 1, 1, 1), (1, 1)),
    "Resize": lambda: Resize((1, 4, 10, 12), (1.0, 1.0, 2.0, 2.0)),
    "ReduceMax": lambda: ReduceMax((1, 3)),
    "ReduceMin": lambda: ReduceMin((2,)),
}


@pytest.mark.parametrize("name", MOVES)
def test_movement_between_quantized_operators_is_on_integers(name: str) -> None:
    def build() -> Graph:
        n = Net()
        x = n.dq(n.q(n.add(Sigmoid(), n.real(1, 4, 5, 6, p=A)), 1 / 256, -128), 1 / 256, -128)
        return n.out(n.add(MOVES[name](), x), (1 / 256, -128))

    nodes = island(build, same=1.0)
    assert "Lut" in names(nodes) and is_integer(compiled(build))


def test_an_embedding_of_quantized_rows_is_on_integers() -> None:
    def build() -> Graph:
        n = Net()
        rows = n.dq(n.constant(random_weights(7, 4), S8), *A)
        which = n.input(3, dtype=DType.I32)
        clipped = n.add(Slice((0,), (1,), (3,)), which)
        return n.out(n.add(Gather(0), rows, clipped), A)

    after = compiled(build)
    assert "Dequantize" not in names(after.nodes)


@pytest.mark.parametrize("op", [ArgMax(1), ArgMin(1)], ids=lambda o: o.name)
def test_positions_of_extremes_are_right(op: Op) -> None:
    def build() -> Graph:
        n = Net()
        n.graph.outputs.append(n.add(op, n.real(3, 9, p=A)))
        return n.graph

    nodes = island(build, same=1.0)
    assert op.name in names(nodes)


# concat ------------------------------------------------------------------------------


def joined(*parts: tuple[float, int]) -> Callable[[], Graph]:
    def build() -> Graph:
        n = Net()
        values = [n.real(2, k + 2, 3, p=p) for k, p in enumerate(parts)]
        return n.out(n.add(Concat(1), *values), Y)

    return build


def test_parts_of_a_float_result_are_quantized_together() -> None:
    def build() -> Graph:
        n = Net()
        w = n.dq(n.constant(random_weights(6, 3, 3, 3), S8), 0.004)
        y = n.add(Conv((1, 1), (1, 1, 1, 1), (1, 1), 1), n.real(1, 3, 4, 4, p=A), w)
        for k in range(2):
            half = n.add(Slice((0, 3 * k, 0, 0), (1,) * 4, (1, 3, 4, 4)), y)
            n.graph.outputs.append(n.q(half, *Y))
        return n.graph

    assert names(island(build)).count("QConv") == 1 and is_integer(compiled(build))


def test_a_pool_between_a_convolution_and_its_quantize_is_on_integers() -> None:
    def build() -> Graph:
        n = Net()
        w = n.dq(n.constant(random_weights(6, 3, 3, 3), S8), 0.004)
        y = n.add(Conv((1, 1), (1, 1, 1, 1), (1, 1), 1), n.real(1, 3, 4, 4, p=A), w)
        return n.out(n.add(MaxPool((2, 2), (2, 2), (0, 0, 0, 0), (1, 1)), y), Y)

    assert names(island(build)) == ["QConv", "MaxPool"]


def test_joined_parts_of_one_scale_are_rescaled_together() -> None:
    def build() -> Graph:
        n = Net()
        both = n.add(Concat(1), n.real(2, 3, p=A), n.real(2, 4, p=A))
        return n.out(n.add(Slice((0, 1), (1, 1), (2, 5)), both), Y)

    assert names(island(build, same=1.0)) == ["Concat", "Slice", "Lut"]


def test_parts_of_other_scales_are_rescaled_by_tables() -> None:
    assert names(island(joined(A, B, Y))) == ["Lut", "Lut", "Concat"]


def test_parts_of_the_same_scale_are_joined_as_they_are() -> None:
    assert names(island(joined(Y, Y), same=1.0)) == ["Concat"]


def test_a_part_that_ends_in_a_convolution_is_quantized_there() -> None:
    def build() -> Graph:
        n = Net()
        x = n.real(1, 3, 4, 4, p=A)
        w = n.dq(n.constant(random_weights(5, 3, 3, 3), S8), 0.004)
        y = n.add(Conv((1, 1), (1, 1, 1, 1), (1, 1), 1), x, w)
        return n.out(n.add(Concat(1), x, y), Y)

    assert sorted(names(island(build))) == ["Concat", "Lut", "QConv"]


# padding -----------------------------------------------------------------------------


def padded_conv(value: float, between: Callable[[Net, Value], Value]) -> Callable[[], Graph]:
    def build() -> Graph:
        n = Net()
        x = n.real(1, 3, 5, 6, p=A)
        pad = between(n, n.add(Pad((0, 0, 1, 0), (0, 0, 1, 2), value), x))
        w = n.dq(n.constant(random_weights(4, 3, 3, 3), S8), 0.004)
        return n.out(n.add(Conv((1, 1), (0, 1, 0, 1), (1, 1), 1), pad, w), Y)

    return build


@pytest.mark.parametrize(
    "between",
    [lambda n, p: p, lambda n, p: n.dq(n.q(p, *A), *A)],
    ids=["float pad", "quantized pad"],
)
def test_a_pad_becomes_the_padding_of_a_convolution(
    between: Callable[[Net, Value], Value],
) -> None:
    nodes = island(padded_conv(0.0, between))
    (op,) = [n.op for n in nodes if isinstance(n.op, QConv)]
    assert names(nodes) == ["QConv"] and op.pads == (1, 1, 1, 3)


def test_a_pad_that_the_input_of_a_model_goes_through_is_fused_too() -> None:
    def build() -> Graph:
        n = Net()
        x = n.graph.value("x", n.input(1, 3, 5, 6, dtype=DType.F32).type)
        n.graph.inputs[:] = [x]
        quantized = n.dq(n.q(x, *A), *A)
        pad = n.dq(n.q(n.add(Pad((0, 0, 1, 1), (0, 0, 1, 1)), quantized), *A), *A)
        w = n.dq(n.constant(random_weights(4, 3, 3, 3), S8), 0.004)
        return n.out(n.add(Conv((2, 2), (0, 0, 0, 0), (1, 1), 1), pad, w), Y)

    assert names(compiled(build).nodes) == ["QConv"]


def test_a_pad_of_another_value_stays() -> None:
    nodes = island(padded_conv(1.0, lambda n, p: n.dq(n.q(p, *A), *A)))
    assert "QConv" in names(nodes) and len(names(nodes)) > 1


def test_a_transposed_quantized_weight_is_folded() -> None:
    def build() -> Graph:
        n = Net()
        data = np.ascontiguousarray(random_weights(3, 3, 3, 4))
        w = n.add(Transpose((3, 2, 0, 1)), n.dq(n.constant(data, S8), 0.004))
        x = n.real(1, 3, 5, 6, p=A)
        return n.out(n.add(Conv((1, 1), (0, 0, 0, 0), (1, 1), 1), x, w), Y)

    assert names(island(build)) == ["QConv"]
