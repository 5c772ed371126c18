"""What the names of tensors mean while nodes are converted, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from edgec.diagnostics import Where
from edgec.importer.external import Folder
from edgec.importer.tensors import decode, decode_sparse
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType

Initializer = onnx.TensorProto | onnx.SparseTensorProto


@dataclass
class Scope:
    """Names of one (sub)graph or function body. Initializers are decoded when first read.

    A name may be bound to None: an operand that the caller of a function left out.
    """

    graph: Graph
    folder: Folder
    file: str
    parent: Scope | None = None
    top: bool = False  # the main graph: its names are the names of values
    values: dict[str, Value | None] = field(default_factory=dict)
    initializers: Mapping[str, Initializer] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)  # names that an error left without a value

    def has_failed(self, name: str) -> bool:
        """True if `name` has no value because of an error that is already reported."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.failed:
                return True
            if name in scope.values or name in scope.initializers:
                return False
            scope = scope.parent
        return True

    def lookup(self, name: str) -> Value | None:
        """The value of `name`, "" is an omitted operand. Errors: see `decode`."""
        scope: Scope | None = self
        while scope is not None and name:
            if name in scope.values:
                return scope.values[name]
            if name in scope.initializers:
                return scope.load(name)
            scope = scope.parent
        return None

    def load(self, name: str) -> Value:
        """Decode an initializer of this level and keep it as a constant."""
        where = Where(file=self.file, tensor=f"'{name}'")
        proto = self.initializers[name]
        try:
            if isinstance(proto, onnx.SparseTensorProto):
                data = decode_sparse(proto, self.folder, where)
            else:
                data = decode(proto, self.folder, where)
        except Exception:
            self.failed.add(name)
            raise
        if self.top:
            value = Value(name, TensorType(DType.of(data.dtype), tuple(data.shape)))
            self.graph.constants[value] = data
        else:
            value = self.graph.constant(data, name)
        self.values[name] = value
        return value

    def own(self) -> set[str]:
        """Every name that is defined at this level."""
        return {*self.values, *self.initializers, *self.failed}

    def visible(self) -> set[str]:
        """Every name that can be read from here."""
        visible: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            visible |= scope.own()
            scope = scope.parent
        return visible


def initializers_of(graph: onnx.GraphProto) -> dict[str, Initializer]:
    """Initializers, dense and sparse, by name."""
    found: dict[str, Initializer] = {t.name: t for t in graph.initializer}
    found.update((s.values.name, s) for s in graph.sparse_initializer)
    return found
