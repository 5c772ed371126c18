"""Compiles a graph to C for the host, runs it, and returns its outputs as arrays."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgec.boards import Board, load_board
from edgec.build.firmware import BuildOptions, build_firmware
from edgec.emit.folder import EmitOptions, emit, write_folder
from edgec.ir.graph import Graph
from edgec.lower.lowering import Kernels, lower_graph, number_steps
from edgec.lower.program import Program
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from edgec.targets import load_target
from edgec.verify.qemu import RunOptions, run_elf

Array = npt.NDArray[np.generic]
ARENA_ALIGN = 16


def run_graph(
    graph: Graph,
    inputs: Sequence[Array],
    *,
    kernels: Kernels | None = None,
    target: str = "x86_64",
    board: str = "host",
    optimize: str = "-O1",
    folder: Path | None = None,
) -> list[Array]:
    """Outputs of the C that `graph` compiles to (as it is, without passes), in order.

    `folder` keeps the generated code there for reading.
    """
    program = dataclasses.replace(lower_graph(graph, kernels), name="model")
    return run_program(
        graph, program, inputs, target=target, board=board, optimize=optimize, folder=folder
    )


def run_program(
    graph: Graph,
    program: Program,
    inputs: Sequence[Array],
    *,
    target: str = "x86_64",
    board: str = "host",
    optimize: str = "-O1",
    folder: Path | None = None,
) -> list[Array]:
    """Outputs of the C of a lowered `program` of `graph`, named "model"."""
    (outputs,) = run_inferences(
        graph, program, [inputs], target=target, board=board, optimize=optimize, folder=folder
    )
    return outputs


def run_inferences(
    graph: Graph,
    program: Program,
    inferences: Sequence[Sequence[Array]],
    *,
    target: str = "x86_64",
    board: str = "host",
    optimize: str = "-O1",
    folder: Path | None = None,
) -> list[list[Array]]:
    """Outputs of several inferences in one arena, which is reset before the first one only.

    Where inputs overlap, those behind the first one hold the new rows only.
    """
    program, plan = plan_program(number_steps(program), align=ARENA_ALIGN)
    check_plan(program, plan)
    emission = emit(number_steps(program), plan, load_target(target), EmitOptions())
    with tempfile.TemporaryDirectory(prefix="edgec-test-") as name:
        place = folder or Path(name) / "model"
        write_folder(emission, place)
        where: Board = load_board(board)
        flags = ("-Wall", "-Wextra", "-Werror", optimize)
        firmware = build_firmware(place, where, Path(name) / "build", BuildOptions(False, flags))
        data = [
            b"".join(
                np.ascontiguousarray(a).astype(v.type.dtype.numpy).tobytes()
                for a, v in zip(inputs, graph.inputs, strict=True)
            )
            for inputs in inferences
        ]
        result = run_elf(where, firmware.elf, data, RunOptions(reset_each=False))
    assert result.status == 0
    return [split_outputs(graph, outputs) for outputs in result.outputs]


def split_outputs(graph: Graph, data: bytes) -> list[Array]:
    """The arrays of one inference's outputs."""
    arrays: list[Array] = []
    at = 0
    for value in graph.outputs:
        size = value.type.bytes
        flat = np.frombuffer(data[at : at + size], value.type.dtype.numpy)
        arrays.append(flat.reshape(value.type.shape))
        at += size
    return arrays
