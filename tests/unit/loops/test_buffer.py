"""Sizes of buffers."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage


@pytest.mark.parametrize(
    ("dtype", "shape", "align", "size", "bytes_", "alignment"),
    [
        (DType.F32, (2, 3), 0, 6, 24, 4),
        (DType.I8, (), 0, 1, 1, 1),
        (DType.I8, (5,), 16, 5, 5, 16),
        (DType.I64, (0, 4), 4, 0, 0, 8),
    ],
)
def test_size_and_alignment_follow_from_type_and_shape(
    dtype: DType, shape: tuple[int, ...], align: int, size: int, bytes_: int, alignment: int
) -> None:
    b = Buffer("b", dtype, shape, Storage.TEMP, align=align)
    assert (b.size, b.bytes, b.alignment) == (size, bytes_, alignment)


def test_buffers_are_told_apart_by_identity() -> None:
    a, b = (Buffer("b", DType.I8, (1,), Storage.TEMP) for _ in range(2))
    assert a != b
