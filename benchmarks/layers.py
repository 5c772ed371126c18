"""Layers that kernels are measured with: a seeded set of shapes, odd ones included, and as text."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from edgec.kernels.facts import (
    ConvFacts,
    ElementFacts,
    Facts,
    GemmFacts,
    LayerNormFacts,
    MatMulFacts,
    Places,
    PoolFacts,
    Quant,
    SoftmaxFacts,
    SumsFacts,
)
from edgec.quantize.fixedpoint import accumulator_bound, choose_multipliers, choose_softmax

CHANNELS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 16, 20, 24, 27, 32, 36, 40, 48, 64, 72, 96, 128)
MOST_MACS = 300_000
MOST_WEIGHTS = 20_000
MOST_ELEMENTS = 24_000
ROOM = 16_000  # bytes of scratch for rows that take much if they get it


@dataclass(frozen=True)
class Layer:
    """A layer's kind and sizes, as in `facts`.

    Kinds: "conv", "dwconv", "gemm" (rows h, k c, n oc), "maxpool", "meanpool", and the operations
    on elements "add", "mul", "lut" (h times c elements; the second operand has oc), "layernorm" and
    "softmax" (h rows of c), and "matmul" (n pairs of h by c and c by oc; kh is 2 if columns of the
    second lie together, kw is 2 if both have tables), and "sums" (as "gemm", of bytes). `floats`: 1
    for float32. `limited`: 1 if the output is limited to less than its type holds.
    """

    kind: str
    h: int = 1
    w: int = 1
    c: int = 1
    oc: int = 1
    kh: int = 1
    kw: int = 1
    sh: int = 1
    sw: int = 1
    dh: int = 1
    dw: int = 1
    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0
    n: int = 1
    floats: int = 0
    limited: int = 0

    def __str__(self) -> str:
        """The kind, and the sizes that are not the usual ones: "conv h=8 w=8 c=3 oc=8"."""
        given = [
            f"{f.name}={getattr(self, f.name)}"
            for f in fields(self)
            if f.name != "kind" and getattr(self, f.name) != f.default
        ]
        return " ".join((self.kind, *given))

    @property
    def out_h(self) -> int:
        return (self.h + self.top + self.bottom - self.dh * (self.kh - 1) - 1) // self.sh + 1

    @property
    def out_w(self) -> int:
        return (self.w + self.left + self.right - self.dw * (self.kw - 1) - 1) // self.sw + 1

    @property
    def size(self) -> int:
        """Elements of the larger of input and output."""
        return max(self.n * self.h * self.w * self.c, self.n * self.out_h * self.out_w * self.oc)


def parse(text: str) -> Layer:
    """The layer that `str` wrote."""
    kind, *sizes = text.split()
    given = dict(size.split("=") for size in sizes)
    return Layer(kind, **{name: int(value) for name, value in given.items()})


# facts -------------------------------------------------------------------------------------


def facts_of(layer: Layer) -> Facts:
    """The layer with random weights, always the same ones."""
    rng = np.random.default_rng(zlib.crc32(str(layer).encode()))
    if layer.kind in ("conv", "dwconv"):
        return _conv(layer, rng)
    if layer.kind == "gemm":
        weights, bias, quant, lo = _parameters(layer, (layer.oc, layer.c), rng)
        return GemmFacts(layer.h, layer.c, layer.oc, weights=weights, bias=bias, quant=quant, lo=lo)
    if layer.kind in ("maxpool", "meanpool"):
        return _pool(layer, rng)
    if layer.kind in ("layernorm", "softmax"):
        return _row_wise(layer, rng)
    if layer.kind == "sums":
        weights = rng.integers(-127, 128, (layer.oc, layer.c)).astype(np.int8)
        return SumsFacts(layer.h, layer.c, layer.oc, weights, signed=False, zero=True)
    return _matmul(layer) if layer.kind == "matmul" else _element(layer)


def _parameters(
    layer: Layer, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.generic]], _Bias, Quant | None, float | None]:
    """Weights, bias, and the quantization or the lower limit of floats."""
    if layer.floats:
        floats = rng.standard_normal(shape).astype(np.float32)
        bias = rng.standard_normal(shape[0]).astype(np.float32)
        return floats, bias, None, 0.0 if layer.limited else None
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    sums = rng.integers(-3000, 3000, shape[0]).astype(np.int32)
    x_zp, y_zp = (int(v) for v in rng.integers(-128, 100, 2))
    bound = accumulator_bound(weights, sums, x_zp)
    spread = rng.uniform(0.7, 1.4, bound.size)
    deviation = 74.0 * 74.0 * np.sqrt(weights[0].size)
    factors = np.minimum(60.0 / deviation * spread, 0.49)
    mult = choose_multipliers(factors, bound).mult
    lo = max(y_zp, -127) if layer.limited else -128
    return weights, sums, Quant(x_zp, mult, 0, y_zp, lo, 127), None


_Bias = np.ndarray[tuple[int, ...], np.dtype[np.generic]]


def _conv(layer: Layer, rng: np.random.Generator) -> ConvFacts:
    depthwise = layer.kind == "dwconv"
    shape = (layer.oc, layer.kh, layer.kw, 1 if depthwise else layer.c)
    weights, bias, quant, lo = _parameters(layer, shape, rng)
    return ConvFacts(
        n=layer.n, in_h=layer.h, in_w=layer.w, in_c=layer.c,
        out_h=layer.out_h, out_w=layer.out_w, out_c=layer.oc, k_h=layer.kh, k_w=layer.kw,
        stride=(layer.sh, layer.sw), dilation=(layer.dh, layer.dw),
        pads=(layer.top, layer.left, layer.bottom, layer.right),
        group=layer.c if depthwise else 1,
        weights=weights, bias=bias, quant=quant, lo=lo, hi=None, room=ROOM,
    )  # fmt: skip


def _pool(layer: Layer, rng: np.random.Generator) -> PoolFacts:
    mean = None
    if layer.kind == "meanpool":
        taps = np.arange(layer.kh * layer.kw + 1)
        mult = np.where(taps > 0, 2 * (2**29 // np.maximum(taps, 1)), 0).astype(np.int32)
        mean = Quant(int(rng.integers(-128, 128)), mult, 0, -10)
    return PoolFacts(
        n=layer.n, in_h=layer.h, in_w=layer.w, in_c=layer.c,
        out_h=layer.out_h, out_w=layer.out_w, out_c=layer.c, k_h=layer.kh,
        k_w=layer.kw, stride=(layer.sh, layer.sw), dilation=(layer.dh, layer.dw),
        pads=(layer.top, layer.left, layer.bottom, layer.right), mean=mean,
    )  # fmt: skip


def _element(layer: Layer) -> ElementFacts:
    numbers: tuple[int, ...] = ()
    if layer.kind == "add":
        shift, ma, mb = 20, 700_000, 500_000
        numbers = (ma, mb, 3 * ma - 5 * mb + (1 << 19), shift, -128, 127)
    if layer.kind == "mul":
        numbers = (3, -5, 2 * 9_000_000, 0, 7, -128, 127)
    return ElementFacts(layer.kind, layer.h * layer.c, layer.oc, numbers)


def _row_wise(layer: Layer, rng: np.random.Generator) -> LayerNormFacts | SoftmaxFacts:
    if layer.kind == "softmax":
        p = choose_softmax(0.05, 1 / 256, layer.c)
        return SoftmaxFacts(layer.h, layer.c, p.table, p.numerator, p.exponent, -128)
    gain = rng.uniform(10, 40, layer.c).astype(np.float32)
    offset = rng.uniform(-30, 30, layer.c).astype(np.float32)
    return LayerNormFacts(layer.h, layer.c, 0.5, gain, offset)


def _matmul(layer: Layer) -> MatMulFacts:
    pairs, rows, k, n = layer.n, layer.h, layer.c, layer.oc
    steps = (n, 1) if layer.kh == 1 else (1, k)
    tables = layer.kw == 2
    return MatMulFacts(
        rows, k, n, (1, pairs), Places(0, (0, rows * k), k, 1), Places(0, (0, k * n), *steps),
        Places(0, (0, rows * n), n, 1), 3, -7, 2 * 9_000_000, 0, 5,
        a_table=tables, b_table=tables,
    )  # fmt: skip


def layer_of(facts: Facts) -> Layer | None:
    """The layer of these sizes, or None if it is of no kind that is measured."""
    if isinstance(facts, GemmFacts):
        limited = facts.quant is not None and (facts.quant.lo, facts.quant.hi) != (-128, 127)
        sizes = Layer("gemm", facts.rows, 1, facts.k, facts.n)
        return replace(sizes, floats=int(facts.quant is None), limited=int(limited))
    if isinstance(facts, ElementFacts):
        known = facts.kind in ("add", "mul", "lut")
        return Layer(facts.kind, facts.size, 1, 1, facts.period) if known else None
    if not isinstance(facts, ConvFacts | PoolFacts):
        return None
    sizes = Layer(
        "conv", facts.in_h, facts.in_w, facts.in_c, facts.out_c, facts.k_h, facts.k_w,
        *facts.stride, *facts.dilation, *facts.pads, facts.n,
    )  # fmt: skip
    if isinstance(facts, PoolFacts):
        return replace(sizes, kind="maxpool" if facts.mean is None else "meanpool")
    if facts.group not in (1, facts.in_c):
        return None
    limited = facts.quant is not None and (facts.quant.lo, facts.quant.hi) != (-128, 127)
    kind = "dwconv" if facts.group > 1 else "conv"
    return replace(sizes, kind=kind, floats=int(facts.quant is None), limited=int(limited))


# shapes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Draw:
    """Random choices; a seed gives the same ones everywhere."""

    rng: np.random.Generator

    def one(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def upto(self, low: int, high: int) -> int:
        """Logarithmically spread, so that small sizes are as usual as large ones."""
        return round(float(np.exp(self.rng.uniform(np.log(low), np.log(high)))))

    def chance(self, part: float) -> bool:
        return bool(self.rng.random() < part)


def layers(seed: int, convs: int = 60, floats: bool = True) -> Iterator[Layer]:
    """Layers of every kind: `convs` convolutions, as many depthwise, and fewer of the others."""
    draw = _Draw(np.random.default_rng(seed))
    makers = (
        *[_conv_layer] * convs,
        *[_first_layer] * (convs // 4),
        *[_depthwise_layer] * convs,
        *[_gemm_layer] * (convs // 2),
        *[_pool_layer] * (convs // 2),
        *[_element_layer] * (convs // 2),
    )
    for maker in makers:
        yield _drawn(draw, maker, False)
    if floats:
        more = (*[_conv_layer] * (convs // 2), *[_depthwise_layer, _gemm_layer] * (convs // 4))
        for maker in more:
            yield _drawn(draw, maker, True)
    few = convs // 2
    for maker in (*[_matmul_layer] * few, *[_row_wise_layer] * few, *[_sums_layer] * few):
        yield _drawn(draw, maker, False)


def more_layers(seed: int, op: str, floats: bool, tries: int) -> Iterator[Layer]:
    """Other layers of an operation of rows, to find some that a row takes."""
    draw = _Draw(np.random.default_rng(seed))
    conv = (_conv_layer, _depthwise_layer, _first_layer)
    own = {"conv": conv, "gemm": (_gemm_layer,), "matmul": (_matmul_layer,)}
    own["sums"] = (_sums_layer,)
    own |= dict.fromkeys(("layernorm", "softmax"), (_row_wise_layer,))
    makers = own.get(op, (_pool_layer, _element_layer))
    for number in range(tries):
        yield _drawn(draw, makers[number % len(makers)], floats)


def _drawn(draw: _Draw, maker: Callable[[_Draw], Layer], floats: bool) -> Layer:
    """A layer that is small enough."""
    while True:
        layer = replace(maker(draw), floats=int(floats))
        if _modest(layer):
            return layer


def macs(layer: Layer) -> int:
    """Products of a layer, window elements of a pool, elements of other operations."""
    if layer.kind in ("add", "mul", "lut", "layernorm", "softmax"):
        return layer.h * layer.c
    if layer.kind in ("gemm", "matmul", "sums"):
        return layer.n * layer.h * layer.c * layer.oc
    outputs = layer.n * layer.out_h * layer.out_w * layer.oc
    return outputs * layer.kh * layer.kw * (layer.c if layer.kind == "conv" else 1)


def _modest(layer: Layer) -> bool:
    """Whether it has an output and is small enough to measure many."""
    if layer.out_h < 1 or layer.out_w < 1 or layer.h < 1 or layer.w < 1:
        return False
    weights = layer.kh * layer.kw * layer.c * (layer.oc if layer.kind in ("conv", "gemm") else 1)
    bytes_each = 4 if layer.floats else 1
    return (
        200 <= macs(layer) <= MOST_MACS
        and weights * bytes_each <= MOST_WEIGHTS
        and layer.size * bytes_each <= MOST_ELEMENTS
    )


def _same(layer_size: int, k: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after that keeps the size, as frameworks choose it."""
    out = -(-layer_size // stride)
    total = max(0, (out - 1) * stride + dilation * (k - 1) + 1 - layer_size)
    return total // 2, total - total // 2


def _window(draw: _Draw, kind: str, kernel: tuple[int, int], c: int, oc: int) -> Layer:
    """A convolution or pool: mostly square strides, "same" or no padding."""
    kh, kw = kernel
    line = kh == 1 < kw or kw == 1 < kh
    h, w = draw.upto(2, 40), draw.upto(2, 40)
    if line and draw.chance(0.7):
        h, w = (1, draw.upto(6, 200)) if kh == 1 else (draw.upto(6, 200), 1)
    sh = sw = draw.one(1, 1, 1, 2, 2, 3)
    if draw.chance(0.1):
        sw = draw.one(1, 2)
    dh = dw = 2 if draw.chance(0.08) else 1
    sh, dh = (1, 1) if kh == h == 1 else (sh, dh)
    sw, dw = (1, 1) if kw == w == 1 else (sw, dw)
    top = left = bottom = right = 0
    if draw.chance(0.65):
        (top, bottom), (left, right) = _same(h, kh, sh, dh), _same(w, kw, sw, dw)
    n = 2 if draw.chance(0.05) else 1
    limited = 1 if draw.chance(0.25) else 0
    return Layer(kind, h, w, c, oc, kh, kw, sh, sw, dh, dw, top, left, bottom, right, n, 0, limited)


def _conv_layer(draw: _Draw) -> Layer:
    kernels = ((1, 1), (1, 1), (1, 1), (3, 3), (3, 3), (3, 3), (5, 5), (1, 3), (1, 9), (3, 1))
    more = ((2, 2), (10, 4), (4, 4), (7, 7))
    pick = int(draw.rng.integers(len(kernels) + 2))
    kernel = kernels[pick] if pick < len(kernels) else more[int(draw.rng.integers(len(more)))]
    if draw.chance(0.06):
        h, w = draw.upto(1, 8), draw.upto(1, 8)
        return Layer("conv", h, w, draw.one(*CHANNELS), draw.one(*CHANNELS), h, w)
    return _window(draw, "conv", kernel, draw.one(*CHANNELS), draw.one(*CHANNELS))


def _first_layer(draw: _Draw) -> Layer:
    """What a model begins with: an image or a spectrogram."""
    kernels = ((3, 3), (3, 3), (5, 5), (4, 4), (10, 8), (4, 3), (2, 2), (1, 5), (7, 7))
    kernel = kernels[int(draw.rng.integers(len(kernels)))]
    channels = draw.one(4, 7, 8, 8, 10, 14, 16, 24, 32)
    return _window(draw, "conv", kernel, draw.one(1, 1, 1, 2, 3, 3), channels)


def _depthwise_layer(draw: _Draw) -> Layer:
    kernels = ((3, 3), (3, 3), (3, 3), (5, 5), (1, 3), (1, 9), (5, 1), (2, 2), (7, 7), (1, 16))
    kernel = kernels[int(draw.rng.integers(len(kernels)))]
    c = draw.one(*CHANNELS)
    return _window(draw, "dwconv", kernel, c, c)


def _gemm_layer(draw: _Draw) -> Layer:
    rows = 1 if draw.chance(0.6) else draw.upto(2, 60)
    limited = 1 if draw.chance(0.25) else 0
    return Layer("gemm", rows, 1, draw.upto(3, 700), draw.upto(1, 200), limited=limited)


def _pool_layer(draw: _Draw) -> Layer:
    kind = "maxpool" if draw.chance(0.5) else "meanpool"
    c = draw.one(*CHANNELS)
    if draw.chance(0.3):
        h, w = draw.upto(1, 14), draw.upto(2, 14)
        return Layer(kind, h, w, c, c, h, w)
    kernel = ((2, 2), (3, 3), (1, 2), (5, 5), (2, 1), (4, 4))[int(draw.rng.integers(6))]
    return replace(_window(draw, kind, kernel, c, c), limited=0)


def _element_layer(draw: _Draw) -> Layer:
    kind = ("add", "add", "mul", "lut")[int(draw.rng.integers(4))]
    c, repeats = draw.upto(3, 2000), draw.upto(1, 40)
    whole = kind == "lut" or draw.chance(0.7)
    return Layer(kind, repeats, 1, c, repeats * c if whole else c)


def _matmul_layer(draw: _Draw) -> Layer:
    """Attention: a product by the keys, or by the values."""
    k, n = draw.upto(3, 96), draw.upto(3, 96)
    pairs, turned, tables = draw.upto(1, 8), draw.one(1, 1, 2), draw.one(1, 1, 2)
    return Layer("matmul", draw.upto(1, 64), 1, k, n, turned, tables, n=pairs)


def _sums_layer(draw: _Draw) -> Layer:
    return replace(_gemm_layer(draw), kind="sums", limited=0)


def _row_wise_layer(draw: _Draw) -> Layer:
    kind = ("layernorm", "softmax")[draw.one(0, 1)]
    return Layer(kind, draw.upto(1, 60), 1, draw.upto(4, 400))
