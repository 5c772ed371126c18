"""What an operator is: one frozen dataclass with rules, shapes, reference and lowering.

An entry states, in one place, what the operator takes and means:

* fields       the attributes, already normalised (positive axes, explicit pads ...)
* `infer`      output types from input types; raises EdgecError E02xx on a broken rule
* `reference`  the meaning, in numpy; for integer operators bit for bit
* `lower`      the same meaning as a tensor expression, from which C is made
* `reads`      how often each input element is read (decides what is fused into it)

How a model's node becomes such an operator is the business of an import function beside
the entry (`edgec.ops.onnx_import`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgec.ir.types import TensorType

if TYPE_CHECKING:
    from edgec.loops.builder import Builder
    from edgec.loops.tensor import Tensor

Array = npt.NDArray[np.generic]


class Reads(Enum):
    """How often an operator reads one element of an operand."""

    ONCE = "once"  # at most once: its producer can be computed on the fly
    MANY = "many"  # again and again: its producer must be stored first
    BUFFER = "buffer"  # through a pointer: it must be a stored, contiguous buffer


@dataclass(frozen=True)
class Sample:
    """A random valid use of an operator."""

    op: Op
    inputs: tuple[Array | None, ...]
    constants: tuple[int, ...] = ()  # operands that are constants in a real model


@dataclass(frozen=True)
class Op:
    """Base of every operator. Subclasses override `infer`, `reference` and `lower`.

    Signatures name the operands, for example `infer(self, x, w, b=None)`; an omitted
    optional operand is None. `infer`, `reference` and `lower` return one result or a
    tuple of them.
    """

    reads: ClassVar[tuple[Reads, ...]] = ()  # by operand; the last one repeats; default ONCE
    elementwise: ClassVar[bool] = False  # out[i] needs only operand[i], numpy broadcasting

    @property
    def name(self) -> str:
        """Name in the text IR and in messages."""
        return type(self).__name__

    def infer(self, *inputs: Any, **kwargs: Any) -> TensorType | tuple[TensorType, ...]:
        """Types of the outputs from the types of the operands."""
        raise TypeError(f"{self.name} has no shape rule")

    def reference(self, *inputs: Any, **kwargs: Any) -> Array | tuple[Array, ...]:
        """Outputs from operands, as numpy arrays of the types that `infer` promises."""
        raise TypeError(f"{self.name} has no reference")

    def lower(self, b: Builder, *inputs: Any, **kwargs: Any) -> Tensor | tuple[Tensor, ...]:
        """Outputs from operands, as tensor expressions."""
        raise TypeError(f"{self.name} has no lowering")

    def permuted(self, perm: tuple[int, ...]) -> Op | None:
        """The operator that does the same when every operand and result is transposed by
        `perm` (ONNX Transpose: new axis k is old axis perm[k]); None if there is none.

        Operands of lower rank are not transposed: the layout pass handles broadcasting.
        """
        return self if self.elementwise else None

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        """Valid small examples for tests: reference and generated C must agree on them."""
        return ()

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        """Multiply-accumulates of one execution (0 for operators that are not counted)."""
        return 0

    def reads_of(self, operand: int) -> Reads:
        """How often operand number `operand` is read."""
        if not self.reads:
            return Reads.ONCE
        return self.reads[min(operand, len(self.reads) - 1)]


def run_reference(op: Op, inputs: tuple[Array | None, ...]) -> tuple[Array, ...]:
    """`op.reference` on `inputs`, always as a tuple of arrays (0-d results too)."""
    result = op.reference(*inputs)
    outputs = result if isinstance(result, tuple) else (result,)
    return tuple(np.asarray(o) for o in outputs)
