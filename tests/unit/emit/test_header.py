"""The public header: sizes, accessors, scales."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.emit.folder import write_folder
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.activation import Relu
from edgec.ops.shape import Reshape
from tests.support.emitted import emitted, run_tool, text_of


def header_of(*types: TensorType, layout: str = "") -> str:
    """NAME.h of a network that passes its inputs on."""
    g = Graph("net")
    for k, type_ in enumerate(types):
        x = g.value(f"in {k}", type_)
        x.layout = layout
        g.inputs.append(x)
        g.outputs.append(g.add(Reshape((type_.size,)), x, name=f"out {k}"))
    return text_of(emitted(g, "net"), "net.h")


def test_every_port_tells_its_size() -> None:
    text = header_of(TensorType(DType.I16, (1, 3, 5)), TensorType(DType.F64, ()))
    for line in (
        "/* in 0: s16 1x3x5 */",
        "#define NET_INPUT_0_COUNT 15u",
        "#define NET_INPUT_0_BYTES 30u",
        "/* in 1: f64 scalar */",
        "#define NET_INPUT_1_BYTES 8u",
        "#define NET_OUTPUT_0_COUNT 15u",
        "static inline int16_t *net_input_0(void *arena)",
        "static inline const double *net_output_1(const void *arena)",
        "int net_run(void *arena);",
    ):
        assert line in text


def test_a_layout_is_told() -> None:
    assert "s8 1x4x4x3 NHWC" in header_of(TensorType(DType.I8, (1, 4, 4, 3)), layout="NHWC")


def test_quantized_ports_tell_scale_and_zero_point() -> None:
    text = text_of(emitted(), "small.h")
    assert "#define SMALL_OUTPUT_0_SCALE 0.0078125f" in text
    assert "#define SMALL_OUTPUT_0_ZERO_POINT (-5)" in text
    assert "INPUT_0_SCALE" not in text


def test_the_arena_has_at_least_one_byte() -> None:
    g = Graph("net")
    x = g.value("x", TensorType(DType.F32, (0,)))
    g.inputs.append(x)
    g.outputs.append(g.add(Relu(), x))
    assert "#define NET_ARENA_BYTES 1u" in text_of(emitted(g, "net"), "net.h")


@pytest.mark.parametrize("dtype", [d for d in DType if d is not DType.F16])
def test_the_header_compiles_alone_for_every_type(dtype: DType, tmp_path: Path) -> None:
    g = Graph("net")
    x = g.value("x", TensorType(dtype, (2,)))
    g.inputs.append(x)
    g.outputs.append(g.add(Reshape((1, 2)), x))
    write_folder(emitted(g, "net"), tmp_path / "net")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wcast-qual", "-Werror", "-pedantic"]
    run_tool(["gcc", *flags, "-fsyntax-only", "-x", "c", "net/net.h"], tmp_path)
