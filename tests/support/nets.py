"""Random small int8 networks on images, channels last, as the tests of streams need them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.program import Program
from edgec.lower.select import RowKernels
from edgec.lower.stream import Draft
from edgec.ops.pool import MaxPool
from edgec.ops.quantized import Lut, QAdd, QReduceMean
from edgec.ops.quantized_window import QConv
from edgec.ops.resize import Resize
from edgec.plan.planner import plan_program
from edgec.quantize import fixedpoint as fp
from edgec.targets import load_target


def conv(
    g: Graph, rng: np.random.Generator, x: Value, channels: int, k: int, stride: int, *, dw: bool
) -> Value:
    """A k x k convolution with padding k // 2; `dw`: one filter per channel."""
    inputs = x.type.shape[-1]
    shape = (inputs, k, k, 1) if dw else (channels, k, k, inputs)
    w = rng.integers(-127, 128, shape).astype(np.int8)
    bias = rng.integers(-900, 900, shape[0]).astype(np.int32)
    reach = 0.7 / np.sqrt(np.prod(shape[1:])) / 70
    m = fp.choose_multipliers(np.full(shape[0], reach), fp.accumulator_bound(w, bias, -3))
    pads = (k // 2,) * 4
    group = inputs if dw else 1
    op = QConv((stride, stride), pads, (1, 1), group, -3, m.shift, 4, channels_last=True)
    return g.add(op, x, g.constant(w, "w"), g.constant(bias, "b"), g.constant(m.mult, "m"))


def residual(g: Graph, rng: np.random.Generator, x: Value) -> Value:
    """x + conv(conv(x)), quantized."""
    channels = x.type.shape[-1]
    y = conv(g, rng, x, channels, 3, 1, dw=False)
    y = conv(g, rng, y, channels, 3, 1, dw=False)
    p = fp.choose_add(0.7, 4, 0.8, 4, 1.0, -7)
    return g.add(QAdd(p.ma, p.mb, p.c, p.shift), x, y)


def layer(g: Graph, rng: np.random.Generator, y: Value) -> Value:
    """`y` behind a random layer; as it is where the image is too small for that layer."""
    c, (h, w) = int(rng.integers(2, 7)), y.type.shape[1:3]
    kinds = ("conv", "wide", "strided", "depthwise", "pointwise", "pool", "block", "up")
    kind = str(rng.choice(kinds))
    plain = {"conv": (3, 1), "wide": (5, 1), "strided": (3, 2), "pointwise": (1, 1)}
    if kind in plain and (kind != "strided" or h > 4):
        return conv(g, rng, y, c, *plain[kind], dw=False)
    if kind == "depthwise":
        return conv(g, rng, y, c, 3, 1, dw=True)
    if kind == "block":
        return residual(g, rng, y)
    if kind == "pool" and h > 4 and w > 2:
        return g.add(MaxPool((2, 2), (2, 2), (0, 0, 0, 0), (1, 1), channels_last=True), y)
    if kind == "up" and h < 20:
        double = (1, 2 * h, 2 * w, y.type.shape[-1])
        scales = (1.0, 2.0, 2.0, 1.0)
        return g.add(Resize(double, scales, transform="asymmetric", nearest="floor"), y)
    return y


def valid_conv(
    g: Graph, rng: np.random.Generator, x: Value, channels: int, taps: int, stride: int, wide: int
) -> Value:
    """A taps x wide convolution without padding along the rows; depthwise if `channels` is 0."""
    inputs = x.type.shape[-1]
    shape = (channels, taps, wide, inputs) if channels else (inputs, taps, wide, 1)
    w = rng.integers(-127, 128, shape).astype(np.int8)
    bias = rng.integers(-900, 900, shape[0]).astype(np.int32)
    reach = 0.7 / np.sqrt(np.prod(shape[1:])) / 70
    m = fp.choose_multipliers(np.full(shape[0], reach), fp.accumulator_bound(w, bias, -3))
    pads = (0, wide // 2, 0, wide // 2)
    group = 1 if channels else inputs
    op = QConv((stride, 1), pads, (1, 1), group, -3, m.shift, 4, channels_last=True)
    return g.add(op, x, g.constant(w, "w"), g.constant(bias, "b"), g.constant(m.mult, "m"))


def time_net(seed: int, height: int = 38) -> Graph:
    """A chain of random layers that go along time without padding, and at times a mean over it."""
    rng = np.random.default_rng(seed)
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, (1, height, int(rng.integers(1, 4)), 3)))
    g.inputs.append(x)
    y = valid_conv(g, rng, x, int(rng.integers(2, 6)), 3, int(rng.integers(1, 3)), 1)
    for _ in range(int(rng.integers(1, 5))):
        if y.type.shape[1] < 8:
            break
        kind = rng.integers(0, 4)
        if kind == 0 and y.type.shape[1] % 2 == 0:
            y = g.add(MaxPool((2, 1), (2, 1), (0, 0, 0, 0), (1, 1), channels_last=True), y)
        elif kind == 1:
            p = fp.choose_add(0.7, 4, 0.8, 4, 1.0, -7)
            z = valid_conv(g, rng, y, y.type.shape[-1], 1, 1, 1)
            y = g.add(QAdd(p.ma, p.mb, p.c, p.shift), y, z)
        else:
            channels = int(rng.integers(0, 6))
            y = valid_conv(g, rng, y, channels, int(rng.integers(1, 4)), 1, 1)
    if rng.random() < 0.5:
        count = int(np.prod(y.type.shape[1:3]))
        m = fp.choose_mean(0.05, 4, 0.04, count)
        y = g.add(QReduceMean((1, 2), 4, int(m.mult[0]), m.shift, -4), y)
    elif rng.random() < 0.5:
        y = conv(g, rng, y, 3, 3, 1, dw=False)
    g.outputs.append(y)
    return g


