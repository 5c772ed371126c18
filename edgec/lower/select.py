"""Chooses a tuned kernel for a node: facts of the node, the cheapest row, and its call."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Array, Graph, Node, Value
from edgec.ir.types import DType
from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.costs import Costs, costs_for
from edgec.kernels.epilogues import TABLE
from edgec.kernels.facts import (
    ConvFacts,
    ElementFacts,
    Facts,
    GemmFacts,
    MatMulFacts,
    Quant,
    RecurrentFacts,
    SumsFacts,
    epilogue_of,
)
from edgec.kernels.registry import (
    AnyRow,
    conv_candidates,
    element_candidates,
    gemm_candidates,
    layer_norm_candidates,
    matmul_candidates,
    pool_candidates,
    recurrent_candidates,
    softmax_candidates,
    sums_candidates,
)
from edgec.kernels.transposed import Transposed, transposed_candidates
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.builder import Builder
from edgec.loops.stmt import KernelCall
from edgec.loops.tensor import Tensor
from edgec.lower.budget import Candidate, choose
from edgec.lower.elements import element_facts
from edgec.lower.epilogues import Pair, pairs
from edgec.lower.kernel_rows import added_to, kernel_rows
from edgec.lower.lowering import KernelStep
from edgec.lower.matmuls import matmul_facts
from edgec.lower.pools import pool_facts
from edgec.lower.recurrent import recurrent_facts
from edgec.lower.rows import CALL_COST
from edgec.lower.rowwise import layer_norm_facts, softmax_facts
from edgec.lower.sums_facts import sums_facts
from edgec.lower.transposed import transposed_facts
from edgec.ops.conv import Conv
from edgec.ops.matmul import Gemm
from edgec.ops.move import Concat
from edgec.ops.quantized import QGemm
from edgec.ops.quantized_window import QConv
from edgec.ops.shape import Reshape

AMPLE = "ample_flash"  # a feature: memory hardly matters


JOINT_CODE = 256.0  # instructions that an epilogue has to save, as it takes a core of its own
MORE = 1.05  # how much more the earlier layer of a sum has to save to be the one that makes it
LUCKY = 8  # times its share of more constants that one layer may get
FEW = 8  # an operand with so many times fewer elements than the result may well be stored


@dataclass(frozen=True)
class Choice:
    """A row and what it was chosen for."""

    row: AnyRow | Transposed
    facts: Facts
    after: float = 0.0  # what the choice counts besides: an epilogue's own step, or more code

    def scratch(self) -> int:
        """Bytes of scratch memory."""
        return self.row.scratch(self.facts)  # type: ignore[arg-type]

    def instructions(self, costs: Costs) -> float:
        """Estimated instructions."""
        return self.row.instructions(self.facts, costs)  # type: ignore[arg-type]

    def candidate(self, costs: Costs) -> Candidate:
        """What the choice between rows looks at."""
        constants = self.row.pack(self.facts)  # type: ignore[arg-type]
        packed = sum(int(c.data.nbytes) for c in constants if c.name != TABLE)
        return Candidate(self.row.preference * self.instructions(costs) + self.after, packed)

    def inplace(self, buffers: list[Buffer]) -> tuple[tuple[int, int], ...]:
        """What y may overwrite of [x, y, other ...], as pairs of numbers of writes and reads."""
        row, facts = self.row, self.facts
        added = added_to(facts, buffers)
        over = ((0, 1),) if added and added[0] is not buffers[0] else ()
        if isinstance(row, Kernel) and (row.overwrites(facts) or row.pixelwise(facts)):  # type: ignore[arg-type]
            return ((0, 0), *over)
        return over or _inplace(buffers) if self.row.elementwise else ()


class RowKernels:
    """The kernel rows of `edgec/kernels`, as the lowering asks for them.

    `share` says how much flash may be traded for speed (`edgec.lower.budget`). Rows that need
    more than `scratch` bytes of working memory are left out, unless a node has no other. `rooms`
    tells how much is free where a value is made, for rows that only run where there is room. With
    `inplace` rows may take working memory to write their output over their input. With `epilogues`
    rows may compute a node together with the layer before it (`joined`).
    """

    def __init__(
        self,
        graph: Graph,
        features: frozenset[str],
        share: float = 0.0,
        scratch: int | None = None,
        rooms: Mapping[str, int] | None = None,
        *,
        inplace: bool = False,
        epilogues: bool = False,
    ) -> None:
        self._rooms = _by_layer(graph, rooms or {})
        self._inplace = inplace
        self._constants: Mapping[Value, Array] = graph.constants
        self._features = features
        self._makers = {v: n for n in graph.nodes for v in n.outputs}
        self._readers = Counter(v for n in graph.nodes for v in n.operands)
        self._readers.update((*graph.inputs, *graph.outputs))
        self._joined = {v for n in graph.nodes if isinstance(n.op, Concat) for v in n.operands}
        options: dict[int, list[Choice]] = {}
        for node in graph.nodes:
            o = self._options(node)
            if o and (not o[0].row.elementwise or self._is_fed(node, options)):
                options[id(node)] = _modest(o, scratch)
        self._found = options
        self._costs = costs = costs_for(features)
        pairs = self._paired(graph, options, scratch, share) if epilogues else {}
        candidates = [[c.candidate(costs) for c in choices] for choices in options.values()]
        picked = choose(candidates, share)
        self._chosen = {
            number: choices[k] for (number, choices), k in zip(options.items(), picked, strict=True)
        }
        self._pairs: dict[int, Pair] = {}
        for number, pair in pairs.items():
            choice = self._chosen[number]
            if epilogue_of(choice.facts) is not None:
                self._pairs[id(pair.then)] = pair
                self._chosen[id(pair.then)] = choice

    def _paired(
        self, graph: Graph, options: dict[int, list[Choice]], scratch: int | None, share: float
    ) -> dict[int, Pair]:
        """The pairs by their layers, to whose options those that compute both are added."""
        best: dict[int, tuple[float, Pair, list[Choice]]] = {}
        for pair in pairs(graph):
            joint = self._options(pair.layer, pair) if id(pair.layer) in options else []
            joint = [replace(choice, after=JOINT_CODE) for choice in joint]
            if not joint or (id(pair.then) not in options and self._is_joined(pair.then)):
                continue
            rows = [c.instructions(self._costs) for c in options.get(id(pair.then), ())]
            after = min(rows, default=CALL_COST + pair.loops)
            alone = [replace(choice, after=after) for choice in options[id(pair.layer)]]
            saved, then = self._least(alone, share) - self._least(joint, share), id(pair.then)
            if then not in best or saved > MORE * best[then][0]:
                best[then] = (saved, pair, _modest([*alone, *joint], scratch))
        for _, pair, choices in best.values():
            options[id(pair.layer)] = choices
        return {id(pair.layer): pair for _, pair, _ in best.values()}

    def _least(self, choices: list[Choice], share: float) -> float:
        """The least cost of choices whose constants one layer may well get, of all that may grow
        by `share`."""
        found = [choice.candidate(self._costs) for choice in choices]
        most = (1 + LUCKY * share) * min(c.bytes for c in found) + 64
        return min(c.cost for c in found if c.bytes <= most)

    @property
    def choices(self) -> tuple[tuple[Choice, tuple[Choice, ...]], ...]:
        """What was chosen for each node that a row computes, and from what."""
        return tuple((self._chosen[number], tuple(o)) for number, o in self._found.items())

    @property
    def chosen(self) -> tuple[tuple[str, int], ...]:
        """Name and scratch bytes of every chosen row."""
        return tuple((choice.row.name, choice.scratch()) for choice in self._chosen.values())

    def applies(self, node: Node) -> bool:
        """True if a row computes `node`."""
        return id(node) in self._chosen

    def joined(self, node: Node) -> Pair | None:
        """The nodes that one row computes, if `node` is the last of them."""
        return self._pairs.get(id(node))

    def select(
        self,
        node: Node,
        operands: tuple[Tensor | None, ...],
        results: tuple[Tensor, ...],
        b: Builder,
    ) -> KernelStep | None:
        """The call of the chosen row on stored operands."""
        choice = self._chosen.get(id(node))
        if choice is None:
            return None
        others = [operands[k] for k in _other_operands(choice.facts)]
        tensors = [_stored(t) for t in (operands[0], *results, *others)]
        buffers = [t for t in tensors if t is not None]
        if len(buffers) < len(tensors):
            return None
        scratch: tuple[Buffer, ...] = ()
        if choice.scratch():
            memory = b.scratch(DType.I8, (choice.scratch(),), align=choice.row.scratch_align)
            assert memory.buffer is not None
            scratch = (memory.buffer,)
            buffers.append(memory.buffer)
        first = len(buffers)
        for constant in choice.row.pack(choice.facts):  # type: ignore[arg-type]
            name = f"{node.op.name.lower()}_{constant.name}"
            tensor = b.constant(constant.data, name, align=constant.align)
            assert tensor.buffer is not None
            buffers.append(tensor.buffer)
        places = tuple(f"@{k}@" for k in range(len(buffers)))
        last = 1 + len(results)
        names = CallNames(
            places[0], places[1], places[first - 1] if scratch else "", places[first:],
            others=places[last : last + len(others)], results=places[1:last],
        )  # fmt: skip
        text = choice.row.emit(choice.facts, names)  # type: ignore[arg-type]
        call = KernelCall(text, tuple(buffers), choice.row.headers)
        rows = kernel_rows(choice.facts, buffers, names, choice.row, self._costs)
        cost = choice.instructions(self._costs)
        return KernelStep(choice.row.name, call, scratch, choice.inplace(buffers), rows, cost)

    def _is_joined(self, node: Node) -> bool:
        """Whether loops write the result where Concat wants it, and memory for both is dear."""
        return node.output in self._joined and AMPLE not in self._features

    def _ends(self, node: Node) -> bool:
        """Whether nothing else reads the node's first operand; unless memory has been counted, no.

        Where y has the place of x, what the plan without such kernels left free becomes more.
        """
        counted = self._inplace or node.output.name in self._rooms
        return counted and self._readers[node.operands[0]] == 1

    def _is_fed(self, node: Node, options: Mapping[int, list[Choice]]) -> bool:
        """Whether kernels write all operands, so that storing them costs next to nothing more."""
        size = node.outputs[0].type.size
        for value in node.operands:
            if value.type.size * FEW <= size:
                continue
            maker = self._makers.get(value)
            while maker is not None and isinstance(maker.op, Reshape):
                maker = self._makers.get(maker.operands[0])
            if maker is not None and id(maker) not in options:
                return False
        return True

    # facts ---------------------------------------------------------------------------

    def _options(self, node: Node, pair: Pair | None = None) -> list[Choice]:
        """Every row that computes `node`; with a pair, all of that, `node` being its layer."""
        layer: ConvFacts | GemmFacts | None = None
        if isinstance(node.op, QConv | Conv):
            layer = self._conv(node, node.op)
        elif isinstance(node.op, QGemm | Gemm):
            layer = self._gemm(node, node.op)
        if layer is not None and pair is not None:
            layer = pair.facts(layer, self._constants)
        if isinstance(layer, ConvFacts):
            return [Choice(row, layer) for row in conv_candidates(layer, self._features)]
        if isinstance(layer, GemmFacts):
            return [Choice(row, layer) for row in gemm_candidates(layer, self._features)]
        return [] if isinstance(node.op, QConv | Conv | QGemm | Gemm) else self._others(node)

    def _others(self, node: Node) -> list[Choice]:
        """Every row that computes a node that is neither convolution nor Gemm."""
        turned = transposed_facts(node, self._constants)
        if turned is not None and not (turned.quant is None and self._is_joined(node)):
            ways = transposed_candidates(turned, self._features, conv_candidates)
            return [Choice(row, turned) for row in ways]
        states = recurrent_facts(node, self._constants)
        if states is not None:
            return [Choice(row, states) for row in recurrent_candidates(states, self._features)]
        element = element_facts(node)
        if element is not None:
            return [Choice(row, element) for row in element_candidates(element, self._features)]
        norm = layer_norm_facts(node, self._constants)
        if norm is not None:
            return [Choice(row, norm) for row in layer_norm_candidates(norm, self._features)]
        softmax = softmax_facts(node, self._constants)
        if softmax is not None:
            return [Choice(row, softmax) for row in softmax_candidates(softmax, self._features)]
        sums = sums_facts(node, self._constants)
        if sums is not None:
            return [Choice(row, sums) for row in sums_candidates(sums, self._features)]
        product = matmul_facts(node)
        if product is not None:
            return [Choice(row, product) for row in matmul_candidates(product, self._features)]
        pool = pool_facts(node, self._constants)
        pools = () if pool is None else pool_candidates(pool, self._features)
        return [] if pool is None else [Choice(row, pool) for row in pools]

    def _data(self, node: Node, k: int) -> Array | None:
        value = node.inputs[k] if k < len(node.inputs) else None
        return None if value is None else self._constants.get(value)

    def _conv(self, node: Node, op: QConv | Conv) -> ConvFacts | None:
        w, bias = self._data(node, 1), self._data(node, 2)
        x, y = node.operands[0].type.shape, node.output.type.shape
        if w is None or not op.channels_last or len(x) not in (3, 4):
            return None
        if bias is None and len(node.inputs) > 2 and node.inputs[2] is not None:
            return None
        image, out, kernel = _plane(x), _plane(y), _plane(w.shape)
        pads = op.pads if len(x) == 4 else (0, op.pads[0], 0, op.pads[1])
        low, high = (None, None) if isinstance(op, QConv) else _limits(op.low, op.high)
        return ConvFacts(
            n=x[0], in_h=image[0], in_w=image[1], in_c=x[-1],
            out_h=out[0], out_w=out[1], out_c=y[-1], k_h=kernel[0], k_w=kernel[1],
            stride=_pair(op.strides), dilation=_pair(op.dilations),
            pads=(pads[0], pads[1], pads[2], pads[3]), group=op.group,
            weights=w.reshape(w.shape[0], *kernel, w.shape[-1]), bias=bias,
            quant=self._quant(node, op) if isinstance(op, QConv) else None, lo=low, hi=high,
            room=self._rooms.get(node.output.name, 0), x_ends=self._ends(node),
        )  # fmt: skip

    def _gemm(self, node: Node, op: QGemm | Gemm) -> GemmFacts | None:
        w, bias = self._data(node, 1), self._data(node, 2)
        if w is None or w.ndim != 2:
            return None
        if bias is None and len(node.inputs) > 2 and node.inputs[2] is not None:
            return None
        rows, k = node.operands[0].type.shape[0], node.operands[0].type.shape[-1]
        if isinstance(op, QGemm):
            return GemmFacts(rows, k, w.shape[0], weights=w, bias=bias, quant=self._quant(node, op))
        if op.trans_a or op.alpha != 1.0 or (bias is not None and op.beta != 1.0):
            return None
        weights = np.ascontiguousarray(w if op.trans_b else w.T)
        n = weights.shape[0]
        if bias is not None:
            if bias.size != 1 and (bias.size != n or bias.shape[-1] != n):
                return None  # another bias per row
            bias = np.broadcast_to(bias.reshape(-1), (n,))
        lo, hi = _limits(op.low, op.high)
        return GemmFacts(rows, k, n, weights=weights, bias=bias, lo=lo, hi=hi)

    def _quant(self, node: Node, op: QConv | QGemm) -> Quant:
        mult = self._data(node, 3)
        assert mult is not None
        return Quant(op.x_zp, mult.astype(np.int32), op.shift, op.y_zp, op.lo, op.hi)


def _modest(choices: list[Choice], scratch: int | None) -> list[Choice]:
    """Those that need at most `scratch` bytes, else those that need the least."""
    if scratch is None:
        return choices
    needs = [choice.scratch() for choice in choices]
    limit = max(scratch, min(needs))
    return [choice for choice, need in zip(choices, needs, strict=True) if need <= limit]


def _other_operands(facts: Facts) -> tuple[int, ...]:
    """The operands besides the first one that a kernel reads as they are."""
    if isinstance(facts, RecurrentFacts):
        return facts.given
    if isinstance(facts, SumsFacts):
        return (2,) if facts.zero else ()
    if isinstance(facts, MatMulFacts):
        return (1, *((2,) if facts.a_table else ()), *((3,) if facts.b_table else ()))
    epilogue = epilogue_of(facts)
    if epilogue is not None and epilogue.kind == "add":
        return (-1,)
    return (1,) if isinstance(facts, ElementFacts) else ()


def _by_layer(graph: Graph, rooms: Mapping[str, int]) -> Mapping[str, int]:
    """`rooms`, with what is free for a layer alone where it has been computed with its epilogue."""
    found = dict(rooms)
    for pair in pairs(graph):
        room = rooms.get(pair.then.output.name)
        if room is not None:
            found.setdefault(pair.layer.output.name, room)
    return found


def _stored(tensor: Tensor | None) -> Buffer | None:
    return None if tensor is None else tensor.buffer


def _inplace(buffers: list[Buffer]) -> tuple[tuple[int, int], ...]:
    """Operands of [x, y, other ...] that y may overwrite, as numbers among those that change."""
    y = buffers[1]
    reads = dict.fromkeys(b for b in (buffers[0], *buffers[2:]) if b.storage is not Storage.CONST)
    return tuple((0, k) for k, b in enumerate(reads) if b.size == y.size)


def _limits(low: float, high: float) -> tuple[float | None, float | None]:
    return (None if low == -math.inf else low, None if high == math.inf else high)


def _plane(shape: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) of a channels-last shape; a line is one row high."""
    return (shape[1], shape[2]) if len(shape) == 4 else (1, shape[1])


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    return (values[0], values[1]) if len(values) == 2 else (1, values[0])
