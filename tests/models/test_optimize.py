"""Code that is compiled for size computes the same bits on every kind of core."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.shared import MODELS
from edgec import driver
from edgec.config import GenOptions, Optimize

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
TARGETS = (
    "x86_64",
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "riscv32imac",
    "riscv32imc",
    "riscv64gc",
    "riscv64gcv",
    "riscv32gcv",
)


@pytest.mark.qemu
@pytest.mark.parametrize("optimize", [Optimize.SIZE, Optimize.SPEED])
@pytest.mark.parametrize("target", TARGETS)
def test_the_digits_model_gives_the_reference_bits(target: str, optimize: Optimize) -> None:
    options = GenOptions(target=target, optimize=optimize)
    result = driver.verify(
        DIGITS / "digits_int8.onnx", options, DIGITS / "inputs.npz", 4, lambda _: None
    )
    assert all(run.ok for run in result.runs)


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["kws_int8_qdq", "ad01_int8_qdq", "micro_kws_m_qdq"])
@pytest.mark.parametrize("target", ["cortex-m3", "cortex-m4", "cortex-m55", "riscv32imac"])
def test_shared_models_give_the_reference_bits(name: str, target: str) -> None:
    if not MODELS.is_dir():
        pytest.skip(f"the shared models are not at {MODELS}")
    options = GenOptions(target=target, optimize=Optimize.SIZE)
    result = driver.verify(MODELS / f"{name}.onnx", options, None, 2, lambda _: None)
    assert all(run.ok for run in result.runs)


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["kws_int8_qdq", "kws_fp32"])
@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55"])
def test_no_run_needs_more_stack_than_its_bound(name: str, target: str) -> None:
    """A call through a pointer that the compiler leaves would hide what it needs."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared models are not at {MODELS}")
    board = "mps2-an385" if target == "cortex-m0" else None
    options = GenOptions(target=target, board=board)
    ram = driver.bench(MODELS / f"{name}.onnx", options, lambda _: None).summary.ram
    assert ram.stack_bound is not None and ram.stack_painted is not None
    assert ram.stack_painted <= ram.stack_bound
