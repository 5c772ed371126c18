"""Facts of products of activations."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import Places
from edgec.lower.matmuls import matmul_facts
from edgec.ops.quantized import Lut
from tests.unit.ops.test_quantized_matmul import OP


def test_facts_say_where_matrices_are_and_which_have_tables() -> None:
    g = Graph("g")
    a, b = Value("a", TensorType(DType.I8, (30,))), Value("b", TensorType(DType.I8, (40,)))
    table = g.constant(np.zeros(256, np.int8))
    f = matmul_facts(g.node(OP, (a, b, None, table)))
    assert f is not None
    assert (f.batch, f.rows, f.k, f.n, f.macs, f.outputs) == ((1, 2), 3, 5, 4, 120, 24)
    assert f.b == Places(0, (0, 20), 4, 1)
    assert (f.a_table, f.b_table) == (False, True)
    assert matmul_facts(g.node(Lut(), (a, table))) is None
