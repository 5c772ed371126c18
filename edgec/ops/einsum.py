"""Sums of products of tensors, written as an equation. Source: ONNX Einsum-12."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_types
from edgec.ops.matmul import NUMBERS
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op


@dataclass(frozen=True)
class Einsum(Op):
    """Sum over all labels that are not in `result` of the product of the operands.

    `terms` has one label for each axis of each operand; axes with one label share an index.
    Labels are letters; the ellipsis has become capital Greek letters on import.
    """

    terms: tuple[str, ...]
    result: str

    reads = (Reads.MANY,)

    def extents(self, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
        """Extent of each label; E0250 where operands disagree."""
        found: dict[str, int] = {}
        for term, shape in zip(self.terms, shapes, strict=True):
            check(
                len(term) == len(shape),
                "E0250",
                f"Einsum term '{term}' names {len(term)} axes of shape {list(shape)}",
                rule="one label for each axis",
            )
            for label, extent in zip(term, shape, strict=True):
                known = found.setdefault(label, extent)
                found[label] = max(known, extent)
                check(
                    known == extent or 1 in (known, extent),
                    "E0250",
                    f"Einsum label '{label}' has extents {known} and {extent}",
                    rule="axes with one label have one extent, or 1",
                )
        return found

    def infer(self, *types: TensorType) -> TensorType:
        check(
            len(types) == len(self.terms),
            "E0250",
            f"Einsum of {len(types)} operands has {len(self.terms)} terms",
            rule="one term for each operand",
        )
        check_types("Einsum", types, NUMBERS)
        extents = self.extents([t.shape for t in types])
        check(
            all(label in extents for label in self.result)
            and len(set(self.result)) == len(self.result),
            "E0250",
            f"Einsum result '{self.result}' is not made of labels of the operands",
            rule="every label of the result is in an operand, and only once in the result",
        )
        return types[0].with_shape(tuple(extents[label] for label in self.result))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        total = 1
        for extent in self.extents([t.shape for t in inputs if t is not None]).values():
            total *= extent
        return total

    def reference(self, *operands: FloatArray) -> FloatArray:
        extents = self.extents([x.shape for x in operands])
        letter = dict(zip(extents, string.ascii_letters, strict=False))
        spelled = ["".join(letter[c] for c in term) for term in (*self.terms, self.result)]
        equation = ",".join(spelled[:-1]) + "->" + spelled[-1]
        full = [
            np.broadcast_to(x, tuple(extents[c] for c in term))
            for x, term in zip(operands, self.terms, strict=True)
        ]
        return np.asarray(np.einsum(equation, *full), operands[0].dtype)

    def lower(self, b: Builder, *operands: Tensor) -> Tensor:
        extents = self.extents([x.shape for x in operands])
        summed = [c for c in dict.fromkeys("".join(self.terms)) if c not in self.result]
        dtype = operands[0].dtype

        def element(*index: Expr) -> Expr:
            def product(acc: Expr, inner: tuple[Expr, ...]) -> Expr:
                at = dict(zip([*self.result, *summed], [*index, *inner], strict=True))
                factors = [
                    x.at(*_index(term, x.shape, at))
                    for x, term in zip(operands, self.terms, strict=True)
                ]
                value = factors[0]
                for factor in factors[1:]:
                    value = value * factor
                return acc + value

            return b.reduce(ex.const(dtype, 0), [extents[c] for c in summed], product)

        return b.compute(dtype, [extents[c] for c in self.result], element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases: tuple[tuple[tuple[str, ...], str, tuple[tuple[int, ...], ...]], ...] = (
            (("ij", "jk"), "ik", ((2, 3), (3, 4))),
            (("bij", "bkj"), "bki", ((2, 3, 4), (2, 5, 4))),
            (("ii",), "i", ((3, 3),)),
            (("ij",), "", ((2, 3),)),
            (("ab", "bc", "cd"), "ad", ((2, 3), (3, 2), (2, 4))),
        )
        for terms, result, shapes in cases:
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in shapes)
            yield Sample(cls(terms, result), data)


def _index(term: str, shape: tuple[int, ...], at: dict[str, Expr]) -> tuple[Expr, ...]:
    pairs = zip(term, shape, strict=True)
    return tuple(ex.index(0) if extent == 1 else at[label] for label, extent in pairs)


# import ------------------------------------------------------------------------------

GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"  # labels of the axes that an ellipsis stands for


@onnx_op("Einsum")
def import_einsum(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX Einsum, with implicit results and ellipses."""
    equation = n.get_string("equation").replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    hidden = 0
    for k, term in enumerate(terms):
        if "..." in term and k < len(n.inputs):
            hidden = max(hidden, n.type(k).rank - len(term.replace("...", "")))
    if not arrow:
        letters = sorted({c for c in left if c.isalpha() and left.count(c) == 1})
        right = ("..." if "..." in left else "") + "".join(letters)
    full = []
    for k, term in enumerate(terms):
        own = n.type(k).rank - len(term.replace("...", "")) if k < len(n.inputs) else 0
        full.append(term.replace("...", GREEK[max(hidden - own, 0) : hidden]))
    op = Einsum(tuple(full), right.replace("...", GREEK[:hidden]))
    return b.emit(op, *(n.input(k) for k in range(len(n.inputs))))
