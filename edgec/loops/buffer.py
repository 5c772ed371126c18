"""Buffers: the contiguous arrays that loops read and write."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType


class Storage(Enum):
    """Where a buffer lives."""

    INPUT = "input"  # arena, live from the start of a run
    OUTPUT = "output"  # arena, live until the end of a run
    TEMP = "temp"  # arena, live from its first write to its last read
    STATE = "state"  # arena, live always, kept between runs
    CONST = "const"  # read-only data in flash
    CALLER = "caller"  # memory of the model's caller, who lends one row at a time

    @property
    def in_arena(self) -> bool:
        """Whether the planner places it."""
        return self not in (Storage.CONST, Storage.CALLER)


@dataclass(frozen=True, eq=False)
class Buffer:
    """A contiguous, row-major array.

    `parent` places this buffer inside another one, `parent_offset` bytes from its start
    (a concat or split without a copy); only buffers without a parent are planned.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    storage: Storage
    data: npt.NDArray[np.generic] | None = None
    align: int = 0  # bytes; 0 means the natural alignment of dtype
    parent: Buffer | None = None
    parent_offset: int = 0

    @cached_property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for d in self.shape:
            n *= d
        return n

    @cached_property
    def bytes(self) -> int:
        return self.size * self.dtype.size

    @property
    def alignment(self) -> int:
        """Alignment in bytes that the placement must honour."""
        return max(self.align, self.dtype.size)
