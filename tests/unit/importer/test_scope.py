"""What names mean: constants, outer values, initializers of branches."""

from __future__ import annotations

import numpy as np

from .models import (
    answer,
    graph,
    imported,
    model,
    node,
    tensor,
)


def test_an_initializer_that_is_also_an_input_is_a_constant() -> None:
    inputs = [tensor("x"), tensor("w", (4,))]
    built = model([node("Mul", ["x", "w"], ["y"])], inputs, weights={"w": np.ones(4, np.float32)})
    g = imported(built)
    assert [v.name for v in g.inputs] == ["x"]
    assert [v.name for v in g.constants] == ["w"]


def test_a_branch_may_have_initializers_and_read_outer_values() -> None:
    then = graph([node("Mul", ["h", "k"], ["t"])], [], ["t"], {"k": np.float32([2])})
    nodes = [
        node("If", ["c"], ["y"], then_branch=then, else_branch=graph([], [], ["h"])),
        node("Neg", ["x"], ["h"]),  # after its reader: only the branch reads it
    ]
    assert answer(model(nodes, weights={"c": np.array([True])})).tolist() == [[2, -4, 6, -8]]
