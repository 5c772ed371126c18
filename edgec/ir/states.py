"""States: inputs that take what an output gave in the run before."""

from __future__ import annotations

from collections.abc import Iterable

from edgec.diagnostics import EdgecError, Where, fail
from edgec.ir.graph import Graph, Value

Pair = tuple[str, str]  # names of an input and of an output


def bind_states(graph: Graph, pairs: Iterable[Pair]) -> None:
    """Let each pair of names be a state of `graph`.

    Raises E0120 for a name that the model does not have or that is used twice, and E0121 for an
    input and an output of different kinds.
    """
    for old, fresh in pairs:
        x = _named(graph.open_inputs, old, "input", (old, fresh))
        y = _named(graph.open_outputs, fresh, "output", (old, fresh))
        if x.type != y.type or x.quant != y.quant:
            raise fail(
                "E0121",
                f"input '{old}' ({_kind(x)}) cannot take over output '{fresh}' ({_kind(y)})",
                Where(note="--state"),
                rule="a state has one type, shape and quantization",
                help="quantize both with the same scale and zero point, or keep both in float",
            )
        graph.states.append((x, y))


def has_names(graph: Graph, pair: Pair) -> bool:
    """Whether the model has both an input and an output of these names."""
    old, fresh = pair
    return old in [v.name for v in graph.inputs] and fresh in [v.name for v in graph.outputs]


def _named(values: tuple[Value, ...], name: str, role: str, pair: Pair) -> Value:
    for value in values:
        if value.name == name:
            return value
    raise _unknown(values, name, role, pair)


def _unknown(values: tuple[Value, ...], name: str, role: str, pair: Pair) -> EdgecError:
    names = ", ".join(f"'{v.name}'" for v in values) or "none"
    return fail(
        "E0120",
        f"there is no {role} '{name}' for the state {pair[0]}={pair[1]}",
        Where(note="--state"),
        rule=f"--state INPUT=OUTPUT; {role}s that are no states: {names}",
    )


def _kind(value: Value) -> str:
    quant = value.quant
    return f"{value.type}" + (f" * {quant.scale:g} + {quant.zero_point}" if quant else "")
