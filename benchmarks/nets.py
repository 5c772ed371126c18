"""Networks as lists of layers, to measure kernels by: larger residual nets, lines, odd widths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.layers import Layer, layers, macs

ODD_SEED = 3
ODD_LAYERS = 40
FEWEST_MACS = 4_000


@dataclass(frozen=True)
class Net:
    """Layers that are executed one after another."""

    name: str
    says: str
    layers: tuple[Layer, ...]


def conv(h: int, c: int, oc: int, k: int = 3, stride: int = 1, w: int | None = None) -> Layer:
    """A convolution with padding that keeps h / stride by w / stride; w is h if not given."""
    w = h if w is None else w
    kh, kw = (1 if h == 1 else k), (1 if w == 1 else k)
    high, wide = (_padding(size, n, stride) for size, n in ((h, kh), (w, kw)))
    sh, sw = (1 if h == 1 else stride), (1 if w == 1 else stride)
    return Layer(
        "conv", h, w, c, oc, kh, kw, sh, sw, 1, 1, high[0], wide[0], high[1], wide[1]
    )  # fmt: skip


def depthwise(h: int, c: int, k: int = 3, stride: int = 1, w: int | None = None) -> Layer:
    """The same for each channel alone."""
    same = conv(h, c, c, k, stride, w)
    return Layer("dwconv", *_sizes(same))


def _sizes(layer: Layer) -> tuple[int, ...]:
    return (
        *(layer.h, layer.w, layer.c, layer.oc, layer.kh, layer.kw, layer.sh, layer.sw),
        *(layer.dh, layer.dw, layer.top, layer.left, layer.bottom, layer.right),
    )


def _padding(size: int, k: int, stride: int) -> tuple[int, int]:
    total = max(0, (-(-size // stride) - 1) * stride + k - size)
    return total // 2, total - total // 2


def residual(size: int, widths: tuple[int, ...], blocks: int) -> Iterator[Layer]:
    """A residual net of `blocks` blocks of two 3x3 layers for each width, and its classifier."""
    yield conv(size, 3, widths[0])
    before = widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks):
            down = stage > 0 and block == 0
            yield conv(size, before, width, stride=2 if down else 1)
            if down:
                yield conv(size, before, width, 1, 2)
                size = -(-size // 2)
            yield conv(size, width, width)
            before = width
    yield Layer("gemm", 1, 1, before, 10)


def separable(size: int, widths: tuple[int, ...]) -> Iterator[Layer]:
    """Depthwise and pointwise layers, of which every second one has stride 2."""
    yield conv(size, 3, widths[0], stride=2)
    size = -(-size // 2)
    for k, (before, width) in enumerate(pairwise(widths)):
        stride = 1 + k % 2
        yield depthwise(size, before, stride=stride)
        size = -(-size // stride)
        yield conv(size, before, width, 1)
    yield Layer("gemm", 1, 1, widths[-1], 12)


def line(length: int, widths: tuple[int, ...], k: int) -> Iterator[Layer]:
    """A 1-d net: k taps, stride 2 where the width changes."""
    before = widths[0]
    yield conv(1, 1, before, k, 2, w=length)
    length = -(-length // 2)
    for width in widths:
        stride = 2 if width != before else 1
        yield conv(1, before, width, k, stride, w=length)
        length = -(-length // stride)
        yield depthwise(1, width, k, w=length)
        yield conv(1, width, width, 1, w=length)
        before = width
    yield Layer("gemm", 1, 1, before, 5)


def nets() -> tuple[Net, ...]:
    """All of them."""
    odd = "the same for 27x27, with 13, 27 and 51 channels"
    apart = "depthwise and 1x1 for 75x75, 11 to 90 channels"
    made = (
        ("resnet20", "3x3 residual, 32x32, 16 to 64 channels", residual(32, (16, 32, 64), 3)),
        ("resnet14-wide", "with 24, 48 and 96 channels", residual(32, (24, 48, 96), 2)),
        ("resnet-odd", odd, residual(27, (13, 27, 51), 2)),
        ("separable-odd", apart, separable(75, (11, 22, 37, 50, 67, 90))),
        ("line-1d", "1-d, 9 taps, 16 to 48 channels", line(256, (16, 16, 32, 48), 9)),
        ("line-odd", "1-d, 5 taps, 10 to 35 channels", line(301, (10, 10, 21, 35), 5)),
    )
    return tuple(Net(name, says, tuple(found)) for name, says, found in made)


NETS = nets()


def odd_layers() -> tuple[Layer, ...]:
    """A seeded set of int8 layers with products, other ones than costs are fitted to."""
    found = layers(ODD_SEED, ODD_LAYERS, floats=False)
    kinds = ("conv", "dwconv", "gemm")
    return tuple(a for a in found if a.kind in kinds and macs(a) >= FEWEST_MACS)
