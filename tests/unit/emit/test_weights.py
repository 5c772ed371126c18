"""Constants as C, as bytes, and as an assembler file."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pytest

from edgec.emit.weights import (
    alignment,
    declaration,
    weights_assembly,
    weights_binary,
    weights_c,
    weights_header,
)
from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage

Array = npt.NDArray[np.generic]


def buffer(data: Array, name: str = "w", align: int = 0) -> Buffer:
    return Buffer(name, DType.of(data.dtype), data.shape, Storage.CONST, data, align)


def c_text(*buffers: Buffer) -> str:
    return "".join(weights_c("net", buffers))


def elements(text: str) -> list[str]:
    (body,) = re.findall(r"= \{\n(.*?)\};", text, re.S)
    return [word.strip() for word in body.split(",") if word.strip()]


@pytest.mark.parametrize("dtype", [d for d in DType if d not in (DType.F16, DType.BOOL)])
def test_every_element_reads_back(dtype: DType) -> None:
    rng = np.random.default_rng(1)
    if dtype.is_float:
        data = (rng.normal(size=200) * 10.0 ** rng.integers(-30, 30, 200)).astype(dtype.numpy)
    else:
        data = rng.integers(dtype.min, dtype.max, 200, dtype.numpy, endpoint=True)
        data[:2] = dtype.min, dtype.max
    macros = {"INT32_MIN": str(-(2**31)), "INT64_MIN": str(-(2**63))}
    words = [
        macros.get(w, re.sub(r"U?INT64_C\((\d+)\)", r"\1", w)).rstrip("fu")
        for w in elements(c_text(buffer(data)))
    ]
    read = np.asarray([float(w) if dtype.is_float else int(w) for w in words], dtype.numpy)
    np.testing.assert_array_equal(read, data)


def test_float_elements_are_float_literals() -> None:
    data = np.asarray([1.0, -0.5, np.nan, np.inf, -np.inf], np.float32)
    assert elements(c_text(buffer(data))) == [
        "1.00000000f", "-0.500000000f", "NAN", "INFINITY", "-INFINITY",
    ]  # fmt: skip
    assert "#include <math.h>" in c_text(buffer(data))
    wide = np.asarray([0.5, -np.inf])
    assert elements(c_text(buffer(wide))) == ["0.50000000000000000", "-INFINITY"]


def test_bool_elements_are_numbers() -> None:
    assert elements(c_text(buffer(np.asarray([True, False])))) == ["1", "0"]


def test_math_is_included_only_for_what_no_literal_can_say() -> None:
    assert "math.h" not in c_text(buffer(np.ones(3, np.float32)))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.float32, np.float64])
def test_lines_are_short(dtype: type) -> None:
    low = -1 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min + 1
    data: np.ndarray = np.full(200, low, dtype)
    assert max(map(len, c_text(buffer(data)).splitlines())) <= 100


def test_an_array_without_elements_has_one_that_nobody_reads() -> None:
    empty = buffer(np.zeros((0, 3), np.int8))
    assert declaration("net", empty) == "const int8_t net_w_w[1]"
    assert elements(c_text(empty)) == ["0"]
    assert weights_binary([empty])[0] == b"\0"


def test_a_model_without_constants_has_a_translation_unit_all_the_same() -> None:
    assert "typedef int net_has_no_weights;" in c_text()


def test_large_arrays_are_written_in_pieces() -> None:
    big = buffer(np.arange(200_000).astype(np.int8))
    pieces = list(weights_c("net", [big]))
    assert max(map(len, pieces)) < 1 << 20
    assert len(elements("".join(pieces))) == 200_000


def test_the_header_declares_what_the_files_define() -> None:
    constants = [buffer(np.ones(3, np.int8), "a"), buffer(np.ones((2, 2), np.float32), "b")]
    header = weights_header("net", constants)
    assert "extern const int8_t net_w_a[3];" in header
    assert "extern const float net_w_b[4];" in header
    for b in constants:
        assert declaration("net", b) in c_text(b)


def test_words_may_be_loaded_from_any_constant() -> None:
    assert alignment(buffer(np.ones(3, np.int8))) == 4
    assert alignment(buffer(np.ones(3, np.float64))) == 8
    assert alignment(buffer(np.ones(3, np.int8), align=32)) == 32


def test_the_binary_holds_every_constant_little_endian_and_aligned() -> None:
    constants = [
        buffer(np.asarray([1, -2, 3], np.int8), "a"),
        buffer(np.asarray([0x01020304], np.dtype(">i4").newbyteorder("=")), "b"),
        buffer(np.asarray([1, 2], np.int8), "c", align=32),
    ]
    blob, offsets = weights_binary(constants)
    assert offsets == (0, 8, 32)
    assert blob[:3] == b"\x01\xfe\x03" and blob[8:12] == b"\x04\x03\x02\x01"
    assert len(blob) == 34


def test_the_assembler_file_names_every_constant() -> None:
    constants = [buffer(np.ones(3, np.int8), "a"), buffer(np.ones(2, np.float32), "b", align=64)]
    _, offsets = weights_binary(constants)
    text = weights_assembly("net", constants, offsets)
    assert '.incbin "net_weights.bin"' in text and ".balign 64" in text
    for name, offset, size in (("a", 0, 3), ("b", 64, 8)):
        assert f".globl net_w_{name}\n" in text
        assert f".set net_w_{name}, net_weights_begin + {offset}\n" in text
        assert f".size net_w_{name}, {size}\n" in text
    assert "@" not in text  # a comment on Arm
