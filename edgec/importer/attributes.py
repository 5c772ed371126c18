"""Decodes the attributes of nodes into plain values."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from edgec.diagnostics import Where, fail
from edgec.importer.external import Folder
from edgec.importer.tensors import decode, decode_sparse
from edgec.ops.onnx_import import AttributeValue

A = onnx.AttributeProto


def decode_attributes(
    attributes: Iterable[onnx.AttributeProto], folder: Folder, where: Where
) -> dict[str, AttributeValue]:
    """Attributes by name; subgraphs and types are left out. E0108 if one is given twice.

    A sparse tensor is expanded: Constant's `sparse_value` is handed on as `value`.
    """
    decoded: dict[str, AttributeValue] = {}
    for attribute in attributes:
        name = str(attribute.name).removeprefix("sparse_")
        if name in decoded:
            raise fail("E0108", f"attribute '{name}' is given twice", where)
        value = _decode(attribute, folder, where)
        if value is not None:
            decoded[name] = value
    return decoded


def _decode(a: onnx.AttributeProto, folder: Folder, where: Where) -> AttributeValue | None:
    kind = a.type or _guess(a)
    if kind == A.INT:
        return int(a.i)
    if kind == A.FLOAT:
        return float(a.f)
    if kind == A.STRING:
        return _text(a.s)
    if kind == A.INTS:
        return tuple(int(i) for i in a.ints)
    if kind == A.FLOATS:
        return tuple(float(f) for f in a.floats)
    if kind == A.STRINGS:
        return tuple(_text(s) for s in a.strings)
    if kind == A.TENSOR:
        return decode(a.t, folder, where)
    if kind == A.SPARSE_TENSOR:
        return decode_sparse(a.sparse_tensor, folder, where)
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _guess(a: onnx.AttributeProto) -> int:
    """The kind of an attribute of an old model that does not say: by the field it fills."""
    kinds = (
        ("i", A.INT),
        ("f", A.FLOAT),
        ("s", A.STRING),
        ("t", A.TENSOR),
    )
    for field, kind in kinds:
        if a.HasField(field):
            return int(kind)
    lists = ((a.ints, A.INTS), (a.floats, A.FLOATS), (a.strings, A.STRINGS))
    for values, kind in lists:
        if len(values):
            return int(kind)
    return int(A.UNDEFINED)


def subgraph(node: onnx.NodeProto, name: str) -> onnx.GraphProto | None:
    """The graph in attribute `name`, if there is one."""
    for attribute in node.attribute:
        if attribute.name == name and attribute.HasField("g"):
            graph: onnx.GraphProto = attribute.g
            return graph
    return None


def subgraphs(node: onnx.NodeProto) -> tuple[onnx.GraphProto, ...]:
    """Every graph in the attributes of a node."""
    found: list[onnx.GraphProto] = []
    for attribute in node.attribute:
        if attribute.HasField("g"):
            found.append(attribute.g)
        found.extend(attribute.graphs)
    return tuple(found)
