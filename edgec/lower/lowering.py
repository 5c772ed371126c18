"""Lowers a graph to a program: one pass over the nodes that fuses what it can.

Every value becomes a `Tensor`. A lazy tensor is computed inside its reader; it is stored
as a step of its own when it has several readers, is an output of the graph, or its reader
goes over its elements more than once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edgec.ir.graph import Graph, Node, Value
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.builder import Builder, Target, copy, shared
from edgec.loops.collapse import collapse
from edgec.loops.dead import remove_dead
from edgec.loops.expr import const
from edgec.loops.stmt import KernelCall, Stmt, Store, loads, walk
from edgec.loops.tensor import Tensor
from edgec.lower.epilogues import Pair
from edgec.lower.inplace import inplace_pairs
from edgec.lower.program import Port, Program, RowForm, Step, constants_of
from edgec.lower.push import push_step, pushed_shape, seen_as
from edgec.lower.rows import loop_cost, loop_rows
from edgec.lower.sums import halves_of
from edgec.ops.base import Op, Reads
from edgec.ops.shape import Reshape


@dataclass(frozen=True)
class KernelStep:
    """A tuned kernel that computes one node: what the lowering needs to place its call."""

    kernel: str
    call: KernelCall
    scratch: tuple[Buffer, ...] = ()
    inplace: tuple[tuple[int, int], ...] = ()
    rows: RowForm | None = None
    cost: float = 0.0  # estimated instructions


# picks a kernel for a node whose operands are stored, or None: (node, operands, outputs, builder)
KernelSelector = Callable[
    [Node, tuple[Tensor | None, ...], tuple[Tensor, ...], Builder], KernelStep | None
]
# tells whether a kernel would be picked, before anything is stored
KernelTest = Callable[[Node], bool]


@dataclass(frozen=True)
class Kernels:
    """How the lowering asks for tuned kernels."""

    applies: KernelTest
    select: KernelSelector
    joined: Callable[[Node], Pair | None] = lambda _: None  # by what it ends with, if one kernel
    # computes it; `select` then gets the operands of the pair


@dataclass(frozen=True)
class Made:
    """What one step or one fused group has computed so far, for names and reports."""

    ops: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    macs: int = 0

    def __add__(self, other: Made) -> Made:
        nodes = (*self.nodes, *(n for n in other.nodes if n not in self.nodes))
        return Made((*self.ops, *other.ops), nodes, self.macs + other.macs)


@dataclass
class Lowering:
    """State of one lowering."""

    graph: Graph
    kernels: Kernels | None = None
    push: bool = False  # the caller pushes the rows of the only input, one after the other
    builder: Builder = field(default_factory=Builder)
    tensors: dict[Value, Tensor] = field(default_factory=dict)
    made: dict[Value, Made] = field(default_factory=dict)  # of lazy values
    cheap: set[Value] = field(default_factory=set)  # stored, or a view of stored values
    steps: list[Step] = field(default_factory=list)
    readers: Counter[Value] = field(default_factory=Counter)
    outputs: set[Value] = field(default_factory=set)  # values that need output storage
    producers: dict[Value, Node] = field(default_factory=dict)
    joined: set[int] = field(default_factory=set)  # nodes that the kernel of a later one computes

    def run(self) -> Program:
        """Lower the whole graph."""
        for node in self.graph.nodes:
            # an elementwise operator computes an operand that it has twice only once
            self.readers.update(set(node.operands) if node.op.elementwise else node.operands)
        self.producers = self.graph.producers()
        self._mark_outputs()
        inputs = tuple(self._input(v) for v in self.graph.open_inputs)
        states = tuple(self._input(x, Storage.STATE) for x, _ in self.graph.states)
        if self.kernels is not None:
            found = [p for n in self.graph.nodes if (p := self.kernels.joined(n)) is not None]
            self.joined = {id(node) for pair in found for node in pair.nodes[:-1]}
        for node in self.graph.nodes:
            if id(node) not in self.joined:
                self._node(node)
        outputs = tuple(self._output(v) for v in self.graph.open_outputs)
        self._keep_states()
        steps = tuple(self.steps)
        return Program(
            self.graph.name, inputs, outputs, steps, constants_of(self.steps), states=states
        )

    # boundaries ----------------------------------------------------------------------

    def _mark_outputs(self) -> None:
        """Outputs, and what an output is only another shape of, need output storage."""
        self.outputs = set(self.graph.open_outputs)
        for node in reversed(self.graph.nodes):
            if isinstance(node.op, Reshape) and node.output in self.outputs:
                self.outputs.add(node.operands[0])

    def _input(self, value: Value, storage: Storage = Storage.INPUT) -> Port:
        name, dtype = self.builder.buffer_name(value.name), value.type.dtype
        shape = seen_as(self.graph, value)
        self.cheap.add(value)
        if not self.push:
            buffer = Buffer(name, dtype, shape, storage)
            self.tensors[value] = Tensor(value.type, buffer=buffer)
            return _port(value, buffer)
        shape = pushed_shape(shape)
        lent = Buffer(self.builder.buffer_name("row"), dtype, shape, Storage.CALLER)
        buffer = Buffer(name, dtype, shape, Storage.TEMP)
        self.tensors[value] = Tensor(value.type, buffer=buffer)
        self.steps.append(push_step(lent, buffer, value.name))
        return _port(value, lent)

    def _output(self, value: Value) -> Port:
        tensor = self._tensor(value)
        if tensor.buffer is None or tensor.buffer.storage is not Storage.OUTPUT:
            tensor = self._store(value, Storage.OUTPUT)
        assert tensor.buffer is not None
        return _port(value, tensor.buffer)

    def _keep_states(self) -> None:
        """Last steps: the new states go where the old ones are, which nobody reads any more."""
        places = [self.tensors[old] for old, _ in self.graph.states]
        for _, fresh in self.graph.states:
            buffer = self._tensor(fresh).buffer
            if buffer is None or buffer.storage is Storage.STATE:
                self._store(fresh, Storage.TEMP)
        results = [self.tensors[fresh] for _, fresh in self.graph.states]
        for (old, _), place, result in zip(self.graph.states, places, results, strict=True):
            self.tensors[old] = place
            copy(self.builder, result, place)
            self._step(self.builder.take(), Made(("Keep",)), old)
            # they must neither begin early, by rows, nor share bytes with what they copy
            last = replace(self.steps[-1], rows=None, halves=None, inplace=(), value="")
            self.steps[-1] = last

    # nodes ---------------------------------------------------------------------------

    def _node(self, node: Node) -> None:
        if self.kernels is not None and self.kernels.applies(node) and self._kernel(node):
            return
        operands = self._operands(node)
        self.builder.targets = tuple(Target(v.name, self._storage(v)) for v in node.outputs)
        results = _lower(node.op, self.builder, operands)
        for value, tensor in zip(node.outputs, results, strict=True):
            if tensor.type != value.type:
                raise TypeError(f"{node.op.name} lowers to {tensor.type}, not {value.type}")
            self.tensors[value] = tensor
        made = self._fused(node) + _made(node)
        if not self.builder.empty:
            self._step(self.builder.take(), made, node.outputs[0])
        for value in node.outputs:
            self._settle(node, value, made)

    def _settle(self, node: Node, value: Value, made: Made) -> None:
        """Decide whether a fresh value stays lazy."""
        tensor = self.tensors[value]
        if tensor.stored:
            self.cheap.add(value)
            return
        self.made[value] = made
        if tensor.view and all(v in self.cheap for v in self._lazy_operands(node)):
            self.cheap.add(value)
        several = self.readers[value] > 1
        if value in self.outputs or (several and value not in self.cheap):
            self._store(value, self._storage(value))

    def _lazy_operands(self, node: Node) -> tuple[Value, ...]:
        return tuple(v for v in node.operands if v not in self.graph.constants)

    def _operands(self, node: Node) -> tuple[Tensor | None, ...]:
        """The operands as the operator wants them: stored if they are read more than once."""
        for number, value in enumerate(node.inputs):
            if value is not None and self._must_be_stored(node, number, value):
                self._store(value, self._storage(value))
        tensors = {v: self._tensor(v) for v in node.operands}
        if node.op.elementwise:
            tensors = {v: shared(self.builder, t) for v, t in tensors.items()}
        return tuple(
            None if v is None else self._literal(node, number, v) or tensors[v]
            for number, v in enumerate(node.inputs)
        )

    def _literal(self, node: Node, number: int, value: Value) -> Tensor | None:
        """A constant of one element, which is written where it is used."""
        data = self.graph.constants.get(value)
        if data is None or data.size != 1 or node.op.reads_of(number) is Reads.BUFFER:
            return None
        literal = const(value.type.dtype, data.item())
        return self.builder.compute(
            value.type.dtype, value.type.shape, lambda *_: literal, view=True
        )

    def _must_be_stored(self, node: Node, number: int, value: Value) -> bool:
        if self._tensor(value).stored:
            return False
        reads = node.op.reads_of(number)
        repeated = node.op.elementwise and value.type.size < node.outputs[0].type.size
        again = reads is Reads.MANY or repeated
        return reads is Reads.BUFFER or (again and value not in self.cheap)

    def _tensor(self, value: Value) -> Tensor:
        tensor = self.tensors.get(value)
        if tensor is None:
            data = self.graph.constants[value]
            tensor = self.builder.constant(data, value.name)
            self.tensors[value] = tensor
            self.cheap.add(value)
        return tensor

    def _storage(self, value: Value) -> Storage:
        return Storage.OUTPUT if value in self.outputs else Storage.TEMP

    def _fused(self, node: Node) -> Made:
        """What is computed inside this node because its operands are lazy."""
        total = Made()
        for value in dict.fromkeys(node.operands):
            if not self.tensors[value].stored:
                total = total + self.made.get(value, Made())
        return total

    # steps ---------------------------------------------------------------------------

    def _store(self, value: Value, storage: Storage) -> Tensor:
        """Turn a lazy value into a stored one: a step of its own."""
        lazy = self.tensors[value]
        self.builder.targets = (Target(value.name, storage),)
        stored = self.builder.output(lazy.dtype, lazy.shape)
        copy(self.builder, lazy, stored)
        self.tensors[value] = stored
        self.cheap.add(value)
        if not self.builder.empty:  # as it is for a tensor without elements
            self._step(self.builder.take(), self.made.get(value, Made(("Copy",))), value)
        return stored

    def _kernel(self, node: Node) -> bool:
        assert self.kernels is not None
        pair = self.kernels.joined(node)
        inputs = node.inputs if pair is None else pair.inputs
        operands = tuple(None if v is None else self._stored(v) for v in inputs)
        self.builder.targets = tuple(Target(v.name, self._storage(v)) for v in node.outputs)
        results = tuple(
            self.builder.output(v.type.dtype, v.type.shape, k) for k, v in enumerate(node.outputs)
        )
        step = self.kernels.select(node, operands, results, self.builder)
        if step is None:
            return False
        writes = tuple(t.buffer for t in results if t.buffer is not None)
        for value, result in zip(node.outputs, results, strict=True):
            self.tensors[value] = result
            self.cheap.add(value)
        reads = tuple(
            dict.fromkeys(
                b
                for b in step.call.buffers
                if b.storage is not Storage.CONST and b not in writes and b not in step.scratch
            )
        )
        made = _made(node) if pair is None else sum(map(_made, pair.nodes), Made())
        name = self._step_name(made)
        call = Step(
            name, _title(made.ops), step.kernel, reads, writes, (step.call,), step.scratch,
            step.inplace, made.macs, made.nodes, node.outputs[0].name, step.cost, step.rows,
        )  # fmt: skip
        halves = None if pair is not None else self._halves(node, operands, call)
        self.steps.append(replace(call, halves=halves))
        return True

    def _halves(
        self, node: Node, operands: tuple[Tensor | None, ...], step: Step
    ) -> tuple[Step, Step] | None:
        """A reduction that a kernel computes, as loops that sum by rows."""
        if step.rows is not None or len(step.writes) != 1:
            return None
        if step.writes[0].size >= step.reads[0].size:
            return None
        result = node.outputs[0].type
        lazy = _lower(node.op, self.builder, operands)[0]
        if not lazy.stored:
            copy(self.builder, lazy, Tensor(result, buffer=step.writes[0]))
        body = remove_dead(self.builder.take())
        return None if lazy.stored else halves_of(step, body)

    def _stored(self, value: Value) -> Tensor:
        tensor = self._tensor(value)
        return tensor if tensor.stored else self._store(value, self._storage(value))

    def _step(self, body: tuple[Stmt, ...], made: Made, value: Value) -> None:
        body = remove_dead(body)
        stored = dict.fromkeys(s.buffer for s in walk(body) if isinstance(s, Store))
        results = {t.buffer for v in self._siblings(value) if (t := self.tensors.get(v))}
        writes = tuple(b for b in stored if b in results)
        scratch = tuple(b for b in stored if b not in results)
        reads = tuple(
            dict.fromkeys(
                e.buffer
                for e in loads(body)
                if e.buffer.storage is not Storage.CONST and e.buffer not in stored
            )
        )
        merged = collapse(body)
        pairs = inplace_pairs(merged, reads, writes)
        rows = None if scratch else loop_rows(body, reads, writes)
        step = Step(
            self._step_name(made), _title(made.ops), "loops", reads, writes, merged, scratch, pairs,
            made.macs, made.nodes, value.name, loop_cost(merged), rows,
        )  # fmt: skip
        self.steps.append(replace(step, halves=None if rows else halves_of(step, body)))

    def _siblings(self, value: Value) -> tuple[Value, ...]:
        """All outputs of the node that makes `value`."""
        node = self.producers.get(value)
        return (value,) if node is None else node.outputs

    def _step_name(self, made: Made) -> str:
        """A name until the steps are numbered in execution order."""
        return f"l{len(self.steps):02d}_{_title(made.ops).lower()}"


_QUIET = frozenset({"Reshape", "Transpose", "Slice", "Cast", "Copy"})


def _title(ops: tuple[str, ...]) -> str:
    """The operator that names a step: the one with most to say among the fused ones."""
    loud = [op for op in ops if op not in _QUIET]
    return (loud or list(ops) or ["Copy"])[0]


def _made(node: Node) -> Made:
    types = tuple(None if v is None else v.type for v in node.inputs)
    macs = node.op.macs(types, tuple(v.type for v in node.outputs))
    return Made((node.op.name,), node.origin, macs)


def _lower(op: Op, b: Builder, operands: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
    result = op.lower(b, *operands)
    return result if isinstance(result, tuple) else (result,)


def _port(value: Value, buffer: Buffer) -> Port:
    quant = value.quant
    return Port(
        value.name,
        buffer.name,
        buffer,
        value.type.dtype,
        value.type.shape,
        value.layout,
        None if quant is None else quant.scale,
        None if quant is None else quant.zero_point,
    )


def number_steps(program: Program) -> Program:
    """`program` with its steps named by their position in the execution order."""
    steps = (
        replace(step, name=f"l{k:02d}_{step.op.lower()}") for k, step in enumerate(program.steps)
    )
    return replace(program, steps=tuple(steps))


def lower_graph(graph: Graph, kernels: Kernels | None = None, *, push: bool = False) -> Program:
    """The program of `graph`; with `kernels`, tuned kernels where a row applies.

    push: the model takes its only input row by row (`edgec.lower.push`).
    """
    return Lowering(graph, kernels, push).run()
