"""Checks what must hold of every graph between passes."""

from __future__ import annotations

from collections.abc import Iterator

from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.ir.graph import Graph, Node, Value, infer
from edgec.ir.types import TensorType


def verify(graph: Graph, after: str = "") -> None:
    """Raise E0901 (exit code 4) if `graph` is broken; `after` names the pass that ran last.

    Every value has a name of its own and is made once, before it is used; recorded types
    are those that the operators infer; constants have the data that their type says;
    outputs are defined.
    """
    for problem in problems(graph):
        suffix = f" after pass '{after}'" if after else ""
        raise fail(
            "E0901",
            f"the graph is broken{suffix}: {problem}",
            Where(note=f"graph '{graph.name}'"),
            help="this is a bug in edgec; please report it with the model",
            exit_code=ExitCode.BUG,
        )


def problems(graph: Graph) -> Iterator[str]:
    """Everything that is wrong with `graph`, one sentence each."""
    defined: set[Value] = set()
    yield from _define(graph.inputs, defined)
    yield from _define(list(graph.constants), defined)
    yield from _constants(graph)
    for node in graph.nodes:
        for value in node.operands:
            if value not in defined:
                yield f"{_label(node)} reads {value!r}, which is not defined before it"
        yield from _types(node)
        yield from _define(list(node.outputs), defined)
    for value in graph.outputs:
        if value not in defined:
            yield f"output {value!r} is not defined"
    yield from _names(defined)


def _define(values: list[Value], defined: set[Value]) -> Iterator[str]:
    for value in values:
        if value in defined:
            yield f"{value!r} is defined twice"
        if any(d < 0 or not isinstance(d, int) for d in value.type.shape):
            yield f"{value!r} has an impossible shape"
        defined.add(value)


def _constants(graph: Graph) -> Iterator[str]:
    for value, data in graph.constants.items():
        if data.dtype != value.type.dtype.numpy or tuple(data.shape) != value.type.shape:
            yield f"constant {value!r} has data {data.dtype}{list(data.shape)}"


def _types(node: Node) -> Iterator[str]:
    try:
        types = infer(node.op, node.inputs)
    except EdgecError as error:
        yield f"{_label(node)} does not accept its operands: {error}"
        return
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        yield f"{_label(node)} cannot infer its types: {type(error).__name__}: {error}"
        return
    recorded = tuple(v.type for v in node.outputs)
    if types != recorded:
        yield f"{_label(node)} infers {_show(types)}, recorded is {_show(recorded)}"


def _names(values: set[Value]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value.name in seen:
            yield f"two values are named %{value.name}"
        seen.add(value.name)


def _label(node: Node) -> str:
    made = f" ('{node.origin[0]}')" if node.origin else ""
    return f"{node.op.name}{made}"


def _show(types: tuple[TensorType, ...]) -> str:
    return ", ".join(str(t) for t in types) or "nothing"
