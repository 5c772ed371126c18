"""What the kernel rows need to know about recurrent layers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.ir.types import DType
from edgec.kernels.facts import RecurrentFacts
from edgec.ops.rnn import GRU, LSTM
from edgec.ops.rnn_base import Recurrent

FIRST_STATES = (5, 6)
PEEPHOLES = 7


def recurrent_facts(node: Node, constants: Mapping[Value, Array]) -> RecurrentFacts | None:
    """Facts of a float32 layer with constant weights and its usual activations, or None."""
    op = node.op
    if not isinstance(op, Recurrent) or not _usual(op):
        return None
    x = node.operands[0].type
    values = (*node.inputs, *(None for _ in range(PEEPHOLES + 1 - len(node.inputs))))
    w, r, bias = (None if v is None else constants.get(v) for v in values[1:4])
    unknown_bias = bias is None and values[3] is not None
    if x.dtype is not DType.F32 or w is None or r is None or unknown_bias:
        return None
    if values[PEEPHOLES] is not None:
        return None
    steps, batch, size = op.sizes(x)
    given = tuple(k for k in (4, 5, 6) if values[k] is not None)
    return RecurrentFacts(
        _kind(op), steps, batch, size, op.hidden, op.directions, op.direction == "reverse",
        op.batch_first, op.sequence, w, r, bias,
        tuple(k for k in given if k == 4 or not _is_zero(values[k], constants)),
    )  # fmt: skip


def _usual(op: Recurrent) -> bool:
    """No limits, no coupled gates, and the activations that every framework has."""
    names = tuple(name.lower() for name in op.defaults) * op.directions
    coupled = isinstance(op, LSTM) and op.coupled
    return op.activations == names and op.clip == math.inf and not coupled


def _kind(op: Recurrent) -> str:
    return "GRU_AFTER" if isinstance(op, GRU) and op.reset_after else op.name


def _is_zero(value: Value | None, constants: Mapping[Value, Array]) -> bool:
    """A first state of zeros is as good as none."""
    data = None if value is None else constants.get(value)
    return data is not None and not np.any(data)
