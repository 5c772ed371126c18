"""Checks how the nodes of one (sub)graph hang together and orders them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import onnx

from edgec.diagnostics import Diagnostic, Where
from edgec.importer.attributes import subgraphs


@dataclass(frozen=True)
class Step:
    """A node and its place in the file (from 0)."""

    position: int
    proto: onnx.NodeProto
    reads: tuple[str, ...]  # operands, then outer names that its subgraphs read


@dataclass(frozen=True)
class Ordered:
    """Live nodes, producers before users, and the names that somebody reads."""

    steps: tuple[Step, ...]
    read: frozenset[str]


@dataclass(frozen=True)
class Names:
    """Names around the nodes: `own` are defined at their level (inputs, initializers),
    `visible` also at the levels around it; `outputs` are wanted of the nodes."""

    own: Collection[str]
    visible: Collection[str]
    outputs: tuple[str, ...]


def order(
    nodes: Sequence[onnx.NodeProto], names: Names, where: Where, problems: list[Diagnostic]
) -> Ordered:
    """The nodes that the outputs need in a valid order that keeps the file's where it can.

    Duplicate definitions (E0112), cycles (E0110) and undefined tensors (E0111) go to
    `problems`; nodes of a cycle are left out.
    """
    steps = [Step(k, node, _reads(node)) for k, node in enumerate(nodes)]
    makers = _makers(steps, names.own, where, problems)
    _check_defined(steps, makers, names, where, problems)
    order_ = _sorted(steps, makers, where, problems)
    live = set(names.outputs)
    kept: list[Step] = []
    for step in reversed(order_):
        if any(name in live for name in step.proto.output if name):
            live.update(step.reads)
            kept.append(step)
    return Ordered(tuple(reversed(kept)), frozenset(live))


def node_label(step: Step) -> str:
    """Name of a node in messages: its own, or operator and position."""
    return step.proto.name or f"{step.proto.op_type}_#{step.position}"


def _reads(node: onnx.NodeProto) -> tuple[str, ...]:
    names = [name for name in node.input if name]
    for graph in subgraphs(node):
        names.extend(_free(graph))
    return tuple(dict.fromkeys(names))


def _free(graph: onnx.GraphProto) -> list[str]:
    """Names that a subgraph reads from the graphs around it."""
    own = {i.name for i in graph.input} | {i.name for i in graph.initializer}
    own.update(s.values.name for s in graph.sparse_initializer)
    own.update(name for node in graph.node for name in node.output)
    used = [name for node in graph.node for name in _reads(node)]
    used.extend(o.name for o in graph.output)
    return [name for name in used if name and name not in own]


def _makers(
    steps: Sequence[Step], known: Collection[str], where: Where, problems: list[Diagnostic]
) -> dict[str, Step]:
    makers: dict[str, Step] = {}
    for step in steps:
        for name in step.proto.output:
            if not name:
                continue
            if name in makers or name in known:
                problems.append(
                    Diagnostic(
                        "E0112",
                        f"tensor '{name}' is defined twice",
                        Where(file=where.file, node=f"'{node_label(step)}'", tensor=f"'{name}'"),
                        "every tensor has one definition",
                        "export the model again; the tool that wrote it has a bug",
                    )
                )
            makers.setdefault(name, step)
    return makers


def _check_defined(
    steps: Sequence[Step],
    makers: dict[str, Step],
    names: Names,
    where: Where,
    problems: list[Diagnostic],
) -> None:
    readers = [(name, f"'{node_label(s)}'") for s in steps for name in s.reads]
    readers.extend((name, "") for name in names.outputs)
    reported: set[str] = set()
    for name, node in readers:
        if name in makers or name in names.visible or name in reported:
            continue
        reported.add(name)
        problems.append(
            Diagnostic(
                "E0111",
                f"tensor '{name}' is used but nothing defines it",
                Where(file=where.file, node=node, tensor=f"'{name}'"),
                "a tensor is an input, an initializer or the output of a node",
                "export the model again; the tool that wrote it has a bug",
            )
        )


def _sorted(
    steps: Sequence[Step], makers: dict[str, Step], where: Where, problems: list[Diagnostic]
) -> list[Step]:
    """Depth first, without recursion: models can be deeper than Python's stack."""
    done: set[int] = set()
    cycles: list[list[Step]] = []
    cyclic: set[int] = set()
    result: list[Step] = []
    for root in steps:
        stack = [root]
        path: set[int] = set()
        while stack:
            step = stack[-1]
            if step.position in done:
                stack.pop()
                continue
            needs = [
                m
                for m in (makers.get(name) for name in step.reads)
                if m is not None and m.position not in done
            ]
            if not needs:
                stack.pop()
                done.add(step.position)
                if step.position not in cyclic:
                    result.append(step)
            elif step.position in path:  # seen again with open needs: they lead back to it
                first = next(k for k, s in enumerate(stack) if s is step)
                cycles.append([s for s in stack[first:-1] if s.position in path])
                cyclic.add(step.position)
                done.add(step.position)
            else:
                path.add(step.position)
                stack.extend(reversed(needs))
    for cycle in cycles[:3]:
        named = ", ".join(f"'{node_label(s)}'" for s in cycle[:8])
        problems.append(
            Diagnostic(
                "E0110",
                f"the graph has a cycle through {named}",
                where,
                "the nodes of a model form an acyclic graph",
                "export the model again; the tool that wrote it has a bug",
            )
        )
    return result
