"""NAME_reset gives every state its first value."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.boards import load_board
from edgec.build.firmware import build_firmware
from edgec.emit.folder import EmitOptions, emit, write_folder
from edgec.emit.places import Places
from edgec.emit.state import reset_declaration, reset_function, reset_name
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.lowering import lower_graph, number_steps
from edgec.lower.program import Buffer, Port, Program, Storage
from edgec.ops.quantized import QAdd
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from edgec.quantize import fixedpoint as fp
from edgec.targets import load_target
from edgec.verify.qemu import RunOptions, run_elf
from tests.support.nets import conv
from tests.support.reports import planned as planned_by_rows
from tests.support.stateful import swapped


def program(dtype: DType, zero_point: int | None, name: str = "h0") -> Program:
    buffer = Buffer("h0", dtype, (1, 6), Storage.STATE)
    port = Port(name, "h0", buffer, dtype, (1, 6), scale=0.5, zero_point=zero_point)
    return Program("net", (), (), (), states=(port,))


def body(p: Program) -> str:
    return "\n".join(reset_function(p, Places({"h0": 32}, 16)))


def test_floats_become_zero() -> None:
    assert "memset(base + 32u, 0, 24u);" in body(program(DType.F32, None))


def test_bytes_become_their_zero_point() -> None:
    assert "memset(base + 32u, -128, 6u);" in body(program(DType.I8, -128))


def test_wide_codes_are_stored_one_by_one() -> None:
    text = body(program(DType.I16, 7))
    assert "memset" not in text
    assert "((int16_t *)(void *)(base + 32u))[i] = 7;" in text


def test_a_model_without_states_has_no_reset() -> None:
    none = dataclasses.replace(program(DType.F32, None), states=())
    assert (reset_name(none), reset_declaration(none), reset_function(none, Places({}, 16))) == (
        None,
        [],
        [],
    )


def test_names_of_states_cannot_end_the_comment() -> None:
    text = "\n".join(reset_declaration(program(DType.F32, None, "*/ int x;")))
    assert text.count("*/") == 1 and "void net_reset(void *arena);" in text


@pytest.mark.parametrize("turned", [False, True])
def test_states_may_change_places(turned: bool, tmp_path: Path) -> None:
    graph = swapped()
    graph.states = graph.states[:: -1 if turned else 1]
    lowered = dataclasses.replace(lower_graph(graph), name="net")
    planned, plan = plan_program(lowered, align=16)
    planned = number_steps(planned)
    check_plan(planned, plan)
    write_folder(emit(planned, plan, load_target("x86_64"), EmitOptions()), tmp_path / "net")
    firmware = build_firmware(tmp_path / "net", load_board("host"), tmp_path / "build")
    xs = np.random.default_rng(0).standard_normal((5, 1, 4)).astype(np.float32)
    data = [x.tobytes() for x in xs]
    found = run_elf(firmware.board, firmware.elf, data, RunOptions(reset_each=False)).outputs
    a = b = np.zeros((1, 4), np.float32)
    for x, got in zip(xs, found, strict=True):
        y = a + x
        assert got == (y + y).tobytes()
        a, b = b, y


def test_states_survive_streams(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    graph = Graph("mix")
    x = graph.value("x", TensorType(DType.I8, (1, 40, 12, 3)))
    old = graph.value("old", TensorType(DType.I8, (1, 40, 12, 4)))
    graph.inputs += [x, old]
    p = fp.choose_add(0.7, 4, 0.8, 4, 1.0, -7)
    seen, kept = conv(graph, rng, x, 4, 3, 1, dw=False), conv(graph, rng, old, 4, 5, 1, dw=False)
    new = graph.add(QAdd(p.ma, p.mb, p.c, p.shift), seen, kept, name="new")
    y = conv(graph, rng, conv(graph, rng, new, 6, 3, 1, dw=False), 2, 3, 2, dw=False)
    graph.outputs += [y, new]
    graph.states.append((old, new))
    planned, plan = planned_by_rows(graph, 0.5)
    assert planned.streams
    check_plan(planned, plan)
    write_folder(emit(planned, plan, load_target("x86_64"), EmitOptions()), tmp_path / "net")
    firmware = build_firmware(tmp_path / "net", load_board("host"), tmp_path / "build")
    xs = [rng.integers(-128, 128, x.type.shape).astype(np.int8) for _ in range(3)]
    data = [a.tobytes() for a in xs]
    found = run_elf(firmware.board, firmware.elf, data, RunOptions(reset_each=False)).outputs
    state: np.ndarray[tuple[int, ...], np.dtype[np.generic]] = np.zeros(old.type.shape, np.int8)
    for a, got in zip(xs, found, strict=True):
        values = run(graph, (a, state))
        assert got == values[y.name].tobytes()
        state = values["new"]
