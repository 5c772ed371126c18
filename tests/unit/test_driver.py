"""The story of a compilation, on the digits example."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgec.compiled import with_code
from edgec.config import GenOptions, Io, Optimize, WeightsFormat
from edgec.diagnostics import EdgecError, ExitCode
from edgec.driver import (
    Compiled,
    bench,
    check,
    compile_model,
    generate,
    goal_of,
    sweep,
    verify,
)

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
INT8 = DIGITS / "digits_int8.onnx"
FLOAT = DIGITS / "digits.onnx"
HOST = GenOptions("x86_64", name="digits")


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def test_the_stages_are_told_in_order() -> None:
    told: list[str] = []
    compile_model(INT8, HOST, told.append)
    assert told == [
        "reading the model",
        "optimising the graph",
        "lowering to loops and kernels",
        "planning memory",
        "writing C",
    ]


def test_all_stages_describe_one_model() -> None:
    made = compile_model(INT8, HOST, quiet)
    assert made.program.name == made.emission.manifest.name == "digits"
    assert made.emission.manifest.arena.bytes == made.plan.arena_bytes
    assert len(made.emission.manifest.layers) == len(made.program.steps)


def test_gen_writes_the_files_that_it_lists(tmp_path: Path) -> None:
    result = generate(INT8, dataclasses.replace(HOST, output=tmp_path / "out"), quiet)
    written = {str(p.relative_to(tmp_path / "out")) for p in result.folder.rglob("*")}
    assert set(result.files) <= written
    assert {"digits.c", "digits.h", "digits_weights.c", "manifest.json"} <= set(result.files)
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["arena"]["bytes"] == result.summary.ram.arena


def test_weights_may_be_one_binary_file(tmp_path: Path) -> None:
    options = dataclasses.replace(HOST, output=tmp_path / "out", weights=WeightsFormat.INCBIN)
    result = generate(INT8, options, quiet)
    assert {"digits_weights.S", "digits_weights.bin"} <= set(result.files)
    assert "digits_weights.c" not in result.files


@pytest.mark.parametrize(("io", "dtype"), [(Io.NATIVE, "int8"), (Io.FLOAT, "float32")])
def test_the_boundary_is_what_was_asked_for(io: Io, dtype: str) -> None:
    manifest = compile_model(INT8, dataclasses.replace(HOST, io=io), quiet).emission.manifest
    assert [t.dtype for t in (*manifest.inputs, *manifest.outputs)] == [dtype, dtype]


@pytest.mark.parametrize(("budget", "what"), [({"ram": 300}, "RAM"), ({"flash": 500}, "flash")])
def test_nothing_is_written_beyond_a_budget(
    budget: dict[str, int], what: str, tmp_path: Path
) -> None:
    options = dataclasses.replace(
        HOST, output=tmp_path / "out", ram=budget.get("ram"), flash=budget.get("flash")
    )
    with pytest.raises(EdgecError) as caught:
        generate(INT8, options, quiet)
    (problem,) = caught.value.diagnostics
    assert (problem.code, caught.value.exit_code) == ("E0501", ExitCode.FAILED)
    assert problem.what.startswith(what)
    assert not (tmp_path / "out").exists()


def test_the_ir_is_dumped_after_every_stage(tmp_path: Path) -> None:
    compile_model(INT8, dataclasses.replace(HOST, dump_ir=tmp_path / "ir"), quiet)
    names = sorted(p.name for p in (tmp_path / "ir").iterdir())
    assert len(names) > 5
    assert names[-1] == "90-program.txt"


def test_the_plan_is_drawn_for_whoever_asks(tmp_path: Path) -> None:
    picture = tmp_path / "plan.svg"
    made = compile_model(INT8, dataclasses.replace(HOST, plan_svg=picture), quiet)
    assert f"{made.plan.arena_bytes:,} bytes" in picture.read_text()


def test_only_a_quantized_model_is_told_what_stays_in_float() -> None:
    assert compile_model(FLOAT, HOST, quiet).program.notes == ()
    with_float_ports = compile_model(INT8, dataclasses.replace(HOST, io=Io.FLOAT), quiet)
    assert any("float arithmetic left" in note for note in with_float_ports.program.notes)
    assert compile_model(INT8, HOST, quiet).program.notes == ()


def test_kernels_use_less_working_memory_where_ram_is_short() -> None:
    roomy = compile_model(INT8, GenOptions("cortex-m4"), quiet)
    tight = compile_model(INT8, GenOptions("cortex-m4", ram=roomy.plan.arena_bytes), quiet)
    assert tight.plan.arena_bytes < roomy.plan.arena_bytes


def test_kernels_stay_as_they_are_where_ram_is_not_short() -> None:
    roomy = with_code(compile_model(INT8, GenOptions("cortex-m4"), quiet))
    assert roomy.stack is not None
    ram = roomy.plan.arena_bytes + roomy.stack
    enough = compile_model(INT8, GenOptions("cortex-m4", ram=ram), quiet)
    assert enough.emission.files == roomy.emission.files


def test_a_sweep_measures_every_schedule() -> None:
    result = sweep(INT8, GenOptions("cortex-m4", name="digits"), quiet)
    assert result.fits and len(result.rows) > 1
    assert all(row.flash.measured and row.ram.stack_bound for row in result.rows)
    arenas = [row.ram.arena for row in result.rows]
    counts = [row.instructions for row in result.rows]
    assert arenas == sorted(arenas) and counts == sorted(counts, reverse=True)


def test_schedules_of_a_sweep_that_are_too_large_do_not_fit() -> None:
    options = GenOptions("cortex-m4", name="digits")
    least = sweep(INT8, options, quiet).rows[0].ram.total
    tight = sweep(INT8, dataclasses.replace(options, ram=least), quiet)
    assert [row.fits for row in tight.rows] == [row.ram.total <= least for row in tight.rows]
    assert not all(row.fits for row in tight.rows)


def test_rows_can_be_forbidden() -> None:
    options = GenOptions("cortex-m4", optimize=Optimize.SIZE)
    goal = dataclasses.replace(goal_of(options), rows=0.0)
    assert compile_model(INT8, options, quiet, goal).program.streams == ()


@pytest.fixture(scope="module")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """int8: a 3x3 convolution of 16 channels over 24 x 24 pixels, another one, and their sum."""
    rng = np.random.default_rng(1)
    weights = rng.integers(-127, 128, (2, 16, 16, 3, 3)).astype(np.int8)
    constants = {"s": np.float32(0.1), "ws": np.float32(1e-3), "z": np.int8(0)}
    constants |= {"w0": weights[0], "w1": weights[1]}
    nodes = [
        helper.make_node(
            "QLinearConv", [x, "s", "z", w, "ws", "z", "s", "z"], [y], pads=[1, 1, 1, 1]
        )
        for x, w, y in (("x", "w0", "a"), ("a", "w1", "b"))
    ]
    nodes += [
        helper.make_node("DequantizeLinear", [q, "s", "z"], [f])
        for q, f in (("a", "c"), ("b", "d"))
    ]
    nodes.append(helper.make_node("Add", ["c", "d"], ["e"]))
    nodes.append(helper.make_node("QuantizeLinear", ["e", "s", "z"], ["y"]))
    shape = [1, 16, 24, 24]
    ports = [helper.make_tensor_value_info(n, TensorProto.INT8, shape) for n in ("x", "y")]
    stored = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, "residual", ports[:1], ports[1:], stored)
    path = tmp_path_factory.mktemp("models") / "residual.onnx"
    opset = helper.make_opsetid("", 17)
    path.write_bytes(helper.make_model(graph, opset_imports=[opset]).SerializeToString())
    return path


def test_kernels_that_take_memory_get_what_others_leave_and_no_more(residual: Path) -> None:
    size, balanced, speed = (
        compile_model(residual, GenOptions("riscv32imac", optimize=level), quiet)
        for level in (Optimize.SIZE, Optimize.BALANCED, Optimize.SPEED)
    )

    def winograd(made: Compiled) -> int:
        return sum("winograd4" in step.kernel for step in made.program.steps)

    assert winograd(size) == 0 < winograd(balanced) <= winograd(speed)
    assert balanced.plan.arena_bytes <= size.plan.arena_bytes
    assert speed.plan.arena_bytes <= 1.1 * size.plan.arena_bytes
    stack = with_code(balanced).stack
    assert stack is not None
    ram = balanced.plan.arena_bytes + stack
    budget = GenOptions("riscv32imac", optimize=Optimize.SPEED, ram=ram)
    assert compile_model(residual, budget, quiet).plan.arena_bytes == balanced.plan.arena_bytes


def test_check_measures_code_and_stack() -> None:
    result = check(INT8, HOST, quiet)
    assert result.fits and result.advice == ()
    assert result.summary.flash.measured
    assert result.summary.flash.code > 0
    assert result.summary.ram.stack_bound


def test_check_says_why_and_what_to_do() -> None:
    result = check(INT8, dataclasses.replace(HOST, ram=600), quiet)
    assert not result.fits
    assert result.reasons[0].startswith("RAM: arena")
    assert "l0" in result.advice[0]


def test_verify_finds_identical_bits_on_the_host() -> None:
    result = verify(INT8, HOST, DIGITS / "inputs.npz", 4, quiet)
    (run,) = result.runs
    assert result.ok and run.inputs == 4
    assert [output.bit_exact for output in run.outputs] == [True]


@pytest.mark.qemu
def test_bench_counts_every_layer() -> None:
    options = GenOptions("cortex-m4", board="mps2-an386", name="digits")
    summary = bench(INT8, options, quiet).summary
    assert summary.instructions and summary.ram.stack_painted
    counted = [row.instructions or 0 for row in summary.layers]
    assert min(counted) > 0
    assert sum(counted) <= summary.instructions
    assert summary.ram.stack_bound is not None
    assert summary.ram.stack_painted <= summary.ram.stack_bound


def test_a_budget_of_ram_asks_for_the_cheapest_schedule_and_no_budget_for_little_ram() -> None:
    free = goal_of(GenOptions(target="cortex-m4"))
    bound = goal_of(GenOptions(target="cortex-m4", ram=65536))
    small = goal_of(GenOptions(target="cortex-m4", ram=65536, optimize=Optimize.SIZE))
    assert free.rows > 0 and bound.rows == 0 and bound.ram is not None
    assert bound.arena * 16 > bound.ram and small.arena == 0
