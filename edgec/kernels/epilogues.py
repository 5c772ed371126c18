"""Rows of kernels that also do what follows a layer: a table, or the sum with another tensor.

Such a kernel has its own C function, `_then` in its name. It takes the operand of what follows
behind the parameters: where 0 is in the table, or the other tensor. All else is as for the row that
it is made from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.facts import ConvFacts, Epilogue, GemmFacts

F = TypeVar("F", bound=ConvFacts | GemmFacts)

TABLE = "table"  # name of the constant
ZERO = 128  # place of the value 0 in a table
KINDS = {"lut": "EDGEC_THEN_TABLE", "add": "EDGEC_THEN_ADD"}


def with_epilogue(
    row: Kernel[F], *, table: float = 0.0, total: float = 0.0, scratch: int = 0
) -> Kernel[F]:
    """`row` with what its C function with `_then` in the name does besides.

    table, total: instructions that one more output takes for a table and for a sum, 0 if the
    function cannot. scratch: bytes more.
    """
    stem, isa = row.name.rsplit("__", 1)
    kinds = (("lut", table), ("add", total))

    def pack(facts: F) -> tuple[Constant, ...]:
        data = _epilogue(facts).table
        packed = row.pack(facts)
        return packed if data is None else (Constant(TABLE, np.ascontiguousarray(data)), *packed)

    def params(facts: F, names: CallNames) -> Struct:
        return Struct((("layer", row.params(facts, names)), ("then", _then(_epilogue(facts)))))

    def args(facts: F, names: CallNames) -> str:
        if _epilogue(facts).table is None:
            operand, constants = names.others[0], names.constants
            if names.columns is not None and isinstance(facts, ConvFacts):
                operand += f" + {names.columns[0]} * {facts.out_c}"
        else:
            operand, constants = f"{names.constants[0]} + {ZERO}", names.constants[1:]
        first, rest = row.args(facts, replace(names, constants=constants)).split(", ", 1)
        return f"{first}, {operand}, {rest}"

    return replace(
        row,
        name=f"{stem}_then__{isa}",
        struct=row.struct.replace("S8", "ThenS8"),
        pack=pack,
        params=params,
        args=args,
        scratch=lambda facts: row.scratch(facts) + scratch,
        epilogues=tuple((kind, each) for kind, each in kinds if each),
        fitted=row.name,
    )


def _epilogue(facts: ConvFacts | GemmFacts) -> Epilogue:
    assert facts.epilogue is not None
    return facts.epilogue


def _then(epilogue: Epilogue) -> Struct:
    """Fields of EdgecThen."""
    ma, mb, c, shift = epilogue.numbers[:4] if epilogue.kind == "add" else (0, 0, 0, 0)
    numbers = ints(ma=ma, mb=mb, c=c, shift=shift)
    return Struct((("kind", KINDS[epilogue.kind]), *numbers))
