"""Generated folders for tests, and the compilers that are asked about them."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.emit.folder import Emission, EmitOptions, emit, write_folder
from edgec.ir.graph import Graph, Quant
from edgec.ir.types import DType, TensorType
from edgec.lower.lowering import lower_graph, number_steps
from edgec.lower.program import Program
from edgec.ops.activation import Sigmoid
from edgec.ops.matmul import Gemm
from edgec.ops.quantize import Quantize
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan
from edgec.targets import load_target

Array = npt.NDArray[np.generic]
ALIGN = 16


def small_graph() -> Graph:
    """x f32[2,3] -> Gemm -> Sigmoid -> Quantize -> y s8[2,4]."""
    g = Graph("small")
    x = g.value("x", TensorType(DType.F32, (2, 3)))
    g.inputs.append(x)
    w = g.constant(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4), "fc.weight")
    bias = g.constant(np.asarray([0.5, -0.25, np.inf, 1.0], np.float32), "fc.bias")
    dense = g.add(Gemm(), x, w, bias, name="dense", origin=("fc",))
    gate = g.add(Sigmoid(), dense, name="gate", origin=("gate",))
    scale = g.constant(np.asarray(1 / 128, np.float32), "scale")
    zero = g.constant(np.asarray(-5, np.int8), "zero")
    y = g.add(Quantize(DType.I8), gate, scale, zero, name="y", origin=("quantize",))
    y.quant = Quant(1 / 128, -5)
    g.outputs.append(y)
    return g


def planned(graph: Graph, name: str = "small") -> tuple[Program, MemoryPlan]:
    """The program of `graph` in execution order, and its plan."""
    program = dataclasses.replace(lower_graph(graph), name=name)
    program, plan = plan_program(program, align=ALIGN)
    return number_steps(program), plan


def emitted(
    graph: Graph | None = None, name: str = "small", target: str = "x86_64", *, incbin: bool = False
) -> Emission:
    """The files of `graph`."""
    program, plan = planned(graph or small_graph(), name)
    return emit(program, plan, load_target(target), EmitOptions(incbin=incbin))


def text_of(emission: Emission, file: str) -> str:
    """One text file of a folder."""
    content = emission.files[file]
    assert not isinstance(content, bytes)
    return content if isinstance(content, str) else "".join(content)


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file below `folder`."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def run_tool(command: Sequence[str | Path], cwd: Path) -> str:
    """What a tool prints; it must succeed."""
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def compile_folder(emission: Emission, folder: Path, cwd: Path, *extra: str) -> list[Path]:
    """Compile by nothing but the manifest, from the folder `cwd`; returns the objects."""
    write_folder(emission, folder)
    m = emission.manifest
    includes = [f"-I{folder / d}" for d in m.include_dirs]
    objects: list[Path] = []
    for source in m.sources:
        result = cwd / f"{m.name}_{Path(source).stem}.o"
        flags = [*m.cflags, "-Wall", "-Wextra", "-Werror", "-pedantic", *extra]
        run_tool([m.cc, *flags, *includes, "-c", folder / source, "-o", result], cwd)
        objects.append(result)
    return objects
