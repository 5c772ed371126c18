"""Unsigned tensors become signed ones; a flip of the top bit stays at the boundary only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.ir.graph import Graph
from edgec.ir.types import DType
from edgec.ops.activation import Sigmoid
from edgec.ops.elementwise import Add
from edgec.ops.move import Concat, Transpose
from edgec.ops.pad import Pad
from edgec.ops.pool import MaxPool
from edgec.ops.resize import Resize
from edgec.ops.sort import ArgMax
from edgec.passes.signed import SignedActivations
from tests.unit.passes.checking import becomes, stays
from tests.unit.passes.quantized import U8, Net, compiled, is_integer, island, names

A, Y = (0.0517, 131), (0.1137, 120)


def test_a_dequantize_of_bytes_reads_them_flipped() -> None:
    becomes(
        SignedActivations(),
        """
        input %x: u8[2,3]
        const %s: f32[] = [0.5]
        const %z: u8[] = [130]
        %y: f32[2,3] = Dequantize(%x, %s, %z)
        output %y
        """,
        """
        input %x: u8[2,3]
        const %s: f32[] = [0.5]
        const %z: s8[] = [2]
        %f: s8[2,3] = FlipSign(%x)
        %y: f32[2,3] = Dequantize(%f, %s, %z)
        output %y
        """,
    )


def test_a_quantize_to_bytes_writes_them_flipped() -> None:
    becomes(
        SignedActivations(),
        """
        input %x: f32[2,3]
        const %s: f32[] = [0.5]
        const %z: u8[] = [0]
        %y: u8[2,3] = Quantize(%x, %s, %z) {dtype=u8}
        output %y
        """,
        """
        input %x: f32[2,3]
        const %s: f32[] = [0.5]
        const %z: s8[] = [-128]
        %q: s8[2,3] = Quantize(%x, %s, %z) {dtype=s8}
        %y: u8[2,3] = FlipSign(%q)
        output %y
        """,
    )


def test_constants_are_flipped_at_once() -> None:
    becomes(
        SignedActivations(),
        """
        const %x: u8[3] = [0, 128, 255]
        const %s: f32[] = [0.5]
        const %z: u8[] = [128]
        %y: f32[3] = Dequantize(%x, %s, %z)
        output %y
        """,
        """
        const %x: s8[3] = [-128, 0, 127]
        const %s: f32[] = [0.5]
        const %z: s8[] = [0]
        %y: f32[3] = Dequantize(%x, %s, %z)
        output %y
        """,
    )


def test_signed_tensors_stay() -> None:
    stays(
        SignedActivations(),
        """
        input %x: s8[2,3]
        const %s: f32[] = [0.5]
        const %z: s8[] = [2]
        %y: f32[2,3] = Dequantize(%x, %s, %z)
        output %y
        """,
    )


def chain(*ops: object, output: DType = U8) -> Callable[[], Graph]:
    """Dequantize, one operator and Quantize for each of `ops`, all unsigned."""

    def build() -> Graph:
        n = Net()
        x = n.real(1, 4, 6, 6, p=A, dtype=U8)
        for op in ops[:-1]:
            x = n.dq(n.q(n.add(op, x), *A, dtype=U8), *A)  # type: ignore[arg-type]
        y = n.add(ops[-1], x)  # type: ignore[arg-type]
        return n.out(y, Y if output is U8 else (0.1137, -8), dtype=output)

    return build


POOL = MaxPool((2, 2), (2, 2), (0, 0, 0, 0), (1, 1))


@pytest.mark.parametrize(
    "ops",
    [
        (Sigmoid(), Sigmoid()),
        (Sigmoid(), Transpose((0, 2, 3, 1)), Sigmoid()),
        (Sigmoid(), POOL, Sigmoid()),
        (Sigmoid(), Resize((1, 4, 12, 6), (1.0, 1.0, 2.0, 1.0)), Sigmoid()),
        (Sigmoid(), Pad((0, 0, 1, 1), (0, 0, 1, 1)), Sigmoid()),
    ],
    ids=["functions", "transpose", "pool", "resize", "pad"],
)
def test_flips_stay_at_the_boundary_only(ops: tuple[object, ...]) -> None:
    nodes = island(chain(*ops), same=1.0)
    assert names(nodes).count("FlipSign") == 2
    assert is_integer(compiled(chain(*ops)))
    for node in nodes:
        unsigned = any(v.type.dtype is U8 for v in (*node.operands, *node.outputs))
        assert unsigned == (node.op.name == "FlipSign")


def test_an_unsigned_input_may_have_a_signed_output() -> None:
    assert names(island(chain(Sigmoid(), output=DType.I8))) == ["FlipSign", "Lut"]


def test_parts_of_a_concat_are_flipped() -> None:
    def build() -> Graph:
        n = Net()
        a, b = n.real(2, 3, p=A, dtype=U8), n.real(2, 4, p=A, dtype=U8)
        c = n.dq(n.q(n.add(Concat(1), a, b), *A, dtype=U8), *A)
        return n.out(n.add(Sigmoid(), c), (1 / 256, 0), dtype=U8)

    nodes = island(build, same=1.0)
    assert sorted(names(nodes)) == ["Concat", "FlipSign", "FlipSign", "FlipSign", "Lut"] or (
        names(nodes).count("FlipSign") == 2
    )


def test_an_input_that_two_operators_read_is_flipped_once() -> None:
    def build() -> Graph:
        n = Net()
        x = n.input(2, 3, dtype=U8)
        a, b = n.dq(x, *A), n.dq(x, *A)
        first = n.dq(n.q(n.add(Sigmoid(), a), 1 / 256, 0, dtype=U8), 1 / 256, 0)
        n.graph.outputs.append(n.add(ArgMax(1), first))
        return n.out(n.add(Add(), b, first), Y, dtype=U8)

    nodes = island(build)
    flips = [n for n in nodes if n.op.name == "FlipSign"]
    assert len([n for n in flips if n.operands[0].type.dtype is U8]) == 1


def test_a_pad_of_raw_bytes_keeps_its_value() -> None:
    def build() -> Graph:
        n = Net()
        x = n.input(2, 3, dtype=U8)
        padded = n.add(Pad((0, 1), (0, 1), 7), x)
        return n.out(n.add(Sigmoid(), n.dq(padded, *A)), (1 / 256, 0), dtype=U8)

    assert "Pad" in names(island(build, same=1.0))


def test_zero_points_per_channel_are_flipped_too() -> None:
    def build() -> Graph:
        n = Net()
        scales = np.asarray([[0.5], [0.25]], np.float32)
        x = n.input(2, 3, dtype=U8)
        n.graph.outputs.append(n.dq(x, scales, np.asarray([[1], [250]])))
        return n.graph

    island(build)
