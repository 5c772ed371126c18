"""A quantized transposed convolution, from the model file to the count of its instructions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec import driver
from edgec.config import GenOptions

SIZE, CHANNELS, OUT = 8, 32, 16
Geometry = tuple[int, int, int]  # kernel, pads, output padding; the stride is 2
GEOMETRIES: tuple[Geometry, ...] = ((2, 0, 0), (3, 1, 1), (4, 1, 0))


def write_model(path: Path, geometry: Geometry) -> None:
    """Dequantize -> ConvTranspose -> Quantize, one scale per tensor."""
    kernel, pad, more = geometry
    rng = np.random.default_rng(kernel)
    data = {
        "w": rng.integers(-127, 128, (CHANNELS, OUT, kernel, kernel)).astype(np.int8),
        "b": rng.integers(-900, 900, OUT).astype(np.int32),
        "xs": np.float32(0.05),
        "xz": np.int8(3),
        "ws": np.float32(0.01),
        "wz": np.int8(0),
        "bs": np.float32(0.0005),
        "bz": np.int32(0),
        "ys": np.float32(0.3),
        "yz": np.int8(-5),
    }
    nodes = [helper.make_node("DequantizeLinear", [v, f"{v}s", f"{v}z"], [f"{v}d"]) for v in "xwb"]
    attributes = {"strides": [2, 2], "pads": [pad] * 4, "output_padding": [more] * 2}
    nodes.append(helper.make_node("ConvTranspose", ["xd", "wd", "bd"], ["yd"], **attributes))
    nodes.append(helper.make_node("QuantizeLinear", ["yd", "ys", "yz"], ["y"]))
    out = (SIZE - 1) * 2 + kernel + more - 2 * pad
    x = helper.make_tensor_value_info("x", TensorProto.INT8, [1, CHANNELS, SIZE, SIZE])
    y = helper.make_tensor_value_info("y", TensorProto.INT8, [1, OUT, out, out])
    constants = [numpy_helper.from_array(np.asarray(v), k) for k, v in data.items()]
    graph = helper.make_graph(nodes, "up", [x], [y], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


@pytest.mark.qemu
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize(("target", "most"), [("cortex-m4", 1.35), ("cortex-m55", 0.3)])
def test_it_costs_little_more_than_a_convolution_of_as_many_products(
    target: str, most: float, geometry: Geometry, tmp_path: Path
) -> None:
    model = tmp_path / "up.onnx"
    write_model(model, geometry)
    found = driver.bench(model, GenOptions(target=target), lambda _: None)
    (layer,) = [row for row in found.summary.layers if row.macs]
    assert layer.instructions is not None
    assert layer.instructions / layer.macs < most


@pytest.mark.qemu
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("target", ["x86_64", "cortex-m3", "riscv64gcv"])
def test_it_gives_the_reference_bits(target: str, geometry: Geometry, tmp_path: Path) -> None:
    model = tmp_path / "up.onnx"
    write_model(model, geometry)
    result = driver.verify(model, GenOptions(target=target), None, 2, lambda _: None)
    assert all(run.ok for run in result.runs)
