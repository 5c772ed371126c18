"""The inputs of a run: from an .npz file, or random ones.

A compiled graph often takes integers where its model takes floats. A `Sample` holds both forms,
so that firmware and onnxruntime get the same values.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import EdgecError, Where, fail
from edgec.ir.graph import Graph, Quant, Value
from edgec.ir.types import DType
from edgec.ops.quantize import Dequantize, Quantize

Array = npt.NDArray[np.generic]

DEFAULT_COUNT = 4
SEED = 20240601
INDEX_TYPES = (DType.I16, DType.I32, DType.I64, DType.U16, DType.U32, DType.U64)


@dataclass(frozen=True)
class Sample:
    """The inputs of one inference, in the order of the graph's inputs.

    `arrays` have the types and shapes of the compiled graph's inputs. `reals` are the float32
    values of quantized inputs: those of the file, or the dequantized codes; else None.
    """

    arrays: tuple[Array, ...]
    reals: tuple[Array | None, ...]

    @property
    def data(self) -> bytes:
        """What the firmware reads: all inputs joined."""
        return b"".join(np.ascontiguousarray(array).tobytes() for array in self.arrays)

    def last(self, rows: int, of: int) -> bytes:
        """The last `rows` of the `of` rows of the only input."""
        data = self.data
        return data[len(data) // of * (of - rows) :]


def overlapping(samples: Sequence[Sample], rows: int, hop: int) -> tuple[Sample, ...]:
    """Inputs of `rows` rows that begin `hop` rows apart, in a recording of all `samples`.

    As many as there are samples; each is one input that is made of rows along its first long axis.
    """
    (first,) = samples[0].arrays
    real = samples[0].reals[0]
    recording = np.concatenate([s.arrays[0].reshape(rows, -1) for s in samples])
    reals = None
    if real is not None:
        parts = [s.reals[0] for s in samples]
        reals = np.concatenate([p.reshape(rows, -1) for p in parts if p is not None])
    found = []
    for k in range(len(samples)):
        span = slice(k * hop, k * hop + rows)
        heard = None if reals is None else reals[span].reshape(first.shape)
        found.append(Sample((recording[span].reshape(first.shape),), (heard,)))
    return tuple(found)


def load_inputs(path: Path | None, count: int | None, graph: Graph) -> tuple[Sample, ...]:
    """The first `count` samples of the .npz at `path` (default all), or `count` random ones.

    A file holds for each input of `graph` an array under its name with a leading axis over the
    samples, or arrays `in{k}_{i}` for sample k and input i. Float data for a quantized input is
    quantized. Raises E0704 for arrays that do not fit the inputs and E0705 for an unusable file.
    """
    if path is None:
        return random_samples(graph, DEFAULT_COUNT if count is None else count)
    arrays = _read(path)
    rows = _numbered(arrays, graph, path) if "in0_0" in arrays else _stacked(arrays, graph, path)
    kept = rows if count is None else rows[:count]
    if not kept:
        raise _unusable(path, "it holds no inputs")
    return tuple(_sample(graph, row, path) for row in kept)


def random_samples(graph: Graph, count: int) -> tuple[Sample, ...]:
    """`count` random inputs, always the same ones."""
    rng = np.random.default_rng(SEED)
    rows = [[_random(value, rng) for value in graph.inputs] for _ in range(count)]
    return tuple(
        Sample(tuple(row), tuple(_real(v, a) for v, a in zip(graph.inputs, row, strict=True)))
        for row in rows
    )


def quantize(real: Array, quant: Quant, dtype: DType) -> Array:
    """The codes of float values: rounded half to even, saturated."""
    scale = np.asarray(quant.scale, np.float32)
    zero_point = np.asarray(quant.zero_point, dtype.numpy)
    return Quantize(dtype).reference(real, scale, zero_point)


def dequantize(codes: Array, quant: Quant) -> Array:
    """The float32 values of codes."""
    zero_point = np.asarray(quant.zero_point, codes.dtype)
    return Dequantize().reference(codes, np.asarray(quant.scale, np.float32), zero_point)


# random ----------------------------------------------------------------------------------------


def _random(value: Value, rng: np.random.Generator) -> Array:
    """Normal floats, codes and bytes over their whole range, wide integers 0 or 1.

    Wide integers without a scale are usually indices, of which 0 and 1 are nearly always valid.
    """
    dtype, shape = value.type.dtype, value.type.shape
    if dtype.is_float:
        return rng.standard_normal(shape).astype(dtype.numpy)
    if dtype is DType.BOOL or (dtype in INDEX_TYPES and value.quant is None):
        return rng.integers(0, 2, shape).astype(dtype.numpy)
    return rng.integers(dtype.min, dtype.max, shape, np.int64, endpoint=True).astype(dtype.numpy)


def _real(value: Value, codes: Array) -> Array | None:
    return None if value.quant is None else dequantize(codes, value.quant)


# files -----------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if isinstance(file, np.ndarray):
                raise _unusable(path, "it holds a single array")
            return {name: np.asarray(file[name]) for name in file.files}
    except EdgecError:
        raise
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise _unusable(path, str(error)) from error


def _numbered(arrays: Mapping[str, Array], graph: Graph, path: Path) -> list[list[Array]]:
    """The layout in{k}_{i}: sample k, input i; `input_names`, if present, says which i is which."""
    names = [str(name) for name in arrays.get("input_names", np.zeros(0, np.str_)).ravel()]
    positions = list(range(len(graph.inputs)))
    if names:
        missing = [v.name for v in graph.inputs if v.name not in names]
        if missing:
            raise _no_data(graph, missing[0], names, path)
        positions = [names.index(v.name) for v in graph.inputs]
    rows: list[list[Array]] = []
    while f"in{len(rows)}_0" in arrays:
        keys = [f"in{len(rows)}_{i}" for i in positions]
        for key, value in zip(keys, graph.inputs, strict=True):
            if key not in arrays:
                raise _no_data(graph, value.name, list(arrays), path)
        rows.append([arrays[key] for key in keys])
    return rows


def _stacked(arrays: Mapping[str, Array], graph: Graph, path: Path) -> list[list[Array]]:
    """The layout NAME: one array per input with a leading axis over the samples."""
    columns: list[Array] = []
    for value in graph.inputs:
        if value.name not in arrays:
            raise _no_data(graph, value.name, list(arrays), path)
        columns.append(_with_sample_axis(arrays[value.name], value, graph, path))
    counts = {len(column) for column in columns}
    if len(counts) > 1:
        held = ", ".join(
            f"{len(c)} of '{v.name}'" for c, v in zip(columns, graph.inputs, strict=True)
        )
        raise fail(
            "E0704",
            f"the inputs have different numbers of samples: {held}",
            Where(file=str(path)),
            rule="every array has one entry per sample on its leading axis",
        )
    return [[column[k] for column in columns] for k in range(min(counts, default=0))]


def _with_sample_axis(array: Array, value: Value, graph: Graph, path: Path) -> Array:
    """`array` as [samples, *shape]; a batch axis of 1 may be left out or be the samples' axis."""
    shape = value.type.shape
    if array.shape[1:] == shape:
        return array
    if shape[:1] == (1,) and array.shape[1:] == shape[1:] and array.ndim > 0:
        return array.reshape((len(array), *shape))
    if array.shape == shape:
        return array.reshape((1, *shape))
    raise _misfit(value, array, graph, path)


