"""Row forms of kernel calls."""

from __future__ import annotations

import pytest

from edgec.loops.stmt import KernelCall
from edgec.lower.kernel_rows import CALL_COST
from edgec.lower.program import Step
from tests.support.nets import image_net, line_net, lowered

CORES = ("x86_64", "cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "riscv32imac", "riscv64gcv")


def steps(target: str) -> list[Step]:
    return [s for seed in range(10) for s in lowered(image_net(seed), target).steps]


@pytest.mark.parametrize("target", CORES)
def test_convolutions_and_pools_have_a_row_form_on_every_core(target: str) -> None:
    found = [s for s in steps(target) if s.op in ("QConv", "MaxPool", "QAdd")]
    assert found and all(s.rows is not None or s.halves is not None for s in found)


@pytest.mark.parametrize("target", CORES)
def test_row_forms_call_the_kernel_for_the_range(target: str) -> None:
    for step in steps(target):
        if step.rows is not None and step.kernel != "loops":
            (call,) = step.rows.body
            assert isinstance(call, KernelCall)
            assert "row_begin" in call.text and "row_end" in call.text


def test_a_window_needs_the_rows_below_its_taps() -> None:
    conv = lowered(image_net(0)).steps[0]
    assert conv.rows is not None
    (use,) = conv.rows.uses
    assert list(zip(use.first, use.last, strict=True))[:3] == [(0, 1), (0, 2), (1, 3)]
    assert (use.first[-1], use.last[-1]) == (15, 16)


def test_rows_one_by_one_cost_as_much_as_all_at_once_or_more() -> None:
    for step in steps("cortex-m4"):
        if step.rows is not None and step.rows.height > 4:
            assert step.rows.height * step.rows.cost(1) > 0.95 * step.rows.cost(step.rows.height)


@pytest.mark.parametrize("target", CORES)
def test_convolutions_along_time_have_a_row_form(target: str) -> None:
    found = lowered(line_net(0), target).steps
    assert all(s.rows is not None and s.rows.height == s.writes[0].shape[1] for s in found)


def test_time_is_read_below_the_taps() -> None:
    strided = lowered(line_net(0), "cortex-m4").steps[2]
    assert strided.rows is not None
    (use,) = strided.rows.uses
    assert list(zip(use.first, use.last, strict=True))[:3] == [(0, 1), (1, 3), (3, 5)]


def test_rows_at_the_border_count_as_much_as_the_others() -> None:
    for step in steps("cortex-m4"):
        if step.rows is not None and step.kernel.startswith("conv"):
            whole = step.rows.cost(step.rows.height) - CALL_COST
            assert whole == pytest.approx(step.cost)
