"""Text form of a graph, short and stable: what dumps show and pass tests are written in.

    graph "kws" {
      input %x: s8[1,49,10,1] q(0.5847, 83) layout("NHWC")
      const %w: f32[2,2] = [1, 2, 3, 4]
      %y: f32[1,2] = Gemm(%x, %w, _) {trans_b=true} from "node1", "node2"
      output %y
    }

Operators have the names of their classes, attributes those of the fields; fields with
their default are left out. Constants of more than 16 elements are `sha256:` and a digest
(reading them needs a resolver), or `splat(value)` if all elements are equal. Texts by hand
may also say `random(seed)`: normal floats of standard deviation 1, or any integers.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import fail
from edgec.ir.arrays import digest, random_constant, show_array
from edgec.ir.graph import Graph, Node, Quant, Value
from edgec.ir.lexer import Kind, Reader, number, tokens
from edgec.ir.literal import make, show_fields, show_name
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Op
from edgec.ops.registry import all_ops

Array = npt.NDArray[np.generic]
Resolver = Callable[[str], Array]  # data of a constant by digest; KeyError if unknown


# printing ----------------------------------------------------------------------------


def print_graph(graph: Graph) -> str:
    """The text of `graph`; ends with a newline."""
    lines = [f"graph {json.dumps(graph.name)} {{"]
    lines += [f"  input {_show_value(v)}" for v in graph.inputs]
    for value, data in graph.constants.items():
        lines.append(f"  const {_show_value(value)} = {show_array(data)}")
    lines += [f"  {print_node(n)}" for n in graph.nodes]
    lines += [f"  output {show_name(v.name)}" for v in graph.outputs]
    return "\n".join([*lines, "}", ""])


def print_node(node: Node) -> str:
    """One node on one line."""
    outputs = ", ".join(_show_value(v) for v in node.outputs)
    operands = ", ".join("_" if v is None else show_name(v.name) for v in node.inputs)
    fields = show_fields(node.op)
    text = f"{outputs} = {node.op.name}({operands})"
    if fields:
        text += f" {{{fields}}}"
    if node.origin:
        text += " from " + ", ".join(json.dumps(o) for o in node.origin)
    return text


def resolver_of(graph: Graph) -> Resolver:
    """Finds the constants of `graph` by their digest."""
    return {digest(data): data for data in graph.constants.values()}.__getitem__


def _show_value(value: Value) -> str:
    text = f"{show_name(value.name)}: {value.type}"
    if value.quant is not None:
        text += f" q({value.quant.scale!r}, {value.quant.zero_point})"
    if value.layout:
        text += f" layout({json.dumps(value.layout)})"
    return text


# parsing -----------------------------------------------------------------------------


def parse_graph(text: str, resolver: Resolver | None = None) -> Graph:
    """The graph of a text. E0115 with the line for a text that is not one.

    Types are taken as they are written; `edgec.ir.verify.verify` compares them with what
    the operators infer.
    """
    return _Parser(Reader(tokens(text)), resolver).graph()


class _Parser:
    def __init__(self, reader: Reader, resolver: Resolver | None) -> None:
        self.r = reader
        self.resolver = resolver
        self.values: dict[str, Value] = {}
        self.ops = {cls.__name__: cls for cls in all_ops()}

    def graph(self) -> Graph:
        self.r.expect("graph")
        graph = Graph(self.r.string())
        self.r.expect("{")
        while not self.r.accept("}"):
            self._statement(graph)
        if self.r.next.kind is not Kind.END:
            raise self.r.error(f"'{self.r.next.text}' after the graph")
        graph.names = set(self.values)
        return graph

    def _statement(self, graph: Graph) -> None:
        if self.r.accept("input"):
            graph.inputs.append(self._definition())
        elif self.r.accept("output"):
            graph.outputs.append(self._use())
        elif self.r.accept("const"):
            value = self._definition()
            self.r.expect("=")
            graph.constants[value] = self._data(value.type)
        else:
            graph.nodes.append(self._node())

    def _node(self) -> Node:
        outputs = [self._definition()]
        while self.r.accept(","):
            outputs.append(self._definition())
        self.r.expect("=")
        name = self.r.take_kind(Kind.WORD).text
        inputs: list[Value | None] = []
        self.r.expect("(")
        while not self.r.accept(")"):
            inputs.append(None if self.r.accept("_") else self._use())
            if not self.r.accept(","):
                self.r.expect(")")
                break
        op = self._op(name)
        origin: list[str] = []
        if self.r.accept("from"):
            origin.append(self.r.string())
            while self.r.accept(","):
                origin.append(self.r.string())
        return Node(op, tuple(inputs), tuple(outputs), tuple(origin))

    def _op(self, name: str) -> Op:
        cls = self.ops.get(name)
        if cls is None:
            raise self.r.error(f"there is no operator {name}")
        fields = self.r.fields("}") if self.r.accept("{") else ()
        try:
            op = make(cls, fields)
        except ValueError as error:
            raise self.r.error(f"{name}: {error}") from None
        assert isinstance(op, Op)
        return op

    def _use(self) -> Value:
        name = self.r.name()
        if name not in self.values:
            raise self.r.error(f"{show_name(name)} is not defined before it is used")
        return self.values[name]

    def _definition(self) -> Value:
        name = self.r.name()
        if name in self.values:
            raise self.r.error(f"{show_name(name)} is defined twice")
        self.r.expect(":")
        value = Value(name, self._type())
        if self.r.accept("q"):
            self.r.expect("(")
            scale = float(self.r.take_kind(Kind.NUMBER).text)
            self.r.expect(",")
            value.quant = Quant(scale, int(self.r.take_kind(Kind.NUMBER).text))
            self.r.expect(")")
        if self.r.accept("layout"):
            self.r.expect("(")
            value.layout = self.r.string()
            self.r.expect(")")
        self.values[name] = value
        return value

    def _type(self) -> TensorType:
        word = self.r.take_kind(Kind.WORD).text
        dtype = next((d for d in DType if d.value == word), None)
        if dtype is None:
            raise self.r.error(f"there is no element type {word}")
        self.r.expect("[")
        shape: list[int] = []
        while not self.r.accept("]"):
            shape.append(int(self.r.take_kind(Kind.NUMBER).text))
            if not self.r.accept(","):
                self.r.expect("]")
                break
        return TensorType(dtype, tuple(shape))

    def _data(self, type_: TensorType) -> Array:
        if self.r.next.kind is Kind.DIGEST:
            return self._resolved(type_)
        if self.r.accept("splat"):
            self.r.expect("(")
            one = self._elements([self._element()], type_.dtype)
            self.r.expect(")")
            return np.full(type_.shape, one[0])
        if self.r.accept("random"):
            self.r.expect("(")
            seed = int(self.r.take_kind(Kind.NUMBER).text)
            self.r.expect(")")
            return random_constant(type_, seed)
        self.r.expect("[")
        items: list[int | float | bool] = []
        while not self.r.accept("]"):
            items.append(self._element())
            if not self.r.accept(","):
                self.r.expect("]")
                break
        if len(items) != type_.size:
            raise self.r.error(f"{len(items)} elements for {type_}")
        return self._elements(items, type_.dtype).reshape(type_.shape)

    def _element(self) -> int | float | bool:
        if self.r.next.kind is Kind.NUMBER:
            return number(self.r.take().text)
        word = self.r.take_kind(Kind.WORD).text
        if word not in ("true", "false"):
            raise self.r.error(f"'{word}' is not a number")
        return word == "true"

    def _elements(self, items: list[int | float | bool], dtype: DType) -> Array:
        try:
            return np.array(items, dtype.numpy).reshape(-1)
        except (OverflowError, ValueError):
            raise self.r.error(f"an element does not fit {dtype.value}") from None

    def _resolved(self, type_: TensorType) -> Array:
        key = self.r.take().text.removeprefix("sha256:")
        if self.resolver is None:
            raise self.r.error(f"the data of sha256:{key} is not in the text")
        try:
            data = self.resolver(key)
        except KeyError:
            raise self.r.error(f"no constant has the digest {key}") from None
        if data.dtype != type_.dtype.numpy or tuple(data.shape) != type_.shape:
            raise fail("E0115", f"sha256:{key} is not {type_}")
        return data
