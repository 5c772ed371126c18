"""Reads the bytes of a model and makes sure that they are an ONNX model we can understand."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from edgec.diagnostics import Where, fail
from edgec.importer.sniff import other_format

OLDEST_OPSET = 7
PROTOBUF_LIMIT = 2**31 - 1  # bytes that one protobuf message may have


def read_model(path: Path) -> onnx.ModelProto:
    """The model in `path`. E0101 if it cannot be read, E0102 if it is not an ONNX model."""
    data = _read_bytes(path)
    where = Where(file=str(path))
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise _not_onnx(data, where) from None
    if not model.HasField("graph"):
        raise _not_onnx(data, where)
    return model


def _read_bytes(path: Path) -> bytes:
    where = Where(file=str(path))
    try:
        if path.is_dir():
            raise fail("E0101", "the model is a directory", where, help="give the .onnx file in it")
        if not path.exists():
            raise fail("E0101", "there is no such file", where, help=_neighbours(path))
        size = path.stat().st_size
        if size > PROTOBUF_LIMIT:
            raise fail(
                "E0102",
                f"the file has {size} bytes",
                where,
                rule="an ONNX file has at most 2 GiB; larger weights are stored outside it",
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise fail("E0101", f"the file cannot be read: {error}", where) from None
    if not data:
        raise fail("E0101", "the file is empty", where, help="export or download it again")
    return data


def _neighbours(path: Path) -> str:
    try:
        names = sorted(p.name for p in path.parent.glob("*.onnx"))[:5]
    except OSError:
        names = []
    return f"models beside it: {', '.join(names)}" if names else "check the path"


def _not_onnx(data: bytes, where: Where) -> Exception:
    other = other_format(data)
    if other is not None:
        return fail("E0102", f"this is {other.format}", where, help=other.help)
    return fail(
        "E0102",
        "this is not an ONNX model, or it is truncated or damaged",
        where,
        rule="a model is a serialized onnx.ModelProto with a graph",
        help="export or download it again; onnx.checker.check_model(path) says more",
    )


def opset_versions(model: onnx.ModelProto, where: Where) -> dict[str, int]:
    """Opset version by domain ("ai.onnx" is ""). E0103 if a version is not supported."""
    if model.ir_version > onnx.IR_VERSION:
        raise fail(
            "E0103",
            f"the model has IR version {model.ir_version}",
            where,
            rule=f"the installed onnx package knows versions up to {onnx.IR_VERSION}",
            help="pip install --upgrade onnx",
        )
    versions = {normal_domain(o.domain): int(o.version) for o in model.opset_import}
    version = versions.get("")
    newest = onnx.defs.onnx_opset_version()
    if version is None:
        if not any(normal_domain(n.domain) == "" for n in model.graph.node):
            return {**versions, "": newest}
        raise fail(
            "E0103",
            "the model does not say which opset it uses",
            where,
            rule="a model imports an opset for every domain that its nodes use",
        )
    if not OLDEST_OPSET <= version <= newest:
        raise fail(
            "E0103",
            f"the model has opset {version}",
            where,
            rule=f"edgec reads opsets {OLDEST_OPSET} to {newest}",
            help=(
                "pip install --upgrade onnx"
                if version > newest
                else "onnx.version_converter.convert_version(model, 13) brings it up to date"
            ),
        )
    return versions


def normal_domain(domain: str) -> str:
    """The default domain has two names."""
    return "" if domain == "ai.onnx" else domain
