"""A forest as read from a model: branches and leaves by key; packs it into node arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgec.ops.base import Array
from edgec.ops.ml_tree import MODES, TreeEnsemble
from edgec.ops.onnx_import import OnnxNode

Key = Hashable  # of a branch or a leaf
Leaf = tuple[tuple[int, float], ...]  # (target, weight) ...
Pair = tuple[float, float]


@dataclass(frozen=True)
class Branch:
    """One test: on to `yes` or `no`, which are keys of branches or leaves."""

    feature: int
    mode: str
    threshold: float
    yes: Key
    no: Key
    missing_is_yes: bool = False


@dataclass(frozen=True)
class Forest:
    """Trees over shared maps of branches and leaves; a key is in one of the two maps."""

    roots: tuple[Key, ...]
    branches: Mapping[Key, Branch]
    leaves: Mapping[Key, Leaf]
    targets: int
    aggregate: str  # sum, average, min, max
    dtype: npt.DTypeLike = np.float32  # of weights
    threshold_dtype: npt.DTypeLike = np.float32


@dataclass(frozen=True)
class Packed:
    """The operator of a forest and its constant operands, in order."""

    op: TreeEnsemble
    operands: tuple[Array | None, ...]


@dataclass(frozen=True)
class Walk:
    """Branches in preorder and the depth of the deepest path."""

    order: tuple[Key, ...]
    depth: int


def walk(n: OnnxNode, forest: Forest) -> Walk:
    """Visit every branch that a root reaches; E0257 for a cycle or a missing node."""
    depth: dict[Key, int] = {}
    order: dict[Key, None] = {}
    for root in forest.roots:
        stack: list[tuple[Key, bool]] = [(root, False)]
        open_: set[Key] = set()
        while stack:
            key, done = stack.pop()
            branch = forest.branches.get(key)
            if branch is None:
                if key not in forest.leaves:
                    raise _broken(n, f"refers to the node {key}, which does not exist")
                depth[key] = 0
            elif done:
                open_.discard(key)
                depth[key] = 1 + max(depth[branch.yes], depth[branch.no])
            elif key in open_:
                raise _broken(n, f"has a cycle through the node {key}")
            elif key not in depth:
                open_.add(key)
                order[key] = None
                stack += [(key, True), (branch.no, False), (branch.yes, False)]
    if len(order) != len(forest.branches):
        raise _broken(n, "has branches that no tree leads to")
    return Walk(tuple(order), max((depth[r] for r in forest.roots), default=0))


def _broken(n: OnnxNode, what: str) -> Exception:
    return n.error(
        "E0257",
        f"{n.op_type} {what}",
        rule="branches form trees: every successor exists, none leads back",
        help="check the tool that wrote this model; re-export it",
    )


def pack(n: OnnxNode, forest: Forest, features: int) -> Packed:
    """Node arrays for a forest over rows of `features` values."""
    found = walk(n, forest)
    branches = [forest.branches[key] for key in found.order]
    for branch in branches:
        if not 0 <= branch.feature < features:
            raise n.error(
                "E0252",
                f"{n.op_type} tests feature {branch.feature} of {features}",
                rule="features count from 0",
            )
    leaves = _Leaves.of(forest, found)
    number: dict[Key, int] = {key: k for k, key in enumerate(found.order)}
    reference = {**{key: -1 - k for key, k in leaves.number.items()}, **number}
    used = sorted({branch.mode for branch in branches})
    mode = used[0] if len(used) == 1 else ("" if used else "leq")
    rows = branches or [Branch(0, "leq", 0.0, found, found)]  # at least one element
    reference[found] = -1
    operands: list[Array | None] = [
        narrow([reference[key] for key in forest.roots], signed=True),
        narrow([r.feature for r in rows]),
        np.asarray([r.threshold for r in rows], forest.threshold_dtype),
        narrow([reference[r.yes] for r in rows], signed=True),
        narrow([reference[r.no] for r in rows], signed=True),
        *leaves.arrays(forest.dtype),
        None if mode else narrow([MODES.index(r.mode) for r in rows]),
    ]
    if any(r.missing_is_yes for r in rows):
        operands.append(narrow([int(r.missing_is_yes) for r in rows]))
    aggregate = "sum" if forest.aggregate == "average" else forest.aggregate
    return Packed(TreeEnsemble(forest.targets, found.depth, mode, aggregate), tuple(operands))


@dataclass(frozen=True)
class _Leaves:
    """Distinct leaves; equal ones share one entry."""

    number: dict[Key, int]
    distinct: tuple[Leaf, ...]

    @staticmethod
    def of(forest: Forest, found: Walk) -> _Leaves:
        """The leaves that a walk can reach."""
        index: dict[Leaf, int] = {}
        number: dict[Key, int] = {}
        reached = [k for key in found.order for k in _successors(forest.branches[key])]
        for key in (*forest.roots, *reached):
            if key in forest.branches or key in number:
                continue
            leaf = forest.leaves[key]
            if forest.aggregate in ("sum", "average"):
                leaf = tuple(pair for pair in leaf if pair[1] != 0)
            number[key] = index.setdefault(leaf, len(index))
        return _Leaves(number, tuple(index))

    def arrays(self, dtype: npt.DTypeLike) -> tuple[Array, Array, Array]:
        """begin, target and weight."""
        ends = np.cumsum([0] + [len(leaf) for leaf in self.distinct])
        pairs = [pair for leaf in self.distinct for pair in leaf] or [(0, 0.0)]
        return (
            narrow(ends.tolist()),
            narrow([target for target, _ in pairs]),
            np.asarray([weight for _, weight in pairs], dtype),
        )


def _successors(branch: Branch) -> tuple[Key, Key]:
    return branch.yes, branch.no


def narrow(values: Sequence[int], *, signed: bool = False) -> Array:
    """`values` in the smallest integer type that holds them all."""
    low, high = min(values, default=0), max(values, default=0)
    types = (np.int8, np.int16, np.int32) if signed else (np.uint8, np.uint16, np.int32)
    fitting = [t for t in types if np.iinfo(t).min <= low and high <= np.iinfo(t).max]
    return np.asarray(values, fitting[0])


def expand_members(
    branches: dict[Key, Branch], key: Key, branch: Branch, members: Sequence[float]
) -> None:
    """Put a test for membership in a set at `key`: a chain of comparisons."""
    for k, member in enumerate(members):
        here = key if k == 0 else (key, k)
        last = k == len(members) - 1
        following = branch.no if last else (key, k + 1)
        branches[here] = replace(branch, mode="eq", threshold=member, no=following)
