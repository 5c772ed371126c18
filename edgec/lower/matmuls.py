"""What the kernel rows need to know about products of activations."""

from __future__ import annotations

from edgec.ir.graph import Node
from edgec.kernels.facts import MatMulFacts, Places
from edgec.ops.quantized_matmul import Places as Numbers
from edgec.ops.quantized_matmul import QBatchMatMul


def matmul_facts(node: Node) -> MatMulFacts | None:
    """Facts of a product of two s8 matrices that are known at run time, or None."""
    op = node.op
    if not isinstance(op, QBatchMatMul):
        return None
    tables = [v is not None for v in (*node.inputs, None, None)[2:4]]
    return MatMulFacts(
        op.rows, op.k, op.n, op.batch, _places(op.a_at), _places(op.b_at), _places(op.y_at),
        *op.numbers, tables[0], tables[1],
    )  # fmt: skip


def _places(at: Numbers) -> Places:
    first, one, two, row, column = at
    return Places(first, (one, two), row, column)
