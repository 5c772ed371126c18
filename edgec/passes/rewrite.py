"""Local rewriting until nothing changes, with maps of users and producers kept up to date.

A rule looks at one node and, if it matches, changes the graph through the `Rewriter`:

    def relu_of_relu(r: Rewriter, node: Node) -> bool:
        inner = r.producer(node.inputs[0])
        if not (is_op(node, Relu) and is_op(inner, Relu)):
            return False
        r.replace(node.output, inner.output)
        return True

A node whose results lose their last reader is removed at once, with everything that only
it needed, so that "this value has one reader" is always true of the code that remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgec.diagnostics import ExitCode, fail
from edgec.ir.graph import Array, Graph, Node, Value
from edgec.ops.base import Op
from edgec.passes.base import Pass

MAX_SWEEPS = 200  # a chain of n rewrites against node order needs n sweeps; real models need < 10


class Rewriter:
    """A graph under rewriting. Call `finish` when done: it restores the order of nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._producers = graph.producers()
        self._users = graph.users()
        self._alive = {id(node): node for node in graph.nodes}
        self._new: set[Value] = set()
        self._outputs = set(graph.outputs)
        self._inputs = set(graph.inputs)

    # asking

    def nodes(self) -> list[Node]:
        """The nodes that are alive: old ones in order, then new ones."""
        return list(self._alive.values())

    def alive(self, node: Node) -> bool:
        return id(node) in self._alive

    def producer(self, value: Value | None) -> Node | None:
        """The node that computes `value`; None for inputs, constants and omitted operands."""
        return None if value is None else self._producers.get(value)

    def users(self, value: Value) -> list[Node]:
        """The nodes that read `value`, once per operand that reads it."""
        return self._users.get(value, [])

    def data(self, value: Value | None) -> Array | None:
        """The data of a constant, None for anything else."""
        return self.graph.data(value)

    def is_output(self, value: Value) -> bool:
        return value in self._outputs

    def has_one_reader(self, value: Value) -> bool:
        """True if exactly one operand of one node reads `value`, and it is no graph output."""
        return value not in self._outputs and len(self.users(value)) == 1

    def can_replace(self, old: Value, new: Value) -> bool:
        """False where `old` is a graph output that `new` cannot stand for.

        Every graph output is computed by a node of its own, never an input, a constant or
        another output: its name and its place in memory are part of the interface.
        """
        return old not in self._outputs or (new not in self._outputs and new in self._producers)

    # changing

    def constant(self, data: Array, base: str = "const") -> Value:
        """A new constant."""
        return self.graph.constant(data, base)

    def insert_many(
        self, op: Op, *inputs: Value | None, origin: Iterable[str] = ()
    ) -> tuple[Value, ...]:
        """A new node; returns its outputs. It takes its place in the order in `finish`."""
        node = self.graph.node(op, inputs, origin=origin)
        self._alive[id(node)] = node
        for value in node.operands:
            self._users.setdefault(value, []).append(node)
        for out in node.outputs:
            self._producers[out] = node
            self._new.add(out)
        return node.outputs

    def insert(self, op: Op, *inputs: Value | None, origin: Iterable[str] = ()) -> Value:
        """A new node with one output; returns that output."""
        (out,) = self.insert_many(op, *inputs, origin=origin)
        return out

    def replace(self, old: Value, new: Value) -> None:
        """Let all readers of `old` read `new`, and remove what is dead then.

        `new` takes over the name of `old` if this rewriter made it or `old` is an output.
        """
        assert self.can_replace(old, new), f"{old} is an output that {new} cannot stand for"
        readers = self._users.pop(old, [])
        for node in readers:
            node.inputs = tuple(new if v is old else v for v in node.inputs)
        self._users.setdefault(new, []).extend(readers)
        if old in self._outputs:
            self._become_output(old, new)
        elif new in self._new and new not in self._outputs:
            old.name, new.name = new.name, old.name
            new.quant = new.quant or old.quant
        self._bury([self.producer(old)])

    def set_inputs(self, node: Node, inputs: Sequence[Value | None]) -> None:
        """Give `node` other operands, of the types that it had, and remove what is dead then."""
        before = node.operands
        node.inputs = tuple(inputs)
        for value in node.operands:
            self._users.setdefault(value, []).append(node)
        self._release(node, before)
        self._bury([self.producer(v) for v in before])

    def finish(self) -> None:
        """Write the nodes back in a valid order, and drop constants that nobody reads."""
        self.graph.nodes = self.nodes()
        self.graph.sort()
        for value in [v for v in self.graph.constants if not self._is_read(v)]:
            del self.graph.constants[value]

    def _become_output(self, old: Value, new: Value) -> None:
        self.graph.outputs = [new if v is old else v for v in self.graph.outputs]
        self._outputs.discard(old)
        self._outputs.add(new)
        old.name, new.name = new.name, old.name
        new.layout = old.layout or new.layout
        new.quant = new.quant or old.quant

    def _is_read(self, value: Value) -> bool:
        return value in self._outputs or bool(self._users.get(value))

    def _bury(self, candidates: Sequence[Node | None]) -> None:
        """Remove nodes that nobody reads, then their producers if nobody reads those."""
        stack = list(candidates)
        while stack:
            node = stack.pop()
            if node is None or not self.alive(node) or any(map(self._is_read, node.outputs)):
                continue
            del self._alive[id(node)]
            for out in node.outputs:
                del self._producers[out]
            self._release(node, node.operands)
            stack.extend(self.producer(v) for v in node.operands)

    def _release(self, node: Node, values: Iterable[Value]) -> None:
        for value in values:
            self._users[value].remove(node)


Rule = Callable[[Rewriter, Node], bool]


def rewrite(graph: Graph, rules: Sequence[Rule]) -> bool:
    """Apply `rules` to every node until none of them matches. True if any did.

    Raises E0904 if that does not come to an end.
    """
    modified = graph.prune()
    rewriter = Rewriter(graph)
    for _ in range(MAX_SWEEPS):
        if not _sweep(rewriter, rules):
            if modified:
                rewriter.finish()
            return modified
        modified = True
    raise fail(
        "E0904",
        f"rewriting does not end: {', '.join(getattr(r, '__name__', '?') for r in rules)}",
        rule=f"at most {MAX_SWEEPS} sweeps over the graph",
        help="this is a bug in edgec; please report it with the model",
        exit_code=ExitCode.BUG,
    )


def _sweep(rewriter: Rewriter, rules: Sequence[Rule]) -> bool:
    modified = False
    for node in rewriter.nodes():
        for rule in rules:
            if not rewriter.alive(node):
                break
            modified |= rule(rewriter, node)
    return modified


@dataclass(frozen=True)
class Peephole(Pass):
    """A pass that is nothing but a table of local rules."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    def run(self, graph: Graph) -> bool:
        return rewrite(graph, self.rules)
