"""Permutes the weights behind a flattened image, so that the image need not be transposed.

A Gemm of Reshape(x, [N, C * S]) with x [N, C, *S] sums over (c, s) in this order. If x comes
as [N, *S, C], the sum is the same with the weights of each (c, s) moved to (s, c).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edgec.ir.graph import Graph, Node, Value
from edgec.ops.base import Op
from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.quantized import QGemm

Users = Mapping[Value, Sequence[Node]]


def can_permute_columns(graph: Graph, users: Users, node: Node) -> bool:
    """True if everything that reads the Reshape `node` can take channels-last columns."""
    x, y = node.operands[0].type.shape, node.output.type.shape
    if len(x) < 3 or y != (x[0], math.prod(x[1:])) or node.output in graph.outputs:
        return False
    readers = users.get(node.output, [])
    return bool(readers) and all(_takes(graph, user, node.output) for user in readers)


def permute_columns(graph: Graph, users: Users, node: Node) -> None:
    """Give every Gemm behind the Reshape `node` weights for channels-last columns."""
    x = node.operands[0].type.shape
    order = np.arange(math.prod(x[1:])).reshape(x[1:])
    index = np.moveaxis(order, 0, -1).reshape(-1)
    for user in users[node.output]:
        axis = summed_axis(user.op)
        weights = user.inputs[1]
        assert axis is not None and weights is not None
        data = np.take(graph.constants[weights], index, axis=axis)
        user.inputs = (user.inputs[0], graph.constant(data, weights.name), *user.inputs[2:])


def summed_axis(op: Op) -> int | None:
    """The axis of the weights (operand 1, a matrix) that meets the columns of operand 0."""
    if isinstance(op, Gemm) and not op.trans_a:
        return 1 if op.trans_b else 0
    if isinstance(op, QGemm):
        return 1
    if isinstance(op, MatMul):
        return 0
    return None


def _takes(graph: Graph, user: Node, value: Value) -> bool:
    if summed_axis(user.op) is None or user.operands.count(value) != 1:
        return False
    x, w = user.inputs[:2]
    return x is value and w in graph.constants and w.type.rank == 2
