"""Exact instructions of many kernel calls: one program with a function per call, run under QEMU."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.layers import Layer, facts_of
from edgec.boards import load_board
from edgec.build.firmware import build_firmware
from edgec.build.manifest import read_manifest
from edgec.kernels.base import CallNames, Constant
from edgec.kernels.facts import Array, Facts
from edgec.kernels.registry import AnyRow
from edgec.paths import runtime_dir, targets_dir
from edgec.targets import Target, load_target
from edgec.verify.bench import sample_input
from edgec.verify.count import count_instructions

MOST_CALLS = 120  # in one program
MOST_CONSTANTS = 1_500_000  # bytes in one program
BOARDS = {"cortex-m0": "mps2-an385"}  # the same instructions, with room for every layer
TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}
TYPES |= {"uint16": "uint16_t", "uint32": "uint32_t", "float32": "float"}
ALIGN = 16


@dataclass(frozen=True)
class Call:
    """A row that computes a layer."""

    row: AnyRow
    layer: Layer


@dataclass(frozen=True)
class _Made:
    """A call as C: its function, its constants and the arena that it needs."""

    call: Call
    facts: Facts
    constants: tuple[Constant, ...]
    x_bytes: int
    other_bytes: int
    y_bytes: int
    scratch: int


def calls_for(
    layers: Sequence[Layer], rows: Sequence[AnyRow], features: frozenset[str]
) -> Iterator[Call]:
    """Every layer by each of `rows` that computes it on a core with `features`."""
    for layer in layers:
        facts = facts_of(layer)
        for row in rows:
            if row.op == op_of(layer) and row.applies(facts, features):  # type: ignore[arg-type]
                yield Call(row, layer)


def op_of(layer: Layer) -> str:
    """The operation of rows for a layer."""
    return "conv" if layer.kind == "dwconv" else layer.kind


def count_calls(target: str, calls: Sequence[Call]) -> tuple[int, ...]:
    """Instructions of each call, without those of the program around it."""
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda part: _count(load_target(target), part), _programs(calls)))
    return tuple(count for part in parts for count in part)


def _programs(calls: Sequence[Call]) -> Iterator[list[_Made]]:
    """The calls in order, as many in a program as fit."""
    program: list[_Made] = []
    size = 0
    for call in calls:
        made = _make(call)
        more = sum(c.data.nbytes for c in made.constants)
        if program and (len(program) == MOST_CALLS or size + more > MOST_CONSTANTS):
            yield program
            program, size = [], 0
        program.append(made)
        size += more
    if program:
        yield program


def _make(call: Call) -> _Made:
    facts = facts_of(call.layer)
    constants = call.row.pack(facts)  # type: ignore[arg-type]
    each = 4 if call.layer.floats else 1
    layer = call.layer
    if layer.kind in ("add", "mul", "lut"):
        size = layer.h * layer.c
        other = 256 if layer.kind == "lut" else layer.oc
        sizes = (size, other, size)
    elif layer.kind == "matmul":
        left, right, out = layer.h * layer.c, layer.c * layer.oc, layer.h * layer.oc
        sizes = (layer.n * left, layer.n * right + 256, layer.n * out)
    elif layer.kind == "sums":
        sizes = (layer.h * layer.c, 1, 4 * layer.h * layer.oc)
    elif layer.kind in ("layernorm", "softmax"):
        sizes = (layer.h * layer.c, 0, layer.h * layer.c)
    elif layer.kind == "gemm":
        sizes = (each * layer.h * layer.c, 0, each * layer.h * layer.oc)
    else:
        outputs = layer.n * layer.out_h * layer.out_w * layer.oc
        sizes = (each * layer.n * layer.h * layer.w * layer.c, 0, each * outputs)
    return _Made(call, facts, constants, *sizes, call.row.scratch(facts))  # type: ignore[arg-type]


def _up(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _count(target: Target, program: Sequence[_Made]) -> list[int]:
    board = load_board(BOARDS.get(target.name, target.default_board))
    with tempfile.TemporaryDirectory(prefix="edgec-fit-") as place:
        folder = Path(place) / "fit"
        folder.mkdir()
        _write(folder, target, program)
        firmware = build_firmware(folder, board, Path(place) / "build")
        inputs = sample_input(read_manifest(folder))
        counted = count_instructions(firmware, [inputs], stack=False, timeout_s=600.0)
        return [f.instructions for f in counted.count.functions]


def _write(folder: Path, target: Target, program: Sequence[_Made]) -> None:
    """The sources, constants and manifest.json of a program."""
    at = (
        0,
        _up(max(m.x_bytes for m in program)),
        _up(max(m.other_bytes for m in program)),
        _up(max(m.y_bytes for m in program)),
        _up(max(m.scratch for m in program)),
    )
    ends = np.cumsum(at)
    blob, labels = _constants(program)
    (folder / "fit.bin").write_bytes(blob)
    (folder / "fit_weights.S").write_text(_assembly(labels))
    (folder / "fit.c").write_text(_source(program, [int(e) for e in ends[:4]]))
    shape = {"shape": [1], "layout": "", "scale": None, "zero_point": None, "c_name": "x"}
    tensor = {**shape, "name": "x", "dtype": "int8", "offset": 0, "bytes": int(ends[4]) or 1}
    result = {**tensor, "bytes": 16}
    layers = [_entry(k, m) for k, m in enumerate(program)]
    hal = targets_dir() / "hal"
    includes = (runtime_dir() / "include", runtime_dir() / "src", hal / "common", hal / target.arch)
    manifest = {
        "schema_version": 1,
        "edgec_version": "",
        "name": "fit",
        "target": target.name,
        "board": None,
        "entry": "fit_run",
        "reset": None,
        "arena": {"bytes": int(ends[4]) + 256, "align": 16},
        "inputs": [tensor],
        "outputs": [result],
        "sources": ["fit.c", "fit_weights.S"],
        "headers": [],
        "include_dirs": [str(path) for path in includes],
        "cc": target.cc,
        "cflags": list(target.cflags),
        "ldflags": list(target.ldflags),
        "weights_bytes": len(blob),
        "macs": 0,
        "layers": layers,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _entry(number: int, made: _Made) -> dict[str, object]:
    return {
        "name": str(made.call.layer),
        "op": made.call.layer.kind,
        "kernel": made.call.row.name,
        "function": f"fit_l{number}",
        "macs": 0,
        "output": "",
        "onnx_nodes": [],
    }


def _constants(program: Sequence[_Made]) -> tuple[bytes, list[tuple[str, int, int]]]:
    """All constants one after another; and the symbol, offset and size of each."""
    blob = bytearray()
    labels: list[tuple[str, int, int]] = []
    for number, made in enumerate(program):
        for k, constant in enumerate(made.constants):
            blob.extend(b"\0" * (-len(blob) % ALIGN))
            labels.append((f"fit_k{number}_{k}", len(blob), max(constant.data.nbytes, 1)))
            blob.extend(_little(constant.data) or b"\0")
    return bytes(blob), labels


def _little(data: Array) -> bytes:
    return data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()


def _assembly(labels: Sequence[tuple[str, int, int]]) -> str:
    lines = ['    .section .rodata.edgec_weights, "a"', f"    .balign {ALIGN}"]
    lines += ["fit_begin:", '    .incbin "fit.bin"', "    .byte 0"]
    for name, offset, size in labels:
        lines += [f"    .globl {name}", f"    .type {name}, %object"]
        lines += [f"    .set {name}, fit_begin + {offset}", f"    .size {name}, {size}"]
    lines += ["#if defined(__linux__) && defined(__ELF__)"]
    lines += ['    .section .note.GNU-stack, "", %progbits', "#endif", ""]
    return "\n".join(lines)


def _source(program: Sequence[_Made], at: Sequence[int]) -> str:
    """The functions of the calls, and one that calls them all. at: x, other, y, scratch."""
    headers = sorted({m.call.row.headers[0] for m in program})
    lines = ["#include <stddef.h>", '#include "edgec/edgec.h"', '#include "edgec_hal.h"']
    lines += [f'#include "{header}"' for header in headers]
    for number, made in enumerate(program):
        lines += _function(number, made)
    lines += ["int fit_run(void *arena);", "int fit_run(void *arena)", "{"]
    lines += ["    uint8_t *const base = arena;"]
    for number, made in enumerate(program):
        kind = "float" if made.call.layer.floats else "int8_t"
        x, other, y, scratch = (f"(base + {offset})" for offset in at)
        lines.append(
            f"    fit_l{number}((const {kind} *){x}, (const int8_t *){other}, ({kind} *){y}, "
            f"(int8_t *){scratch});"
        )
    return "\n".join([*lines, "    return 0;", "}", ""])


def _function(number: int, made: _Made) -> list[str]:
    y = "(int32_t *)(void *)y" if made.call.layer.kind == "sums" else "y"
    names = CallNames(
        "x", y, "scratch" if made.scratch else "",
        tuple(f"fit_k{number}_{k}" for k in range(len(made.constants))), others=("other",) * 3,
    )  # fmt: skip
    lines = [
        f"extern const {TYPES[str(c.data.dtype)]} EDGEC_ALIGN({max(c.align, 4)}) "
        f"fit_k{number}_{k}[{max(c.data.size, 1)}];"
        for k, c in enumerate(made.constants)
    ]
    kind = "float" if made.call.layer.floats else "int8_t"
    lines += [
        f"EDGEC_LAYER void fit_l{number}(const {kind} *restrict x, const int8_t *restrict other,",
        f"    {kind} *restrict y, int8_t *restrict scratch)",
        "{",
        "    (void)other;",
        "    (void)scratch;",
        f"    {made.call.row.emit(made.facts, names)}",  # type: ignore[arg-type]
        "}",
    ]
    return lines
