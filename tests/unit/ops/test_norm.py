"""Normalizations against onnxruntime (or onnx's reference where it has none)."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ops.elementwise import Add, Mul
from tests.unit.ops.single_node import SingleNode, check_close


def _draw(*shapes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    return tuple(rng.uniform(0.2, 2.0, s).astype(np.float32) for s in shapes)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5), (1, 3, 4, 5)])
@pytest.mark.parametrize("constants", [(), (1, 2, 3, 4)])
@pytest.mark.parametrize("opset", [7, 9, 15])
def test_batch_norm_agrees(shape: tuple[int, ...], constants: tuple[int, ...], opset: int) -> None:
    data = _draw(shape, (3,), (3,), (3,), (3,))
    case = SingleNode("BatchNormalization", data, {"epsilon": 0.1}, opset, constants=constants)
    check_close(case)


def test_batch_norm_with_constants_is_a_product_and_a_sum() -> None:
    data = _draw((1, 3, 4, 5), (3,), (3,), (3,), (3,))
    graph = SingleNode("BatchNormalization", data, constants=(1, 2, 3, 4)).graph()
    assert [type(node.op) for node in graph.nodes] == [Mul, Add]


def test_batch_norm_in_training_mode_is_refused() -> None:
    data = _draw((1, 3, 4, 5), (3,), (3,), (3,), (3,))
    with pytest.raises(EdgecError) as caught:
        SingleNode("BatchNormalization", data, {"training_mode": 1}).run()
    assert caught.value.diagnostics[0].code == "E0248"


@pytest.mark.parametrize("shape", [(2, 3, 5), (1, 3, 4, 5), (1, 3, 2, 2, 3)])
def test_instance_norm_agrees(shape: tuple[int, ...]) -> None:
    check_close(SingleNode("InstanceNormalization", _draw(shape, (3,), (3,)), {"epsilon": 0.1}))


@pytest.mark.parametrize(("opset", "size"), [(18, 2), (21, 6)])
def test_group_norm_agrees(opset: int, size: int) -> None:
    data = _draw((2, 6, 3, 4), (size,), (size,))
    check_close(SingleNode("GroupNormalization", data, {"num_groups": 2}, opset), ort=False)


@pytest.mark.parametrize(("axis", "own"), [(-1, (4,)), (1, (3, 4)), (2, (1,)), (1, (1, 4))])
def test_layer_norm_agrees(axis: int, own: tuple[int, ...]) -> None:
    x, scale, bias = _draw((2, 3, 4), own, own)
    attributes = {"axis": axis, "epsilon": 0.1}
    full = own == (4,) or own == (3, 4)
    check_close(SingleNode("LayerNormalization", (x, scale), attributes), ort=full)
    check_close(SingleNode("LayerNormalization", (x, scale, bias), attributes), ort=full)


def test_layer_norm_gives_its_statistics() -> None:
    data = _draw((2, 3, 4), (3, 4), (3, 4))
    check_close(SingleNode("LayerNormalization", data, {"axis": 1}, outputs=("y", "m", "i")))


@pytest.mark.parametrize("axis", [-1, 1])
def test_rms_norm_agrees(axis: int) -> None:
    data = _draw((2, 3, 4), (2, 3, 4)[axis:])
    check_close(SingleNode("RMSNormalization", data, {"axis": axis}, 23), ort=False)


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_lrn_agrees(size: int) -> None:
    attributes = {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5}
    check_close(SingleNode("LRN", _draw((5, 5, 3, 4)), attributes), ort=size % 2 == 1)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_lp_normalization_agrees(p: int, axis: int) -> None:
    (x,) = _draw((2, 3, 4))
    x[0] *= -1
    x[1, 1] = 0
    x[:, 0, 0] = 0
    check_close(SingleNode("LpNormalization", (x,), {"axis": axis, "p": p}))


@pytest.mark.parametrize("axes", [None, [1], [0, -1]])
def test_mean_variance_normalization_agrees(axes: list[int] | None) -> None:
    attributes = {} if axes is None else {"axes": axes}
    check_close(SingleNode("MeanVarianceNormalization", _draw((2, 3, 4, 5)), attributes))