def image_net(
    seed: int, height: int = 17, width: int = 6, *, table: np.ndarray | None = None
) -> Graph:
    """A chain of up to eight random layers; the last one may be a mean over the image.

    table: of 256 int8, which follows every other layer.
    """
    rng = np.random.default_rng(seed)
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, (1, height, width, 3)))
    g.inputs.append(x)
    y = conv(g, rng, x, int(rng.integers(2, 6)), 3, 1, dw=False)
    for k in range(int(rng.integers(2, 7))):
        y = layer(g, rng, y)
        if table is not None and k % 2 == 0:
            y = g.add(Lut(), y, g.constant(table))
    if rng.random() < 0.5:
        count = int(np.prod(y.type.shape[1:3]))
        m = fp.choose_mean(0.05, 4, 0.04, count)
        y = g.add(QReduceMean((1, 2), 4, int(m.mult[0]), m.shift, -4), y)
    g.outputs.append(y)
    return g


def lowered(graph: Graph, target: str = "x86_64", *, push: bool = False) -> Program:
    """The program of `graph` in the order that the planner likes best, with tuned kernels."""
    rows = RowKernels(graph, load_target(target).features, epilogues=True)
    program = lower_graph(graph, Kernels(rows.applies, rows.select, rows.joined), push=push)
    return plan_program(program, align=16)[0]


def random_input(graph: Graph, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """int8 for the only input."""
    shape = graph.inputs[0].type.shape
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def built(program: Program, draft: Draft) -> Program:
    """`program`, named "model", whose first steps run as `draft` says."""
    stream, steps = draft.stream(0)
    rest = program.steps[draft.segment.stop :]
    everything = (*steps, *draft.segment.after, *rest)
    return replace(program, name="model", steps=everything, streams=(stream,))


def line_net(seed: int, length: int = 40) -> Graph:
    """A chain of convolutions along time, strided and dilated ones among them."""
    rng = np.random.default_rng(seed)
    g = Graph("line")
    y = g.value("x", TensorType(DType.I8, (1, length, 4)))
    g.inputs.append(y)
    for k, stride, dilation in ((5, 1, 1), (1, 1, 1), (3, 2, 1), (3, 1, 2), (1, 2, 1)):
        inputs, channels = y.type.shape[-1], int(rng.integers(3, 9))
        w = rng.integers(-127, 128, (channels, k, inputs)).astype(np.int8)
        bias = rng.integers(-900, 900, channels).astype(np.int32)
        real = np.full(channels, 0.01 / np.sqrt(k * inputs))
        m = fp.choose_multipliers(real, fp.accumulator_bound(w, bias, -3))
        pads = ((k - 1) * dilation // 2,) * 2
        op = QConv((stride,), pads, (dilation,), 1, -3, m.shift, 4, channels_last=True)
        weights = (g.constant(w, "w"), g.constant(bias, "b"), g.constant(m.mult, "m"))
        y = g.add(op, y, *weights)
    g.outputs.append(y)
    return g
