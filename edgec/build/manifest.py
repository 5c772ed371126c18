"""Reads a generated folder's manifest.json. Nothing else about a folder is known to the build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgec.diagnostics import EdgecError, ExitCode, Where, fail

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TensorEntry:
    """An input or output: `bytes` bytes at `offset` in the arena (None: pushed row by row)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int | None
    bytes: int


@dataclass(frozen=True)
class PushEntry:
    """`rows` calls of entry(arena, row), with `row_bytes` bytes each, instead of one.

    With a `hop`, inputs behind the first one need only so many rows (0: all).
    """

    rows: int
    row_bytes: int
    hop: int = 0


@dataclass(frozen=True)
class PartEntry:
    """A part of the arena: `bytes` bytes that belong into `memory`, in `section`."""

    memory: str
    bytes: int
    section: str


@dataclass(frozen=True)
class LayerEntry:
    """One layer: `function` is the C function that computes it.

    `value` is the value of the compiled graph that it computes, "" in manifests without it.
    """

    name: str
    op: str
    kernel: str
    function: str
    macs: int
    value: str


@dataclass(frozen=True)
class Manifest:
    """What a program has to know to compile and run a generated folder. Paths are absolute."""

    folder: Path
    name: str
    target: str
    board: str
    entry: str
    reset: str | None
    arena_bytes: int
    arena_align: int
    inputs: tuple[TensorEntry, ...]
    outputs: tuple[TensorEntry, ...]
    sources: tuple[str, ...]
    include_dirs: tuple[str, ...]
    cc: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    weights_bytes: int
    macs: int
    layers: tuple[LayerEntry, ...]
    push: PushEntry | None = None
    parts: tuple[PartEntry, ...] = ()
    bind: str | None = None

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs of one inference together."""
        return sum(tensor.bytes for tensor in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of one inference together."""
        return sum(tensor.bytes for tensor in self.outputs)


@dataclass(frozen=True)
class _Fields:
    """One JSON object, read by key and type."""

    path: Path
    values: dict[str, object]

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str):
            raise _malformed(self.path, f"'{key}' is not a string")
        return value

    def text_or_none(self, key: str) -> str | None:
        return None if self.values.get(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _malformed(self.path, f"'{key}' is not an integer")
        return value

    def integer_or_none(self, key: str) -> int | None:
        return None if self.values.get(key) is None else self.integer(key)

    def items(self, key: str) -> list[object]:
        value = self.values.get(key)
        if not isinstance(value, list):
            raise _malformed(self.path, f"'{key}' is not a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        items = self.items(key)
        texts = tuple(item for item in items if isinstance(item, str))
        if len(texts) != len(items):
            raise _malformed(self.path, f"'{key}' holds something else than strings")
        return texts

    def integers(self, key: str) -> tuple[int, ...]:
        items = self.items(key)
        integers = tuple(item for item in items if isinstance(item, int))
        if len(integers) != len(items):
            raise _malformed(self.path, f"'{key}' holds something else than integers")
        return integers

    def fields(self, key: str) -> _Fields:
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise _malformed(self.path, f"'{key}' is not an object")
        return _Fields(self.path, value)

    def rows(self, key: str) -> tuple[_Fields, ...]:
        items = self.items(key)
        rows = tuple(_Fields(self.path, item) for item in items if isinstance(item, dict))
        if len(rows) != len(items):
            raise _malformed(self.path, f"'{key}' holds something else than objects")
        return rows


def read_manifest(folder: Path) -> Manifest:
    """The manifest of `folder`. Raises E0604 when there is none or it is malformed."""
    path = folder.resolve() / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _malformed(path, f"it cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise _malformed(path, "it is not an object")
    top = _Fields(path, values)
    arena = top.fields("arena")
    return Manifest(
        folder=path.parent,
        name=top.text("name"),
        target=top.text("target"),
        board=top.text_or_none("board") or "",
        entry=top.text("entry"),
        reset=top.text_or_none("reset"),
        arena_bytes=arena.integer("bytes"),
        arena_align=arena.integer("align"),
        inputs=tuple(_tensor(row) for row in top.rows("inputs")),
        outputs=tuple(_tensor(row) for row in top.rows("outputs")),
        sources=top.texts("sources"),
        include_dirs=top.texts("include_dirs"),
        cc=top.text("cc"),
        cflags=top.texts("cflags"),
        ldflags=top.texts("ldflags"),
        weights_bytes=top.integer("weights_bytes"),
        macs=top.integer("macs"),
        layers=tuple(_layer(row) for row in top.rows("layers")),
        push=_push(top),
        parts=tuple(_part(row) for row in arena.rows("parts")) if "parts" in arena.values else (),
        bind=top.text_or_none("bind"),
    )


def _part(row: _Fields) -> PartEntry:
    return PartEntry(row.text("memory"), row.integer("bytes"), row.text("section"))


def _tensor(row: _Fields) -> TensorEntry:
    return TensorEntry(
        row.text("name"),
        row.text("dtype"),
        row.integers("shape"),
        row.integer_or_none("offset"),
        row.integer("bytes"),
    )


def _push(top: _Fields) -> PushEntry | None:
    if top.values.get("push") is None:
        return None
    push = top.fields("push")
    hop = push.integer_or_none("hop") or 0
    return PushEntry(push.integer("rows"), push.integer("row_bytes"), hop)


def _layer(row: _Fields) -> LayerEntry:
    return LayerEntry(
        row.text("name"),
        row.text("op"),
        row.text_or_none("kernel") or "",
        row.text("function"),
        row.integer("macs"),
        row.text_or_none("value") or "",
    )


def _malformed(path: Path, what: str) -> EdgecError:
    return fail(
        "E0604",
        f"the manifest of the generated folder is not usable: {what}",
        Where(file=str(path)),
        rule="a generated folder holds the manifest.json that `edgec gen` wrote",
        help="generate the folder again",
        exit_code=ExitCode.USAGE,
    )
