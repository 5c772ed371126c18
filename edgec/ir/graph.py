"""The graph IR: typed SSA values, operator nodes, and the graph that owns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import Where, fail
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Op

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Quant:
    """Affine quantization of a tensor: real = (q - zero_point) * scale, per tensor."""

    scale: float
    zero_point: int


@dataclass(eq=False)
class Value:
    """One SSA value. `name` is unique in its graph and may be any text from the model."""

    name: str
    type: TensorType
    quant: Quant | None = None
    layout: str = ""  # of a graph boundary, for the manifest: for example "NHWC"

    def __repr__(self) -> str:
        return f"%{self.name}: {self.type}"


@dataclass(eq=False)
class Node:
    """One operation. An omitted optional input is None. `origin` names the model's nodes."""

    op: Op
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value, ...]
    origin: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.outputs} = {self.op}({self.inputs})"

    @property
    def output(self) -> Value:
        """The only output of a node that has one."""
        (only,) = self.outputs
        return only

    @property
    def operands(self) -> tuple[Value, ...]:
        """The inputs that are present."""
        return tuple(v for v in self.inputs if v is not None)


@dataclass(eq=False)
class Graph:
    """A network: nodes in a valid order over values; constants are values with data.

    states: pairs of an input and an output; a run takes for the input what the last one gave for
    the output. They are listed in `inputs` and `outputs`, too.
    """

    name: str
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[Value, Array] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    states: list[tuple[Value, Value]] = field(default_factory=list)

    # building ------------------------------------------------------------------------

    def unique(self, base: str) -> str:
        """A name that no value has yet, `base` itself if it is free."""
        name, k = base, 1
        while name in self.names:
            name, k = f"{base}_{k}", k + 1
        self.names.add(name)
        return name

    def value(self, base: str, type_: TensorType) -> Value:
        """A new value that no node produces yet."""
        return Value(self.unique(base), type_)

    def constant(self, data: Array, base: str = "const") -> Value:
        """A new constant value that holds `data`."""
        array = np.ascontiguousarray(data).reshape(np.shape(data))
        value = self.value(base, TensorType(_dtype(array), tuple(array.shape)))
        self.constants[value] = array
        return value

    def node(
        self,
        op: Op,
        inputs: Sequence[Value | None],
        *,
        names: Sequence[str] = (),
        origin: Iterable[str] = (),
    ) -> Node:
        """A new node that is not yet in `nodes`; its output types come from `op.infer`."""
        types = infer(op, inputs)
        base = op.name.lower()
        outputs = [
            self.value(names[i] if i < len(names) and names[i] else base, t)
            for i, t in enumerate(types)
        ]
        return Node(op, tuple(inputs), tuple(outputs), tuple(origin))

    def add(
        self, op: Op, *inputs: Value | None, name: str = "", origin: Iterable[str] = ()
    ) -> Value:
        """Append a node with one output and return that output."""
        node = self.node(op, inputs, names=(name,), origin=origin)
        self.nodes.append(node)
        return node.output

    # asking --------------------------------------------------------------------------

    @property
    def open_inputs(self) -> tuple[Value, ...]:
        """The inputs that a caller gives: no states."""
        held = {x for x, _ in self.states}
        return tuple(v for v in self.inputs if v not in held)

    @property
    def open_outputs(self) -> tuple[Value, ...]:
        """The outputs that a caller gets: no states."""
        held = {y for _, y in self.states}
        return tuple(v for v in self.outputs if v not in held)

    def data(self, value: Value | None) -> Array | None:
        """The data of a constant, None for anything else."""
        return None if value is None else self.constants.get(value)

    def producers(self) -> dict[Value, Node]:
        """The node that makes each computed value."""
        return {out: node for node in self.nodes for out in node.outputs}

    def users(self) -> dict[Value, list[Node]]:
        """The nodes that read each value (a node once per operand that reads it)."""
        uses: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in node.operands:
                uses.setdefault(value, []).append(node)
        return uses

    # rewriting -----------------------------------------------------------------------

    def replace_uses(self, old: Value, new: Value) -> None:
        """Let every reader of `old` read `new`, graph outputs too.

        A graph output keeps its name: where `new` is an ordinary computed value, it takes
        over the name of `old`.
        """
        for node in self.nodes:
            if old in node.inputs:
                node.inputs = tuple(new if v is old else v for v in node.inputs)
        if old in self.outputs:
            boundary = new in self.inputs or new in self.outputs
            self.outputs = [new if v is old else v for v in self.outputs]
            if not boundary and new not in self.constants:
                old.name, new.name = new.name, old.name
                new.layout = old.layout or new.layout
                new.quant = new.quant or old.quant

    def replace_node(self, old: Node, new: Sequence[Node], outputs: Sequence[Value]) -> None:
        """Put `new` where `old` stood; `outputs` replace the outputs of `old` one by one."""
        at = self.nodes.index(old)
        self.nodes[at : at + 1] = list(new)
        for before, after in zip(old.outputs, outputs, strict=True):
            if before is not after:
                self.replace_uses(before, after)

    def sort(self) -> None:
        """Order nodes so that producers stand before users, keeping the order otherwise.

        Raises EdgecError E0110 if the graph has a cycle.
        """
        made: set[Value] = set(self.inputs) | set(self.constants)
        producers = self.producers()
        done: set[int] = set()
        order: list[Node] = []
        for root in self.nodes:
            stack = [root]
            on_path: set[int] = set()
            while stack:
                node = stack[-1]
                if id(node) in done:
                    stack.pop()
                    continue
                needs = [
                    producers[v]
                    for v in node.operands
                    if v not in made and v in producers and id(producers[v]) not in done
                ]
                if needs:
                    if id(node) in on_path:
                        raise _cycle(node)
                    on_path.add(id(node))
                    stack.extend(reversed(needs))
                    continue
                done.add(id(node))
                order.append(node)
                stack.pop()
        self.nodes = order

    def prune(self) -> bool:
        """Remove nodes whose outputs nobody reads, and unread constants."""
        live: set[Value] = set(self.outputs)
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if any(out in live for out in node.outputs):
                live.update(node.operands)
                kept.append(node)
        modified = len(kept) != len(self.nodes)
        self.nodes = kept[::-1]
        dead = [v for v in self.constants if v not in live]
        for value in dead:
            del self.constants[value]
        return modified or bool(dead)


def infer(op: Op, inputs: Sequence[Value | None]) -> tuple[TensorType, ...]:
    """Output types of `op` on `inputs`, always as a tuple."""
    result = op.infer(*(None if v is None else v.type for v in inputs))
    return (result,) if isinstance(result, TensorType) else tuple(result)


def _dtype(array: Array) -> DType:
    return DType.of(array.dtype)


def _cycle(node: Node) -> Exception:
    return fail(
        "E0110",
        "the graph has a cycle",
        Where(node=f"'{node.origin[0] if node.origin else node.op.name}'"),
        rule="a model's nodes form an acyclic graph",
        help="check the tool that wrote this model; re-export it",
    )
