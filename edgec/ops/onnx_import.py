"""How ONNX nodes become operators: import functions, registered by (domain, op type).

An import function gets the node (`OnnxNode`: attributes, constant operands, opset) and a
builder; it emits one or more operators and returns the values of the node's outputs:

    @onnx_op("Squeeze")
    def squeeze(b: ImportBuilder, n: OnnxNode) -> Values:
        axes = n.const_ints(1) if n.version >= 13 else n.get_ints("axes", ())
        ...
        return b.emit(Reshape(shape), n.input(0))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import Where, fail
from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.ops.base import Op

Array = npt.NDArray[np.generic]
AttributeValue = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | Array
Values = Value | tuple[Value, ...]

ML = "ai.onnx.ml"
MICROSOFT = "com.microsoft"


class ImportBuilder(Protocol):
    """What import functions may do to the graph under construction."""

    def emit(self, op: Op, *inputs: Value | None) -> Value:
        """Append an operator with one output (folded at once if all inputs are constant)."""
        ...

    def emit_many(self, op: Op, *inputs: Value | None) -> tuple[Value, ...]:
        """Append an operator with any number of outputs."""
        ...

    def constant(self, data: Array, name: str = "const") -> Value:
        """A new constant."""
        ...


@dataclass(frozen=True)
class OnnxNode:
    """One node of a model, decoded. `inputs[k]` is None where an operand is omitted."""

    op_type: str
    domain: str
    version: int  # opset version of its domain in this model
    name: str
    attributes: Mapping[str, AttributeValue]
    inputs: tuple[Value | None, ...]
    constants: tuple[Array | None, ...]  # data of the operands that are constants
    output_names: tuple[str, ...]  # "" where an output is not wanted
    where: Where

    @property
    def n_outputs(self) -> int:
        return len(self.output_names)

    def wants(self, k: int) -> bool:
        """True if somebody may read output `k`."""
        return k < len(self.output_names) and bool(self.output_names[k])

    # operands

    def has(self, k: int) -> bool:
        return k < len(self.inputs) and self.inputs[k] is not None

    def input(self, k: int) -> Value:
        """Operand `k`; E0203 if it is missing."""
        value = self.inputs[k] if k < len(self.inputs) else None
        if value is None:
            raise self.error(
                "E0203",
                f"{self.op_type} has no input number {k}",
                rule=f"{self.op_type} needs at least {k + 1} inputs",
            )
        return value

    def optional(self, k: int) -> Value | None:
        return self.inputs[k] if k < len(self.inputs) else None

    def type(self, k: int) -> TensorType:
        return self.input(k).type

    def const(self, k: int, what: str = "") -> Array:
        """Data of operand `k`, which must be known at compile time; E0204 if it is not."""
        self.input(k)
        data = self.constants[k]
        if data is None:
            raise self.error(
                "E0204",
                f"{what or f'input number {k}'} of {self.op_type} is only known at run time",
                rule="shapes and everything that decides them are fixed at compile time",
                help="export the model with constant shapes, or bind dimensions with --shape",
            )
        return data

    def const_ints(self, k: int, what: str = "") -> tuple[int, ...]:
        """Operand `k` as a tuple of integers."""
        return tuple(int(v) for v in np.asarray(self.const(k, what)).reshape(-1))

    def ints_or_const(self, attribute: str, k: int) -> tuple[int, ...] | None:
        """Integers that older opsets have as an attribute and newer ones as operand `k`."""
        if attribute in self.attributes:
            return self.get_ints(attribute)
        return self.const_ints(k, attribute) if self.has(k) else None

    # attributes

    def get_int(self, name: str, default: int | None = None) -> int:
        value = self._attribute(name, default)
        if not isinstance(value, int | np.integer):
            raise self._wrong(name, "an integer")
        return int(value)

    def get_float(self, name: str, default: float | None = None) -> float:
        value = self._attribute(name, default)
        if not isinstance(value, int | float):
            raise self._wrong(name, "a float")
        return float(value)

    def get_string(self, name: str, default: str | None = None) -> str:
        value = self._attribute(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return str(value)

    def get_ints(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...]:
        value = self._attribute(name, None if default is None else tuple(default))
        if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
            raise self._wrong(name, "a list of integers")
        return tuple(int(v) for v in value)

    def get_floats(self, name: str, default: Sequence[float] | None = None) -> tuple[float, ...]:
        value = self._attribute(name, None if default is None else tuple(default))
        if not isinstance(value, tuple) or any(isinstance(v, str) for v in value):
            raise self._wrong(name, "a list of floats")
        return tuple(float(v) for v in value)

    def get_strings(self, name: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        value = self._attribute(name, None if default is None else tuple(default))
        if not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
            raise self._wrong(name, "a list of strings")
        return tuple(str(v) for v in value)

    def get_tensor(self, name: str) -> Array:
        value = self._attribute(name, None)
        if not isinstance(value, np.ndarray):
            raise self._wrong(name, "a tensor")
        return value

    def axis(self, name: str = "axis", default: int | None = None, rank: int | None = None) -> int:
        """Attribute `name` as an axis of operand 0, counted from the front; E0205 if outside."""
        return self.normal_axis(self.get_int(name, default), rank)

    def normal_axis(self, axis: int, rank: int | None = None) -> int:
        """`axis` counted from the front; `rank` defaults to that of operand 0."""
        n = self.type(0).rank if rank is None else rank
        if not -n <= axis < max(n, 1):
            raise self.error(
                "E0205", f"axis {axis} is outside a tensor of rank {n}", rule=f"-{n} <= axis < {n}"
            )
        return axis + n if axis < 0 else axis

    # failing

    def error(self, code: str, what: str, *, rule: str = "", help: str = "") -> Exception:
        """The diagnostic of a problem with this node."""
        return fail(code, what, self.where, rule=rule, help=help)

    def _attribute(self, name: str, default: AttributeValue | None) -> AttributeValue:
        value = self.attributes.get(name, default)
        if value is None:
            raise self.error(
                "E0206",
                f"{self.op_type} has no attribute '{name}'",
                rule=f"'{name}' is required in opset {self.version}",
            )
        return value

    def _wrong(self, name: str, kind: str) -> Exception:
        return self.error("E0206", f"attribute '{name}' of {self.op_type} is not {kind}")


ImportFunction = Callable[[ImportBuilder, OnnxNode], Values]


@dataclass(frozen=True)
class Importer:
    """A registered import function and what the documentation says of it."""

    op_type: str
    domain: str
    function: ImportFunction
    note: str = ""  # limits, for docs/operators.md


_IMPORTERS: dict[tuple[str, str], Importer] = {}


def onnx_op(
    op_type: str, domain: str = "", note: str = ""
) -> Callable[[ImportFunction], ImportFunction]:
    """Register an import function (modules in `edgec/ops` are loaded by the registry)."""

    def register(function: ImportFunction) -> ImportFunction:
        add_importer(op_type, function, domain, note)
        return function

    return register


def add_importer(op_type: str, function: ImportFunction, domain: str = "", note: str = "") -> None:
    """Register `function` for one operator; each operator has exactly one entry."""
    key = (domain, op_type)
    if key in _IMPORTERS:
        raise ValueError(f"two import functions for {key}")
    _IMPORTERS[key] = Importer(op_type, domain, function, note)


def importers() -> Mapping[tuple[str, str], Importer]:
    """Everything registered so far; call `edgec.ops.registry.load()` first."""
    return _IMPORTERS
