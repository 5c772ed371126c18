"""Inputs come from both file layouts or are random, in the types of the compiled graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph, Quant
from edgec.ir.types import DType, TensorType
from edgec.verify.inputs import dequantize, load_inputs, quantize, random_samples

QUANT = Quant(0.5, 3)


def graph_of(**inputs: tuple[DType, tuple[int, ...], Quant | None]) -> Graph:
    graph = Graph("g")
    for name, (dtype, shape, quant) in inputs.items():
        value = graph.value(name, TensorType(dtype, shape))
        value.quant = quant
        graph.inputs.append(value)
    return graph


FLOAT = graph_of(x=(DType.F32, (1, 3), None))
CODES = graph_of(x=(DType.I8, (1, 3), QUANT))
TWO = graph_of(a=(DType.F32, (1, 2), None), b=(DType.I64, (4,), None))


def saved(path: Path, **arrays: object) -> Path:
    np.savez(path / "x.npz", **{k: np.asarray(v) for k, v in arrays.items()})
    return path / "x.npz"


def test_arrays_by_name_have_a_leading_axis_over_the_samples(tmp_path: Path) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 1, 3)
    samples = load_inputs(saved(tmp_path, x=x), None, FLOAT)
    assert [s.arrays[0].tolist() for s in samples] == [[[0, 1, 2]], [[3, 4, 5]]]
    assert samples[0].reals == (None,)
    assert samples[1].data == x[1].tobytes()


def test_a_batch_axis_of_one_may_be_missing(tmp_path: Path) -> None:
    samples = load_inputs(saved(tmp_path, x=np.zeros((5, 3), np.float32)), None, FLOAT)
    assert len(samples) == 5 and samples[0].arrays[0].shape == (1, 3)


def test_a_single_sample_needs_no_leading_axis(tmp_path: Path) -> None:
    path = saved(tmp_path, a=np.zeros((1, 2), np.float32), b=np.zeros(4, np.int64))
    assert len(load_inputs(path, None, TWO)) == 1


def test_numbered_arrays_go_by_input_names(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        input_names=["b", "a"],
        in0_0=np.arange(4),
        in0_1=np.ones((1, 2), np.float32),
        in1_0=np.arange(4),
        in1_1=np.zeros((1, 2), np.float32),
        out0_0=np.zeros(3),
    )
    samples = load_inputs(path, None, TWO)
    assert len(samples) == 2
    assert samples[0].arrays[0].tolist() == [[1, 1]]
    assert samples[0].arrays[1].tolist() == [0, 1, 2, 3]


def test_float_data_for_a_quantized_input_is_rounded_half_to_even_and_saturated(
    tmp_path: Path,
) -> None:
    real = np.array([[0.25, 0.75, 1e9]], np.float32)
    (sample,) = load_inputs(saved(tmp_path, x=real[None]), None, CODES)
    assert sample.arrays[0].dtype == np.int8
    assert sample.arrays[0].tolist() == [[3, 5, 127]]
    assert sample.reals[0] is not None and sample.reals[0].tolist() == real.tolist()


def test_codes_are_taken_as_they_are_and_dequantized_for_onnxruntime(tmp_path: Path) -> None:
    codes = np.array([[-128, 3, 5]], np.int8)
    (sample,) = load_inputs(saved(tmp_path, x=codes[None]), None, CODES)
    assert sample.arrays[0].tolist() == codes.tolist()
    assert sample.reals[0] is not None and sample.reals[0].tolist() == [[-65.5, 0.0, 1.0]]


def test_count_limits_the_samples_of_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.zeros((5, 1, 3), np.float32))
    assert len(load_inputs(path, 2, FLOAT)) == 2
    assert len(load_inputs(path, 9, FLOAT)) == 5


def test_wider_integers_and_floats_are_converted_if_nothing_is_lost(tmp_path: Path) -> None:
    path = saved(tmp_path, a=np.ones((1, 1, 2)), b=np.arange(4, dtype=np.uint8)[None])
    (sample,) = load_inputs(path, None, TWO)
    assert sample.arrays[0].dtype == np.float32 and sample.arrays[1].dtype == np.int64


@pytest.mark.parametrize(
    ("graph", "arrays", "says"),
    [
        (FLOAT, {"y": np.zeros((1, 3), np.float32)}, "no data for input 'x'; the file has y"),
        (FLOAT, {"x": np.zeros((2, 4), np.float32)}, r"float32\[2, 4\], the input f32\[1,3\]"),
        (FLOAT, {"x": np.zeros((2, 3), np.int8)}, r"int8\[1, 3\], the input f32"),
        (CODES, {"x": np.full((1, 3), 400)}, r"int64\[1, 3\], the input s8"),
        (TWO, {"a": np.zeros((2, 2), np.float32), "b": np.zeros((3, 4), int)}, "2 of 'a', 3 of"),
        (TWO, {"in0_0": np.zeros((1, 2), np.float32)}, "no data for input 'b'"),
        (FLOAT, {"x": np.zeros((0, 1, 3), np.float32)}, "holds no inputs"),
    ],
)
def test_data_that_does_not_fit_is_refused(
    graph: Graph, arrays: dict[str, object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgecError, match=says) as caught:
        load_inputs(saved(tmp_path, **arrays), None, graph)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code in ("E0704", "E0705")
    assert diagnostic.code == "E0705" or diagnostic.rule


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04 cut"])
def test_files_that_are_no_npz_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(EdgecError) as caught:
        load_inputs(path, None, FLOAT)
    assert caught.value.diagnostics[0].code == "E0705"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="cannot be used"):
        load_inputs(tmp_path / "none.npz", None, FLOAT)


def test_random_inputs_are_always_the_same_and_in_range() -> None:
    graph = graph_of(
        f=(DType.F32, (50,), None),
        q=(DType.I8, (500,), QUANT),
        t=(DType.I64, (50,), None),
        m=(DType.BOOL, (50,), None),
    )
    first, second = random_samples(graph, 2), random_samples(graph, 2)
    assert [s.data for s in first] == [s.data for s in second]
    assert first[0].data != first[1].data
    floats, codes, tokens, mask = first[0].arrays
    assert np.isfinite(floats).all() and floats.std() > 0.5
    assert codes.min() < -100 and codes.max() > 100
    assert set(tokens.tolist()) == {0, 1} and mask.dtype == np.bool_
    assert first[0].reals[1] is not None
    assert np.array_equal(quantize(first[0].reals[1], QUANT, DType.I8), codes)


def test_without_a_file_four_inputs_are_made() -> None:
    assert len(load_inputs(None, None, FLOAT)) == 4
    assert len(load_inputs(None, 2, FLOAT)) == 2


def test_codes_survive_dequantizing() -> None:
    codes = np.arange(-128, 128).astype(np.int8)
    assert np.array_equal(quantize(dequantize(codes, QUANT), QUANT, DType.I8), codes)
