"""Imports an ONNX model: from a file or a ModelProto to the graph IR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx

from edgec.diagnostics import Diagnostic, EdgecError, Where, fail
from edgec.importer.convert import Converter, Frame, SkippedError
from edgec.importer.external import Folder
from edgec.importer.functions import local_functions
from edgec.importer.inputs import input_types
from edgec.importer.load import opset_versions, read_model
from edgec.importer.scope import Scope, initializers_of
from edgec.ir.graph import Graph, Value
from edgec.ops.cast import Cast
from edgec.ops.registry import all_importers

NO_SHAPES: Mapping[str, tuple[int, ...]] = {}


def import_model(
    source: Path | onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]] = NO_SHAPES
) -> Graph:
    """The graph of an ONNX model, with static shapes.

    `shapes` binds symbolic dimensions by input name. Constants are folded, functions and
    branches with a constant condition are expanded, float16 and bfloat16 are widened to
    f32, values have the names of the model's tensors. Raises EdgecError E01xx for the
    file, E02xx for its operators, with as many diagnostics as can be found in one go.
    """
    if isinstance(source, onnx.ModelProto):
        return _import(source, "model", Folder(None), source.graph.name or "model", shapes)
    path = Path(source)
    model = read_model(path)
    return _import(model, str(path), Folder(path.parent), path.stem, shapes)


def _import(
    model: onnx.ModelProto,
    file: str,
    folder: Folder,
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
) -> Graph:
    where = Where(file=file)
    versions = opset_versions(model, where)
    problems = list(_definitions(model.graph, where))
    if problems:
        raise EdgecError(problems)
    graph = Graph(name)
    scope = _top_scope(model.graph, graph, folder, file, shapes)
    converter = Converter(graph, file, all_importers(), local_functions(model))
    graph.names = _tensor_names(model.graph)
    outputs = [o.name for o in model.graph.output]
    try:
        found = converter.convert(Frame(scope, versions), model.graph.node, outputs)
    except SkippedError:
        found = []
    except EdgecError as error:  # an initializer that is an output
        converter.problems.extend(error.diagnostics)
        found = []
    problems = [
        *converter.unsupported.diagnostics(converter.importers.keys(), where),
        *converter.problems,
    ]
    if problems:
        raise EdgecError(problems)
    _set_outputs(graph, outputs, found)
    graph.prune()
    graph.names = {v.name for v in _values(graph)}
    return graph


def _top_scope(
    proto: onnx.GraphProto,
    graph: Graph,
    folder: Folder,
    file: str,
    shapes: Mapping[str, tuple[int, ...]],
) -> Scope:
    """The scope of the main graph; initializers that are also inputs are constants."""
    initializers = initializers_of(proto)
    inputs = [i for i in proto.input if i.name not in initializers]
    types = input_types(inputs, shapes, Where(file=file))
    graph.inputs = [Value(i.name, t) for i, t in zip(inputs, types, strict=True)]
    values: dict[str, Value | None] = {v.name: v for v in graph.inputs}
    return Scope(graph, folder, file, None, True, values, initializers)


def _definitions(proto: onnx.GraphProto, where: Where) -> Iterator[Diagnostic]:
    """What is wrong with the inputs, initializers and outputs of the main graph."""
    help = "export the model again; the tool that wrote it has a bug"
    if not proto.output:
        yield Diagnostic("E0114", "the model has no outputs", where, "", help)
    groups = (
        ("input", [i.name for i in proto.input]),
        (
            "initializer",
            [t.name for t in proto.initializer] + [s.values.name for s in proto.sparse_initializer],
        ),
        ("output", [o.name for o in proto.output]),
    )
    for what, names in groups:
        for name in (n for n, times in Counter(names).items() if not n or times > 1):
            problem = f"{what} '{name}' is there twice" if name else f"an {what} has no name"
            yield Diagnostic("E0112", problem, where, "every tensor has one definition", help)
    for output in proto.output:
        if output.type.WhichOneof("value") not in ("tensor_type", None):
            yield Diagnostic(
                "E0106",
                f"output '{output.name}' is not a tensor",
                where,
                "inputs and outputs are tensors",
                "export the model with plain tensors (skl2onnx: options={'zipmap': False})",
            )


def _tensor_names(proto: onnx.GraphProto) -> set[str]:
    names = {i.name for i in proto.input} | set(initializers_of(proto))
    names.update(name for node in proto.node for name in node.output)
    return names


def _set_outputs(graph: Graph, names: list[str], found: list[Value]) -> None:
    """Let every output be a computed value of its own with the name that the model gives it."""
    produced = {out for node in graph.nodes for out in node.outputs}
    taken = {v.name for v in _values(graph)}
    for name, value in zip(names, found, strict=True):
        if value.name != name and name in taken:
            raise fail("E0112", f"tensor '{name}' is defined twice", Where(tensor=f"'{name}'"))
        if value not in produced or (value.name != name and value.name in names):
            value = _copy(graph, value, name)
        value.name = name
        taken.add(name)
        graph.outputs.append(value)


def _copy(graph: Graph, value: Value, name: str) -> Value:
    """A computed value that equals an input, a constant or another output."""
    if value.name == name:  # only a constant that is an output itself
        value.name = graph.unique(f"{name}.data")
    return graph.add(Cast(value.type.dtype), value, name=graph.unique(f"{name}.copy"))


def _values(graph: Graph) -> Iterator[Value]:
    yield from graph.inputs
    yield from graph.constants
    for node in graph.nodes:
        yield from node.outputs