def _sample(graph: Graph, row: Sequence[Array], path: Path) -> Sample:
    arrays: list[Array] = []
    reals: list[Array | None] = []
    for value, array in zip(graph.inputs, row, strict=True):
        if array.shape != value.type.shape:
            raise _misfit(value, array, graph, path)
        if value.quant is not None and array.dtype.kind == "f":
            real = array.astype(np.float32)
            arrays.append(quantize(real, value.quant, value.type.dtype))
            reals.append(real)
        else:
            codes = _converted(value, array, graph, path)
            arrays.append(codes)
            reals.append(_real(value, codes))
    return Sample(tuple(arrays), tuple(reals))


def _converted(value: Value, array: Array, graph: Graph, path: Path) -> Array:
    """`array` in the input's type. Only floats change precision and only integers that fit."""
    dtype = value.type.dtype
    if array.dtype == dtype.numpy:
        return array
    if dtype.is_float and array.dtype.kind == "f":
        return array.astype(dtype.numpy)
    if dtype.is_integer and array.dtype.kind in "iu":
        converted = array.astype(dtype.numpy)
        if np.array_equal(converted, array):
            return converted
    raise _misfit(value, array, graph, path)


# diagnostics -----------------------------------------------------------------------------------


def _expected(graph: Graph) -> str:
    return "; ".join(f"'{v.name}' {_described(v)}" for v in graph.inputs) or "none"


def _described(value: Value) -> str:
    kind = "" if value.quant is None else " (or the float values, which are then quantized)"
    return f"{value.type}{kind}"


def _no_data(graph: Graph, name: str, held: Sequence[str], path: Path) -> EdgecError:
    return fail(
        "E0704",
        f"no data for input '{name}'; the file has {', '.join(sorted(held)[:12]) or 'nothing'}",
        Where(file=str(path)),
        rule=f"the model's inputs are {_expected(graph)}",
        help="store one array per input under the input's name, with a leading axis over samples",
    )


def _misfit(value: Value, array: Array, graph: Graph, path: Path) -> EdgecError:
    return fail(
        "E0704",
        f"the data for input '{value.name}' is {array.dtype}{list(array.shape)}, "
        f"the input {_described(value)}",
        Where(file=str(path), tensor=f"'{value.name}'"),
        rule=f"the model's inputs are {_expected(graph)}",
        help="one array per input, of the input's type, with a leading axis over samples",
    )


def _unusable(path: Path, why: str) -> EdgecError:
    return fail(
        "E0705",
        f"the file of inputs cannot be used: {why}",
        Where(file=str(path)),
        rule="inputs are an .npz file with one array per input of the model",
        help="numpy.savez('inputs.npz', **{'input name': samples}) writes one",
    )
