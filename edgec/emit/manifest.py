"""manifest.json: all that a program has to know to compile, run and check a generated folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from edgec import __version__
from edgec.emit.state import reset_name
from edgec.lower.program import Port, Program, Step
from edgec.plan.planner import occupied
from edgec.plan.result import MemoryPlan
from edgec.targets import Target

SCHEMA_VERSION = 1
ARENA_SECTION = ".bss.edgec_arena"


@dataclass(frozen=True)
class PartRow:
    """One part of the arena: the memory that it is planned for, and a section for it there."""

    memory: str
    bytes: int
    align: int
    section: str


@dataclass(frozen=True)
class Arena:
    """What the entry function takes; `parts` are all of it if it is in several memories."""

    bytes: int
    align: int
    parts: tuple[PartRow, ...] = ()


@dataclass(frozen=True)
class TensorRow:
    """An input or output of the model; `offset` in the arena and sizes in bytes.

    `offset` is None for an input that is pushed row by row.
    """

    name: str
    c_name: str
    dtype: str
    shape: tuple[int, ...]
    layout: str
    scale: float | None
    zero_point: int | None
    offset: int | None
    bytes: int


@dataclass(frozen=True)
class Push:
    """How the input gets to the model: `rows` calls of entry(arena, row), each with a row.

    A call returns EDGEC_READY for the last row, and EDGEC_OK before. If `hop` is not None, every
    so many further rows complete another input, with the last rows before them.
    """

    input: str
    rows: int
    row_bytes: int
    hop: int | None


@dataclass(frozen=True)
class LayerRow:
    """One C function of NAME.c; `output` is the type of what it computes.

    `output_offset` and `output_bytes` say where in the arena, `value` which value of the
    compiled graph it is; both are what `edgec verify` compares layer by layer.
    """

    name: str
    op: str
    kernel: str
    function: str
    macs: int
    output: str
    onnx_nodes: tuple[str, ...]
    value: str
    output_offset: int
    output_bytes: int
    live_bytes: int


@dataclass(frozen=True)
class ManifestHead:
    """The first keys of every manifest.json."""

    schema_version: int
    edgec_version: str
    name: str
    target: str
    board: str | None

    def json(self) -> str:
        """The text of manifest.json."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


@dataclass(frozen=True)
class ManifestFile(ManifestHead):
    """The keys of manifest.json, in their order.

    `stack_bound` is in bytes: what the entry function and all that it calls can need, if
    `stack_compiler` compiles it with `cflags`. Both are None where nothing was compiled. `bind`:
    the function that takes the arena and its other parts before the first run, if there are any.
    """

    entry: str
    reset: str | None
    arena: Arena
    inputs: tuple[TensorRow, ...]
    outputs: tuple[TensorRow, ...]
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    include_dirs: tuple[str, ...]
    cc: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    weights_bytes: int
    macs: int
    layers: tuple[LayerRow, ...]
    notes: tuple[str, ...]
    stack_bound: int | None = None
    stack_compiler: str | None = None
    push: Push | None = None
    bind: str | None = None


def manifest(
    program: Program,
    plan: MemoryPlan,
    target: Target,
    cflags: tuple[str, ...],
    board: str | None,
    sources: tuple[str, ...],
    headers: tuple[str, ...],
) -> ManifestFile:
    """The manifest of a planned program whose steps are in execution order."""
    model, offsets = program.name, plan.offsets
    return ManifestFile(
        schema_version=SCHEMA_VERSION,
        edgec_version=__version__,
        name=model,
        target=target.name,
        board=board,
        entry=f"{model}_run" if program.pushed is None else f"{model}_push_row",
        reset=reset_name(program),
        arena=_arena(plan),
        inputs=tuple(
            _tensor(p, f"{model}_input_{k}", offsets) for k, p in enumerate(program.inputs)
        ),
        outputs=tuple(
            _tensor(p, f"{model}_output_{k}", offsets) for k, p in enumerate(program.outputs)
        ),
        sources=sources,
        headers=headers,
        include_dirs=(".",),
        cc=target.cc,
        cflags=cflags,
        ldflags=target.ldflags,
        weights_bytes=sum(b.bytes for b in program.constants),
        macs=sum(s.macs for s in program.steps),
        layers=tuple(_layer(model, s, k, plan) for k, s in enumerate(program.steps)),
        notes=program.notes,
        push=None if program.pushed is None else _push(program, program.pushed),
        bind=f"{model}_bind" if len(plan.parts) > 1 else None,
    )


def _push(program: Program, port: Port) -> Push:
    rows, stream = port.buffer.shape[1], program.push_stream
    hop = stream.hop if stream is not None and stream.hop else None
    return Push(f"{program.name}_input_0", rows, port.buffer.bytes // rows, hop)


def _arena(plan: MemoryPlan) -> Arena:
    parts = tuple(
        PartRow(part.memory, part.bytes, plan.align, ARENA_SECTION + (f"_{k}" if k else ""))
        for k, part in enumerate(plan.parts)
    )
    return Arena(max(plan.first_bytes, 1), plan.align, parts)


def _tensor(port: Port, c_name: str, offsets: Mapping[str, int]) -> TensorRow:
    count = 1
    for d in port.shape:
        count *= d
    return TensorRow(
        port.name,
        c_name,
        _DTYPE[port.dtype.value],
        port.shape,
        port.layout,
        port.scale,
        port.zero_point,
        offsets.get(port.buffer.name),
        count * port.dtype.size,
    )


def _layer(model: str, step: Step, position: int, plan: MemoryPlan) -> LayerRow:
    first = step.writes[0] if step.writes else None
    shape = "" if first is None else ",".join(str(d) for d in first.shape)
    live = occupied(plan.lifetimes, plan.offsets, position)
    return LayerRow(
        step.name,
        step.op,
        step.kernel,
        f"{model}_{step.name}",
        step.macs,
        "" if first is None else f"{first.dtype.value}[{shape}]",
        step.nodes,
        step.value,
        0 if first is None else plan.offsets[first.name],
        0 if first is None else first.bytes,
        live,
    )


_DTYPE = {
    "f32": "float32",
    "f64": "float64",
    "s8": "int8",
    "s16": "int16",
    "s32": "int32",
    "s64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "bool": "bool",
}
