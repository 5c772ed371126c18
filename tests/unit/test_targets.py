"""Every target is complete, and compiles C the way the numeric law needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import boards_of
from edgec.diagnostics import EdgecError
from edgec.targets import Target, load_target, machine_flags, native_target, target_names

TARGETS = [load_target(name) for name in target_names()]


def test_the_targets_of_the_design_exist() -> None:
    assert set(target_names()) >= {
        *("x86_64", "x86_64-v3", "x86_64-v4", "x86_64-avxvnni"),
        *("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7"),
        *("cortex-m33", "cortex-m55", "riscv32imc", "riscv32imac", "riscv64gc"),
    }


@pytest.mark.parametrize("target", TARGETS, ids=target_names())
def test_flags_keep_results_independent_of_the_optimizer(target: Target) -> None:
    assert "-std=c99" in target.cflags
    assert "-ffp-contract=off" in target.cflags
    assert not {"-ffast-math", "-Ofast", "-funsafe-math-optimizations"} & set(target.cflags)


@pytest.mark.parametrize("target", TARGETS, ids=target_names())
def test_the_default_board_executes_the_target(target: Target) -> None:
    assert target.default_board in boards_of(target.name)


@pytest.mark.parametrize("target", TARGETS, ids=target_names())
def test_the_hal_is_there(target: Target) -> None:
    assert [path.name for path in target.hal_files] == ["edgec_hal.h", "edgec_hal_arch.h"]
    assert all(path.is_file() for path in target.hal_files)


def test_features_say_what_cores_can_do() -> None:
    assert load_target("cortex-m0").features == {"armv6m", "packed"}
    assert load_target("cortex-m4").has("dsp")
    assert not load_target("cortex-m3").has("dsp")
    assert load_target("cortex-m55").has("mve")


def test_an_unknown_target_suggests_the_nearest() -> None:
    with pytest.raises(EdgecError) as caught:
        load_target("Cortex-M4F")
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0010"
    assert "did you mean 'cortex-m4'?" in problem.help
    assert "riscv32imac" in problem.rule


def test_a_target_name_cannot_leave_the_folder() -> None:
    with pytest.raises(EdgecError):
        load_target("../targets/cortex-m4")


def test_native_is_the_target_that_uses_most_of_the_machine() -> None:
    v3 = load_target("x86_64-v3").cpu_flags
    assert native_target(frozenset({"lm", "sse4_1"})).name == "x86_64"
    assert native_target(v3 | {"sse4_1"}).name == "x86_64-v3"
    assert native_target(v3 | {"avx_vnni"}).name == "x86_64-avxvnni"
    assert native_target(v3 | {"avx512f"}).name == "x86_64-v3"
    v4 = load_target("x86_64-v4").cpu_flags
    assert native_target(v4 | {"avx_vnni"}).name == "x86_64-v4"


def test_a_machine_that_no_target_fits_is_an_error() -> None:
    with pytest.raises(EdgecError) as caught:
        native_target(frozenset({"neon"}))
    assert caught.value.diagnostics[0].code == "E0010"


def test_the_flags_of_the_machine_come_from_cpuinfo(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nflags\t\t: fpu lm avx2\n\nflags : other\n")
    assert machine_flags(file) == {"fpu", "lm", "avx2"}
    assert machine_flags(tmp_path / "none") == frozenset()
