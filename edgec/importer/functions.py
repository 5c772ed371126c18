"""Bodies of functions: those that the model brings, and those that ONNX defines for operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import onnx
from onnx.defs import OpSchema

from edgec.importer.load import normal_domain
from edgec.ir.graph import Value
from edgec.ir.types import DType

Key = tuple[str, str, str]  # domain, name, overload

T = onnx.TensorProto

_ELEM_TYPES = {
    DType.F32: T.FLOAT,
    DType.F64: T.DOUBLE,
    DType.I8: T.INT8,
    DType.I16: T.INT16,
    DType.I32: T.INT32,
    DType.I64: T.INT64,
    DType.U8: T.UINT8,
    DType.U16: T.UINT16,
    DType.U32: T.UINT32,
    DType.U64: T.UINT64,
    DType.BOOL: T.BOOL,
}


class FunctionSchema(Protocol):
    """What ONNX knows of an operator that it defines by others (the package has no types)."""

    has_function: bool
    has_context_dependent_function: bool
    function_opset_versions: Sequence[int]
    context_dependent_function_opset_versions: Sequence[int]
    attributes: Mapping[str, OpSchema.Attribute]

    def get_function_with_opset_version(self, version: int) -> bytes: ...

    def get_context_dependent_function_with_opset_version(
        self, version: int, node: bytes, inputs: Sequence[bytes]
    ) -> bytes: ...


@dataclass(frozen=True)
class Body:
    """Nodes that compute what one call of a function computes; attributes are filled in."""

    name: str
    nodes: tuple[onnx.NodeProto, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    versions: Mapping[str, int]


def local_functions(model: onnx.ModelProto) -> dict[Key, onnx.FunctionProto]:
    """The functions of a model by domain, name and overload."""
    return {(normal_domain(f.domain), f.name, f.overload): f for f in model.functions}


def local_key(node: onnx.NodeProto) -> Key:
    """The key of the local function that `node` would call."""
    return normal_domain(node.domain), node.op_type, node.overload


def local_body(function: onnx.FunctionProto, node: onnx.NodeProto) -> Body:
    """The body of a model's own function for the call `node`."""
    defaults = {a.name: a for a in function.attribute_proto}
    return _body(function, node, defaults)


def has_schema_body(node: onnx.NodeProto, versions: Mapping[str, int]) -> bool:
    """True if ONNX defines this operator by other operators."""
    schema = _schema(node, versions)
    return schema is not None and (schema.has_function or schema.has_context_dependent_function)


def schema_body(
    node: onnx.NodeProto, versions: Mapping[str, int], inputs: Sequence[Value | None]
) -> Body | None:
    """The body that ONNX defines for an operator; None if it has none."""
    schema = _schema(node, versions)
    if schema is None:
        return None
    version = versions.get(normal_domain(node.domain), 1)
    function = _plain(schema, version) or _context_dependent(schema, version, node, inputs)
    if function is None:
        return None
    defaults = {
        name: attribute.default_value
        for name, attribute in schema.attributes.items()
        if attribute.default_value.type
    }
    return _body(function, node, defaults)


def _schema(node: onnx.NodeProto, versions: Mapping[str, int]) -> FunctionSchema | None:
    domain = normal_domain(node.domain)
    try:
        schema: object = onnx.defs.get_schema(node.op_type, versions.get(domain, 1), domain)
    except onnx.defs.SchemaError:
        return None
    return cast(FunctionSchema, schema)


def _plain(schema: FunctionSchema, version: int) -> onnx.FunctionProto | None:
    if not schema.has_function:
        return None
    data = schema.get_function_with_opset_version(_pick(schema.function_opset_versions, version))
    return _parse(data)


def _context_dependent(
    schema: FunctionSchema, version: int, node: onnx.NodeProto, inputs: Sequence[Value | None]
) -> onnx.FunctionProto | None:
    if not schema.has_context_dependent_function:
        return None
    data = schema.get_context_dependent_function_with_opset_version(
        _pick(schema.context_dependent_function_opset_versions, version),
        node.SerializeToString(),
        [_type_proto(v) for v in inputs],
    )
    return _parse(data)


def _pick(versions: Sequence[int], version: int) -> int:
    """The newest body that is not newer than the model, or the oldest there is."""
    return max((v for v in versions if v <= version), default=min(versions))


def _parse(data: bytes) -> onnx.FunctionProto | None:
    function = onnx.FunctionProto()
    function.ParseFromString(data)
    return function if len(function.node) else None


def _type_proto(value: Value | None) -> bytes:
    if value is None:
        return b""
    proto = onnx.helper.make_tensor_type_proto(_ELEM_TYPES[value.type.dtype], value.type.shape)
    return bytes(proto.SerializeToString())


def _body(
    function: onnx.FunctionProto,
    node: onnx.NodeProto,
    defaults: Mapping[str, onnx.AttributeProto],
) -> Body:
    bound = {**defaults, **{a.name: a for a in node.attribute}}
    versions = {normal_domain(o.domain): int(o.version) for o in function.opset_import}
    return Body(
        function.name,
        tuple(_bind(n, bound) for n in function.node),
        tuple(function.input),
        tuple(function.output),
        versions,
    )


def _bind(node: onnx.NodeProto, bound: Mapping[str, onnx.AttributeProto]) -> onnx.NodeProto:
    """`node` with references to the function's attributes replaced; unbound ones vanish."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    kept: list[onnx.AttributeProto] = []
    for attribute in copy.attribute:
        if attribute.ref_attr_name:
            actual = bound.get(attribute.ref_attr_name)
            if actual is None:
                continue
            renamed = onnx.AttributeProto()
            renamed.CopyFrom(actual)
            renamed.name = attribute.name
            kept.append(renamed)
            continue
        if attribute.HasField("g"):
            nodes = [_bind(n, bound) for n in attribute.g.node]
            del attribute.g.node[:]
            attribute.g.node.extend(nodes)
        kept.append(attribute)
    values = [onnx.AttributeProto.FromString(a.SerializeToString()) for a in kept]
    del copy.attribute[:]
    copy.attribute.extend(values)
    return copy
