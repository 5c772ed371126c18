"""The builder that `Op.lower` writes with: tensor expressions and structured statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Const, Expr, Operand, Var
from edgec.loops.index import interval
from edgec.loops.stmt import Assign, Break, For, If, Let, Local, Stmt, Store
from edgec.loops.tensor import Element, Tensor


@dataclass(frozen=True)
class Target:
    """Name and storage that an output of the operator being lowered must have."""

    name: str
    storage: Storage


@dataclass
class Builder:
    """Collects statements of one step. Lazy tensors emit into the block that uses them."""

    targets: tuple[Target, ...] = ()
    features: frozenset[str] = frozenset()
    _blocks: list[list[Stmt]] = field(default_factory=lambda: [[]])
    _counts: dict[str, int] = field(default_factory=dict)
    _constants: dict[int, tuple[npt.NDArray[np.generic], Tensor]] = field(default_factory=dict)
    _buffer_names: set[str] = field(default_factory=set)

    # tensors -------------------------------------------------------------------------

    def compute(
        self, dtype: DType, shape: Sequence[int], element: Element, *, view: bool = False
    ) -> Tensor:
        """A lazy tensor: `element(*index)` gives one element; `view` if it only picks."""
        return Tensor(TensorType(dtype, tuple(shape)), element=element, view=view)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """`x` in another shape of as many elements; free if `x` is stored."""
        from edgec.loops.index import ravel, unravel

        new = tuple(shape)
        if x.buffer is not None:
            return Tensor(TensorType(x.dtype, new), buffer=x.buffer)
        return Tensor(
            TensorType(x.dtype, new),
            element=lambda *i: x.at(*unravel(ravel(i, new), x.shape)),
            view=x.view,
            base=x,
        )

    def output(self, dtype: DType, shape: Sequence[int], number: int = 0) -> Tensor:
        """The stored tensor of output `number` of the operator being lowered."""
        target = self.targets[number]
        buffer = Buffer(self.buffer_name(target.name), dtype, tuple(shape), target.storage)
        return Tensor(TensorType(dtype, tuple(shape)), buffer=buffer)

    def scratch(
        self, dtype: DType, shape: Sequence[int], name: str = "scratch", align: int = 0
    ) -> Tensor:
        """A stored tensor that lives only during this step."""
        buffer = Buffer(self.buffer_name(name), dtype, tuple(shape), Storage.TEMP, align=align)
        return Tensor(TensorType(dtype, tuple(shape)), buffer=buffer)

    def constant(
        self, data: npt.NDArray[np.generic], name: str = "const", align: int = 0
    ) -> Tensor:
        """A stored tensor in flash. The same array object gives the same buffer."""
        known = self._constants.get(id(data))
        if known is not None:
            return known[1]
        array = np.ascontiguousarray(data).reshape(np.shape(data))
        dtype = DType.of(array.dtype)
        buffer = Buffer(self.buffer_name(name), dtype, array.shape, Storage.CONST, array, align)
        tensor = Tensor(TensorType(dtype, array.shape), buffer=buffer)
        self._constants[id(data)] = (data, tensor)
        return tensor

    def buffer_name(self, base: str) -> str:
        """A C identifier from `base` that no other buffer of the program has."""
        clean = "".join(c if c.isascii() and c.isalnum() else "_" for c in base)[:40].strip("_")
        if not clean or clean[0].isdigit():
            clean = f"t{clean}"
        name, k = clean, 1
        while name.lower() in self._buffer_names:
            name, k = f"{clean}_{k}", k + 1
        self._buffer_names.add(name.lower())
        return name

    # statements ----------------------------------------------------------------------

    def emit(self, stmt: Stmt) -> None:
        self._blocks[-1].append(stmt)

    def take(self) -> tuple[Stmt, ...]:
        """The statements so far; the builder starts a new, empty step."""
        (block,) = self._blocks
        self._blocks = [[]]
        self._counts = {}
        return tuple(block)

    @property
    def empty(self) -> bool:
        return self._blocks == [[]]

    @property
    def block(self) -> list[Stmt]:
        """The block that statements are added to now."""
        return self._blocks[-1]

    def is_open(self, block: list[Stmt] | None) -> bool:
        """True if what `block` defines is visible here."""
        return any(b is block for b in self._blocks)

    def store(self, target: Tensor, index: Sequence[Operand], value: Operand) -> None:
        """`target[index] = value`; `target` must be stored."""
        assert target.buffer is not None
        place = target.at(*index)
        assert isinstance(place, ex.Load)
        self.emit(Store(target.buffer, place.index, ex.as_expr(value, target.dtype)))

    def local(self, value: Operand, dtype: DType | None = None, name: str = "acc") -> Var:
        """A mutable scalar with a first value."""
        first = value if isinstance(value, Expr) else ex.const(dtype or INDEX, value)
        var = Var(first.dtype, self._fresh(name))
        self.emit(Local(var, first))
        return var

    def assign(self, var: Var, value: Operand) -> None:
        self.emit(Assign(var, ex.as_expr(value, var.dtype)))

    def let(self, value: Expr, name: str = "t") -> Expr:
        """A named copy of `value`, so that it is computed once; trivial ones stay as is."""
        if isinstance(value, Const | Var):
            return value
        low, high = interval(value) if ex.is_index(value) else (None, None)
        var = Var(value.dtype, self._fresh(name), low, high)
        self.emit(Let(var, value))
        return var

    def let_index(self, value: Expr, low: int, high: int, name: str = "k") -> Var:
        """A run-time index (converted to s32) that is known to be within [low, high]."""
        var = Var(INDEX, self._fresh(name), low, high)
        self.emit(Let(var, ex.cast(INDEX, value)))
        return var

    def break_(self) -> None:
        self.emit(Break())

    # structure -----------------------------------------------------------------------

    @contextmanager
    def loop(
        self, end: Operand, begin: Operand = 0, name: str = "i", step: int = 1
    ) -> Iterator[Var]:
        """`for` from `begin` up to, not including, `end`."""
        first, last = ex.as_expr(begin, INDEX), ex.as_expr(end, INDEX)
        low, high = interval(first)[0], interval(last)[1] - 1
        var = Var(INDEX, self._fresh(name), low, max(high, low))
        self._blocks.append([])
        try:
            yield var
        finally:
            body = self._blocks.pop()
        if high >= low:
            self.emit(For(var, first, last, tuple(body), step))

    @contextmanager
    def loops(self, shape: Sequence[int], name: str = "i") -> Iterator[tuple[Expr, ...]]:
        """A loop nest over every index of `shape`; extents of one make no loop."""
        index: list[Expr] = []
        with self._nest(shape, name, index):
            yield tuple(index)

    @contextmanager
    def _nest(self, shape: Sequence[int], name: str, index: list[Expr]) -> Iterator[None]:
        if not shape:
            yield
        elif shape[0] == 1:
            index.append(ex.index(0))
            with self._nest(shape[1:], name, index):
                yield
        else:
            with self.loop(shape[0], name=name) as var:
                index.append(var)
                with self._nest(shape[1:], name, index):
                    yield

    @contextmanager
    def when(self, cond: Expr) -> Iterator[None]:
        """Statements that run if `cond` holds (all of them if it is known to)."""
        self._blocks.append([])
        try:
            yield
        finally:
            body = self._blocks.pop()
        if isinstance(cond, Const):
            self._blocks[-1].extend(body if cond.value else [])
        elif body:
            self.emit(If(cond, tuple(body)))

    @contextmanager
    def otherwise(self) -> Iterator[None]:
        """The other side of the `when` just before."""
        before = self._blocks[-1].pop()
        assert isinstance(before, If) and not before.otherwise
        self._blocks.append([])
        try:
            yield
        finally:
            body = self._blocks.pop()
        self.emit(If(before.cond, before.then, tuple(body)))

    def guarded(self, cond: Expr, value: Callable[[], Expr], default: Expr) -> Expr:
        """`value()` where `cond` holds, else `default`; `value` may emit statements.

        Whatever `value` reads or emits is evaluated under `cond` only.
        """
        if isinstance(cond, Const):
            return value() if cond.value else default
        self._blocks.append([])
        try:
            result = value()
        finally:
            block = self._blocks.pop()
        if not block:
            return ex.select(cond, result, default)
        var = self.local(default, name="v")
        self.emit(If(cond, (*block, Assign(var, result))))
        return var

    # reductions ----------------------------------------------------------------------

    def reduce(
        self,
        init: Expr,
        extents: Sequence[int],
        combine: Callable[[Expr, tuple[Expr, ...]], Expr],
        name: str = "acc",
    ) -> Expr:
        """Fold `combine(accumulator, index)` over every index of `extents`, in order."""
        acc = self.local(init, name=name)
        with self.loops(extents, name="k") as index:
            self.assign(acc, combine(acc, index))
        return acc

    def sum(
        self, dtype: DType, extents: Sequence[int], term: Callable[..., Expr], name: str = "acc"
    ) -> Expr:
        """Sum of `term(*index)` in row-major order; integers must be proven not to overflow."""
        return self.reduce(
            ex.const(dtype, 0),
            extents,
            lambda acc, index: ex.Binary(dtype, "add", acc, term(*index)),
            name,
        )

    def _fresh(self, base: str) -> str:
        k = self._counts.get(base, 0)
        self._counts[base] = k + 1
        return f"{base}{k}"


def shared(b: Builder, x: Tensor) -> Tensor:
    """`x`, each element of which has a name and is computed once, however often it is read."""
    known: dict[tuple[Expr, ...], tuple[list[Stmt], Expr]] = {}

    def element(*index: Expr) -> Expr:
        block, value = known.get(index, (None, None))
        if value is None or not b.is_open(block):
            value = b.let(x.at(*index), "x")
            known[index] = b.block, value
        return value

    return Tensor(x.type, element=element, view=x.view)


def copy(b: Builder, x: Tensor, into: Tensor) -> None:
    """Store every element of `x` in `into` (same shape), row-major order."""
    while x.base is not None:
        x = x.base
    into = b.reshape(into, x.shape)
    with b.loops(into.shape) as index:
        b.store(into, index, x.at(*index))
