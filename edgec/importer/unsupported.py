"""Collects the operators that edgec does not have, for one message that lists them all."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from edgec.diagnostics import Diagnostic, Where

SHOWN_NODES = 3


@dataclass(frozen=True)
class Operator:
    """An operator of a model: its type, domain, and opset version ("" is the ONNX domain)."""

    op_type: str
    domain: str
    version: int

    def __str__(self) -> str:
        if self.domain:
            return f"{self.domain}.{self.op_type}"
        return f"{self.op_type} (opset {self.version})"


@dataclass
class Unsupported:
    """Node names by operator, in order of appearance."""

    nodes: dict[Operator, list[str]] = field(default_factory=dict)

    def add(self, operator: Operator, node: str) -> None:
        self.nodes.setdefault(operator, []).append(node)

    def diagnostics(
        self, supported: Collection[tuple[str, str]], where: Where
    ) -> Iterator[Diagnostic]:
        """One E0201 that names every operator once, or nothing."""
        if not self.nodes:
            return
        count = len(self.nodes)
        listed = "; ".join(_entry(op, names) for op, names in self.nodes.items())
        yield Diagnostic(
            "E0201",
            f"{count} operator{'s are' if count > 1 else ' is'} not supported: {listed}",
            where,
            "every operator has an entry in edgec/ops, or a function body made of such operators",
            _help(list(self.nodes), supported),
        )


def _entry(operator: Operator, names: list[str]) -> str:
    shown = ", ".join(f"'{n}'" for n in names[:SHOWN_NODES])
    more = f" and {len(names) - SHOWN_NODES} more" if len(names) > SHOWN_NODES else ""
    return f"{operator} in {len(names)} node{'s' if len(names) > 1 else ''}: {shown}{more}"


def _help(operators: list[Operator], supported: Collection[tuple[str, str]]) -> str:
    hints: list[str] = []
    for op in operators:
        elsewhere = sorted(d for d, name in supported if name == op.op_type and d != op.domain)
        if elsewhere:
            hints.append(f"{op.op_type} is known in domain '{elsewhere[0] or 'ai.onnx'}'")
            continue
        names = sorted({name for d, name in supported if d == op.domain})
        close = difflib.get_close_matches(op.op_type, names, 1, 0.8)
        if close:
            hints.append(f"did you mean {close[0]} for {op.op_type}?")
        elif op.op_type in ("If", "Loop", "Scan"):
            hints.append(
                f"{op.op_type} must be decided at compile time: export static control flow"
            )
    return "; ".join([*hints, "`edgec ops` lists what is supported"])
