"""Converts the nodes of a model, in order, to operators of the graph IR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import onnx

from edgec.diagnostics import Diagnostic, EdgecError, Where, fail
from edgec.importer.attributes import decode_attributes, subgraph
from edgec.importer.builder import NodeBuilder
from edgec.importer.functions import (
    Body,
    Key,
    has_schema_body,
    local_body,
    local_key,
    schema_body,
)
from edgec.importer.load import normal_domain
from edgec.importer.order import Names, Step, node_label, order
from edgec.importer.scope import Scope, initializers_of
from edgec.importer.unsupported import Operator, Unsupported
from edgec.ir.graph import Graph, Value
from edgec.ops.onnx_import import Importer, OnnxNode

MAX_DEPTH = 32  # of calls of functions inside functions
MAX_NODES = 50_000  # after functions are expanded
MAX_PROBLEMS = 20

Outputs = Sequence[Value | None]


class SkippedError(Exception):
    """A node has no result because of a problem that is already recorded."""


@dataclass(frozen=True)
class Frame:
    """Where nodes stand: the main graph, a branch of If, or the body of a function."""

    scope: Scope
    versions: Mapping[str, int]  # opset version by domain
    total: int = 0  # nodes at this level
    caller: str = ""  # label of the node whose function is expanded
    caller_place: str = ""  # the same for messages
    depth: int = 0


@dataclass
class Converter:
    """State of one import. `problems` holds what went wrong so far."""

    graph: Graph
    file: str
    importers: Mapping[tuple[str, str], Importer]
    functions: Mapping[Key, onnx.FunctionProto]
    problems: list[Diagnostic] = field(default_factory=list)
    unsupported: Unsupported = field(default_factory=Unsupported)
    fresh: set[Value] = field(default_factory=set)  # made here, without a name of the model yet
    converted: int = 0
    inner: int = 0  # nodes of functions and branches converted for one node of the main graph

    def convert(
        self, frame: Frame, nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]
    ) -> list[Value]:
        """Convert `nodes` and return the values of `outputs`; SkippedError if one has none."""
        before = len(self.problems)
        names = Names(frame.scope.own(), frame.scope.visible(), tuple(outputs))
        plan = order(nodes, names, Where(file=self.file), self.problems)
        if len(self.problems) > before and not frame.depth:
            raise SkippedError
        frame = replace(frame, total=len(nodes))
        for step in plan.steps:
            if len(self.problems) >= MAX_PROBLEMS or self.converted > MAX_NODES:
                raise SkippedError
            self._step(frame, step, plan.read)
        if any(frame.scope.has_failed(name) for name in outputs):
            raise SkippedError
        found = [frame.scope.lookup(name) for name in outputs]
        if any(value is None for value in found):
            raise SkippedError
        return [value for value in found if value is not None]

    # one node ------------------------------------------------------------------------

    def _step(self, frame: Frame, step: Step, read: frozenset[str]) -> None:
        """Convert one node and bind its outputs; problems are recorded, not raised."""
        names = tuple(name if name in read else "" for name in step.proto.output)
        place = self._place(frame, step)
        try:
            self._count(place)
            if any(frame.scope.has_failed(name) for name in step.reads):
                self._note_support(frame, step.proto, frame.caller or node_label(step), 0)
                raise SkippedError
            results = self._node(frame, step, names, place)
            self._bind(frame, names, results, place)
            return
        except SkippedError:
            pass
        except EdgecError as error:
            self.problems.extend(_located(d, place) for d in error.diagnostics)
        except Exception as error:
            self.problems.append(_unexpected(step.proto, error, place))
        frame.scope.failed.update(name for name in names if name)

    def _node(self, frame: Frame, step: Step, names: tuple[str, ...], place: Where) -> Outputs:
        """The values of the outputs of a node, by its importer, branch or function body."""
        node = step.proto
        domain = normal_domain(node.domain)
        inputs = tuple(frame.scope.lookup(name) for name in node.input)
        importer = self.importers.get((domain, node.op_type))
        if importer is not None and local_key(node) not in self.functions:
            return self._import(frame, step, importer, inputs, names, place)
        if (domain, node.op_type) == ("", "If"):
            branch = self._branch(node, inputs[0] if inputs else None)
            if branch is not None:
                return self._inline(frame, branch)
        body = self._body(frame, node, inputs)
        if body is not None:
            return self._expand(frame, step, body, inputs, place)
        self.unsupported.add(
            Operator(node.op_type, domain, frame.versions.get(domain, 1)),
            frame.caller or node_label(step),
        )
        raise SkippedError

    def _import(
        self,
        frame: Frame,
        step: Step,
        importer: Importer,
        inputs: tuple[Value | None, ...],
        names: tuple[str, ...],
        place: Where,
    ) -> Outputs:
        node = step.proto
        domain = normal_domain(node.domain)
        label = node_label(step)
        decoded = OnnxNode(
            node.op_type,
            domain,
            frame.versions.get(domain, 1),
            node.name,
            decode_attributes(node.attribute, frame.scope.folder, place),
            inputs,
            tuple(self.graph.data(v) for v in inputs),
            names,
            place,
        )
        base = next((name for name in names if name), label)
        if frame.depth:
            self.inner += 1
            base = f"{frame.caller or label}.{self.inner}"
        else:
            self.inner = 0
        builder = NodeBuilder(self.graph, frame.caller or label, base, place)
        results = importer.function(builder, decoded)
        self.fresh |= builder.made
        return results if isinstance(results, tuple) else (results,)

    # bodies --------------------------------------------------------------------------

    def _branch(self, node: onnx.NodeProto, cond: Value | None) -> onnx.GraphProto | None:
        """The branch that an If with constant condition takes."""
        data = self.graph.data(cond)
        if data is None or data.size != 1:
            return None
        return subgraph(node, "then_branch" if data.reshape(-1)[0] else "else_branch")

    def _inline(self, frame: Frame, branch: onnx.GraphProto) -> Outputs:
        outer = frame.scope
        scope = Scope(
            self.graph, outer.folder, self.file, outer, initializers=initializers_of(branch)
        )
        inner = replace(frame, scope=scope, depth=frame.depth + 1)
        return self.convert(inner, branch.node, [o.name for o in branch.output])

    def _body(
        self, frame: Frame, node: onnx.NodeProto, inputs: Sequence[Value | None]
    ) -> Body | None:
        function = self.functions.get(local_key(node))
        if function is not None:
            return local_body(function, node)
        return schema_body(node, frame.versions, inputs)

    def _expand(
        self,
        frame: Frame,
        step: Step,
        body: Body,
        inputs: Sequence[Value | None],
        place: Where,
    ) -> Outputs:
        if frame.depth >= MAX_DEPTH:
            raise fail(
                "E0113",
                f"functions call each other more than {MAX_DEPTH} levels deep",
                place,
                rule="ONNX functions must not call themselves",
            )
        given = dict(zip(body.inputs, inputs, strict=False))
        scope = Scope(
            self.graph,
            frame.scope.folder,
            self.file,
            values={name: given.get(name) for name in body.inputs},
        )
        inner = Frame(
            scope,
            body.versions or frame.versions,
            caller=frame.caller or node_label(step),
            caller_place=place.node,
            depth=frame.depth + 1,
        )
        wanted = body.outputs[: len(step.proto.output)]
        return self.convert(inner, body.nodes, wanted)

    # names and places ----------------------------------------------------------------

    def _bind(self, frame: Frame, names: tuple[str, ...], results: Outputs, place: Where) -> None:
        """Let `names` mean `results`; at the top, new values take the names of the model."""
        for k, name in enumerate(names):
            if not name:
                continue
            value = results[k] if k < len(results) else None
            if value is None:
                raise fail("E0202", f"output number {k} ('{name}') is not supported", place)
            frame.scope.values[name] = value
            if not frame.depth and value in self.fresh:
                self.fresh.discard(value)
                value.name = name

    def _place(self, frame: Frame, step: Step) -> Where:
        if frame.caller:
            return Where(
                file=self.file, node=frame.caller_place, note=f"in its {step.proto.op_type}"
            )
        domain = normal_domain(step.proto.domain)
        opset = f"{domain} " * bool(domain) + str(frame.versions.get(domain, "?"))
        at = f"({_ordinal(step.position + 1)} of {frame.total}), opset {opset}"
        return Where(file=self.file, node=f"'{node_label(step)}' {at}")

    def _count(self, place: Where) -> None:
        self.converted += 1
        if self.converted == MAX_NODES + 1:
            raise fail("E0113", f"the model has more than {MAX_NODES} nodes", place)
        if self.converted > MAX_NODES:
            raise SkippedError

    def _note_support(self, frame: Frame, node: onnx.NodeProto, label: str, depth: int) -> None:
        """Record `node` if no entry can exist for it, though its operands are not known."""
        domain = normal_domain(node.domain)
        function = self.functions.get(local_key(node))
        if function is not None and depth < MAX_DEPTH:
            for inner in function.node:
                self._count(Where(file=self.file))
                self._note_support(frame, inner, label, depth + 1)
            return
        key = (domain, node.op_type)
        known = key in self.importers or key == ("", "If")
        if not known and not has_schema_body(node, frame.versions):
            version = frame.versions.get(domain, 1)
            self.unsupported.add(Operator(node.op_type, domain, version), label)


def _located(d: Diagnostic, place: Where) -> Diagnostic:
    """`d` with the node where it happened, if it does not say one."""
    if d.where.node:
        return d
    where = Where(
        d.where.file or place.file, place.node, d.where.tensor, d.where.note or place.note
    )
    return replace(d, where=where)


def _unexpected(node: onnx.NodeProto, error: Exception, place: Where) -> Diagnostic:
    return Diagnostic(
        "E0299",
        f"{node.op_type} cannot be imported: {type(error).__name__}: {error}",
        place,
        "the operands and attributes of a node fit its operator",
        "onnx.checker.check_model(path, full_check=True) may say what is wrong with the model; "
        "if onnxruntime runs it, please report this",
    )


def _ordinal(n: int) -> str:
    if n % 100 in (11, 12, 13):
        return f"{n}th"
    return f"{n}{({1: 'st', 2: 'nd', 3: 'rd'}).get(n % 10, 'th')}"
