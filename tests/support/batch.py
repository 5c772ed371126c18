"""Compiles many graphs into one host program and runs each of them once.

Every graph becomes a model of its own (`t0`, `t1` ...): one translation unit includes them
all, which also shows that generated models do not get into each other's way.
"""

from __future__ import annotations

import dataclasses
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.emit.folder import EmitOptions, emit
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.loops.verify import verify_program
from edgec.lower.lowering import Kernels, lower_graph, number_steps
from edgec.ops.base import Sample
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from edgec.targets import load_target
from tests.support.compile import split_outputs

Array = npt.NDArray[np.generic]
ALIGN = 16
WARNINGS = (
    *("-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wsign-conversion"),
    *("-Wshadow", "-Wcast-qual", "-Wdouble-promotion"),
)
# Instrumented shifts hide from -Wconversion that a result was cut to its type.
SANITIZERS = (
    *("-fsanitize=undefined,address", "-fno-sanitize-recover=all", "-g1"),
    "-Wno-conversion",
)
Files = dict[str, str | bytes | tuple[str, ...]]

HARNESS = """\
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    size_t offset;
    size_t bytes;
} Port;

/* An arena of exactly the size that is asked for, so that sanitizers see its end. */
static int run_one(int (*run)(void *), size_t arena_bytes, const Port *ports, int inputs, int all)
{
    void *arena = NULL;
    if (posix_memalign(&arena, 16, arena_bytes) != 0) {
        return 2;
    }
    memset(arena, 0xa5, arena_bytes);
    for (int i = 0; i < inputs; i++) {
        if (fread((char *)arena + ports[i].offset, 1, ports[i].bytes, stdin) != ports[i].bytes) {
            return 3;
        }
    }
    if (run(arena) != 0) {
        return 4;
    }
    for (int i = inputs; i < all; i++) {
        fwrite((char *)arena + ports[i].offset, 1, ports[i].bytes, stdout);
    }
    free(arena);
    return 0;
}
"""


@dataclass(frozen=True)
class Case:
    """A graph and the data of its inputs."""

    graph: Graph
    inputs: tuple[Array, ...]
    kernels: Kernels | None = None


def case_of(sample: Sample) -> Case:
    """The graph of one operator, with its constant operands in the graph."""
    graph = Graph("sample")
    operands: list[Value | None] = []
    data: list[Array] = []
    for k, array in enumerate(sample.inputs):
        if array is None:
            operands.append(None)
        elif k in sample.constants:
            operands.append(graph.constant(array))
        else:
            value = graph.value(f"x{k}", TensorType(DType.of(array.dtype), tuple(array.shape)))
            graph.inputs.append(value)
            data.append(array)
            operands.append(value)
    node = graph.node(sample.op, operands, origin=("node",))
    graph.nodes.append(node)
    graph.outputs.extend(node.outputs)
    return Case(graph, tuple(data))


@dataclass(frozen=True)
class Model:
    """One generated model in a program of many: its files and its line of `main`."""

    files: Files
    includes: tuple[str, ...]
    call: str


def generate(case: Case, name: str) -> Model:
    """The verified and planned C of one graph."""
    program = dataclasses.replace(lower_graph(case.graph, case.kernels), name=name)
    program, plan = plan_program(program, align=ALIGN)
    program = number_steps(program)
    verify_program(program)
    check_plan(program, plan)
    emission = emit(program, plan, load_target("x86_64"), EmitOptions())
    manifest = emission.manifest
    ports = ", ".join(f"{{{t.offset}, {t.bytes}}}" for t in (*manifest.inputs, *manifest.outputs))
    counts = f"{len(manifest.inputs)}, {len(manifest.inputs) + len(manifest.outputs)}"
    call = f"run_one({manifest.entry}, {manifest.arena.bytes}, (Port[]){{{ports}}}, {counts})"
    return Model(dict(emission.files), manifest.sources, call)


def run_cases(cases: Sequence[Case], *flags: str) -> list[list[Array]]:
    """The outputs of every case, in order."""
    models = [generate(case, f"t{k}") for k, case in enumerate(cases)]
    lines = [HARNESS, *(f'#include "{name}"' for m in models for name in m.includes)]
    lines += ["int main(void)", "{", "    int status = 0;"]
    lines += [f"    status = status == 0 ? {m.call} : status;" for m in models]
    lines += ["    return status;", "}", ""]
    with tempfile.TemporaryDirectory(prefix="edgec-batch-") as scratch:
        folder = Path(scratch)
        for model in models:
            write(folder, model.files)
        (folder / "all.c").write_text("\n".join(lines), encoding="utf-8")
        command = ["gcc", "-std=c99", "-ffp-contract=off", *WARNINGS, *(flags or ("-O1",))]
        command += ["-I.", "all.c", "-o", "all", "-lm"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:4000]
        data = b"".join(np.ascontiguousarray(a).tobytes() for c in cases for a in c.inputs)
        ran = subprocess.run([folder / "all"], input=data, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode(errors="replace")[:4000]
    return split_cases(cases, ran.stdout)


def write(folder: Path, files: Files) -> None:
    """Write generated files; headers that several models share are the same."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else "".join(content))


def split_cases(cases: Sequence[Case], data: bytes) -> list[list[Array]]:
    """The arrays of every case's outputs."""
    results: list[list[Array]] = []
    at = 0
    for case in cases:
        size = sum(v.type.bytes for v in case.graph.outputs)
        results.append(split_outputs(case.graph, data[at : at + size]))
        at += size
    assert at == len(data)
    return results
