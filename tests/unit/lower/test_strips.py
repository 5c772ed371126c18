"""Strips share their weights, and write their columns into the result one after the other."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.loops.buffer import Buffer
from edgec.loops.stmt import KernelCall, walk
from edgec.lower.columns import KERNEL
from edgec.lower.program import Step
from edgec.ops.quantized import QAdd
from edgec.quantize import fixedpoint as fp
from tests.support.nets import conv, image_net
from tests.support.patches import region


def constants(steps: tuple[Step, ...]) -> list[Buffer]:
    return [
        b
        for step in steps
        for s in walk(step.body)
        if isinstance(s, KernelCall)
        for b in s.buffers
        if b.data is not None
    ]


def test_strips_share_their_weights() -> None:
    one, three = (region(image_net(2, height=24, width=12), n) for n in (1, 3))
    assert len(set(constants(three.program.steps))) == len(set(constants(one.program.steps)))
    assert len(constants(three.program.steps)) > len(constants(one.program.steps))


def test_every_strip_writes_the_result_and_only_the_last_one_names_it() -> None:
    found = region(image_net(2, height=24, width=12), 3)
    steps = found.program.steps[found.first : found.stop]
    result = steps[-1].writes[0]
    writers = [s for s in steps if s.writes[0] is result]
    assert len(writers) == 3 and all(s.kernel == KERNEL for s in writers)
    assert [bool(s.value) for s in steps] == [False] * (len(steps) - 1) + [True]


def test_a_later_strip_reads_what_others_have_written() -> None:
    found = region(image_net(2, height=24, width=12), 3)
    steps = found.program.steps[found.first : found.stop]
    result = steps[-1].writes[0]
    assert [result in s.reads for s in steps if s.writes[0] is result] == [False, True, True]


def test_the_region_is_all_that_the_strips_need() -> None:
    found = region(image_net(2, height=24, width=12), 2)
    steps = found.program.steps
    inside = {b for s in steps[found.first : found.stop - 1] for b in s.writes}
    result = steps[found.stop - 1].writes[0]
    outside = (*steps[: found.first], *steps[found.stop :])
    assert not any(b in inside - {result} for s in outside for b in s.reads)


def test_a_layer_that_the_kernel_of_a_sum_computes_may_be_in_a_strip() -> None:
    rng, g = np.random.default_rng(5), Graph("residual")
    image = g.value("image", TensorType(DType.I8, (1, 12, 12, 3)))
    g.inputs.append(image)
    x = conv(g, rng, image, 8, 3, 1, dw=False)
    y = conv(g, rng, conv(g, rng, x, 8, 3, 1, dw=False), 8, 1, 1, dw=False)
    p = fp.choose_add(0.7, 4, 0.8, 4, 1.0, -7)
    total = g.add(QAdd(p.ma, p.mb, p.c, p.shift), y, x)  # what is not stored comes first
    g.outputs.append(conv(g, rng, total, 4, 1, 1, dw=False))
    found = region(g, 2, "cortex-m3", epilogues=True)
    kernels = [step.kernel for step in found.program.steps]
    assert kernels.count("conv_s8_1x1_then__c") == 2
