"""Common subexpressions: the same operator on the same operands is computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Array, Graph, Node, Value
from edgec.passes.base import Fact, Pass
from edgec.passes.rewrite import Rewriter

SAMPLE = 16  # elements that tell most constants apart, so that few are hashed as a whole


@dataclass(frozen=True)
class ShareCommon(Pass):
    """Merge constants of the same type and bytes, then nodes that compute the same."""

    name: ClassVar[str] = "share-common"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_DUPLICATES})

    def run(self, graph: Graph) -> bool:
        r = Rewriter(graph)
        modified = _share_constants(r)
        modified |= _share_nodes(r)
        if modified:
            r.finish()
        return modified


def _share_constants(r: Rewriter) -> bool:
    groups: dict[Hashable, list[Value]] = {}
    for value, data in r.graph.constants.items():
        sample = data.reshape(-1)[:SAMPLE].tobytes()
        groups.setdefault((value.type, value.quant, sample), []).append(value)
    modified = False
    for group in groups.values():
        modified |= len(group) > 1 and _share_equal(r, group)
    return modified


def _share_equal(r: Rewriter, group: list[Value]) -> bool:
    first: dict[Hashable, Value] = {}
    modified = False
    for value in group:
        kept = first.setdefault(_key_of_array(r.graph.constants[value]), value)
        if kept is not value and r.can_replace(value, kept) and r.users(value):
            r.replace(value, kept)
            modified = True
    return modified


def _share_nodes(r: Rewriter) -> bool:
    """One walk in order suffices: operands are merged before their readers are looked at."""
    first: dict[Hashable, Node] = {}
    modified = False
    for node in r.nodes():
        if not r.alive(node):
            continue
        kept = first.setdefault(_key_of_node(node), node)
        if kept is node:
            continue
        if not all(map(r.can_replace, node.outputs, kept.outputs)):
            continue
        for old, new in zip(node.outputs, kept.outputs, strict=True):
            r.replace(old, new)
        kept.origin += tuple(o for o in node.origin if o not in kept.origin)
        modified = True
    return modified


def _key_of_node(node: Node) -> Hashable:
    """Equal for nodes that compute the same.

    `repr` stands for each attribute: it tells apart values that compare equal in Python
    (0.0 and -0.0, 1 and True), and exists for those that cannot be hashed.
    """
    attributes = tuple(
        (name, _key_of_attribute(value)) for name, value in sorted(vars(node.op).items())
    )
    return type(node.op), attributes, tuple(map(id, node.inputs)), len(node.outputs)


def _key_of_attribute(value: object) -> Hashable:
    return _key_of_array(value) if isinstance(value, np.ndarray) else repr(value)


def _key_of_array(data: Array) -> Hashable:
    digest = hashlib.blake2b(np.ascontiguousarray(data).tobytes()).digest()
    return data.dtype.str, data.shape, digest
