"""Tensors as operators see them while lowering: stored in a buffer, or computed on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgec.ir.types import DType, TensorType
from edgec.loops import index as rules
from edgec.loops.buffer import Buffer
from edgec.loops.expr import INDEX as INDEX_DTYPE
from edgec.loops.expr import Expr, Load, Operand, as_expr

Element = Callable[..., Expr]  # (index, ...) -> value; may emit statements


@dataclass(frozen=True, eq=False)
class Tensor:
    """A shape, an element type, and a way to get one element.

    A stored tensor has a `buffer` of as many elements (row-major; its shape may differ,
    a reshape is free). A lazy tensor has `element`, called once per element that a
    consumer needs. `view` marks a lazy tensor that only picks elements of stored ones.
    `base` is the lazy tensor of which this one is another shape.
    """

    type: TensorType
    buffer: Buffer | None = None
    element: Element | None = None
    view: bool = False
    base: Tensor | None = None

    @property
    def dtype(self) -> DType:
        return self.type.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return self.type.rank

    @property
    def stored(self) -> bool:
        return self.buffer is not None

    def at(self, *position: Operand) -> Expr:
        """The element at `position`: one index per dimension."""
        index = tuple(as_expr(p, INDEX_DTYPE) for p in position)
        if len(index) != self.rank:
            raise TypeError(f"{len(index)} indices into a tensor of rank {self.rank}")
        if self.buffer is None:
            assert self.element is not None
            return self.element(*index)
        if self.buffer.shape == self.shape:
            return Load(self.dtype, self.buffer, index)
        flat = rules.ravel(index, self.shape)
        return Load(self.dtype, self.buffer, rules.unravel(flat, self.buffer.shape))

    def __getitem__(self, position: Operand | tuple[Operand, ...]) -> Expr:
        return self.at(*position) if isinstance(position, tuple) else self.at(position)


def broadcast_index(index: tuple[Expr, ...], shape: tuple[int, ...]) -> tuple[Expr, ...]:
    """Index into an operand of `shape` for the element `index` of a broadcast result."""
    own = index[len(index) - len(shape) :]
    zero = as_expr(0, INDEX_DTYPE)
    return tuple(zero if extent == 1 else i for i, extent in zip(own, shape, strict=True))
